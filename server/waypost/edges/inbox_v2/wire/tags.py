"""Tags of the account (spec: 11.11)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.conversations import TagSummary
from waypost.edges.inbox_v2.body import Required
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.operations import Operation
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.kit.errors import FieldError, Invalid

#: Keys of an object that says what is to change, and the paths of operations that say the same.
PLAIN = {"name": "/name", "color": "/color"}


class TagIn(msgspec.Struct):
    """A tag as it shall be. The colour is a name or hex."""

    name: Required
    color: str | None = None


def changes_of(operations: list[Operation]) -> tuple[str | UnsetType, str | UnsetType]:
    """The name and the colour that operations ask for. Raises Invalid with every mistake of form."""
    wanted: dict[str, str] = {}
    errors: list[FieldError] = []
    for operation in operations:
        place = operation.at + "value" if operation.at else operation.path.removeprefix("/")
        if operation.path not in PLAIN.values():
            errors += operation.refuse("path", "must be one of '/name', '/color'", "EnumValue").errors
        elif operation.op == "remove" and operation.path == "/color":
            wanted["/color"] = "none"
        elif operation.op not in ("replace", "add"):
            errors += operation.refuse("op", "must be one of 'replace', 'add'", "EnumValue").errors
        elif operation.value is None and operation.path == "/color":
            wanted["/color"] = "none"
        elif not isinstance(operation.value, str):
            errors.append(FieldError(place, "must be a string", "Type", operation.value))
        else:
            wanted[operation.path] = operation.value
    if errors:
        raise Invalid(errors)
    return wanted.get("/name", UNSET), wanted.get("/color", UNSET)


class TagsIn(msgspec.Struct):
    """The tags that a conversation shall have: all of them, so they must be said."""

    tags: list[str]


class FewerTagsIn(msgspec.Struct):
    """The tags that a conversation shall not have any more."""

    tags: list[str] | None = None


class TagSummaryOut(msgspec.Struct, frozen=True, rename="camel"):
    """A tag with the number of conversations that carry it."""

    id: int
    slug: str
    name: str
    color: str
    created_at: str
    updated_at: str
    ticket_count: int
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, tag: TagSummary, base_url: str) -> TagSummaryOut:
        """Render."""
        return cls(
            tag.id,
            tag.slug,
            tag.name,
            tag.color,
            stamp(tag.created_at),
            stamp(tag.updated_at),
            tag.conversation_count,
            {"self": Link(f"{base_url}/v2/tags/{tag.id}")},
        )
