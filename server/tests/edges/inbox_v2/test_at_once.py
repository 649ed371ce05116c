"""Many writers at once: numbers without gap or double, no deadlock on one conversation, and everything kept in step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.desk import Desk, desk_with
from tests.make import AccountMade
from waypost.domains import conversations
from waypost.domains.conversations import ConversationType, CustomerReference, NewConversation, NewThread, ThreadType
from waypost.domains.mailboxes import Mailbox
from waypost.kit.errors import Busy

pytestmark = pytest.mark.anyio

WRITERS = 8
ROUNDS = 6
COUNTS = """
select c.thread_count, c.attachment_count,
  (select count(*) from thread t where t.account_id = c.account_id and t.conversation_id = c.id
   and t.state = 'published' and t.type <> 'lineitem') as threads,
  (select count(*) from attachment a where a.account_id = c.account_id and a.conversation_id = c.id) as attachments
from conversation c where c.account_id = $1 and c.state = 'published'
"""
TALLIES = """
select mailbox_id, status, assignee_id, sum(n)::bigint as n from (
  select mailbox_id, status, assignee_id, n from conversation_tally where account_id = $1
  union all select mailbox_id, status, assignee_id, n from conversation_tally_delta where account_id = $1
) kept group by 1, 2, 3 having sum(n) <> 0
"""
COUNTED = """
select mailbox_id, status, coalesce(assignee_id, 0) as assignee_id, count(*) as n
from conversation where account_id = $1 and state = 'published' group by 1, 2, 3
"""
TAG_TALLIES = """
select tag_id, sum(n)::bigint as n from (
  select tag_id, n from tag_tally where account_id = $1
  union all select tag_id, n from tag_tally_delta where account_id = $1
) kept group by 1 having sum(n) <> 0
"""
TAGS_COUNTED = "select tag_id, count(*) as n from conversation_tag where account_id = $1 group by 1"
DOCUMENTS = """
select conversation_id, strip(document)::text as words,
  array(select a from unnest(addresses) a order by a) as addresses
