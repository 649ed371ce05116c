"""Automatic routing: the settings (E81, E82; spec: 11.4), and conversations that find somebody by themselves."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import assert_refused
from tests.make import AccountMade, Person
from waypost.domains import accounts
from waypost.domains.accounts import Actor
from waypost.domains.conversations import routing
from waypost.domains.mailboxes import Mailbox
from waypost.kit.events import Fact
from waypost.kit.log_reader import LogReader
from waypost.worker import SUBSCRIBERS

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


class Queue:
    """A mailbox with three people who work in it, and an administrator who does not take part."""

    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox, people: list[Person]) -> None:
        self.desk, self.account, self.mailbox, self.people = desk, account, mailbox, people
        self.ids = [person.id for person in people]
        self.path = f"/v2/mailboxes/{mailbox.id}/routing"
        self.client: httpx.AsyncClient

    async def route(self, **changes: Any) -> None:
        body = {"state": "enabled", "assignmentLimit": 10, "assignmentMethod": "round_robin", "userIds": self.ids}
        answer = await self.client.put(self.path, json={**body, **changes})
        assert answer.status_code == 204, answer.text

    async def create(self, *, imported: bool = False, **changes: Any) -> int:
        body = {
            "subject": "Question",
            "customer": {"email": "jane@example.com"},
            "mailboxId": self.mailbox.id,
            "type": "email",
            "status": "active",
            "threads": [{"type": "customer", "text": "Hello"}],
            "imported": imported,
            **changes,
        }
        answer = await self.client.post("/v2/conversations", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def change(self, conversation_id: int, op: str, path: str, value: Any = None) -> None:
        operation = {"op": op, "path": path, "value": value}
        answer = await self.client.patch(f"/v2/conversations/{conversation_id}", json=operation)
        assert answer.status_code == 204, answer.text

    async def assignee(self, conversation_id: int) -> int | None:
        found = (await self.client.get(f"/v2/conversations/{conversation_id}")).json()
        return found["assignee"]["id"] if "assignee" in found else None

    async def settle(self, *conversation_ids: int) -> list[int | None]:
        """Let everybody read the log to its end, and say who has the conversations then."""
        await self.read_log()
        return [await self.assignee(conversation_id) for conversation_id in conversation_ids]

    async def read_log(self) -> None:
        """What a worker does but for the jobs: word of an assignment would leave by mail, and there is no server."""
        await LogReader(self.desk.transactions, SUBSCRIBERS).drain()

    async def say(self, person: Person, status: str) -> None:
        answer = await self.client.put(f"/v2/users/{person.id}/status", json={"status": status})
        assert answer.status_code == 204, answer.text

    async def rotation(self) -> dict[int, tuple[int, str | None]]:
        found = (await self.client.get(self.path)).json()
        return {item["userId"]: (item["conversationsCount"], item.get("reason")) for item in found["rotation"]}


@pytest.fixture
async def queue(desk: Desk) -> Queue:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    people = [await desk.make.user(account, mailboxes=[mailbox], first_name=name) for name in ("Ann", "Ben", "Cleo")]
    made = Queue(desk, account, mailbox, people)
    made.client = await desk.client(account.administrator)
    return made


# ---------------------------------------------------------------- the settings


async def test_a_mailbox_routes_nothing_until_it_is_told_to(queue: Queue) -> None:
    found = (await queue.client.get(queue.path)).json()

    everybody = [queue.account.administrator.id, *queue.ids, queue.account.owner.id]
    assert found == {
        "state": "disabled",
        "assignmentLimit": 10,
        "assignmentMethod": "round_robin",
        "userIds": [],
        "rotation": [
            {"userId": user_id, "conversationsCount": 0, "eligible": False, "reason": "not_in_rotation"}
            for user_id in everybody
        ],
        "_links": {
            "self": {"href": f"{queue.desk.base_url}{queue.path}"},
            "mailbox": {"href": f"{queue.desk.base_url}/v2/mailboxes/{queue.mailbox.id}"},
        },
    }
    conversation = await queue.create()
    assert await queue.settle(conversation) == [None]


async def test_settings_are_kept_and_the_rotation_shows_who_can_take_more(queue: Queue) -> None:
    ann, ben, cleo = queue.people
    await queue.route(assignmentLimit=2, assignmentMethod="balanced", userIds=[cleo.id, ann.id, ann.id])
    await queue.create(assignTo=cleo.id)
    await queue.create(assignTo=cleo.id, status="pending")
    await queue.create(assignTo=ann.id, status="closed")
    await queue.say(ann, "away")

    found = (await queue.client.get(queue.path)).json()

    assert (found["state"], found["assignmentLimit"], found["assignmentMethod"]) == ("enabled", 2, "balanced")
    assert found["userIds"] == [cleo.id, ann.id]
    assert found["rotation"][:2] == [
        {"userId": cleo.id, "conversationsCount": 2, "eligible": False, "reason": "at_capacity"},
        {"userId": ann.id, "conversationsCount": 0, "eligible": False, "reason": "away"},
    ]
    assert {item["userId"] for item in found["rotation"][2:]} == {
        ben.id,
        queue.account.owner.id,
        queue.account.administrator.id,
    }
    await queue.say(ann, "active")
    assert (await queue.client.get(queue.path)).json()["rotation"][1] == {
        "userId": ann.id, "conversationsCount": 0, "eligible": True,
    }  # fmt: skip


async def test_everything_that_is_wrong_is_named(queue: Queue) -> None:
    good = {"state": "enabled", "assignmentLimit": 5, "assignmentMethod": "balanced", "userIds": queue.ids}
    put = queue.client.put

    assert_refused(await put(queue.path, json={}), "state", "assignmentLimit", "assignmentMethod", "userIds")
    wrong = {"state": "on", "assignmentLimit": "many", "assignmentMethod": "random", "userIds": ["x"]}
    assert_refused(await put(queue.path, json=wrong), "state", "assignmentLimit", "assignmentMethod", "userIds[0]")
    for limit in (0, 101, -1, 2**70):
        assert_refused(await put(queue.path, json={**good, "assignmentLimit": limit}), "assignmentLimit")
    assert_refused(await put(queue.path, json={**good, "userIds": []}), "userIds")
    assert_refused(await put(queue.path, json={**good, "userIds": None}), "userIds")
    assert_refused(await put(queue.path, json={**good, "userIds": list(range(1, 502))}), "userIds")
    strangers = [queue.ids[0], queue.account.user.id, 999999]
    assert_refused(await put(queue.path, json={**good, "userIds": strangers}), "userIds[1]", "userIds[2]")
    assert (await queue.client.get(queue.path)).json()["state"] == "disabled"
    assert (await put(queue.path, json={**good, "state": "disabled", "userIds": []})).status_code == 204


async def test_those_who_work_there_read_it_and_administrators_write_it(queue: Queue) -> None:
    body = {"state": "disabled", "assignmentLimit": 5, "assignmentMethod": "balanced", "userIds": []}
    member, outsider = await queue.desk.client(queue.people[0]), await queue.desk.client(queue.account.user)

    assert (await member.get(queue.path)).status_code == 200
    assert (await member.put(queue.path, json=body)).status_code == 403
    assert (await outsider.get(queue.path)).status_code == 404
    assert (await outsider.put(queue.path, json=body)).status_code == 404
    assert (await (await queue.desk.client(queue.account.owner)).put(queue.path, json=body)).status_code == 204


async def test_a_change_is_a_fact_and_the_same_again_is_none(queue: Queue) -> None:
    await queue.route()
    await queue.route()
    await queue.route(assignmentLimit=3)

    async with queue.desk.connection() as connection:
        rows = await connection.fetch(
            """select subject_id, actor_id, data from event
               where account_id = $1 and type = 'mailbox.routing.updated' order by id""",
            queue.account.id,
        )
    assert [(row["subject_id"], row["actor_id"], row["data"]["assignment_limit"]) for row in rows] == [
        (queue.mailbox.id, queue.account.administrator.id, 10),
        (queue.mailbox.id, queue.account.administrator.id, 3),
    ]
    assert rows[0]["data"] == {
        "state": "enabled", "assignment_limit": 10, "assignment_method": "round_robin", "user_ids": queue.ids,
    }  # fmt: skip


async def test_who_leaves_the_mailbox_or_the_desk_leaves_the_rotation(queue: Queue) -> None:
    ann, ben, cleo = queue.people
    await queue.route()
    async with queue.desk.transactions.open() as tx:
        system = Actor.system(queue.account.id)
        await accounts.revoke_mailbox(tx, system, ann.id, queue.mailbox.id)
        await accounts.deactivate_user(tx, system, ben.id)

    found = (await queue.client.get(queue.path)).json()

    assert found["userIds"] == [cleo.id]
    conversations = [await queue.create() for _ in range(2)]
    assert await queue.settle(*conversations) == [cleo.id, cleo.id]


# ---------------------------------------------------------------- handing out


async def test_new_conversations_go_round(queue: Queue) -> None:
    ann, ben, cleo = queue.ids
    await queue.route(userIds=[cleo, ann, ben])

    first = await queue.settle(*[await queue.create() for _ in range(4)])
    second = await queue.settle(*[await queue.create() for _ in range(2)])

    assert first == [cleo, ann, ben, cleo]
    assert second == [ann, ben]


async def test_balanced_goes_to_who_has_the_fewest_active_ones(queue: Queue) -> None:
    ann, ben, cleo = queue.ids
    for _ in range(2):
        await queue.create(assignTo=ann)
    await queue.create(assignTo=ben)
    await queue.create(assignTo=ben, status="pending")
    await queue.create(assignTo=ben, status="pending")
    await queue.route(assignmentMethod="balanced")

    given = await queue.settle(*[await queue.create() for _ in range(4)])

    # Pending ones do not count: Ann begins with two active ones, Ben with one, Cleo with none.
    assert given == [cleo, ben, cleo, ann]


async def test_who_is_away_is_passed_over_and_gets_the_next_when_back(queue: Queue) -> None:
    ann, ben, cleo = queue.people
    await queue.route()
    await queue.say(ben, "away")

    assert await queue.settle(*[await queue.create() for _ in range(3)]) == [ann.id, cleo.id, ann.id]

    await queue.say(ben, "active")
    assert await queue.settle(await queue.create()) == [ben.id]


async def test_when_all_are_away_conversations_wait_for_the_first_to_come_back(queue: Queue) -> None:
    await queue.route()
    for person in queue.people:
        await queue.say(person, "away")
    waiting = [await queue.create() for _ in range(2)]
    assert await queue.settle(*waiting) == [None, None]

    await queue.say(queue.people[2], "active")

    assert await queue.settle(*waiting) == [queue.ids[2], queue.ids[2]]


async def test_the_limit_holds_and_the_longest_waiting_comes_first_when_there_is_room(queue: Queue) -> None:
    ann, ben, _ = queue.ids
    await queue.route(assignmentLimit=2, userIds=[ann, ben])
    given = [await queue.create() for _ in range(6)]
    assert await queue.settle(*given) == [ann, ben, ann, ben, None, None]
    assert await queue.rotation() == {
        **dict.fromkeys((ann, ben), (2, "at_capacity")),
        **dict.fromkeys((queue.ids[2], queue.account.owner.id, queue.account.administrator.id), (0, "not_in_rotation")),
    }

    await queue.change(given[0], "replace", "/status", "pending")
    assert await queue.settle(given[4]) == [None]
    await queue.change(given[0], "replace", "/status", "closed")
    assert await queue.settle(given[4], given[5]) == [ann, None]
    await queue.change(given[1], "replace", "/assignTo", queue.account.owner.id)
    assert await queue.settle(given[5]) == [ben]


async def test_a_higher_limit_and_more_people_make_room(queue: Queue) -> None:
    ann, ben, cleo = queue.ids
    await queue.route(assignmentLimit=1, userIds=[ann])
    given = [await queue.create() for _ in range(3)]
    assert await queue.settle(*given) == [ann, None, None]

    await queue.route(assignmentLimit=2, userIds=[ann])
    assert await queue.settle(*given) == [ann, ann, None]
    await queue.route(assignmentLimit=2, userIds=[ann, ben, cleo])
    assert await queue.settle(*given) == [ann, ann, ben]


async def test_deleting_and_moving_away_make_room(queue: Queue) -> None:
    ann = queue.ids[0]
    other = await queue.desk.make.mailbox(queue.account, name="Other")
    await queue.route(assignmentLimit=1, userIds=[ann])
    given = [await queue.create() for _ in range(3)]
    assert await queue.settle(*given) == [ann, None, None]

    assert (await queue.client.delete(f"/v2/conversations/{given[0]}")).status_code == 204
    assert await queue.settle(given[1]) == [ann]
    await queue.change(given[1], "move", "/mailboxId", other.id)
    assert await queue.settle(given[2]) == [ann]


async def test_a_conversation_that_is_moved_here_finds_somebody(queue: Queue) -> None:
    other = await queue.desk.make.mailbox(queue.account, name="Other")
    await queue.route()
    moved = await queue.create(mailboxId=other.id)
    assert await queue.settle(moved) == [None]

    await queue.change(moved, "move", "/mailboxId", queue.mailbox.id)

    assert await queue.settle(moved) == [queue.ids[0]]


async def test_one_that_is_given_up_goes_to_somebody_else_and_never_back(queue: Queue) -> None:
    ann, ben, cleo = queue.ids
    await queue.route(userIds=[ann, ben])
    conversation = await queue.create()
    assert await queue.settle(conversation) == [ann]

    await queue.change(conversation, "remove", "/assignTo")
    assert await queue.settle(conversation) == [ben]

    await queue.route(userIds=[ben])
    await queue.change(conversation, "remove", "/assignTo")
    assert await queue.settle(conversation) == [None]
    await queue.route(userIds=[ben, cleo])
    assert await queue.settle(conversation) == [cleo]


async def test_a_reopened_one_finds_somebody_and_one_that_has_somebody_stays(queue: Queue) -> None:
    ann, ben, _ = queue.ids
    await queue.route()
    closed, spam = await queue.create(status="closed"), await queue.create(assignTo=None)
    taken = await queue.create(status="closed", assignTo=ben)
    await queue.change(spam, "replace", "/status", "spam")
    assert await queue.settle(closed, spam, taken) == [None, None, ben]

    answer = await queue.client.post(f"/v2/conversations/{closed}/customer", json={"text": "Still broken"})
    assert answer.status_code == 201
    await queue.change(spam, "replace", "/status", "active")
    await queue.change(taken, "replace", "/status", "active")

    assert await queue.settle(closed, spam, taken) == [ann, ben, ben]


async def test_drafts_wait_until_they_are_sent(queue: Queue) -> None:
    await queue.route()
    draft = await queue.create(threads=[{"type": "reply", "text": "Hello", "draft": True}])
    assert await queue.settle(draft) == [None]

    await queue.change(draft, "replace", "/draft", False)

    assert await queue.settle(draft) == [queue.ids[0]]


async def test_spam_closed_imported_and_explicitly_unassigned_ones_are_left_alone(queue: Queue) -> None:
    await queue.route()
    left = [
        await queue.create(status="closed"),
        await queue.create(imported=True),
        await queue.create(assignTo=None),
    ]
    spam = await queue.create(assignTo=None)
    await queue.change(spam, "replace", "/status", "spam")

    assert await queue.settle(*left, spam) == [None] * 4
    # Nor when somebody has room again.
    await queue.say(queue.people[0], "away")
    await queue.say(queue.people[0], "active")
    assert await queue.settle(*left, spam) == [None] * 4


async def test_what_was_there_before_routing_began_stays_where_it_is(queue: Queue) -> None:
    early = await queue.create()
    async with queue.desk.connection() as connection:
        await connection.execute(
            "update event set at = at - interval '1 minute' where account_id = $1", queue.account.id
        )
    await queue.route()

    assert await queue.settle(early, await queue.create()) == [None, queue.ids[0]]


async def test_nothing_waits_any_more_once_routing_is_off(queue: Queue) -> None:
    await queue.route(assignmentLimit=1, userIds=queue.ids[:1])
    given = [await queue.create() for _ in range(2)]
    assert await queue.settle(*given) == [queue.ids[0], None]

    await queue.route(state="disabled")
    await queue.settle()
    await queue.route()

    assert await queue.settle(given[1]) == [None]


async def test_the_platform_assigns_and_the_timeline_says_so(queue: Queue) -> None:
    async with queue.desk.connection() as connection:
        system_id = await connection.fetchval(
            """insert into account_user (account_id, type, first_name) values ($1, 'system_user', 'Workflow')
               returning id""",
            queue.account.id,
        )
    await queue.route()
    conversation = await queue.create()
    before = (await queue.client.get(f"/v2/conversations/{conversation}")).json()["userUpdatedAt"]
    await queue.settle(conversation)

    threads = (await queue.client.get(f"/v3/conversations/{conversation}/threads")).json()["_embedded"]["threads"]
    line = next(thread for thread in threads if thread["type"] == "lineitem")
    assert line["action"]["text"] == "Assigned to Ann User"
    assert (line["createdBy"]["id"], line["createdBy"]["type"]) == (system_id, "system_user")
    assert (await queue.client.get(f"/v2/conversations/{conversation}")).json()["userUpdatedAt"] == before


async def facts_of(queue: Queue, kind: str) -> list[Fact]:
    async with queue.desk.connection() as connection:
        rows = await connection.fetch(
            """select account_id, id, type, at, actor_kind, actor_id, subject_kind, subject_id, scope_id, data
               from event where account_id = $1 and type = $2 order by id""",
            queue.account.id,
            kind,
        )
    return [Fact(*row.values()) for row in rows]


async def test_a_fact_that_is_told_twice_gives_nothing_twice(queue: Queue) -> None:
    await queue.route()
    conversation = await queue.create()
    assert await queue.settle(conversation) == [queue.ids[0]]

    async with queue.desk.transactions.open() as tx:
        await routing.on_facts(tx, await facts_of(queue, "convo.created"))

    assert await queue.settle(conversation) == [queue.ids[0]]
    assert len(await facts_of(queue, "convo.assigned")) == 1


async def test_one_that_somebody_takes_meanwhile_stays_theirs(queue: Queue) -> None:
    await queue.route()
    conversation = await queue.create()
    await queue.change(conversation, "replace", "/assignTo", queue.account.owner.id)

    assert await queue.settle(conversation) == [queue.account.owner.id]


async def test_two_workers_and_many_writers_keep_the_limit_and_give_each_one_once(queue: Queue) -> None:
    await queue.route(assignmentLimit=4)

    async def work() -> None:
        for _ in range(4):
            await queue.read_log()

    conversations, *_ = await asyncio.gather(
        asyncio.gather(*(queue.create(customer={"email": f"c{number}@example.com"}) for number in range(20))),
        work(),
        work(),
    )
    given = await queue.settle(*conversations)

    assert Counter(given) == {**dict.fromkeys(queue.ids, 4), None: 8}
    told = await facts_of(queue, "convo.assigned")
    assert len({fact.subject_id for fact in told}) == len(told) == 12


async def test_takers_and_routing_at_once_leave_each_conversation_with_one_of_them(queue: Queue) -> None:
    await queue.route()
    conversations = [await queue.create() for _ in range(10)]
    owner = queue.account.owner.id

    await asyncio.gather(
        queue.read_log(),
        *(queue.change(conversation, "replace", "/assignTo", owner) for conversation in conversations),
    )

    # Whoever was first: the owner's word is the last, as an assignment by hand replaces the one by routing.
    assert await queue.settle(*conversations) == [owner] * 10
