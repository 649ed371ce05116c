"""What all steps of an import share: the desk, the source, what was found, and what has become of it so far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.docs import Addresses, History
from waypost.edges.docs_account.files import Files
from waypost.edges.docs_account.places import Places
from waypost.edges.docs_account.source import Source
from waypost.edges.docs_account.summary import Summary
from waypost.edges.docs_account.survey import Survey
from waypost.edges.docs_account.wire import Time, time_of
from waypost.kit.errors import Invalid
from waypost.kit.tx import Transactions

MOST_NAMESAKES = 50
NAME_LENGTH = 240
Result = TypeVar("Result")


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What the import is asked to do otherwise than by itself."""

    #: Sub-domain at the source -> sub-domain here: a new one, or a site of the account that is there.
    sites: dict[str, str] = {}
    #: Of sites whose language the source does not tell.
    language: str = "english"
    has_host_names: bool = False
    has_revisions: bool = True
    #: Read every article again, also if it has not changed by its time.
    is_full: bool = False


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Where things are taken in. `file_base` is what addresses of stored files begin with."""

    transactions: Transactions
    actor: Actor
    addresses: Addresses
    file_base: str
    secret_key: bytes


class Taking(msgspec.Struct, kw_only=True):
    """One import on its way. `told` hears of each thing that is done."""

    desk: Desk
    source: Source
    choices: Choices
    found: Survey
    places: Places
    files: Files
    summary: Summary
    told: Callable[[], None]

    @property
    def actor(self) -> Actor:
        """In whose name."""
        return self.desk.actor


def history(created: Time, updated: Time, published: Time = None) -> History:
    """When things happened, by the source's own times."""
    now = datetime.now(UTC)
    return History(
        created_at=time_of(created, now), updated_at=time_of(updated, now), last_published_at=time_of(published, now)
    )


async def distinct(name: str, make: Callable[[str], Awaitable[Result]]) -> tuple[Result, str]:
    """What `make` makes under the name, or under the name with a number where something else has it. Raises Invalid."""
    name = name[:NAME_LENGTH].strip() or "Without a name"
    for number in range(1, MOST_NAMESAKES):
        tried = name if number == 1 else f"{name} ({number})"
        try:
            return await make(tried), tried
        except Invalid as error:
            if not any(item.path == "name" and item.message.endswith("already in use") for item in error.errors):
                raise
            last = error
    raise last


def reason_of(error: Exception) -> str:
    """Why a thing was refused, in one line."""
    if isinstance(error, Invalid):
        return "; ".join(item.message for item in error.errors)
    return str(error) or type(error).__name__
