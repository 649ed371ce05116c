"""Waypost is killed while mail comes in, by real servers: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from tests.edges.mail_io.dovecot import Dovecot, free_port, needs_dovecot
from tests.edges.mail_io.imap_reading import server_of
from tests.edges.mail_io.incoming import letter
from tests.edges.mail_io.postfix import needs_postfix, running_postfix
from tests.kit.waiting import until
from tests.make import AccountMade, Make
from tests.process import WaypostProcess, waypost
from waypost.domains.mailboxes import Mailbox, store_channel
from waypost.kit.db import connect, open_pool
from waypost.kit.tx import Transactions
from waypost.runtime import secret_key

pytestmark = pytest.mark.anyio
GATE = 4712
HELP = "help@acme.test"
STOP = f"""
create function stop_here() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock({GATE});
  return null;
end $$;
"""
#: Reached within COMMIT: nothing but the database's own end of the work is left then.
AT_COMMIT = """
create constraint trigger stop_here after insert on mail_intake
  deferrable initially deferred for each row execute function stop_here()
"""
#: Fetched, on disk, and not committed.
AT_WORK = "create trigger stop_here after insert on mail_intake for each row execute function stop_here()"
#: Taken in, and about to become a conversation.
AT_READING = "create trigger stop_here after insert on thread for each row execute function stop_here()"
PLACES = pytest.mark.parametrize("place", [AT_COMMIT, AT_WORK, AT_READING], ids=["at-commit", "at-work", "at-reading"])


async def _company(database_url: str) -> tuple[AccountMade, Mailbox]:
    async with await open_pool(database_url) as pool:
        make = Make(Transactions(pool))
        account = await make.account()
        return account, await make.mailbox(account, email=HELP)


@asynccontextmanager
async def working(database_url: str, folder: Path, **settings: str) -> AsyncIterator[WaypostProcess]:
    words = ("worker", "--data-dir", str(folder.parent / "data"))
    async with waypost(folder, *words, WAYPOST_DATABASE_URL=database_url, **settings) as process:
        await process.logged("worker.started")
        yield process


async def _somebody_waits(gate: asyncpg.Connection[asyncpg.Record]) -> bool:
    found = "select exists (select from pg_locks where locktype = 'advisory' and not granted and objid = $1)"
    return bool(await gate.fetchval(found, GATE))


async def _is_alone(gate: asyncpg.Connection[asyncpg.Record]) -> bool:
    others = "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    return not await gate.fetchval(f"select exists ({others})")


async def _subjects(gate: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    return [row["subject"] for row in await gate.fetch("select subject from conversation order by subject")]


async def _killed_there(gate: asyncpg.Connection[asyncpg.Record], process: WaypostProcess) -> None:
    """Kill the process while it stands at the gate, and open the gate for those after it."""
    await until(lambda: _somebody_waits(gate))
    await process.end(signal.SIGKILL)
    await gate.execute("select pg_advisory_unlock($1)", GATE)
    await until(lambda: _is_alone(gate))


@needs_dovecot
@PLACES
async def test_killed_while_it_fetches(database_url: str, tmp_path: Path, dovecot: Dovecot, place: str) -> None:
    account, mailbox = await _company(database_url)
    (tmp_path / "data").mkdir()
    key = secret_key(tmp_path / "data")
    for number in range(3):
        dovecot.append(HELP, letter(number))
    settings: dict[str, Any] = {"WAYPOST_OUTGOING_ALLOW": "127.0.0.1"}
    async with await open_pool(database_url) as pool, Transactions(pool).open() as tx:
        channel = await store_channel.find(tx.connection, key, account.id, mailbox.id)
        assert channel is not None
        connected = msgspec.structs.replace(channel, incoming=server_of(dovecot, mailbox))
        await store_channel.put(tx.connection, key, account.id, connected, tx.now)
    async with connect(database_url) as gate:
        await gate.execute(STOP + place)
        await gate.execute("select pg_advisory_lock($1)", GATE)
        async with working(database_url, tmp_path / "first", **settings) as process:
            await _killed_there(gate, process)
        dovecot.append(HELP, letter(3))
        async with working(database_url, tmp_path / "second", **settings):
            await until(lambda: _all_are_there(gate, 4))
        assert await _subjects(gate) == [f"Letter {number}" for number in range(4)]
        assert await gate.fetchval("select count(*) from mail_intake where state = 'done'") == 4
        assert await gate.fetchval("select next_uid from mail_folder") == 5


async def _all_are_there(gate: asyncpg.Connection[asyncpg.Record], count: int) -> bool:
    return len(await _subjects(gate)) >= count and not await gate.fetchval(
        "select exists (select from mail_intake where state <> 'done')"
    )


@needs_postfix
@pytest.mark.parametrize(
    ("protocol", "place"),
    [("smtp", AT_COMMIT), ("smtp", AT_WORK), ("lmtp", AT_WORK)],
    ids=["smtp-at-commit", "smtp-at-work", "lmtp-at-work"],
)
async def test_killed_while_a_server_hands_over(database_url: str, tmp_path: Path, protocol: str, place: str) -> None:
    await _company(database_url)
    port = free_port()
    settings = {f"WAYPOST_{protocol.upper()}_LISTEN": f"127.0.0.1:{port}"}
    transport = f"smtp:[127.0.0.1]:{port}" if protocol == "smtp" else f"lmtp:inet:127.0.0.1:{port}"
    async with connect(database_url) as gate, running_postfix(transport) as postfix:
        # Nobody listens yet, so this waits with the other server.
        await asyncio.to_thread(postfix.send, "ann@example.org", [HELP], letter(0))
        await until(lambda: "status=deferred" in postfix.log)
        await gate.execute(STOP + place)
        await gate.execute("select pg_advisory_lock($1)", GATE)
        async with working(database_url, tmp_path / "first", **settings) as process:
            await postfix.flush()
            await _killed_there(gate, process)
        await asyncio.to_thread(postfix.send, "ann@example.org", [HELP], letter(1))
        async with working(database_url, tmp_path / "second", **settings):
            await until(postfix.is_empty)
            await until(lambda: _all_are_there(gate, 2))
        assert await _subjects(gate) == ["Letter 0", "Letter 1"]
        assert await gate.fetchval("select count(*) from mail_intake") == 2
