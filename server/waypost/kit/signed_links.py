"""Links that carry their own permission: what they are for, what they name and how long they last.

The fields of a link are signed, not hidden: whoever holds it can read them, so ids and addresses belong into it,
secrets never. A link counts for its purpose alone, because each purpose has a key of its own, derived from the desk's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime
from typing import TypeVar

import msgspec

from waypost.kit.errors import WaypostError

#: The longest token that is looked at.
MOST_CHARACTERS = 6000
_VERSION = 1
#: HMAC-SHA256, cut to 128 bits: nobody finds one by trying, and links in mails stay short.
_MAC_BYTES = 16

_Fields = TypeVar("_Fields", bound=msgspec.Struct)


class LinkRefused(WaypostError):
    """A link that does not count."""


class NotGenuine(LinkRefused):
    """Not made by this desk for this purpose, or changed on its way."""


class Expired(LinkRefused):
    """Made by this desk, but its time is over. `expired_at` says since when."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__("The link has expired")
        self.expired_at = expired_at


def sign(key: bytes, purpose: str, fields: msgspec.Struct, expires_at: datetime) -> str:
    """A URL-safe token of letters, digits, `-` and `_` that stands for the fields until a moment (to the second).

    The same call gives the same token. Fields are structs with `array_like=True`, which keeps tokens short.
    """
    content = bytes([_VERSION]) + msgspec.msgpack.encode((int(expires_at.timestamp()), fields))
    return _encoded(content + _mac(key, purpose, content))


def verify(key: bytes, purpose: str, token: str, kind: type[_Fields], now: datetime) -> _Fields:
    """The fields of a token that this desk has signed for this purpose. Raises NotGenuine or Expired."""
    raw = _decoded(token)
    content, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, purpose, content)) or content[:1] != bytes([_VERSION]):
        raise NotGenuine
    try:
        expires_s, fields = msgspec.msgpack.decode(content[1:], type=tuple[int, kind])  # type: ignore[valid-type]
    except msgspec.MsgspecError as error:
        # Genuine, but of a release whose links said something else.
        raise NotGenuine from error
    if now.timestamp() >= expires_s:
        raise Expired(datetime.fromtimestamp(expires_s, now.tzinfo))
    return fields


def _mac(key: bytes, purpose: str, content: bytes) -> bytes:
    own_key = hmac.digest(key, b"waypost.link." + purpose.encode(), hashlib.sha256)
    return hmac.digest(own_key, content, hashlib.sha256)[:_MAC_BYTES]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(token: str) -> bytes:
    if not token.isascii() or len(token) > MOST_CHARACTERS:
        raise NotGenuine
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotGenuine from error
    # Of the spellings that decoders take for the same bytes, one counts.
    if len(raw) <= _MAC_BYTES or _encoded(raw) != token:
        raise NotGenuine
    return raw
