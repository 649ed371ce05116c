"""Replies on their way: called back in time, seen on the thread, sent again after a failure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.desk import running_desk
from tests.edges.mail_io.talks import Server, Talk, begun, read
from waypost.domains import mail
from waypost.kit.jobs import bring_forward

START = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def talk(database_url: str, tmp_path: Path, server: Server, clock: Clock) -> AsyncIterator[Talk]:
    async with running_desk(database_url, tmp_path / "desk", smtp_url=server.url, clock=clock) as desk:
        yield await begun(desk)


async def pass_by(talk: Talk, clock: Clock, seconds: float) -> None:
    clock.now += timedelta(seconds=seconds)
    async with talk.desk.transactions.open() as tx:
        await bring_forward(tx, timedelta(seconds=seconds))


async def thread(talk: Talk, thread_id: int) -> dict[str, Any]:
    answer = await talk.client.get(f"/v2/conversations/{talk.id}/threads/{thread_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def conversation(talk: Talk) -> dict[str, Any]:
    return dict((await talk.client.get(f"/v2/conversations/{talk.id}")).json())


async def post(talk: Talk, thread_id: int, verb: str, client: Any = None) -> Any:
    return await (client or talk.client).post(f"/v2/conversations/{talk.id}/threads/{thread_id}/{verb}")


async def lines(talk: Talk) -> list[str]:
    answer = await talk.client.get(f"/v2/conversations/{talk.id}/threads")
    threads = answer.json()["_embedded"]["threads"]
    return [one["action"]["text"] for one in threads if one["type"] == "lineitem"]


async def test_a_reply_waits_out_the_time_in_which_it_can_be_called_back(
    talk: Talk, server: Server, clock: Clock
) -> None:
    await talk.connect(undo_seconds=30)
    thread_id = await talk.reply()
    await talk.desk.run_workers()
    assert server.replies == []
    assert (await thread(talk, thread_id))["delivery"] == {"state": "queued", "at": "2026-11-28T12:00:30Z"}
    await pass_by(talk, clock, 31)
    await talk.desk.run_workers()
    assert len(server.replies) == 1
    assert (await thread(talk, thread_id))["delivery"] == {"state": "sent", "at": "2026-11-28T12:00:31Z"}


@pytest.mark.parametrize("is_queued", [True, False], ids=["queued", "not-yet-queued"])
async def test_a_reply_called_back_is_a_draft_and_stays(
    talk: Talk, server: Server, clock: Clock, is_queued: bool
) -> None:
    await talk.connect(undo_seconds=30)
    before = await conversation(talk)
    thread_id = await talk.reply(status="closed")
    assert (await conversation(talk))["status"] == "closed"
    if is_queued:
        await talk.desk.run_workers()
    answer = await post(talk, thread_id, "undo")
    assert (answer.status_code, answer.content) == (204, b"")
    found = await thread(talk, thread_id)
    assert (found["state"], found["body"]) == ("draft", "It is on its way.")
    after = await conversation(talk)
    for name in ("status", "threads", "preview", "customerWaitingSince", "closedBy"):
        assert after.get(name) == before.get(name), name
    await talk.desk.run_workers()
    await pass_by(talk, clock, 3600)
    await talk.desk.run_workers()
    assert server.replies == []
    assert (await post(talk, thread_id, "undo")).status_code == 409


@pytest.mark.parametrize("is_queued", [True, False], ids=["queued", "not-yet-queued"])
async def test_a_reply_called_back_can_be_sent_after_all(
    talk: Talk, server: Server, clock: Clock, is_queued: bool
) -> None:
    await talk.connect(undo_seconds=30)
    thread_id = await talk.reply()
    if is_queued:
        await talk.desk.run_workers()
    assert (await post(talk, thread_id, "undo")).status_code == 204
    address = f"/v2/conversations/{talk.id}/threads/{thread_id}"
    changed = await talk.client.patch(address, json=[{"op": "replace", "path": "/text", "value": "By Monday."}])
    assert changed.status_code == 204
    plan = {"scheduledFor": "2026-11-29T00:00:00Z", "unscheduleOnCustomerReply": True}
    assert (await talk.client.put(f"{address}/schedule", json=plan)).status_code == 204
    operation = {"op": "replace", "path": "/state", "value": "published"}
    assert (await talk.client.patch(f"{address}/schedule", json=operation)).status_code == 204
    await pass_by(talk, clock, 1)
    await talk.desk.run_workers()
    assert server.replies == []
    await pass_by(talk, clock, 31)
    await talk.desk.run_workers()
    await pass_by(talk, clock, 3600)
    await talk.desk.run_workers()
    [caught] = server.replies
    message = read(caught.content)
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "By Monday."
    assert mail.read_token(talk.desk.context.secret_key, message["Message-ID"]) is not None


async def test_the_first_reply_of_a_conversation_called_back_leaves_a_draft_conversation(
    talk: Talk, server: Server, clock: Clock
) -> None:
    await talk.connect(undo_seconds=30)
    made = await talk.client.post(
        "/v2/conversations",
        json={
            "subject": "Hello",
            "type": "email",
            "mailboxId": talk.mailbox.id,
            "status": "active",
            "customer": {"email": "tom@example.org"},
            "threads": [{"type": "reply", "customer": {"email": "tom@example.org"}, "text": "Hi"}],
        },
    )
    address = f"/v2/conversations/{made.headers['resource-id']}"
    found = (await talk.client.get(f"{address}/threads")).json()["_embedded"]["threads"]
    assert (await talk.client.post(f"{address}/threads/{found[0]['id']}/undo")).status_code == 204
    assert (await talk.client.get(address)).json()["state"] == "draft"
    sending = await talk.client.patch(address, json=[{"op": "replace", "path": "/draft", "value": False}])
    assert sending.status_code == 204, sending.text
    await talk.desk.run_workers()
    await pass_by(talk, clock, 31)
    await talk.desk.run_workers()
    assert len(server.replies) == 1


async def test_what_has_left_cannot_be_called_back(talk: Talk, server: Server) -> None:
    thread_id = await talk.reply()
    await talk.desk.run_workers()
    answer = await post(talk, thread_id, "undo")
    assert answer.status_code == 409
    assert "left" in answer.text
    assert (await thread(talk, thread_id))["state"] == "published"
    assert len(server.replies) == 1


async def test_a_reply_that_no_server_has_taken_can_be_called_back(talk: Talk, server: Server, clock: Clock) -> None:
    server.answer_to = lambda _: "451 4.2.1 Busy"
    thread_id = await talk.reply()
    with pytest.raises(ExceptionGroup):
        await talk.desk.run_workers()
    assert (await post(talk, thread_id, "undo")).status_code == 204
    server.answer_to = lambda _: "250 OK"
    await pass_by(talk, clock, 3600)
    await talk.desk.run_workers()
    assert server.replies == []


async def test_only_authors_and_administrators_call_replies_back(talk: Talk) -> None:
    other = await talk.desk.client(await talk.desk.make.user(talk.account, mailboxes=[talk.mailbox]))
    admin = await talk.desk.client(talk.account.administrator)
    await talk.connect(undo_seconds=60)
    thread_id = await talk.reply()
    assert (await post(talk, thread_id, "undo", other)).status_code == 403
    assert (await post(talk, thread_id, "retry", other)).status_code == 403
    assert (await post(talk, thread_id, "undo", admin)).status_code == 204


async def test_notes_customers_messages_and_imported_replies_are_not_called_back(talk: Talk) -> None:
    note = await talk.client.post(f"/v2/conversations/{talk.id}/notes", json={"text": "Between us"})
    imported = await talk.reply("From another desk", imported=True)
    found = (await talk.client.get(f"/v2/conversations/{talk.id}/threads")).json()["_embedded"]["threads"]
    question = next(one["id"] for one in found if one["type"] == "customer")
    for thread_id in (int(note.headers["resource-id"]), imported, question):
        for verb in ("undo", "retry"):
            assert (await post(talk, thread_id, verb)).status_code == 409
    assert (await post(talk, 10**9, "undo")).status_code == 404


async def test_threads_that_do_not_leave_say_nothing_of_delivery(talk: Talk) -> None:
    await talk.client.post(f"/v2/conversations/{talk.id}/notes", json={"text": "Between us"})
    await talk.reply("From another desk", imported=True)
    await talk.desk.run_workers()
    found = (await talk.client.get(f"/v2/conversations/{talk.id}/threads")).json()["_embedded"]["threads"]
    assert [one for one in found if "delivery" in one] == []


async def test_a_failure_is_told_on_the_thread_in_the_timeline_and_to_its_author(talk: Talk, server: Server) -> None:
    server.answer_to = lambda address: "550 5.1.1 No such user" if "jane" in address else "250 OK"
    thread_id = await talk.reply()
    await talk.desk.run_workers()
    delivery = (await thread(talk, thread_id))["delivery"]
    assert (delivery["state"], delivery["at"]) == ("failed", "2026-11-28T12:00:00Z")
    assert "No such user" in delivery["error"]
    assert any("could not be delivered" in line and "No such user" in line for line in await lines(talk))
    [notice] = [one for one in server.caught if one not in server.replies]
    assert notice.rcpt_tos == [talk.account.owner.email]
    assert b"could not be delivered" in bytes(notice.content or b"")


async def test_a_failed_reply_is_sent_again_under_its_own_id(talk: Talk, server: Server) -> None:
    server.answer_to = lambda address: "550 5.1.1 No such user" if "jane" in address else "250 OK"
    thread_id = await talk.reply()
    await talk.desk.run_workers()
    name = (await talk.note())["message_id"]
    server.answer_to = lambda _: "250 OK"
    assert (await post(talk, thread_id, "retry")).status_code == 204
    await talk.desk.run_workers()
    assert read(server.replies[0].content)["Message-ID"] == name
    assert (await thread(talk, thread_id))["delivery"]["state"] == "sent"
    assert (await post(talk, thread_id, "retry")).status_code == 409
    assert "Sent the reply again" in await lines(talk)


async def test_only_those_who_were_refused_get_it_again(talk: Talk, server: Server) -> None:
    server.answer_to = lambda address: "550 5.1.1 Gone" if address.startswith("boss") else "250 OK"
    thread_id = await talk.reply(cc=["boss@example.org"])
    await talk.desk.run_workers()
    assert (await thread(talk, thread_id))["delivery"]["state"] == "failed"
    server.answer_to = lambda _: "250 OK"
    assert (await post(talk, thread_id, "retry")).status_code == 204
    await talk.desk.run_workers()
    assert [one.rcpt_tos for one in server.replies] == [["jane@example.org"], ["boss@example.org"]]


async def test_a_message_that_is_too_large_says_so(talk: Talk, server: Server) -> None:
    server.answer_to_data = "552 5.3.4 Message too big"
    thread_id = await talk.reply()
    await talk.desk.run_workers()
    delivery = (await thread(talk, thread_id))["delivery"]
    assert delivery["state"] == "failed"
    assert "552" in delivery["error"]
    assert "too big" in delivery["error"]


async def test_more_recipients_than_servers_take_at_once_get_it_in_batches(talk: Talk, server: Server) -> None:
    copies = [f"person{number}@example.org" for number in range(230)]
    thread_id = await talk.reply(bcc=copies)
    await talk.desk.run_workers()
    assert [len(one.rcpt_tos) for one in server.replies] == [100, 100, 31]
    reached = [address for one in server.replies for address in one.rcpt_tos]
    assert sorted(reached) == sorted(["jane@example.org", *copies])
    for one in server.replies:
        assert b"person" not in bytes(one.content or b"")
    assert (await thread(talk, thread_id))["delivery"]["state"] == "sent"


async def test_a_reply_to_nobody_fails_with_a_reason(talk: Talk, server: Server) -> None:
    thread_id = await talk.reply()
    async with talk.desk.connection() as connection:
        await connection.execute("update thread set to_emails = '{}' where id = $1", thread_id)
    await talk.desk.run_workers()
    delivery = (await thread(talk, thread_id))["delivery"]
    assert (delivery["state"], delivery["error"]) == ("failed", "the message has no recipients")
    assert server.replies == []


async def test_a_reply_that_is_hidden_before_it_leaves_leaves_all_the_same(
    talk: Talk, server: Server, clock: Clock
) -> None:
    await talk.connect(undo_seconds=30)
    thread_id = await talk.reply()
    hiding = [{"op": "replace", "path": "/hidden", "value": True}]
    address = f"/v2/conversations/{talk.id}/threads/{thread_id}"
    assert (await talk.client.patch(address, json=hiding)).status_code == 204
    await talk.desk.run_workers()
    await pass_by(talk, clock, 31)
    await talk.desk.run_workers()
    assert len(server.replies) == 1
