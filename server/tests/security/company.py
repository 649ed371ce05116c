"""A company with one of everything, and a stranger's bodies that would change each thing if they were let through."""

from __future__ import annotations

from typing import Any

import httpx

from tests.desk import Desk
from tests.make import AccountMade
from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.conversations import Grade
from waypost.domains.mail import Envelope, NewIntake, Preview, intake
from waypost.domains.mailboxes import Mailbox

#: Stands in every text of the company, so that a leak is found by a search for it.
MARK = "zxqvmark"

#: Keys that satisfy every body of the API at once: a call that is refused is refused for whose thing it is.
BODY: dict[str, Any] = {
    "text": "taken over",
    "subject": "taken over",
    "value": "taken@example.com",
    "type": "work",
    "name": "Taken",
    "label": "Taken",
    "slug": "taken",
    "firstName": "Taken",
    "tags": ["taken"],
    "fields": [],
    "fileName": "taken.txt",
    "mimeType": "text/plain",
    "data": "dGFrZW4=",
    "snoozedUntil": "2050-01-01T00:00:00Z",
    "unsnoozeOnCustomerReply": True,
    "scheduledFor": "2050-01-01T00:00:00Z",
    "unscheduleOnCustomerReply": True,
    "lines": ["taken"],
    "city": "Taken",
    "state": "Taken",
    "postalCode": "1",
    "country": "AT",
    "conversationIds": [1],
    "customerIds": [1],
    "tagIds": [1],
    "to": ["taken@example.com"],
}
#: Bodies of calls that read something else than an object of those keys, by the end of the path.
OTHER_BODIES: list[tuple[str, str, Any]] = [
    ("PATCH", "/v2/conversations/{conversation_id}", [{"op": "replace", "path": "/subject", "value": "taken"}]),
    ("PATCH", "/threads/{thread_id}", [{"op": "replace", "path": "/text", "value": "taken"}]),
    ("PATCH", "/schedule", [{"op": "replace", "path": "/state", "value": "published"}]),
    ("PATCH", "/v2/customers/{customer_id}", [{"op": "replace", "path": "/firstName", "value": "Taken"}]),
    ("PATCH", "/properties", [{"op": "replace", "path": "/plan", "value": "taken"}]),
    ("PUT", "/properties", [{"op": "replace", "path": "/plan", "value": "taken"}]),
    ("PUT", "/websites/{entry_id}", {"value": "https://taken.example.com"}),
    ("POST", "/websites", {"value": "https://taken.example.com"}),
    ("PUT", "/users/{user_id}/status", {"status": "away", "customStatus": {"text": "taken"}}),
    (
        "PUT",
        "/routing",
        {"state": "disabled", "assignmentLimit": 1, "assignmentMethod": "balanced", "userIds": []},
    ),
    ("PUT", "/notifications", {"email": {"mentioned": False}}),
    ("PATCH", "/v2/mailboxes/{mailbox_id}", {"name": "Taken"}),
    ("PATCH", "/channel", {"signature": "taken"}),
    ("PUT", "/channel", {"signature": "taken"}),
    ("POST", "/channel/aliases", {"email": "taken@taken.example"}),
    ("POST", "/fields", {"name": "Taken", "type": "number"}),
    ("PUT", "/fields/{field_id}", {"name": "Taken"}),
    ("PATCH", "/v2/workflows/{workflow_id}", [{"op": "replace", "path": "/status", "value": "inactive"}]),
    ("POST", "/v2/customer-properties", {"type": "text", "slug": "own", "name": "Own"}),
    ("POST", "/v2/webhooks", {"url": "https://taken.example/", "events": ["tag.created"], "secret": "taken"}),
    ("PUT", "/v2/webhooks/{webhook_id}", {"url": "https://taken.example/", "events": ["tag.created"]}),
    ("PATCH", "/v2/webhooks/{webhook_id}", {"label": "taken"}),
    ("POST", "/v2/organizations/properties", {"type": "text", "slug": "own", "name": "Own"}),
    ("PUT", "/properties/{slug}", {"value": "taken", "name": "Taken"}),
]


def body_of(method: str, path: str) -> Any:
    for known, end, body in OTHER_BODIES:
        if method == known and path.endswith(end):
            return body
    if path.endswith(("/chats", "/chats/{entry_id}", "/social-profiles", "/social-profiles/{entry_id}")) or (
        "social_profiles" in path
    ):
        return {**BODY, "type": "other"}
    if path.endswith(("/reply", "/notes", "/phones", "/customer", "/note")):
        return {"text": "taken over"}
    return BODY


