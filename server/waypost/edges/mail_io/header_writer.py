"""Header fields as bytes: encoded (RFC 2047), folded, 7-bit, and with no way for a value to begin a field of its own.

Written here and not by the standard library, whose folding of long address lists with names beyond ASCII has encoded
the commas between addresses in several releases of Python, and so lost recipients.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable

from waypost.domains.mail import Address
from waypost.edges.mail_io.errors import Unsendable
from waypost.kit.text import clean_name

LINE_LENGTH = 78
_LONGEST_LINE = 998  # RFC 5322, 2.1.1
_LONGEST_TEXT = 998
_LONGEST_VALUE = 4_000
_LONGEST_WORD = 60
_WORD_BYTES = 42  # of UTF-8 in one encoded word: 42 bytes are 56 characters of base64, and 68 with what is around them
_LONGEST_ADDRESS = 320
_LONGEST_NAME = 255
_FIELD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_LOCAL = re.compile(r"""[^\s@<>,;:"()\[\]\\\x00-\x20\x7f]+|"(?:[^"\\\r\n\x00-\x1f\x7f]|\\[^\r\n\x00-\x1f\x7f])+\"""")
_DOMAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*|\[[0-9a-f.:ipv]{2,60}\]")
_DOTS = re.compile("[\u3002\uff0e\uff61]")


def text_field(name: str, value: str) -> bytes:
    """A field of text for people: cleaned, encoded where it has to be, folded."""
    return folded(name, _encoded_text(clean_name(value, _LONGEST_TEXT)))


def free_field(name: str, value: str) -> bytes:
    """A field that programs read, as it is but for line breaks; encoded only where it is beyond ASCII."""
    value = clean_name(value, _LONGEST_VALUE + 1)
    if len(value) > _LONGEST_VALUE:
        raise Unsendable(f"the header field {name[:60]} is longer than {_LONGEST_VALUE} characters")
    return folded(name, value if value.isascii() else _encoded_words(value))


def folded(name: str, value: str) -> bytes:
    """A field from a value that is ASCII already; it breaks at spaces only. Raises Unsendable for any other value."""
    if not _FIELD_NAME.fullmatch(name):
        raise Unsendable(f"{name[:60]!r} is not the name of a header field")
    if not value.isascii() or not value.isprintable():
        raise Unsendable(f"the header field {name} holds characters that no header can")
    lines, line = [], f"{name}:"
    for word in value.split():
        if len(word) > _LONGEST_LINE - len(name) - 2:
            raise Unsendable(f"the header field {name} holds a word of {len(word)} characters, and no line can")
        if len(line) + 1 + len(word) > LINE_LENGTH and line != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line, ""]).encode("ascii")


def encoded_addresses(addresses: Iterable[Address]) -> str:
    """A list of addresses with their names."""
    return ", ".join(encoded_address(address) for address in addresses)


def encoded_address(address: Address) -> str:
    """An address with its name. One whose local part is beyond ASCII is told in an empty group (RFC 6857, 3.1.9)."""
    email = wire_address(address.email)
    name = clean_name(address.name, _LONGEST_NAME)
    if not email.isascii():
        return f"{_encoded_words(f'{name} {email}'.strip())} :;"
    return f"{_phrase(name)} <{email}>" if name else email


def wire_address(email: str) -> str:
    """The address as SMTP and header fields spell it, its domain in ASCII. Raises Unsendable."""
    local, _, domain = email.strip().rpartition("@")
    domain = ascii_domain(domain)
    if len(email) > _LONGEST_ADDRESS or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise Unsendable(f"{clean_name(email, 100)!r} is not a mail address")
    if not local.isprintable():
        raise Unsendable(f"{clean_name(email, 100)!r} is not a mail address: it holds characters that cannot be seen")
    return f"{local}@{domain}"


def ascii_domain(domain: str) -> str:
    """The domain with labels beyond ASCII in punycode. Python's own codec maps ß to ss, which is another domain."""
    if domain.isascii():
        return domain.lower()
    composed = _DOTS.sub(".", unicodedata.normalize("NFKC", domain).lower())
    return ".".join(_ascii_label(label) for label in composed.split("."))


def _ascii_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _encoded_text(text: str) -> str:
    is_plain = text.isascii() and text.isprintable() and "=?" not in text
    if is_plain and all(len(word) <= _LONGEST_WORD for word in text.split(" ")):
        return text
    return _encoded_words(text)


def _phrase(name: str) -> str:
    """A name before an address."""
    if not name.isascii() or "=?" in name or any(len(word) > _LONGEST_WORD for word in name.split(" ")):
        return _encoded_words(name)
    if _ATOMS.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _encoded_words(text: str) -> str:
    words, piece = [], b""
    for character in text:
        encoded = character.encode()
        if len(piece) + len(encoded) > _WORD_BYTES:
            words.append(piece)
            piece = b""
        piece += encoded
    words.append(piece)
    return " ".join(f"=?utf-8?B?{b64encode(word).decode('ascii')}?=" for word in words if word)
