"""From facts of the log to events that receivers are told of (spec: webhooks 10)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from waypost.domains.webhooks.names import TAGS, TAGS_ADDED, TAGS_REMOVED
from waypost.kit.events import Fact

CREATED = "convo.created"
CUSTOMER_UPDATED = "customer.updated"
RATED = "satisfaction.ratings.received"

#: Facts that are told under their own name, with the kind of thing that they are about.
_PLAIN = {
    "convo.assigned": "conversation",
    "convo.deleted": "conversation",
    "convo.merged": "conversation",
    "convo.moved": "conversation",
    "convo.status": "conversation",
    "convo.custom-fields": "conversation",
    "convo.customer.reply.created": "conversation",
    "convo.agent.reply.created": "conversation",
    "convo.note.created": "conversation",
    "customer.created": "customer",
    CUSTOMER_UPDATED: "customer",
    "customer.deleted": "customer",
    "tag.created": "tag",
    "tag.updated": "tag",
    "tag.deleted": "tag",
    "organization.created": "organization",
    "organization.updated": "organization",
    "organization.deleted": "organization",
    "user.status.changed": "user",
    RATED: "conversation",
}
#: What belongs to a beginning, a publishing or an end, when it happens in the same transaction.
PART_OF = ("convo.created", "convo.published", "convo.deleted")
_PARTS = frozenset(
    {
        "convo.assigned",
        "convo.status",
        "convo.custom-fields",
        "convo.tags",
        "convo.customer.reply.created",
        "convo.agent.reply.created",
        "convo.note.created",
    }
)
TYPES = frozenset({*_PLAIN, "convo.created", "convo.published", "convo.tags"})
REPLIES = frozenset({"convo.customer.reply.created", "convo.agent.reply.created", "convo.note.created"})
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One event: what happened, when, to what, by whom. `mailbox_id` is None for what belongs to no mailbox."""

    account_id: int
    name: str
    fact_id: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    resource_kind: str
    resource_id: int
    mailbox_id: int | None
    data: dict[str, Any]

    @property
    def event_id(self) -> str:
        """`evt_` and a ULID: the time of the event, then bits that the fact decides. The same however often asked."""
        milliseconds = int(self.at.timestamp() * 1000).to_bytes(6, "big")
        seed = f"{self.account_id}:{self.fact_id}:{self.name}".encode()
        number = int.from_bytes(milliseconds + hashlib.sha256(seed).digest()[:10], "big")
        return "evt_" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def may_be_part(fact: Fact) -> bool:
    """Whether the fact says nothing of its own if its conversation began or ended with it."""
    return fact.type in _PARTS


def of(fact: Fact, *, is_part: bool) -> list[Occurrence]:
    """The events that a fact stands for: none for drafts, imports and parts of a greater one."""
    if fact.subject_id is None or is_part or fact.data.get("is_imported"):
        return []
    if fact.type in ("convo.created", "convo.published"):
        return [] if fact.data.get("is_draft") else [_one(fact, CREATED, "conversation")]
    if fact.type == "convo.tags":
        return _tag_changes(fact)
    # Whoever is known from drafts alone is nobody yet, and becomes somebody when one is sent.
    if fact.type == "customer.created" and fact.data.get("is_draft"):
        return []
    if fact.type == CUSTOMER_UPDATED and fact.data.get("fields") == ["is_draft"]:
        return [_one(fact, "customer.created", "customer")]
    kind = _PLAIN.get(fact.type)
    return [_one(fact, fact.type, kind)] if kind is not None else []


def _tag_changes(fact: Fact) -> list[Occurrence]:
    found = [_one(fact, TAGS, "conversation")]
    if fact.data.get("added"):
        found.append(_one(fact, TAGS_ADDED, "conversation"))
    if fact.data.get("removed"):
        found.append(_one(fact, TAGS_REMOVED, "conversation"))
    return found if len(found) > 1 else []


def _one(fact: Fact, name: str, kind: str) -> Occurrence:
    assert fact.subject_id is not None
    return Occurrence(
        account_id=fact.account_id,
        name=name,
        fact_id=fact.id,
        at=fact.at,
        actor_kind=fact.actor_kind,
        actor_id=fact.actor_id,
        resource_kind=kind,
        resource_id=fact.data.get("conversation_id", fact.subject_id) if kind == "conversation" else fact.subject_id,
        mailbox_id=fact.scope_id if kind == "conversation" else None,
        data=fact.data,
    )
