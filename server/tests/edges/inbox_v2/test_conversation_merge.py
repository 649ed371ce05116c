"""POST /v2/conversations/{id}/merge, and what reading a merged conversation answers (spec: 5.1, 7.3, 18 number 14)."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.office import Office, open_office, refused
from tests.kit.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def office(desk: Desk) -> Office:
    return await open_office(desk)


async def merge(office: Office, into: int, *others: int, status: int = 204) -> None:
    answer = await office.client.post(f"/v2/conversations/{into}/merge", json={"conversationIds": list(others)})
    assert answer.status_code == status, answer.text
    if status == 204:
        assert answer.content == b""


async def test_threads_move_in_the_order_of_their_times(office: Office) -> None:
    times = [f"2024-01-0{day}T00:00:00Z" for day in range(1, 5)]
    first = await office.start(
        imported=True,
        threads=[
            {"type": "customer", "text": text, "createdAt": at} for text, at in zip("ac", times[::2], strict=True)
        ],
    )
    second = await office.start(
        imported=True,
        threads=[
            {"type": "customer", "text": text, "createdAt": at} for text, at in zip("bd", times[1::2], strict=True)
        ],
    )

    await merge(office, first, second)

    assert [thread["body"] for thread in await office.threads(first)] == ["d", "c", "b", "a"]
    found = await office.conversation(first)
    assert (found["threads"], found["preview"]) == (4, "d")
    assert found["customerWaitingSince"]["time"] == times[0]


async def test_the_survivor_keeps_what_it_is(office: Office) -> None:
    survivor = await office.start(subject="Kept", status="pending", assignTo=office.account.administrator.id)
    other = await office.start(subject="Gone", customer={"email": "olga@example.com"}, status="closed")
    before = await office.conversation(survivor)

    await merge(office, survivor, other)

    found = await office.conversation(survivor)
    for key in (
        "id",
        "number",
        "subject",
        "status",
        "mailboxId",
        "assignee",
        "primaryCustomer",
        "createdAt",
        "createdBy",
    ):
        assert found[key] == before[key], key


async def test_merged_ones_answer_with_the_survivors_address(desk: Desk, office: Office) -> None:
    survivor, other = await office.start(), await office.start()
    file = {"fileName": "a.txt", "mimeType": "text/plain", "data": base64.b64encode(b"hello").decode()}
    await office.add(other, "notes", attachments=[file])
    attachment = (await office.threads(other))[0]["_embedded"]["attachments"][0]["id"]
    await merge(office, survivor, other)

    for path, query in (
        ("/v2/conversations/{}", ""),
        ("/v2/conversations/{}", "?embed=threads"),
        ("/v3/conversations/{}", ""),
        ("/v2/conversations/{}/threads", "?limit=2"),
        ("/v3/conversations/{}/threads", ""),
        (f"/v2/conversations/{{}}/attachments/{attachment}", ""),
        (f"/v2/conversations/{{}}/attachments/{attachment}/file", ""),
        (f"/v2/conversations/{{}}/attachments/{attachment}/data", ""),
    ):
        answer = await office.client.get(path.format(other) + query)
        assert answer.status_code == 301, path
        assert answer.headers["location"] == desk.base_url + path.format(survivor) + query
        assert (await office.client.get(answer.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"op": "replace", "path": "/subject", "value": "x"}),
        ("DELETE", "", None),
        ("PUT", "/tags", {"tags": []}),
        ("PUT", "/fields", {"fields": []}),
        ("PUT", "/snooze", {"snoozedUntil": "2050-01-01T00:00:00Z", "unsnoozeOnCustomerReply": True}),
        ("DELETE", "/snooze", None),
        ("POST", "/reply", {"text": "x"}),
        ("POST", "/notes", {"text": "x"}),
        ("POST", "/customer", {"text": "x"}),
        ("POST", "/merge", {"conversationIds": [1]}),
    ],
)
async def test_other_verbs_find_nothing_at_once(office: Office, method: str, path: str, body: Any) -> None:
    survivor, other = await office.start(), await office.start()
    await merge(office, survivor, other)

    answer = await office.client.request(method, f"/v2/conversations/{other}{path}", json=body)

    assert answer.status_code == 404
    assert [thread["type"] for thread in await office.threads(survivor)] == ["customer", "customer"]


async def test_the_way_is_told_for_sixty_days(desk: Desk, office: Office) -> None:
    survivor, other = await office.start(), await office.start()
    await merge(office, survivor, other)

    for days, status in ((59, 301), (61, 404)):
        async with desk.connection() as connection:
            await connection.execute(
                f"update conversation set merged_at = now() - interval '{days} days' where id = $1", other
            )
        assert (await office.client.get(f"/v2/conversations/{other}")).status_code == status


async def test_chains_lead_to_the_last_survivor(desk: Desk, office: Office) -> None:
    a, b, c = await office.start(), await office.start(), await office.start()

    await merge(office, b, c)
    await merge(office, a, b)

    for gone in (b, c):
        answer = await office.client.get(f"/v2/conversations/{gone}")
        assert answer.headers["location"] == f"{desk.base_url}/v2/conversations/{a}"
    assert (await office.conversation(a))["threads"] == 3
    assert (await office.client.delete(f"/v2/conversations/{a}")).status_code == 204
    assert (await office.client.get(f"/v2/conversations/{c}")).status_code == 404


async def test_merged_ones_are_in_no_list_total_search_or_folder(desk: Desk, office: Office) -> None:
    survivor, other = await office.start(subject="apple"), await office.start(subject="pear", tags=["fruit"])
    await office.add(other, "notes", text="quince")
    number = (await office.conversation(other))["number"]

    await merge(office, survivor, other)

    assert await office.listed() == [survivor]
    assert await office.listed("query=pear") == []
    assert await office.listed(f"status=all&number={number}") == []
    assert await office.listed("query=body:quince") == [survivor]
    assert await office.listed("tag=fruit") == [survivor]
    assert (await office.get("/v2/conversations?status=all"))["page"]["totalElements"] == 1
    folders = (await office.get(f"/v2/mailboxes/{office.mailbox.id}/folders"))["_embedded"]["folders"]
    assert {folder["type"]: folder["totalCount"] for folder in folders}["open"] == 1
    [tag] = (await office.get("/v2/tags"))["_embedded"]["tags"]
    assert tag["ticketCount"] == 1
    customer = (await office.conversation(survivor))["primaryCustomer"]["id"]
    assert (await office.get(f"/v2/customers/{customer}"))["conversationCount"] == 1


async def test_tags_copies_and_fields_come_along(desk: Desk, office: Office) -> None:
    async with desk.connection() as connection:
        fields = [
            await connection.fetchval(
                "insert into custom_field (account_id, mailbox_id, name, type, position)"
                " values ($1, $2, $3, 'singleline', 1) returning id",
                office.account.id,
                office.mailbox.id,
                name,
            )
            for name in ("Plan", "Order")
        ]
    survivor = await office.start(
        tags=["both", "own"], cc=["cc@example.com"], fields=[{"id": fields[0], "value": "gold"}]
    )
    other = await office.start(
        tags=["both", "new"],
        customer={"email": "olga@example.com"},
        cc=["CC@example.com", "two@example.com", "jane@example.com"],
        bcc=["secret@example.com"],
        fields=[{"id": fields[0], "value": "lead"}, {"id": fields[1], "value": "17"}],
    )

    await merge(office, survivor, other)

    found = await office.conversation(survivor)
    assert [tag["name"] for tag in found["tags"]] == ["both", "new", "own"]
    assert found["cc"] == ["cc@example.com", "two@example.com", "olga@example.com"]
    assert found["bcc"] == ["secret@example.com"]
    assert {field["name"]: field["value"] for field in found["customFields"]} == {"Plan": "gold", "Order": "17"}


async def test_the_log_says_who_was_merged_into_whom(desk: Desk, office: Office) -> None:
    survivor, b, c = await office.start(), await office.start(tags=["x"]), await office.start()
    numbers = {key: (await office.conversation(key))["number"] for key in (survivor, b, c)}

    await merge(office, survivor, c, b)

    [fact] = await office.facts("convo.merged")
    assert (fact["subject_id"], fact["scope_id"], fact["actor_id"]) == (
        survivor,
        office.mailbox.id,
        office.account.owner.id,
    )
    assert fact["data"] == {
        "number": numbers[survivor],
        "merged_conversation_ids": [c, b],
        "merged_numbers": [numbers[c], numbers[b]],
    }
    tagged = [fact for fact in await office.facts("convo.tags") if fact["subject_id"] == survivor]
    assert [fact["data"] for fact in tagged] == [{"added": ["x"], "removed": [], "is_imported": False}]


async def test_both_sides_get_a_line_in_the_timeline(desk: Desk, office: Office) -> None:
    survivor, other = await office.start(), await office.start()
    numbers = {key: (await office.conversation(key))["number"] for key in (survivor, other)}
    # Still in the log, unread, when the merge happens.
    await office.client.patch(
        f"/v2/conversations/{other}", json={"op": "replace", "path": "/status", "value": "pending"}
    )

    await merge(office, survivor, other)
    await desk.run_workers()

    lines = [thread for thread in await office.threads(survivor) if thread["type"] == "lineitem"]
    assert {line["action"]["type"]: line["action"] for line in lines} == {
        "default": {"type": "default", "text": "Marked as Pending", "associatedEntities": {}},
        "merged": {
            "type": "merged",
            "text": f"Merged conversation #{numbers[other]} into this one",
            "associatedEntities": {"originalConversation": other},
        },
    }
    assert (await office.conversation(survivor))["threads"] == 2
    async with desk.connection() as connection:
        row = await connection.fetchrow(
            "select action_type, action_text, action_entities from thread where conversation_id = $1", other
        )
    assert row is not None
    assert list(row.values()) == [
        "ticket-merged",
        f"Merged into conversation #{numbers[survivor]}",
        {"conversation": survivor},
    ]


async def test_drafts_and_plans_go_on_in_the_survivor(desk: Desk, office: Office) -> None:
    survivor, other = await office.start(), await office.start()
    draft = await office.add(other, "reply", text="Later", draft=True)
    plan = {"scheduledFor": "2050-01-16T08:00:00Z", "unscheduleOnCustomerReply": True}
    await office.client.put(f"/v2/conversations/{other}/threads/{draft}/schedule", json=plan)
    sleep = {"snoozedUntil": "2050-06-03T12:00:00Z", "unsnoozeOnCustomerReply": True}
    await office.client.put(f"/v2/conversations/{other}/snooze", json=sleep)

    await merge(office, survivor, other)

    found = await office.conversation(survivor)
    assert "snooze" not in found
    assert (found["threads"], found["nextEvent"]["eventType"]) == (2, "scheduled")
    [moved] = [thread for thread in await office.threads(survivor) if thread["state"] == "draft"]
    assert (moved["id"], moved["scheduled"]["scheduledFor"]) == (draft, plan["scheduledFor"])
    colleague = await desk.client(office.account.administrator)
    seen = (await colleague.get(f"/v2/conversations/{survivor}/threads")).json()["_embedded"]["threads"]
    assert draft not in [thread["id"] for thread in seen]


async def test_a_draft_conversation_can_be_merged_but_takes_nobody_in(desk: Desk, office: Office) -> None:
    draft = await office.start(threads=[{"type": "reply", "text": "Not yet", "draft": True}])
    other = await office.start()

    answer = await office.client.post(f"/v2/conversations/{draft}/merge", json={"conversationIds": [other]})
    assert (answer.status_code, set(refused(answer))) == (422, {"conversationId"})
    await merge(office, other, draft)
    assert sorted(thread["state"] for thread in await office.threads(other)) == ["draft", "published"]
    colleagues = await desk.client(office.account.administrator)
    answer = await colleagues.post(f"/v2/conversations/{other}/merge", json={"conversationIds": [draft]})
    assert answer.status_code == 204


async def test_nobody_waits_in_a_closed_survivor(office: Office) -> None:
    survivor, other = await office.start(status="closed"), await office.start()

    await merge(office, survivor, other)

    found = await office.conversation(survivor)
    assert (found["status"], found["customerWaitingSince"]) == (
        "closed",
        {"friendly": "", "latestReplyFrom": "customer"},
    )


async def test_the_latest_word_counts_wherever_it_was_said(office: Office) -> None:
    times = [f"2024-01-0{day}T00:00:00Z" for day in range(1, 4)]
    asked = await office.start(
        imported=True, threads=[{"type": "customer", "text": "?", "createdAt": at} for at in (times[0], times[2])]
    )
    answered = await office.start(imported=True, threads=[{"type": "reply", "text": "!", "createdAt": times[1]}])

    await merge(office, answered, asked)

    waiting = (await office.conversation(answered))["customerWaitingSince"]
    assert (waiting["time"], waiting["latestReplyFrom"]) == (times[2], "customer")


async def test_repeating_a_merge_changes_nothing(office: Office) -> None:
    survivor, other = await office.start(), await office.start()
    await merge(office, survivor, other, other)
    before = await office.conversation(survivor)

    await merge(office, survivor, other)

    assert await office.conversation(survivor) == before
    assert len(await office.facts("convo.merged")) == 1


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, {"conversationIds"}),
        ({"conversationIds": None}, {"conversationIds"}),
        ({"conversationIds": []}, {"conversationIds"}),
        ({"conversationIds": list(range(1, 52))}, {"conversationIds"}),
        ({"conversationIds": [0, -1, "x", None, 2**63]}, {f"conversationIds[{index}]" for index in range(5)}),
        ({"conversationIds": [999999]}, {"conversationIds[0]"}),
        ({"conversationIds": "all"}, {"conversationIds"}),
    ],
)
async def test_bad_bodies_name_what_is_wrong(office: Office, body: Any, paths: set[str]) -> None:
    survivor = await office.start()

    answer = await office.client.post(f"/v2/conversations/{survivor}/merge", json=body)

    assert answer.status_code == 422
    assert set(refused(answer)) == paths


@pytest.mark.parametrize("key", ["conversationId", "conversationIds"])
async def test_one_id_alone_is_read_too(office: Office, key: str) -> None:
    survivor, other = await office.start(), await office.start()

    answer = await office.client.post(f"/v2/conversations/{survivor}/merge", json={key: other})

    assert answer.status_code == 204
    assert (await office.client.get(f"/v2/conversations/{other}")).status_code == 301


async def test_a_conversation_cannot_be_merged_into_itself(office: Office) -> None:
    survivor, other = await office.start(), await office.start()

    answer = await office.client.post(
        f"/v2/conversations/{survivor}/merge", json={"conversationIds": [other, survivor]}
    )

    assert answer.status_code == 422
    assert refused(answer) == {"conversationIds[1]": "cannot be merged into itself"}
    assert (await office.conversation(other))["threads"] == 1


@pytest.mark.parametrize("locked", ["survivor", "other"])
async def test_locked_conversations_are_left_alone(desk: Desk, office: Office, locked: str) -> None:
    ids = {"survivor": await office.start(), "other": await office.start()}
    async with desk.connection() as connection:
        await connection.execute("update conversation set locked_at = now() where id = $1", ids[locked])

    answer = await office.client.post(
        f"/v2/conversations/{ids['survivor']}/merge", json={"conversationIds": [ids["other"]]}
    )

    assert (answer.status_code, answer.json()["message"]) == (412, "Conversation is locked")


async def test_more_threads_than_one_may_hold_are_refused(desk: Desk, office: Office) -> None:
    survivor, other = await office.start(), await office.start()
    async with desk.connection() as connection:
        await connection.execute("update conversation set api_thread_count = 100 where id = $1", other)

    answer = await office.client.post(f"/v2/conversations/{survivor}/merge", json={"conversationIds": [other]})

    assert answer.status_code == 412
    assert answer.json()["message"] == "Conversation has reached the maximum number of threads"
    assert (await office.conversation(other))["threads"] == 1


async def test_opposite_merges_at_once_lose_nothing(desk: Desk, office: Office) -> None:
    for _ in range(5):
        a, b = await office.start(), await office.start()
        answers = await asyncio.gather(
            *(
                office.client.post(f"/v2/conversations/{into}/merge", json={"conversationIds": [other]})
                for into, other in ((a, b), (b, a))
            )
        )
        assert sorted(answer.status_code for answer in answers) == [204, 404]
        survivor = (await office.client.get(f"/v2/conversations/{a}", follow_redirects=True)).json()
        assert survivor["threads"] == len(await office.threads(survivor["id"])) == 2


async def test_what_the_database_breaks_off_is_answered_as_busy(desk: Desk, office: Office) -> None:
    a, b = await office.start(), await office.start()
    break_off = """select pg_cancel_backend(pid) from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock' and query like '%order by c.id%'"""
    async with desk.connection() as connection, desk.connection() as other, connection.transaction():
        await connection.execute("select from conversation where id = $1 for update", b)
        asking = asyncio.create_task(office.client.post(f"/v2/conversations/{a}/merge", json={"conversationIds": [b]}))
        await until(lambda: other.fetchval(break_off))
        answer = await asking

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["content-type"] == "application/vnd.error+json"


