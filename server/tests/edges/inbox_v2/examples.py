"""For every call that writes, a path and a body that it takes: what tests that go through the route table send.

A new call whose body `security.company.body_of` does not satisfy gets its example here.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx

from tests.security.company import MARK, Company, body_of, values_for
from tests.security.routes import Call


def conversation(mailbox_id: int) -> dict[str, Any]:
    """A small conversation with a new customer."""
    return {
        "subject": "Example", "type": "email", "mailboxId": mailbox_id, "status": "active",
        "customer": {"email": f"{uuid4().hex}@example.com"}, "threads": [{"type": "customer", "text": "Hello"}],
    }  # fmt: skip


def _whole(company: Company) -> dict[str, Any]:
    """Bodies of calls by their whole path: what makes a new thing of its own."""
    mailbox_id, definition = company.mailbox.id, {"type": "text", "slug": uuid4().hex, "name": "Example"}
    workflow = {
        "mailboxId": mailbox_id, "type": "manual", "status": "active", "name": f"Example {uuid4().hex}",
        "conditions": [{"any": [{"field": "subject", "operator": "contains", "value": "Example"}]}],
        "actions": [{"type": "changeStatus", "status": "active"}],
    }  # fmt: skip
    webhook = {"url": "https://example.com/hook", "secret": "a secret of it", "events": ["convo.created"]}
    return {
        "/v2/workflows/{workflow_id}": workflow,
        "/v2/workflows/{workflow_id}/run": {"conversationIds": [company.ids["conversation_id"]]},
        "/v2/webhooks/{webhook_id}": webhook,
        "/v2/workflows": workflow,
        "/v2/workflows/dry-run": workflow,
        "/v2/conversations": conversation(mailbox_id),
        "/v2/customers": {"firstName": "Example"},
        "/v2/tags": {"name": uuid4().hex},
        "/v2/customer-properties": definition,
        "/v2/organizations/properties": definition,
        "/v2/organizations": {"name": f"Example {uuid4().hex}"},
        "/v2/saved-replies": {"name": "Example", "text": "Example", "mailboxId": mailbox_id},
        "/v2/webhooks": webhook,
    }


def _parts(company: Company) -> dict[tuple[str, str], Any]:
    """Bodies of calls on a part, by what it is a part of and its name."""
    spoken = {"text": "Example", "customer": {"email": "example@example.com"}}
    return {
        ("mailboxes", "aliases"): {"email": f"{uuid4().hex}@example.com"},
        ("customers", "emails"): {"type": "work", "value": f"{uuid4().hex}@example.com"},
        ("customers", "phones"): {"type": "work", "value": "+43 555 0100"},
        ("conversations", "customer"): spoken,
        ("conversations", "chats"): spoken,
        ("conversations", "fields"): {"fields": [{"id": company.ids["field_id"], "value": MARK}]},
    }


def body_for(call: Call, company: Company) -> Any:
    """A body that the call takes; None where it takes none."""
    if call.method == "DELETE":
        return None
    steps = call.path.split("/")
    whole = _whole(company).get(call.path) if call.method != "PATCH" else None
    body = whole or _parts(company).get((steps[2], steps[-1]))
    return body if body is not None else body_of(call.method, call.path)


async def _another(client: httpx.AsyncClient, company: Company, collection: str) -> dict[str, Any]:
    """One more of the kind, made to be merged."""
    made = {
        "conversations": ("conversationIds", conversation(company.mailbox.id)),
        "customers": ("customerIds", {"firstName": "Example"}),
        "tags": ("tagIds", {"name": uuid4().hex}),
    }
    name, body = made[collection]
    other = await client.post(f"/v2/{collection}", json=body)
    assert other.status_code == 201, other.text
    return {name: [other.json()["id"]]}


async def prepared(client: httpx.AsyncClient, company: Company, call: Call) -> tuple[dict[str, Any], Any]:
    """What fills the placeholders of the path, and the body; made first is what the call needs to be there."""
    values, body = values_for(company, call.path), body_for(call, company)
    if call.path.endswith("/merge"):
        body = await _another(client, company, call.path.split("/")[2])
    if call.path.endswith("/schedule"):
        reply = f"/v2/conversations/{values['conversation_id']}/reply"
        draft = await client.post(reply, json={"text": "Later", "draft": True})
        values["thread_id"] = draft.json()["id"]
    if call.path.endswith(("/undo", "/retry")):
        reply = f"/v2/conversations/{values['conversation_id']}/reply"
        values["thread_id"] = (await client.post(reply, json={"text": "On its way"})).json()["id"]
    is_planned = call.path.endswith("/schedule") and call.method in ("PATCH", "DELETE")
    if is_planned or (call.path.endswith("/snooze") and call.method == "DELETE"):
        put = await client.put(call.filled(values), json=body_for(call._replace(method="PUT"), company))
        assert put.status_code == 204, put.text
    return values, body
