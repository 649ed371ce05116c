"""Ids and numbers of new things: fresh ones, or those that a thing had where it comes from, if they are free here."""

from __future__ import annotations

import msgspec

from waypost.domains.docs import rights
from waypost.domains.docs.ids import ID, new_id
from waypost.kit.tx import Tx

#: A larger number is not kept: the sequence goes on after it.
LARGEST_NUMBER = 1_000_000_000
ID_USED = """
select exists (select from docs_site where account_id = $1 and id = $2)
  or exists (select from docs_collection where account_id = $1 and id = $2)
  or exists (select from docs_category where account_id = $1 and id = $2)
  or exists (select from docs_article where account_id = $1 and id = $2)
  or exists (select from docs_redirect where account_id = $1 and id = $2)
  or exists (select from docs_revision where account_id = $1 and id = $2)
"""
NUMBER_USED = """
select exists (select from docs_collection where account_id = $1 and number = $2)
  or exists (select from docs_category where account_id = $1 and number = $2)
  or exists (select from docs_article where account_id = $1 and number = $2)
"""
RAISE_COUNTER = """
insert into docs_counter (account_id, number) values ($1, $2)
on conflict (account_id) do update set number = greatest(docs_counter.number, excluded.number)
"""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a thing is called by where it comes from."""

    id: str = ""
    number: int | None = None


async def id_for(tx: Tx, account_id: int, wanted: str = "") -> str:
    """The wanted id if it is one and free, else a fresh one."""
    if ID.fullmatch(wanted) and not await tx.connection.fetchval(ID_USED, account_id, wanted):
        return wanted
    return new_id(tx.now)


async def number_for(tx: Tx, account_id: int, wanted: int | None) -> int:
    """The wanted number if nothing has it, else the next one. The sequence goes on behind all that are in use."""
    if wanted is not None and await is_free(tx, account_id, wanted):
        await tx.connection.execute(RAISE_COUNTER, account_id, wanted)
        return wanted
    return await rights.next_number(tx, account_id)


async def is_free(tx: Tx, account_id: int, number: int) -> bool:
    """Whether a number may be one here, and nothing has it."""
    return is_keepable(number) and not await tx.connection.fetchval(NUMBER_USED, account_id, number)


def is_keepable(number: int) -> bool:
    """Whether a number may be one here."""
    return 0 < number <= LARGEST_NUMBER


async def reserve(tx: Tx, account_id: int, number: int) -> None:
    """Have new numbers begin behind this one, so that none is given away that somebody else is about to need."""
    if is_keepable(number):
        await tx.connection.execute(RAISE_COUNTER, account_id, number)
