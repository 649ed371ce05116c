"""`waypost doctor`, `migrate`, `stop`, `queue` and `audit`, as they are typed."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.log_help import note
from tests.make import Make
from tests.process import WaypostProcess, waypost
from waypost.domains import audit
from waypost.kit.db import open_pool
from waypost.kit.jobs import enqueue
from waypost.kit.log_reader import LogReader, Subscriber
from waypost.kit.tx import Transactions

QUICK = {"WAYPOST_LOG_LEVEL": "error"}


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    async with await open_pool(database_url) as pool:
        yield Transactions(pool)


async def typed(folder: Path, *words: str, database_url: str = "", **environment: str) -> tuple[int, str]:
    """Exit status and output of one command."""
    if database_url:
        environment["WAYPOST_DATABASE_URL"] = database_url
    arguments = (*words, "--data-dir", str(folder / "data"))
    async with waypost(folder / "-".join(words[:2]), *arguments, **QUICK, **environment) as process:
        return await _ended(process)


async def _ended(process: WaypostProcess) -> tuple[int, str]:
    async with asyncio.timeout(60):
        status = await process.process.wait()
    return status, process.output


async def examined(folder: Path, database_url: str, **environment: str) -> tuple[int, dict[str, dict[str, str]]]:
    status, output = await typed(folder, "doctor", "--json", database_url=database_url, **environment)
    return status, {finding["part"]: finding for finding in json.loads(output)}


async def test_a_sound_desk_passes(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    status, findings = await examined(tmp_path, database_url)
    assert status == 0
    assert {"data folder", "database", "migrations", "jobs", "files", "smtp", "worker"} <= findings.keys()
    assert not [part for part, finding in findings.items() if finding["verdict"] == "wrong"]


async def test_what_is_wrong_is_named_and_sets_the_status(
    database_url: str, transactions: Transactions, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    async with transactions.open() as tx:
        await enqueue(tx, "broken", {})
        await tx.connection.execute("update pgqueuer set status = 'failed'")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"smtp://user:planted-password@127.0.0.1:{closed.getsockname()[1]}"
        status, findings = await examined(tmp_path, database_url, WAYPOST_SMTP_URL=address)
    assert status == 1
    assert {part for part, finding in findings.items() if finding["verdict"] == "wrong"} == {"jobs", "smtp"}
    assert "planted" not in json.dumps(findings)


async def test_a_database_that_is_behind_is_wrong_until_it_is_migrated(empty_database_url: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    status, findings = await examined(tmp_path, empty_database_url)
    assert (status, findings["migrations"]["verdict"]) == (1, "wrong")
    status, output = await typed(tmp_path, "migrate", database_url=empty_database_url)
    assert (status, "applied 0001_ground" in output) == (0, True)
    status, _ = await examined(tmp_path, empty_database_url)
    assert status == 0


async def test_doctor_makes_no_database_and_stop_needs_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    status, output = await typed(tmp_path, "doctor")
    assert (status, "there is none yet" in output) == (1, True)
    assert not (tmp_path / "data" / "postgres").exists()
    status, output = await typed(tmp_path, "stop")
    assert (status, "No PostgreSQL" in output) == (0, True)


async def test_a_changed_trail_is_found(database_url: str, transactions: Transactions, tmp_path: Path) -> None:
    account = await Make(transactions).account()
    await note(transactions, "a", "b", account_id=account.id)
    await LogReader(transactions, [Subscriber(audit.NAME, audit.on_facts)]).drain()
    status, output = await typed(tmp_path, "audit", "verify", database_url=database_url)
    assert (status, "2 entries, sound" in output) == (0, True)
    await transactions.pool.execute("update audit_entry set actor_id = 99 where id = 1")
    status, output = await typed(tmp_path, "audit", "verify", database_url=database_url)
    assert (status, "BROKEN at entry 1" in output) == (1, True)


async def test_a_failed_job_and_a_dead_letter_get_another_try(
    database_url: str, transactions: Transactions, tmp_path: Path
) -> None:
    account = await Make(transactions).account()
    await note(transactions, "poison", account_id=account.id)
    async with transactions.open() as tx:
        await enqueue(tx, "broken", {})
        await tx.connection.execute("update pgqueuer set status = 'failed'")
        await tx.connection.execute(
            "insert into event_dead_letter (reader, account_id, event_id, error)"
            " select 'audit', account_id, id, 'ValueError()' from event"
        )
    _, output = await typed(tmp_path, "queue", "list", database_url=database_url)
    assert "job broken" in output
    assert "test.noted for audit" in output
    status, output = await typed(tmp_path, "queue", "retry", database_url=database_url)
    assert (status, "1 jobs queued again, 1 dead letters taken" in output) == (0, True)
    assert await transactions.pool.fetchval("select count(*) from audit_entry") == 1
    assert await transactions.pool.fetchval("select count(*) from event_dead_letter") == 0