async def test_rings_of_merges_and_replies_at_once_lose_nothing(desk: Desk, office: Office) -> None:
    ids = [await office.start() for _ in range(6)]
    merges = [
        office.client.post(
            f"/v2/conversations/{into}/merge", json={"conversationIds": [ids[(place + 1) % 6], ids[(place + 2) % 6]]}
        )
        for place, into in enumerate(ids)
    ]
    replies = [office.client.post(f"/v2/conversations/{key}/notes", json={"text": "x"}) for key in ids]

    answers = await asyncio.gather(*merges, *replies)

    assert {answer.status_code for answer in answers} <= {201, 204, 404, 422}
    written = 6 + sum(answer.status_code == 201 for answer in answers)
    kept = await office.listed()
    assert sum([(await office.conversation(key))["threads"] for key in kept]) == written
    for key in ids:
        answer = await office.client.get(f"/v2/conversations/{key}", follow_redirects=True)
        assert answer.status_code == 200
        assert answer.json()["id"] in kept


async def test_only_what_the_caller_sees_can_be_merged(desk: Desk, office: Office) -> None:
    """Attack 17."""
    hidden = await desk.make.mailbox(office.account, name="Hidden")
    user = await desk.make.user(office.account, mailboxes=[office.mailbox])
    own, secret = await office.start(), await office.start(mailboxId=hidden.id)
    client = await desk.client(user)

    into_own = await client.post(f"/v2/conversations/{own}/merge", json={"conversationIds": [secret]})
    into_hidden = await client.post(f"/v2/conversations/{secret}/merge", json={"conversationIds": [own]})

    assert (into_own.status_code, refused(into_own)) == (422, {"conversationIds[0]": "conversation does not exist"})
    assert into_hidden.status_code == 404
    # Where a conversation went is told to those who see the place.
    await merge(office, secret, own)
    assert (await client.get(f"/v2/conversations/{own}")).status_code == 404
    assert (await office.client.get(f"/v2/conversations/{own}")).status_code == 301


