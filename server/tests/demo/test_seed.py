"""Filling the demo account: all that an evaluator wants to touch is there, once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.desk import Desk
from waypost.demo import access, cast, material, seed
from waypost.demo.access import DemoAccess
from waypost.domains import accounts
from waypost.domains.accounts import passwords

#: Enough where the material itself is not what is tested.
FEW = 40
SERVER = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
async def filled(module_desk: Desk) -> DemoAccess:
    return await seed.fill(module_desk.parts)


@pytest.fixture
async def api(module_desk: Desk, filled: DemoAccess) -> httpx.AsyncClient:
    """The API as the demo's own OAuth application sees it."""
    return await module_desk.client(await token(module_desk, filled.client_id, filled.client_secret))


async def token(desk: Desk, client_id: str, client_secret: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    answer = await (await desk.client()).post("/v2/oauth2/token", data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def embedded(api: httpx.AsyncClient, path: str, name: str) -> list[dict[str, Any]]:
    answer = await api.get(path)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["_embedded"][name]
    return items


async def counts(desk: Desk) -> dict[str, int]:
    """Rows of every table."""
    async with desk.connection() as connection:
        names = await connection.fetch("select relname from pg_stat_user_tables order by 1")
        return {row["relname"]: await connection.fetchval(f'select count(*) from "{row["relname"]}"') for row in names}


@pytest.mark.parametrize(
    ("name", "language", "query", "article"),
    [
        ("hilfe", "german", "gelöschte Nachricht", "Gelöschte Nachrichten wiederfinden"),
        ("hilfe", "german", "kündigen Tarife", "Den Tarif wechseln oder kündigen"),
        ("aide", "french", "factures téléchargées", "Télécharger une facture"),
        ("aide", "french", "messages supprimer", "Retrouver un message supprimé"),
    ],
)
async def test_help_centers_in_other_languages_know_their_forms_of_words(
    module_desk: Desk, filled: DemoAccess, name: str, language: str, query: str, article: str
) -> None:
    client = await module_desk.client()
    client.auth = httpx.BasicAuth(filled.docs_api_key, "X")
    sites = (await client.get("/v1/sites")).json()["sites"]["items"]
    site = next(one for one in sites if one["subDomain"] == name)
    found = await client.get("/v1/search/articles", params={"query": query, "siteId": site["id"]})
    assert site["language"] == language
    assert article in [one["name"] for one in found.json()["articles"]["items"]], found.text
    assert len(sites) == 3


async def test_mailboxes_sign_and_one_is_rated(api: httpx.AsyncClient) -> None:
    settings = {}
    for mailbox in await embedded(api, "/v2/mailboxes", "mailboxes"):
        settings[mailbox["email"]] = (await api.get(f"/v2/mailboxes/{mailbox['id']}/channel")).json()
    rated = {email: found["ratings"] for email, found in settings.items()}
    assert rated == {"support@junipermail.test": True, "orders@junipermail.test": False}
    for found in settings.values():
        assert found["signature"] == "<p>{%user.firstName%} {%user.lastName%}<br>Juniper Mail</p>"
        assert found["autoReply"]["enabled"] is False
        assert found["autoReply"]["body"].startswith("<p>Hello {%customer.firstName,fallback=there%},</p>")


async def test_users_of_every_role_can_sign_in_with_the_shared_password(
    module_desk: Desk, filled: DemoAccess, api: httpx.AsyncClient
) -> None:
    users = await embedded(api, "/v2/users", "users")
    assert Counter(user["role"] for user in users) == {"owner": 1, "admin": 2, "user": 5}
    assert {user["email"] for user in users} == {user.email for user in cast.USERS}
    async with module_desk.connection() as connection:
        hashes = [
            row[0] for row in await connection.fetch("select password_hash from account_user where type = 'user'")
        ]
    assert await passwords.matches(filled.user_password, hashes[0])
    assert None not in hashes
    assert len(set(hashes)) == len(hashes)


async def test_teams_have_their_members(api: httpx.AsyncClient) -> None:
    teams = {team["name"]: team["id"] for team in await embedded(api, "/v2/teams", "teams")}
    assert set(teams) == {"Tier 2", "Billing"}
    members = await embedded(api, f"/v2/teams/{teams['Tier 2']}/members", "users")
    assert {member["firstName"] for member in members} == {"Jonas", "Tomáš", "Priya"}


async def test_two_mailboxes_have_fields_of_every_type_with_a_dropdown_in_the_first(
    filled: DemoAccess, api: httpx.AsyncClient
) -> None:
    mailboxes = await embedded(api, "/v2/mailboxes", "mailboxes")
    assert [mailbox["id"] for mailbox in mailboxes] == filled.mailbox_ids
    fields = await embedded(api, f"/v2/mailboxes/{filled.mailbox_ids[0]}/fields", "fields")
    assert {field["type"] for field in fields} == {"dropdown", "singleline", "multiline", "number", "date"}
    dropdown = next(field for field in fields if field["type"] == "dropdown")
    assert [option["label"] for option in dropdown["options"]] == ["Windows", "macOS", "Linux", "Android", "Other"]
    folders = await embedded(api, f"/v2/mailboxes/{filled.mailbox_ids[0]}/folders", "folders")
    assert "mytickets" in {folder["type"] for folder in folders}


async def test_both_mailboxes_have_saved_replies_some_of_them_for_chats(
    filled: DemoAccess, api: httpx.AsyncClient
) -> None:
    for mailbox_id, count in zip(filled.mailbox_ids, (4, 2), strict=True):
        found = await embedded(api, f"/v2/mailboxes/{mailbox_id}/saved_replies", "saved_replies")
        assert len(found) == count
        assert any(item["chatPreview"] for item in found)
        assert all(item["preview"] for item in found)


async def test_somebody_is_away_and_new_orders_find_somebody_by_themselves(
    module_desk: Desk, filled: DemoAccess, api: httpx.AsyncClient
) -> None:
    await module_desk.run_workers()
    statuses = [item["email"] for item in await embedded(api, "/v2/users/status", "userStatuses")]
    assert Counter(item["status"] for item in statuses) == {"active": 7, "away": 1}
    assert {item["customStatus"]["text"] for item in statuses if "customStatus" in item} == {
        "Lunch", "Working from Pune this week",
    }  # fmt: skip
    routing = (await api.get(f"/v2/mailboxes/{filled.mailbox_ids[1]}/routing")).json()
    assert (routing["state"], len(routing["userIds"])) == ("enabled", 3)
    assert any(person["eligible"] for person in routing["rotation"])
    async with module_desk.connection() as connection:
        assert await connection.fetchval("select count(*) from routing_queue") == 0


async def test_plain_users_see_only_the_mailboxes_that_they_were_given(module_desk: Desk, filled: DemoAccess) -> None:
    async with module_desk.connection() as connection:
        rows = await connection.fetch(
            """select u.mention, array_agg(m.mailbox_id order by m.mailbox_id) as seen
               from mailbox_user m join account_user u on u.account_id = m.account_id and u.id = m.user_id group by 1"""
        )
    seen = {row["mention"]: row["seen"] for row in rows}
    assert seen["tomas"] == filled.mailbox_ids[:1]
    assert seen["wren"] == filled.mailbox_ids


async def test_every_conversation_is_there_with_its_times_status_and_words(
    module_desk: Desk, filled: DemoAccess
) -> None:
    wanted = list(material.conversations())
    async with module_desk.connection() as connection:
        rows = await connection.fetch(
            """select split_part(substr(t.message_id, 2), '.0@', 1) as source, c.* from conversation c
               join thread t on t.account_id = c.account_id and t.conversation_id = c.id and t.message_id like '%.0@%'
               where c.account_id = (select account_id from mailbox where id = $1)""",
            filled.mailbox_ids[0],
        )
        found = {row["source"]: row for row in rows}
        now = max(row["created_at"].timestamp() for row in rows) + min(
            item.messages[0].age_s for item in wanted if item.id in found
        )
    mailed = [item for item in wanted if item.channel == "email"]
    assert len(found) == len(mailed)
    for item in mailed:
        row = found[item.id]
        assert row["status"] == item.status, item.id
        assert row["type"] == "email"
        assert abs(now - item.messages[0].age_s - row["created_at"].timestamp()) < 2, item.id
        assert row["thread_count"] == len(item.messages), item.id
        assert row["modified_at"] >= row["created_at"]
        assert (row["closed_at"] is None) == (item.status != "closed")
    spread = {row["modified_at"].date() for row in rows}
    assert len(spread) > 30


async def test_conversations_of_every_kind_and_status_exist(api: httpx.AsyncClient) -> None:
    async def total(**filters: str) -> int:
        answer = await api.get("/v2/conversations", params=filters)
        assert answer.status_code == 200, answer.text
        number: int = answer.json()["page"]["totalElements"]
        return number

    for status in ("active", "pending", "closed", "spam"):
        assert await total(status=status) > 5, status
    items = [item for item in material.conversations() if "imap" in item.tags]
    assert await total(status="all", tag="imap") == len(items) > 0


async def test_notes_drafts_snoozes_calls_chats_and_attachments_exist(module_desk: Desk, filled: DemoAccess) -> None:
    async with module_desk.connection() as connection:
        types = dict(await connection.fetch("select type, count(*) from thread group by 1"))
        drafts = await connection.fetchval("select count(*) from thread where state = 'draft' and type = 'message'")
        snoozed = await connection.fetchval("select count(*) from conversation where snoozed_until > now()")
        files = await connection.fetchval("select count(*) from attachment where size > 0")
        assigned = await connection.fetchval("select count(*) from conversation where assignee_id is not null")
    assert {"customer", "message", "note", "phone", "chat"} <= set(types)
    assert drafts == 5
    assert snoozed == 6
    assert files > 0
    assert assigned > 100
    assert filled.base_url == module_desk.base_url


async def test_mails_arrived_at_their_moment_and_keep_their_raw_form(module_desk: Desk) -> None:
    mails = list(material.emails())
    async with module_desk.connection() as connection:
        rows = await connection.fetch("select * from received_mail where outcome <> 'duplicate'")
        oldest = await connection.fetchval("select min(created_at) from thread where source_file is not null")
        newest = await connection.fetchval("select max(created_at) from thread where source_file is not null")
    assert len(rows) > len(mails) - 5
    raw = {mail.raw for mail in mails}
    for row in rows:
        assert await module_desk.parts.files.read(row["storage_key"]) in raw
    assert (newest - oldest).days > 10


async def test_customers_have_every_kind_of_entry(api: httpx.AsyncClient) -> None:
    rich = material.customers()[0]
    [found] = await embedded(api, f"/v2/customers?email={rich.emails[0].value}", "customers")
    answer = await api.get(f"/v2/customers/{found['id']}")
    shown = answer.json()
    for name in ("emails", "phones", "chats", "social_profiles", "websites", "properties"):
        assert shown["_embedded"][name], name
    assert shown["_embedded"]["address"]["city"] == rich.address.city
    assert shown["organization"] == rich.organization


async def test_organizations_have_members_conversations_and_properties(api: httpx.AsyncClient) -> None:
    [first, *others] = await embedded(api, "/v2/organizations?sort=customerCount", "organizations")
    assert len(others) == len(cast.ORGANIZATIONS) - 1
    assert first["customerCount"] > 1
    assert first["conversationCount"] > 0
    assert {"website", "description", "location", "note", "brandColor"} <= set(first)
    shown = (await api.get(f"/v2/organizations/{first['id']}?includeProperties=true")).json()
    assert {held["slug"] for held in shown["_embedded"]["properties"]} == {"tier", "seats", "renewal"}
    members = await embedded(api, f"/v2/organizations/{first['id']}/customers", "customers")
    assert {member["organization"] for member in members} == {first["name"]}


async def test_nothing_of_the_demo_waits_to_be_mailed(module_desk: Desk, filled: DemoAccess) -> None:
    await module_desk.run_workers()
    async with module_desk.connection() as connection:
        assert await connection.fetchval("select count(*) from sent_mail") == 0
        assert await connection.fetchval("select count(*) from pgqueuer") == 0
    assert filled.docs_api_key


async def test_both_applications_give_tokens_and_the_key_is_the_owners(module_desk: Desk, filled: DemoAccess) -> None:
    assert await token(module_desk, filled.client_id, filled.client_secret)
    platform = await module_desk.client(
        await token(module_desk, filled.platform_client_id, filled.platform_client_secret)
    )
    refused = await platform.post("/v2/customers", json={"firstName": 7})
    assert refused.status_code == 400
    async with module_desk.connection() as connection:
        holder = await accounts.authenticate_api_key(connection, filled.docs_api_key)
    assert holder is not None
    assert holder.is_administrator


async def test_the_file_is_private_and_holds_what_was_told(module_desk: Desk, filled: DemoAccess) -> None:
    path = module_desk.parts.settings.data_dir / access.FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert msgspec.json.decode(path.read_bytes(), type=DemoAccess) == filled
    assert set(msgspec.json.decode(path.read_bytes())) == {
        "base_url", "user_email", "user_password", "client_id", "client_secret", "platform_client_id",
        "platform_client_secret", "docs_api_key", "mailbox_ids",
    }  # fmt: skip


async def test_filling_again_changes_nothing(module_desk: Desk, filled: DemoAccess) -> None:
    before = await counts(module_desk)
    told: list[tuple[str, int, int]] = []
    assert await seed.fill(module_desk.parts, lambda *step: told.append(step)) == filled
    assert await counts(module_desk) == before
    assert told == []


async def test_an_interrupted_filling_leaves_nothing_and_the_next_one_begins_again(desk: Desk) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(what: str, done: int, of: int) -> None:
        if what.startswith("Conversations") and done == 20:
            raise Interrupted

    empty = await counts(desk)
    with pytest.raises(Interrupted):
        await seed.fill(desk.parts, interrupt, most=FEW)
    assert await counts(desk) == empty
    first, second = await asyncio.gather(seed.fill(desk.parts, most=FEW), seed.fill(desk.parts, most=FEW))
    assert first == second
    async with desk.connection() as connection:
        assert await connection.fetchval("select count(*) from account") == 1


KILLED_HALF_WAY = """
import asyncio, os, signal, sys
from pathlib import Path
from waypost import runtime
from waypost.config import Settings
from waypost.demo import seed

def die(what, done, of):
    if done == 30:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with runtime.open_desk(Settings(data_dir=Path(sys.argv[2]), database_url=sys.argv[1])) as desk:
        await seed.fill(desk, die, most=40)

asyncio.run(main())
"""


async def test_a_process_that_is_killed_half_way_leaves_a_database_that_can_be_filled(desk: Desk) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED_HALF_WAY, desk.dsn, str(desk.parts.settings.data_dir),
        env={**os.environ, "PYTHONPATH": str(SERVER)},
    )  # fmt: skip
    assert await child.wait() == -signal.SIGKILL
    async with desk.connection() as connection:
        assert await connection.fetchval("select count(*) from account") == 0
    found = await seed.fill(desk.parts, most=FEW)
    assert await token(desk, found.client_id, found.client_secret)


async def test_lost_secrets_are_given_anew_and_the_rest_stays(desk: Desk) -> None:
    first = await seed.fill(desk.parts, most=FEW)
    before = await counts(desk)
    (desk.parts.settings.data_dir / access.FILE_NAME).write_text("not JSON")
    second = await seed.fill(desk.parts, most=FEW)
    assert (second.client_id, second.mailbox_ids) == (first.client_id, first.mailbox_ids)
    assert second.client_secret != first.client_secret
    assert await token(desk, second.client_id, second.client_secret)
    after = await counts(desk)
    assert after["conversation"] == before["conversation"]
    assert after["oauth_application"] == before["oauth_application"]
    assert await seed.fill(desk.parts, most=FEW) == second
