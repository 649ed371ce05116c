"""Text to tree, by recursive descent over the grammar of spec: 12.1. One pass, no backtracking past a word.

docs/decisions/0005-search-query-parser.md says why this is not a Lucene parser from a library.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from waypost.kit.errors import BadParameter, ErrorKind
from waypost.kit.search_query.limits import LIMITS, Limits, malformed
from waypost.kit.search_query.nodes import (
    And,
    Clause,
    Everything,
    Group,
    Node,
    Not,
    Or,
    Phrase,
    Range,
    Stray,
    Value,
    Word,
)
from waypost.kit.search_query.patterns import ANY_RUN, ONE_SIGN, Pattern, Wildcard

_BLANKS = re.compile(r"\s*")
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_.]*):")
_WORD_RUN = re.compile(r'[^\s()\[\]{}"\\*?]+')
_PHRASE_RUN = re.compile(r'[^"\\*]+')
_BOUND_RUN = re.compile(r'[^\s()\[\]{}"\\]+')
_PROXIMITY = re.compile(r"~\d+")
#: Text that PostgreSQL or UTF-8 cannot hold.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_AND, _OR, _NOT = ("AND", "&&"), ("OR", "||"), ("NOT",)
_RESERVED = (*_AND, *_OR, *_NOT)
_NEGATING = "-!"
_SIGNS = "-!+"
_WORD_ENDS = '()[]{}"'
#: `*` and `*:*`
_ALL = ((ANY_RUN,), (ANY_RUN, ":", ANY_RUN))


def parse(text: str, limits: Limits = LIMITS) -> Node:
    """Read a query. Which fields there are is left to those who compile the tree.

    Takes time linear in the text. Raises BadParameter with the place of the mistake (spec: 12.1).
    """
    if len(text) > limits.length:
        raise malformed(limits.length, f"it is longer than {limits.length} characters", "Size")
    if unstorable := _UNSTORABLE.search(text):
        raise malformed(unstorable.start(), "a sign that no text has")
    if not text.strip():
        return Everything()
    return _Parser(text, limits).whole()


class _Parser:
    """A place in the text, moved on by the methods, each of which reads what it is named for."""

    def __init__(self, text: str, limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.place = 0
        self.depth = 0
        self.clauses = 0

    def whole(self) -> Node:
        node = self.alternatives(None)
        if not self.at_end:
            raise self.error(f"unexpected {self.sign!r}")
        return node

    # ------------------------------------------------------------ operators; `field` is set inside a field's group

    def alternatives(self, field: str | None) -> Node:
        children = [self.conjunction(field)]
        while self.reserved(_OR):
            children.append(self.conjunction(field))
        return children[0] if len(children) == 1 else Or(tuple(children))

    def conjunction(self, field: str | None) -> Node:
        children = [self.negation(field)]
        while True:
            before = self.place
            self.blanks()
            if self.at_end or self.sign == ")" or self.reserved(_OR, consume=False):
                break
            if not self.reserved(_AND):
                self.require_joint(before)
            children.append(self.negation(field))
        return children[0] if len(children) == 1 else And(tuple(children))

    def require_joint(self, before: int) -> None:
        """Two clauses side by side need a blank between them, or a parenthesis."""
        touching = before == self.place
        if touching and self.text[before - 1] != ")" and self.sign != "(":
            raise self.error(f"unexpected {self.sign!r}, a blank may be missing")

    def negation(self, field: str | None) -> Node:
        self.blanks()
        negated = False
        while not self.at_end:
            if self.sign in _SIGNS:
                negated ^= self.sign in _NEGATING
                self.place += 1
            elif self.reserved(_NOT):
                negated = not negated
                self.blanks()
            else:
                break
        node = self.primary(field)
        return Not(node) if negated else node

    def primary(self, field: str | None) -> Node:
        if self.at_end:
            raise self.error("something is missing at the end")
        if self.sign == "(":
            return self.parentheses(field)
        if field is None:
            if name := _FIELD.match(self.text, self.place):
                return self.of_field(name[1], name.end())
            if self.sign in "[{":
                raise self.error("a range needs a field before it")
        return self.clause(field)

    def of_field(self, field: str, start: int) -> Node:
        """What stands behind a name and a colon; a word if there is no such field, so that little is an error here."""
        self.place = start
        if not self.at_end and (self.sign in _SIGNS or self.stands_reserved()):
            return self.counted(Clause(field, Stray(self.signs().text), start))
        self.blanks()
        if self.at_end or self.sign == ")" or self.sign in _SIGNS or self.stands_reserved():
            self.place = start
            return self.counted(Clause(field, Stray(""), start))
        if self.sign == "(":
            return Group(field, self.parentheses(field))
        return self.clause(field, is_apart=self.place > start)

    def stands_reserved(self) -> bool:
        return not self.sign.isspace() and self.reserved(_RESERVED, consume=False)

    def parentheses(self, field: str | None) -> Node:
        if self.depth >= self.limits.nesting:
            raise self.error(f"more than {self.limits.nesting} parentheses in each other", "Size")
        self.depth += 1
        self.place += 1
        node = self.alternatives(field)
        self.blanks()
        self.depth -= 1
        if self.at_end:
            return node  # spec: 12.1, a missing closing parenthesis at the end is closed silently
        if self.sign != ")":
            raise self.error(f"unexpected {self.sign!r}")
        self.place += 1
        return node

    # ------------------------------------------------------------ values

    def clause(self, field: str | None, *, is_apart: bool = False) -> Node:
        start = self.place
        value = self.value()
        node = self.counted(Clause(field, value, start, is_apart))
        return Everything() if field is None and isinstance(value, Word) and value.pattern.parts in _ALL else node

    def counted(self, clause: Clause) -> Clause:
        self.clauses += 1
        if self.clauses > self.limits.clauses:
            raise malformed(clause.place, f"more than {self.limits.clauses} clauses", "Size")
        return clause

    def value(self) -> Value:
        if self.sign == '"':
            return Phrase(self.quoted())
        if self.sign in "[{":
            return self.range()
        return Word(self.word())

    def word(self) -> Pattern:
        if self.reserved(_RESERVED, consume=False):
            raise self.error("AND, OR and NOT need a value on either side; put them into quotes to search for them")
        if self.sign in _SIGNS:
            raise self.error(f"a value cannot begin with {self.sign!r}; put it into quotes")
        pattern = self.signs()
        if not pattern.parts:
            raise self.error(f"unexpected {self.sign!r}")
        return pattern

    def signs(self) -> Pattern:
        """All up to a blank, a quote or a bracket."""
        parts: list[str | Wildcard] = []
        while not self.at_end and not self._ends_word(self.place):
            if self.sign == "\\":
                parts.append(self.escaped())
            elif self.sign in "*?":
                parts.append(ANY_RUN if self.sign == "*" else ONE_SIGN)
                self.place += 1
            else:
                parts.append(self.run(_WORD_RUN))
        return Pattern.of(*parts).collapsed()

    def quoted(self) -> Pattern:
        self.place += 1
        parts: list[str | Wildcard] = []
        while not self.at_end:
            if self.sign == '"':
                self.place += 1
                self.run(_PROXIMITY)  # spec: 12.1, read and ignored
                break
            if self.sign == "\\":
                parts.append(self.escaped())
            elif self.sign == "*":
                parts.append(ANY_RUN)
                self.place += 1
            else:
                parts.append(self.run(_PHRASE_RUN))
        return Pattern.of(*parts)

    def range(self) -> Range:
        includes_low = self.sign == "["
        self.place += 1
        low = self.bound()
        self.blanks()
        if not self.reserved(("TO",)):
            raise self.error("TO is missing in a range")
        high = self.bound()
        self.blanks()
        if self.at_end or self.sign not in "]}":
            raise self.error("the range is not closed")
        self.place += 1
        return Range(low, high, includes_low, self.text[self.place - 1] == "]")

    def bound(self) -> str | None:
        self.blanks()
        start = self.place
        if self.reserved(("TO",), consume=False):
            raise self.error("a range needs two bounds")
        if not self.at_end and self.sign == '"':
            return self.quoted().text
        parts = []
        while not self.at_end and (self.sign == "\\" or _BOUND_RUN.match(self.text, self.place)):
            parts.append(self.escaped() if self.sign == "\\" else self.run(_BOUND_RUN))
        if not parts:
            raise self.error("a bound of the range is missing")
        return None if self.text[start : self.place] == "*" else "".join(parts)

    # ------------------------------------------------------------ signs

    @property
    def at_end(self) -> bool:
        return self.place >= len(self.text)

    @property
    def sign(self) -> str:
        return self.text[self.place]

    def blanks(self) -> None:
        self.run(_BLANKS)

    def run(self, signs: re.Pattern[str]) -> str:
        found = signs.match(self.text, self.place)
        self.place = found.end() if found else self.place
        return found[0] if found else ""

    def escaped(self) -> str:
        if self.place + 1 >= len(self.text):
            raise self.error("nothing follows the backslash")
        self.place += 2
        return self.text[self.place - 1]

    def reserved(self, words: Collection[str], *, consume: bool = True) -> bool:
        """Whether one of these words stands here, whole and unescaped; leading blanks are passed over if it does."""
        found = _BLANKS.match(self.text, self.place)
        start = found.end() if found else self.place
        for word in words:
            end = start + len(word)
            if self.text.startswith(word, start) and (end >= len(self.text) or self._ends_word(end)):
                if consume:
                    self.place = end
                return True
        return False

    def _ends_word(self, place: int) -> bool:
        return self.text[place] in _WORD_ENDS or self.text[place].isspace()

    def error(self, reason: str, kind: ErrorKind = "Type") -> BadParameter:
        return malformed(self.place, reason, kind)