QUESTION = "Message-ID: <q@example.com>\nFrom: Jane <jane@example.com>\nTo: help@acme.test\nSubject: {}\n\nText\n"
ANSWER = "Message-ID: <a@example.com>\nFrom: Jane <jane@example.com>\nTo: help@acme.test\n{}\n\nMore\n"


@pytest.mark.parametrize("header", ["Subject: x\nIn-Reply-To: <q@example.com>", "Subject: Re: Broken lamp"])
@pytest.mark.parametrize("is_elsewhere", [False, True])
async def test_answers_by_mail_reach_the_survivor(desk: Desk, office: Office, header: str, is_elsewhere: bool) -> None:
    survivor = await office.start(customer={"email": "olga@example.com"})
    if is_elsewhere:
        other_box = await desk.make.mailbox(office.account, name="Other")
        await office.client.patch(
            f"/v2/conversations/{survivor}", json={"op": "move", "path": "/mailboxId", "value": other_box.id}
        )
    asked = await office.mail(QUESTION.format("Broken lamp"))
    assert asked.conversation_id is not None
    await merge(office, survivor, asked.conversation_id)

    arrived = await office.mail(ANSWER.format(header))

    assert (arrived.outcome, arrived.conversation_id) == ("thread", survivor)
    assert (await office.threads(survivor))[0]["body"].strip() == "More"


async def test_strangers_do_not_get_in_by_a_merged_subject(office: Office) -> None:
    survivor = await office.start(customer={"email": "olga@example.com"})
    asked = await office.mail(QUESTION.format("Broken lamp"))
    assert asked.conversation_id is not None
    await merge(office, survivor, asked.conversation_id)

    arrived = await office.mail(ANSWER.format("Subject: Re: Broken lamp").replace("jane@", "mallory@"))

    assert arrived.outcome == "conversation"
