"""Signing mail with the mailbox's key (DKIM: RFC 6376, RFC 8463), so that receivers know whose it is."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from dkim.canonicalization import Relaxed

from waypost.domains.mailboxes import Dkim
from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.edges.mail_io.header_writer import folded

#: In the order of the signature. Named once more than they are there, so that none can be added (RFC 6376, 8.15).
SIGNED = ("from", "reply-to", "subject", "date", "to", "cc", "message-id", "in-reply-to", "references", "mime-version",
          "content-type", "auto-submitted")  # fmt: skip
_SEPARATOR = b"\r\n\r\n"
_BASE64_LINE = 64

Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class BadKey(TemporaryFailure):
    """The mailbox's key cannot be used to sign. Mail waits: unsigned it would count as forged."""


def signed(raw: bytes, dkim: Dkim, at: datetime) -> bytes:
    """The message with a signature above it: relaxed/relaxed, by rsa-sha256 or ed25519-sha256. Raises BadKey."""
    key = private_key(dkim.private_key)
    head, _, body = raw.partition(_SEPARATOR)
    fields = _fields(head)
    names = [name for name in SIGNED if any(name == each for each, _ in fields)]
    counted = [name for name in names for each, _ in fields if each == name] + list(names)
    digest = hashlib.sha256(Relaxed.canonicalize_body(body)).digest()
    tags = [
        "v=1",
        f"a={'ed25519' if isinstance(key, ed25519.Ed25519PrivateKey) else 'rsa'}-sha256",
        "c=relaxed/relaxed",
        f"d={dkim.domain}",
        f"s={dkim.selector}",
        f"t={int(at.timestamp())}",
        # A colon ends no word, so long lists are broken at blanks.
        f"h={' : '.join(counted)}",
        f"bh={_base64(digest)}",
        "b=",
    ]
    unsigned = folded("DKIM-Signature", "; ".join(tags)).removesuffix(b"\r\n")
    signature = _sign(key, _covered(fields, counted) + _relaxed(unsigned).removesuffix(b"\r\n"))
    return unsigned + b"\r\n " + b"\r\n ".join(_lines(signature)) + b"\r\n" + raw


@lru_cache(maxsize=64)
def private_key(pem: str) -> Key:
    """An RSA or Ed25519 key from PEM. Raises BadKey."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey("the mailbox's DKIM key cannot be read: it must be an RSA or Ed25519 key in PEM") from None
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise BadKey("the mailbox's DKIM key must be an RSA or Ed25519 key")
    return key


def _fields(head: bytes) -> list[tuple[str, bytes]]:
    """Name and whole text of each field."""
    found: list[tuple[str, bytes]] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and found:
            name, text = found[-1]
            found[-1] = (name, text + b"\r\n" + line)
        else:
            found.append((line.partition(b":")[0].strip().lower().decode("latin-1"), line))
    return found


def _covered(fields: list[tuple[str, bytes]], names: list[str]) -> bytes:
    """The signed fields as they are hashed: of several with one name the last comes first (RFC 6376, 5.4.2)."""
    rest = list(fields)
    covered = b""
    for name in names:
        place = next((number for number in reversed(range(len(rest))) if rest[number][0] == name), None)
        if place is not None:
            covered += _relaxed(rest.pop(place)[1])
    return covered


def _relaxed(field: bytes) -> bytes:
    name, _, value = field.partition(b":")
    [(canonical, text)] = Relaxed.canonicalize_headers([(name, value + b"\r\n")])
    return bytes(canonical + b":" + text)


def _sign(key: Key, text: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(hashlib.sha256(text).digest())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _lines(signature: bytes) -> list[bytes]:
    text = base64.b64encode(signature)
    return [text[place : place + _BASE64_LINE] for place in range(0, len(text), _BASE64_LINE)]
