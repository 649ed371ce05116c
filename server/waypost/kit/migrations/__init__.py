"""Which step the database is at, and bringing it to the newest one.

Only asyncpg and file names are needed to see that nothing is to be done. Alembic and
SQLAlchemy run in a process of their own, so that their memory never stays resident.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import asyncpg

STEPS = Path(__file__).parents[2] / "migrations" / "versions"


class MigrationError(RuntimeError):
    """The database could not be brought to the newest step; it is as it was before."""


class DatabaseTooNew(MigrationError):
    """A newer Waypost has migrated this database; this one must not touch it."""


def steps(folder: Path = STEPS) -> list[str]:
    """The names of all steps, in order."""
    return sorted(path.stem for path in folder.glob("[0-9][0-9][0-9][0-9]_*.py"))


def head(folder: Path = STEPS) -> str:
    """The newest step that this Waypost knows."""
    return steps(folder)[-1]


async def current(dsn: str) -> str | None:
    """The step that the database is at; None for one that was never migrated."""
    connection = await asyncpg.connect(dsn)
    try:
        if await connection.fetchval("select to_regclass('alembic_version')") is None:
            return None
        step: str | None = await connection.fetchval("select version_num from alembic_version")
        return step
    finally:
        await connection.close()


async def check(dsn: str, folder: Path = STEPS) -> list[str]:
    """The steps that are still to be applied. Raises DatabaseTooNew or MigrationError for one not known here."""
    known, present = steps(folder), await current(dsn)
    if present is None:
        return known
    if present in known:
        return known[known.index(present) + 1 :]
    if present[:4] > known[-1][:4]:
        raise DatabaseTooNew(
            f"The database is at step {present}, which is newer than this Waypost ({known[-1]}). "
            "Run the newer Waypost again, or restore a backup that was made before its migration."
        )
    raise MigrationError(f"The database is at step {present}, which this Waypost does not know.")


async def upgrade(dsn: str, folder: Path = STEPS) -> list[str]:
    """Apply what is missing, all of it or nothing; returns the names applied by this call.

    Safe in several processes at once: one applies, the others wait and find nothing to do.
    """
    if not await check(dsn, folder):
        return []
    # The address may hold a password, so it goes through the pipe and not through the command line.
    order = json.dumps({"dsn": dsn, "folder": str(folder)}).encode()
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "waypost.kit.migrations",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, errors = await child.communicate(order)
    if child.returncode:
        raise MigrationError(f"The migration failed and was rolled back: {errors.decode(errors='replace').strip()}")
    applied: list[str] = json.loads(told)
    return applied
