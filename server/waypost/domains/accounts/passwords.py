"""Passwords: what one has to be, and its slow hash. Nothing here touches the database."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from waypost.kit.errors import Invalid

MIN_LENGTH = 10
#: Longer than any passphrase; shorter than what would make hashing a way to keep the desk busy.
MAX_LENGTH = 256

# About 50 ms and 32 MiB a check (OWASP's least is 19 MiB); hashes made with other figures are renewed at sign-in.
_hasher = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)

# Two at a time: a flood of sign-ins waits here instead of taking all memory and processors.
_workers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def check_new(password: str, email: str, path: str = "password") -> None:
    """Raise Invalid unless the password will do for the user with this address."""
    normal = _normal(password)
    if len(normal) < MIN_LENGTH:
        raise Invalid.one(path, f"Use at least {MIN_LENGTH} characters.", "Size")
    if len(normal) > MAX_LENGTH:
        raise Invalid.one(path, f"Use at most {MAX_LENGTH} characters.", "Size")
    if normal.casefold() == _normal(email).casefold():
        raise Invalid.one(path, "Your email address is too easy to guess as a password.", "Unknown")
    if len(set(normal)) < 4:
        raise Invalid.one(path, "Use more than three different characters.", "Unknown")


async def hashed(password: str) -> str:
    """The hash to store."""
    return await asyncio.get_running_loop().run_in_executor(_workers, _hasher.hash, _normal(password))


async def matches(password: str, stored: str | None) -> bool:
    """Whether this is the password. Without a stored hash it takes the same time and is False."""
    return await asyncio.get_running_loop().run_in_executor(_workers, _matches, password, stored)


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other figures than today's."""
    return _hasher.check_needs_rehash(stored)


def _matches(password: str, stored: str | None) -> bool:
    if len(password) > MAX_LENGTH * 4:
        password, stored = "", None
    try:
        _hasher.verify(stored or _nobodys_hash(), _normal(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("no one's password")


def _normal(password: str) -> str:
    # One keyboard sends é as one code point, another as two.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
