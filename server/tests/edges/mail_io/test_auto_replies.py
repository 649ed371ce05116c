"""The automatic reply: once, to people, with the mailbox's words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.desk import running_desk
from tests.edges.mail_io.talks import QUESTION, Server, Talk, begun, read, take

BODY = (
    "<p>Hello {%customer.firstName,fallback=there%}, we have got it: #{%conversation.number%}."
    " {%conversation.subject%}</p>"
)
ON = {"is_auto_reply_on": True, "auto_reply_body": BODY, "auto_reply_subject": "Thank you from {%mailbox.name%}"}


@pytest.fixture
async def talk(talk: Talk) -> Talk:
    """One whose first mail came before the mailbox answered anything."""
    await talk.desk.run_workers()
    return talk


async def ask(talk: Talk, number: int = 1, **fields: str) -> int:
    """A mail that begins a conversation; its id."""
    head = {
        "Message-ID": f"<ask-{number}@example.org>",
        "From": f"Tom Fox <tom{number}@example.org>",
        "To": "support@acme.test",
        "Subject": f"Question {number}",
        **fields,
    }
    raw = "\n".join(f"{name}: {value}" for name, value in head.items()) + "\n\nHow?\n"
    received = await take(talk.desk, talk.account, talk.mailbox, raw.encode())
    assert received.outcome == "conversation"
    return received.conversation_id or 0


async def test_whoever_begins_a_conversation_is_answered_once(talk: Talk, server: Server) -> None:
    await talk.connect(**ON, has_reply_addresses=True, signature="<p>Best, Olivia</p>")
    conversation_id = await ask(talk)
    await talk.desk.run_workers()
    [caught] = server.caught
    assert caught.mail_from == "<>"
    assert caught.rcpt_tos == ["tom1@example.org"]
    message = read(caught.content)
    number = (await talk.client.get(f"/v2/conversations/{conversation_id}")).json()["number"]
    assert message["From"] == "Acme Support <support@acme.test>"
    assert message["Subject"] == "Thank you from Acme Support"
    assert message["In-Reply-To"] == message["References"] == "<ask-1@example.org>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Precedence"] == "auto_reply"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Unsubscribe"] is None
    assert "+wp-" in message["Reply-To"]
    html = message.get_body(("html",))
    assert html is not None
    assert f"Hello Tom, we have got it: #{number}. </p>" in html.get_content()
    assert "Olivia" not in html.get_content()


async def test_the_conversation_stays_as_it_is_and_its_timeline_tells_of_it(talk: Talk, server: Server) -> None:
    await talk.connect(**ON)
    conversation_id = await ask(talk)
    before = (await talk.client.get(f"/v2/conversations/{conversation_id}")).json()
    await talk.desk.run_workers()
    after = (await talk.client.get(f"/v2/conversations/{conversation_id}?embed=threads")).json()
    for name in ("status", "threads", "preview", "customerWaitingSince", "assignee"):
        assert after.get(name) == before.get(name), name
    threads = after["_embedded"]["threads"]
    assert [one["action"].get("text") for one in threads if one["type"] == "lineitem"] == ["Sent the automatic reply"]
    assert [one for one in threads if "delivery" in one] == []


async def test_an_answer_to_the_automatic_reply_stays_in_the_conversation_and_gets_none(
    talk: Talk, server: Server
) -> None:
    await talk.connect(**ON)
    conversation_id = await ask(talk)
    await talk.desk.run_workers()
    sent = read(server.caught[0].content)
    head = (
        f"Message-ID: <b@example.org>\nFrom: tom1@example.org\nReferences: <ask-1@example.org> {sent['Message-ID']}\n"
    )
    received = await take(talk.desk, talk.account, talk.mailbox, f"{head}\nThanks\n".encode())
    assert received.conversation_id == conversation_id
    await talk.desk.run_workers()
    assert len(server.caught) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List-Id": "<news.example.org>"},
        {"From": "no-reply@example.org"},
        {"From": "MAILER-DAEMON@example.org"},
        {"From": "support@acme.test"},
        {"Return-Path": "<>"},
        {"X-Auto-Response-Suppress": "All"},
    ],
    ids=lambda fields: "-".join([*fields, *fields.values()])[:40],
)
async def test_programs_and_lists_are_not_answered(talk: Talk, server: Server, fields: dict[str, str]) -> None:
    await talk.connect(**ON)
    await ask(talk, **fields)
    await talk.desk.run_workers()
    assert server.caught == []


async def test_off_or_without_words_nothing_is_sent(talk: Talk, server: Server) -> None:
    await ask(talk, 1)
    await talk.connect(is_auto_reply_on=True)
    await ask(talk, 2)
    await talk.connect(**{**ON, "is_auto_reply_on": False})
    await ask(talk, 3)
    await talk.desk.run_workers()
    assert server.caught == []


async def test_the_senders_words_do_not_come_back(talk: Talk, server: Server) -> None:
    words = {"auto_reply_subject": "Re: {%conversation.subject%}", "auto_reply_body": f"{BODY} {{%customer.fullName%}}"}
    await talk.connect(**{**ON, **words})
    await ask(talk, From='"evil.example/now 100%" <victim@example.org>', Subject="BUY NOW evil.example")
    await talk.desk.run_workers()
    content = bytes(server.caught[0].content or b"")
    assert b"evil" not in content
    assert b"BUY" not in content
    html = read(content).get_body(("html",))
    assert html is not None
    assert "Hello there," in html.get_content()


@pytest.mark.parametrize(("asked", "kind", "count"), [(True, "customer", 1), (False, "customer", 0), (True, "note", 0)])
async def test_the_api_asks_for_it(talk: Talk, server: Server, asked: bool, kind: str, count: int) -> None:
    await talk.connect(**ON)
    body: dict[str, Any] = {
        "subject": "From the form",
        "type": "email",
        "mailboxId": talk.mailbox.id,
        "status": "pending",
        "autoReply": asked,
        "customer": {"email": "form@example.org", "firstName": "Fay"},
        "threads": [{"type": kind, "text": "Hello"}],
    }
    answer = await talk.client.post("/v2/conversations", json=body)
    assert answer.status_code == 201, answer.text
    await talk.desk.run_workers()
    assert [one.rcpt_tos for one in server.caught] == [["form@example.org"]] * count
    found = await talk.client.get(f"/v2/conversations/{answer.headers['resource-id']}")
    assert found.json()["status"] == "pending"


async def test_an_automatic_reply_that_is_refused_bothers_nobody(talk: Talk, server: Server) -> None:
    await talk.connect(**ON)
    server.answer_to = lambda _: "550 5.1.1 No such user"
    conversation_id = await ask(talk)
    await talk.desk.run_workers()
    server.answer_to = lambda _: "250 OK"
    await talk.desk.run_workers()
    assert server.caught == []
    found = (await talk.client.get(f"/v2/conversations/{conversation_id}?embed=threads")).json()
    assert len(found["_embedded"]["threads"]) == 1


class Postman:
    """Carries the mail of two desks to each other, over SMTP, and counts it."""

    def __init__(self) -> None:
        self.carried: list[bytes] = []
        self.waiting: list[Envelope] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.waiting.append(envelope)
        return "250 OK"


@pytest.fixture
async def two(tmp_path: Path, database_url: str, module_database_url: str) -> AsyncIterator[tuple[Postman, Talk, Talk]]:
    postman = Postman()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(postman, loop=loop), "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?security=none"
    async with AsyncExitStack() as stack:
        first_desk = await stack.enter_async_context(running_desk(database_url, tmp_path / "one", smtp_url=url))
        second_desk = await stack.enter_async_context(running_desk(module_database_url, tmp_path / "two", smtp_url=url))
        first = await begun(first_desk)
        second = await begun(second_desk, QUESTION.replace(b"acme", b"other"), "support@other.test")
        yield postman, first, second
    server.close()


async def carry(postman: Postman, talks: dict[str, Talk]) -> None:
    """Hand everything over until nobody writes any more."""
    for _ in range(20):
        for talk in talks.values():
            await talk.desk.run_workers()
        if not postman.waiting:
            return
        for envelope in postman.waiting.copy():
            postman.waiting.remove(envelope)
            raw = bytes(envelope.content or b"")
            postman.carried.append(raw)
            for address in envelope.rcpt_tos:
                if address in talks:
                    talk = talks[address]
                    received = f"Return-Path: <{(envelope.mail_from or '').strip('<>')}>\r\n".encode() + raw
                    await take(talk.desk, talk.account, talk.mailbox, received)
    raise AssertionError("they write for ever")


async def test_two_desks_do_not_answer_each_other_for_ever(two: tuple[Postman, Talk, Talk]) -> None:
    postman, first, second = two
    for talk in (first, second):
        await talk.desk.run_workers()
        await talk.connect(**ON)
    talks = {"support@acme.test": first, "support@other.test": second}
    answer = await first.client.post(
        "/v2/conversations",
        json={
            "subject": "A question to you",
            "type": "email",
            "mailboxId": first.mailbox.id,
            "status": "active",
            "customer": {"email": "support@other.test"},
            "threads": [{"type": "reply", "customer": {"email": "support@other.test"}, "text": "Hello?"}],
        },
    )
    assert answer.status_code == 201, answer.text
    await carry(postman, talks)
    senders = [read(raw)["From"].addresses[0].addr_spec for raw in postman.carried]
    assert senders == ["support@acme.test", "support@other.test"]
