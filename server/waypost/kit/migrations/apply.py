"""Applying steps with Alembic, in one transaction under a lock. Imported by the migrating process only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

SCRIPTS = Path(__file__).parents[2] / "migrations"
# Any fixed number serves; PostgreSQL's advisory locks are per database.
LOCK_KEY = 0x57_41_59_50_4F_53_54


async def apply(dsn: str, folder: Path, applied: list[str]) -> None:
    """Bring the database to the newest step of `folder`, noting each applied name in `applied`."""

    async def connect() -> Any:
        return await asyncpg.connect(dsn)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
            # Alembic would make this column 32 characters wide; steps are named in whole words.
            await connection.execute(text("create table if not exists alembic_version (version_num text primary key)"))
            await connection.run_sync(_upgrade, folder, applied)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, folder: Path, applied: list[str]) -> None:
    config = Config(attributes={"connection": connection, "note": applied.append})
    config.set_main_option("script_location", _literal(SCRIPTS))
    config.set_main_option("version_locations", _literal(folder))
    config.set_main_option("path_separator", "newline")
    command.upgrade(config, "head")


def _literal(path: Path) -> str:
    return str(path).replace("%", "%%")
