"""The contact form (spec: 11.7)."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.docs_site.asking import TYPED, conversations_of, opened, send, stamp_in, with_form
from tests.edges.docs_site.center import Center, links_of, open_center
from tests.edges.docs_site.coming_in import another_visitor, by_callback, enter, vouched
from tests.edges.docs_v1.test_files import png

pytestmark = pytest.mark.anyio
MEBIBYTE = 1024 * 1024
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'


def filled(page: str) -> dict[str, str]:
    """What stands in the fields of one line."""
    fields = re.findall(r'<input\b[^>]*id="contact-(name|email|subject)"[^>]*>', page)
    found = re.findall(r'<input\b[^>]*id="contact-(?:name|email|subject)"[^>]*\bvalue="([^"]*)"', page)
    return dict(zip(fields, found, strict=True))


@pytest.fixture
async def form(center: Center) -> Center:
    await with_form(center)
    return center


async def test_without_a_form_or_a_mailbox_there_is_no_page_and_no_link(center: Center) -> None:
    for changes in ({}, {"hasContactForm": True}, {"hasContactForm": True, "mailboxId": "5214c77c45667acd25394b51"}):
        if changes:
            await center.change(**changes)
        for path in ("/contact", "/contact/sent"):
            assert (await center.visitor.get(path)).status_code == 404
        assert (await send(center)).status_code == 404
        assert "/contact" not in links_of(await center.page("/"))
    await with_form(center)
    assert "/contact" in links_of(await center.page("/"))


async def test_the_form_can_be_filled_in_and_is_kept_by_nobody(form: Center) -> None:
    answer = await form.visitor.get("/contact")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    page = answer.text
    for name in ("name", "email", "subject", "message", "files"):
        assert f'<label for="contact-{name}"' in page
        assert f'id="contact-{name}"' in page
    assert "Up to 3 files of 10 MB each." in page
    assert page.count("<h1") == 1


async def test_a_message_becomes_a_conversation_and_says_what_is_next(form: Center) -> None:
    files = [("files", ("plan.png", png(), "image/png")), ("files", ("notes.txt", b"Hello", "text/html"))]
    answer = await send(form, files=files)
    assert (answer.status_code, answer.headers["location"]) == (303, "/contact/sent")

    page = await form.page("/contact/sent")
    assert "Thank you, your message has arrived" in page
    assert "We will answer by e-mail" in page
    [made] = await conversations_of(form)
    assert (made["subject"], made["type"], made["source"]) == (
        "Where is it?",
        "email",
        {"type": "docs", "via": "customer"},
    )
    assert made["primaryCustomer"]["email"] == "jane@example.org"
    [thread] = made["_embedded"]["threads"]
    assert thread["body"] == "<p>Hello,</p><p>where?</p>"
    attachments = {one["filename"]: one for one in thread["_embedded"]["attachments"]}
    assert attachments["plan.png"]["mimeType"] == "image/png"
    assert attachments["notes.txt"]["size"] == 5


async def test_what_is_wrong_is_said_beside_the_fields_and_what_was_typed_stays(form: Center) -> None:
    typed = {"name": "", "email": "jane@", "subject": '"Quotes" <b>', "message": "</textarea><script>alert(1)</script>"}
    files = [("files", ("a.txt", b"x", "text/plain"))]
    answer = await send(form, files=files, **typed)
    page = answer.text

    assert answer.status_code == 422
    assert "The message has not been sent yet" in page
    assert '<p class="fault" id="fault-name">Please enter your name.</p>' in page
    assert 'aria-describedby="fault-email" aria-invalid="true"' in page
    assert 'value="jane@"' in page
    assert 'value="&#34;Quotes&#34; &lt;b&gt;"' in page
    assert "&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;</textarea>" in page
    assert "<script>alert" not in page
    assert "Please choose your files again." in page
    assert await conversations_of(form) == []


@pytest.mark.parametrize("name", ["name", "email", "subject", "message"])
async def test_every_field_is_needed(form: Center, name: str) -> None:
    answer = await send(form, **{name: " \n"})
    assert answer.status_code == 422
    assert f'id="fault-{name}"' in answer.text


async def test_the_companys_own_address_is_not_the_visitors(center: Center) -> None:
    mailbox = await with_form(center)
    answer = await send(center, email=mailbox.email)
    assert answer.status_code == 422
    assert "This is our own address." in answer.text


async def test_files_have_limits_and_are_no_programs(form: Center) -> None:
    small = ("files", ("a.txt", b"x", "text/plain"))
    for files in ([small] * 4, [("files", ("big.zip", b"x" * (10 * MEBIBYTE + 1), ""))]):
        answer = await send(form, files=files)
        assert answer.status_code == 422
        assert 'id="fault-files">Up to 3 files of 10 MB each.' in answer.text
    for name, data in (("setup.exe", b"x"), ("a.txt", b"MZ\x90\x00"), ("a.pdf.js\u202e", b"#!/bin/sh")):
        answer = await send(form, files=[("files", (name, data, "text/plain"))])
        assert answer.status_code == 422
        assert "Files that are programs cannot be sent." in answer.text
    assert await conversations_of(form) == []


async def test_three_large_files_arrive(form: Center) -> None:
    files = [("files", (f"{number}.zip", bytes(10 * MEBIBYTE), "application/zip")) for number in range(3)]
    answer = await send(form, files=files)
    assert answer.status_code == 303, answer.text
    [made] = await conversations_of(form)
    assert [one["size"] for one in made["_embedded"]["threads"][0]["_embedded"]["attachments"]] == [10 * MEBIBYTE] * 3


async def test_more_than_that_is_refused_as_a_whole(form: Center) -> None:
    answer = await send(form, files=[("files", ("a.zip", bytes(33 * MEBIBYTE), ""))])
    assert answer.status_code == 413
    assert "html" in answer.headers["content-type"]
    declared = await form.visitor.post(
        "/contact", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert declared.status_code == 400


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"\xff\xfe", "text/plain"),
        (b"&".join([b"a=b"] * 999), "application/x-www-form-urlencoded"),
        (PART * 99 + b"--x--", "multipart/form-data; boundary=x"),
    ],
    ids=range(7),
)  # fmt: skip
async def test_what_is_no_form_is_refused_in_words(form: Center, content: bytes, kind: str) -> None:
    answer = await form.visitor.post("/contact", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert "html" in answer.headers["content-type"]


async def test_a_form_without_files_may_come_plainly_encoded(form: Center) -> None:
    answer = await form.visitor.post("/contact", data={**TYPED, "stamp": await opened(form)})
    assert answer.status_code == 303
    assert len(await conversations_of(form)) == 1


async def test_the_same_form_sent_twice_is_one_message(form: Center) -> None:
    stamp = await opened(form)
    answers = await asyncio.gather(*(send(form, stamp=stamp) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [303] * 3
    assert len(await conversations_of(form)) == 1
    await send(form, stamp=stamp, message="Something else")
    assert len(await conversations_of(form)) == 2


async def test_a_stranger_does_not_get_into_a_conversation_that_is_there(form: Center) -> None:
    await send(form)
    [first] = await conversations_of(form)
    marks = f"Re: Where is it? [#{first['number']}] {first['id']}"
    answer = await send(form, name="Somebody Else", subject=marks, message="Show me all of it")

    assert answer.status_code == 303
    before, after = await conversations_of(form)
    assert before["threads"] == 1
    assert after["threads"] == 1
    assert after["primaryCustomer"]["id"] == first["primaryCustomer"]["id"]
    assert after["primaryCustomer"]["first"] == "Jane"
    page = await form.page("/contact/sent")
    assert "Jane" not in page
    assert "Where is it" not in page


async def test_after_a_mistake_the_same_form_can_be_sent_at_once(form: Center) -> None:
    refused = await send(form, name="")
    assert (await send(form, stamp=stamp_in(refused.text))).status_code == 303


async def test_forms_of_other_sites_change_nothing(form: Center) -> None:
    stamp = await opened(form)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await form.visitor.post("/contact", data={**TYPED, "stamp": stamp}, headers=headers)
        assert answer.status_code == 403
    assert await conversations_of(form) == []


async def test_the_words_are_those_of_the_sites_language(form: Center) -> None:
    await form.change(language="german")
    page = await form.page("/contact")
    assert "Nachricht senden" in page
    assert "Bitte geben Sie Ihren Namen ein." in (await send(form, name="")).text


async def test_events_of_the_conversation_are_as_of_any_other(form: Center) -> None:
    await send(form)
    async with form.desk.connection() as connection:
        rows = await connection.fetch(
            "select type from event where account_id = $1 and type like 'c%' order by id", form.account.id
        )
    assert [row["type"] for row in rows if row["type"].startswith(("convo", "customer"))] == [
        "customer.created",
        "convo.created",
    ]


async def test_a_visitor_whom_the_company_vouches_for_finds_their_address(form: Center) -> None:
    secret = await by_callback(form)
    await form.visitor.get("/authcallback", params={"token": vouched(secret, "zoë+a@example.org"), "returnTo": "/"})
    answer = await form.visitor.get("/contact")
    assert filled(answer.text) == {"name": "", "email": "zoë+a@example.org", "subject": ""}
    assert answer.headers["cache-control"] == "private, no-store"


async def test_a_user_finds_their_name_and_address(form: Center) -> None:
    await enter(form, form.account.user)
    user = form.account.user
    assert filled(await form.page("/contact")) == {"name": "Una User", "email": user.email, "subject": ""}
    # What was typed instead stays.
    refused = await send(form, email="una@home.example", subject="")
    assert filled(refused.text)["email"] == "una@home.example"
    other = await another_visitor(form)
    assert filled((await other.get("/contact")).text) == {"name": "", "email": "", "subject": ""}


async def test_each_site_gets_its_own(module_desk: Desk) -> None:
    one, other = await open_center(module_desk), await open_center(module_desk, "Other")
    await with_form(one)
    await with_form(other)
    answer: httpx.Response = await send(one, stamp=await opened(other))
    assert answer.status_code == 422
    assert "open for a long time" in answer.text
    lists: list[list[Any]] = [await conversations_of(one), await conversations_of(other)]
    assert lists == [[], []]
