"""Automatic routing of a mailbox on the wire (spec: 11.4)."""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.mailboxes import AssignmentMethod, Candidate, RoutingState
from waypost.edges.inbox_v2.body import Id
from waypost.edges.inbox_v2.hal import Link, Links


class StateIn(Enum):
    """Whether a mailbox routes."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class RotationOut(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody in the mailbox: how many active and pending conversations they have, and why they get no more."""

    user_id: int
    conversations_count: int
    eligible: bool
    reason: str | UnsetType = UNSET

    @classmethod
    def of(cls, person: Candidate) -> RotationOut:
        """Render."""
        return cls(person.user_id, person.count, person.reason is None, person.reason or UNSET)


class RoutingOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a mailbox hands out its conversations. `rotation` holds everybody who works in it."""

    state: str
    assignment_limit: int
    assignment_method: str
    user_ids: list[int]
    rotation: list[RotationOut]
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, found: RoutingState, base_url: str) -> RoutingOut:
        """Render."""
        settings = found.routing
        mailbox = f"{base_url}/v2/mailboxes/{settings.mailbox_id}"
        return cls(
            state=(StateIn.ENABLED if settings.is_enabled else StateIn.DISABLED).value,
            assignment_limit=settings.assignment_limit,
            assignment_method=settings.method.value,
            user_ids=[person.user_id for person in found.rotation if person.place],
            rotation=[RotationOut.of(person) for person in found.rotation],
            links={"self": Link(f"{mailbox}/routing"), "mailbox": Link(mailbox)},
        )


class RoutingIn(msgspec.Struct, rename="camel", kw_only=True):
    """How a mailbox is to hand out its conversations."""

    state: StateIn
    assignment_limit: int
    assignment_method: AssignmentMethod
    user_ids: list[Id]
