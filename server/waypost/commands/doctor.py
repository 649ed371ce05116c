"""`waypost doctor`: what is configured, reachable and up to date, each as one line with a verdict."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import asyncpg
import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from waypost import logs
from waypost.config import Settings
from waypost.database import DatabaseUnreachable, open_database, postgres_folder
from waypost.kit import jobs, log_store, migrations
from waypost.kit.db import connect
from waypost.kit.files import FileStore
from waypost.kit.private_postgres import PrivatePostgres, PrivatePostgresError, Status

Verdict = Literal["ok", "warning", "wrong"]

GIBIBYTE = 2**30
LITTLE_SPACE = 2 * GIBIBYTE
NO_SPACE = GIBIBYTE // 4
OLDEST_POSTGRES = 15
MANY_UNREAD = 10_000
#: The worker folds tallies every few seconds; silence for so long means that none runs.
WORKER_SILENCE = timedelta(minutes=1)
SMTP_TIMEOUT_S = 10
_STYLES = {"ok": "green", "warning": "yellow", "wrong": "bold red"}


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    part: str
    verdict: Verdict
    detail: str


async def examine_and_print(settings: Settings, *, as_json: bool) -> bool:
    """Examine the desk and print the findings; True if nothing is wrong."""
    findings = [without_secrets(finding) for finding in await examine(settings)]
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(findings), indent=2).decode())
    else:
        table = Table("part", "verdict", "detail", box=None)
        for finding in findings:
            table.add_row(finding.part, Text(finding.verdict, style=_STYLES[finding.verdict]), finding.detail)
        Console(highlight=False, soft_wrap=True).print(table)
    return all(finding.verdict != "wrong" for finding in findings)


def without_secrets(finding: Finding) -> Finding:
    """The finding without secrets that an error's text may have carried."""
    return Finding(finding.part, finding.verdict, logs.clean(finding.detail))


async def examine(settings: Settings) -> list[Finding]:
    """Look at every part. Changes nothing, except that a private PostgreSQL is started for the look."""
    findings = [_data_folder(settings)]
    findings += await _database(settings)
    findings.append(await _guarded("files", _files, settings))
    findings.append(await _guarded("smtp", _smtp, settings))
    return findings


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    if not folder.exists():
        return Finding("data folder", "warning", f"{folder} does not exist yet")
    free = shutil.disk_usage(folder).free
    verdict: Verdict = "wrong" if free < NO_SPACE else "warning" if free < LITTLE_SPACE else "ok"
    return Finding("data folder", verdict, f"{folder}, {free / GIBIBYTE:.1f} GiB free")


async def _database(settings: Settings) -> list[Finding]:
    status = None if settings.database_url else PrivatePostgres.status(postgres_folder(settings))
    if status is Status.ABSENT:
        return [Finding("database", "wrong", "there is none yet: `waypost serve` or `migrate` makes it")]
    kind = f"private, {status}" if status else "configured"
    try:
        async with open_database(settings) as dsn, connect(dsn) as connection:
            findings = [await _server(connection, kind), migrated := await _steps(dsn)]
            if migrated.verdict == "ok":
                findings += [await _worker(connection), *await _readers(connection), await _jobs(connection)]
            return findings
    except (DatabaseUnreachable, PrivatePostgresError, OSError, asyncpg.PostgresError) as error:
        return [Finding("database", "wrong", f"{kind}: {error}")]


async def _server(connection: asyncpg.Connection[asyncpg.Record], kind: str) -> Finding:
    version = connection.get_server_version()
    verdict: Verdict = "ok" if version.major >= OLDEST_POSTGRES else "wrong"
    size = await connection.fetchval("select pg_database_size(current_database())")
    return Finding("database", verdict, f"PostgreSQL {version.major}.{version.minor} ({kind}), {size / 2**20:.0f} MiB")


async def _steps(dsn: str) -> Finding:
    try:
        missing = await migrations.check(dsn)
    except migrations.MigrationError as error:
        return Finding("migrations", "wrong", str(error))
    if missing:
        return Finding("migrations", "wrong", f"{len(missing)} to apply: `waypost migrate`")
    return Finding("migrations", "ok", migrations.head())


async def _worker(connection: asyncpg.Connection[asyncpg.Record]) -> Finding:
    last: datetime | None = await connection.fetchval("select max(last_run_at) from schedule")
    if last is None:
        return Finding("worker", "warning", "has never run on this database")
    silence = datetime.now(UTC) - last
    verdict: Verdict = "ok" if silence < WORKER_SILENCE else "warning"
    return Finding("worker", verdict, f"last heard of {silence.total_seconds():.0f} s ago")


async def _readers(connection: asyncpg.Connection[asyncpg.Record]) -> list[Finding]:
    findings = []
    for lag in await log_store.lags(connection, MANY_UNREAD + 1):
        count = f"more than {MANY_UNREAD}" if lag.facts > MANY_UNREAD else str(lag.facts)
        letters = f", {lag.dead_letters} dead letters (`waypost queue list`)" if lag.dead_letters else ""
        verdict: Verdict = "wrong" if lag.dead_letters or lag.facts > MANY_UNREAD else "ok"
        findings.append(Finding(f"log reader {lag.name}", verdict, f"{count} unread{letters}"))
    return findings


async def _jobs(connection: asyncpg.Connection[asyncpg.Record]) -> Finding:
    counts = await jobs.counts(connection)
    detail = f"{counts.due} due, {counts.running} running, {counts.later} for later, {counts.failed} failed"
    return Finding("jobs", "wrong" if counts.failed else "ok", detail)


async def _files(settings: Settings) -> Finding:
    store = FileStore(settings.files_location)
    key = store.new_key(0, "probe")
    await store.write(key, b"waypost")
    intact = await store.read(key) == b"waypost"
    await store.delete(key)
    return Finding("files", "ok" if intact else "wrong", settings.files_location)


async def _smtp(settings: Settings) -> Finding:
    if not settings.smtp_url:
        return Finding("smtp", "warning", "WAYPOST_SMTP_URL is not set: mail leaves only by mailboxes with their own")
    from waypost.edges.mail_io import smtp
    from waypost.edges.mail_io.smtp_server import SmtpServer

    async with asyncio.timeout(SMTP_TIMEOUT_S):
        return Finding("smtp", "ok", await smtp.check(SmtpServer.from_url(settings.smtp_url)))


async def _guarded(part: str, look: Callable[[Settings], Awaitable[Finding]], settings: Settings) -> Finding:
    try:
        return await look(settings)
    except Exception as error:  # whatever goes wrong is the finding
        return Finding(part, "wrong", f"{type(error).__name__}: {error}")
