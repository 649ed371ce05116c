"""The examples of the customer's own specification, one after another with curl, as they stand there.

Only the host, the token and ids that a fresh desk does not have are put in; the JSON is the specification's.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk, desk_with
from waypost.domains import mailboxes
from waypost.domains.accounts import Actor, Dialect, applications
from waypost.domains.mailboxes import FieldType

pytestmark = pytest.mark.anyio

CREATE = """{ "subject": "Need help with billing", "customer": { "email": "customer@example.com", "firstName": "Jane",
"lastName": "Smith" }, "mailboxId": 85, "type": "email", "status": "active", "threads": [{ "type": "customer",
"customer": { "email": "customer@example.com" }, "text": "I have a question about my recent bill. Can you help?" }],
"tags": ["billing", "priority"], "fields": [{ "id": 531, "value": "premium" }] }"""
PATCH = """[ {"op": "replace", "path": "/subject", "value": "Updated subject"},
{"op": "replace", "path": "/status", "value": "closed"}, {"op": "replace", "path": "/assignTo", "value": 123},
{"op": "move", "path": "/mailboxId", "value": 456} ]"""
REPLY = """{ "type": "reply", "text": "I've checked your account and resolved the billing issue.", "draft": false,
"status": "active", "attachments": [{ "fileName": "invoice.pdf", "mimeType": "application/pdf",
"data": "JVBERi0xLjQKJdP..." }] }"""
CUSTOMER = """{ "firstName": "Jane", "lastName": "Smith", "jobTitle": "Marketing Manager",
"organization": "Example Corp", "emails": [{ "type": "work", "value": "jane@example.com" }],
"phones": [{ "type": "work", "value": "+1-555-123-4567" }],
"properties": [{ "slug": "account-type", "value": "Premium" }] }"""


class Curl:
    """Runs curl against a desk and keeps the transcript."""

    def __init__(self, base_url: str, headers: Path) -> None:
        self.base_url = base_url
        self.headers = headers
        self.token = ""

    async def __call__(self, *arguments: str) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body. `{token}` and the platform's own host are put in as anybody would."""
        given = [
            argument.replace("{token}", self.token).replace("https://api.helpscout.net", self.base_url)
            for argument in arguments
        ]
        process = await asyncio.create_subprocess_exec(
            "curl", "--silent", "--show-error", "--dump-header", str(self.headers), *given,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        body, complaint = await process.communicate()
        assert process.returncode == 0, complaint.decode()
        lines = self.headers.read_text().splitlines()
        status = int(lines[0].split()[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        return status, headers, json.loads(body) if body else None


class Seed:
    """A desk with what the specification's examples take for granted."""

    def __init__(self, desk: Desk, curl: Curl, ids: dict[str, Any]) -> None:
        self.desk = desk
        self.curl = curl
        self.ids = ids

    async def send(self, method: str, path: str, body: str) -> tuple[int, dict[str, str], Any]:
        return await self.curl(
            "-X", method, f"https://api.helpscout.net{path}", "-H", "Authorization: Bearer {token}",
            "-H", "Content-Type: application/json", "--data", body,
        )  # fmt: skip

    async def get(self, address: str) -> Any:
        status, headers, body = await self.curl("-H", "Authorization: Bearer {token}", address)
        assert status == 200, body
        assert headers["content-type"] == "application/hal+json"
        return body


@pytest.fixture
async def seed(desk: Desk, tmp_path: Path) -> Seed:
    account = await desk.make.account()
    support = await desk.make.mailbox(account, name="General Support")
    sales = await desk.make.mailbox(account, name="Sales")
    owner = account.owner.actor
    async with desk.transactions.open() as tx:
        field = await mailboxes.create_field(
            tx, owner, support.id, "Account Type", FieldType.DROPDOWN, ["Premium", "Basic"]
        )
        made, secret = await applications.register_application(tx, owner, "curl", "", Dialect.SEED)
    ids = {
        "mailbox": support.id,
        "other": sales.id,
        "field": field.id,
        "user": account.administrator.id,
        "client_id": made.client_id,
        "client_secret": secret,
        "actor": Actor.system(account.id),
    }
    seed = Seed(desk, Curl(desk.base_url, tmp_path / "headers"), ids)
    status, _, token = await seed.curl(
        "-X", "POST", "https://api.helpscout.net/v2/oauth2/token",
        "--data", "grant_type=client_credentials",
        "--data", f"client_id={made.client_id}",
        "--data", f"client_secret={secret}",
    )  # fmt: skip
    assert status == 200
    assert set(token) == {"token_type", "access_token", "expires_in"}
    assert (token["token_type"], token["expires_in"]) == ("bearer", 172800)
    seed.curl.token = token["access_token"]
    await seed.send(
        "POST",
        "/v2/customer-properties",
        '{"type": "dropdown", "slug": "account-type", "name": "Account type", "options": [{"label": "Premium"}]}',
    )
    return seed


def put_in(text: str, **ids: Any) -> str:
    """The example with ids of this desk in the place of its own."""
    for known, value in ids.items():
        text = re.sub(rf"\b{known.removeprefix('n')}\b", str(value), text)
    return text


@desk_with(rate_limit_per_minute=200, write_burst_limit=12)
async def test_the_seeds_conversation_from_beginning_to_end(seed: Seed) -> None:
    ids = seed.ids
    status, headers, made = await seed.send(
        "POST", "/v2/conversations", put_in(CREATE, n85=ids["mailbox"], n531=ids["field"])
    )
    assert status == 201, made
    assert {"id", "number", "subject", "status", "createdAt", "_links"} <= set(made)
    assert (made["subject"], made["status"]) == ("Need help with billing", "active")
    assert made["_links"]["self"]["href"].endswith(f"/v2/conversations/{made['id']}")
    assert headers["resource-id"] == str(made["id"])

    address = (
        f'https://api.helpscout.net/v2/conversations?mailbox={ids["mailbox"]}&status=active&query=(subject:"billing")'
    )
    listed = await seed.get(address.replace('"', "%22"))
    [found] = listed["_embedded"]["conversations"]
    assert found["customFields"] == [
        {"id": ids["field"], "name": "Account Type", "value": found["customFields"][0]["value"], "text": "Premium"}
    ]
    assert found["customFields"][0]["value"].isdigit()
    assert listed["page"] == {"size": 25, "totalElements": 1, "totalPages": 1, "number": 1}
    keys = {
        "id",
        "number",
        "threads",
        "type",
        "status",
        "subject",
        "mailboxId",
        "customFields",
        "createdAt",
        "modifiedAt",
    }
    assert keys <= set(found)

    path = f"/v2/conversations/{made['id']}"
    status, _, answered = await seed.send(
        "POST", f"{path}/reply", REPLY.replace("JVBERi0xLjQKJdP...", "JVBERi0xLjQKJdPr")
    )
    assert status == 201, answered

    threads = (await seed.get(f"https://api.helpscout.net{path}/threads"))["_embedded"]["threads"]
    assert [thread["type"] for thread in threads] == ["message", "customer"]
    assert {"id", "filename", "mimeType", "size", "state"} <= set(threads[0]["_embedded"]["attachments"][0])
    assert {"id", "first", "last", "email"} <= set(threads[1]["customer"])

    status, _, nothing = await seed.send("PATCH", path, put_in(PATCH, n123=ids["user"], n456=ids["other"]))
    assert (status, nothing) == (204, None)
    changed = await seed.get(f"https://api.helpscout.net{path}")
    assert (changed["subject"], changed["status"], changed["mailboxId"]) == ("Updated subject", "closed", ids["other"])
    assert changed["assignee"]["id"] == ids["user"]
    assert {"id", "type", "first", "last", "email"} <= set(changed["assignee"])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ('(subject:"rainbow")', 1),
        ('(tag:"urgent")', 1),
        ("(modifiedAt:[2024-01-01T00:00:00Z TO *])", 2),
        ('(email:"john@example.com")', 1),
        ('(NOT email:"spam@domain.com")', 2),
    ],
)
async def test_the_seeds_queries(seed: Seed, query: str, count: int) -> None:
    for subject, email, tag in (
        ("Over the rainbow", "john@example.com", "urgent"),
        ("Help with setup", "jane@example.com", "later"),
        ("Win a prize", "spam@domain.com", "later"),
    ):
        body = {
            "subject": subject,
            "customer": {"email": email},
            "mailboxId": seed.ids["mailbox"],
            "type": "email",
            "status": "active",
            "threads": [{"type": "customer", "text": "x"}],
            "tags": [tag],
        }
        status, _, made = await seed.send("POST", "/v2/conversations", json.dumps(body))
        assert status == 201, made

    status, _, listed = await seed.curl(
        "-G", "https://api.helpscout.net/v2/conversations", "-H", "Authorization: Bearer {token}",
        "--data-urlencode", f"query={query}",
    )  # fmt: skip

    assert status == 200, listed
    expected = 3 if query.startswith("(modifiedAt") else count
    assert listed["page"]["totalElements"] == expected


async def test_the_seeds_customer(seed: Seed) -> None:
    status, headers, made = await seed.send("POST", "/v2/customers", CUSTOMER)
    assert status == 201, made
    assert {"id", "firstName", "lastName", "emails", "createdAt", "_links"} <= set(made)
    assert made["emails"] == [{**made["emails"][0], "type": "work", "value": "jane@example.com"}]
    assert headers["location"].endswith(f"/v2/customers/{made['id']}")
    listed = await seed.get("https://api.helpscout.net/v2/customers?query=(email:%22jane@example.com%22)")
    assert [item["id"] for item in listed["_embedded"]["customers"]] == [made["id"]]

    base = f"/v2/customers/{made['id']}"
    for path, body in (
        ("emails", '{"type": "home", "value": "jane2@example.com"}'),
        ("phones", '{"type": "work", "value": "+1-555-123-4567"}'),
        ("social_profiles", '{"type": "twitter", "value": "@jane"}'),
    ):
        status, _, entry = await seed.send("POST", f"{base}/{path}", body)
        assert status == 201, entry
    address = '{"lines": ["Main 1"], "city": "Boston", "state": "MA", "postalCode": "02108", "country": "US"}'
    assert (await seed.send("PUT", f"{base}/address", address))[0] == 204


@pytest.mark.parametrize(
    ("path", "rel"),
    [
        ("/v2/mailboxes", "mailboxes"),
        ("/v2/mailboxes/{mailbox}/folders", "folders"),
        ("/v2/mailboxes/{mailbox}/fields", "fields"),
        ("/v2/users", "users"),
        ("/v2/teams", "teams"),
        ("/v2/tags", "tags"),
    ],
)
async def test_the_seeds_lists(seed: Seed, path: str, rel: str) -> None:
    listed = await seed.get("https://api.helpscout.net" + path.format(mailbox=seed.ids["mailbox"]))

    assert isinstance(listed["_embedded"][rel], list)
    assert {"size", "totalElements", "totalPages", "number"} == set(listed["page"])


async def test_the_seeds_error(seed: Seed) -> None:
    without_subject = put_in(CREATE, n85=seed.ids["mailbox"]).replace('"subject": "Need help with billing", ', "")

    status, headers, body = await seed.send("POST", "/v2/conversations", without_subject)

    assert status == 422
    assert headers["content-type"] == "application/vnd.error+json"
    assert body["message"] == "Validation failed"
    assert {key: body["_embedded"]["errors"][0][key] for key in ("path", "message", "source")} == {
        "path": "subject",
        "message": "may not be empty",
        "source": "JSON",
    }
    assert body["logRef"]
