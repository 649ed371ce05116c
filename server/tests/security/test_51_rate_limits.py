"""Attack 51 and 42: one account, one bucket, whatever the request looks like; and the limits are those of the seed."""

from __future__ import annotations

import pytest

from tests.desk import Desk, desk_with

pytestmark = pytest.mark.anyio


@desk_with(rate_limit_per_minute=200, write_burst_limit=12)
async def test_the_two_hundred_and_first_request_of_a_minute_waits(desk: Desk) -> None:
    account = await desk.make.account()
    client = await desk.client(account.owner)
    answers = [await client.get("/v2/tags") for _ in range(201)]

    assert [answer.status_code for answer in answers] == [200] * 200 + [429]
    assert answers[0].headers["x-ratelimit-limit"] == answers[0].headers["x-ratelimit-limit-minute"] == "200"
    assert [answers[index].headers["x-ratelimit-remaining"] for index in (0, 199, 200)] == ["199", "0", "0"]
    refused = answers[-1]
    assert int(refused.headers["retry-after"]) == int(refused.headers["x-ratelimit-retry-after"]) >= 1
    assert refused.json()["message"] == "API rate limit exceeded"
    assert refused.headers["content-type"] == "application/vnd.error+json"


@desk_with(rate_limit_per_minute=200, write_burst_limit=12)
async def test_the_thirteenth_write_in_five_seconds_waits_and_reads_go_on(desk: Desk) -> None:
    account = await desk.make.account()
    client = await desk.client(account.owner)
    answers = [await client.put("/v2/conversations/1/tags", json={"tags": []}) for _ in range(13)]

    assert [answer.status_code for answer in answers] == [404] * 12 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 5
    assert answers[-1].headers["x-ratelimit-remaining"] == "188"
    assert (await client.get("/v2/tags")).status_code == 200


@desk_with(rate_limit_per_minute=10, write_burst_limit=0)
async def test_the_bucket_is_the_accounts_however_it_is_asked(desk: Desk) -> None:
    account = await desk.make.account()
    first, second = await desk.client(account.owner), await desk.client(account.administrator)
    asked = [
        await first.get("/v2/tags"),
        await first.get("/v2/tags/"),
        await first.get("/v2/TAGS"),
        await first.get("/v2/tags%20"),
        await first.head("/v2/tags"),
        await second.get("/v2/tags", headers={"X-Forwarded-For": "203.0.113.9"}),
        await second.get("/v2/tags", headers={"CF-Connecting-IP": "203.0.113.9"}),
        await second.post("/v2/tags", headers={"X-HTTP-Method-Override": "GET"}),
        await second.get("/v3/nothing"),
        await second.get(
            "/v2/tags", headers={"Authorization": first.headers["Authorization"].replace("Bearer", "bearer")}
        ),
    ]

    assert [answer.headers["x-ratelimit-remaining"] for answer in asked] == [str(left) for left in range(9, -1, -1)]
    assert (await first.get("/v2/tags")).status_code == 429
    assert (await second.get("/v2/tags")).status_code == 429


@desk_with(rate_limit_per_minute=2, write_burst_limit=0)
async def test_another_account_has_a_bucket_of_its_own(desk: Desk) -> None:
    one, other = await desk.make.account(), await desk.make.account()
    busy, calm = await desk.client(one.owner), await desk.client(other.owner)
    for _ in range(3):
        last = await busy.get("/v2/tags")

    assert last.status_code == 429
    assert (await calm.get("/v2/tags")).status_code == 200
