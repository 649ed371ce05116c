"""Messages that somebody passed on: found in the words of many mail programs, and in attachments."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.edges.mail_io.sample_mail import lines, parsed, read
from waypost.domains.mail import Address, ReceivedMessage

SUBJECT = "Integer consequat non purus"
# Their text holds a line such as `On ... wrote:` and neither subject nor recipients.
BARE = "outlook_2019"
NO_ADDRESS = "unknown_en_body_variant_12"
# Programs whose forwarded mails differ from replies by the subject alone.
NEED_SUBJECT = ("outlook", "unknown", "ionos")


def passed_on(body: str, subject: str = "", media_type: str = "text/plain") -> ReceivedMessage:
    return parsed(
        f"Subject: {subject}", "From: ann@example.com", f"Content-Type: {media_type}; charset=utf-8", body=body
    )


def is_reply(name: str) -> bool:
    return "variant_4" in name


@pytest.mark.parametrize(
    "row", [row for row in lines("forwards.jsonl") if not is_reply(row["name"])], ids=lambda row: row["name"]
)
def test_what_mail_programs_pass_on_is_read(row: dict) -> None:
    name, body = row["name"], row["body"]
    message = passed_on(body, f"Fwd: {SUBJECT}" if any(word in name for word in NEED_SUBJECT) else "x")
    found = message.forwarded

    assert found is not None
    assert found.sender.email == ("" if name == NO_ADDRESS else "john.doe@acme.com")
    assert found.sender.name.replace(",", "") in ("John Doe", "")
    assert found.text.lstrip("\ufeff\u00a0 \n").startswith("Aenean quis")
    assert found.sent_at is not None
    assert found.sent_at.year in (2021, 2022, 2023, 2024)
    assert ("Praesent suscipit egestas" in found.comment) is ("Praesent suscipit egestas" in body)
    assert name == "yahoo_pt_body" or found.subject == SUBJECT
    if BARE not in name and name != NO_ADDRESS:
        assert found.to[0].email == "bessie.berry@acme.com"
        assert ("walter.sheltan" in body) is any(person.email == "walter.sheltan@acme.com" for person in found.cc)


@pytest.mark.parametrize(
    "row", [row for row in lines("forwards.jsonl") if is_reply(row["name"])], ids=lambda row: row["name"]
)
def test_replies_pass_nothing_on(row: dict) -> None:
    assert passed_on(row["body"], f"Re: {SUBJECT}").forwarded is None


def test_html_is_passed_on_with_its_formatting() -> None:
    html = (
        "<p>Look at <b>this</b></p><div class='gmail_quote'>---------- Forwarded message ---------<br>"
        "Von: <strong>Ben</strong> <span>&lt;<a href='mailto:ben@example.org'>ben@example.org</a>&gt;</span><br>"
        "Date: Mi., 27. Okt. 2021 um 09:31 Uhr<br>Subject: Invoice<br>To: &lt;ann@example.com&gt;<br><br>"
        "<div>Please <i>pay</i>.</div></div>"
    )
    message = passed_on(html, "Fwd: Invoice", "text/html")
    found = message.forwarded

    assert found is not None
    assert (found.sender, found.subject) == (Address("Ben", "ben@example.org"), "Invoice")
    assert found.sent_at == datetime(2021, 10, 27, 9, 31, tzinfo=UTC)
    assert "<i>pay</i>" in found.html
    assert "Ben" not in found.html
    assert "Look at <b>this</b>" in found.comment
    assert "pay" not in found.comment
    assert message.own_text == "Look at this"
    assert "waypost_quote" not in message.html


def test_a_message_without_words_above_has_no_comment_and_shows_what_it_passes_on() -> None:
    message = passed_on("---------- Forwarded message ---------\nFrom: b@example.org\nTo: a@example.com\n\nPlease pay.")

    assert message.forwarded is not None
    assert message.forwarded.comment == ""
    assert message.own_text == "Please pay."


def test_an_attached_message_is_passed_on() -> None:
    message = read("ruby-mail/attachment_emails__attachment_message_rfc822.eml")

    assert message.forwarded is not None
    assert message.forwarded.sender.email == "xxxx@xxxx.com"
    assert any(file.mime_type == "message/rfc822" for file in message.attachments)


@pytest.mark.parametrize("name", ["bounces/bsd__arf-01.eml", "mimekit/messages__delivery-status.eml"])
def test_reports_pass_nothing_on(name: str) -> None:
    assert read(name).forwarded is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("26 octobre 2021 à 14:25:08 UTC+3", datetime(2021, 10, 26, 11, 25, 8, tzinfo=UTC)),
        ("26. lokakuuta 2021 klo 14.25.08 UTC+3", datetime(2021, 10, 26, 11, 25, 8, tzinfo=UTC)),
        ("lunes, 19 de septiembre de 2022 17:55:44 -0400", datetime(2022, 9, 19, 21, 55, 44, tzinfo=UTC)),
        ("2022年9月19日月曜日 17:55:44 -0400", datetime(2022, 9, 19, 21, 55, 44, tzinfo=UTC)),
        ("Wed, Oct 27, 2021 at 9:31 PM", datetime(2021, 10, 27, 21, 31, tzinfo=UTC)),
        ("st 27. 10. 2021 o 9:31", datetime(2021, 10, 27, 9, 31, tzinfo=UTC)),
        ("02/10/2023 4:52 PM EST", datetime(2023, 2, 10, 21, 52, tzinfo=UTC)),
        ("2021. október 26. 14:25:08 EEST", datetime(2021, 10, 26, 11, 25, 8, tzinfo=UTC)),
        ("27 Eki 2021 Çar, 09:31", datetime(2021, 10, 27, 9, 31, tzinfo=UTC)),
        ("26 жовтня 2021 р. о 14:25:08 GMT+3", datetime(2021, 10, 26, 11, 25, 8, tzinfo=UTC)),
        ("الأربعاء 16/3/2022 12:49", datetime(2022, 3, 16, 12, 49, tzinfo=UTC)),
        ("yesterday", None),
        ("32 May 2021", None),
        ("1 May 2121", None),
    ],
)
def test_dates_are_read_in_many_languages(written: str, expected: datetime | None) -> None:
    body = f"---------- Forwarded message ---------\nFrom: b@example.org\nDate: {written}\nTo: a@example.com\n\nx"
    found = passed_on(body).forwarded

    assert found is not None
    assert found.sent_at == expected
