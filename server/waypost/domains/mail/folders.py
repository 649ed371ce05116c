"""How far the folders of mail servers have been read.

A folder is read by its UIDs alone: what is seen, flagged or moved by other programs is of no concern. Where the server
has numbered a folder anew (another UIDVALIDITY), or the mailbox has another server, it is read from its beginning
again, and the intake knows the bytes that it has had. Only what lies in a folder at such a beginning is asked for its
date; whatever has a higher UID came later, also a message of last year that somebody moved there. Numbering anew keeps
the order, so what then stands behind the newest message that the intake knows came later as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from waypost.domains.accounts import Actor
from waypost.domains.mail import store_folders, store_intake
from waypost.domains.mail.intake_models import Bookmark, FolderState
from waypost.domains.mailboxes import get as get_mailbox
from waypost.kit.tx import Tx

#: The server's clock and ours may differ by so much.
_CLOCKS = timedelta(minutes=10)
#: What came before the last success may have come to a new server only; so far back it is looked at again.
_LOOK_BACK = timedelta(days=1)


async def asks_dates_anew(tx: Tx, account_id: int, place: tuple[int, str], source: str, validity: int) -> bool:
    """Whether the server has numbered the folder anew, and old messages of it are not wanted."""
    found = await store_folders.find(tx.connection, account_id, *place)
    return (
        found is not None
        and found.bookmark.source == source
        and found.bookmark.uid_validity != validity
        and found.bookmark.since is not None
    )


async def open_folder(
    tx: Tx,
    account_id: int,
    place: tuple[int, str],
    source: str,
    validity: int,
    next_uid: int,
    wanted_since: str,
    newest_known: int | None = None,
) -> Bookmark:
    """Where to go on reading a folder (`place`: mailbox and name) that the server says this of; kept for the next time.

    `next_uid` is the UID that the server will give to the next message, `newest_known` the UID of the newest message
    that the intake knows, where the folder was numbered anew.
    """
    mailbox_id, folder = place
    found = await store_folders.find(tx.connection, account_id, mailbox_id, folder)
    if found is None:
        since = first_moment(wanted_since, tx.now)
        begin = next_uid if wanted_since == "now" else 1
        opened = Bookmark(mailbox_id, folder, source, validity, begin, since, next_uid)
    elif found.bookmark.source != source:
        since = found.bookmark.since
        if since is not None and found.succeeded_at is not None:
            since = max(since, found.succeeded_at - _LOOK_BACK)
        opened = Bookmark(mailbox_id, folder, source, validity, 1, since, next_uid)
    elif found.bookmark.uid_validity != validity:
        since_below = next_uid if newest_known is None else newest_known + 1
        opened = Bookmark(mailbox_id, folder, source, validity, 1, found.bookmark.since, since_below)
    else:
        opened = found.bookmark
    await store_folders.put(tx.connection, account_id, opened, tx.now)
    return opened


def first_moment(wanted: str, now: datetime) -> datetime | None:
    """Since when mail is taken, by the setting `since`; None takes all. Raises ValueError."""
    if wanted == "all":
        return None
    if wanted == "now":
        return now - _CLOCKS
    return datetime.strptime(wanted, "%Y-%m-%d").replace(tzinfo=UTC)


async def advance(tx: Tx, account_id: int, bookmark: Bookmark, behind: int) -> None:
    """Move a bookmark on, in the transaction that stores the messages before it. `behind`: how many are left."""
    await store_folders.advance(tx.connection, account_id, bookmark, behind)


async def note_success(
    tx: Tx, account_id: int, place: tuple[int, str], connected_at: datetime, behind: int = 0
) -> None:
    """A folder was read to its end."""
    await store_folders.succeeded(tx.connection, account_id, place, tx.now, connected_at, behind)


async def note_failure(tx: Tx, account_id: int, place: tuple[int, str], error: str) -> None:
    """A folder could not be read; the error in words for an administrator."""
    await store_folders.failed(tx.connection, account_id, place, tx.now, error)


async def list_states(tx: Tx, actor: Actor, mailbox_id: int) -> list[FolderState]:
    """How the reading of a mailbox's folders goes. Raises NotFound."""
    await get_mailbox(tx, actor, mailbox_id)
    return await store_folders.states(tx.connection, actor.account_id, [mailbox_id])


async def counts(tx: Tx, actor: Actor, mailbox_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many messages of each mailbox wait to be read, and how many could not be."""
    visible = [each for each in mailbox_ids if actor.sees_mailbox(each)]
    return await store_intake.counts(tx.connection, actor.account_id, visible)


async def accounts(tx: Tx) -> list[int]:
    """Every account that has mail fetched: the worker's question."""
    return await store_folders.accounts(tx.connection)
