"""Builders: a desk with its owner, and what a test puts into it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from waypost.domains import accounts
from waypost.domains.accounts import Actor, NewUser, OAuthApplication, Role, Tokens, User, grants
from waypost.kit.tx import Transactions

_numbers = itertools.count(1)


@dataclass
class Desk:
    transactions: Transactions
    account_id: int
    owner: Actor

    @classmethod
    async def new(cls, transactions: Transactions) -> Desk:
        async with transactions.open() as tx:
            made = await accounts.create_account(tx, "Example Ltd", person("Olga", "Owner"))
        owner = await actor(transactions, made.id, made.owner.id)
        return cls(transactions, made.id, owner)

    async def user(self, first_name: str = "Ursula", role: Role = Role.USER, **details: Any) -> User:
        async with self.transactions.open() as tx:
            return await accounts.create_user(tx, self.owner, person(first_name, **details), role)

    async def actor(self, first_name: str = "Ursula", role: Role = Role.USER) -> Actor:
        user = await self.user(first_name, role)
        return await actor(self.transactions, self.account_id, user.id)

    async def mailbox(self, name: str = "Support") -> int:
        number = next(_numbers)
        mailbox_id: int = await self.transactions.pool.fetchval(
            "insert into mailbox (account_id, name, slug, email) values ($1, $2, $3, $4) returning id",
            self.account_id,
            name,
            f"{number:016x}",
            f"box{number}@example.com",
        )
        return mailbox_id

    async def application(self, of: Actor | None = None, **settings: Any) -> tuple[OAuthApplication, str]:
        async with self.transactions.open() as tx:
            return await accounts.register_application(tx, of or self.owner, settings.pop("name", "Sync"), **settings)

    async def client_token(self, application: OAuthApplication) -> str:
        async with self.transactions.open() as tx:
            return granted(await grants.client_credentials(tx, application)).access_token

    async def consent(self, application: OAuthApplication, user_id: int) -> Tokens:
        async with self.transactions.open() as tx:
            code = await grants.issue_code(tx, application, user_id, None)
        async with self.transactions.open() as tx:
            return granted(await grants.exchange_code(tx, application, code))

    async def facts(self, prefix: str = "") -> list[str]:
        rows = await self.transactions.pool.fetch(
            "select type from event where account_id = $1 and starts_with(type, $2) order by id",
            self.account_id,
            prefix,
        )
        return [row["type"] for row in rows]


def person(first_name: str = "Ursula", last_name: str = "User", **details: Any) -> NewUser:
    email = details.pop("email", f"{first_name.lower().replace(' ', '')}{next(_numbers)}@example.com")
    return NewUser(email=email, first_name=first_name, last_name=last_name, **details)


async def actor(transactions: Transactions, account_id: int, user_id: int) -> Actor:
    found = await accounts.actor_for_user(transactions.pool, account_id, user_id)  # type: ignore[arg-type]
    assert found is not None
    return found


def granted(outcome: Tokens | accounts.Refusal) -> Tokens:
    assert isinstance(outcome, Tokens), outcome
    return outcome
