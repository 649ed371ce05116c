"""Builders: one per noun, sensible defaults, only what matters spelled out. They write rows and leave no events.

account = await make.account()                        # with .owner, .administrator, .user (who sees no mailbox yet)
mailbox = await make.mailbox(account, users=[account.user])
other = await make.account()                          # a second company
someone = await make.user(account, role=Role.USER, mailboxes=[mailbox])
token = await make.token(someone)                     # a bearer token that acts as the person
someone.actor                                         # the Actor, for calling verbs without HTTP
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from waypost.domains import mailboxes
from waypost.domains.accounts import Actor, Dialect, Role
from waypost.domains.mailboxes import Mailbox
from waypost.kit.secrets import digest, new_token
from waypost.kit.tx import Transactions, Tx

_numbers = itertools.count(1)
TOKEN_LIFE = timedelta(days=2)


@dataclass(frozen=True)
class Person:
    """A user, and the actor that verbs take."""

    account_id: int
    id: int
    email: str
    first_name: str
    last_name: str
    actor: Actor


@dataclass(frozen=True)
class AccountMade:
    """A company with one person of each role. `user` sees no mailbox until one is made with `users=[...]`."""

    id: int
    owner: Person
    administrator: Person
    user: Person


class Make:
    """The builders, over one database."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._tokens: dict[tuple[int, int, Dialect], str] = {}

    async def account(self, name: str = "Acme") -> AccountMade:
        """A company with an owner, an administrator and a plain user."""
        async with self._transactions.open() as tx:
            account_id = await tx.connection.fetchval("insert into account (name) values ($1) returning id", name)
            await tx.connection.execute("insert into account_counter (account_id) values ($1)", account_id)
            return AccountMade(
                account_id,
                await _insert_user(tx, account_id, Role.OWNER, "Olivia", "Owner"),
                await _insert_user(tx, account_id, Role.ADMIN, "Adam", "Admin"),
                await _insert_user(tx, account_id, Role.USER, "Una", "User"),
            )

    async def user(
        self,
        account: AccountMade,
        role: Role = Role.USER,
        mailboxes: Sequence[Mailbox] = (),
        *,
        first_name: str = "Uli",
        last_name: str = "User",
        email: str | None = None,
    ) -> Person:
        """One more person, with access to the mailboxes."""
        async with self._transactions.open() as tx:
            person = await _insert_user(
                tx, account.id, role, first_name, last_name, email, [box.id for box in mailboxes]
            )
            await _give_access(tx, person, [box.id for box in mailboxes])
            return person

    async def mailbox(
        self, account: AccountMade, name: str = "Support", email: str | None = None, users: Sequence[Person] = ()
    ) -> Mailbox:
        """A mailbox with its folders; `users` get access. Owner and administrator see every mailbox.

        A person's `actor` is a value: `refreshed` gives one that knows the new mailbox.
        """
        email = email or f"mailbox{next(_numbers)}@acme.test"
        async with self._transactions.open() as tx:
            made = await mailboxes.create(tx, Actor.system(account.id), name, email)
            tx._events.clear()
            for person in users:
                await _give_access(tx, person, [made.id])
            for user_id in (account.owner.id, account.administrator.id, *(person.id for person in users)):
                await mailboxes.ensure_personal_folders(tx, account.id, user_id, [made.id])
            return made

    async def refreshed(self, person: Person) -> Person:
        """The same person with an actor of the mailbox access that holds now."""
        async with self._transactions.read() as tx:
            rows = await tx.connection.fetch(
                "select mailbox_id from mailbox_user where account_id = $1 and user_id = $2",
                person.account_id,
                person.id,
            )
        role = person.actor.role
        assert role is not None
        actor = _actor(person.account_id, person.id, role, [row["mailbox_id"] for row in rows])
        return Person(person.account_id, person.id, person.email, person.first_name, person.last_name, actor)

    async def token(self, person: Person, dialect: Dialect = Dialect.SEED) -> str:
        """A bearer token of an application of the person's own; the same one for the same person."""
        key = (person.account_id, person.id, dialect)
        if key not in self._tokens:
            self._tokens[key] = await self._insert_token(person, dialect)
        return self._tokens[key]

    async def _insert_token(self, person: Person, dialect: Dialect) -> str:
        token = new_token()
        async with self._transactions.open() as tx:
            application_id = await tx.connection.fetchval(
                """insert into oauth_application (account_id, user_id, name, client_id, client_secret_hash, dialect)
                   values ($1, $2, 'Tests', $3, $4, $5) returning id""",
                person.account_id,
                person.id,
                new_token(),
                digest(new_token()),
                dialect.value,
            )
            await tx.connection.execute(
                """insert into oauth_token
                     (digest, account_id, application_id, user_id, family, kind, created_at, expires_at)
                   values ($1, $2, $3, $4, $5, 'access', $6, $7)""",
                digest(token),
                person.account_id,
                application_id,
                person.id,
                uuid4(),
                tx.now,
                tx.now + TOKEN_LIFE,
            )
        return token


def _actor(account_id: int, user_id: int, role: Role, mailbox_ids: Sequence[int]) -> Actor:
    visible = frozenset(mailbox_ids) if role is Role.USER else None
    return Actor(account_id=account_id, kind="user", user_id=user_id, role=role, mailbox_ids=visible)


async def _insert_user(
    tx: Tx,
    account_id: int,
    role: Role,
    first_name: str,
    last_name: str,
    email: str | None = None,
    mailbox_ids: Sequence[int] = (),
) -> Person:
    email = email or f"{first_name}.{last_name}.{next(_numbers)}@acme.test".lower()
    user_id = await tx.connection.fetchval(
        """insert into account_user (account_id, type, role, first_name, last_name, email, mention)
           values ($1, 'user', $2, $3, $4, $5, $6) returning id""",
        account_id,
        role.value,
        first_name,
        last_name,
        email,
        first_name.lower(),
    )
    actor = _actor(account_id, user_id, role, mailbox_ids)
    return Person(account_id, user_id, email, first_name, last_name, actor)


async def _give_access(tx: Tx, person: Person, mailbox_ids: Sequence[int]) -> None:
    await tx.connection.executemany(
        "insert into mailbox_user (account_id, user_id, mailbox_id) values ($1, $2, $3) on conflict do nothing",
        [(person.account_id, person.id, mailbox_id) for mailbox_id in mailbox_ids],
    )
