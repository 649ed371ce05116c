"""Filling an empty database with the demo account, through the same verbs that everything else goes through.

The whole account is one transaction: whoever is killed while it runs leaves nothing but some unnamed files, and the
next start begins again. Only `demo.json` is written after that, and made anew where it is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

from waypost.demo import access, cast, credentials
from waypost.demo.access import DemoAccess
from waypost.demo.knowledge import make_help_centers
from waypost.demo.letterheads import set_letterheads
from waypost.demo.rules import make_workflows
from waypost.demo.shapes import DemoConversation, DemoCustomer, DemoEmail
from waypost.demo.stage import Stage, go_to, set_up
from waypost.domains import accounts
from waypost.domains.accounts import Actor, passwords, scope_of
from waypost.domains.mailboxes import ChannelMeans
from waypost.kit import named_locks
from waypost.kit.files import FileStore
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx
from waypost.runtime import Desk

__all__ = ["DemoAccess", "Progress", "fill"]

Progress = Callable[[str, int, int], None]
Happening: TypeAlias = DemoConversation | DemoEmail

LOCK = "demo.fill"
LOCK_POLL_S = 0.2
# A new conversation's search document is made when the constraints are checked, by default all at once at the commit,
# which would be one long statement.
SETTLE_EVERY = 50
_SETTLE = "set constraints all immediate; set constraints all deferred"


async def fill(desk: Desk, progress: Progress | None = None, *, most: int | None = None) -> DemoAccess:
    """Make the demo account if it is not there, and say how to get into it. Where it is, nothing changes.

    `progress` is told what is made, how many are done, and of how many; `most` leaves it at the newest so many
    conversations and mails. Secrets are kept in the data folder alone; those that are lost are given anew. Several
    processes may call this at once: one fills, the others wait.
    """
    while True:
        async with named_locks.try_hold(desk.pool, LOCK) as is_held:
            if is_held:
                return await _fill(desk, progress or _untold, most)
        await asyncio.sleep(LOCK_POLL_S)


def _untold(_what: str, _done: int, _total: int) -> None:
    """For callers who do not want to know."""


async def _fill(desk: Desk, progress: Progress, most: int | None) -> DemoAccess:
    folder, base_url = desk.settings.data_dir, desk.context.base_url
    kept = access.load(folder)
    async with desk.transactions.open() as tx:
        account_id = await _find_account(tx, kept)
        if account_id is None:
            found = await _make(tx, desk, progress, most)
        else:
            found = await credentials.renewed(tx, account_id, kept, base_url)
    if found != kept:
        access.save(folder, found)
    return found


async def _find_account(tx: Tx, kept: DemoAccess | None) -> int | None:
    """The account that was made before, even if it has got another name since."""
    if kept is not None:
        application = await accounts.find_application(tx.connection, kept.client_id)
        if application is not None:
            return application.account_id
    owner = next(user.email for user in cast.USERS if user.role == "owner")
    for account_id, name in await accounts.list_accounts(tx):
        scope = scope_of(Actor.system(account_id))
        page = await accounts.list_users(tx, scope, PageRequest(1, 1), email=owner, with_deactivated=True)
        if name == cast.COMPANY or page.items:
            return account_id
    return None


async def _make(tx: Tx, desk: Desk, progress: Progress, most: int | None) -> DemoAccess:
    # Here, as in what is called below, because only the first start needs it.
    from waypost.demo import material

    progress("Setting up the desk", 0, 1)
    password = credentials.new_password()
    hashes = {user.key: await passwords.hashed(password) for user in cast.USERS}
    stage = await set_up(tx, hashes, tx.now)
    happenings: list[Happening] = [*material.conversations(), *material.emails()]
    happenings = sorted(happenings, key=_age_s)[:most]
    progress("Setting up the desk", 1, 1)
    people = {person.emails[0].value: person for person in material.customers()}
    await _play_all(tx, desk.files, stage, happenings[::-1], people, progress)
    await go_to(tx, stage.now)
    await make_workflows(tx, stage)
    progress("Help centers", 0, 1)
    await make_help_centers(tx, stage, desk.context.docs_addresses)
    progress("Help centers", 1, 1)
    await set_letterheads(tx, stage, ChannelMeans(desk.context.secret_key, desk.outgoing))
    mailbox_ids = [box.id for box in stage.mailboxes.values()]
    return await credentials.first(tx, stage.owner, desk.context.base_url, password, mailbox_ids)


def _age_s(item: Happening) -> int:
    return item.age_s if isinstance(item, DemoEmail) else item.messages[0].age_s


async def _play_all(
    tx: Tx,
    files: FileStore,
    stage: Stage,
    happenings: Sequence[Happening],
    people: dict[str, DemoCustomer],
    progress: Progress,
) -> None:
    """Play from the oldest on, so that numbers count up with time."""
    from waypost.demo.play import add_customer, play_conversation, play_mail

    for count, item in enumerate(happenings, 1):
        if isinstance(item, DemoEmail):
            await play_mail(tx, files, stage, item)
        else:
            person = people.pop(item.customer_email, None)
            if person is not None:
                await go_to(tx, stage.at(_age_s(item)))
                await add_customer(tx, stage, person)
            await play_conversation(tx, files, stage, item)
        if count % SETTLE_EVERY == 0 or count == len(happenings):
            await tx.flush()
            await tx.connection.execute(_SETTLE)
        progress("Conversations and mails", count, len(happenings))
