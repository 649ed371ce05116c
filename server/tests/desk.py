"""A whole desk under test: the real application behind a real port, over a fresh database, in the test's own process.

    async def test_lists_mailboxes(desk: Desk) -> None:
        account = await desk.make.account()                  # owner, administrator, user, mailbox: see tests/make.py
        mailbox = await desk.make.mailbox(account)
        client = await desk.client(account.owner)            # httpx.AsyncClient that sends the user's bearer token
        answer = await client.get("/v2/mailboxes")

`desk.transactions` opens units of work, `desk.connection()` a plain connection, `desk.run_workers()` reads the log and
runs the jobs until nothing is left, so that a test never waits for a worker. Limits are off; a test that wants them (or
any other setting, or another clock) says so:

    @desk_with(rate_limit_per_minute=200, write_burst_limit=12, is_demo=True, clock=some_clock)

`desk.visitor("help.localhost")` asks a help center.

`module_desk` is the same for a whole module whose tests do not disturb each other.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.make import Make, Person
from waypost import runtime, worker
from waypost.config import Settings
from waypost.edges.base.context import Context
from waypost.kit.clock import system_clock
from waypost.kit.db import Connection, Pool
from waypost.kit.tx import Transactions
from waypost.serve import application
from waypost.server import HttpServer

HOST = "127.0.0.1"
#: For clients of desks, which speak no TLS here: by itself, each client loads all authorities of the machine (40 ms).
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Desk:
    """What tests reach: addresses, clients, builders, and the parts of the running desk (`desk.parts`)."""

    def __init__(self, parts: runtime.Desk, base_url: str, stack: AsyncExitStack) -> None:
        self.parts = parts
        self.base_url = base_url
        self.make = Make(parts.transactions)
        self._stack = stack
        self._clients: dict[str, httpx.AsyncClient] = {}

    @property
    def dsn(self) -> str:
        return self.parts.dsn

    @property
    def pool(self) -> Pool:
        return self.parts.pool

    @property
    def transactions(self) -> Transactions:
        return self.parts.transactions

    @property
    def context(self) -> Context:
        return self.parts.context

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for looking at what was stored."""
        async with self.parts.pool.acquire() as connection:
            yield connection

    async def run_workers(self) -> int:
        """Read the log and run every job that is due until nothing is left. Raises what a handler raises."""
        return await worker.drain(self.parts)

    async def client(self, who: Person | str | None = None, **headers: str) -> httpx.AsyncClient:
        """A client of the running desk: for a person (a fresh token is made once), with a token, or anonymous."""
        token = await self.make.token(who) if isinstance(who, Person) else who
        if token is not None:
            headers = {"Authorization": f"Bearer {token}", **headers}
        made = httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=30, verify=PLAIN)
        return await self._stack.enter_async_context(made)

    async def visitor(self, host: str, **headers: str) -> httpx.AsyncClient:
        """A browser at a help center: asks the desk's port for a host. Follows nothing; keeps its cookies."""
        return await self.client(None, Host=host, **headers)


@asynccontextmanager
async def running_desk(database_url: str, data_dir: Path, **changes: Any) -> AsyncIterator[Desk]:
    """A desk on a free port; `changes` are settings, and `clock`."""
    clock = changes.pop("clock", system_clock)
    settings = Settings(
        data_dir=data_dir,
        host=HOST,
        database_url=database_url,
        rate_limit_per_minute=0,
        write_burst_limit=0,
        docs_rate_limit=0,
    )
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(runtime.open_desk(replace(settings, **changes), clock=clock))
        server = await stack.enter_async_context(HttpServer(HOST, 0))
        await server.start(application(parts))
        base_url = f"http://{HOST}:{server.port}"
        parts.context.base_url = base_url
        clients = await stack.enter_async_context(AsyncExitStack())
        yield Desk(parts, base_url, clients)


def desk_with(**changes: Any) -> pytest.MarkDecorator:
    """Decorator: the test's `desk` runs with other settings or another `clock`."""
    return pytest.mark.parametrize("desk", [pytest.param(changes, id="-".join(changes))], indirect=True)


@pytest.fixture
async def desk(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    """A running desk for this test alone."""
    async with running_desk(database_url, tmp_path / "desk", **getattr(request, "param", {})) as running:
        yield running


@pytest.fixture(scope="module")
async def module_desk(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A running desk that the tests of one module share."""
    async with running_desk(module_database_url, tmp_path_factory.mktemp("desk")) as running:
        yield running
