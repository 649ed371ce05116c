"""Values with wildcards: `*` stands for any run of characters, `?` for one; what was escaped stands for itself."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Literal, TypeAlias

import msgspec


class Wildcard(Enum):
    """A place in a pattern that matches more than itself."""

    ANY_RUN = "*"
    ONE_SIGN = "?"


ANY_RUN: Final = Wildcard.ANY_RUN
ONE_SIGN: Final = Wildcard.ONE_SIGN

_LIKE_SPECIAL = re.compile(r"([\\%_])")
_LIKE_SIGNS = {ANY_RUN: "%", ONE_SIGN: "_"}

Shape: TypeAlias = Literal["whole", "beginning", "ending", "any", "mixed"]


class Pattern(msgspec.Struct, frozen=True):
    """Literal texts and wildcards in turn; no two literals stand side by side."""

    parts: tuple[str | Wildcard, ...]

    @classmethod
    def of(cls, *parts: str | Wildcard) -> Pattern:
        """A pattern of these parts; literals side by side become one."""
        joined: list[str | Wildcard] = []
        literal: list[str] = []
        for part in parts:
            if isinstance(part, str):
                literal.append(part)
                continue
            if literal:
                joined.append("".join(literal))
                literal = []
            joined.append(part)
        if literal:
            joined.append("".join(literal))
        return cls(tuple(joined))

    def collapsed(self) -> Pattern:
        """The same matches, with one `*` where several stand side by side."""
        pairs = zip(self.parts, (None, *self.parts), strict=False)
        return Pattern(tuple(part for part, before in pairs if not (part is ANY_RUN and before is ANY_RUN)))

    @property
    def text(self) -> str:
        """As it was meant, wildcards as their signs."""
        return "".join(part.value if isinstance(part, Wildcard) else part for part in self.parts)

    @property
    def literal(self) -> str:
        """The literal part of a pattern that has at most one."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def shape(self) -> Shape:
        """Where the wildcards are: nowhere, only `*` at the end, only `*` before, nothing but `*`, or anyhow else."""
        match self.parts:
            case () | (str(),):
                return "whole"
            case (str(), Wildcard.ANY_RUN):
                return "beginning"
            case (Wildcard.ANY_RUN, str()):
                return "ending"
            case (Wildcard.ANY_RUN,):
                return "any"
        return "mixed"

    def matches(self, text: str) -> bool:
        """Whether a whole text fits, case ignored. Takes time in proportion to both lengths."""
        signs = [sign for part in self.parts for sign in (part.lower() if isinstance(part, str) else (part,))]
        text = text.lower()
        place = sign = 0
        run, resume = -1, 0
        while place < len(text):
            if sign < len(signs) and signs[sign] is ANY_RUN:
                run, resume = sign, place
                sign += 1
            elif sign < len(signs) and signs[sign] in {ONE_SIGN, text[place]}:
                sign, place = sign + 1, place + 1
            elif run >= 0:
                resume += 1
                sign, place = run + 1, resume
            else:
                return False
        return all(left is ANY_RUN for left in signs[sign:])

    def like(self) -> str:
        """For LIKE with its usual escape, the backslash: `%` and `_` of the value match only themselves."""
        return "".join(
            _LIKE_SIGNS[part] if isinstance(part, Wildcard) else _LIKE_SPECIAL.sub(r"\\\1", part) for part in self.parts
        )
