"""The live stream: who is told what, going on after a break, and its end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.live_calls import PATH, listening
from tests.kit.waiting import until
from tests.make import AccountMade
from waypost.domains.mailboxes import Mailbox
from waypost.edges.inbox_v2.handlers import live

Begin = Callable[[httpx.AsyncClient, Mailbox], Awaitable[int]]


async def begin(client: httpx.AsyncClient, mailbox: Mailbox) -> int:
    answer = await client.post(
        "/v2/conversations",
        json={
            "subject": "Hello",
            "type": "email",
            "mailboxId": mailbox.id,
            "status": "active",
            "customer": {"email": "jane@example.com"},
            "threads": [{"type": "customer", "text": "Hello"}],
        },
    )
    assert answer.status_code == 201, answer.text
    made: int = answer.json()["id"]
    return made


@pytest.fixture
async def account(desk: Desk) -> AccountMade:
    return await desk.make.account()


@pytest.fixture
async def mailbox(desk: Desk, account: AccountMade) -> Mailbox:
    return await desk.make.mailbox(account, users=[account.user])


async def test_tells_what_happens_with_who_and_what(desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    client = await desk.client(account.owner)
    async with listening(client) as listener:
        conversation_id = await begin(client, mailbox)
        await client.patch(
            f"/v2/conversations/{conversation_id}", json={"op": "replace", "path": "/status", "value": "closed"}
        )
        await until(lambda: "convo.status" in listener.types)

    assert listener.retry == "2000"
    assert listener.types == ["customer.created", "convo.created", "convo.status"]
    told = listener.of("convo.status")[0]
    assert told["actor"] == {"type": "user", "id": account.owner.id}
    assert told["subject"] == {"type": "conversation", "id": conversation_id}
    assert told["mailboxId"] == mailbox.id
    assert told["data"] == {"status": "closed", "previous": "active", "threadId": None, "isImported": False}
    assert told["at"].endswith("Z")
    assert isinstance(told["eventId"], int)


async def test_nothing_is_told_of_what_is_out_of_reach(desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    closed_off = await desk.make.mailbox(account, "Board")
    stranger = await desk.make.account()
    foreign = await desk.make.mailbox(stranger)
    owner = await desk.client(account.owner)
    async with listening(await desk.client(account.user)) as listener:
        await begin(owner, closed_off)
        await begin(await desk.client(stranger.owner), foreign)
        await desk.make.mailbox(account, "Later")
        seen = await begin(owner, mailbox)
        await until(lambda: listener.of("convo.created"))

    assert [told["subject"]["id"] for told in listener.of("convo.created")] == [seen]


async def test_a_move_out_of_reach_is_told_to_those_who_lose_it(
    desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    closed_off = await desk.make.mailbox(account, "Board")
    owner = await desk.client(account.owner)
    conversation_id = await begin(owner, mailbox)
    async with listening(await desk.client(account.user)) as listener:
        await owner.patch(
            f"/v2/conversations/{conversation_id}", json={"op": "move", "path": "/mailboxId", "value": closed_off.id}
        )
        await owner.put(f"/v2/conversations/{conversation_id}/tags", json={"tags": ["secret"]})
        seen = await begin(owner, mailbox)
        await until(lambda: listener.of("convo.created"))

    assert listener.of("convo.moved")[0]["subject"]["id"] == conversation_id
    assert "convo.tags" not in listener.types
    assert listener.of("convo.created")[0]["subject"]["id"] == seen


async def test_drafts_are_told_to_their_writer_only(desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    owner = await desk.client(account.owner)
    conversation_id = await begin(owner, mailbox)
    async with listening(owner) as own, listening(await desk.client(account.administrator)) as other:
        draft = {"text": "Not yet", "draft": True}
        assert (await owner.post(f"/v2/conversations/{conversation_id}/reply", json=draft)).status_code == 201
        await owner.post(f"/v2/conversations/{conversation_id}/notes", json={"text": "A note"})
        await until(lambda: "convo.note.created" in own.types and "convo.note.created" in other.types)

    assert "convo.draft.saved" in own.types
    assert "convo.draft.saved" not in other.types


async def test_goes_on_where_it_ended(desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    client = await desk.client(account.owner)
    async with listening(client) as listener:
        first = await begin(client, mailbox)
        await until(lambda: listener.of("convo.created"))
    missed = await begin(client, mailbox)
    for query, headers in (("", {"last_event_id": listener.last_id}), (f"?lastEventId={listener.last_id}", {})):
        async with listening(client, query, **headers) as again:
            await until(lambda: again.of("convo.created"))
        assert [told["subject"]["id"] for told in again.of("convo.created")] == [missed]
    assert first != missed


async def test_a_place_of_another_log_begins_anew(desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    client = await desk.client(account.owner)
    async with listening(client, last_event_id="9000000000000000000-1") as listener:
        assert listener.of("reset") == [{}]
        await begin(client, mailbox)
        await until(lambda: listener.of("convo.created"))


@pytest.mark.parametrize("place", ["x", "1", "-1-2", "1-2-3", "9" * 40 + "-1"])
async def test_a_malformed_place_is_refused(desk: Desk, account: AccountMade, place: str) -> None:
    answer = await (await desk.client(account.owner)).get(PATH, params={"lastEventId": place})
    assert answer.status_code == 400
    assert answer.json()["_embedded"]["errors"][0]["path"] == "lastEventId"


async def test_narrowed_by_type_and_mailbox(desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    other = await desk.make.mailbox(account, "Sales")
    client = await desk.client(account.owner)
    async with (
        listening(client, "?types=convo.status,tag.*") as by_type,
        listening(client, f"?mailbox={other.id}") as by_mailbox,
    ):
        conversation_id = await begin(client, mailbox)
        await client.put(f"/v2/conversations/{conversation_id}/tags", json={"tags": ["new"]})
        await client.patch(
            f"/v2/conversations/{conversation_id}", json={"op": "replace", "path": "/status", "value": "closed"}
        )
        theirs = await begin(client, other)
        await until(lambda: "convo.status" in by_type.types and "convo.created" in by_mailbox.types)

    assert by_type.types == ["tag.created", "convo.status"]
    assert [told["subject"]["id"] for told in by_mailbox.of("convo.created")] == [theirs]


async def test_a_withdrawn_token_ends_the_stream(desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    client, owner = await desk.client(account.user), await desk.client(account.owner)
    async with listening(client) as listener:
        async with desk.transactions.open() as tx:
            await tx.connection.execute("update oauth_token set revoked_at = now() where user_id = $1", account.user.id)
        desk.parts.tokens.forget(account.id)
        await begin(owner, mailbox)
        await until(lambda: listener.is_over)

    assert listener.types == []
    assert (await client.get(PATH)).status_code == 401


async def test_no_more_streams_than_a_browser_needs(
    desk: Desk, account: AccountMade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 1)
    client = await desk.client(account.owner)
    async with listening(client):
        refused = await client.get(PATH)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        async with listening(await desk.client(account.administrator)):
            pass


async def test_a_stream_needs_a_caller(desk: Desk) -> None:
    assert (await (await desk.client()).get(PATH)).status_code == 401
