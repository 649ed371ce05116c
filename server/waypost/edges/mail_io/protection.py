"""How a message is protected, by S/MIME or OpenPGP, as its parts say. It is shown, never called verified: Waypost holds
no keys of the people who write to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from waypost.edges.mail_io import cms
from waypost.edges.mail_io.parts import Part
from waypost.edges.mail_io.transfer import decoded

Protection: TypeAlias = Literal["pgp-signed", "pgp-encrypted", "smime-signed", "smime-encrypted"]

SMIME = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
_PGP_SIGNED = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----\s*$", re.MULTILINE)
_PGP_ENCRYPTED = re.compile(r"^-----BEGIN PGP MESSAGE-----\s*$", re.MULTILINE)
_SNIFFED = 2_000
_MOST_TEXT = 200_000
#: What a message that cannot be read without a key shows instead of its text.
ENCRYPTED_NOTE = "This message is encrypted with {}. Only the recipient's key opens it; the encrypted part is attached."
_UNREADABLE_NOTE = "This message is wrapped in an S/MIME signature that could not be opened; the part is attached."
_NAMES = {"pgp-encrypted": "OpenPGP", "smime-encrypted": "S/MIME"}


def protection_of(roots: list[Part], text: str) -> tuple[Protection, ...]:
    """Every kind of protection that the parts name, and the armour of inline PGP, outermost first."""
    found: dict[Protection, None] = {}
    for part in [part for root in roots for part in _walk(root)]:
        kind = _of_part(part)
        if kind:
            found[kind] = None
    if "-----BEGIN PGP" in text:
        beginning = text[:_MOST_TEXT]
        if _PGP_ENCRYPTED.search(beginning):
            found["pgp-encrypted"] = None
        if _PGP_SIGNED.search(beginning):
            found["pgp-signed"] = None
    return tuple(found)


def note(protection: tuple[Protection, ...]) -> str:
    """What is to be read where an encrypted message shows nothing; empty for others."""
    name = next((_NAMES[kind] for kind in protection if kind in _NAMES), "")
    if name:
        return ENCRYPTED_NOTE.format(name)
    return _UNREADABLE_NOTE if "smime-signed" in protection else ""


def _walk(root: Part) -> Iterator[Part]:
    waiting = [root]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(reversed(part.children))


def _of_part(part: Part) -> Protection | None:
    protocol = part.parameters.get("protocol", "").lower()
    children = [child.media_type for child in part.children]
    if part.media_type == "multipart/encrypted":
        return "pgp-encrypted" if "pgp" in protocol or "application/pgp-encrypted" in children else "smime-encrypted"
    if part.media_type == "multipart/signed":
        return "pgp-signed" if "pgp" in protocol or "application/pgp-signature" in children else "smime-signed"
    if part.media_type in SMIME:
        return _of_smime(part)
    # Gateways that know no S/MIME change its type; the name stays (RFC 8551, 3.2.1).
    if part.media_type == "application/octet-stream" and part.file_name().lower().endswith((".p7m", ".p7z")):
        return _by_bytes(part)
    # Servers that add a text to PGP/MIME make a mixture of it.
    if part.media_type == "multipart/mixed" and "application/pgp-encrypted" in children:
        return "pgp-encrypted"
    if part.media_type == "application/pgp" or part.parameters.get("x-action", "").startswith("pgp"):
        return "pgp-encrypted" if "encrypt" in part.parameters.get("x-action", "encrypt") else "pgp-signed"
    return None


def _of_smime(part: Part) -> Protection | None:
    said = part.parameters.get("smime-type", "").lower()
    if said in ("enveloped-data", "authenveloped-data"):
        return "smime-encrypted"
    if said == "signed-data":
        return "smime-signed"
    if said in ("certs-only", "compressed-data"):
        return None
    if by_bytes := _by_bytes(part):
        return by_bytes
    return "smime-signed" if part.file_name().lower().endswith(".p7s") else "smime-encrypted"


def _by_bytes(part: Part) -> Protection | None:
    data, _ = decoded(part.body()[:_SNIFFED], part.transfer_encoding())
    kind = cms.kind_of(data)
    if not kind:
        return None
    return "smime-signed" if kind == "signed" else "smime-encrypted"
