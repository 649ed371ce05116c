"""`If-Match`: a change only counts if nobody else was faster; `If-None-Match` sees every change of a body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import Desk, running_desk
from tests.edges.inbox_v2.examples import body_for, prepared
from tests.security.company import Company, build, snapshot, values_for
from tests.security.routes import Call, calls
from waypost.edges.inbox_v2.preconditions import VERSIONED

pytestmark = pytest.mark.anyio

WRITES = [
    call
    for call in calls()
    if call.method in ("POST", "PUT", "PATCH", "DELETE") and set(call.parameters) & set(VERSIONED)
]
OTHERS = [
    call for call in calls() if call.method in ("POST", "PUT", "PATCH") and not set(call.parameters) & set(VERSIONED)
]
#: The read whose tag a call is checked against, by the narrowest placeholder.
OWN = {
    "thread_id": "/v2/conversations/{conversation_id}/threads/{thread_id}",
    "conversation_id": "/v2/conversations/{conversation_id}",
    "customer_id": "/v2/customers/{customer_id}",
    "organization_id": "/v2/organizations/{organization_id}",
    "saved_reply_id": "/v2/saved-replies/{saved_reply_id}",
    "tag_id": "/v2/tags/{tag_id}",
}


@pytest.fixture
async def own_company(module_desk: Desk) -> Company:
    """One of everything for a single test."""
    return await build(module_desk)


@pytest.fixture(scope="module")
async def shared(module_desk: Desk) -> Company:
    return await build(module_desk)


@pytest.fixture
async def client(module_desk: Desk, shared: Company) -> httpx.AsyncClient:
    return await module_desk.client(shared.account.owner)


async def tag_of(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return str(answer.headers["etag"])


def version(tag: str) -> str:
    return tag.rpartition(".")[0]


@pytest.mark.parametrize("call", WRITES, ids=lambda call: call.name)
async def test_every_write_is_refused_after_a_change_and_changes_the_tag_itself(
    module_desk: Desk, own_company: Company, call: Call
) -> None:
    client = await module_desk.client(own_company.account.owner)
    values, body = await prepared(client, own_company, call)
    path = call.filled(values)
    own = next(OWN[name] for name in VERSIONED if name in call.parameters).format(**values)
    old = await tag_of(client, own)
    if "customer_id" in call.parameters:
        await client.patch(own, json=replace("/jobTitle", "Somebody else"))
    elif "tag_id" in call.parameters:
        await client.patch(own, json={"color": "#123456"})
    elif "organization_id" in call.parameters or "saved_reply_id" in call.parameters:
        await client.put(own, json={"name": "Somebody else's name"})
    elif "thread_id" in call.parameters:
        await client.patch(own, json=replace("/text", "Somebody else's text"))
    else:
        await client.patch(own, json=replace("/subject", "Somebody else's subject"))
    before = await snapshot(module_desk, own_company.account.id)

    refused = await client.request(call.method, path, json=body, headers={"If-Match": old})
    nothing_done = await snapshot(module_desk, own_company.account.id)
    present = await tag_of(client, own)
    done = await client.request(call.method, path, json=body, headers={"If-Match": present})

    assert refused.status_code == 412, refused.text
    assert refused.headers["content-type"] == "application/vnd.error+json"
    document = refused.json()
    assert document["message"] == "The resource has changed since it was read"
    assert document["_embedded"] == {"errors": []}
    assert nothing_done == before
    assert done.status_code in (200, 201, 202, 204), done.text
    after = await client.get(own)
    assert after.status_code == 404 or version(after.headers["etag"]) != version(present)


def replace(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


@pytest.mark.parametrize("call", OTHERS, ids=lambda call: call.name)
async def test_where_nothing_has_a_version_the_header_is_refused_rather_than_passed_over(
    module_desk: Desk, shared: Company, client: httpx.AsyncClient, call: Call
) -> None:
    refused = await client.request(
        call.method, call.filled(values_for(shared, call.path)), json=body_for(call, shared), headers={"If-Match": "*"}
    )

    assert refused.status_code == 412
    assert refused.json()["message"] == "If-Match cannot be used with this call"


async def test_any_version_will_do_for_a_star_and_one_of_a_list_is_enough(
    shared: Company, client: httpx.AsyncClient
) -> None:
    path = OWN["conversation_id"].format(**shared.ids)
    for asked in ("*", '"other-1-1.ff", {}', 'W/{}, "x"', '{},"y"'):
        headers = {"If-Match": asked.format(await tag_of(client, path))}
        assert (await client.patch(path, json=replace("/subject", asked), headers=headers)).status_code == 204, asked


@pytest.mark.parametrize("asked", ["", "nonsense", '""', '"."', '"conversation-1-1"', "W/", '"' + "x" * 4000 + '"'])
async def test_what_is_no_tag_of_the_thing_never_matches(
    shared: Company, client: httpx.AsyncClient, asked: str
) -> None:
    path = OWN["conversation_id"].format(**shared.ids)

    assert (await client.delete(path, headers={"If-Match": asked})).status_code == 412


async def test_a_tag_of_another_thing_does_not_match(shared: Company, client: httpx.AsyncClient) -> None:
    conversation, customer = (OWN[name].format(**shared.ids) for name in ("conversation_id", "customer_id"))
    listed = await client.get("/v2/conversations?status=all", headers={"If-None-Match": "none"})

    for tag in (await tag_of(client, customer), listed.headers["etag"]):
        assert (await client.delete(conversation, headers={"If-Match": tag})).status_code == 412


async def test_a_reply_only_if_nobody_else_has_answered(shared: Company, client: httpx.AsyncClient) -> None:
    path = OWN["conversation_id"].format(**shared.ids)
    read = await tag_of(client, path)

    answers = await asyncio.gather(
        *(client.post(f"{path}/reply", json={"text": f"Answer {n}"}, headers={"If-Match": read}) for n in range(6))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412, 412, 412]


async def test_a_threads_change_may_be_tied_to_the_whole_conversation(
    shared: Company, client: httpx.AsyncClient
) -> None:
    conversation, thread = (OWN[name].format(**shared.ids) for name in ("conversation_id", "thread_id"))
    of_thread, of_all = await tag_of(client, thread), await tag_of(client, conversation)
    await client.post(f"{conversation}/notes", json={"text": "Something else"})

    tied = await client.patch(thread, json=replace("/text", "All as it was"), headers={"If-Match": of_all})
    alone = await client.patch(thread, json=replace("/text", "This as it was"), headers={"If-Match": of_thread})

    assert (tied.status_code, alone.status_code) == (412, 204)


async def test_parts_of_a_customer_carry_the_customers_tag(shared: Company, client: httpx.AsyncClient) -> None:
    customer = OWN["customer_id"].format(**shared.ids)
    entry = f"{customer}/emails/{shared.ids['entries']['email']}"

    assert len({version(await tag_of(client, path)) for path in (customer, entry, f"{customer}/address")}) == 1
    tag = await tag_of(client, entry)
    body = {"type": "home", "value": "tagged@example.com"}
    assert (await client.put(entry, json=body, headers={"If-Match": tag})).status_code == 204
    assert (await client.put(entry, json=body, headers={"If-Match": tag})).status_code == 412


async def test_what_does_not_exist_for_the_caller_stays_not_found(module_desk: Desk, shared: Company) -> None:
    stranger = await module_desk.make.account()
    for who in (stranger.owner, shared.account.user):
        client = await module_desk.client(who)
        for tag in ("*", '"conversation-1-1.ff"'):
            for path in ("", "/tags", f"/threads/{shared.ids['thread_id']}/schedule"):
                address = f"/v2/conversations/{shared.ids['conversation_id']}{path}"
                answer = await client.delete(address, headers={"If-Match": tag})
                assert answer.status_code == 404, (path, answer.text)


async def test_without_the_header_the_last_writer_wins(shared: Company, client: httpx.AsyncClient) -> None:
    path = OWN["conversation_id"].format(**shared.ids)

    answers = await asyncio.gather(*(client.patch(path, json=replace("/subject", f"No {n}")) for n in range(6)))

    assert {answer.status_code for answer in answers} == {204}


async def test_what_callers_never_see_is_no_change(
    module_desk: Desk, shared: Company, client: httpx.AsyncClient
) -> None:
    conversation = OWN["conversation_id"].format(**shared.ids)
    sent = await client.post(f"{conversation}/reply", json={"text": "By mail", "status": "closed"})
    thread = f"{conversation}/threads/{sent.json()['id']}"
    await client.patch(conversation, json=replace("/status", "pending"))
    before = await tag_of(client, conversation), await tag_of(client, thread)

    assert await module_desk.run_workers()

    # The timeline has its line and the mail its Message-ID: neither is a change of what was read.
    assert (version(await tag_of(client, conversation)), version(await tag_of(client, thread))) == (
        version(before[0]), version(before[1])
    )  # fmt: skip


@pytest.fixture
async def clocked(database_url: str, tmp_path: Path) -> AsyncIterator[tuple[Desk, list[datetime]]]:
    clock = [datetime(2026, 3, 1, 12, tzinfo=UTC)]
    async with running_desk(database_url, tmp_path / "desk", clock=lambda: clock[0]) as desk:
        yield desk, clock


async def test_times_that_change_by_themselves_are_seen_by_reads_and_do_not_refuse_writes(
    clocked: tuple[Desk, list[datetime]],
) -> None:
    desk, clock = clocked
    company = await build(desk)
    client = await desk.client(company.account.owner)
    path = OWN["conversation_id"].format(**company.ids)
    first = await client.get(path)
    clock[0] += timedelta(minutes=10)

    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    known = await client.get(path, headers={"If-None-Match": f"W/{again.headers['etag']}"})
    changed = await client.patch(path, json=replace("/subject", "x"), headers={"If-Match": first.headers["etag"]})

    assert again.status_code == 200
    assert again.json() != first.json()
    assert again.headers["etag"] != first.headers["etag"]
    assert version(again.headers["etag"]) == version(first.headers["etag"])
    assert known.status_code == 304
    assert known.headers["etag"] == again.headers["etag"]
    assert changed.status_code == 204


async def test_the_header_reaches_browsers_and_goes_with_an_idempotency_key(
    shared: Company, client: httpx.AsyncClient
) -> None:
    asked = await client.options("/v2/conversations")
    path = OWN["conversation_id"].format(**shared.ids)
    headers = {"If-Match": await tag_of(client, path), "Idempotency-Key": f"note-{shared.account.id}"}
    first = await client.post(f"{path}/notes", json={"text": "Once"}, headers=headers)
    again = await client.post(f"{path}/notes", json={"text": "Once"}, headers=headers)

    assert "If-Match" in asked.headers["access-control-allow-headers"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
