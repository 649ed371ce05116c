"""`data` of the seed's envelope, event by event (spec: webhooks 6.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from waypost.domains.accounts import User
from waypost.domains.conversations import Conversation, Person, Thread
from waypost.domains.customers import Customer, EntryKind
from waypost.domains.webhooks import Material, Occurrence
from waypost.edges.hooks_out.times import stamp

Data = dict[str, Any]
_SYSTEM = {"id": 0, "firstName": "System", "lastName": ""}
_RATINGS = {"not_good": "bad"}


def data(event: Occurrence, material: Material) -> Data | None:
    """What happened, in the seed's words; None when what it was about cannot be told any more."""
    if event.name == "helpscout.test":
        return {"id": event.resource_id}
    if event.resource_kind == "conversation":
        conversation = material.conversations.get(event.resource_id)
        return _CONVERSATIONS[event.name](event, conversation, material) if conversation is not None else None
    if event.resource_kind == "customer":
        return _customer(event, material)
    if event.resource_kind == "tag":
        return _tag(event, material)
    if event.resource_kind == "organization":
        return _organization(event)
    user = material.users.get(event.resource_id)
    status = event.data.get("status")
    return {"id": event.resource_id, "email": user.email if user is not None else "", "status": status}


# ---------------------------------------------------------------- persons


def person(found: Person, *, with_email: bool = True) -> Data:
    """A person of a conversation or thread."""
    named: Data = {"id": found.id, "firstName": found.first, "lastName": found.last}
    return {**named, "email": found.email} if with_email else named


def _user(found: User | None, *, with_email: bool = False) -> Data | None:
    if found is None:
        return None
    named: Data = {"id": found.id, "firstName": found.first_name, "lastName": found.last_name}
    return {**named, "email": found.email} if with_email else named


def _actor(event: Occurrence, material: Material) -> Data:
    """Who did it: a user, a customer, or the desk itself."""
    if event.actor_kind == "user" and event.actor_id in material.users:
        return _user(material.users[event.actor_id]) or _SYSTEM
    if event.actor_kind == "customer" and event.actor_id in material.customers:
        by = material.customers[event.actor_id]
        return {"id": by.id, "firstName": by.first_name, "lastName": by.last_name}
    return _SYSTEM


# ---------------------------------------------------------------- conversations


def _created(event: Occurrence, of: Conversation, material: Material) -> Data:  # noqa: ARG001 - one signature for all
    return {
        "id": of.id,
        "number": of.number,
        "type": of.type,
        "status": of.status,
        "subject": of.subject,
        "mailboxId": of.mailbox_id,
        "customer": person(of.primary_customer),
        "assignee": person(of.assignee) if of.assignee is not None else None,
        "createdAt": stamp(of.created_at),
        "tags": [tag.name for tag in of.tags],
        "preview": of.preview,
    }


def _assigned(event: Occurrence, of: Conversation, material: Material) -> Data:
    assignee_id = event.data.get("assignee_id")
    return {
        "id": of.id,
        "assignee": _user(material.users.get(assignee_id), with_email=True) if assignee_id else None,
        "assignedBy": _actor(event, material),
        "previousAssignee": _user(material.users.get(event.data.get("previous_id") or 0), with_email=True),
        "number": of.number,
        "mailboxId": of.mailbox_id,
    }


def _status(event: Occurrence, of: Conversation, material: Material) -> Data:
    by = _actor(event, material)
    status = event.data["status"]
    told: Data = {"id": of.id, "status": status, "previousStatus": event.data["previous"]}
    if status == "closed":
        told["closedBy"] = by
    return {**told, "changedBy": by, "number": of.number}


def _thread(event: Occurrence, of: Conversation, material: Material) -> Data | None:
    found = material.threads.get(event.data.get("thread_id", 0))
    if found is None:
        return None
    return {"conversationId": of.id, "thread": _THREADS[event.name](found)}


def _customers_thread(found: Thread) -> Data:
    by = found.customer or found.created_by
    return {
        "id": found.id,
        "type": "customer",
        "body": found.body,
        "customer": person(by, with_email=False),
        "createdAt": stamp(found.created_at),
        "attachments": _attachments(found),
    }


def _users_thread(kind: str) -> Callable[[Thread], Data]:
    def render(found: Thread) -> Data:
        told: Data = {
            "id": found.id,
            "type": kind,
            "body": found.body,
            "createdBy": {**person(found.created_by), "type": found.created_by.type},
            "createdAt": stamp(found.created_at),
            "attachments": _attachments(found),
        }
        return {**told, "status": found.status} if kind == "reply" else told

    return render


def _attachments(found: Thread) -> list[Data]:
    return [
        {"id": file.id, "filename": file.file_name, "mimeType": file.mime_type, "size": file.size}
        for file in found.attachments
    ]


