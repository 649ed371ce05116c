"""A running desk: database, pool, files, tokens and limits, opened together and closed in reverse. Composition only."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from waypost.config import BadSetting, Settings
from waypost.database import open_migrated_database
from waypost.domains.accounts import TokenCache
from waypost.domains.docs import Letter
from waypost.edges.base.context import Context
from waypost.edges.docs_site.centers import HelpCenters
from waypost.edges.hooks_out.bodies import Composer
from waypost.edges.mail_io.connection_check import ConnectionCheck
from waypost.edges.mail_io.oauth_tokens import AccessTokens
from waypost.edges.mail_io.parsers import Parsers
from waypost.kit.addresses import Allowance, BadAllowance
from waypost.kit.clock import Clock, system_clock
from waypost.kit.db import Pool, open_pool
from waypost.kit.dear_reads import DearReads
from waypost.kit.files import FileStore
from waypost.kit.jobs import enqueue
from waypost.kit.log_stream import LogStream
from waypost.kit.movable_clock import MovableClock
from waypost.kit.rate_limit import AccountLimits, WindowLimits
from waypost.kit.safe_http import Outgoing, OutgoingRules
from waypost.kit.tx import Transactions, Tx
from waypost.kit.wakeups import EVENTS, Wakeups

#: spec: docs-api 2.3.
DOCS_WINDOW_S = 600
#: security: 44.
CONTACT_WINDOW_S = 12 * 60 * 60
KEY_FILE = "secret.key"
KEY_BYTES = 32
SYSTEM_MAIL_JOB = "mail.send_system"


@dataclass(kw_only=True)
class Desk:
    """The parts of one open desk, for the server, the worker, commands and tests alike."""

    settings: Settings
    dsn: str
    pool: Pool
    transactions: Transactions
    files: FileStore
    tokens: TokenCache
    wakeups: Wakeups
    outgoing: Outgoing
    access_tokens: AccessTokens
    parsers: Parsers
    check_channel: ConnectionCheck
    help_centers: HelpCenters
    context: Context


@asynccontextmanager
async def open_desk(settings: Settings, *, clock: Clock = system_clock, dsn: str | None = None) -> AsyncIterator[Desk]:
    """Open everything that the settings name; `dsn` is the address of the database where that is open already.

    Raises PrivatePostgresError, DatabaseUnreachable or MigrationError before anything is left open.
    """
    async with AsyncExitStack() as stack:
        if dsn is None:
            dsn = await stack.enter_async_context(open_migrated_database(settings))
        pool = await stack.enter_async_context(await open_pool(dsn, max_size=settings.database_pool))
        movable_clock = MovableClock() if settings.has_movable_clock and clock is system_clock else None
        if movable_clock is not None:
            async with pool.acquire() as connection:
                await movable_clock.load(connection)
        transactions = Transactions(pool, movable_clock or clock, DearReads(settings.search_timeout_s))
        tokens = TokenCache(transactions)
        files = FileStore(settings.files_location)
        wakeups = Wakeups(transactions, dsn)
        live = LogStream(transactions, partial(wakeups.waiter, EVENTS))
        stack.callback(live.close)
        outgoing = Outgoing(outgoing_rules(settings))
        stack.push_async_callback(outgoing.close)
        parsers = Parsers()
        stack.push_async_callback(parsers.close)
        help_centers = HelpCenters(transactions)
        stack.push_async_callback(help_centers.close)
        key = secret_key(settings.data_dir)
        access_tokens = AccessTokens(transactions, outgoing, key)
        check_channel = ConnectionCheck(transactions, outgoing, access_tokens, key)
        yield Desk(
            settings=settings,
            dsn=dsn,
            pool=pool,
            transactions=transactions,
            files=files,
            tokens=tokens,
            wakeups=wakeups,
            outgoing=outgoing,
            parsers=parsers,
            access_tokens=access_tokens,
            check_channel=check_channel,
            help_centers=help_centers,
            context=_context(settings, transactions, files, tokens, live, movable_clock, outgoing, check_channel),
        )


def outgoing_rules(settings: Settings) -> OutgoingRules:
    """Where requests may go that somebody else has chosen the address of. Raises BadSetting."""
    try:
        allowances = tuple(Allowance.parse(text) for text in settings.outgoing_allow)
    except BadAllowance as error:
        raise BadSetting(
            f"WAYPOST_OUTGOING_ALLOW holds {str(error)!r}: not an address, network or host name"
        ) from error
    own_hosts = {urlsplit(address).hostname or "" for address in (settings.address, settings.content_url)}
    return OutgoingRules(allowances, settings.allow_insecure_webhooks, frozenset(own_hosts - {""}))


def secret_key(folder: Path) -> bytes:
    """The key that seals what must be readable again, from the data folder; made on the first start."""
    path = folder / KEY_FILE
    if not path.exists():
        fresh = folder / f"{KEY_FILE}.{secrets.token_hex(4)}"
        write_private(fresh, secrets.token_hex(KEY_BYTES).encode())
        try:
            # Two processes may start at once; the first to link wins, and both read its key.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return bytes.fromhex(path.read_text().strip())


def write_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read, and have it on disk. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


async def queue_system_mail(tx: Tx, account_id: int, to_name: str, to_email: str, subject: str, html: str) -> None:
    """A mail of the desk's own (invitation, password reset), as a job in the caller's transaction."""
    await enqueue(
        tx,
        SYSTEM_MAIL_JOB,
        {"account_id": account_id, "to_name": to_name, "to_email": to_email, "subject": subject, "html": html},
    )


async def queue_letter(tx: Tx, letter: Letter) -> None:
    """What a visitor of a help center has written, as a mail of the desk's own that is answered to them."""
    await enqueue(
        tx,
        SYSTEM_MAIL_JOB,
        {
            "account_id": letter.account_id,
            "letter_id": letter.id,
            "to_name": "",
            "to_email": letter.to_email,
            "reply_to": letter.email,
            "reply_to_name": letter.name,
            "subject": letter.subject,
            "html": letter.html,
            "files": [msgspec.structs.asdict(file) for file in letter.files],
        },
    )


def _context(
    settings: Settings,
    transactions: Transactions,
    files: FileStore,
    tokens: TokenCache,
    live: LogStream,
    movable_clock: MovableClock | None,
    outgoing: Outgoing,
    check_channel: ConnectionCheck,
) -> Context:
    context = Context(
        base_url=settings.address,
        content_url=settings.content_url.rstrip("/"),
        transactions=transactions,
        files=files,
        tokens=tokens,
        limits=AccountLimits(
            settings.rate_limit_per_minute,
            settings.write_burst_limit,
            settings.valkey_url or None,
            write_weight=settings.rate_write_weight,
        ),
        docs_limits=WindowLimits(DOCS_WINDOW_S, settings.valkey_url or None),
        docs_rate_limit=settings.docs_rate_limit,
        contact_limits=WindowLimits(CONTACT_WINDOW_S, settings.valkey_url or None),
        contact_limit=settings.contact_limit,
        docs_domain=settings.docs_host,
        send_system_mail=queue_system_mail,
        send_letter=queue_letter,
        live=live,
        movable_clock=movable_clock,
        outgoing=outgoing,
        compose_webhook=Composer(lambda: context.base_url),
        is_demo=settings.is_demo,
        is_https=settings.address.startswith("https://"),
        check_channel=check_channel,
        secret_key=secret_key(settings.data_dir),
        trusted_proxies=settings.trusted_proxies,
    )
    return context
