"""The database that the settings name: answering, and at its newest step. Light, so that it starts during imports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from waypost.config import Settings
from waypost.kit import migrations
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.private_postgres import PrivatePostgres

POSTGRES_FOLDER = "postgres"
CONNECT_TIMEOUT_S = 10


class DatabaseUnreachable(Exception):
    """The configured database does not answer; the message says why, without its password."""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[str]:
    """The address of the database, answering; migrated or not.

    Without an address in the settings the private PostgreSQL in the data folder is started or adopted, and it ends with
    its last owner. Raises PrivatePostgresError or DatabaseUnreachable.
    """
    prepare_data_dir(settings.data_dir)
    if settings.database_url:
        await _check_answers(settings.database_url)
        yield settings.database_url
        return
    # In a thread: starting takes up to a second, the first time longer.
    postgres = await asyncio.to_thread(PrivatePostgres.start, postgres_folder(settings))
    try:
        yield postgres.dsn()
    finally:
        await asyncio.to_thread(postgres.release)


@asynccontextmanager
async def open_migrated_database(settings: Settings) -> AsyncIterator[str]:
    """As `open_database`, at its newest step. Raises MigrationError too."""
    async with open_database(settings) as dsn:
        await migrations.upgrade(dsn)
        yield dsn


def postgres_folder(settings: Settings) -> Path:
    """Where the private PostgreSQL lives."""
    return settings.data_dir / POSTGRES_FOLDER


def prepare_data_dir(folder: Path) -> None:
    """Make the data folder if need be. The rights are left as they are where it exists."""
    # Others may pass through, because PostgreSQL's own user must; what holds secrets is closed file by file.
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)


async def _check_answers(dsn: str) -> None:
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    except (*DATABASE_ERRORS, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise DatabaseUnreachable(f"The database at WAYPOST_DATABASE_URL does not answer: {reason}") from error
    await connection.close()
