"""What each user may do in the knowledge base; owners and administrators may do everything."""

from __future__ import annotations

from waypost.domains import accounts
from waypost.domains.accounts import Actor
from waypost.domains.docs import changes, events, policy
from waypost.domains.docs.models import Level
from waypost.kit.tx import Tx

_LEVEL = "select level from docs_right where account_id = $1 and user_id = $2"
_PUT = """
insert into docs_right (account_id, user_id, level) values ($1, $2, $3)
on conflict (account_id, user_id) do update set level = excluded.level where docs_right.level <> excluded.level
returning 1
"""
_DROP = "delete from docs_right where account_id = $1 and user_id = $2 returning 1"
_LOCK = """
insert into docs_counter (account_id) values ($1)
on conflict (account_id) do update set number = docs_counter.number
"""
_NUMBER = """
insert into docs_counter (account_id, number) values ($1, 1)
on conflict (account_id) do update set number = docs_counter.number + 1
returning number
"""


async def level_of(tx: Tx, actor: Actor) -> Level:
    """What the actor may do."""
    if actor.is_administrator:
        return Level.MANAGE
    found = await tx.connection.fetchval(_LEVEL, actor.account_id, actor.user_id)
    return Level(found) if found else Level.READ


async def give(tx: Tx, actor: Actor, user_id: int, level: Level) -> None:
    """Let a user do this much from now on. Raises Forbidden, NotFound."""
    policy.may_give_rights(actor)
    await accounts.get_user(tx, accounts.scope_of(actor), user_id)
    if level is Level.READ:
        is_new = await tx.connection.fetchval(_DROP, actor.account_id, user_id)
    else:
        is_new = await tx.connection.fetchval(_PUT, actor.account_id, user_id, level.value)
    if is_new:
        tx.emit(actor, events.RightGiven(subject_id=user_id, level=level.value))


async def begin_editing(tx: Tx, actor: Actor) -> None:
    """Articles are about to change: checks the right, and lets one writer at a time go on. Raises Forbidden."""
    policy.may_edit_articles(actor, await level_of(tx, actor))
    await begin(tx, actor.account_id)


async def begin_managing(tx: Tx, actor: Actor) -> None:
    """The same for everything else. Raises Forbidden."""
    policy.may_manage(actor, await level_of(tx, actor))
    await begin(tx, actor.account_id)


async def begin(tx: Tx, account_id: int) -> None:
    """The same for what the desk itself does: nobody else changes the account's knowledge base until the commit."""
    await tx.connection.execute(_LOCK, account_id)
    await changes.changing(tx, account_id)


async def next_number(tx: Tx, account_id: int) -> int:
    """The next number of the account's one sequence: without gaps, and never used again (spec: 2.6)."""
    number: int = await tx.connection.fetchval(_NUMBER, account_id)
    return number
