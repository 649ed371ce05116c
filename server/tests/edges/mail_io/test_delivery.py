"""Replies made through the API leave as mail: once, whole, to the right people, and whatever the server does."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.desk import Desk, running_desk
from tests.edges.mail_io.talks import HERE, Server, Talk, begun, read, take
from waypost import runtime, worker
from waypost.domains.mailboxes import OutgoingServer
from waypost.edges.mail_io import delivery
from waypost.edges.mail_io.sink import MailSink
from waypost.kit.jobs import TryLater
from waypost.kit.log_reader import LogReader


async def test_a_reply_reaches_the_sink_as_one_whole_mail(database_url: str, tmp_path: Path) -> None:
    picture = base64.b64encode(bytes(range(256)) * 20).decode()
    async with (
        MailSink(tmp_path / "sink") as sink,
        running_desk(database_url, tmp_path / "desk", smtp_url=sink.url) as desk,
    ):
        talk = await begun(desk)
        thread_id = await talk.reply(
            "<p>It is <b>on its way</b>.</p>",
            cc=["boss@example.org"],
            bcc=["hidden@example.org"],
            attachments=[{"fileName": "räum.bin", "mimeType": "application/x-thing", "data": picture}],
        )
        await desk.run_workers()
        await desk.run_workers()
        [caught] = sink.messages()
        message = read((tmp_path / "sink" / f"{caught.id}.eml").read_bytes())

    note = await _note_after(database_url)
    assert message["From"] == '"Olivia Owner (Acme Support)" <support@acme.test>'
    assert message["To"] == "Jane Smith <jane@example.org>"
    assert message["Cc"] == "boss@example.org"
    assert message["Bcc"] is None
    assert set(caught.envelope_to) == {"jane@example.org", "boss@example.org", "hidden@example.org"}
    assert caught.envelope_from == "support@acme.test"
    assert message["Subject"] == "Re: Where is my order?"
    assert message["In-Reply-To"] == "<question@example.org>"
    assert message["References"] == "<question@example.org>"
    assert message["Message-ID"] == note["message_id"]
    assert note["thread_id"] == thread_id
    assert b"hidden@example.org" not in message.as_bytes()
    html = message.get_body(("html",))
    plain = message.get_body(("plain",))
    assert html is not None
    assert plain is not None
    assert "<b>on its way</b>" in html.get_content()
    assert plain.get_content().strip() == "It is on its way."
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "räum.bin"
    assert attachment.get_content() == base64.b64decode(picture)
    assert (note["state"], note["attempts"], note["last_error"]) == ("sent", 1, None)


async def _note_after(database_url: str) -> dict[str, Any]:
    connection = await asyncpg.connect(database_url)
    try:
        row = await connection.fetchrow("select * from sent_mail")
        assert row is not None
        return dict(row)
    finally:
        await connection.close()


async def test_an_answer_to_our_mail_comes_back_into_its_conversation(talk: Talk, server: Server) -> None:
    await talk.reply()
    await talk.desk.run_workers()
    sent = read(server.caught[0].content)
    answer = (
        f"Message-ID: <second@example.org>\nFrom: jane@example.org\nSubject: Something else\n"
        f"In-Reply-To: {sent['Message-ID']}\n\nThank you!\n"
    )
    received = await take(talk.desk, talk.account, talk.mailbox, answer.encode())
    assert (received.outcome, received.conversation_id) == ("thread", talk.id)
    await talk.reply("You are welcome.")
    await talk.desk.run_workers()
    third = read(server.caught[1].content)
    assert third["In-Reply-To"] == "<second@example.org>"
    assert third["References"].split() == ["<question@example.org>", sent["Message-ID"], "<second@example.org>"]


async def test_only_replies_that_were_published_leave(talk: Talk, server: Server) -> None:
    await talk.reply("A draft", draft=True)
    await talk.reply("From another desk", imported=True)
    await talk.client.post(f"/v2/conversations/{talk.id}/notes", json={"text": "Between us"})
    await talk.desk.run_workers()
    assert server.caught == []
    assert await talk.waiting_jobs() == []


@pytest.mark.parametrize(
    "text",
    [
        "Hello\r\nBcc: evil@example.com\r\n\r\nbody",
        "Hello\nBcc: evil@example.com",
        "=?utf-8?q?=0ABcc:_evil?=",
        "a\x00b",
    ],
)
async def test_subjects_and_names_cannot_add_header_fields(
    database_url: str, tmp_path: Path, server: Server, text: str
) -> None:
    async with running_desk(database_url, tmp_path, smtp_url=server.url) as desk:
        account = await desk.make.account()
        mailbox = await desk.make.mailbox(account, f"Acme {text}"[:50].replace("\0", ""), "support@acme.test")
        client = await desk.client(account.owner)
        answer = await client.post(
            "/v2/conversations",
            json={
                "subject": text,
                "customer": {"email": "jane@example.org", "firstName": text[:40], "lastName": text[:40]},
                "mailboxId": mailbox.id,
                "type": "email",
                "status": "active",
                "threads": [{"type": "reply", "customer": {"email": "jane@example.org"}, "text": "Good day"}],
            },
        )
        assert answer.status_code == 201, answer.text
        await desk.run_workers()
    [caught] = server.caught
    message = read(caught.content)
    assert caught.rcpt_tos == ["jane@example.org"]
    assert sorted(name.lower() for name in message) == [
        "content-type", "date", "from", "message-id", "mime-version", "subject", "to",
    ]  # fmt: skip
    assert [address.addr_spec for address in message["To"].addresses] == ["jane@example.org"]
    assert [address.addr_spec for address in message["From"].addresses] == ["support@acme.test"]


@pytest.mark.parametrize("place", ["cc", "bcc"])
async def test_copies_cannot_add_recipients_or_fields(talk: Talk, server: Server, place: str) -> None:
    for address in ("a@example.org\r\nBcc: evil@example.com", "a@example.org, evil@example.com", "<evil@example.com"):
        answer = await talk.client.post(f"/v2/conversations/{talk.id}/reply", json={"text": "Hello", place: [address]})
        assert answer.status_code == 422, answer.text
    await talk.desk.run_workers()
    assert server.caught == []


async def test_two_workers_at_once_send_one_copy(talk: Talk, server: Server) -> None:
    thread_id = await talk.reply()
    server.gate.clear()
    other = await _queue(talk)
    payload = {"account_id": talk.account.id, "thread_id": thread_id}
    first = asyncio.create_task(delivery.send_reply(other, payload))
    await server.is_asked.wait()
    with pytest.raises(TryLater):
        await delivery.send_reply(worker.mail_route(talk.desk.parts), payload)
    server.gate.set()
    await first
    await delivery.send_reply(other, payload)
    await talk.make_due()
    await talk.desk.run_workers()
    assert len(server.caught) == 1
    assert (await talk.note())["state"] == "sent"


async def _queue(talk: Talk) -> delivery.MailRoute:
    """Read the log, so that the reply is queued, without running its job."""
    await LogReader(talk.desk.transactions, worker.subscribers(talk.desk.parts)).drain()
    return worker.mail_route(talk.desk.parts)


async def test_while_a_mail_is_on_its_way_the_log_is_read_on(talk: Talk, server: Server) -> None:
    thread_id = await talk.reply()
    server.gate.clear()
    route = await _queue(talk)
    sending = asyncio.create_task(delivery.send_reply(route, {"account_id": talk.account.id, "thread_id": thread_id}))
    await server.is_asked.wait()
    await talk.client.put(f"/v2/conversations/{talk.id}/tags", json={"tags": ["urgent"]})
    await _queue(talk)
    async with talk.desk.connection() as connection:
        assert await connection.fetchval("select count(*) from audit_entry where type = 'convo.tags'") == 1
    server.gate.set()
    await sending


async def test_a_server_that_is_down_gets_the_mail_later_under_the_same_id(talk: Talk, server: Server) -> None:
    await server.stop()
    await talk.reply()
    with pytest.raises(ExceptionGroup) as raised:
        await talk.desk.run_workers()
    assert all(isinstance(error, TryLater) for error in raised.value.exceptions)
    before = await talk.note()
    assert (before["state"], before["attempts"]) == ("queued", 1)
    assert str(server.port) in before["last_error"]
    [job] = await talk.waiting_jobs()
    assert job["is_later"]

    await server.start()
    await talk.make_due()
    await talk.desk.run_workers()
    after = await talk.note()
    assert (after["state"], after["last_error"]) == ("sent", None)
    assert read(server.caught[0].content)["Message-ID"] == before["message_id"] == after["message_id"]
    assert await talk.waiting_jobs() == []


async def test_a_copy_after_a_crash_has_the_id_of_the_first(talk: Talk, server: Server) -> None:
    thread_id = await talk.reply()
    await talk.desk.run_workers()
    async with talk.desk.connection() as connection:
        # As if the process had died between the server's yes and the note.
        await connection.execute(
            "update sent_mail set state = 'queued', sent_at = null, remaining = null, handed_over_at = now()"
        )
    await delivery.send_reply(
        worker.mail_route(talk.desk.parts), {"account_id": talk.account.id, "thread_id": thread_id}
    )
    first, second = (read(one.content) for one in server.caught)
    assert first["Message-ID"] == second["Message-ID"]


async def test_without_a_server_a_reply_waits_and_says_why(desk: Desk) -> None:
    talk = await begun(desk)
    await talk.reply()
    await desk.run_workers()
    note = await talk.note()
    assert note["state"] == "queued"
    assert "WAYPOST_SMTP_URL" in note["last_error"]
    [job] = await talk.waiting_jobs()
    assert job["is_later"]
    await talk.make_due()
    await desk.run_workers()
    assert len(await talk.waiting_jobs()) == 1


async def test_a_refusal_for_good_is_noted_and_not_repeated(talk: Talk, server: Server) -> None:
    server.answer_to = lambda _: "550 5.1.1 No such user"
    await talk.reply()
    await talk.desk.run_workers()
    note = await talk.note()
    assert note["state"] == "failed"
    assert "No such user" in note["last_error"]
    assert await talk.waiting_jobs() == []


async def test_recipients_refused_for_now_get_it_later_and_the_others_no_second_copy(
    talk: Talk, server: Server
) -> None:
    server.answer_to = lambda address: "451 4.2.1 Busy" if address.startswith("boss") else "250 OK"
    await talk.reply(cc=["boss@example.org"])
    await talk.desk.run_workers()
    assert [one.rcpt_tos for one in server.caught] == [["jane@example.org"]]
    assert (await talk.note())["state"] == "queued"
    server.answer_to = lambda _: "250 OK"
    await talk.make_due()
    await talk.desk.run_workers()
    assert [one.rcpt_tos for one in server.caught] == [["jane@example.org"], ["boss@example.org"]]
    assert read(server.caught[0].content)["Message-ID"] == read(server.caught[1].content)["Message-ID"]
    assert (await talk.note())["state"] == "sent"


async def test_recipients_refused_for_good_are_named_though_others_got_it(talk: Talk, server: Server) -> None:
    server.answer_to = lambda address: "550 5.1.1 Gone" if address.startswith("boss") else "250 OK"
    await talk.reply(cc=["boss@example.org"])
    await talk.desk.run_workers()
    note = await talk.note()
    assert note["state"] == "failed"
    assert "boss@example.org" in note["last_error"]
    assert "others" in note["last_error"]
    assert [one.rcpt_tos for one in server.replies] == [["jane@example.org"]]


async def test_a_lost_file_is_noted_instead_of_sending_half(talk: Talk, server: Server) -> None:
    await talk.reply(attachments=[{"fileName": "a.txt", "mimeType": "text/plain", "data": "YQ=="}])
    async with talk.desk.connection() as connection:
        key = await connection.fetchval("select storage_key from attachment")
    await talk.desk.parts.files.delete(key)
    await talk.desk.run_workers()
    assert (await talk.note())["state"] == "failed"
    assert server.replies == []


async def test_giving_up_is_noted(talk: Talk) -> None:
    thread_id = await talk.reply()
    route = await _queue(talk)
    payload = {"account_id": talk.account.id, "thread_id": thread_id}
    await delivery.give_up_reply(route, payload, TryLater(1, "the server is down"))
    note = await talk.note()
    assert (note["state"], note["last_error"]) == ("failed", "given up: the server is down")


@asynccontextmanager
async def _mailbox_with_server(database_url: str, folder: Path, port: int, **settings: Any) -> AsyncIterator[Talk]:
    async with running_desk(database_url, folder, **settings) as desk:
        talk = await begun(desk)
        await talk.connect(outgoing=OutgoingServer(host="127.0.0.1", port=port, security="none"))
        yield talk


async def test_a_mailbox_sends_by_its_own_server(database_url: str, tmp_path: Path, server: Server) -> None:
    async with _mailbox_with_server(database_url, tmp_path, server.port, smtp_url="smtp://127.0.0.1:1", **HERE) as talk:
        await talk.reply()
        await talk.desk.run_workers()
    assert len(server.caught) == 1


async def test_a_mailboxes_server_on_this_machine_is_refused_unless_allowed(
    database_url: str, tmp_path: Path, server: Server
) -> None:
    async with _mailbox_with_server(database_url, tmp_path, server.port) as talk:
        await talk.reply()
        with pytest.raises(ExceptionGroup):
            await talk.desk.run_workers()
        note = await talk.note()
    assert server.caught == []
    assert note["state"] == "queued"
    assert "WAYPOST_OUTGOING_ALLOW" in note["last_error"]


async def test_a_demo_sends_by_its_sink_alone(database_url: str, tmp_path: Path, server: Server) -> None:
    sink = Server()
    await sink.start()
    async with _mailbox_with_server(database_url, tmp_path, server.port, smtp_url=sink.url, is_demo=True) as talk:
        await talk.reply()
        await talk.desk.run_workers()
    await sink.stop()
    assert (len(server.caught), len(sink.caught)) == (0, 1)


async def test_the_desks_own_mails_leave_in_its_name(database_url: str, tmp_path: Path, server: Server) -> None:
    sender = "Acme Desk <desk@acme.test>"
    async with running_desk(database_url, tmp_path, smtp_url=server.url, mail_from=sender) as desk:
        account = await desk.make.account()
        async with desk.transactions.open() as tx:
            await runtime.queue_system_mail(
                tx, account.id, "Zoë\r\nBcc: evil@example.com", "zoe@example.org", "Your password", "<p>Set it</p>"
            )
        await desk.run_workers()
    [caught] = server.caught
    message = read(caught.content)
    assert message["From"] == sender
    assert [address.addr_spec for address in message["To"].addresses] == ["zoe@example.org"]
    assert caught.rcpt_tos == ["zoe@example.org"]
    assert message["Bcc"] is None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Your password"


async def test_a_password_link_that_cannot_leave_is_tried_again(desk: Desk) -> None:
    account = await desk.make.account()
    async with desk.transactions.open() as tx:
        await runtime.queue_system_mail(tx, account.id, "Zoë", "zoe@example.org", "Hello", "<p>Hello</p>")
    with pytest.raises(ExceptionGroup):
        await desk.run_workers()
    async with desk.connection() as connection:
        assert await connection.fetchval("select count(*) from pgqueuer where status = 'queued'") == 1
