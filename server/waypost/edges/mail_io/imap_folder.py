"""One folder of a mail server, read for as long as the worker runs: what is there, then what comes.

Only UIDs count. A batch of messages and the bookmark behind them are stored in one transaction, so that a crash at any
moment neither skips a message nor has one twice. No list of what a folder holds is ever made: it is walked through in
windows of UIDs, whatever its size.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import msgspec
import structlog
from prometheus_client import Counter

from waypost.domains import mail
from waypost.domains.mail import Bookmark, Envelope, NewIntake
from waypost.domains.mailboxes import IncomingServer
from waypost.edges.mail_io import guarded, imap_listing
from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.edges.mail_io.imap_client import (
    FolderStatus,
    ImapClient,
    ImapFailure,
    SignInRefused,
    open_client,
)
from waypost.edges.mail_io.imap_listing import Listed
from waypost.edges.mail_io.oauth_tokens import AccessTokens, xoauth2
from waypost.edges.mail_io.preview import preview
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy, StorageFull
from waypost.kit.files import FileStore
from waypost.kit.safe_http import Outgoing
from waypost.kit.tx import Transactions, Tx

log = structlog.get_logger(__name__)

FETCHED = Counter("waypost_mail_fetched_total", "Messages fetched from mail servers.")
FAILURES = Counter("waypost_mail_fetch_failures_total", "Failures to read a folder of a mail server.")

MOST_BYTES = 50 * 2**20
POLL_S = 60.0
#: RFC 2177 asks for less than 29 minutes; routers forget silent connections sooner.
IDLE_S = 9 * 60.0
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 300.0
#: How often a message may not be given before those behind it are gone on with.
MOST_REFUSALS = 3
NOT_GIVEN = "The mail server did not hand over this message; only what is known of it is here."
_FIRST_WINDOW = 256
_LARGEST_WINDOW = 2**20
_OUTAGES = (*DATABASE_ERRORS, Busy, StorageFull)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What reading of folders needs of the desk."""

    transactions: Transactions
    files: FileStore
    outgoing: Outgoing
    access_tokens: AccessTokens
    poll_s: float = POLL_S
    idle_s: float = IDLE_S
    most_bytes: int = MOST_BYTES
    first_pause_s: float = FIRST_PAUSE_S


