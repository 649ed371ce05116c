"""Two accounts with a user each on a real database, and builders for what the tests of customers are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from waypost.domains import customers
from waypost.domains.accounts import Actor, Role, Scope, scope_of
from waypost.domains.customers import Customer, CustomerProfile, EntryKind, NewCustomer, NewEntry
from waypost.kit.db import Pool
from waypost.kit.tx import Transactions

START = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)


@dataclass
class Bench:
    """A database under test: its pool, the two accounts' actors, and a clock that the tests move."""

    pool: Pool
    actor: Actor
    stranger: Actor
    now: datetime = START
    transactions: Transactions = field(init=False)

    def __post_init__(self) -> None:
        self.transactions = Transactions(self.pool, lambda: self.now)

    @property
    def scope(self) -> Scope:
        return scope_of(self.actor)

    def pass_time(self, seconds: int = 60) -> None:
        self.now += timedelta(seconds=seconds)

    async def customer(self, *emails: str, by: Actor | None = None, **fields: Any) -> Customer:
        """A customer with these addresses."""
        fields.setdefault("first_name", "Jane")
        entries = [NewEntry(kind=EntryKind.EMAIL, value=email) for email in emails]
        async with self.transactions.open() as tx:
            return await customers.create(tx, by or self.actor, NewCustomer(entries=entries, **fields))

    async def find_or_create(self, email: str, **profile: Any) -> Customer:
        async with self.transactions.open() as tx:
            return await customers.find_or_create_by_email(tx, self.actor, email, CustomerProfile(**profile))

    async def patch(self, customer_id: int, *operations: customers.Operation, by: Actor | None = None) -> None:
        async with self.transactions.open() as tx:
            await customers.patch(tx, by or self.actor, customer_id, operations)

    async def get(self, customer_id: int, scope: Scope | None = None) -> Customer:
        async with self.transactions.read() as tx:
            return await customers.get(tx, scope or self.scope, customer_id)

    async def mailbox(self, name: str, account_id: int | None = None) -> int:
        made: int = await self.pool.fetchval(
            "insert into mailbox (account_id, name, slug, email) values ($1, $2, $2, $2 || '@a.example') returning id",
            account_id or self.actor.account_id,
            name,
        )
        return made

    async def conversation(self, customer_id: int, mailbox_id: int, state: str = "published") -> int:
        made: int = await self.pool.fetchval(
            """
            insert into conversation (account_id, number, mailbox_id, type, status, state, subject, primary_customer_id,
                                      source_type, source_via, created_at, modified_at, user_updated_at)
            select $1, coalesce(max(number), 0) + 1, $2, 'email', 'active', $3, 'Help', $4, 'api', 'user', $5, $5, $5
            from conversation where account_id = $1
            returning id
            """,
            self.actor.account_id,
            mailbox_id,
            state,
            customer_id,
            self.now,
        )
        return made

    async def facts(self, *types: str) -> list[tuple[str, int | None, dict[str, Any]]]:
        """What stands in the log of the account: type, subject, data."""
        rows = await self.pool.fetch(
            "select type, subject_id, data from event where account_id = $1 order by id", self.actor.account_id
        )
        return [tuple(row.values()) for row in rows if not types or row["type"] in types]


async def make_account(pool: Pool, name: str) -> Actor:
    account_id = await pool.fetchval("insert into account (name) values ($1) returning id", name)
    user_id = await pool.fetchval(
        "insert into account_user (account_id, type, role, email) values ($1, 'user', 'owner', $2) returning id",
        account_id,
        f"owner@{name}.example",
    )
    return Actor(account_id=account_id, kind="user", user_id=user_id, role=Role.OWNER)


def values_of(customer: Customer, kind: EntryKind) -> list[str]:
    return [entry.value for entry in customer.of_kind(kind)]


def paths_of(problems: Iterable[Any]) -> list[str]:
    return [problem.path for problem in problems]
