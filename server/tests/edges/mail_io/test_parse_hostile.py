"""Attacks 29 to 33 and 49 on the parser: bombs, deep nesting, endless headers, file names, and any bytes at all."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edges.mail_io.sample_mail import FOLDER, NOW, mails, parsed, read
from tests.kit.hostile_html import dangers
from waypost.domains.mail import ReceivedMessage
from waypost.edges.mail_io import parts
from waypost.edges.mail_io.parse import MOST_SUBJECT, parse_message

FROM = "From: a@x.example"
MIXED = "Content-Type: multipart/mixed; boundary=b"
PIECES = [
    *(b"From: a@b.c\r\n", b"To: ", b"Subject: ", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"\xff\xfe"),
    *(b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: text/html; charset=utf-16\r\n", b"--b"),
    *(b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: base64\r\n", b"=?utf-8?b?", b"?=", b"AAAA"),
    *(b"Content-Transfer-Encoding: quoted-printable\r\n", b"Content-Type: text/plain; format=flowed\r\n", b"> > "),
    *(b"Content-Disposition: attachment; filename*0*=utf-8''%", b'filename="', b";", b":", b"(", b"begin 644 x\r\n"),
    *(b"end\r\n", b"Date: ", b"Message-ID: <", b"References: ", b"Content-Type: application/ms-tnef\r\n", b"--b--"),
    *(b"<script>alert(1)</script>", b"<img src=x onerror=x>", b"From MAILER Mon Jan 1\n", b"\x1b$B", b"<a@b>", b"="),
    *("Gr\u00fc\u00dfe".encode(), b"\x78\x9f\x3e\x22"),
]


def check(message: ReceivedMessage, raw: bytes) -> None:
    """What holds for every message, whatever its bytes."""
    assert message.content_digest == hashlib.sha256(raw).hexdigest()
    assert message.message_id.startswith("<")
    assert message.message_id.endswith(">")
    assert dangers(message.html) == []
    assert len(message.subject) <= MOST_SUBJECT
    for text in (message.subject, message.html, message.text, *message.headers.values()):
        text.encode()
        assert "\0" not in text
    for file in message.attachments:
        assert 0 < len(file.file_name.encode()) <= 255
        assert not set(file.file_name) & set("/\\\0\r\n\u202e")
        assert file.mime_type.isascii()


@settings(derandomize=True, max_examples=400, deadline=None, database=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=8)), max_size=40).map(b"".join))
def test_any_bytes_become_a_message(raw: bytes) -> None:
    message = parse_message(raw, NOW)

    check(message, raw)
    assert not [warning for warning in message.warnings if "could not be parsed" in warning]


@pytest.mark.parametrize("folder", ["stalwart", "enmime", "mimekit", "ruby-mail"])
def test_mails_with_broken_bytes_become_messages(folder: str) -> None:
    dice = random.Random(4)
    for path in mails(folder)[::3]:
        raw = bytearray(path.read_bytes())
        for _ in range(20):
            place = dice.randrange(len(raw))
            raw[place : place + dice.randrange(4)] = dice.randbytes(dice.randrange(4))
            message = parse_message(bytes(raw), NOW)

        check(message, bytes(raw))
        assert not [warning for warning in message.warnings if "could not be parsed" in warning]


def nested(levels: int) -> str:
    opened = "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(levels))
    return f"{opened}--b{levels}\n\ninnermost"


def many_parts(count: int, header: str) -> str:
    return "".join(f"--b\n{header}\n\npart {n}\n" for n in range(count)) + "--b--"


def kept_bytes(message: ReceivedMessage) -> int:
    return len(message.text) + sum(len(file.data) for file in message.attachments)


def test_parts_beyond_the_limit_are_kept_as_one_file() -> None:
    message = parsed(FROM, MIXED, body=many_parts(10_000, "Content-Type: text/plain"))

    assert "part 400" in message.text
    assert len(message.attachments) == 1
    assert b"part 9999" in message.attachments[0].data
    assert any("more than 500 parts" in warning for warning in message.warnings)


def test_ten_thousand_files_do_not_become_as_many() -> None:
    message = parsed(FROM, MIXED, body=many_parts(10_000, "Content-Type: application/x-y; name=f"))

    assert len(message.attachments) <= parts.MOST_PARTS


def test_parts_nested_beyond_the_limit_are_kept_as_one_file() -> None:
    message = parsed(FROM, "Content-Type: multipart/mixed; boundary=b0", body=nested(500))

    assert message.attachments[0].data.endswith(b"innermost")
    assert any("deep" in warning for warning in message.warnings)


@pytest.mark.parametrize("name", ["mail-nested-100.eml", "mail-rfc822-60.eml"])
def test_deep_mails_lose_nothing(name: str) -> None:
    message = read(f"made/{name}")

    assert kept_bytes(message) > 0
    assert message.attachments


def test_a_mail_in_a_mail_in_a_mail_is_opened_once() -> None:
    message = parsed(body="Content-Type: message/rfc822\n\n" * 20_000 + "Subject: x\n\ninnermost")

    assert [file.mime_type for file in message.attachments] == ["message/rfc822"]


HEADER_BOMBS = {
    "one endless field": "X-A: " + "a" * 3_000_000,
    "endless fields": "X-A: aaaaaaaaaaaaaaaaaaaa\n" * 100_000,
    "endless folding": "X-A:\n" + " a\n" * 500_000,
    "many Received": "Received: from x by y\n" * 3_000,
}


@pytest.mark.parametrize("name", HEADER_BOMBS)
def test_the_body_is_found_behind_an_endless_header(name: str) -> None:
    message = parsed(FROM, "Subject: s", HEADER_BOMBS[name].rstrip("\n"), body="the body")

    assert message.text == "the body"
    assert message.subject == "s"
    assert message.sender is not None


BOMBS = {
    "addresses": ("To: " + ", ".join(f"u{n}@x.example" for n in range(20_000)), ""),
    "subject": ("Subject: " + "=?utf-8?q?a?= " * 20_000, ""),
    "unfinished words": ("Subject: " + "=?x?q?" * 40_000, ""),
    "quotes in an address": ("From: " + '"' * 200_000, ""),
    "comments in an address": ("From: " + "(" * 200_000, ""),
    "parameters": ("Content-Type: text/plain; " + "a=b;" * 100_000, "x"),
    "semicolons in quotes": ('Content-Type: text/plain; name="' + ";" * 200_000 + '"', "x"),
    "false boundaries": ("Content-Type: multipart/mixed; boundary=-", "-" * 2_000_000),
    "empty parts": (MIXED, "--b\n" * 400_000),
    "boundaries in lines": (MIXED, "--b" * 500_000),
    "uuencoded beginnings": ("Subject: x", "begin 644 a\n" * 200_000),
    "uuencoded files": ("Subject: x", "begin 644 a\nend\n" * 100_000),
    "flowed lines": ("Content-Type: text/plain; format=flowed", "a \n" * 400_000),
    "quote marks": ("Content-Type: text/plain; format=flowed", ">" * 1_000_000),
    "quoted-printable": ("Content-Transfer-Encoding: quoted-printable", "=41" * 1_000_000),
    "equals signs": ("Content-Transfer-Encoding: quoted-printable", "=" * 1_000_000),
    "open blocks": ("Content-Type: text/html", "<div>" * 100_000),
    "NUL": ("Subject: x", "\0" * 1_000_000),
    "references": ("References: " + "<a@b>" * 100_000, ""),
    "unfinished references": ("References: " + "<" * 500_000, ""),
}


@pytest.mark.parametrize("name", BOMBS)
def test_mails_made_to_choke_parsers_are_read(name: str) -> None:
    header, body = BOMBS[name]
    raw = f"{FROM}\r\n{header}\r\n\r\n{body}".encode()

    message = parse_message(raw, NOW)

    check(message, raw)
    assert message.sender is not None or "address" in name
    assert len(message.attachments) <= parts.MOST_PARTS


def test_file_names_with_paths_devices_and_bidi_marks_are_made_safe() -> None:
    message = read("made/mail-attachment-names.eml")
    names = [file.file_name for file in message.attachments]

    check(message, (FOLDER / "made/mail-attachment-names.eml").read_bytes())
    assert names[:6] == ["passwd", "boot.ini", "ab.txt", "_con", "htaccess", "x.svggnp.exe"]


def test_media_types_made_to_deceive_become_plain_ones() -> None:
    body = "--b\nContent-Type: text/html\\\\evil; name=x.html\nContent-Disposition: attachment\n\n<script>\n--b--"
    (file,) = parsed(MIXED, body=body).attachments

    assert file.mime_type == "application/octet-stream"
