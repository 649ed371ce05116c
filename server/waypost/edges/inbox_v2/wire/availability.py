"""Availability of users on the wire (spec: 11.8)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waypost.domains.accounts import Actor, Availability, ChatChange, ChatStatus, CustomStatus, EmailStatus
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.kit.errors import FieldError, Invalid

_DIGITS_OF_AN_ID = 19


class CustomStatusOut(msgspec.Struct, frozen=True, rename="camel"):
    """A user's own words."""

    text: str
    emoji: str
    emoji_name: str


class EmailStatusOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a user answers mail. Who said so, and by what, once somebody has."""

    status: str
    updated_at: str
    performed_by: int | UnsetType = UNSET
    source: str | UnsetType = UNSET
    custom_status: CustomStatusOut | UnsetType = UNSET


class ChatStatusOut(msgspec.Struct, frozen=True, rename="camel"):
    """Whether a user takes chats, and where it is otherwise: mailbox id to status."""

    status: str
    mailbox_statuses: dict[str, str]


class AvailabilityOut(msgspec.Struct, frozen=True, rename="camel"):
    """Whether a user is there."""

    user_id: int
    email: EmailStatusOut
    chat: ChatStatusOut
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, held: Availability, actor: Actor, base_url: str) -> AvailabilityOut:
        """Render for the actor: mailboxes that the actor does not see are not named."""
        custom = held.custom
        seen = {str(key): status.value for key, status in held.chat_mailbox_statuses.items() if actor.sees_mailbox(key)}
        return cls(
            user_id=held.user_id,
            email=EmailStatusOut(
                status=held.status.value,
                updated_at=stamp(held.updated_at),
                performed_by=held.performed_by_user_id or UNSET,
                source=held.source.value if held.source else UNSET,
                custom_status=CustomStatusOut(custom.text, custom.emoji, custom.emoji_name) if custom else UNSET,
            ),
            chat=ChatStatusOut(held.chat_status.value, seen),
            links={
                "self": Link(f"{base_url}/v2/users/{held.user_id}/status"),
                "user": Link(f"{base_url}/v2/users/{held.user_id}"),
            },
        )


class CustomStatusIn(msgspec.Struct, rename="camel"):
    """A user's own words to be."""

    text: Annotated[str, Meta(min_length=1)]
    emoji: str | None = None
    emoji_name: str | None = None


class ChatStatusIn(msgspec.Struct, rename="camel"):
    """What is to be so for chats; what is missing or null stays."""

    status: ChatStatus | None = None
    mailbox_statuses: dict[str, ChatStatus] | None = None

    def to_command(self) -> ChatChange:
        """Read. Raises Invalid for keys that are no ids."""
        by_mailbox = self.mailbox_statuses or {}
        refused = [key for key in by_mailbox if not (key.isascii() and key.isdigit() and len(key) < _DIGITS_OF_AN_ID)]
        if refused:
            at = "chat.mailboxStatuses"
            raise Invalid([FieldError(f"{at}.{key}", "invalid identifier", "Identifier", key) for key in refused])
        return ChatChange(
            status=UNSET if self.status is None else self.status,
            mailbox_statuses=UNSET
            if self.mailbox_statuses is None
            else {int(key): status for key, status in by_mailbox.items()},
        )


class AvailabilityIn(msgspec.Struct, rename="camel"):
    """Whether a user is to be there. Without `customStatus` there is none any more."""

    status: EmailStatus
    custom_status: CustomStatusIn | None = None
    chat: ChatStatusIn | None = None

    def custom(self) -> CustomStatus | None:
        """The user's own words."""
        sent = self.custom_status
        return CustomStatus(sent.text, sent.emoji or "", sent.emoji_name or "") if sent is not None else None
