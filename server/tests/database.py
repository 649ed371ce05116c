"""A real PostgreSQL under the tests: one server per run for all workers, one fresh database per test.

The server is Waypost's private one, or with `--postgres=external` the one at WAYPOST_TEST_DATABASE_URL
or else a temporary cluster of the newest PostgreSQL that the system has installed. Databases are
cloned from a template that is migrated once per run.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from waypost.kit import migrations
from waypost.kit.private_postgres import Options, PrivatePostgres

RUN_FOLDER = "WAYPOST_TEST_RUN_FOLDER"
EXTERNAL_URL = "WAYPOST_TEST_DATABASE_URL"
SYSTEM_SERVERS = Path("/usr/lib/postgresql")
MEMORY = Path("/dev/shm")
MEMORY_WANTED_BYTES = 2_000_000_000
PREFIX = "waypost-test-"
ALIVE = pytest.StashKey[IO[str] | None]()
FIXTURES = {"database_url", "module_database_url", "postgres"}
# On a second PostgreSQL only what speaks SQL itself is run again.
NEAR_THE_DATABASE = ("kit", "domains")


def system_binaries() -> Path | None:
    """The programs of the newest PostgreSQL that the system has installed."""
    found = sorted(SYSTEM_SERVERS.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass
class Ground:
    """The server of this run, and the databases made on it. Usable from synchronous code only."""

    url: str
    run: str
    portal: BlockingPortal
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def address(self, database: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    def execute(self, sql: str) -> None:
        self.portal.call(_execute, self.url, sql)

    @contextmanager
    def empty(self) -> Iterator[str]:
        """The address of a new database without any table; dropped afterwards."""
        with self._database("template0") as address:
            yield address

    @contextmanager
    def clone(self) -> Iterator[str]:
        """The address of a new database with the present schema; dropped afterwards."""
        with self._database(self.template()) as address:
            yield address

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"{self.run}_{os.getpid()}_{next(self.numbers)}"
        # Measured against WAL_LOG: 13 ms to 30 ms.
        self.execute(f'create database "{name}" template "{template}" strategy file_copy')
        try:
            yield self.address(name)
        finally:
            self.portal.call(_drop, self.url, name)

    def template(self) -> str:
        """The migrated database that clones are made from; whichever worker comes first makes it."""
        name = f"{self.run}_template"
        made = run_folder() / "template-made"
        with (run_folder() / "template.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                self.execute(f'drop database if exists "{name}"')
                self.execute(f'create database "{name}" template template0')
                self.portal.call(migrations.upgrade, self.address(name))
                made.touch()
        return name


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


async def _drop(url: str, name: str) -> None:
    """Drop a database though somebody may still be connected to it."""
    for pause_s in (0.1, 0.5, 2.0, 5.0):
        with suppress(asyncpg.InsufficientPrivilegeError):
            await _execute(url, f'drop database "{name}" with (force)')
            return
        # The server's own vacuum is at work there and may not be ended by us; it leaves by itself.
        await asyncio.sleep(pause_s)
    await _execute(url, f'drop database "{name}" with (force)')


def run_folder() -> Path:
    return Path(os.environ[RUN_FOLDER])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgres", choices=("private", "external"), default="private", help="which server to test on")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "database: speaks SQL itself; run on every supported PostgreSQL")
    if not hasattr(config, "workerinput"):
        # Workers inherit the environment, and with it the folder of the run.
        is_roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_WANTED_BYTES
        parent = MEMORY if is_roomy else Path(tempfile.gettempdir())
        _sweep(parent)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        folder.chmod(0o711)
        config.stash[ALIVE] = _lock(folder)
        os.environ[RUN_FOLDER] = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or RUN_FOLDER not in os.environ:
        return
    folder = run_folder()
    # A worker that crashed has neither dropped its databases nor released the server.
    PrivatePostgres.stop(folder / "postgres", force=True)
    if url := (os.environ.get(EXTERNAL_URL) if config.getoption("postgres") == "external" else None):
        asyncio.run(_drop_all(url, _run_name(folder)))
    shutil.rmtree(folder)
    del os.environ[RUN_FOLDER]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        is_near = item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in NEAR_THE_DATABASE
        if is_near and FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("database")


def _sweep(parent: Path) -> None:
    """Clear away what runs have left that were killed: their locks are free."""
    for folder in parent.glob(f"{PREFIX}*"):
        if folder.stat().st_uid == os.geteuid() and (folder / "alive").exists() and (lock := _lock(folder)):
            PrivatePostgres.stop(folder / "postgres", force=True)
            shutil.rmtree(folder, ignore_errors=True)
            lock.close()


def _lock(folder: Path) -> IO[str] | None:
    """Hold the run's folder until the file is closed, which the end of the process does too."""
    file = (folder / "alive").open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


async def _drop_all(url: str, run: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for row in await connection.fetch("select datname from pg_database where starts_with(datname, $1)", run):
            await connection.execute(f'drop database "{row["datname"]}" with (force)')
    finally:
        await connection.close()


def _run_name(folder: Path) -> str:
    return f"waypost_test_{uuid.uuid5(uuid.NAMESPACE_URL, str(folder)).hex[:12]}"


@contextmanager
def _server(config: pytest.Config) -> Iterator[str]:
    is_external = config.getoption("postgres") == "external"
    if is_external and (url := os.environ.get(EXTERNAL_URL)):
        yield url
        return
    binaries = system_binaries() if is_external else None
    if is_external and binaries is None:
        raise pytest.UsageError(f"--postgres=external needs {EXTERNAL_URL} or a PostgreSQL in {SYSTEM_SERVERS}")
    with PrivatePostgres.start(run_folder() / "postgres", Options(binaries=binaries, durable=False)) as server:
        yield server.dsn("postgres")


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """Asynchronous tests run as the product does: asyncio on uvloop."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[Ground]:
    """The server of this test run."""
    with _server(pytestconfig) as url, start_blocking_portal() as portal:
        yield Ground(url, _run_name(run_folder()), portal)


@pytest.fixture
def database_url(postgres: Ground) -> Iterator[str]:
    """The address of a fresh, migrated database for this test alone."""
    with postgres.clone() as address:
        yield address


@pytest.fixture(scope="module")
def module_database_url(postgres: Ground) -> Iterator[str]:
    """The address of a fresh, migrated database that the tests of one module share."""
    with postgres.clone() as address:
        yield address


@pytest.fixture
def empty_database_url(postgres: Ground) -> Iterator[str]:
    """The address of a database without any table."""
    with postgres.empty() as address:
        yield address
