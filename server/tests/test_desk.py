"""The fixture that the rest of the suite stands on."""

from pathlib import Path

from tests.desk import Desk, desk_with, running_desk
from tests.make import Person


async def test_each_role_lists_the_mailboxes_that_it_sees(desk: Desk) -> None:
    account = await desk.make.account()
    shared = await desk.make.mailbox(account, users=[account.user])
    closed = await desk.make.mailbox(account, "Billing")
    stranger = await desk.make.account()

    async def visible(person: Person) -> list[int]:
        answer = await (await desk.client(person)).get("/v2/mailboxes")
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json().get("_embedded", {}).get("mailboxes", [])]

    assert await visible(account.owner) == [shared.id, closed.id]
    assert await visible(account.administrator) == [shared.id, closed.id]
    assert await visible(account.user) == [shared.id]
    assert await visible(stranger.owner) == []


async def test_without_a_token_there_is_no_answer(desk: Desk) -> None:
    answer = await (await desk.client()).get("/v2/mailboxes")
    assert answer.status_code == 401


@desk_with(rate_limit_per_minute=1)
async def test_limits_can_be_set(desk: Desk) -> None:
    client = await desk.client((await desk.make.account()).owner)
    assert (await client.get("/v2/mailboxes")).status_code == 200
    assert (await client.get("/v2/mailboxes")).status_code == 429


async def test_two_desks_of_one_process_have_the_routes_in_common_and_nothing_else(
    desk: Desk, empty_database_url: str, tmp_path: Path
) -> None:
    account = await desk.make.account()
    token = await desk.make.token(account.owner)
    async with running_desk(empty_database_url, tmp_path / "other") as other:
        assert (await (await other.client(token)).get("/v2/mailboxes")).status_code == 401
        described = (await (await other.client()).get("/v2/openapi.json")).json()
        assert described["servers"][0]["url"].startswith(other.base_url)
    assert (await (await desk.client(token)).get("/v2/mailboxes")).status_code == 200
    described = (await (await desk.client()).get("/v2/openapi.json")).json()
    assert described["servers"][0]["url"].startswith(desk.base_url)
