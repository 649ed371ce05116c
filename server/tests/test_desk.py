"""The fixture that the rest of the suite stands on."""

from tests.desk import Desk, desk_with
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
