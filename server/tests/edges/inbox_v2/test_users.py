from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.make import AccountMade, Person
from waypost.domains import accounts
from waypost.domains.accounts import NewUser, UserPatch


@pytest.fixture
async def account(module_desk: Desk) -> AccountMade:
    return await module_desk.make.account()


async def get(desk: Desk, who: Person, path: str, **query: Any) -> httpx.Response:
    return await (await desk.client(who)).get(path, params=query)


def names(answer: httpx.Response, rel: str = "users") -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item.get("firstName", item.get("name")) for item in answer.json()["_embedded"][rel]]


async def team(desk: Desk, account: AccountMade, name: str, *members: Person) -> int:
    async with desk.transactions.open() as tx:
        made = await accounts.create_team(tx, account.owner.actor, name, member_ids=[one.id for one in members])
    return made.id


async def test_a_user_has_every_documented_key(module_desk: Desk, account: AccountMade) -> None:
    person = account.user
    async with module_desk.transactions.open() as tx:
        details = UserPatch(
            timezone="Europe/Vienna",
            photo_url="https://img.example.com/4.png",
            job_title="Lead",
            phone="+43 1",
            alternate_emails=["j@example.com"],
        )
        await accounts.update_user(tx, account.owner.actor, person.id, details)
    body = (await get(module_desk, account.owner, f"/v2/users/{person.id}")).json()
    assert {key: value for key, value in body.items() if not key.endswith("At")} == {
        "id": person.id,
        "firstName": "Una",
        "lastName": "User",
        "email": person.email,
        "role": "user",
        "timezone": "Europe/Vienna",
        "photoUrl": "https://img.example.com/4.png",
        "type": "user",
        "mention": "una",
        "initials": "UU",
        "jobTitle": "Lead",
        "phone": "+43 1",
        "alternateEmails": ["j@example.com"],
        "_links": {"self": {"href": f"{module_desk.base_url}/v2/users/{person.id}"}},
    }
    for key in ("createdAt", "updatedAt"):
        assert len(body[key]) == 20
        assert body[key].endswith("Z")


async def test_me_is_the_tokens_user_and_names_the_company(module_desk: Desk, account: AccountMade) -> None:
    answer = await get(module_desk, account.user, "/v2/users/me")
    assert answer.headers["content-type"] == "application/hal+json"
    assert answer.json()["id"] == account.user.id
    assert answer.json()["companyId"] == account.id
    assert answer.json()["_links"]["self"]["href"].endswith(f"/v2/users/{account.user.id}")


async def test_the_list_is_by_name_with_invited_and_without_teams_or_system_users(
    module_desk: Desk, account: AccountMade
) -> None:
    await team(module_desk, account, "Aaa")
    async with module_desk.transactions.open() as tx:
        owner = account.owner.actor
        await accounts.invite_user(tx, owner, NewUser(email=f"bea{account.id}@acme.test", first_name="bea"))
        gone = await accounts.create_user(tx, owner, NewUser(email=f"gone{account.id}@acme.test", first_name="Gone"))
        await accounts.deactivate_user(tx, owner, gone.id)
    answer = await get(module_desk, account.user, "/v2/users")
    assert names(answer) == ["Adam", "bea", "Olivia", "Una"]
    assert answer.json()["page"] == {"size": 50, "totalElements": 4, "totalPages": 1, "number": 1}


