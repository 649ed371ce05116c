"""Tree to SQL. Leaves that ask the search document are joined into one question, which its index answers in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from waypost.kit.search_query.limits import malformed
from waypost.kit.search_query.nodes import And, Clause, Everything, Group, Node, Not, Or, Stray, Word
from waypost.kit.search_query.parameters import Parameters
from waypost.kit.search_query.patterns import Pattern


class SqlCondition(msgspec.Struct, frozen=True):
    """A boolean expression, never NULL, and its arguments, numbered from the caller's offset + 1."""

    sql: str
    arguments: list[Any]


class Predicate(msgspec.Struct, frozen=True):
    """A boolean SQL expression that is never NULL."""

    sql: str


class Found(msgspec.Struct, frozen=True):
    """The document matches this tsquery expression."""

    sql: str


class NotFound(msgspec.Struct, frozen=True):
    """The document does not match this tsquery expression."""

    sql: str


Leaf: TypeAlias = Predicate | Found | NotFound
TRUE = Predicate("true")
FALSE = Predicate("false")


#: The statement's first argument is the account, in every list.
ACCOUNT = "$1::bigint"


#: How documents are asked: once for all rows, row by row, or in a statement whose rows are the documents themselves.
How: TypeAlias = Literal["once", "each", "here"]


class Search(msgspec.Struct):
    """One compilation: at what time, with which parameters so far."""

    now: datetime
    parameters: Parameters
    #: The languages whose stems the documents hold; `simple` has none.
    languages: Sequence[str] = ("simple",)
    how: How = "once"
    #: Whether every hit has to match a question to the document, so that its index finds them all.
    is_narrowed: bool = False

    def text(self, value: str) -> str:
        """The placeholder of a text."""
        return self.parameters.bind(value, "text")

    def asked(self, function: str, kind: str, value: str) -> Found:
        """What one of the `search_…` functions of the database asks the document for a value of that kind of lexeme."""
        return Found(f"{function}('{kind}', {ACCOUNT}, {self.text(value)})")

    def forms(self, kind: str, stems: str, value: str) -> Found:
        """Words of that kind in all their forms: the stems stand in the document as the other kind."""
        languages = self.parameters.bind(list(self.languages), "text[]")
        return Found(f"search_forms('{kind}', '{stems}', {ACCOUNT}, {languages}, {self.text(value)})")


FieldCompiler: TypeAlias = Callable[[Clause, Search], Leaf]


