"""What the bodies of events are made from, read for a batch of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from waypost.domains import accounts, conversations, customers
from waypost.domains.accounts import Actor, User
from waypost.domains.conversations import Conversation, Rating, TagSummary, Thread
from waypost.domains.customers import Customer
from waypost.domains.webhooks.occurrences import RATED, Occurrence
from waypost.kit.errors import NotFound
from waypost.kit.tx import Tx


@dataclass
class Material:
    """Rows of one account by their ids. What is gone by now is missing."""

    conversations: dict[int, Conversation] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    #: All threads of a conversation, newest first, where a whole conversation is wanted.
    threads_of: dict[int, list[Thread]] = field(default_factory=dict)
    customers: dict[int, Customer] = field(default_factory=dict)
    tags: dict[int, TagSummary] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    ratings: dict[int, Rating] = field(default_factory=dict)
    #: What has been rendered for one receiver and serves others.
    rendered: dict[tuple[Any, ...], bytes] = field(default_factory=dict)


async def load(tx: Tx, account_id: int, occurrences: Iterable[Occurrence], *, with_threads: set[int]) -> Material:
    """Everything that the events are about; `with_threads` are conversations whose threads are wanted too."""
    of = list(occurrences)
    ids = _ids(of)
    found = Material()
    found.conversations = await conversations.load(tx, account_id, ids["conversation"])
    found.threads = await conversations.load_threads(tx, account_id, _named(of, "thread_id"))
    found.threads_of = await conversations.threads_of(
        tx, Actor.system(account_id), sorted(with_threads & set(found.conversations))
    )
    by_customer = {event.actor_id for event in of if event.actor_kind == "customer" and event.actor_id}
    found.customers = await customers.load(tx, account_id, sorted({*ids["customer"], *by_customer}))
    system = Actor.system(account_id)
    for tag_id in ids["tag"]:
        with suppress(NotFound):
            found.tags[tag_id] = await conversations.get_tag(tx, system, tag_id)
    for rating_id in _named([event for event in of if event.name == RATED], "rating_id"):
        with suppress(NotFound):
            found.ratings[rating_id] = await conversations.get_rating(tx, system, rating_id)
    by_user = {event.actor_id for event in of if event.actor_kind == "user" and event.actor_id}
    named = {*_named(of, "previous_id"), *_named(of, "assignee_id"), *_named(of, "user_id")}
    found.users = await accounts.load_users(tx, account_id, sorted({*ids["user"], *by_user, *named}))
    return found


def _ids(occurrences: list[Occurrence]) -> dict[str, list[int]]:
    ids: dict[str, set[int]] = {"conversation": set(), "customer": set(), "tag": set(), "user": set()}
    for event in occurrences:
        ids.setdefault(event.resource_kind, set()).add(event.resource_id)
    return {kind: sorted(numbers) for kind, numbers in ids.items()}


def _named(occurrences: list[Occurrence], name: str) -> list[int]:
    return sorted({number for event in occurrences if isinstance(number := event.data.get(name), int)})