from conversation_search where account_id = $1 order by 1
"""
REBUILD = "select conversation_search_rebuild($1, array(select id from conversation where account_id = $1), true)"


class Office:
    """An account with a mailbox, and clients of its own for everybody."""

    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient) -> None:
        self.desk = desk
        self.account = account
        self.mailbox = mailbox
        self.client = client

    def body(self, **changes: Any) -> dict[str, Any]:
        return {
            "subject": "At once", "type": "email", "mailboxId": self.mailbox.id, "status": "active",
            "customer": {"email": "ada@example.com"}, "threads": [{"type": "customer", "text": "Hello"}], **changes,
        }  # fmt: skip

    async def create(self, **changes: Any) -> int:
        answer = await self.client.post("/v2/conversations", json=self.body(**changes))
        assert answer.status_code == 201, answer.text
        return int(answer.headers["resource-id"])

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with self.desk.connection() as connection:
            return sorted(tuple(row) for row in await connection.fetch(statement, self.account.id))


@pytest.fixture
async def office(desk: Desk) -> Office:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    return Office(desk, account, mailbox, await desk.client(account.owner))


async def _die_with_a_number(office: Office) -> None:
    """Take a number, write everything, and lose the connection before the commit."""
    wanted = NewConversation(
        subject="Dies",
        type=ConversationType.EMAIL,
        mailbox_id=office.mailbox.id,
        status=conversations.Status.ACTIVE,
        customer=CustomerReference(email="ada@example.com"),
        threads=[NewThread(type=ThreadType.CUSTOMER, body="Hello")],
    )

    async def write_and_die() -> None:
        async with office.desk.transactions.open() as tx:
            made = await conversations.create(tx, office.desk.parts.files, office.account.owner.actor, wanted)
            assert made.number
            await tx.connection.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Busy):
        await write_and_die()


@desk_with(database_pool=WRITERS + 4)
async def test_numbers_have_no_gap_whoever_fails_or_dies(office: Office) -> None:
    await office.create()

    async def write(writer: int) -> None:
        for turn in range(ROUNDS):
            match (writer + turn) % 4:
                case 0:
                    # Refused late: the number is taken by then, and the threads before this one are written.
                    late = [{"type": "note", "text": "Fine"}, {"type": "note", "text": "<script>x</script>"}]
                    answer = await office.client.post("/v2/conversations", json=office.body(threads=late))
                    assert answer.status_code == 422, answer.text
                case 1:
                    await _die_with_a_number(office)
                case _:
                    await office.create(tags=[f"tag {turn}", "all"], customer={"email": f"c{writer}@example.com"})

    await asyncio.gather(*(write(writer) for writer in range(WRITERS)))

    numbers = await office.rows("select number from conversation where account_id = $1")
    assert [number for (number,) in numbers] == list(range(1, WRITERS * ROUNDS // 2 + 2))
    assert await office.rows("select conversation_number from account_counter where account_id = $1") == [
        (len(numbers),)
    ]


class Talk:
    """One conversation, the others that are merged into it, and eight ways to change it, each done in turns."""

    def __init__(self, office: Office, path: str, customer_id: int, others: list[int]) -> None:
        self.office = office
        self.path = path
        self.customer_id = customer_id
        self.others = others

    async def send(self, method: str, where: str, body: Any) -> httpx.Response:
        answer = await self.office.client.request(method, where, json=body)
        assert answer.status_code in (201, 204), (method, where, body, answer.status_code, answer.text)
        return answer

    async def reply(self, turn: int) -> None:
        file = {"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="}
        await self.send("POST", f"{self.path}/reply", {"text": f"Answer {turn}", "attachments": [file]})

    async def hear(self, turn: int) -> None:
        body = {"text": f"Question {turn}", "customer": {"email": "ada@example.com"}}
        await self.send("POST", f"{self.path}/customer", body)

    async def set_status(self, turn: int) -> None:
        value = "closed" if turn % 2 else "active"
        await self.send("PATCH", self.path, [{"op": "replace", "path": "/status", "value": value}])

    async def assign(self, turn: int) -> None:
        people = self.office.account
        value = people.owner.id if turn % 2 else people.administrator.id
        both = [{"op": "replace", "path": "/assignTo", "value": value}, {"op": "remove", "path": "/assignTo"}]
        await self.send("PATCH", self.path, both[: 1 + turn % 2])

    async def tag(self, turn: int) -> None:
        await self.send("PUT", f"{self.path}/tags", {"tags": [f"tag {turn % 3}", f"tag {turn % 2}", "kept"]})

    async def merge(self, turn: int) -> None:
        await self.send("POST", f"{self.path}/merge", {"conversationIds": [self.others[turn]]})

    async def rename(self, turn: int) -> None:
        body = [{"op": "replace", "path": "/firstName", "value": f"Ada {turn}"}]
        await self.send("PATCH", f"/v2/customers/{self.customer_id}", body)

    async def plan(self, turn: int) -> None:
        """Schedule a draft, and let the clock send what is due."""
        desk, account_id = self.office.desk, self.office.account.id
        draft = await self.send("POST", f"{self.path}/reply", {"text": f"Planned {turn}", "draft": True})
        thread_id = int(draft.headers["resource-id"])
        until = (desk.context.transactions.clock() + timedelta(days=1)).isoformat()
        planned = {"scheduledFor": until, "unscheduleOnCustomerReply": True}
        await self.send("PUT", f"{self.path}/threads/{thread_id}/schedule", planned)
        async with desk.connection() as connection:
            await connection.execute(
                "update thread set scheduled_for = now() - interval '1 hour'"
                " where account_id = $1 and id = $2 and scheduled_for is not null",
                account_id,
                thread_id,
            )
        for due in (conversations.send_due, conversations.wake_due):
            async with desk.transactions.open() as tx:
                await due(tx)


@desk_with(database_pool=WRITERS + 4)
async def test_writers_on_one_conversation_never_stand_in_each_others_way(office: Office) -> None:
    desk, client = office.desk, office.client
    path = f"/v2/conversations/{await office.create()}"
    customer_id = (await client.get(path)).json()["primaryCustomer"]["id"]
    others = [await office.create(subject=f"Other {turn}", tags=["other"]) for turn in range(ROUNDS)]
    talk = Talk(office, path, customer_id, others)
    ways: list[Callable[[int], Awaitable[None]]] = [
        talk.reply, talk.hear, talk.set_status, talk.assign, talk.tag, talk.merge, talk.rename, talk.plan,
    ]  # fmt: skip
    assert len(ways) == WRITERS

    async def write(way: Callable[[int], Awaitable[None]]) -> None:
        for turn in range(ROUNDS):
            await way(turn)

    async with asyncio.timeout(120):
        await asyncio.gather(*(write(way) for way in ways))
    await desk.run_workers()

    found = (await client.get(path)).json()
    assert {tag["tag"] for tag in found["tags"]} >= {"kept"}
    assert found["status"] in ("active", "closed")
    for thread_count, attachment_count, threads, attachments in await office.rows(COUNTS):
        assert (thread_count, attachment_count) == (threads, attachments)
    assert await office.rows(TALLIES) == await office.rows(COUNTED)
    assert await office.rows(TAG_TALLIES) == await office.rows(TAGS_COUNTED)
    kept = await office.rows(DOCUMENTS)
    await office.rows(REBUILD)
    assert await office.rows(DOCUMENTS) == kept
    for other in others:
        led = await client.get(f"/v2/conversations/{other}")
        assert (led.status_code, led.headers["location"]) == (301, f"{desk.base_url}{path}")
