"""Keys that mail is signed with: reading and making them, and the DNS record that publishes the public part (RFC 6376).

Ed25519 is RFC 8463; receivers that do not know it ignore such a signature.
"""

from __future__ import annotations

from base64 import b64encode
from enum import Enum
from typing import NamedTuple, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from waypost.domains.mailboxes.channel_models import Dkim

#: RFC 8301, 3.2: signers use 1024 bits at least. Above the most, keys do not fit into what resolvers answer.
LEAST_BITS, MOST_BITS = 1024, 4096
MADE_BITS = 2048
_EXPONENT = 65537
_LONGEST_PEM = 10_000

PrivateKey: TypeAlias = RSAPrivateKey | Ed25519PrivateKey


class Algorithm(Enum):
    """What a key signs by."""

    RSA = "rsa"
    ED25519 = "ed25519"


class BadKey(ValueError):
    """Not a key that mail can be signed with; the text says why, and shows nothing of it."""


class DnsRecord(NamedTuple):
    """A TXT record to publish."""

    name: str
    value: str


def normal_pem(pem: str) -> str:
    """The private key as PKCS#8 in PEM. Raises BadKey."""
    key = _read(pem)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def make_pem(algorithm: Algorithm) -> str:
    """A new private key. Takes up to a second of computing for RSA: call it in a thread."""
    made: PrivateKey = (
        generate_private_key(_EXPONENT, MADE_BITS) if algorithm is Algorithm.RSA else Ed25519PrivateKey.generate()
    )
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def record(dkim: Dkim) -> DnsRecord:
    """What has to stand in the DNS for signatures to be checked. Raises BadKey."""
    public = _read(dkim.private_key).public_key()
    if isinstance(public, RSAPublicKey):
        shown, algorithm = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), Algorithm.RSA
    else:
        shown, algorithm = public.public_bytes(Encoding.Raw, PublicFormat.Raw), Algorithm.ED25519
    value = f"v=DKIM1; k={algorithm.value}; p={b64encode(shown).decode()}"
    return DnsRecord(f"{dkim.selector}._domainkey.{dkim.domain}", value)


def _read(pem: str) -> PrivateKey:
    if len(pem) > _LONGEST_PEM:
        raise BadKey("is too long for a key")
    try:
        key = load_pem_private_key(pem.strip().encode(), password=None)
    except TypeError:
        raise BadKey("is protected by a passphrase; give it without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("is not a private key in PEM") from None
    if isinstance(key, RSAPrivateKey):
        if not LEAST_BITS <= key.key_size <= MOST_BITS:
            raise BadKey(f"is an RSA key of {key.key_size} bits; {LEAST_BITS} to {MOST_BITS} can be used")
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise BadKey("is neither an RSA nor an Ed25519 key")
