"""Lists of mail addresses as people and programs write them, read in linear time."""

from __future__ import annotations

import re

from waypost.domains.mail import Address
from waypost.edges.mail_io.charsets import decode
from waypost.edges.mail_io.header_block import read_text
from waypost.kit.text import clean_name

MOST_ADDRESSES = 1_000
_MOST_BYTES = 256_000
_MOST_NAME = 2_000

_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"\\]++|\\.)*+(?:"|\Z))
      | (?P<comment>\((?:[^()\\]++|\\.)*+)
      | (?P<angle><@[^<>":]*+:[^<>"]*+>|<[^<>,;"]*+(?:"(?:[^"<>\\]++|\\.)*+"[^<>,;"]*+)?>?)
      | (?P<mark>[,;:])
      | (?P<word>[^",;:()<]++|[()<])""",
    re.VERBOSE | re.DOTALL,
)
_LOCAL = r"""[^\s@<>,;:"()\[\]\\\x00-\x20\x7f]{1,200}|"(?:[^"\\\r\n\x00]|\\[^\r\n\x00]){1,198}\""""
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"(?:{_LOCAL})@(?:{_LABEL}(?:\.{_LABEL})*|\[[\w.:]{{1,60}}\])")
_SOMEWHERE = re.compile(r"(?<![^\s<'])[^\s@<>,;:\"()\[\]\\']{1,200}@[^\s@<>,;:\"()\[\]\\']{1,255}(?![^\s>'])")


def valid_address(text: str) -> str | None:
    """The address with its domain in lower case, or None where no mail can be sent to it."""
    local, at, domain = text.strip().rstrip(".").rpartition("@")
    address = f"{local}{at}{domain.lower()}"
    # Characters that cannot be seen make one address look like another.
    if len(address) > 320 or clean_name(address, 400) != address or not _ADDRESS.fullmatch(address):
        return None
    return address


def read_addresses(value: bytes) -> list[Address]:
    """Every mailbox of a field, in order. One without a usable address has an empty `email`."""
    reader = _Reader()
    for found in _TOKEN.finditer(decode(value[:_MOST_BYTES])[0]):
        reader.take(found.lastgroup or "", found[0])
        if len(reader.found) >= MOST_ADDRESSES:
            break
    reader.end_mailbox()
    return reader.found


class _Reader:
    """Collects tokens of one mailbox until a comma or semicolon ends it."""

    def __init__(self) -> None:
        self.found: list[Address] = []
        self._words: list[str] = []
        self._comments: list[str] = []
        self._angle: str | None = None
        self._depth = 0
        self._has_at = False

    def take(self, kind: str, piece: str) -> None:
        if kind == "comment":
            self._depth += 1
            self._comments.append(piece[1:])
        elif self._depth:
            self._in_comment(piece)
        elif kind == "mark":
            self._mark(piece)
        elif kind == "angle":
            # The first one counts: a second cannot take the place of the one that is shown.
            self._angle = piece.strip("<> ") if self._angle is None else self._angle
        elif kind == "word" and not piece.strip("()< \t"):
            self._words.append(" ")
        else:
            self._words.append(piece)
            self._has_at = self._has_at or "@" in piece

    def end_mailbox(self) -> None:
        words, self._words = "".join(self._words), []
        comments, self._comments = " ".join(self._comments), []
        angle, self._angle = self._angle, None
        self._depth, self._has_at = 0, False
        if angle is not None:
            email = valid_address(_without_route(angle))
            self._add(words or comments, email)
        elif words.strip():
            self._bare(words, comments)

    def _bare(self, words: str, comments: str) -> None:
        """An address without angle brackets, perhaps with a name before or behind it."""
        tight = re.sub(r"\s*([@.])\s*", r"\1", words).strip() if len(words) < _MOST_NAME else words.strip()
        email = valid_address(tight) or valid_address("".join(tight.split()) if "@" in tight and '"' in tight else "")
        if email:
            self._add(comments, email)
            return
        inside = _SOMEWHERE.search(words[:_MOST_NAME])
        email = valid_address(inside[0].strip(".'")) if inside else None
        name = words.replace(inside[0], " ") if inside and email else words
        self._add(name.strip() or comments, email)

    def _mark(self, piece: str) -> None:
        if piece == ":" and self._angle is None and not self._has_at:
            self._words.clear()  # the name of a group
        elif piece == ":":
            self._words.append(piece)
        else:
            self.end_mailbox()

    def _in_comment(self, piece: str) -> None:
        closes = piece.count(")") if not piece.startswith('"') else 0
        if closes:
            self._depth = max(0, self._depth - closes)
            piece = piece.replace(")", " ")
        self._comments.append(piece)

    def _add(self, name: str, email: str | None) -> None:
        shown = _name(name[:_MOST_NAME])
        if email or shown:
            self.found.append(Address("" if shown == email else shown, email or ""))


def _without_route(angle: str) -> str:
    """`@relay:joe@example.org` is joe@example.org (RFC 5322, 4.4)."""
    if angle.startswith("@"):
        return angle.rpartition(":")[2]
    bare = re.sub(r"\([^()]*\)", "", angle).removeprefix("mailto:")
    return bare if '"' in bare else "".join(bare.split())


def _name(words: str) -> str:
    unquoted = re.sub(r'"((?:[^"\\]|\\.)*+)"?', lambda found: re.sub(r"\\(.)", r"\1", found[1]), words)
    return clean_name(read_text(unquoted.encode(errors="replace"))).strip("'<> ")
