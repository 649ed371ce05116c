"""A customer being changed: a working copy that operations are applied to before anything is written.

All operations are judged, then all is stored or nothing. The copy also knows what became of it, for the event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from waypost.domains.customers import changes, content, property_values
from waypost.domains.customers.changes import NewAddress, NewEntry, Operation
from waypost.domains.customers.models import AddressBounce, Customer, EntryKind, Gender, PropertyDefinition
from waypost.domains.customers.store.entries import EntryRow
from waypost.domains.customers.store.people import CustomerRow
from waypost.kit.errors import FieldError, NotFound

MOST_ENTRIES = 100  # in one collection (spec: 8.7)

COLLECTIONS = {
    EntryKind.EMAIL: "emails",
    EntryKind.PHONE: "phones",
    EntryKind.CHAT: "chats",
    EntryKind.SOCIAL_PROFILE: "social_profiles",
    EntryKind.WEBSITE: "websites",
}


@dataclass
class DraftEntry:
    """An entry as it will be. `id` is None for a new one; `value_at` is where its value stood in the request.

    `bounce` stays with the address, and goes when another takes its place.
    """

    kind: EntryKind
    type: str | None
    value: str
    id: int | None = None
    value_at: str = ""
    bounce: AddressBounce | None = None

    @property
    def row(self) -> EntryRow:
        """To be written."""
        return EntryRow(self.kind, self.type, self.value, self.id, self.bounce)


@dataclass
class Draft:
    """The working copy. `definitions` are needed only where properties are set."""

    before: Customer | None
    definitions: list[PropertyDefinition] = field(default_factory=list)
    problems: list[FieldError] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    #: Where the organization stood in the request.
    organization_at: dict[str, str] = field(default_factory=dict)
    entries: list[DraftEntry] = field(default_factory=list)
    address: NewAddress | None = None
    #: By the id of the property; None takes it away.
    properties: dict[int, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, customer: Customer, definitions: list[PropertyDefinition]) -> Draft:
        """A copy of a customer."""
        draft = cls(customer, definitions)
        draft.entries = [
            DraftEntry(entry.kind, entry.type, entry.value, entry.id, bounce=entry.bounce) for entry in customer.entries
        ]
        draft.address = _as_new(customer)
        return draft

    def apply(self, operation: Operation) -> None:
        """Carry out one operation on the copy. Raises NotFound for an entry that is not there."""
        match operation:
            case changes.SetField(name=name, value=value, at=at):
                self.set_field(name, value, at)
            case changes.AddEntry(entry=entry, at=at):
                self._add(entry, at)
            case changes.ChangeEntry():
                self._change(operation)
            case changes.RemoveEntry(kind=kind, entry_id=entry_id):
                self.entries.remove(self._find(kind, entry_id))
            case changes.ReplaceEntries(kind=kind, entries=entries, at=at):
                self._replace(kind, entries, at)
            case changes.SetAddress(address=address):
                self.address = content.check_address(address, self.problems) if address else None
            case changes.SetAddressPart(part=part, value=value, at=at):
                cleaned = content.check_address_part(part, value, at, self.problems)
                self.address = msgspec.structs.replace(self.address or NewAddress(), **{part: cleaned})
            case changes.SetProperty():
                self._set_property(operation)
            case changes.Refuse(problems=problems):
                self.problems.extend(problems)

    def set_field(self, name: changes.FieldName, value: str | int | None, at: str) -> None:
        """Set a single-valued field. Of the two ways to name an organization the one set last counts."""
        self.fields[name] = content.check_field(name, value, at, self.problems)
        if name in ("organization", "organization_id"):
            self.organization_at = {name: at}

    def _find(self, kind: EntryKind, entry_id: int) -> DraftEntry:
        for entry in self.entries:
            if entry.id == entry_id and entry.kind is kind:
                return entry
        raise NotFound

    def _of_kind(self, kind: EntryKind) -> list[DraftEntry]:
        return [entry for entry in self.entries if entry.kind is kind]

    def _add(self, entry: NewEntry, at: str) -> None:
        if len(self._of_kind(entry.kind)) >= MOST_ENTRIES:
            self._refuse_size(at)
            return
        self.entries.append(self._checked(entry))

    def _checked(self, entry: NewEntry) -> DraftEntry:
        type_ = content.check_type(entry.kind, entry.type, entry.type_at, self.problems)
        value = content.check_value(entry.kind, entry.value, entry.value_at, self.problems)
        return DraftEntry(entry.kind, type_, value, value_at=entry.value_at)

    def _change(self, change: changes.ChangeEntry) -> None:
        entry = self._find(change.kind, change.entry_id)
        if change.type is not msgspec.UNSET:
            entry.type = content.check_type(change.kind, change.type, change.type_at, self.problems)
        if change.value is not msgspec.UNSET:
            before, entry.value = (
                entry.value,
                content.check_value(change.kind, change.value, change.value_at, self.problems),
            )
            if entry.value.lower() != before.lower():
                entry.bounce = None
            entry.value_at = change.value_at

    def _replace(self, kind: EntryKind, entries: list[NewEntry], at: str) -> None:
        if len(entries) > MOST_ENTRIES:
            self._refuse_size(at)
            return
        known = {entry.value.lower(): entry for entry in reversed(self._of_kind(kind))}
        wanted = [self._checked(entry) for entry in entries]
        for entry in wanted:
            if (same := known.pop(entry.value.lower(), None)) is not None:
                entry.id, entry.bounce = same.id, same.bounce
        self.entries = [entry for entry in self.entries if entry.kind is not kind] + wanted

    def _refuse_size(self, at: str) -> None:
        self.problems.append(FieldError(at, f"size must be between 0 and {MOST_ENTRIES}", "Size"))

    def _set_property(self, change: changes.SetProperty) -> None:
        wanted = change.slug.lower()
        definition = next((known for known in self.definitions if known.slug.lower() == wanted), None)
        if definition is None:
            self.problems.append(FieldError(change.slug_at, "property does not exist", "Unknown", change.slug))
        elif change.value is None:
            self.properties[definition.id] = None
        else:
            checked = property_values.check_value(definition, change.value, change.value_at, self.problems)
            self.properties[definition.id] = checked

    # What became of it.

    @property
    def wants_organization(self) -> bool:
        """Whether the link to an organization was set at all."""
        return bool(self.organization_at)

    def row(self, organization_id: int | None) -> CustomerRow:
        """The single-valued columns as they will be."""
        before = self.before

        def value(name: str, absent: Any = None) -> Any:
            chosen = self.fields[name] if name in self.fields else getattr(before, name, None)
            return absent if chosen is None else chosen

        return CustomerRow(
            first_name=value("first_name", ""),
            last_name=value("last_name", ""),
            gender=value("gender", Gender.UNKNOWN),
            job_title=value("job_title"),
            location=value("location"),
            organization_id=organization_id,
            photo_type=value("photo_type"),
            photo_url=value("photo_url"),
            age=value("age"),
            background=value("background"),
            is_draft=value("is_draft", False),
        )

    def kept_ids(self) -> set[int]:
        """Entries that stay exactly as they were."""
        return {entry.id for entry in self.entries if entry.id is not None and not self._differs(entry)}

    def _differs(self, entry: DraftEntry) -> bool:
        before = self.before.entries if self.before else []
        return not any((old.id, old.type, old.value) == (entry.id, entry.type, entry.value) for old in before)

    def entries_to_write(self) -> list[DraftEntry]:
        """Entries that are new or another than before, in their order."""
        return [entry for entry in self.entries if entry.id is None or self._differs(entry)]

    def written_addresses(self) -> list[str]:
        """E-mail addresses that are new or another than before."""
        return [entry.value for entry in self.entries_to_write() if entry.kind is EntryKind.EMAIL]

    def entries_to_delete(self) -> list[int]:
        """Ids of entries that go, among them those which will be written again."""
        kept = self.kept_ids()
        return [entry.id for entry in (self.before.entries if self.before else []) if entry.id not in kept]

    def has_other_address(self) -> bool:
        """Whether the postal address is another than before."""
        return self.address != (_as_new(self.before) if self.before else None)

    def property_changes(self) -> dict[int, str | None]:
        """Properties that are set to something else than before, by id."""
        held = {value.slug: value.value for value in self.before.properties} if self.before else {}
        slugs = {definition.id: definition.slug for definition in self.definitions}
        return {id_: value for id_, value in self.properties.items() if held.get(slugs[id_]) != value}

    def changed_fields(self, organization_id: int | None) -> list[str]:
        """Attributes of the model that are another than before."""
        before = self.before
        if before is None:
            return []
        row = self.row(organization_id)
        changed = [
            name
            for name in ("first_name", "last_name", "gender", "job_title", "location", "photo_type", "photo_url", "age",
                         "background", "is_draft")
            if getattr(row, name) != getattr(before, name)
        ]  # fmt: skip
        if organization_id != (before.organization.id if before.organization else None):
            changed.append("organization")
        touched = {entry.kind for entry in self.entries_to_write()}
        gone = set(self.entries_to_delete())
        touched |= {entry.kind for entry in before.entries if entry.id in gone}
        changed += [name for kind, name in COLLECTIONS.items() if kind in touched]
        changed += ["address"] * self.has_other_address() + ["properties"] * bool(self.property_changes())
        return changed


def _as_new(customer: Customer) -> NewAddress | None:
    address = customer.address
    if address is None:
        return None
    return NewAddress(
        lines=address.lines,
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
        country=address.country,
    )
