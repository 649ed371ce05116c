"""A worker killed in the middle of its work, and two workers at once: every action is done once, with its note."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import asyncpg
import pytest

from tests.desk import Desk, running_desk
from tests.domains.workflows.scene import converse, rule, runs, where
from tests.kit.waiting import until
from tests.office import Office, build
from tests.process import waypost
from waypost.domains.workflows import Action
from waypost.kit.db import connect

pytestmark = pytest.mark.anyio

GATE = 4712
STOP = f"""
create function stop_here() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock({GATE});
  return null;
end $$;
"""
#: Reached between two actions of a run.
BETWEEN_ACTIONS = "create trigger stop_here after insert on conversation_tag for each row execute function stop_here()"
#: Reached within COMMIT: the run is done, and its job does not know yet.
AT_COMMIT = """
create constraint trigger stop_here after insert on workflow_run
  deferrable initially deferred for each row execute function stop_here()
"""
ACTIONS = [Action(type="addTags", tags=["seen"]), Action(type="addNote", text="Once")]


async def notes(connection: asyncpg.Connection[asyncpg.Record]) -> list[int]:
    """How many notes each conversation has."""
    rows = await connection.fetch(
        "select c.id, count(t.id) as n from conversation c left join thread t on t.account_id = c.account_id "
        "and t.conversation_id = c.id and t.type = 'note' group by c.id order by c.id"
    )
    return [row["n"] for row in rows]


async def _somebody_waits(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    return bool(
        await connection.fetchval(
            "select exists (select from pg_locks where locktype = 'advisory' and not granted and objid = $1)", GATE
        )
    )


async def _nobody_else_is_there(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    return not await connection.fetchval(
        "select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid())"
    )


async def start(office: Office, kind: str) -> int:
    """Three conversations that one workflow has to do with, and the work queued, not done."""
    conditions = [where("subject", "is", "Work")]
    workflow = await rule(office, conditions, ACTIONS, kind=kind)
    ids = [await converse(office, subject="Work") for _ in range(3)]
    if kind == "manual":
        client = await office.client()
        answer = await client.post(f"/v2/workflows/{workflow}/run", json={"conversationIds": ids})
        assert answer.status_code == 204
    return workflow


@pytest.mark.parametrize("place", [BETWEEN_ACTIONS, AT_COMMIT], ids=["between actions", "at the commit"])
@pytest.mark.parametrize("kind", ["manual", "automatic"])
async def test_a_killed_worker_leaves_every_action_done_once(
    database_url: str, tmp_path: Path, kind: str, place: str
) -> None:
    async with running_desk(database_url, tmp_path / "desk") as desk:
        workflow = await start(office := await build(desk), kind)
    async with connect(database_url) as gate:
        await gate.execute(STOP + place)
        await gate.execute("select pg_advisory_lock($1)", GATE)
        words = ("worker", "--data-dir", str(tmp_path / "data"))
        async with waypost(tmp_path / "process", *words, WAYPOST_DATABASE_URL=database_url) as process:
            await until(lambda: _somebody_waits(gate))
            await process.end(signal.SIGKILL)
        await gate.execute("select pg_advisory_unlock($1)", GATE)
        await until(lambda: _nobody_else_is_there(gate))
        # What was done and the note of it stand together, or neither does.
        kept = await gate.fetchval("select count(*) from workflow_run where outcome = 'done'")
        assert sum(await notes(gate)) == kept
        assert kept == 0 or place == AT_COMMIT
        await gate.execute("drop function stop_here() cascade")
        # As if the half minute were over after which a silent worker counts as dead.
        await gate.execute("update pgqueuer set heartbeat = now() - interval '1 hour' where status = 'picked'")

    async with running_desk(database_url, tmp_path / "desk") as desk:
        office = Office(desk, office.account, office.support, office.sales, office.user)
        await desk.run_workers()
        history = await runs(office, workflow)
        async with desk.connection() as connection:
            assert await notes(connection) == [1, 1, 1]
            facts = await connection.fetchval("select count(*) from event where type = 'convo.note.created'")
    assert len(history) == len({run.conversation_id for run in history}) == 3
    assert facts == 3


async def test_two_workers_at_once_do_everything_once(desk: Desk, tmp_path: Path) -> None:
    office = await build(desk)
    automatic = await rule(office, [where("subject", "contains", "work")], ACTIONS)
    manual = await rule(office, [], [Action(type="addNote", text="By hand")], kind="manual")
    ids = [await converse(office, subject=f"Work {number}") for number in range(20)]
    client = await office.client()
    for _ in range(2):
        await client.post(f"/v2/workflows/{manual}/run", json={"conversationIds": ids})

    async with running_desk(desk.dsn, tmp_path / "other") as other:
        while sum(await asyncio.gather(desk.run_workers(), other.run_workers())):
            pass

    assert sorted(run.conversation_id for run in await runs(office, automatic)) == ids
    assert sorted(run.conversation_id for run in await runs(office, manual)) == sorted(ids * 2)
    async with desk.connection() as connection:
        assert await notes(connection) == [3] * 20
        assert await connection.fetchval("select count(*) from workflow_pending") == 0
