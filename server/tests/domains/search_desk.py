"""An account filled by plain SQL, to be searched: each row has a name by which tests speak of it.

Synchronous on the outside, so that properties with hundreds of examples share one connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from waypost.domains.conversations import search as conversation_search
from waypost.domains.customers import search as customer_search
from waypost.kit.search_query import Node, SqlCondition, parse

_CUSTOMER_DOCUMENTS = "(select s.customer_id as id, s.* from customer_search s) customer"
_DOCUMENTS = "(select s.conversation_id as id, s.* from conversation_search s)"
NOW = datetime(2024, 6, 15, 12, 30, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Customer:
    """A customer as it was written."""

    id: int
    first_name: str = ""
    last_name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    organization: str | None = None
    job_title: str | None = None
    location: str | None = None
    created_at: datetime = NOW
    updated_at: datetime = NOW


@dataclass(frozen=True)
class Thread:
    """A thread as it was written."""

    body: str = ""
    type: str = "customer"
    state: str = "published"
    customer_id: int | None = None
    user_id: int | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """A conversation as it was written, with what its search depends on."""

    id: int
    number: int
    subject: str
    customer: Customer
    mailbox_id: int
    mailbox: str
    status: str = "active"
    state: str = "published"
    type: str = "email"
    assignee: str | None = None
    cc: tuple[str, ...] = ()
    threads: tuple[Thread, ...] = ()
    tags: tuple[str, ...] = ()
    files: int = 0
    created_at: datetime = NOW
    modified_at: datetime = NOW
    closed_at: datetime | None = None
    waiting_since: datetime | None = None


@dataclass
class SearchDesk:
    """One account and its rows, by id."""

    connection: Any
    loop: asyncio.AbstractEventLoop
    account_id: int = 0
    conversations: dict[int, Conversation] = field(default_factory=dict)
    customers: dict[int, Customer] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    mailboxes: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    languages: tuple[str, ...] = conversation_search.NEW_DOCUMENTS
    stems: dict[tuple[str, str], str] = field(default_factory=dict)

    def run(self, sql: str, *arguments: Any) -> Any:
        """The first value of the first row."""
        return self.loop.run_until_complete(self.connection.fetchval(sql, *arguments))

    def stem(self, word: str) -> str:
        """The stem that PostgreSQL's dictionary of the account's language has for a word."""
        language = self.languages[0]
        if language == "simple":
            return word
        if (language, word) not in self.stems:
            found = self.run(f"select (ts_lexize('search_{language}', $1))[1]", word)
            self.stems[language, word] = found or word
        return self.stems[language, word]

    def rows(self, sql: str, *arguments: Any) -> list[Any]:
        """All rows."""
        return list(self.loop.run_until_complete(self.connection.fetch(sql, *arguments)))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Several changes at once."""
        self.run("begin")
        try:
            yield
        except BaseException:
            self.run("rollback")
            raise
        self.run("commit")

    def open_account(self) -> None:
        """From now on rows go to a new account; those before are another company's."""
        self.account_id = self.run("insert into account (name) values ('Acme') returning id")
        for known in (self.conversations, self.customers, self.users, self.mailboxes, self.tags):
            known.clear()

    def user(self, first: str, last: str = "", kind: str = "user") -> int:
        """A user or team."""
        name = f"{first} {last}".strip()
        self.users[name] = self.run(
            "insert into account_user (account_id, type, role, first_name, last_name, email) values"
            " ($1, $2, case when $2 = 'user' then 'user' end, $3, $4, $5) returning id",
            *(self.account_id, kind, first, last, f"{first}.{last}.{self.account_id}@desk.example".lower()),
        )
        return self.users[name]

    def mailbox(self, name: str) -> int:
        """A mailbox; the same name is the same mailbox."""
        if name not in self.mailboxes:
            self.mailboxes[name] = self.run(
                "insert into mailbox (account_id, name, slug, email) values ($1, $2, $3, $3) returning id",
                *(self.account_id, name, f"{len(self.mailboxes)}.{self.account_id}@desk.example"),
            )
        return self.mailboxes[name]

    def tag(self, name: str, slug: str | None = None) -> int:
        """A tag; the same name is the same tag."""
        if name not in self.tags:
            self.tags[name] = self.run(
                "insert into tag (account_id, name, slug) values ($1, $2, $3) returning id",
                *(self.account_id, name, slug or name.lower().replace(" ", "-")),
            )
        return self.tags[name]

    def customer(self, first: str = "", last: str = "", *emails: str, **known: Any) -> Customer:
        """A customer with these addresses, and phones, organization and so on by name."""
        made = Customer(0, first, last, emails, **known)
        with self.transaction():
            organization = made.organization and self.run(
                "insert into organization (account_id, name) values ($1, $2)"
                " on conflict (account_id, lower(name)) where deleted_at is null"
                " do update set name = excluded.name returning id",
                *(self.account_id, made.organization),
            )
            customer_id = self.run(
                "insert into customer (account_id, first_name, last_name, email, organization_id, job_title, location,"
                " created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
                *(self.account_id, first, last, emails[0] if emails else "", organization, made.job_title),
                *(made.location, made.created_at, made.updated_at),
            )
            for kind, values in (("email", emails), ("phone", made.phones)):
                for value in values:
                    self.add_entry(customer_id, kind, value)
        self.customers[customer_id] = Customer(customer_id, first, last, emails, **known)
        return self.customers[customer_id]

    def add_entry(self, customer_id: int, kind: str, value: str) -> None:
        """An address or a phone number."""
        self.run(
            "insert into customer_entry (account_id, customer_id, kind, value) values ($1, $2, $3, $4)",
            *(self.account_id, customer_id, kind, value),
        )

    def conversation(
        self, subject: str, customer: Customer, *threads: Thread, mailbox: str = "General Support", **known: Any
    ) -> Conversation:
        """A conversation with its threads and tags, written in one transaction as the product does."""
        with self.transaction():
            number = len(self.conversations) + 1
            mailbox_id = self.mailbox(mailbox)
            draft = Conversation(0, number, subject, customer, mailbox_id, mailbox, threads=threads, **known)
            made = self.run(
                "insert into conversation (account_id, number, mailbox_id, type, status, state, subject,"
                " primary_customer_id, assignee_id, source_type, source_via, cc, attachment_count, created_at,"
                " modified_at, user_updated_at, closed_at, waiting_since)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'api', 'customer', $10, $11, $12, $13, $13, $14, $15)"
                " returning id",
                *(self.account_id, number, mailbox_id, draft.type, draft.status, draft.state, subject, customer.id),
                *(draft.assignee and self.users[draft.assignee], list(draft.cc), draft.files, draft.created_at),
                *(draft.modified_at, draft.closed_at, draft.waiting_since),
            )
            for thread in threads:
                self.add_thread(made, thread)
            for name in draft.tags:
                self.add_tag(made, name)
        self.conversations[made] = Conversation(
            made, number, subject, customer, mailbox_id, mailbox, threads=threads, **known
        )
        return self.conversations[made]

    def add_thread(self, conversation_id: int, thread: Thread) -> int:
        """A thread; its id."""
        by_customer = thread.customer_id if thread.type == "customer" else None
        made: int = self.run(
            "insert into thread (account_id, conversation_id, type, status, state, body, body_text, source_type,"
            " source_via, customer_id, created_by_customer_id, created_by_user_id, to_emails, cc, created_at)"
            " values ($1, $2, $3, 'active', $4, $5, $5, 'api', 'customer', $6, $7, $8, $9, $10, $11) returning id",
            *(self.account_id, conversation_id, thread.type, thread.state, thread.body, thread.customer_id),
            *(by_customer, thread.user_id, list(thread.to), list(thread.cc), NOW),
        )
        return made

    def add_tag(self, conversation_id: int, name: str) -> None:
        """Put a tag on a conversation."""
        self.run(
            "insert into conversation_tag (account_id, conversation_id, tag_id) values ($1, $2, $3)",
            *(self.account_id, conversation_id, self.tag(name)),
        )

    def find(self, query: str | Node) -> set[int]:
        """Ids of the published conversations that match; the same however the documents are asked."""
        node = parse(query) if isinstance(query, str) else query
        asked = conversation_search.Asked(node, NOW, self.languages)
        found = self._found("conversation", asked.condition(1))
        assert found == self._found("conversation", asked.condition(1, "each")), query
        if asked.is_told():
            assert found == self._found(_DOCUMENTS, asked.condition(1, "here")), query
        return found

    def _found(self, source: str, condition: SqlCondition) -> set[int]:
        rows = self.rows(
            f"select c.id from {source} c where c.account_id = $1 and c.state = 'published' and {condition.sql}",
            *(self.account_id, *condition.arguments),
        )
        return {row["id"] for row in rows}

    def subjects(self, query: str) -> set[str]:
        """Subjects of the published conversations that match."""
        return {self.conversations[found].subject for found in self.find(query)}

    def find_customers(self, query: str | Node) -> set[int]:
        """Ids of the customers that match; the same however the documents are asked."""
        node = parse(query) if isinstance(query, str) else query
        found = self._found_customers("customer", customer_search.compile(node, 1, NOW))
        assert found == self._found_customers("customer", customer_search.compile(node, 1, NOW, "each")), query
        if customer_search.is_told(node):
            here = customer_search.compile(node, 1, NOW, "here")
            assert found == self._found_customers(_CUSTOMER_DOCUMENTS, here), query
        return found

    def _found_customers(self, source: str, condition: SqlCondition) -> set[int]:
        rows = self.rows(
            f"select customer.id from {source} join customer k on k.account_id = customer.account_id"
            f" and k.id = customer.id where customer.account_id = $1 and k.state = 'active' and {condition.sql}",
            *(self.account_id, *condition.arguments),
        )
        return {row["id"] for row in rows}

    def first_names(self, query: str) -> set[str]:
        """First names of the customers that match."""
        return {self.customers[found].first_name for found in self.find_customers(query)}


@contextmanager
def opened(database_url: str) -> Iterator[SearchDesk]:
    """A desk with one account in the database."""
    loop = asyncio.new_event_loop()
    try:
        connection = loop.run_until_complete(asyncpg.connect(database_url))
        desk = SearchDesk(connection, loop)
        desk.open_account()
        yield desk
        loop.run_until_complete(connection.close())
    finally:
        loop.close()


def ago(days: float) -> datetime:
    """That long before the tests' now."""
    return NOW - timedelta(days=days)


def reply(body: str, user_id: int, *to: str, cc: Sequence[str] = ()) -> Thread:
    """What a user wrote to the customer."""
    return Thread(body, "message", user_id=user_id, to=to, cc=tuple(cc))