class Company:
    """The account, its mailbox, and the ids of all that it owns, by the names of the route table's placeholders."""

    def __init__(self, account: AccountMade, mailbox: Mailbox, ids: dict[str, Any]) -> None:
        self.account = account
        self.mailbox = mailbox
        self.ids = ids


async def build(desk: Desk) -> Company:
    account = await desk.make.account(f"Company {MARK}")
    mailbox = await desk.make.mailbox(account, name=f"Box {MARK}")
    client = await desk.client(account.owner)
    ids: dict[str, Any] = {"mailbox_id": mailbox.id, "user_id": account.user.id}
    file = {"fileName": f"{MARK}.txt", "mimeType": "text/plain", "data": "aGVsbG8="}
    customer = await _post(
        client,
        "/v2/customers",
        {
            "firstName": MARK,
            "emails": [{"type": "work", "value": f"{MARK}@example.com"}],
            "phones": [{"type": "work", "value": "+43 1"}],
            "chats": [{"type": "other", "value": MARK}],
            "socialProfiles": [{"type": "other", "value": MARK}],
            "websites": [{"value": f"https://{MARK}.example.com"}],
            "address": {"lines": [MARK], "city": MARK, "state": MARK, "postalCode": "1", "country": "AT"},
        },
    )
    ids["customer_id"] = customer["id"]
    await _post(client, "/v2/customer-properties", {"type": "text", "slug": "plan", "name": f"Plan {MARK}"})
    ids["slug"] = "plan"
    await _post(client, "/v2/organizations/properties", {"type": "text", "slug": "plan", "name": f"Plan {MARK}"})
    organization = await _post(
        client,
        "/v2/organizations",
        {"name": MARK, "domains": [f"{MARK}.example"], "phones": ["+43 1"], "brandColor": "#1292ee", "location": "AT"},
    )
    ids["organization_id"] = organization["id"]
    address = f"/v2/organizations/{organization['id']}"
    assert (await client.put(f"{address}/properties/plan", json={"value": MARK})).status_code == 204
    operation = {"op": "replace", "path": "/organizationId", "value": organization["id"]}
    assert (await client.patch(f"/v2/customers/{customer['id']}", json=[operation])).status_code == 204
    conversation = await _post(
        client,
        "/v2/conversations",
        {
            "subject": MARK,
            "type": "email",
            "mailboxId": mailbox.id,
            "status": "active",
            "customer": {"id": customer["id"]},
            "tags": [MARK],
            "threads": [{"type": "customer", "text": MARK, "attachments": [file]}],
        },
    )
    ids["conversation_id"] = conversation["id"]
    found = (await client.get(f"/v2/conversations/{conversation['id']}?embed=threads")).json()
    thread = found["_embedded"]["threads"][0]
    ids["thread_id"] = thread["id"]
    ids["attachment_id"] = thread["_embedded"]["attachments"][0]["id"]
    ids["tag_id"] = found["tags"][0]["id"]
    reply = await _post(client, f"/v2/conversations/{conversation['id']}/reply", {"text": MARK})
    await _post(client, f"/v2/conversations/{conversation['id']}/customer", {"text": MARK})
    rater = Actor.for_customer(account.id, customer["id"])
    async with desk.transactions.open() as tx:
        ids["rating_id"] = (await conversations.rate(tx, rater, reply["id"], Grade.GREAT, MARK)).id
    async with desk.connection() as connection:
        ids["team_id"] = await connection.fetchval(
            "insert into account_user (account_id, type, first_name) values ($1, 'team', $2) returning id",
            account.id,
            MARK,
        )
        await connection.execute(
            "update customer_entry set bounced_at = now(), bounce_reason = $2 where account_id = $1 and kind = 'email'",
            account.id,
            f"{MARK}@example.com: 5.1.1 no such user",
        )
        rows = await connection.fetch(
            "select kind, min(id) as id from customer_entry where account_id = $1 group by kind", account.id
        )
    reply = await _post(
        client, f"/v2/mailboxes/{mailbox.id}/saved-replies", {"name": MARK, "text": MARK, "chatText": MARK}
    )
    ids["saved_reply_id"] = reply["id"]
    dropdown = {"name": f"Field {MARK}", "type": "dropdown", "options": [{"label": MARK}]}
    field = await _post(client, f"/v2/mailboxes/{mailbox.id}/fields", dropdown)
    ids["alias"] = f"{MARK}{mailbox.id}@alias.example"
    await _post(client, f"/v2/mailboxes/{mailbox.id}/channel/aliases", {"email": ids["alias"]})
    ids["field_id"], ids["option_id"] = field["id"], field["options"][0]["id"]
    # Before there is a webhook, which would be told of all that the workers do.
    workflow = await _post(
        client,
        "/v2/workflows",
        {
            "mailboxId": mailbox.id,
            "type": "manual",
            "status": "active",
            "name": MARK,
            "conditions": [{"any": [{"field": "subject", "operator": "contains", "value": MARK}]}],
            # It is active already: the run is in the history, and the conversation stays as it is.
            "actions": [{"type": "changeStatus", "status": "active"}],
        },
    )
    ids["workflow_id"] = workflow["id"]
    body = {"conversationIds": [conversation["id"]]}
    started = await client.post(f"/v2/workflows/{workflow['id']}/run", json=body)
    assert started.status_code == 204, started.text
    await desk.run_workers()
    webhook = await _post(
        client,
        "/v2/webhooks",
        {"url": f"https://{MARK}.example/hook", "events": ["helpscout.test"], "secret": MARK, "label": MARK},
    )
    ids["webhook_id"] = webhook["id"]
    ids["delivery_id"] = await _deliver(desk, account.id, webhook["id"])
    ids["received_id"] = await _receive(desk, account.id, mailbox.id)
    ids["entries"] = {row["kind"]: row["id"] for row in rows}
    return Company(account, mailbox, ids)