class FolderReader:
    """Reads one folder of one mailbox."""

    def __init__(self, parts: Parts, account_id: int, mailbox_id: int, server: IncomingServer, folder: str) -> None:
        self._parts = parts
        self._account_id = account_id
        self._place = (mailbox_id, folder)
        self._server = server
        self._folder = folder
        self._source = f"{server.username}@{server.host}:{server.port}".lower()
        self._refusals: dict[int, int] = {}
        self._log = log.bind(account_id=account_id, mailbox_id=mailbox_id, folder=folder)

    async def run(self) -> None:
        """Read until cancelled. Failures are noted where administrators see them, and tried again."""
        failures = 0
        while True:
            try:
                async for _ in self.rounds():
                    failures = 0
            except TemporaryFailure as failure:
                failures += 1
                await self._note(failure.message)
            except _OUTAGES as error:
                failures += 1
                self._log.warning("mail.fetch_outage", error=type(error).__name__)
            except Exception as error:
                failures += 1
                self._log.exception("mail.fetch_fault", error=type(error).__name__)
                await self._note(f"a fault of Waypost: {type(error).__name__}")
            longest_s = min(self._parts.first_pause_s * 2.0 ** min(failures, 20), LONGEST_PAUSE_S)
            await asyncio.sleep(random.uniform(longest_s / 2, longest_s))  # noqa: S311 - spreads the load, no secret

    async def rounds(self) -> AsyncIterator[int]:
        """Sign in and read what is there, again and again; each time all was read, how many messages that was.

        Raises TemporaryFailure for whatever the server does, and what the database and the disk raise.
        """
        parts = self._parts
        connected_at = parts.transactions.clock()
        async with self._signed_in() as imap:
            while True:
                read = await self._read_all(imap)
                async with parts.transactions.open() as tx:
                    await mail.folders.note_success(tx, self._account_id, self._place, connected_at)
                yield read
                if imap.has_idle:
                    await imap.idle(parts.idle_s)
                else:
                    await asyncio.sleep(parts.poll_s)

    @asynccontextmanager
    async def _signed_in(self) -> AsyncIterator[ImapClient]:
        server, oauth2 = self._server, self._server.oauth2
        if oauth2 is None:
            imap = await self._connected()
            try:
                await imap.log_in(server.username, server.password)
            except BaseException:
                imap.close()
                raise
        else:
            imap = await self._connected_by_token()
        try:
            yield imap
        finally:
            imap.close()

    async def _connected_by_token(self) -> ImapClient:
        """Sign in by OAuth 2.0; a token that the server does not take although its time is not over is replaced."""
        refused = ""
        while True:
            oauth2 = self._server.oauth2
            assert oauth2 is not None
            token = await self._parts.access_tokens.get(self._account_id, self._place[0], oauth2, refused=refused)
            imap = await self._connected()
            try:
                await imap.log_in_by_token(xoauth2(self._server.username, token), token)
            except SignInRefused:
                imap.close()
                if refused:
                    raise
                refused = token
            except BaseException:
                imap.close()
                raise
            else:
                return imap

    async def _connected(self) -> ImapClient:
        server = self._server
        connection = await guarded.connected(self._parts.outgoing, server.host, server.port)
        tls = guarded.tls_context() if server.security != "none" else None
        return await open_client(connection, server.host, tls, is_starttls=server.security == "starttls")

    async def _read_all(self, imap: ImapClient) -> int:
        """Read from the bookmark to the end of the folder; how many messages were stored."""
        status = await imap.examine(self._folder)
        if not status.uid_next:
            status = status._replace(uid_next=await imap_listing.last_uid(imap, status) + 1)
        known = await self._newest_known(imap, status)
        async with self._parts.transactions.open() as tx:
            bookmark = await mail.folders.open_folder(
                tx,
                self._account_id,
                self._place,
                self._source,
                status.uid_validity,
                status.uid_next,
                self._server.since,
                known,
            )
        window, stored = _FIRST_WINDOW, 0
        while bookmark.next_uid < status.uid_next:
            last = min(bookmark.next_uid + window - 1, status.uid_next - 1)
            listed, is_whole = await imap_listing.list_window(imap, bookmark.next_uid, last)
            if not is_whole:
                last = listed[-1].uid
            for batch in imap_listing.batches(
                [each for each in listed if _is_wanted(each, bookmark)], self._parts.most_bytes
            ):
                bookmark = msgspec.structs.replace(bookmark, next_uid=batch[-1].uid + 1)
                stored += await self._take(imap, batch, bookmark, status)
            bookmark = msgspec.structs.replace(bookmark, next_uid=last + 1)
            async with self._parts.transactions.open() as tx:
                await mail.folders.advance(tx, self._account_id, bookmark, _behind(bookmark, status))
            # Numbers may have wide gaps, and must not have to be asked for one by one.
            window = min(window * 4, _LARGEST_WINDOW) if len(listed) < imap_listing.MOST_LISTED // 4 else _FIRST_WINDOW
        return stored

    async def _newest_known(self, imap: ImapClient, status: FolderStatus) -> int | None:
        """The UID of the newest message that the mailbox has had, for a folder that was numbered anew; else None."""
        place = self._place
        async with self._parts.transactions.read() as tx:
            if not await mail.folders.asks_dates_anew(tx, self._account_id, place, self._source, status.uid_validity):
                return None

        async def is_known(raws: list[bytes]) -> list[bool]:
            async with self._parts.transactions.read() as tx:
                return await mail.intake.known(tx, self._account_id, place[0], raws)

        return await imap_listing.newest_known(imap, status.uid_next - 1, self._parts.most_bytes, is_known)

    async def _take(self, imap: ImapClient, batch: list[Listed], bookmark: Bookmark, status: FolderStatus) -> int:
        """Fetch some messages, and store them with the bookmark behind them; how many were not known yet."""
        messages = [(self._account_id, each) async for each in self._fetched(imap, batch)]

        async def move_on(tx: Tx) -> None:
            await mail.folders.advance(tx, self._account_id, bookmark, _behind(bookmark, status))

        taken = await mail.intake.take_in(self._parts.transactions, self._parts.files, messages, move_on)
        fresh = sum(each.intake_id is not None for each in taken)
        FETCHED.inc(fresh)
        self._log.info("mail.fetched", messages=len(taken), new=fresh, next_uid=bookmark.next_uid)
        return fresh

    async def _fetched(self, imap: ImapClient, batch: list[Listed]) -> AsyncIterator[NewIntake]:
        whole = [each.uid for each in batch if each.size <= self._parts.most_bytes]
        raws = await imap_listing.bodies(imap, whole) if whole else {}
        for each in batch:
            if each.size > self._parts.most_bytes:
                yield await self._header_only(imap, each, _too_large(each.size, self._parts.most_bytes))
                continue
            # One message that the server does not give may keep it from giving those behind it.
            raw = (
                raws.get(each.uid) if each.uid in raws else (await imap_listing.bodies(imap, [each.uid])).get(each.uid)
            )
            if raw is not None:
                yield self._new(each, raw, "")
            elif await imap_listing.is_there(imap, each.uid):
                await self._meet_refusal(imap, each.uid, has_others=bool(raws))
                yield await self._header_only(imap, each, NOT_GIVEN)

    async def _meet_refusal(self, imap: ImapClient, uid: int, *, has_others: bool) -> None:
        """Return when a message has to be done without: it was refused again and again, while others are given."""
        self._refusals[uid] = self._refusals.get(uid, 0) + 1
        if self._refusals[uid] >= MOST_REFUSALS and (has_others or await imap_listing.gives_another(imap, uid)):
            return
        raise ImapFailure(f"{self._server.host} does not give the message with UID {uid} in {self._folder!r}")

    async def _header_only(self, imap: ImapClient, listed: Listed, note: str) -> NewIntake:
        raw = (await imap_listing.bodies(imap, [listed.uid], "BODY.PEEK[HEADER]")).get(listed.uid, b"")
        if not raw:
            # Something has to tell it from others of which nothing is known either.
            name = f"Subject: Message {listed.uid} in {self._folder}\r\nX-Waypost-Source: {self._source}\r\n\r\n"
            raw = name.encode()
        place = f"It is in the folder {self._folder} there, under UID {listed.uid}."
        return self._new(listed, raw, f"{note} {place}")

    def _new(self, listed: Listed, raw: bytes, note: str) -> NewIntake:
        envelope = Envelope(peer=self._server.host, folder=self._folder, uid=listed.uid, note=note)
        return NewIntake(self._place[0], "imap", raw, envelope, preview(raw))

    async def _note(self, words: str) -> None:
        FAILURES.inc()
        self._log.warning("mail.fetch_failed", error=words)
        with suppress(*_OUTAGES):
            async with self._parts.transactions.open() as tx:
                await mail.folders.note_failure(tx, self._account_id, self._place, words)


def _too_large(size: int, most: int) -> str:
    return (
        f"This message has {_megabytes(size)}, and no more than {_megabytes(most)} are fetched. It stays on the mail"
        " server; only its header is here."
    )


def _is_wanted(listed: Listed, bookmark: Bookmark) -> bool:
    is_new = listed.uid >= bookmark.since_below
    return is_new or bookmark.since is None or listed.received_at is None or listed.received_at >= bookmark.since


def _behind(bookmark: Bookmark, status: FolderStatus) -> int:
    """How many messages are left at most: numbers may have gaps."""
    return max(0, min(status.uid_next - bookmark.next_uid, status.exists))


def _megabytes(size: int) -> str:
    return f"{size / 2**20:.0f} MB" if size >= 2**20 else f"{size} bytes"
