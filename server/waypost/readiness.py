"""What must hold for a desk to take requests, asked by /readyz and by `waypost doctor`."""

from __future__ import annotations

import secrets

from waypost.kit import log_store, migrations
from waypost.runtime import Desk
from waypost.worker import subscribers

#: A reader that is further behind means that no worker runs, or that one is stuck: lists and mails fall behind.
MOST_UNREAD_FACTS = 10_000
PROBE_FOLDER = "probe"


class NotReady(Exception):
    """A part is there but not usable; the message says what is wrong."""


def register(desk: Desk) -> None:
    """Give the desk's /readyz its checks."""

    async def database() -> None:
        await desk.pool.fetchval("select 1")

    async def schema() -> None:
        present = await desk.pool.fetchval("select version_num from alembic_version")
        if present != migrations.head():
            raise NotReady(f"the database is at step {present}, this is {migrations.head()}")

    async def files() -> None:
        await check_files(desk)

    async def log() -> None:
        await check_readers(desk)

    desk.context.readiness.update({"database": database, "migrations": schema, "files": files, "log": log})


async def check_files(desk: Desk) -> None:
    """Write, read and remove a small file. Raises what the store raises, or NotReady."""
    key = f"{PROBE_FOLDER}/{secrets.token_hex(8)}"
    await desk.files.write(key, b"waypost")
    if await desk.files.read(key) != b"waypost":
        raise NotReady("the file store does not return what was stored")
    await desk.files.delete(key)


async def check_readers(desk: Desk) -> None:
    """Raises NotReady when a reader of the log is far behind."""
    async with desk.transactions.read() as tx:
        lags = await log_store.lags(tx.connection, MOST_UNREAD_FACTS + 1)
    names = {subscriber.name for subscriber in subscribers(desk)}
    slow = [lag.name for lag in lags if lag.name in names and lag.facts > MOST_UNREAD_FACTS]
    if slow:
        raise NotReady(f"more than {MOST_UNREAD_FACTS} facts unread by {', '.join(slow)}")