_THREADS: dict[str, Callable[[Thread], Data]] = {
    "convo.customer.reply.created": _customers_thread,
    "convo.agent.reply.created": _users_thread("reply"),
    "convo.note.created": _users_thread("note"),
}


def _deleted(event: Occurrence, of: Conversation, material: Material) -> Data:
    return {"id": of.id, "deletedBy": _actor(event, material)}


def _merged(event: Occurrence, of: Conversation, material: Material) -> Data:
    ids = event.data.get("merged_conversation_ids", [])
    return {"id": of.id, "mergedConversationIds": ids, "mergedBy": _actor(event, material), "number": of.number}


def _moved(event: Occurrence, of: Conversation, material: Material) -> Data:
    return {
        "id": of.id,
        "mailboxId": event.data["mailbox_id"],
        "previousMailboxId": event.data["previous_mailbox_id"],
        "movedBy": _actor(event, material),
        "number": of.number,
    }


def _tags(*changed: str) -> Callable[[Occurrence, Conversation, Material], Data]:
    def render(event: Occurrence, of: Conversation, material: Material) -> Data:
        told: Data = {"id": of.id}
        if len(changed) == 1:
            told["tags"] = event.data.get(changed[0], [])
        else:
            told |= {name: event.data.get(name, []) for name in changed}
        return {**told, "allTags": [tag.name for tag in of.tags], "changedBy": _actor(event, material)}

    return render


def _fields(event: Occurrence, of: Conversation, material: Material) -> Data:
    values = [{"id": held.id, "name": held.name, "value": held.value, "text": held.text} for held in of.fields]
    changed = event.data.get("field_ids", [])
    return {"id": of.id, "customFields": values, "changed": changed, "changedBy": _actor(event, material)}


def _rated(event: Occurrence, of: Conversation, material: Material) -> Data | None:
    found = material.ratings.get(event.data["rating_id"])
    if found is None:
        return None
    return {
        "conversationId": of.id,
        "rating": {
            "id": found.id,
            "rating": _RATINGS.get(found.grade.value, found.grade.value),
            "ratingCustomerId": found.customer.id,
            "ratingUserId": found.user.id if found.user is not None else None,
            "comments": found.comments,
            "createdAt": stamp(found.created_at),
        },
        "threadId": found.thread_id,
    }


_CONVERSATIONS: dict[str, Callable[[Occurrence, Conversation, Material], Data | None]] = {
    "convo.created": _created,
    "convo.assigned": _assigned,
    "convo.status": _status,
    "convo.customer.reply.created": _thread,
    "convo.agent.reply.created": _thread,
    "convo.note.created": _thread,
    "convo.deleted": _deleted,
    "convo.merged": _merged,
    "convo.moved": _moved,
    "convo.tags.added": _tags("added"),
    "convo.tags.removed": _tags("removed"),
    "convo.tags": _tags("added", "removed"),
    "convo.custom-fields": _fields,
    "satisfaction.ratings.received": _rated,
}


# ---------------------------------------------------------------- all others


def _customer(event: Occurrence, material: Material) -> Data | None:
    found = material.customers.get(event.resource_id)
    if event.name == "customer.deleted":
        return {"id": event.resource_id}
    if found is None:
        return None
    told: Data = {
        "id": found.id,
        "firstName": found.first_name,
        "lastName": found.last_name,
        "emails": _entries(found, EntryKind.EMAIL),
        "organization": found.organization.name if found.organization is not None else None,
        "jobTitle": found.job_title,
        "createdAt": stamp(found.created_at),
    }
    if event.name == "customer.created":
        return told
    return {
        **told,
        "phones": _entries(found, EntryKind.PHONE),
        "properties": [
            {"slug": held.slug, "name": held.name, "value": held.value, "text": held.text} for held in found.properties
        ],
        "updatedAt": stamp(found.updated_at),
        "changedFields": [_camel(name) for name in event.data.get("fields", [])],
    }


def _entries(of: Customer, kind: EntryKind) -> list[Data]:
    return [{"id": entry.id, "value": entry.value, "type": entry.type} for entry in of.entries if entry.kind is kind]


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _tag(event: Occurrence, material: Material) -> Data | None:
    found = material.tags.get(event.resource_id)
    if event.name == "tag.deleted":
        return {"id": event.resource_id}
    if found is None:
        return None
    return {"id": found.id, "name": found.name, "slug": found.slug, "color": found.color}


def _organization(event: Occurrence) -> Data:
    if event.name == "organization.deleted":
        return {"id": event.resource_id}
    return {
        "id": event.resource_id,
        "name": event.data.get("name", ""),
        "domains": event.data.get("domains", []),
    }
