"""Availability of users: E92 to E94 (spec: 11.8), and X18."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import assert_refused
from tests.make import AccountMade
from waypost.domains import accounts
from waypost.domains.accounts import EmailStatus, availability

pytestmark = pytest.mark.anyio

NAUGHTY = Path(__file__).parents[2] / "data" / "hostile" / "naughty-strings.jsonl"
LUNCH = {"text": "Lunch", "emoji": "🍕", "emojiName": "pizza"}


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


class Team:
    def __init__(self, desk: Desk, account: AccountMade, user: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
        self.desk, self.account, self.user, self.admin = desk, account, user, admin
        self.path = f"/v2/users/{account.user.id}/status"

    async def status(self, client: httpx.AsyncClient | None = None) -> dict[str, Any]:
        answer = await (client or self.user).get(self.path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def events(self) -> list[dict[str, Any]]:
        async with self.desk.connection() as connection:
            rows = await connection.fetch(
                """select data || jsonb_build_object('user', subject_id, 'by', actor_id) as data from event
                   where account_id = $1 and type = 'user.status.changed' order by id""",
                self.account.id,
            )
        return [row["data"] for row in rows]


@pytest.fixture
async def team(desk: Desk) -> Team:
    account = await desk.make.account()
    return Team(desk, account, await desk.client(account.user), await desk.client(account.administrator))


async def test_a_user_is_active_and_not_in_chats_until_somebody_says_otherwise(team: Team) -> None:
    found = await team.status()

    assert found == {
        "userId": team.account.user.id,
        "email": {"status": "active", "updatedAt": found["email"]["updatedAt"]},
        "chat": {"status": "unavailable", "mailboxStatuses": {}},
        "_links": {
            "self": {"href": f"{team.desk.base_url}{team.path}"},
            "user": {"href": f"{team.desk.base_url}/v2/users/{team.account.user.id}"},
        },
    }


async def test_one_goes_away_under_words_of_ones_own(team: Team) -> None:
    answer = await team.user.put(team.path, json={"status": "away", "customStatus": LUNCH})

    assert (answer.status_code, answer.content) == (204, b"")
    found = (await team.status())["email"]
    assert found == {
        "status": "away",
        "updatedAt": found["updatedAt"],
        "performedBy": team.account.user.id,
        "source": "api",
        "customStatus": LUNCH,
    }


async def test_words_are_gone_when_they_are_not_said_again(team: Team) -> None:
    await team.user.put(team.path, json={"status": "away", "customStatus": LUNCH})

    await team.user.put(team.path, json={"status": "active"})

    found = (await team.status())["email"]
    assert found["status"] == "active"
    assert "customStatus" not in found


async def test_a_text_alone_is_enough(team: Team) -> None:
    await team.user.put(team.path, json={"status": "away", "customStatus": {"text": "Out"}})

    assert (await team.status())["email"]["customStatus"] == {"text": "Out", "emoji": "", "emojiName": ""}


async def test_everybodys_status_is_listed_by_name(team: Team) -> None:
    await team.user.put(team.path, json={"status": "away"})

    listed = (await team.user.get("/v2/users/status")).json()

    assert listed["page"] == {"size": 50, "totalElements": 3, "totalPages": 1, "number": 1}
    found = [(item["userId"], item["email"]["status"]) for item in listed["_embedded"]["userStatuses"]]
    people = team.account
    assert found == [(people.administrator.id, "active"), (people.owner.id, "active"), (people.user.id, "away")]
    second = (await team.user.get("/v2/users/status?limit=1&page=3")).json()
    assert [item["userId"] for item in second["_embedded"]["userStatuses"]] == [people.user.id]


async def test_others_status_is_set_by_administrators_and_owners_only(team: Team) -> None:
    people = team.account
    owner = await team.desk.client(people.owner)

    assert (await team.admin.put(team.path, json={"status": "away"})).status_code == 204
    assert (await team.status())["email"]["performedBy"] == people.administrator.id
    assert (await owner.put(team.path, json={"status": "active"})).status_code == 204
    assert (await owner.put(f"/v2/users/{people.administrator.id}/status", json={"status": "away"})).status_code == 204
    refused = await team.user.put(f"/v2/users/{people.administrator.id}/status", json={"status": "active"})
    assert refused.status_code == 403
    assert (await team.admin.get(f"/v2/users/{people.administrator.id}/status")).json()["email"]["status"] == "away"


async def test_teams_system_users_and_strangers_have_no_status(team: Team) -> None:
    stranger = await team.desk.make.account()
    async with team.desk.connection() as connection:
        other = await connection.fetchval(
            "insert into account_user (account_id, type, first_name) values ($1, 'team', 'Tier 2') returning id",
            team.account.id,
        )
    for user_id in (stranger.user.id, other, 999999):
        assert (await team.admin.get(f"/v2/users/{user_id}/status")).status_code == 404
        assert (await team.admin.put(f"/v2/users/{user_id}/status", json={"status": "away"})).status_code == 404


async def test_what_is_wrong_is_named(team: Team) -> None:
    assert_refused(await team.user.put(team.path, json={}), "status")
    assert_refused(await team.user.put(team.path, json={"status": "asleep"}), "status")
    assert_refused(await team.user.put(team.path, json={"status": "away", "customStatus": {}}), "customStatus.text")
    long = {"text": "x" * 101, "emoji": "x" * 33, "emojiName": "x" * 65}
    assert_refused(
        await team.user.put(team.path, json={"status": "away", "customStatus": long}),
        "customStatus.text", "customStatus.emoji", "customStatus.emojiName",
    )  # fmt: skip
    blank = {"text": " \u200b "}
    assert_refused(await team.user.put(team.path, json={"status": "away", "customStatus": blank}), "customStatus.text")
    assert (await team.user.put(team.path, content="nonsense")).status_code == 400
    assert (await team.status())["email"]["status"] == "active"


async def test_chats_are_taken_here_and_not_there(team: Team) -> None:
    mailbox = await team.desk.make.mailbox(team.account, users=[team.account.user])
    user = await team.desk.client(await team.desk.make.refreshed(team.account.user))
    sent = {"status": "active", "chat": {"status": "available", "mailboxStatuses": {str(mailbox.id): "assign"}}}

    assert (await user.put(team.path, json=sent)).status_code == 204

    assert (await team.status(user))["chat"] == {"status": "available", "mailboxStatuses": {str(mailbox.id): "assign"}}
    await user.put(team.path, json={"status": "away"})
    assert (await team.status(user))["chat"] == {"status": "available", "mailboxStatuses": {str(mailbox.id): "assign"}}
    await user.put(team.path, json={"status": "away", "chat": {"status": "custom", "mailboxStatuses": {}}})
    assert (await team.status(user))["chat"] == {"status": "custom", "mailboxStatuses": {}}


async def test_a_mailbox_out_of_reach_is_neither_taken_nor_shown(team: Team) -> None:
    mailbox = await team.desk.make.mailbox(team.account)
    path = f"chat.mailboxStatuses.{mailbox.id}"
    sent: dict[str, Any] = {"status": "active", "chat": {"mailboxStatuses": {str(mailbox.id): "available"}}}

    assert_refused(await team.user.put(team.path, json=sent), path)
    assert_refused(await team.admin.put(team.path, json=sent), path)
    own = f"/v2/users/{team.account.administrator.id}/status"
    assert (await team.admin.put(own, json=sent)).status_code == 204
    assert (await team.admin.get(own)).json()["chat"]["mailboxStatuses"] == {str(mailbox.id): "available"}
    assert (await team.user.get(own)).json()["chat"]["mailboxStatuses"] == {}
    sent["chat"]["mailboxStatuses"] = {str(mailbox.id): "custom"}
    assert_refused(await team.admin.put(own, json=sent), path)
    for key in ("x", "-1", "1" * 30, "\u0663"):
        sent["chat"]["mailboxStatuses"] = {key: "assign"}
        assert_refused(await team.admin.put(own, json=sent), f"chat.mailboxStatuses.{key}")


async def test_every_change_is_a_fact_and_the_same_again_is_none(team: Team) -> None:
    who = team.account.user.id
    await team.user.put(team.path, json={"status": "away", "customStatus": LUNCH})
    await team.user.put(team.path, json={"status": "away", "customStatus": LUNCH})
    await team.user.put(team.path, json={"status": "away"})
    await team.admin.put(team.path, json={"status": "active", "chat": {"status": "assign"}})

    facts = await team.events()

    assert facts == [
        {"user": who, "by": who, "status": "away", "previous": "active", "chat_status": "unavailable",
         "changed": ["status", "customStatus"]},
        {"user": who, "by": who, "status": "away", "previous": "away", "chat_status": "unavailable",
         "changed": ["customStatus"]},
        {"user": who, "by": team.account.administrator.id, "status": "active", "previous": "away",
         "chat_status": "assign", "changed": ["status", "chat"]},
    ]  # fmt: skip
    assert "Lunch" not in json.dumps(facts)


async def test_somebody_signed_in_sets_it_in_the_product(team: Team) -> None:
    async with team.desk.transactions.open() as tx:
        await availability.set_status(tx, team.account.user.actor, team.account.user.id, EmailStatus.AWAY)

    assert (await team.status())["email"]["source"] == "ui"


async def test_words_of_a_deleted_user_are_forgotten(team: Team) -> None:
    await team.user.put(team.path, json={"status": "away", "customStatus": LUNCH})
    async with team.desk.transactions.open() as tx:
        await accounts.delete_user(tx, team.account.owner.actor, team.account.user.id)

    async with team.desk.connection() as connection:
        left = await connection.fetchval(
            "select count(*) from user_availability where account_id = $1", team.account.id
        )
    assert left == 0
    assert (await team.admin.get(team.path)).status_code == 404


async def test_naughty_strings_are_kept_or_refused_and_never_a_fault(team: Team) -> None:
    for line in NAUGHTY.read_text(encoding="utf-8").splitlines():
        text = json.loads(line)
        custom = {"text": text, "emoji": text, "emojiName": text}
        answer = await team.user.put(team.path, json={"status": "away", "customStatus": custom})
        assert answer.status_code in (204, 422), (text, answer.text)
    assert (await team.user.get(team.path)).status_code == 200


async def test_users_are_not_deleted_through_the_api(team: Team) -> None:
    stranger = await team.desk.make.account()
    owner = await team.desk.client(team.account.owner)

    for client in (team.user, team.admin, owner):
        assert (await client.delete(f"/v2/users/{team.account.user.id}")).status_code == 403
    assert (await owner.delete(f"/v2/users/{stranger.user.id}")).status_code == 404
    assert (await owner.delete("/v2/users/999999")).status_code == 404
    assert (await owner.get(f"/v2/users/{team.account.user.id}")).status_code == 200