async def _receive(desk: Desk, account_id: int, mailbox_id: int) -> int:
    """A mail that could not be read, its id."""
    raw = f"Subject: {MARK}\r\n\r\n{MARK}".encode()
    new = NewIntake(mailbox_id, "http", raw, Envelope(), Preview("<mark@example.com>", MARK, f"{MARK}@example.com"))
    (taken,) = await intake.take_in(desk.transactions, desk.parts.files, [(account_id, new)])
    async with desk.connection() as connection:
        await connection.execute("update mail_intake set state = 'failed' where id = $1", taken.intake_id)
    assert taken.intake_id is not None
    return taken.intake_id


async def _deliver(desk: Desk, account_id: int, webhook_id: int) -> int:
    """A delivery that has been tried once, its id."""
    async with desk.connection() as connection:
        delivery_id: int = await connection.fetchval(
            """insert into webhook_delivery (account_id, webhook_id, event_id, event_type, resource_kind, resource_id,
                 sequence, body, state, attempts, next_attempt_at, created_at)
               values ($1, $2, 'evt_01HM6Z8Q0000000000000000AB', 'convo.created', 'conversation', 1, 7, $3, 'failed', 1,
                 now() + interval '1 year', now()) returning id""",
            account_id,
            webhook_id,
            MARK.encode(),
        )
        await connection.execute(
            """insert into webhook_attempt (account_id, delivery_id, number, started_at, duration_ms, request_headers,
                 response_status, response_headers, response_body)
               values ($1, $2, 1, now(), 12, $3, 500, $4, $5)""",
            account_id,
            delivery_id,
            {"X-HelpScout-Event": "convo.created"},
            {"Content-Type": "text/plain"},
            MARK.encode(),
        )
    return delivery_id


async def _post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, (path, answer.text)
    return dict(answer.json())


_KINDS = {
    "emails": "email",
    "phones": "phone",
    "chats": "chat",
    "social-profiles": "social_profile",
    "social_profiles": "social_profile",
    "websites": "website",
}


def values_for(company: Company, path: str) -> dict[str, Any]:
    """What fills a path's placeholders with the company's own things."""
    kind = next((kind for part, kind in _KINDS.items() if f"/{part}/" in path), "email")
    return {**company.ids, "entry_id": company.ids["entries"][kind]}


TABLES = (
    "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'account_id'"
)


async def snapshot(desk: Desk, account_id: int) -> dict[str, str]:
    """A digest of every row of an account, by table."""
    async with desk.connection() as connection:
        tables = sorted(row["table_name"] for row in await connection.fetch(TABLES))
        return {
            table: await connection.fetchval(
                f"select md5(coalesce(string_agg(t::text, '|' order by t::text), ''))"
                f" from {table} t where account_id = $1",
                account_id,
            )
            for table in tables
        }
