"""What an open folder of a mail server holds, asked for in windows of UIDs: never a list of the whole."""

from __future__ import annotations

import email.utils
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from waypost.edges.mail_io.imap_client import CommandRefused, FolderStatus, ImapClient
from waypost.edges.mail_io.imap_wire import Fetched

#: So many messages of a window are kept at most.
MOST_LISTED = 512
_BATCH = 50
_BATCH_BYTES = 8 * 2**20
#: For one that is known, so many messages are looked at, from the end of the folder.
_LOOKED_AT_ONCE = 32
_MOST_LOOKED_AT = 2_000


class Listed(NamedTuple):
    """A message as a folder lists it."""

    uid: int
    size: int
    received_at: datetime | None


async def list_window(imap: ImapClient, first: int, last: int) -> tuple[list[Listed], bool]:
    """The messages of a window in order, and whether that is all: of a full one only the first are kept."""
    found: dict[int, Listed] = {}
    is_whole = True

    def take(message: Fetched) -> None:
        nonlocal found, is_whole
        # For a window past the end servers give the last message.
        size = message.items.get("RFC822.SIZE", b"")
        if first <= message.uid <= last and size.isdigit():
            found[message.uid] = Listed(message.uid, int(size), _moment(message.items.get("INTERNALDATE", b"")))
        if len(found) > 2 * MOST_LISTED:
            is_whole = False
            found = {uid: found[uid] for uid in sorted(found)[:MOST_LISTED]}

    await imap.fetch(f"{first}:{last}", "UID RFC822.SIZE INTERNALDATE", take)
    listed = [found[uid] for uid in sorted(found)]
    return (listed, True) if is_whole else (listed[:MOST_LISTED], False)


async def last_uid(imap: ImapClient, status: FolderStatus) -> int:
    """The highest UID of the open folder, from servers that do not tell the next one."""
    if not status.exists:
        return 0
    found: list[Fetched] = []
    await imap.fetch("*", "UID", found.append)
    return max((message.uid for message in found), default=0)


async def bodies(imap: ImapClient, uids: Sequence[int], what: str = "BODY.PEEK[]") -> dict[int, bytes]:
    """The bytes of messages, without touching any flag; of those that the server gives."""
    name = what.replace(".PEEK", "")
    found: dict[int, bytes] = {}

    def take(message: Fetched) -> None:
        if name in message.items and message.uid in uids:
            found[message.uid] = message.items[name]

    # What the server does not give is asked for alone, by whoever misses it.
    with suppress(CommandRefused):
        await imap.fetch(",".join(map(str, uids)), f"UID {what}", take)
    return found


async def is_there(imap: ImapClient, uid: int) -> bool:
    """Whether a message that was not given is still in the folder, or was removed meanwhile."""
    found: list[Fetched] = []
    await imap.fetch(str(uid), "UID", found.append)
    return any(message.uid == uid for message in found)


async def gives_another(imap: ImapClient, uid: int) -> bool:
    """Whether the server gives the newest message, if that is another one: so it can give messages now."""
    found: list[Fetched] = []
    with suppress(CommandRefused):
        await imap.fetch("*", "UID BODY.PEEK[HEADER]", found.append)
    return any(message.uid != uid and "BODY[HEADER]" in message.items for message in found)


def batches(listed: list[Listed], most_bytes: int) -> list[list[Listed]]:
    """Parts of a list that are fetched at once."""
    batches: list[list[Listed]] = []
    total = 0
    for each in listed:
        size = min(each.size, most_bytes)
        if not batches or len(batches[-1]) >= _BATCH or total + size > _BATCH_BYTES:
            batches.append([])
            total = 0
        batches[-1].append(each)
        total += size
    return batches


async def newest_known(
    imap: ImapClient, last: int, most_bytes: int, is_known: Callable[[list[bytes]], Awaitable[list[bool]]]
) -> int | None:
    """The UID of the newest message up to `last` that `is_known`; None without one among the newest.

    It stands near the end, unless many came while nobody read.
    """
    window, looked_at = _LOOKED_AT_ONCE, 0
    while last > 0 and looked_at < _MOST_LOOKED_AT:
        first = max(1, last - window + 1)
        listed, is_whole = await list_window(imap, first, last)
        if not is_whole:
            window = max(window // 4, 1)
            continue
        for batch in reversed(batches([each for each in listed if each.size <= most_bytes], most_bytes)):
            raws = await bodies(imap, [each.uid for each in batch])
            known = await is_known(list(raws.values()))
            if any(known):
                return max(uid for uid, is_had in zip(raws, known, strict=True) if is_had)
        looked_at += len(listed)
        last = first - 1
        # Numbers may have gaps of millions.
        window = window * 4 if len(listed) < _LOOKED_AT_ONCE else _LOOKED_AT_ONCE
    return None


def _moment(text: bytes) -> datetime | None:
    """INTERNALDATE, as ` 1-Nov-2026 10:00:00 +0100`."""
    try:
        found = email.utils.parsedate_to_datetime(text.decode("ascii").strip().replace("-", " ", 2))
    except (ValueError, TypeError, UnicodeDecodeError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
