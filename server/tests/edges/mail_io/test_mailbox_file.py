"""Mail in files, in the forms that programs leave behind; attack 49: no link leads out of the folder."""

from __future__ import annotations

import mailbox
import os
import tracemalloc
from email.message import EmailMessage
from pathlib import Path

import pytest

from waypost.edges.mail_io import mailbox_file, mbox
from waypost.edges.mail_io.mailbox_file import count, iterate
from waypost.kit.errors import NotFound, TooLarge

DATA = Path(__file__).parents[2] / "data" / "mbox"
POSTMARK = b"From eve@example.com Thu Nov  1 11:19:12 2001\n"
ONE = b"Subject: One\n\nFirst\n"
TWO = b"Subject: Two\n\nSecond\n"


def read(path: Path) -> list[bytes]:
    found = [raw for _, raw in iterate(path)]
    assert count(path) == len(found)
    return found


def file(folder: Path, content: bytes, name: str = "mail.mbox") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# ---------------------------------------------------------------- mbox


@pytest.mark.parametrize(("name", "messages"), [("simple", 3), ("issue1189", 4), ("unmunged", 2)])
def test_mailboxes_with_odd_postmarks_part_where_their_messages_do(name: str, messages: int) -> None:
    found = read(DATA / f"{name}.mbox")

    assert len(found) == messages
    # All of the file is in messages, but for postmarks, the empty lines between messages and a byte order mark.
    whole = (DATA / f"{name}.mbox").read_bytes().removeprefix(b"\xef\xbb\xbf")
    lines = [line for line in whole.splitlines() if line and not line.startswith((b"From -", b"From 1"))]
    assert [line for raw in found for line in raw.splitlines() if line] == lines


def test_sources_are_numbered() -> None:
    assert [name for name, _ in iterate(DATA / "simple.mbox")] == ["simple.mbox#1", "simple.mbox#2", "simple.mbox#3"]


def test_what_the_standard_library_writes_is_read_back(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "box")
    for number in range(3):
        message = EmailMessage()
        message["Subject"] = f"Mail {number}"
        message.set_content(f"From here on\n>From there\n\nFrom {number}\n\n")
        box.add(message)
    box.flush()

    found = read(tmp_path / "box")

    assert [raw.partition(b"\n")[0] for raw in found] == [b"Subject: Mail 0", b"Subject: Mail 1", b"Subject: Mail 2"]
    assert all(b"\n\nFrom here on\n" in raw for raw in found)
    assert found[2].endswith(b"\n\nFrom 2\n\n")


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (POSTMARK + ONE + b"\n" + POSTMARK + TWO + b"\n", [ONE, TWO]),
        (POSTMARK + ONE + POSTMARK + TWO, [ONE, TWO]),  # no empty line between them
        (b"\n\n" + POSTMARK + ONE, [ONE]),
        (b"\xef\xbb\xbf" + POSTMARK + ONE, [ONE]),
        (POSTMARK + b"Subject: A\n" + POSTMARK + TWO, [b"Subject: A\n", TWO]),  # header only
        (POSTMARK + b"Subject: A", [b"Subject: A"]),
        (POSTMARK + b"\nno header\n", [b"\nno header\n"]),
        (POSTMARK, [b""]),
        (POSTMARK + ONE + b"\n\n", [ONE + b"\n"]),
        (
            POSTMARK + b"Subject: A\n\n>From me\n>>From you\n> From x\n",
            [b"Subject: A\n\nFrom me\n>From you\n> From x\n"],
        ),
        (
            POSTMARK + b">From root Mon Jan 1 10:00:00 1996\nA: b\n\nx",
            [b">From root Mon Jan 1 10:00:00 1996\nA: b\n\nx"],
        ),
        (POSTMARK + b"A: b\n\nFrom 10:30 to noon in 2001\nNow: x\n", None),
        (POSTMARK + b"A: b\n\nFrom Monday 10:30 on, 2001 and later\nNow: x\n", None),
        (POSTMARK + b"A: b\n\nFrom eve@example.com\nnot a field\n", None),
        (b"From x 2001-11-01 10:00\nA: b\n\nx\n\nFrom x 2001-11-01T10:00:00Z\n" + TWO, [b"A: b\n\nx\n", TWO]),
        (POSTMARK + b"A: b\n\n" + b"x" * 200_000 + b"From - \nA: b\n", None),
        (b"From MAILER-DAEMON Mon Jan  1 10:00 UTC 1996\r\nA: b\r\n\r\nx\r\n\r\n", [b"A: b\r\n\r\nx\r\n"]),
    ],
)
def test_messages_begin_at_postmarks_with_fields_below(
    tmp_path: Path, content: bytes, messages: list[bytes] | None
) -> None:
    if messages is None:
        messages = [content.removeprefix(POSTMARK)]
    assert read(file(tmp_path, content)) == messages


def test_postmarks_are_found_wherever_a_read_may_end(tmp_path: Path) -> None:
    for size in (*range(8_175, 8_200), *range(24_560, 24_585)):
        long = b"A: b\n\n" + b"x" * size + b"\n"
        assert read(file(tmp_path, POSTMARK + long + b"\n" + POSTMARK + TWO)) == [long, TWO]
        assert read(file(tmp_path, POSTMARK + long + POSTMARK + TWO)) == [long, TWO]


def test_crlf_is_kept(tmp_path: Path) -> None:
    content = (POSTMARK + ONE + b"\n" + POSTMARK + b"A: b\n\n>From me\n\n").replace(b"\n", b"\r\n")
    assert read(file(tmp_path, content)) == [ONE.replace(b"\n", b"\r\n"), b"A: b\r\n\r\nFrom me\r\n"]


