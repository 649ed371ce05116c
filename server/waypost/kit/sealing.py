"""Sealing what has to be readable again (a digest will not do) with the desk's own key: Fernet, AES with HMAC."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken


class Unreadable(Exception):
    """Sealed with another key, or damaged."""


def seal(key: bytes, content: bytes) -> bytes:
    """The content, unreadable and unchangeable without the key."""
    return _box(key).encrypt(content)


def unseal(key: bytes, sealed: bytes) -> bytes:
    """The content again. Raises Unreadable."""
    try:
        return _box(key).decrypt(sealed)
    except InvalidToken as error:
        raise Unreadable("sealed with another key, or damaged") from error


def _box(key: bytes) -> Fernet:
    # The desk's key serves several purposes; each gets one of its own, derived from it.
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key, b"waypost.sealing", hashlib.sha256)))
