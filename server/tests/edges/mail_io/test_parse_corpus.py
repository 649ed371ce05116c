"""Real mails, broken ones among them: each becomes a message that can be stored and shown, and none is lost."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.edges.mail_io.sample_mail import FOLDER, NOW, folders, lines, mails, parsed, read
from tests.kit.hostile_html import dangers
from waypost.domains.mail import ReceivedMessage
from waypost.edges.mail_io.parse import parse_message
from waypost.kit.html import sanitise

EXPECTED = lines("stalwart.expected.jsonl")
INVOICE = "Invoice_302232133150612.pdf"
REPORT = ["delivery-status.txt", "unsubscribe.eml"]
# Their parts are empty; the last one's boundaries cannot be told from each other's ends.
EMPTY = frozenset(f"{name}.eml" for name in "msg_08 msg_09 msg_12 msg_12a msg_24 malformed__005".split())
# Reports about mail that are not about its delivery.
NOT_BOUNCES = ("arf", "rfc3834")


@pytest.mark.parametrize("folder", folders())
def test_every_mail_becomes_a_message_that_can_be_stored_and_shown(folder: str) -> None:
    assert mails(folder)
    for path in mails(folder):
        raw = path.read_bytes()
        message = parse_message(raw, NOW)

        assert not [warning for warning in message.warnings if "could not be parsed" in warning], path.name
        assert dangers(message.html) == [], path.name
        assert sanitise(message.html) == message.html, path.name
        assert shows_something(message) or not body_of(raw) or path.name in EMPTY, path.name
        for text in every_text(message):
            text.encode()
            assert "\0" not in text, path.name


def shows_something(message: ReceivedMessage) -> bool:
    return bool(message.text.strip() or message.html or message.attachments)


def body_of(raw: bytes) -> bytes:
    unix = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return unix.partition(b"\n\n")[2].strip(b"\n -")


def every_text(message: ReceivedMessage) -> list[str]:
    people = [message.sender, *message.reply_to, *message.to, *message.cc, *message.bcc]
    names = [text for person in people if person for text in (person.name, person.email)]
    files = [text for file in message.attachments for text in (file.file_name, file.mime_type, file.content_id or "")]
    headers = [text for pair in message.headers.items() for text in pair]
    ids = [message.message_id, *message.in_reply_to, *message.references]
    return [message.subject, message.html, message.text, *names, *files, *headers, *ids]


@pytest.mark.parametrize("expected", EXPECTED, ids=[row["file"] for row in EXPECTED])
def test_the_fields_are_what_another_parser_reads(expected: dict) -> None:
    message = read(f"stalwart/{expected.pop('file')}")
    sender = message.sender
    found = {
        "subject": message.subject,
        "from": [sender.name, sender.email] if sender else None,
        "to": [[person.name, person.email] for person in message.to],
        "cc": [[person.name, person.email] for person in message.cc],
        "date": message.sent_at.isoformat() if message.sent_at else None,
        "message_id": message.message_id,
        "words": message.text.split(),
        "attachments": len(message.attachments),
    }

    assert {name: found[name] for name in expected} == expected


def test_the_same_bytes_always_make_the_same_message() -> None:
    for path in mails("ruby-mail"):
        assert parse_message(path.read_bytes(), NOW) == parse_message(path.read_bytes(), NOW)


def test_reports_of_failed_delivery_are_bounces() -> None:
    for path in [*mails("bounces"), *mails("bounces-dos")]:
        is_report = not any(word in path.name for word in NOT_BOUNCES)
        message = parse_message(path.read_bytes(), NOW)

        assert message.is_bounce is is_report, path.name
        assert message.is_automatic, path.name


def test_what_people_write_is_neither_bounce_nor_automatic() -> None:
    for path in mails("talon"):
        message = parse_message(path.read_bytes(), NOW)

        assert (message.is_bounce, message.is_automatic) == (False, False), path.name
        assert "Hello" in message.text, path.name


@pytest.mark.parametrize(
    ("name", "subject", "sender", "files", "words"),
    [
        ("chatwoot/mail_with_no_date.eml", "test text only mail", "testemail@gmail.com", [], "text only mail"),
        ("chatwoot/non_utf_encoded_mail.eml", "أهلين عميلنا الكريم", "example@gmail.com", [], "أنظروا"),
        (
            "chatwoot/mail_with_inline_images.eml",
            "New inline image test email",
            "sony@",
            ["ptrol.jpeg"],
            "HTML content",
        ),
        ("enmime/testdata__mail__mime-bad-8bit-filename.eml", "Malformed", "pavel.bazika@", ["管理.doc"], "Text part"),
        ("enmime/testdata__low-quality__incorrect-charset.eml", "plain text", "james@", [], "∮ E⋅da = Q"),
        ("enmime/testdata__mail__attachment-only-text-attachment.eml", "Test", "alice@test.com", ["test.csv"], ""),
        (
            "enmime/testdata__mail__mime-bad-content-type.eml",
            "Confirmation",
            "bookings@",
            ["Invoice_302232133150612.pdf"],
            "Thank",
        ),
        ("enmime/testdata__mail__qp-utf8-header-no-break.eml", "MIME UTF8 Test ¢ More", "jamehi03@", [], "Lorem ipsum"),
        (
            "mimekit/messages__delivery-status.eml",
            "email delivery error",
            "postmaster@",
            ["delivery-status.txt", "unsubscribe.eml"],
            "Processing",
        ),
        ("mimekit/tnef__ukr.eml", "rr test 7", "rrtest1@xink.io", [], "шостий"),
        ("ruby-mail/plain_emails__raw_email_incorrect_header.eml", "Stop adware", "xxx@xxx.xxx", [], "Ad Ware"),
        ("ruby-mail/rfc2822__example13.eml", "Saying Hello", "jdoe@machine.example", [], "This is a message"),
        ("made/mail-no-closing-boundary.eml", "", "sender@example.org", [], ""),
        (
            "made/mail-html-tracking-and-scripts.eml",
            "<script>alert(document.domain)</script>",
            "sender@",
            [],
            "overlay",
        ),
        ("bounces-dos/mac__lhost-x2-01.eml", "Delivery failure", "", [], ""),
    ],
)
def test_chosen_mails_say_what_people_see_in_them(
    name: str, subject: str, sender: str, files: list[str], words: str
) -> None:
    message = read(name)

    assert message.subject.startswith(subject)
    assert message.sender is not None
    assert message.sender.email.startswith(sender)
    assert [file.file_name for file in message.attachments][: len(files)] == files
    assert words in message.text


def test_an_inline_image_is_shown_by_its_content_id() -> None:
    message = read("enmime/testdata__mail__html-mime-inline.eml")
    (image,) = message.attachments

    assert image.is_inline
    assert f'src="cid:{image.content_id}"' in message.html
    assert (image.mime_type, len(image.data)) == ("image/png", 687)


def test_a_message_without_id_gets_the_same_one_each_time() -> None:
    one, two = (parsed("From: a@b.example", body=text) for text in ("one", "two"))

    assert one.message_id == parsed("From: a@b.example", body="one").message_id != two.message_id
    assert one.message_id.startswith("<")
    assert "no Message-ID: one was made from the content" in one.warnings


def test_the_folder_of_samples_is_complete() -> None:
    assert sum(len(mails(folder)) for folder in folders()) == 300
    assert isinstance(read("talon/standard_replies__gmail.eml").sent_at, datetime)
    assert (FOLDER / ".gitattributes").exists()
