"""A customer's entries and address on the wire (spec: 8.7, 8.8)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.customers import Address, Entry, EntryKind, NewAddress, NewEntry
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp

#: The collections as they stand in paths; profiles have two spellings.
PATHS: dict[EntryKind, str] = {
    EntryKind.EMAIL: "emails",
    EntryKind.PHONE: "phones",
    EntryKind.CHAT: "chats",
    EntryKind.SOCIAL_PROFILE: "social-profiles",
    EntryKind.WEBSITE: "websites",
}


class EntryIn(msgspec.Struct, frozen=True):
    """An entry to add or to put in the place of one."""

    value: str | None = None
    type: str | None = None

    def to_command(self, kind: EntryKind, at: str = "") -> NewEntry:
        """Read; `at` is where the entry stood in the body."""
        prefix = f"{at}." if at else ""
        return NewEntry(kind=kind, value=self.value, type=self.type, value_at=f"{prefix}value", type_at=f"{prefix}type")


class BounceOut(msgspec.Struct, frozen=True):
    """Since when mail to an address comes back for good, and what the other server said."""

    at: str
    reason: str


class EntryOut(msgspec.Struct, frozen=True):
    """An entry inside a customer or a collection. Websites have no type; only addresses that bounced have `bounce`."""

    id: int
    value: str
    type: str | UnsetType = UNSET
    bounce: BounceOut | UnsetType = UNSET
    links: Links | UnsetType = msgspec.field(name="_links", default=UNSET)

    @classmethod
    def of(cls, entry: Entry, address: str | None = None) -> EntryOut:
        """Render; with the entry's own address where it stands alone."""
        links: Links | UnsetType = {"self": Link(address)} if address else UNSET
        bounce = BounceOut(stamp(entry.bounce.at), entry.bounce.reason) if entry.bounce is not None else UNSET
        return cls(entry.id, entry.value, UNSET if entry.type is None else entry.type, bounce, links)


class AddressIn(msgspec.Struct, frozen=True, rename="camel"):
    """An address. What is not given is empty."""

    lines: list[str] | str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None

    def to_command(self, at: str = "") -> NewAddress:
        """Read; `at` is where the address stood in the body."""
        lines = [self.lines] if isinstance(self.lines, str) else self.lines
        return NewAddress(
            lines=lines or [],
            city=self.city or "",
            state=self.state or "",
            postal_code=self.postal_code or "",
            country=self.country or "",
            at=at,
        )


class AddressOut(msgspec.Struct, frozen=True, rename="camel"):
    """An address inside a customer, or alone."""

    id: int
    lines: list[str]
    city: str
    state: str
    postal_code: str
    country: str
    links: Links | UnsetType = msgspec.field(name="_links", default=UNSET)

    @classmethod
    def of(cls, address: Address, own: str | None = None) -> AddressOut:
        """Render; with its own address on the wire where it stands alone."""
        links: Links | UnsetType = {"self": Link(own)} if own else UNSET
        return cls(address.id, address.lines, address.city, address.state, address.postal_code, address.country, links)


def grouped(entries: list[Entry]) -> dict[EntryKind, list[EntryOut]]:
    """A customer's entries by collection, each with an empty list at least."""
    groups: dict[EntryKind, list[EntryOut]] = {kind: [] for kind in EntryKind}
    for entry in entries:
        groups[entry.kind].append(EntryOut.of(entry))
    return groups


def rels(kind: EntryKind, entries: list[Entry]) -> dict[str, list[Any]]:
    """A collection under its rel; profiles under both spellings, because clients read either (spec: 3.1)."""
    items = [EntryOut.of(entry) for entry in entries]
    if kind is EntryKind.SOCIAL_PROFILE:
        return {"social-profiles": items, "social_profiles": items}
    return {PATHS[kind]: items}
