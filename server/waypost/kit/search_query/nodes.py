"""The tree that a query is parsed into."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from waypost.kit.search_query.patterns import Pattern


class Word(msgspec.Struct, frozen=True, tag=True):
    """A value without quotes; may hold both wildcards."""

    pattern: Pattern


class Phrase(msgspec.Struct, frozen=True, tag=True):
    """A value in quotes; a `*` in it is marked, for the fields that take it as a wildcard."""

    pattern: Pattern


class Range(msgspec.Struct, frozen=True, tag=True):
    """From `low` to `high`; None is open."""

    low: str | None
    high: str | None
    includes_low: bool
    includes_high: bool

    @property
    def is_open(self) -> bool:
        """`[* TO *]`: any value."""
        return self.low is None and self.high is None


class Stray(msgspec.Struct, frozen=True, tag=True):
    """What stands behind a colon and is no value: nothing, or a sign and more. An error if the field exists."""

    text: str


Value: TypeAlias = Word | Phrase | Range | Stray


class Everything(msgspec.Struct, frozen=True, tag=True):
    """Matches all: `*`, `*:*` and a blank query."""


class Clause(msgspec.Struct, frozen=True, tag=True):
    """One value that a field must have; no field: free text. `place` is where the value begins, counted from 0.

    The grammar cannot tell whether the field exists. For one that does not, the clause is free text (spec: 12.1), and
    `is_apart` tells whether a blank stands behind the colon.
    """

    field: str | None
    value: Value
    place: int
    is_apart: bool = False


class Group(msgspec.Struct, frozen=True, tag=True):
    """Several values of one field: `field:(a OR b)`; the clauses within name the field too."""

    field: str
    child: Node


class Not(msgspec.Struct, frozen=True, tag=True):
    """What does not match."""

    child: Node


class And(msgspec.Struct, frozen=True, tag=True):
    """What matches all children, two or more."""

    children: tuple[Node, ...]


class Or(msgspec.Struct, frozen=True, tag=True):
    """What matches one of the children, two or more."""

    children: tuple[Node, ...]


Node: TypeAlias = Everything | Clause | Group | Not | And | Or


def names_field(node: Node, field: str) -> bool:
    """Whether a clause anywhere in the tree, negated or not, is about the field (lower case)."""
    match node:
        case Clause():
            return node.field is not None and node.field.lower() == field
        case Not() | Group():
            return names_field(node.child, field)
        case And() | Or():
            return any(names_field(child, field) for child in node.children)
    return False
