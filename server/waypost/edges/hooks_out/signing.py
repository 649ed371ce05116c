"""Signatures of deliveries (spec: webhooks 5, 7.1): what receivers check, over the bytes that were sent."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from waypost.domains.webhooks import Profile

_ENCODED_PREFIX = "whsec_"


def signature(profile: Profile, secret: str, body: bytes) -> str:
    """`X-HelpScout-Signature`: `sha1=` and hex in the seed's profile, base64 in the platform's."""
    digest = hmac.digest(secret.encode(), body, hashlib.sha1)
    return f"sha1={digest.hex()}" if profile is Profile.SEED else base64.b64encode(digest).decode()


def signature_256(secrets: Sequence[str], body: bytes) -> str:
    """`X-HelpScout-Signature-256`: `sha256=` and hex for every secret that holds, with a comma between."""
    digests = [hmac.digest(secret.encode(), body, hashlib.sha256).hex() for secret in secrets]
    return ",".join(f"sha256={digest}" for digest in digests)


def standard_signature(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """`webhook-signature` of Standard Webhooks 1.0: `v1,` and base64 for every secret that holds, with a blank."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = [hmac.digest(_key(secret), signed, hashlib.sha256) for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _key(secret: str) -> bytes:
    if secret.startswith(_ENCODED_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_ENCODED_PREFIX), validate=True)
        except binascii.Error:
            pass
    return secret.encode()
