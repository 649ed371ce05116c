"""`Idempotency-Key` on POST: work is done once, and whoever sends it again is told what was answered the first time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.desk import Desk, desk_with, running_desk
from tests.edges.inbox_v2.examples import prepared
from tests.kit.waiting import until
from tests.make import AccountMade
from tests.security.company import Company, build, snapshot
from tests.security.routes import Call, calls
from waypost.kit import idempotency

pytestmark = pytest.mark.anyio

POSTS = [call for call in calls() if call.method == "POST"]
NEW = {"firstName": "Vera", "lastName": "Once", "emails": [{"type": "work", "value": "vera@example.com"}]}


@pytest.fixture
async def account(module_desk: Desk) -> AccountMade:
    return await module_desk.make.account()


@pytest.fixture
async def client(module_desk: Desk, account: AccountMade) -> httpx.AsyncClient:
    return await module_desk.client(account.owner)


@pytest.fixture(scope="module")
async def company(module_desk: Desk) -> Company:
    return await build(module_desk)


async def create(client: httpx.AsyncClient, key: str, **changes: Any) -> httpx.Response:
    return await client.post("/v2/customers", json={**NEW, **changes}, headers={"Idempotency-Key": key})


async def count_customers(desk: Desk, account: AccountMade) -> int:
    async with desk.connection() as connection:
        return int(await connection.fetchval("select count(*) from customer where account_id = $1", account.id))


@pytest.mark.parametrize("call", POSTS, ids=lambda call: call.name)
async def test_every_post_is_done_once_and_answered_twice(module_desk: Desk, company: Company, call: Call) -> None:
    client = await module_desk.client(company.account.owner, **{"Idempotency-Key": uuid4().hex})
    values, body = await prepared(await module_desk.client(company.account.owner), company, call)
    path = call.filled(values)

    first = await client.post(path, json=body)
    before = await snapshot(module_desk, company.account.id)
    again = await client.post(path, json=body)

    assert first.status_code in (200, 201, 202, 204), first.text
    assert again.status_code == first.status_code
    assert again.content == first.content
    for name in ("resource-id", "location", "web-location", "content-type", "content-length"):
        assert again.headers.get(name) == first.headers.get(name)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["correlation-id"] != first.headers["correlation-id"]
    assert await snapshot(module_desk, company.account.id) == before


async def test_the_same_key_with_another_body_or_path_is_refused(client: httpx.AsyncClient) -> None:
    made = await create(client, "order-17")
    other_body = await create(client, "order-17", lastName="Twice")
    path = f"/v2/customers/{made.headers['resource-id']}/emails"
    other_path = await client.post(path, json=NEW, headers={"Idempotency-Key": "order-17"})

    for refused in (other_body, other_path):
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/vnd.error+json"
        body = refused.json()
        assert body["message"] == "Validation failed"
        [error] = body["_embedded"]["errors"]
        assert (error["path"], error["source"], error["rejectedValue"]) == ("Idempotency-Key", "HEADER", "order-17")
        assert error["message"] == "was used for another request"
        assert error["_links"]["about"]["href"].endswith("/developers/errors#Identifier")
    assert (await create(client, "order-17")).headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "schl\xfcssel", "a\tb"])
async def test_a_key_is_1_to_255_visible_characters(client: httpx.AsyncClient, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode("latin-1"))]

    refused = await client.post("/v2/customers", json=NEW, headers=headers)

    assert refused.status_code == 422
    [error] = refused.json()["_embedded"]["errors"]
    assert (error["path"], error["source"]) == ("Idempotency-Key", "HEADER")
    assert error["message"] == "must be 1 to 255 visible characters"


async def test_two_keys_in_one_request_are_refused(client: httpx.AsyncClient) -> None:
    headers = [(b"Idempotency-Key", b"one"), (b"Idempotency-Key", b"two")]

    assert (await client.post("/v2/customers", json=NEW, headers=headers)).status_code == 422


async def test_the_longest_key_is_taken_and_the_dialect_kept(client: httpx.AsyncClient) -> None:
    assert (await create(client, "~" * 255)).status_code == 201

    headers = {"Idempotency-Key": "~" * 255, "Prefer": "validation-status=400"}
    assert (await client.post("/v2/customers", json={}, headers=headers)).status_code == 400


async def test_a_failure_is_not_kept_so_the_key_can_be_used_again(
    module_desk: Desk, account: AccountMade, client: httpx.AsyncClient
) -> None:
    refused = await create(client, "retry", lastName="x" * 5000)
    conflicting = await client.post("/v2/nothing", json=NEW, headers={"Idempotency-Key": "retry"})
    made = await create(client, "retry")

    assert (refused.status_code, conflicting.status_code, made.status_code) == (422, 404, 201)
    assert "idempotency-replayed" not in made.headers
    assert await count_customers(module_desk, account) == 1


async def test_a_refused_request_leaves_nothing_of_its_work(
    module_desk: Desk, account: AccountMade, client: httpx.AsyncClient
) -> None:
    await client.post("/v2/customers", json=NEW)
    before = await snapshot(module_desk, account.id)

    assert (await create(client, "taken")).status_code == 409
    assert await snapshot(module_desk, account.id) == before


async def test_keys_of_others_are_other_keys(module_desk: Desk, account: AccountMade) -> None:
    stranger = await module_desk.make.account()
    clients = [await module_desk.client(who) for who in (account.owner, account.administrator, stranger.owner)]

    made = [await create(client, "shared", emails=[]) for client in clients]

    assert [answer.status_code for answer in made] == [201, 201, 201]
    assert len({answer.headers["resource-id"] for answer in made}) == 3


async def test_other_methods_and_callers_without_a_token_take_no_part(
    module_desk: Desk, client: httpx.AsyncClient
) -> None:
    headers = {"Idempotency-Key": "a b"}
    made = await client.post("/v2/customers", json=NEW)
    path = f"/v2/customers/{made.headers['resource-id']}"

    assert (await client.get(path, headers=headers)).status_code == 200
    assert (await client.put(path, json={"firstName": "V"}, headers=headers)).status_code == 204
    assert (await client.delete(path, headers=headers)).status_code == 204
    anonymous = await module_desk.client()
    assert (await anonymous.post("/v2/customers", json=NEW, headers=headers)).status_code == 401


@pytest.mark.parametrize("at_once", [2, 12])
async def test_of_requests_at_once_one_works_and_all_get_its_answer(
    module_desk: Desk, account: AccountMade, client: httpx.AsyncClient, at_once: int
) -> None:
    answers = await asyncio.gather(*(create(client, "together") for _ in range(at_once)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert await count_customers(module_desk, account) == 1


@desk_with(database_pool=4)
async def test_who_waits_too_long_is_told_to_come_back_and_holds_nothing(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    client = await desk.client(account.owner, **{"Idempotency-Key": "slow"})
    desk.context.repeat_wait_s = 0.1
    body = {
        "subject": "Slow", "type": "email", "mailboxId": mailbox.id, "status": "active",
        "customer": {"email": "slow@example.com"}, "threads": [{"type": "customer", "text": "Hello"}],
    }  # fmt: skip
    async with desk.transactions.open() as tx:
        await tx.connection.execute("select 1 from account_counter where account_id = $1 for update", account.id)
        first = asyncio.create_task(client.post("/v2/conversations", json=body))
        await until(lambda: _a_key_is_held(desk))
        # More of them than there are connections: they wait without one, so others are served meanwhile.
        waiting = [asyncio.create_task(client.post("/v2/conversations", json=body)) for _ in range(8)]
        assert (await client.get("/v2/tags")).status_code == 200
        refused = await asyncio.gather(*waiting)

    for answer in refused:
        assert answer.status_code == 409
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["message"] == "A request with this Idempotency-Key is still being worked on"
    made = await first
    assert made.status_code == 201
    assert (await client.post("/v2/conversations", json=body)).json() == made.json()


async def _a_key_is_held(desk: Desk) -> bool:
    async with desk.connection() as connection:
        return bool(
            await connection.fetchval(
                "select exists (select from pg_locks l join pg_database d on d.oid = l.database"
                " where d.datname = current_database() and l.locktype = 'advisory' and l.mode = 'ExclusiveLock')"
            )
        )


@desk_with(rate_limit_per_minute=3, write_burst_limit=0)
async def test_a_repeated_request_counts_against_the_limit(desk: Desk) -> None:
    client = await desk.client((await desk.make.account()).owner)

    answers = [await create(client, "counted") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]


async def test_a_key_is_forgotten_after_24_hours(database_url: str, tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    async with running_desk(database_url, tmp_path / "desk", clock=lambda: now) as desk:
        account = await desk.make.account()
        client = await desk.client(account.owner)
        first = await create(client, "old", emails=[])
        now += timedelta(hours=23, minutes=59)
        within = await create(client, "old", emails=[])
        await create(client, "young", emails=[])
        now += timedelta(minutes=1)
        async with desk.transactions.open() as tx:
            trimmed = [await idempotency.trim(tx), await idempotency.trim(tx)]
        beyond = await create(client, "old", emails=[])
        assert (await create(client, "young", emails=[])).headers["idempotency-replayed"] == "true"

    assert within.headers["resource-id"] == first.headers["resource-id"] != beyond.headers["resource-id"]
    assert trimmed == [1, 0]


async def test_an_old_key_that_is_not_trimmed_yet_is_free_again(database_url: str, tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    async with running_desk(database_url, tmp_path / "desk", clock=lambda: now) as desk:
        client = await desk.client((await desk.make.account()).owner)
        await create(client, "old", emails=[])
        now += timedelta(hours=24)
        other = await create(client, "old", emails=[], lastName="Other")
        again = await create(client, "old", emails=[], lastName="Other")

    assert other.status_code == 201
    assert "idempotency-replayed" not in other.headers
    assert again.headers["idempotency-replayed"] == "true"


async def test_nothing_of_a_deleted_customer_stays_in_kept_answers(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    client = await desk.client(account.owner)
    made = await create(client, "erased")
    path = f"/v2/customers/{made.headers['resource-id']}"
    phone = {"type": "work", "value": "+43 555 0199"}
    await client.post(f"{path}/phones", json=phone, headers={"Idempotency-Key": "phone"})
    started = {
        "subject": "About Vera", "type": "email", "mailboxId": mailbox.id, "status": "active",
        "customer": {"email": "vera@example.com"}, "threads": [{"type": "customer", "text": "Hello"}],
    }  # fmt: skip
    await client.post("/v2/conversations", json=started, headers={"Idempotency-Key": "conversation"})

    assert (await client.delete(path)).status_code == 204
    await desk.run_workers()

    async with desk.connection() as connection:
        rows = await connection.fetch("select body from idempotent_answer where account_id = $1", account.id)
    assert [row["body"] for row in rows] == [b"", b"", b""]
    again = await create(client, "erased")
    assert (again.status_code, again.content) == (201, b"")
    assert again.headers["location"] == made.headers["location"]


async def test_bodies_are_kept_sealed_and_their_work_counts_even_under_another_key(
    module_desk: Desk, account: AccountMade, client: httpx.AsyncClient
) -> None:
    made = await create(client, "sealed")
    async with module_desk.connection() as connection:
        stored = await connection.fetchval("select body from idempotent_answer where account_id = $1", account.id)

    assert stored
    assert b"Vera" not in stored
    assert b"vera" not in stored
    assert (await create(client, "sealed")).content == made.content
    key, module_desk.context.secret_key = module_desk.context.secret_key, b"another key of thirty-two bytes."
    try:
        again = await create(client, "sealed")
    finally:
        module_desk.context.secret_key = key
    assert (again.status_code, again.content) == (201, b"")
    assert again.headers["location"] == made.headers["location"]


async def test_keys_are_kept_as_digests(module_desk: Desk, account: AccountMade, client: httpx.AsyncClient) -> None:
    await create(client, "a-key-that-tells-something")

    async with module_desk.connection() as connection:
        row = await connection.fetchval("select a::text from idempotent_answer a where account_id = $1", account.id)
    assert "a-key-that-tells-something" not in row
    assert b"a-key-that-tells-something".hex() not in row
