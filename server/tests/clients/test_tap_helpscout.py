"""tap-helpscout (PyPI): discovery, a full sync, and an incremental one, compared record by record with the database."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients import published
from tests.clients.ground import Ground, ground
from tests.desk import Desk

pytestmark = pytest.mark.anyio

LONG_AGO = "2020-01-01T00:00:00Z"
TIMEOUT_S = 120


class Tap:
    """The program with its three files, run as an orchestrator of data pipelines runs it."""

    def __init__(self, here: Ground, folder: Path) -> None:
        self.here = here
        self.config = folder / "config.json"
        self.catalog = folder / "catalog.json"
        self.state = folder / "state.json"

    async def configure(self) -> None:
        tokens = await self.here.tokens()
        told = {
            "client_id": self.here.app_id,
            "client_secret": self.here.secret,
            "refresh_token": tokens["refresh_token"],
            "start_date": LONG_AGO,
            "user_agent": "tap-helpscout <data@example.com>",
        }
        self.config.write_text(json.dumps(told))

    async def __call__(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            str(published.installed("python/bin/tap-helpscout")),
            "--config",
            str(self.config),
            *arguments,
            env=published.python_environment(self.here.desk.base_url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, log = await asyncio.wait_for(process.communicate(), TIMEOUT_S)
        assert process.returncode == 0, log.decode()
        return output.decode()

    async def discover(self, streams: set[str]) -> set[str]:
        """Write the catalog with these streams selected; the names of all that there are."""
        catalog = json.loads(await self("--discover"))
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if entry["breadcrumb"] == []:
                    entry["metadata"]["selected"] = stream["stream"] in streams
        self.catalog.write_text(json.dumps(catalog))
        return {stream["stream"] for stream in catalog["streams"]}

    async def sync(self) -> dict[str, list[dict[str, Any]]]:
        """One run: records by stream. The last state is kept for the next run."""
        state = ["--state", str(self.state)] if self.state.exists() else []
        output = await self("--catalog", str(self.catalog), *state)
        records: dict[str, list[dict[str, Any]]] = {}
        for message in map(json.loads, output.splitlines()):
            if message["type"] == "RECORD":
                records.setdefault(message["stream"], []).append(message["record"])
            elif message["type"] == "STATE":
                self.state.write_text(json.dumps(message["value"]))
        return records


STREAMS = {
    "conversations",
    "conversation_threads",
    "customers",
    "mailboxes",
    "mailbox_fields",
    "mailbox_folders",
    "teams",
    "team_members",
    "users",
    "workflows",
}


@pytest.fixture
async def here(desk: Desk) -> Ground:
    made = await ground(desk)
    for number in range(27):
        await made.conversation(f"Question {number}", f"customer{number}@example.com")
    conversation = await made.conversation("With everything", "jane@example.com", tags=["vip"])
    file = {"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="}
    await made.made(f"/v2/conversations/{conversation}/reply", {"text": "Hello", "attachments": [file]})
    fields = {"fields": [{"id": made.field_id, "value": "Premium"}]}
    for path, body in (("fields", fields), ("snooze", {"snoozedUntil": "2050-01-01T00:00:00Z"})):
        assert (await made.http.put(f"/v2/conversations/{conversation}/{path}", json=body)).status_code == 204
    await made.workflow()
    close = {"op": "replace", "path": "/status", "value": "closed"}
    closed = await made.conversation("Closed")
    assert (await made.http.patch(f"/v2/conversations/{closed}", json=close)).status_code == 204
    return made


async def rows(here: Ground, sql: str) -> list[dict[str, Any]]:
    async with here.desk.connection() as connection:
        return [dict(row) for row in await connection.fetch(sql, here.account.id)]


def by_id(records: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    found = {record["id"]: record for record in records}
    assert len(found) == len(records), "nothing comes twice"
    return found


async def test_a_full_sync_brings_every_record_that_there_is(here: Ground, tmp_path: Path) -> None:
    tap = Tap(here, tmp_path)
    await tap.configure()
    assert await tap.discover(STREAMS) >= STREAMS

    records = await tap.sync()

    conversations = by_id(records["conversations"])
    stored = await rows(
        here,
        """select c.id, c.number, c.subject, c.status, c.mailbox_id, e.value as email
           from conversation c join customer_entry e on e.account_id = c.account_id
             and e.customer_id = c.primary_customer_id and e.kind = 'email'
           where c.account_id = $1""",
    )
    assert {row["id"] for row in stored} == set(conversations)
    for row in stored:
        told = conversations[row["id"]]
        assert {name: told[name] for name in ("number", "subject", "status", "mailbox_id")} == {
            name: row[name] for name in ("number", "subject", "status", "mailbox_id")
        }
        assert told["primary_customer"]["email"] == row["email"]
        assert told["updated_at"]

    threads = by_id(records["conversation_threads"])
    stored = await rows(here, "select id, conversation_id, body from thread where account_id = $1")
    assert {row["id"] for row in stored} == set(threads)
    for row in stored:
        assert threads[row["id"]]["conversation_id"] == row["conversation_id"]
        assert (threads[row["id"]].get("body") or "") == row["body"]
    [attachment] = [file for thread in threads.values() for file in thread.get("attachments") or []]
    assert (attachment["filename"], attachment["mime_type"], attachment["size"]) == ("a.txt", "text/plain", 5)

    customers = by_id(records["customers"])
    stored = await rows(
        here,
        """select c.id, c.first_name, array_agg(e.value) as emails from customer c
           left join customer_entry e on e.account_id = c.account_id and e.customer_id = c.id and e.kind = 'email'
           where c.account_id = $1 group by c.id, c.first_name""",
    )
    assert {row["id"] for row in stored} == set(customers)
    for row in stored:
        assert customers[row["id"]]["first_name"] == row["first_name"]
        assert [entry["value"] for entry in customers[row["id"]]["emails"]] == row["emails"]

    assert {record["id"] for record in records["mailboxes"]} == {here.support.id, here.sales.id}
    [field] = records["mailbox_fields"]
    assert (field["id"], field["mailbox_id"]) == (here.field_id, here.support.id)
    assert [option["label"] for option in field["options"]] == ["Premium", "Basic"]
    assert {record["mailbox_id"] for record in records["mailbox_folders"]} == {here.support.id, here.sales.id}
    assert [(record["id"], record["name"]) for record in records["teams"]] == [(here.team_id, "Tier 2")]
    members = [(record["team_id"], record["user_id"]) for record in records["team_members"]]
    assert members == [(here.team_id, here.account.user.id)]
    [workflow] = records["workflows"]
    assert (workflow["name"], workflow["mailbox_id"], workflow["status"]) == ("Escalate", here.support.id, "active")
    assert {record["email"] for record in records["users"]} == {
        person.email for person in (here.account.owner, here.account.administrator, here.account.user)
    }


async def test_the_next_sync_brings_what_has_changed_since(here: Ground, tmp_path: Path) -> None:
    tap = Tap(here, tmp_path)
    await tap.configure()
    await tap.discover({"conversations", "conversation_threads"})
    await tap.sync()
    bookmark = json.loads(tap.state.read_text())["bookmarks"]["conversations"]
    # The tap's bookmark is inclusive and to the second: what is older is left out, whatever this second holds.
    async with here.desk.transactions.open() as tx:
        await tx.connection.execute(
            "update conversation set modified_at = modified_at - interval '1 hour' where account_id = $1",
            here.account.id,
        )
    made = await here.conversation("New since")

    records = await tap.sync()

    assert [record["id"] for record in records["conversations"]] == [made]
    assert {record["conversation_id"] for record in records["conversation_threads"]} == {made}
    assert json.loads(tap.state.read_text())["bookmarks"]["conversations"] >= bookmark


async def test_each_run_uses_its_refresh_token_up_and_writes_the_next(here: Ground, tmp_path: Path) -> None:
    tap = Tap(here, tmp_path)
    await tap.configure()
    await tap.discover({"mailboxes"})
    seen = {json.loads(tap.config.read_text())["refresh_token"]}
    for _ in range(3):
        await tap.sync()
        told = json.loads(tap.config.read_text())
        seen.add(told["refresh_token"])
        answer = await here.http.get("/v2/users/me", headers={"Authorization": f"Bearer {told['access_token']}"})
        assert answer.status_code == 200

    assert len(seen) == 4, "a new one each time"
