"""Reports of failed delivery: who was not reached, why, for how long, and which message it was."""

from __future__ import annotations

import pytest

from tests.edges.mail_io.sample_mail import mails, parsed, read
from waypost.edges.mail_io.parse import parse_message

BOUNCES = [path for folder in ("bounces", "bounces-dos") for path in mails(folder)]
REPORTS = [path for path in BOUNCES if not any(word in path.name for word in ("arf", "rfc3834"))]


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_every_report_names_whom_the_message_missed(path) -> None:
    raw = path.read_bytes()
    bounce = parse_message(raw).bounce

    assert bounce is not None
    assert all("@" in recipient.email for recipient in bounce.recipients)
    assert bounce.original_message_id is None or bounce.original_message_id.encode() in raw.replace(b"\r", b"")


REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"'
DAEMON = ("From: MAILER-DAEMON@mx.example.org", "To: desk@example.com", "Return-Path: <>", "Subject: Undeliverable")


def status(action: str, code: str, *more: str) -> str:
    fields = [f"Final-Recipient: rfc822; ann@example.net\nAction: {action}\nStatus: {code}", *more]
    returned = "Message-ID: <sent@example.com>\nReferences: <a@example.com> <b@example.com>\nTo: ann@example.net\n"
    return (
        "--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example.org\n\n" + "\n".join(fields) + "\n"
        "\n--b\nContent-Type: text/rfc822-headers\n\n" + returned + "\n--b--\n"
    )


@pytest.mark.parametrize(
    ("action", "code", "kind"),
    [("failed", "5.1.1", "permanent"), ("failed", "4.4.7", "temporary"), ("delayed", "4.4.1", "delayed")],
)
def test_a_report_in_the_standards_form_is_read_by_its_fields(action: str, code: str, kind: str) -> None:
    body = status(action, code, "Diagnostic-Code: smtp; 550 no such\n mailbox")
    bounce = parsed(*DAEMON, REPORT, body=body).bounce

    assert bounce is not None
    assert bounce.kind == kind
    assert [(one.email, one.status, one.diagnostic) for one in bounce.recipients] == [
        ("ann@example.net", code, "550 no such mailbox")
    ]
    assert bounce.original_message_id == "<sent@example.com>"
    assert bounce.original_references == ("<a@example.com>", "<b@example.com>")


def test_the_address_that_was_written_to_is_named_rather_than_its_alias() -> None:
    body = status("failed", "5.1.1", "Original-Recipient: rfc822;alias@example.net")
    bounce = parsed(*DAEMON, REPORT, body=body).bounce

    assert bounce is not None
    assert bounce.recipients[0].email == "alias@example.net"


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_is_no_bounce_but_automatic(action: str) -> None:
    message = parsed(*DAEMON, REPORT, body=status(action, "2.0.0"))

    assert (message.is_bounce, message.bounce, message.is_automatic) == (False, None, True)


QMAIL = """Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ann@example.net>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown

--- Below this line is a copy of the message.

Return-Path: <desk@example.com>
Message-ID: <sent@example.com>
To: ann@example.net

Hello
"""
EXIM = """This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its recipients.
The following address(es) failed:

  ann@example.net
    mailbox is full: retry timeout exceeded

------ This is a copy of the message, including all the headers. ------

Return-path: <desk@example.com>
Message-Id: <sent@example.com>
"""
GMAIL = """Delivery to the following recipient failed permanently:

     ann@example.net

Technical details of permanent failure:
Google tried to deliver your message, but it was rejected. The error was: 552 552 message size exceeds limit.

----- Original message -----

Message-ID: <sent@example.com>
"""
LATE = """This is a warning message only. You do not need to resend your message.

The following address(es) have not yet been delivered:

  ann@example.net
"""


@pytest.mark.parametrize(
    ("body", "kind", "code", "message_id"),
    [
        (QMAIL, "permanent", "5.1.1", "<sent@example.com>"),
        (EXIM, "permanent", "5.2.2", "<sent@example.com>"),
        (GMAIL, "permanent", "5.3.4", "<sent@example.com>"),
        (LATE, "delayed", "", None),
    ],
)
def test_reports_in_words_are_read(body: str, kind: str, code: str, message_id: str | None) -> None:
    bounce = parsed(*DAEMON, body=body).bounce

    assert bounce is not None
    assert (bounce.kind, bounce.original_message_id) == (kind, message_id)
    assert [(one.email, one.status) for one in bounce.recipients] == [("ann@example.net", code)]


def test_the_failed_recipients_of_the_header_count_first() -> None:
    bounce = parsed(
        *DAEMON, "X-Failed-Recipients: ann@example.net, ben@example.net", body="ask help@example.org"
    ).bounce

    assert bounce is not None
    assert [one.email for one in bounce.recipients] == ["ann@example.net", "ben@example.net"]


@pytest.mark.parametrize(
    "body",
    [
        "My parcel could not be delivered. The driver said: 550 Main Street does not exist.",
        "Your mail server says:\n550 5.1.1 <ann@example.net>: user unknown\nPlease help!",
        QMAIL,
    ],
)
def test_people_who_write_about_bounces_are_people(body: str) -> None:
    message = parsed("From: ann@example.net", "Subject: Undeliverable mail?", body=body)

    assert (message.is_bounce, message.bounce) == (False, None)


@pytest.mark.parametrize("folder", ["talon", "chatwoot", "stalwart"])
def test_ordinary_mails_are_no_bounces(folder: str) -> None:
    assert [path.name for path in mails(folder) if parse_message(path.read_bytes()).is_bounce] == []


def test_feedback_reports_and_receipts_are_automatic_and_no_bounces() -> None:
    for name in ("mimekit/messages__feedback-report.eml", "mimekit/messages__disposition-notification.eml"):
        message = read(name)

        assert (message.is_bounce, message.is_automatic) == (False, True), name
