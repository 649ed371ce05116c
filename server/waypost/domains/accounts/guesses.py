"""Counting guesses at passwords, codes and addresses before they are checked, so that no race outruns the limit.

Each count is one statement in a transaction of its own: a thousand parallel guesses are a thousand counts, and a check
that fails (and rolls back) leaves its count standing.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import timedelta

import msgspec

from waypost.domains.accounts import sessions_store as store
from waypost.kit.errors import Throttled
from waypost.kit.tx import Transactions


class Limit(msgspec.Struct, frozen=True):
    """So many guesses about one subject in a window; `what` keeps the counts of different questions apart."""

    what: str
    guesses: int
    window: timedelta


PASSWORD_PER_EMAIL = Limit("password.email", 10, timedelta(minutes=15))
PASSWORD_PER_ADDRESS = Limit("password.address", 50, timedelta(minutes=15))
CODE_PER_USER = Limit("code.user", 6, timedelta(minutes=15))
CODE_PER_USER_A_DAY = Limit("code.user.day", 30, timedelta(days=1))
CODE_PER_ADDRESS = Limit("code.address", 50, timedelta(minutes=15))
RESET_PER_EMAIL = Limit("reset.email", 3, timedelta(minutes=15))
RESET_PER_ADDRESS = Limit("reset.address", 20, timedelta(minutes=15))
TOKEN_PER_ADDRESS = Limit("token.address", 50, timedelta(minutes=15))


async def count(transactions: Transactions, *counted: tuple[Limit, str]) -> None:
    """Count one guess against each limit and its subject in turn, up to the first that refuses.

    Raises Throttled; a refused guess must not be checked. Limits of callers go before those of users, so that a caller
    who is refused anyway uses up nobody's tries.
    """
    for limit, subject in counted:
        async with transactions.open() as tx:
            made, started_at = await store.count_guess(tx.connection, _key(limit, subject), limit.window, tx.now)
        if made > limit.guesses:
            wait = started_at + limit.window - tx.now
            raise Throttled("Too many tries. Wait a while, then try again.", int(wait.total_seconds()))


def network_of(ip: str) -> str:
    """What counts as one caller: an IPv4 address, or the /64 that one IPv6 customer is given."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


async def forget(transactions: Transactions, *counted: tuple[Limit, str]) -> None:
    """Start over after a right answer. Never for counts per network address: its owner would mix right with wrong."""
    async with transactions.open() as tx:
        await store.delete_guesses(tx.connection, [_key(limit, subject) for limit, subject in counted])


def _key(limit: Limit, subject: str) -> str:
    """What the count is kept under: no address and no mistyped password stands in the table."""
    return f"{limit.what}:{hashlib.sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"
