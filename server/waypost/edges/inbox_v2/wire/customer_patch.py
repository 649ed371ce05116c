"""Changes of a customer on the wire: JSON Patch, one operation alone, or a plain object (spec: 8.5, 8.9, X9).

Whatever cannot be read becomes a `Refuse` in its place, so that the answer names every mistake of the whole body.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from waypost.domains import customers
from waypost.domains.customers import EntryKind, NewAddress, NewEntry, Operation, Refuse
from waypost.edges.inbox_v2 import body
from waypost.edges.inbox_v2.wire.customer_entries import AddressIn, EntryIn
from waypost.kit.errors import ErrorKind, FieldError, Invalid

MOST_OPERATIONS = 500
#: JSON Patch has more operations; none of them means anything for a customer.
OPERATIONS = ("add", "remove", "replace")

_FIELDS: dict[str, Any] = {
    "firstName": "first_name",
    "lastName": "last_name",
    "photoUrl": "photo_url",
    "photoType": "photo_type",
    "jobTitle": "job_title",
    "location": "location",
    "background": "background",
    "age": "age",
    "gender": "gender",
    "organization": "organization",
    "organizationId": "organization_id",
}
_NUMBERS_TOO = ("age", "organizationId")
_COLLECTIONS = {
    "emails": EntryKind.EMAIL,
    "phones": EntryKind.PHONE,
    "chats": EntryKind.CHAT,
    "social_profiles": EntryKind.SOCIAL_PROFILE,
    "social-profiles": EntryKind.SOCIAL_PROFILE,
    "socialProfiles": EntryKind.SOCIAL_PROFILE,
    "websites": EntryKind.WEBSITE,
}
_ADDRESS_PARTS: dict[str, Any] = {
    "lines": "lines",
    "city": "city",
    "state": "state",
    "postalCode": "postal_code",
    "country": "country",
}


class PatchOperationIn(msgspec.Struct, frozen=True):
    """One operation of a JSON Patch."""

    op: str
    path: str
    value: Any = msgspec.UNSET


Patch = list[PatchOperationIn] | dict[str, Any]


def read_customer_patch(patch: Patch) -> list[Operation]:
    """The operations that a body asks for."""
    if isinstance(patch, dict) and "op" not in patch:
        return list(_plain(patch))
    return [_Reader(operation, prefix).read() for prefix, operation in _listed(patch)]


def read_properties_patch(patch: Patch) -> list[Operation]:
    """The same for properties, whose paths are a slash and the slug. A plain object maps slugs to values."""
    if isinstance(patch, dict) and "op" not in patch:
        return [_set_property(slug, value, slug, slug) for slug, value in patch.items()]
    return [_Reader(operation, prefix).read_property() for prefix, operation in _listed(patch)]


def _listed(patch: Patch) -> list[tuple[str, PatchOperationIn]]:
    """Operations, each with where it stands in the body."""
    if isinstance(patch, dict):
        return [("", body.read(PatchOperationIn, patch))]
    if len(patch) > MOST_OPERATIONS:
        raise Invalid.one("", f"size must be between 0 and {MOST_OPERATIONS}", "Size")
    return [(f"[{index}].", operation) for index, operation in enumerate(patch)]


def _plain(fields: dict[str, Any]) -> Iterator[Operation]:
    """A plain object, key by key. Unknown keys are ignored and null means not given, as in any body (spec: 3)."""
    for key, value in fields.items():
        if value is None:
            continue
        if key in _FIELDS or key in _COLLECTIONS or key == "address":
            yield _Reader(PatchOperationIn("replace", f"/{key}", value), "", key).read()
        elif key == "properties":
            yield from _plain_properties(value)


def _plain_properties(value: Any) -> Iterator[Operation]:
    if isinstance(value, dict):
        for slug, held in value.items():
            yield _set_property(slug, held, f"properties.{slug}", f"properties.{slug}")
    elif isinstance(value, list):
        for index, held in enumerate(value):
            at = f"properties[{index}]"
            if isinstance(held, dict) and isinstance(held.get("slug"), str):
                yield _set_property(held["slug"], held.get("value"), f"{at}.slug", f"{at}.value")
            else:
                yield _refuse(f"{at}.slug", "may not be empty", "NotEmpty")
    else:
        yield _refuse("properties", "must be an array", "Type", value)


def _refuse(at: str, message: str, kind: ErrorKind, rejected: Any = msgspec.UNSET) -> Refuse:
    return Refuse(problems=[FieldError(at, message, kind, rejected)])


def _set_property(slug: str, value: Any, slug_at: str, value_at: str) -> Operation:
    if isinstance(value, bool) or not isinstance(value, (str, int, type(None))):
        return _refuse(value_at, "must be a string or a whole number", "Type", value)
    return customers.SetProperty(slug=slug, value=value, slug_at=slug_at, value_at=value_at)


class _Reader:
    """Reads one operation. `prefix` is where it stands in the body, `value_at` where its value does."""

    def __init__(self, operation: PatchOperationIn, prefix: str, value_at: str | None = None) -> None:
        self.operation = operation
        self.prefix = prefix
        self.value_at = value_at or f"{prefix}value"
        self.op = operation.op.lower()
        self.is_removal = self.op == "remove"
        self.value: Any = None if self.is_removal else operation.value

    def read(self) -> Operation:
        """The operation, or why it cannot be read."""
        if refusal := self._refusal():
            return refusal
        segments = [_unescaped(segment) for segment in self.operation.path.removeprefix("/").split("/")]
        match segments:
            case [name] if name in _FIELDS:
                return self._field(name)
            case ["properties", slug]:
                return self._property(slug)
            case ["address"]:
                return self._address()
            case ["address", part] if part in _ADDRESS_PARTS:
                return self._address_part(part)
            case [name] if name in _COLLECTIONS:
                return self._collection(_COLLECTIONS[name])
            case [name, "-"] if name in _COLLECTIONS and self.op == "add":
                return self._collection(_COLLECTIONS[name])
            case [name, id_, *rest] if name in _COLLECTIONS and _is_id(id_) and len(rest) <= 1:
                return self._entry(_COLLECTIONS[name], int(id_), rest)
            case _:
                return self._unknown_path()

    def read_property(self) -> Operation:
        """The same where the path is nothing but a property's slug."""
        return self._refusal() or self._property(_unescaped(self.operation.path.removeprefix("/")))

    def _refusal(self) -> Refuse | None:
        if self.op not in OPERATIONS:
            choices = ", ".join(repr(choice) for choice in OPERATIONS)
            return _refuse(f"{self.prefix}op", f"must be one of {choices}", "EnumValue", self.operation.op)
        if self.value is msgspec.UNSET:
            return _refuse(self.value_at, "may not be null", "NotNull")
        return None

    def _unknown_path(self) -> Refuse:
        return _refuse(f"{self.prefix}path", "path does not exist", "Unknown", self.operation.path)

    def _wrong_type(self, wanted: str) -> Refuse:
        return _refuse(self.value_at, f"must be {wanted}", "Type", self.value)

    def _field(self, name: str) -> Operation:
        value = self.value
        is_number = isinstance(value, int) and not isinstance(value, bool) and name in _NUMBERS_TOO
        if not (value is None or isinstance(value, str) or is_number):
            return self._wrong_type("a string")
        return customers.SetField(name=_FIELDS[name], value=value, at=self.value_at)

    def _property(self, slug: str) -> Operation:
        return _set_property(slug, self.value, f"{self.prefix}path", self.value_at)

    def _address(self) -> Operation:
        if self.value is None:
            return customers.SetAddress(address=None)
        if not isinstance(self.value, dict):
            return self._wrong_type("an object")
        address = _as_address(self.value, self.value_at)
        return address if isinstance(address, Refuse) else customers.SetAddress(address=address)

    def _address_part(self, part: str) -> Operation:
        value = self.value
        is_lines = part == "lines" and isinstance(value, list) and all(isinstance(line, str) for line in value)
        if not (value is None or isinstance(value, str) or is_lines):
            return self._wrong_type("an array of strings" if part == "lines" else "a string")
        return customers.SetAddressPart(part=_ADDRESS_PARTS[part], value=value, at=self.value_at)

    def _collection(self, kind: EntryKind) -> Operation:
        if self.is_removal:
            return self._unknown_path()
        # HSCLI replaces whole collections, which the platform's documentation does not allow.
        if isinstance(self.value, list) and self.op == "replace":
            problems = body.problems_of(list[EntryIn], self.value)
            if problems:
                return _below(problems, self.value_at)
            sent = msgspec.convert(self.value, list[EntryIn])
            entries = [entry.to_command(kind, f"{self.value_at}[{index}]") for index, entry in enumerate(sent)]
            return customers.ReplaceEntries(kind=kind, entries=entries, at=self.value_at)
        if self.op == "replace":
            return self._wrong_type("an array")
        entry = _as_entry(kind, self.value, self.value_at)
        return entry if isinstance(entry, Refuse) else customers.AddEntry(entry=entry, at=self.value_at)

    def _entry(self, kind: EntryKind, entry_id: int, rest: list[str]) -> Operation:
        if not rest:
            return self._whole_entry(kind, entry_id)
        if rest[0] not in ("value", "type") or self.is_removal:
            return self._unknown_path()
        if not isinstance(self.value, str):
            return self._wrong_type("a string")
        at = {"value_at": self.value_at, "type_at": self.value_at}
        return customers.ChangeEntry(kind=kind, entry_id=entry_id, **{rest[0]: self.value}, **at)

    def _whole_entry(self, kind: EntryKind, entry_id: int) -> Operation:
        if self.is_removal:
            return customers.RemoveEntry(kind=kind, entry_id=entry_id)
        entry = _as_entry(kind, self.value, self.value_at)
        if isinstance(entry, Refuse):
            return entry
        return customers.ChangeEntry(
            kind=kind,
            entry_id=entry_id,
            value=entry.value,
            type=msgspec.UNSET if entry.type is None else entry.type,
            value_at=entry.value_at,
            type_at=entry.type_at,
        )


def _as_entry(kind: EntryKind, value: Any, at: str) -> NewEntry | Refuse:
    problems = body.problems_of(EntryIn, value)
    if problems:
        return _below(problems, at)
    return msgspec.convert(value, EntryIn).to_command(kind, at)


def _as_address(value: Any, at: str) -> NewAddress | Refuse:
    problems = body.problems_of(AddressIn, value)
    if problems:
        return _below(problems, at)
    return msgspec.convert(value, AddressIn).to_command(at)


def _below(problems: list[FieldError], at: str) -> Refuse:
    return Refuse(problems=[FieldError(_joined(at, one.path), one.message, one.kind, one.rejected) for one in problems])


def _joined(at: str, path: str) -> str:
    return at + path if path.startswith("[") or not path else f"{at}.{path}"


def _unescaped(segment: str) -> str:
    """A segment of a JSON pointer (RFC 6901)."""
    return segment.replace("~1", "/").replace("~0", "~")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