async def test_pages_of_users(module_desk: Desk, account: AccountMade) -> None:
    answer = await get(module_desk, account.owner, "/v2/users", limit=2, page=2)
    assert names(answer) == ["Una"]
    assert answer.json()["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 2}
    assert set(answer.json()["_links"]) == {"self", "first", "last", "page", "previous", "prev"}
    assert names(await get(module_desk, account.owner, "/v2/users", page=99)) == []


async def test_the_email_filter_is_exact(module_desk: Desk, account: AccountMade) -> None:
    person = await module_desk.make.user(account, email=f"u+{account.id}@acme.test")
    client = await module_desk.client(account.owner)
    for text in (f"u%2B{account.id}@acme.test", f"u+{account.id}@ACME.test"):
        answer = await client.get(f"/v2/users?email={text}")
        assert [item["id"] for item in answer.json()["_embedded"]["users"]] == [person.id]
    assert names(await client.get("/v2/users", params={"email": "acme.test"})) == []


@pytest.mark.parametrize("name", ["mailbox", "mailboxId"])
async def test_the_mailbox_filter_gives_those_who_see_it(module_desk: Desk, account: AccountMade, name: str) -> None:
    mailbox = await module_desk.make.mailbox(account, users=[account.user])
    await module_desk.make.user(account, first_name="Outsider")
    answer = await get(module_desk, account.user, "/v2/users", **{name: mailbox.id})
    assert names(answer) == ["Adam", "Olivia", "Una"]


async def test_a_mailbox_out_of_reach_is_forbidden(module_desk: Desk, account: AccountMade) -> None:
    mailbox = await module_desk.make.mailbox(account)
    other = await module_desk.make.account()
    assert (await get(module_desk, account.user, "/v2/users", mailbox=mailbox.id)).status_code == 403
    assert names(await get(module_desk, other.owner, "/v2/users", mailbox=mailbox.id)) == []
    assert (await get(module_desk, account.owner, "/v2/users", mailbox="x")).status_code == 400


async def test_a_team_answers_as_a_user_of_type_team(module_desk: Desk, account: AccountMade) -> None:
    team_id = await team(module_desk, account, "Tier 2")
    body = (await get(module_desk, account.user, f"/v2/users/{team_id}")).json()
    assert (body["type"], body["firstName"], body["initials"]) == ("team", "Tier 2", "T2")
    assert "role" not in body
    assert "email" not in body


async def test_users_of_others_and_none_are_not_found(module_desk: Desk, account: AccountMade) -> None:
    other = await module_desk.make.account()
    team_id = await team(module_desk, other, "Theirs")
    paths = [
        f"/v2/users/{other.user.id}",
        f"/v2/users/{team_id}",
        f"/v2/teams/{team_id}",
        f"/v2/teams/{team_id}/members",
        f"/v2/teams/{account.user.id}",
        "/v2/users/0",
        "/v2/users/999999999999999999",
        "/v2/users/x",
        f"/v3/system-users/{account.user.id}",
    ]
    client = await module_desk.client(account.owner)
    assert [(await client.get(path)).status_code for path in paths] == [404] * len(paths)


async def test_users_are_neither_made_changed_nor_removed(module_desk: Desk, account: AccountMade) -> None:
    client = await module_desk.client(account.owner)
    path = f"/v2/users/{account.user.id}"
    assert (await client.delete(path)).status_code == 403
    assert (await client.delete("/v2/users/999999999")).status_code == 404
    for method in ("POST", "PUT", "PATCH"):
        assert (await client.request(method, path, json={"role": "owner", "accountId": 1})).status_code == 405
    assert (await client.post("/v2/users", json={"role": "owner"})).status_code == 405
    assert (await client.get(path)).json()["role"] == "user"


async def test_system_users(module_desk: Desk) -> None:
    async with module_desk.transactions.open() as tx:
        made = await accounts.create_account(tx, "New", NewUser(email="first@new.test", first_name="First"))
        owner = await accounts.actor_for_user(tx.connection, made.id, made.owner.id)
        assert owner is not None
        application, _ = await accounts.register_application(tx, owner, "Sync")
        tokens = await accounts.grants.client_credentials(tx, application)
    assert isinstance(tokens, accounts.Tokens)
    client = await module_desk.client(tokens.access_token)
    listed = (await client.get("/v3/system-users")).json()
    item = listed["_embedded"]["system_users"][0]
    assert listed["page"] == {"size": 50, "totalElements": 1, "totalPages": 1, "number": 1}
    assert (item["name"], item["type"]) == ("Workflow", "system_user")
    assert (await client.get(item["_links"]["self"]["href"])).json() == item
    # They have an address of their own, and are no users.
    assert (await client.get(f"/v2/users/{item['id']}")).status_code == 404


async def test_teams_have_every_documented_key(module_desk: Desk, account: AccountMade) -> None:
    team_id = await team(module_desk, account, "Tier 2")
    await team(module_desk, account, "billing")
    answer = await get(module_desk, account.user, "/v2/teams")
    assert names(answer, "teams") == ["billing", "Tier 2"]
    assert answer.json()["page"]["size"] == 50
    item = answer.json()["_embedded"]["teams"][1]
    assert item == (await get(module_desk, account.user, f"/v2/teams/{team_id}")).json()
    assert {key: value for key, value in item.items() if not key.endswith("At")} == {
        "id": team_id,
        "name": "Tier 2",
        "timezone": "UTC",
        "photoUrl": "",
        "mention": "tier2",
        "initials": "T2",
        "_links": {
            "self": {"href": f"{module_desk.base_url}/v2/teams/{team_id}"},
            "members": {"href": f"{module_desk.base_url}/v2/teams/{team_id}/members"},
        },
    }


async def test_members_of_a_team_are_users(module_desk: Desk, account: AccountMade) -> None:
    team_id = await team(module_desk, account, "Tier 1", account.user, account.owner)
    answer = await get(module_desk, account.user, f"/v2/teams/{team_id}/members", limit=1)
    assert names(answer) == ["Olivia"]
    assert answer.json()["page"]["totalElements"] == 2
    assert answer.json()["_embedded"]["users"][0]["role"] == "owner"
    empty = await get(module_desk, account.user, f"/v2/teams/{await team(module_desk, account, 'Nobody')}/members")
    assert empty.json()["_embedded"] == {"users": []}


async def test_all_of_it_needs_a_token(module_desk: Desk) -> None:
    client = await module_desk.client()
    paths = ["/v2/users", "/v2/users/me", "/v2/users/1", "/v2/teams", "/v2/teams/1/members", "/v3/system-users"]
    assert [(await client.get(path)).status_code for path in paths] == [401] * len(paths)
