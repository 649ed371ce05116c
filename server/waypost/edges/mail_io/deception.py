"""Names that look like what they are not: another address as the sender's name, alphabets mixed in a domain, letters
that run backwards in a file's name. Each is a warning for whoever shows the message; nothing is refused for it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from waypost.domains.mail import LOOK_ALIKE, OTHER_ADDRESS, TURNED_NAME, Address
from waypost.edges.mail_io.header_block import read_text

_ADDRESS = re.compile(r"[\w.+-]{1,64}@((?:[\w-]{1,63}\.){1,8}[\w-]{2,63})")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_MOST_BYTES = 2_000
_LONGEST_DOMAIN = 255
# Scripts whose letters pass for Latin ones.
_LOOKS_LATIN = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "LISU", "COPTIC")


def sender_warnings(raw_from: bytes, sender: Address | None) -> list[str]:
    """What is deceiving about the sender of a message."""
    if sender is None:
        return []
    warnings: list[str] = []
    domain = sender.email.rpartition("@")[2].lower()
    shown = _ADDRESS.search(sender.name)
    if shown and domain and not _related(shown[1].lower(), domain):
        warnings.append(f"{OTHER_ADDRESS}: {shown[0]}")
    if _BIDI.search(read_text(raw_from[:_MOST_BYTES])):
        warnings.append(TURNED_NAME)
    look_alike = _look_alike(domain)
    if look_alike:
        warnings.append(f"{LOOK_ALIKE}: {look_alike}")
    return warnings


def file_warnings(names: Iterable[str]) -> list[str]:
    """What is deceiving about the names of attachments, as their sender wrote them."""
    if any(_BIDI.search(name) for name in names):
        return ["marks that turn the reading direction were removed from a file name"]
    return []


def _related(one: str, other: str) -> bool:
    """Whether two domains are of one owner, as far as their names tell."""
    return one == other or one.endswith("." + other) or other.endswith("." + one)


def _look_alike(domain: str) -> str:
    """The domain as it reads, where one of its labels mixes alphabets, or is Latin to the eye alone."""
    readable = _readable(domain[:_LONGEST_DOMAIN])
    if readable.isascii():
        return ""
    for label in readable.split("."):
        scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in label if letter.isalpha()}
        deceiving = scripts & set(_LOOKS_LATIN)
        if deceiving and ("LATIN" in scripts or len(deceiving) > 1 or _is_latin_to_the_eye(label)):
            return readable
    return ""


# The letters of other alphabets that are drawn like Latin ones.
_DRAWN_ALIKE = frozenset("асеорхуіјѕԁһԛԝӏьгпкмтвнαοιορνκτυχρ")


def _is_latin_to_the_eye(label: str) -> bool:
    letters = [letter for letter in label if letter.isalpha()]
    return bool(letters) and all(letter in _DRAWN_ALIKE for letter in letters)


def _readable(domain: str) -> str:
    labels = []
    for label in domain.split("."):
        if label.startswith("xn--"):
            try:
                labels.append(label[4:].encode("ascii").decode("punycode"))
                continue
            except (UnicodeError, ValueError):
                pass
        labels.append(label)
    return ".".join(labels)
