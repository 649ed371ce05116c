"""A running desk: database, pool, files, tokens and limits, opened together and closed in reverse. Composition only."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from waypost.config import Settings
from waypost.domains.accounts.tokens import TokenCache
from waypost.edges.base.context import Context
from waypost.kit import migrations
from waypost.kit.clock import Clock, system_clock
from waypost.kit.db import Pool, open_pool
from waypost.kit.files import FileStore
from waypost.kit.jobs import enqueue
from waypost.kit.private_postgres import PrivatePostgres
from waypost.kit.rate_limit import AccountLimits
from waypost.kit.tx import Transactions, Tx
from waypost.kit.wakeups import Wakeups

POSTGRES_FOLDER = "postgres"
KEY_FILE = "secret.key"
KEY_BYTES = 32
SYSTEM_MAIL_JOB = "mail.send_system"


class DatabaseUnreachable(Exception):
    """The configured database does not answer; the message says which one and why, without its password."""


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
    context: Context


@asynccontextmanager
async def open_desk(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[Desk]:
    """Open everything that the settings name, with the database at its newest step.

    Without a database address the private PostgreSQL in the data folder is started or adopted, and it ends with its
    last owner. Raises PrivatePostgresError, DatabaseUnreachable or MigrationError before anything is left open.
    """
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(open_database(settings))
        await migrations.upgrade(dsn)
        pool = await stack.enter_async_context(await open_pool(dsn, max_size=settings.database_pool))
        transactions = Transactions(pool, clock)
        tokens = TokenCache(transactions)
        files = FileStore(settings.files_location)
        yield Desk(
            settings=settings,
            dsn=dsn,
            pool=pool,
            transactions=transactions,
            files=files,
            tokens=tokens,
            wakeups=Wakeups(transactions, dsn),
            context=_context(settings, transactions, files, tokens),
        )


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[str]:
    """The address of the database that the settings name, answering; migrated or not. Raises as `open_desk` does."""
    prepare_data_dir(settings.data_dir)
    if settings.database_url:
        await _check_answers(settings.database_url)
        yield settings.database_url
        return
    # In a thread: starting takes up to a second, the first time longer.
    postgres = await asyncio.to_thread(PrivatePostgres.start, settings.data_dir / POSTGRES_FOLDER)
    try:
        yield postgres.dsn()
    finally:
        await asyncio.to_thread(postgres.release)


def prepare_data_dir(folder: Path) -> None:
    """Make the data folder if need be. The rights are left as they are where it exists."""
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)


def secret_key(folder: Path) -> bytes:
    """The key that seals what must be readable again, from the data folder; made on the first start."""
    path = folder / KEY_FILE
    if not path.exists():
        fresh = folder / f"{KEY_FILE}.{secrets.token_hex(4)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            # Two processes may start at once; the first to link wins, and both read its key.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return bytes.fromhex(path.read_text().strip())


async def _check_answers(dsn: str) -> None:
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (OSError, asyncpg.PostgresError, TimeoutError, ValueError) as error:
        raise DatabaseUnreachable(f"The database at WAYPOST_DATABASE_URL does not answer: {error}") from error
    await connection.close()


async def queue_system_mail(tx: Tx, account_id: int, to_name: str, to_email: str, subject: str, html: str) -> None:
    """A mail of the desk's own (invitation, password reset), as a job in the caller's transaction."""
    await enqueue(
        tx,
        SYSTEM_MAIL_JOB,
        {"account_id": account_id, "to_name": to_name, "to_email": to_email, "subject": subject, "html": html},
    )


def _context(settings: Settings, transactions: Transactions, files: FileStore, tokens: TokenCache) -> Context:
    return Context(
        base_url=settings.address,
        transactions=transactions,
        files=files,
        tokens=tokens,
        limits=AccountLimits(settings.rate_limit_per_minute, settings.write_burst_limit, settings.valkey_url or None),
        send_system_mail=queue_system_mail,
        is_demo=settings.is_demo,
        is_https=settings.address.startswith("https://"),
        secret_key=secret_key(settings.data_dir),
        trusted_proxies=settings.trusted_proxies,
    )
