"""Webhook subscriptions on the wire (spec: 11.13; webhooks 4)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.webhooks import EventKind, Webhook, WebhookChanges
from waypost.edges.inbox_v2 import body
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire import operations
from waypost.edges.inbox_v2.wire.operations import Operation
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.kit.errors import FieldError, Invalid

Patch = list[dict[str, Any]] | dict[str, Any]


class WebhookIn(msgspec.Struct, frozen=True, rename="camel"):
    """A subscription as callers send it. `url`, `events` and `secret` are required to make one; the core says so.

    `profile` and what follows are Waypost's own.
    """

    url: str | UnsetType | None = UNSET
    events: list[str] | UnsetType | None = UNSET
    secret: str | UnsetType | None = UNSET
    notification: bool | UnsetType | None = UNSET
    label: str | UnsetType | None = UNSET
    payload_version: str | UnsetType | None = UNSET
    mailbox_ids: list[body.Id] | UnsetType | None = UNSET
    state: str | UnsetType | None = UNSET
    profile: str | UnsetType | None = UNSET
    retry_policy: str | UnsetType | None = UNSET
    ordered: bool | UnsetType | None = UNSET
    include_spam: bool | UnsetType | None = UNSET

    def to_command(self, profile: str | None = None) -> WebhookChanges:
        """Read. `profile` is what the request's header says, which wins."""
        said = {name: getattr(self, name) for name in self.__struct_fields__}
        if profile is not None:
            said["profile"] = profile
        return WebhookChanges(**said)


_KEYS: dict[str, str] = dict(zip(WebhookIn.__struct_fields__, WebhookIn.__struct_encode_fields__, strict=True))
#: A plain object names the same fields as operations do.
_PLAIN = {key: f"/{key}" for key in _KEYS.values()}


def read_patch(data: Any) -> WebhookChanges:
    """Operations (`replace` and `remove` on `/url` and the like), or a plain object of the fields to change.

    A removed field gets its default. Raises Invalid with every operation that is wrong.
    """
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for operation in operations.read(data, _PLAIN):
        key = operation.path.removeprefix("/")
        if key not in _PLAIN:
            errors += operation.refuse("path", "unknown path", "Unknown").errors
            continue
        value = None if operation.op == "remove" else operation.value
        values[key] = value
        errors += _problems(operation, key, value)
    if errors:
        raise Invalid(errors)
    read: WebhookIn = body.read(WebhookIn, values)
    return read.to_command()


def _problems(operation: Operation, key: str, value: Any) -> list[FieldError]:
    found = body.problems_of(WebhookIn, {key: value})
    if not operation.at:
        return found
    return [
        FieldError(operation.at + "value" + item.path.removeprefix(key), item.message, item.kind, item.rejected)
        for item in found
    ]


class WebhookOut(msgspec.Struct, frozen=True, rename="camel"):
    """A subscription. The keys from `profile` on are Waypost's own."""

    id: int
    url: str
    state: str
    events: list[str]
    secret: str
    notification: bool
    payload_version: str
    label: str
    mailbox_ids: list[int]
    created_at: str
    profile: str
    retry_policy: str
    ordered: bool
    include_spam: bool
    updated_at: str
    consecutive_failures: int
    links: Links = msgspec.field(name="_links")
    disabled_reason: str | UnsetType = UNSET
    disabled_at: str | UnsetType = UNSET
    last_success_at: str | UnsetType = UNSET

    @classmethod
    def of(cls, item: Webhook, secret: str, base_url: str) -> WebhookOut:
        """Render, with the secret or its mask."""
        own = address_of(item.id, base_url)
        return cls(
            id=item.id,
            url=item.url,
            state=item.state.value,
            events=item.events,
            secret=secret,
            notification=item.notification,
            payload_version=item.payload_version,
            label=item.label,
            mailbox_ids=item.mailbox_ids,
            created_at=stamp(item.created_at),
            profile=item.profile.value,
            retry_policy=item.retry_policy.value,
            ordered=item.ordered,
            include_spam=item.include_spam,
            updated_at=stamp(item.updated_at),
            consecutive_failures=item.consecutive_failures,
            links={"self": Link(own)},
            disabled_reason=item.disabled_reason if item.disabled_reason is not None else UNSET,
            disabled_at=stamp(item.disabled_at) if item.disabled_at is not None else UNSET,
            last_success_at=stamp(item.last_success_at) if item.last_success_at is not None else UNSET,
        )


class SecretIn(msgspec.Struct, frozen=True):
    """The next secret; one is made where none is given."""

    secret: str | None = None


class SecretOut(msgspec.Struct, frozen=True, rename="camel"):
    """The new secret, shown this once, and how long the one before signs beside it."""

    secret: str
    previous_secret_until: str


class EventOut(msgspec.Struct, frozen=True, rename="camel"):
    """An event that can be subscribed to, by its name or an alias. `isProduced` is false for what cannot happen yet."""

    name: str
    group: str
    description: str
    aliases: list[str]
    is_limited_by_mailboxes: bool
    is_produced: bool

    @classmethod
    def of(cls, kind: EventKind) -> EventOut:
        """Render."""
        aliases = list(kind.aliases)
        return cls(kind.name, kind.group, kind.description, aliases, kind.is_of_mailbox, kind.is_produced)


def address_of(webhook_id: int, base_url: str) -> str:
    """Where a subscription is."""
    return f"{base_url}/v2/webhooks/{webhook_id}"
