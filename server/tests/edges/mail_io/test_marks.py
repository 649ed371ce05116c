"""What mail programs note about a message decides whether it is taken in, and which tags it gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from waypost.edges.mail_io import marks
from waypost.edges.mail_io.mailbox_file import Kind, count, read
from waypost.edges.mail_io.marks import Marks
from waypost.kit.errors import NotFound

LETTER = b"Subject: Words\n\nText\n"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"X-Mozilla-Status: 0001\n", Marks()),
        (b"X-Mozilla-Status: 0009\nX-Mozilla-Status2: 00000000\n", Marks(is_dropped=True)),
        (b"X-Mozilla-Status: zz\n", Marks()),
        (
            b"X-Mozilla-Status: 0001\nX-Mozilla-Keys: Later $label1 NonJunk billing\n",
            Marks(False, ("Later", "billing")),
        ),
        (b"X-GM-THRID: 17\nX-Gmail-Labels: Inbox,Unread,Big\n customers\n", Marks(False, ("Big customers",))),
        (b"X-GM-THRID: 17\nX-Gmail-Labels: =?UTF-8?Q?Erg=C3=A4nzung?=,Sent\n", Marks(False, ("Ergänzung",))),
        (b"X-GM-THRID: 17\nX-Gmail-Labels: Trash,Billing\n", Marks(True, ("Billing",))),
        (b"X-Gmail-Labels: Category Updates,Spam\n", Marks(is_dropped=True)),
        (b"", Marks()),
    ],
)
def test_marks_stand_above_the_message(header: bytes, expected: Marks) -> None:
    assert marks.of_header(header + LETTER) == expected


def test_a_sender_does_not_hide_a_message_by_a_field_of_his_own() -> None:
    hidden = b"From: eve@example.com\nX-Mozilla-Status: 0009\nX-Gmail-Labels: Trash\n"
    assert marks.of_header(hidden + LETTER) == Marks()
    below = b"X-Mailer: x\n" + b"X-Other: y\n" * 6 + b"X-Mozilla-Status: 0009\n"
    assert marks.of_header(below + LETTER) == Marks()


@pytest.mark.parametrize(
    ("name", "is_dropped"),
    [
        ("1.2.host:2,", False),
        ("1.2.host:2,FRS", False),
        ("1.2.host:2,ST", True),
        ("1.2.host:2,D", True),
        ("1.2.host;2,ST", True),
        ("1.2.host!2,ST", True),
        ("1.2.host", False),
        ("1.2.T", False),
    ],
)
def test_flags_stand_in_the_names_of_a_maildir(tmp_path: Path, name: str, is_dropped: bool) -> None:
    for folder in ("cur", "new", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "cur" / name).write_bytes(LETTER)
    assert [found.marks.is_dropped for found in read(tmp_path)] == [is_dropped]


def test_keywords_of_a_maildir_have_the_names_that_dovecot_keeps(tmp_path: Path) -> None:
    for folder in ("cur", "new"):
        (tmp_path / folder).mkdir()
    (tmp_path / "dovecot-keywords").write_text("0 $Forwarded\n1 Billing\n2 Urgent\n99 Beyond\nnonsense\n")
    (tmp_path / "cur" / "1.host:2,RSabcz").write_bytes(LETTER)
    assert [found.marks for found in read(tmp_path, Kind.MAILDIR)] == [Marks(False, ("Billing", "Urgent"))]


def test_what_lies_in_the_trash_of_a_maildir_is_marked(tmp_path: Path) -> None:
    for name in ("", ".Sent", ".INBOX.Trash", ".Junk", "Drafts"):
        for folder in ("cur", "new"):
            (tmp_path / name / folder).mkdir(parents=True)
        (tmp_path / name / "cur" / "1.host:2,S").write_bytes(LETTER)
    dropped = {found.name.rpartition("/cur/")[0]: found.marks.is_dropped for found in read(tmp_path)}
    assert dropped == {".INBOX.Trash": True, ".Junk": True, ".Sent": False, "Drafts": True, "": False}


def test_a_maildir_called_trash_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    for folder in ("cur", "new"):
        (tmp_path / "Trash" / folder).mkdir(parents=True)
    (tmp_path / "Trash" / "new" / "1.host").write_bytes(LETTER)
    assert [found.marks.is_dropped for found in read(tmp_path / "Trash", Kind.MAILDIR)] == [False]


def test_each_kind_reads_its_own_files(tmp_path: Path) -> None:
    for folder in ("cur", "new"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    (tmp_path / "box/cur/1.host:2,S").write_bytes(LETTER)
    (tmp_path / "a.eml").write_bytes(LETTER)
    (tmp_path / "Inbox").write_bytes(b"From - \n" + LETTER + b"\nFrom - \n" + LETTER)
    assert [found.name for found in read(tmp_path, Kind.EML)] == ["a.eml"]
    assert [found.name for found in read(tmp_path, Kind.MAILDIR)] == ["box/cur/1.host:2,S"]
    assert (count(tmp_path), count(tmp_path, Kind.EML), count(tmp_path, Kind.MAILDIR)) == (4, 1, 1)
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "a.eml", tmp_path / "empty"):
        with pytest.raises(NotFound, match="maildir"):
            list(read(path, Kind.MAILDIR))


def test_an_emlx_is_read_without_what_apple_mail_notes_in_it(tmp_path: Path) -> None:
    (tmp_path / "1.emlx").write_bytes(b"%d      \n" % len(LETTER) + LETTER + b"<?xml version='1.0'?><plist/>")
    assert [found.raw for found in read(tmp_path)] == [LETTER]
