"""Attack 29: names that look like others: marks that turn the direction of writing, invisible characters, letters of
other scripts. Names of people and files arrive without such marks, whichever way they came."""

from __future__ import annotations

import base64
import unicodedata
from urllib.parse import unquote

import pytest

from tests.desk import Desk
from tests.edges.content.messages import Part, downloads_of, received
from tests.edges.inbox_v2.office import Office, open_office

pytestmark = pytest.mark.anyio

MARKS = "\u202e\u202a\u2066\u2069\u200e\u200f\u061c\u200b\u2060\ufeff\u00ad\u180e\U000e0041"
#: (as sent, as kept)
NAMES = [
    ("invoice\u202efdp.exe", "invoicefdp.exe"),
    ("\u2066safe\u2069.\u200btxt\u200f.exe", "safe.txt.exe"),
    ("report.pdf" + " " * 80 + ".exe", "report.pdf .exe"),
    ("cafe\u0301.txt", "caf\u00e9.txt"),
    ("a\tb\u2028c.txt", "a b c.txt"),
    ("p\u0430ypal.html", "p\u0430ypal.html"),
]


@pytest.fixture
async def office(module_desk: Desk) -> Office:
    return await open_office(module_desk)


def is_plain(text: str) -> bool:
    return not any(mark in text for mark in MARKS) and unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(("sent", "kept"), NAMES)
async def test_file_names_show_how_they_end(office: Office, sent: str, kept: str) -> None:
    conversation_id = await office.start()
    file = {"fileName": sent, "mimeType": "text/plain", "data": base64.b64encode(b"x").decode()}
    note = await office.add(conversation_id, "notes", attachments=[file])
    by_api = await office.get(f"/v2/conversations/{conversation_id}/threads/{note}")
    by_mail = await received(office, "<p>x</p>", Part(b"x", "application/octet-stream", sent.replace("\t", " ")))
    browser = await office.desk.client()

    for thread in (by_api, by_mail):
        [attachment] = thread["_embedded"]["attachments"]
        assert attachment["filename"] == kept
        answer = await browser.get(downloads_of(thread)[0])
        header = unquote(answer.headers["content-disposition"])
        assert header.endswith("filename*=UTF-8''" + kept)
        assert is_plain(header)


async def test_names_of_senders_come_without_marks(office: Office) -> None:
    source = (
        f"From: =?utf-8?b?{base64.b64encode(('Support' + MARKS + ' Team').encode()).decode()}?= <mallory@example.com>\n"
        "To: support@acme.test\n"
        f"Subject: =?utf-8?b?{base64.b64encode(('Re' + MARKS + ': you').encode()).decode()}?=\n\nHello\n"
    )
    made = await office.mail(source)
    conversation = await office.conversation(made.conversation_id)

    who = conversation["primaryCustomer"]
    assert is_plain(f"{who['first']} {who['last']}" if "first" in who else f"{who['firstName']} {who['lastName']}")
    # The address stands beside whatever name somebody gives themselves.
    assert who["email"] == "mallory@example.com"


async def test_a_message_cannot_turn_what_stands_around_it(office: Office) -> None:
    thread = await received(office, "<p>\u202egnp.exe</p>")
    answer = await (await office.desk.client()).get(thread["_links"]["view"]["href"])

    # A direction that is not ended ends with the block that it is in.
    assert '<div class="message" dir="auto">' in answer.text