def counted(body: bytes, claimed: int | None = None) -> bytes:
    return b"Subject: C\nContent-Length: %d\n\n%b" % (len(body) if claimed is None else claimed, body)


def test_content_length_keeps_postmarks_in_bodies_together(tmp_path: Path) -> None:
    forwarded = b"Look:\n\n" + POSTMARK + ONE + b"\n>From me\n"
    content = POSTMARK + counted(forwarded) + b"\n" + POSTMARK + counted(b"x\n") + b"\n"
    assert read(file(tmp_path, content)) == [counted(forwarded), counted(b"x\n")]


@pytest.mark.parametrize("claimed", [0, 3, 20, 10_000, 999_999_999_999])
def test_a_wrong_content_length_is_not_believed(tmp_path: Path, claimed: int) -> None:
    content = POSTMARK + counted(b"First body\n", claimed) + b"\n" + POSTMARK + TWO
    assert read(file(tmp_path, content)) == [counted(b"First body\n", claimed), TWO]


def test_a_content_length_of_one_sender_does_not_swallow_the_mails_behind_his(tmp_path: Path) -> None:
    behind = b"\n" + POSTMARK + TWO + b"\n" + POSTMARK + TWO
    trap = counted(b"Hello\n", len(b"Hello\n" + behind))
    content = POSTMARK + ONE + b"\n" + POSTMARK + trap + behind
    assert read(file(tmp_path, content)) == [ONE, trap, TWO, TWO]


def test_a_large_mailbox_is_read_a_message_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "large.mbox"
    with path.open("wb") as written:
        for _ in range(400):
            written.write(POSTMARK + b"Subject: Large\n\n" + b"x" * 70 * 1024 + b"\n\n")
    tracemalloc.start()
    try:
        assert sum(len(raw) > 70_000 for _, raw in iterate(path)) == count(path) == 400
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
    finally:
        tracemalloc.stop()


def test_a_message_that_is_too_large_is_left_out_before_it_is_read(tmp_path: Path) -> None:
    path = file(tmp_path, POSTMARK + ONE + POSTMARK + b"A: b\n\n" + b"x" * 5000 + b"\n\n" + POSTMARK + TWO)
    first, second, third = mbox.messages(path, 4000)
    assert (first, third) == (ONE, TWO)
    assert isinstance(second, TooLarge)
    assert "message 2" in second.message

    path = tmp_path / "huge.eml"
    with path.open("wb") as sparse:
        sparse.truncate(mailbox_file.MOST_MESSAGE_BYTES + 1)
    with pytest.raises(TooLarge, match=r"huge\.eml"):
        read(path)


# ---------------------------------------------------------------- files and folders


def test_a_single_file_is_one_message_even_with_a_postmark(tmp_path: Path) -> None:
    raw = POSTMARK + ONE + b"\n" + POSTMARK + TWO
    assert list(iterate(file(tmp_path, raw, "a.eml"))) == [("a.eml", raw)]
    assert list(iterate(file(tmp_path, ONE, "without-ending"))) == [("without-ending", ONE)]
    assert read(file(tmp_path, b"", "empty.eml")) == [b""]


def test_a_folder_is_read_to_its_depth_in_order(tmp_path: Path) -> None:
    for name in ("b.EML", "a/2.eml", "a/10.eml", "c/d/e.eml", "7", "notes.txt", ".hidden.eml", "data", "picture.png"):
        file(tmp_path, name.encode(), name)
    file(tmp_path, POSTMARK + ONE + POSTMARK + TWO, "a/old.mbox")
    file(tmp_path, POSTMARK + TWO, "Inbox")

    assert [name for name, _ in iterate(tmp_path)] == [
        *("7", "Inbox#1", "b.EML", "a/10.eml", "a/2.eml", "a/old.mbox#1", "a/old.mbox#2", "c/d/e.eml")
    ]
    assert count(tmp_path) == 8


def test_a_maildir_is_read_without_what_is_not_finished(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    box.add(ONE)
    box.add_folder("Sent").add(TWO)
    file(tmp_path, b"half", "box/tmp/1.half")
    seen = box.add(TWO)
    (tmp_path / "box/new" / seen).rename(tmp_path / "box/cur" / f"{seen}:2,S")

    assert sorted(read(tmp_path / "box")) == sorted([ONE, TWO, TWO])


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside = file(tmp_path, b"secret", "outside/secret.eml")
    inside = file(tmp_path, ONE, "box/one.eml").parent
    (inside / "link.eml").symlink_to(outside)
    (inside / "folder").symlink_to(outside.parent)
    (inside / "up.eml").symlink_to("../outside/secret.eml")
    (inside / "broken.eml").symlink_to("nowhere.eml")
    (inside / "again.eml").symlink_to("one.eml")
    os.mkfifo(inside / "pipe.eml")

    assert list(iterate(inside)) == [("again.eml", ONE), ("one.eml", ONE)]
    (tmp_path / "shortcut").symlink_to(inside)
    assert len(read(tmp_path / "shortcut")) == 2


def test_names_that_are_no_text_are_shown_as_well_as_they_can_be(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.eml")).write_bytes(ONE)
    assert list(iterate(tmp_path)) == [("caf\ufffd.eml", ONE)]


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="does not exist"):
        list(iterate(tmp_path / "none"))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotFound, match="neither"):
        count(tmp_path / "pipe")