class Searchable(msgspec.Struct, frozen=True):
    """What the language means in one domain's table."""

    #: By lower-case name.
    fields: Mapping[str, FieldCompiler]
    #: Free text.
    free: FieldCompiler
    #: The boolean SQL for "the row's document matches this tsquery", asked of one row; `{}` is the tsquery.
    matches: str
    #: The same, asked once for all rows. Where every hit has to match, this keeps a statement with LIMIT from looking
    #: at one row after the other in its order, which takes seconds if hits are rarer than the planner thinks.
    is_among: str
    #: The same, asked of the row of a statement over the documents.
    here: str
    #: The number by which hits on a tsquery are ranked.
    rank: str

    def condition(self, node: Node, search: Search) -> SqlCondition:
        """The condition for a tree. Raises BadParameter for a value that its field cannot have."""
        sql = self._sql(self._leaf(node, search, must=True), search, must=True)
        return SqlCondition(*search.parameters.numbered(sql))

    def score(self, node: Node, search: Search) -> SqlCondition:
        """How well a row matches the words of a tree that are not negated; higher is better, 0 without words."""
        asked = [leaf.sql for leaf in self._wanted(node, search)]
        sql = self.rank.replace("{}", _joined(asked, "||")) if asked else "0"
        return SqlCondition(*search.parameters.numbered(sql))

    def _leaf(self, node: Node, search: Search, *, must: bool = False) -> Leaf:
        """The leaf for a tree; `must` tells that every hit has to match it."""
        match node:
            case Everything():
                return TRUE
            case Clause():
                return self._clause(node, search)
            case Group():
                return self._leaf(node.child, search, must=must) if node.field.lower() in self.fields else FALSE
            case Not():
                return _negated(self._leaf(node.child, search))
            case And():
                return self._all([self._leaf(child, search, must=must) for child in node.children], search, must=must)
            case Or():
                return self._any([self._leaf(child, search) for child in node.children], search)

    def _clause(self, clause: Clause, search: Search) -> Leaf:
        if clause.field is None:
            return self.free(clause, search)
        compiler = self.fields.get(clause.field.lower())
        if compiler is None:
            words = [self.free(Clause(None, word, clause.place), search) for word in _as_words(clause)]
            return self._all(words, search, must=False) if words else FALSE
        if isinstance(clause.value, Stray):
            raise malformed(clause.place, f"a value for {clause.field} is missing or begins with a sign")
        return compiler(clause, search)

    def _wanted(self, node: Node, search: Search) -> Iterable[Found]:
        match node:
            case Clause():
                leaf = self._clause(node, search)
                if isinstance(leaf, Found):
                    yield leaf
            case Group():
                if node.field.lower() in self.fields:
                    yield from self._wanted(node.child, search)
            case And() | Or():
                for child in node.children:
                    yield from self._wanted(child, search)

    def _all(self, leaves: list[Leaf], search: Search, *, must: bool) -> Leaf:
        """The leaves must all hold; questions to the document become one."""
        found, missing, predicates = _sorted(leaves)
        if FALSE.sql in predicates:
            return FALSE
        asked: list[Leaf] = []
        if found:
            asked = [Found(_joined([*found, *(f"!! {sql}" for sql in missing)], "&&"))]
        elif missing:
            asked = [NotFound(_joined(missing, "||"))]
        return self._combined(asked, [sql for sql in predicates if sql != TRUE.sql], "and", TRUE, search, must=must)

    def _any(self, leaves: list[Leaf], search: Search) -> Leaf:
        """One of the leaves must hold; questions to the document become one."""
        found, missing, predicates = _sorted(leaves)
        if TRUE.sql in predicates:
            return TRUE
        asked: list[Leaf] = []
        if missing:
            asked = [NotFound(_joined([*missing, *(f"!! {sql}" for sql in found)], "&&"))]
        elif found:
            asked = [Found(_joined(found, "||"))]
        return self._combined(asked, [sql for sql in predicates if sql != FALSE.sql], "or", FALSE, search, must=False)

    def _combined(
        self, asked: list[Leaf], predicates: list[str], operator: str, empty: Predicate, search: Search, *, must: bool
    ) -> Leaf:
        if not predicates:
            return asked[0] if asked else empty
        return Predicate(_joined([*predicates, *(self._sql(leaf, search, must=must) for leaf in asked)], operator))

    def _sql(self, leaf: Leaf, search: Search, *, must: bool) -> str:
        row = self.here if search.how == "here" else self.matches
        match leaf:
            case Found():
                search.is_narrowed |= must
                return (self.is_among if must and search.how == "once" else row).replace("{}", leaf.sql)
            case NotFound():
                return f"(not {row.replace('{}', leaf.sql)})"
            case Predicate():
                return leaf.sql


def _as_words(clause: Clause) -> list[Word]:
    """A clause of a field that does not exist as the words that it is; spec: 12.1, none for what cannot be a word."""
    match clause.value:
        case Stray():
            return [Word(Pattern.of(f"{clause.field}:{clause.value.text}"))]
        case Word() if clause.is_apart:
            return [Word(Pattern.of(f"{clause.field}:")), clause.value]
        case Word():
            return [Word(Pattern.of(f"{clause.field}:", *clause.value.pattern.parts))]
    return []


def _joined(parts: list[str], operator: str) -> str:
    return parts[0] if len(parts) == 1 else "(" + f" {operator} ".join(parts) + ")"


def _sorted(leaves: list[Leaf]) -> tuple[list[str], list[str], list[str]]:
    kinds: tuple[list[str], list[str], list[str]] = [], [], []
    for leaf in leaves:
        place = 0 if isinstance(leaf, Found) else 1 if isinstance(leaf, NotFound) else 2
        kinds[place].append(leaf.sql)
    return kinds


def _negated(leaf: Leaf) -> Leaf:
    match leaf:
        case Found():
            return NotFound(leaf.sql)
        case NotFound():
            return Found(leaf.sql)
    if leaf == TRUE:
        return FALSE
    return TRUE if leaf == FALSE else Predicate(f"(not {leaf.sql})")
