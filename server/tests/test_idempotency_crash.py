"""Killed between the work and its answer: whoever asks again finds the work done once, or gets it done."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from tests.kit.waiting import until
from tests.make import Make
from tests.process import WaypostProcess, waypost
from waypost.kit.db import connect, open_pool
from waypost.kit.tx import Transactions

pytestmark = pytest.mark.anyio

GATE = 4711
#: Stops whoever passes until the test opens the gate.
STOP = f"""
create function stop_here() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock({GATE});
  return null;
end $$;
"""
#: Reached within COMMIT: nothing but the database's own end of the work is left then.
AT_COMMIT = """
create constraint trigger stop_here after insert on idempotent_answer
  deferrable initially deferred for each row execute function stop_here()
"""
#: Reached while the work is under way.
AT_WORK = "create trigger stop_here after insert on thread for each row execute function stop_here()"


@asynccontextmanager
async def serving(database_url: str, folder: Path) -> AsyncIterator[tuple[WaypostProcess, str]]:
    words = ("serve", "--port", "0", "--data-dir", str(folder.parent / "data"))
    async with waypost(folder, *words, WAYPOST_DATABASE_URL=database_url) as process:
        yield process, await process.base_url()


@pytest.mark.parametrize(("place", "is_done"), [(AT_COMMIT, True), (AT_WORK, False)], ids=["at-commit", "at-work"])
async def test_killed_before_the_answer(database_url: str, tmp_path: Path, place: str, is_done: bool) -> None:
    async with await open_pool(database_url) as pool:
        make = Make(Transactions(pool))
        account = await make.account()
        mailbox = await make.mailbox(account)
        headers = {"Authorization": f"Bearer {await make.token(account.owner)}", "Idempotency-Key": "crash"}
    body = {
        "subject": "Crash", "type": "email", "mailboxId": mailbox.id, "status": "active",
        "customer": {"email": "crash@example.com"},
        "threads": [{"type": "customer", "text": "Hello", "attachments": [
            {"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="}]}],
    }  # fmt: skip

    async with connect(database_url) as gate:
        await gate.execute(STOP + place)
        await gate.execute("select pg_advisory_lock($1)", GATE)
        async with serving(database_url, tmp_path / "first") as (process, base_url), httpx.AsyncClient() as http:
            asked = asyncio.create_task(http.post(base_url + "/v2/conversations", json=body, headers=headers))
            await until(lambda: _somebody_waits(gate))
            await process.end(signal.SIGKILL)
            with pytest.raises(httpx.TransportError):
                await asked
        await gate.execute("select pg_advisory_unlock($1)", GATE)
        await until(lambda: _all_is_quiet(gate))

        kept = await gate.fetchval("select count(*) from idempotent_answer")
        conversations = await gate.fetchval("select count(*) from conversation")
        assert (kept, conversations) == ((1, 1) if is_done else (0, 0))

        async with serving(database_url, tmp_path / "second") as (_, base_url), httpx.AsyncClient() as http:
            again = await http.post(base_url + "/v2/conversations", json=body, headers=headers)
            assert again.status_code == 201
            assert again.headers.get("idempotency-replayed") == ("true" if is_done else None)
            found = await http.get(f"{base_url}/v2/conversations/{again.headers['resource-id']}", headers=headers)
            assert (found.json()["number"], found.json()["threads"]) == (1, 1)
        assert await gate.fetchval("select count(*) from conversation") == 1
        assert await gate.fetchval("select count(*) from attachment") == 1
        assert await gate.fetchval("select count(*) from event where type = 'convo.created'") == 1


async def _somebody_waits(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    return bool(
        await connection.fetchval(
            "select exists (select from pg_locks where locktype = 'advisory' and not granted and objid = $1)", GATE
        )
    )


async def _all_is_quiet(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    return not await connection.fetchval(
        "select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid())"
    )
