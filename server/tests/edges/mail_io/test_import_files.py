"""The files of an import are safe on disk before its rows are committed, and those of what was rolled back are not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kit.waiting import until
from tests.make import Make
from waypost.edges.mail_io.importing import MailImport
from waypost.edges.mail_io.mailbox_file import Found
from waypost.kit.db import Pool, connect, open_pool
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions

pytestmark = pytest.mark.anyio
GATE = 4713
#: Reached within COMMIT: nothing but the database's own end of the work is left then.
AT_COMMIT = f"""
create function stop_here() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared({GATE});
  return null;
end $$;
create constraint trigger stop_here after insert on received_mail
  deferrable initially deferred for each row execute function stop_here()
"""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await open_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def taking(pool: Pool, tmp_path: Path) -> MailImport:
    transactions = Transactions(pool)
    make = Make(transactions)
    account = await make.account()
    mailbox = await make.mailbox(account)
    return MailImport(transactions, FileStore(tmp_path), account.id, mailbox.id)


def with_file(number: int, *, subject: str = "") -> Found:
    """A message with one attachment."""
    raw = (
        f"Message-ID: <{number}@example.org>\nFrom: p{number}@example.org\nSubject: {subject or f'Plan {number}'}\n"
        "Date: Fri, 27 Nov 2026 10:00:00 +0000\n"
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nWords\n'
        '--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="plan.bin"\n\n'
        f"The plan {number}\n--b--\n"
    )
    return Found(str(number), raw.encode())


async def _keys(pool: Pool) -> list[str]:
    rows = await pool.fetch("select storage_key from received_mail union all select storage_key from attachment")
    return sorted(row["storage_key"] for row in rows)


def _stored(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def test_mails_and_attachments_are_flushed_before_the_commit(
    database_url: str, pool: Pool, taking: MailImport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    flush = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    async with connect(database_url) as gate:
        await gate.execute(AT_COMMIT)
        await gate.execute("select pg_advisory_lock($1)", GATE)
        waiting = "select exists (select from pg_locks where locktype = 'advisory' and not granted and objid = $1)"

        async def somebody_waits() -> bool:
            return bool(await gate.fetchval(waiting, GATE))

        running = asyncio.create_task(taking.run(with_file(number) for number in range(3)))
        await until(somebody_waits)
        # Nothing is committed, and everything is on disk.
        assert await _keys(pool) == []
        there = _stored(tmp_path)
        assert len(there) == 6
        for key in there:
            assert any(path.startswith(f"{tmp_path / key}.") for path in flushed)
            assert str((tmp_path / key).parent) in flushed
        await gate.execute("select pg_advisory_unlock($1)", GATE)
        summary = await running
    assert (summary.conversations, summary.failures) == (3, [])
    keys = await _keys(pool)
    assert len(keys) == 6
    assert set(keys) <= set(_stored(tmp_path))


async def test_what_was_rolled_back_leaves_no_files(pool: Pool, taking: MailImport, tmp_path: Path) -> None:
    await pool.execute("alter table conversation add constraint never check (subject <> 'never')")
    some = [*(with_file(number) for number in range(3)), with_file(3, subject="never"), with_file(4)]
    summary = await taking.run(some)
    assert (summary.conversations, [failure.source for failure in summary.failures]) == (4, ["3"])
    keys = await _keys(pool)
    assert len(keys) == 8
    assert _stored(tmp_path) == keys


async def test_what_the_mailbox_has_by_another_way_leaves_no_file(
    pool: Pool, taking: MailImport, tmp_path: Path
) -> None:
    await taking.run([with_file(1)])
    again = Found("again", b"X-Trace: 2\n" + with_file(1).raw)
    summary = await taking.run([again])
    assert summary.duplicates == 1
    assert _stored(tmp_path) == await _keys(pool)
