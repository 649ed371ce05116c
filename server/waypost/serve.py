"""One process of a desk: database, HTTP, worker and, in the demo, a mail sink; started together, stopped in reverse."""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import TYPE_CHECKING

import structlog

from waypost.config import BadSetting, Settings
from waypost.database import open_migrated_database
from waypost.kit.wakeups import CLOCK

if TYPE_CHECKING:
    from litestar.types import ASGIApp

    from waypost.demo.access import DemoAccess
    from waypost.demo_mode import Progress
    from waypost.runtime import Desk

log = structlog.get_logger(__name__)

#: Heavy to import; while that happens the database starts.
HEAVY = ("waypost.app", "waypost.worker", "waypost.server", "waypost.readiness")


@dataclass(frozen=True)
class Running:
    """What is told once the process serves."""

    desk: Desk
    demo: DemoAccess | None


class PartFailed(Exception):
    """A part of the process ended by a fault, so the process ends: half a desk looks alive and is not."""


async def serve(
    settings: Settings,
    *,
    with_http: bool = True,
    with_worker: bool = True,
    on_ready: Callable[[Running], None] = lambda _: None,
    progress: Progress = lambda _what, _done, _of: None,
) -> None:
    """Run until SIGINT or SIGTERM, then finish what is under way.

    Raises PortInUse, BadSetting, and what `open_database` raises, before anything serves; PartFailed when a part breaks
    down.
    """
    _check_networks(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        if with_http:
            from waypost.server import HttpServer

            http = await stack.enter_async_context(HttpServer(settings.host, settings.port))
            settings = replace(settings, port=http.port)
        dsn = await _database_and_imports(settings, stack)
        desk, demo = await _open(settings, dsn, stack, progress)
        parts = await stack.enter_async_context(_background(desk, stop, with_worker=with_worker))
        if with_http:
            await http.start(application(desk))
            # After the worker has been told to stop: what requests under way enqueue is done at the next start.
            stack.push_async_callback(http.stop)
            # Streams never end by themselves, and the server would wait for them.
            stack.callback(desk.context.live.close)
            assert http.task is not None
            parts.append(http.task)
        gc.collect()
        gc.freeze()
        on_ready(Running(desk, demo))
        log.info("desk.ready", http=with_http, worker=with_worker, port=settings.port)
        await _until_stopped(stop, parts)
        log.info("desk.stopping")
    log.info("desk.stopped")


def _check_networks(settings: Settings) -> None:
    for name, texts in (("TRUSTED_PROXIES", settings.trusted_proxies), ("SMTP_PEERS", settings.smtp_peers)):
        for text in texts:
            try:
                ip_network(text, strict=False)
            except ValueError as error:
                raise BadSetting(f"WAYPOST_{name} holds {text!r}: {error}") from error


async def _database_and_imports(settings: Settings, stack: AsyncExitStack) -> str:
    imports = asyncio.create_task(asyncio.to_thread(lambda: [importlib.import_module(name) for name in HEAVY]))
    try:
        return await stack.enter_async_context(open_migrated_database(settings))
    finally:
        await imports


async def _open(
    settings: Settings, dsn: str, stack: AsyncExitStack, progress: Progress
) -> tuple[Desk, DemoAccess | None]:
    from waypost import readiness, runtime

    access: DemoAccess | None = None
    if settings.is_demo:
        from waypost.demo_mode import open_demo

        desk, access = await stack.enter_async_context(open_demo(settings, dsn, progress))
    else:
        desk = await stack.enter_async_context(runtime.open_desk(settings, dsn=dsn))
    readiness.register(desk)
    return desk, access


def application(desk: Desk) -> ASGIApp:
    """What the HTTP server runs."""
    from waypost.app import build_app
    from waypost.edges.base.proxies import RealPeer

    app = build_app(desk.context, desk.help_centers)
    return RealPeer(app, desk.context.trusted_proxies) if desk.context.trusted_proxies else app


@asynccontextmanager
async def _background(desk: Desk, stop: asyncio.Event, *, with_worker: bool) -> AsyncIterator[list[asyncio.Task[None]]]:
    from waypost import worker

    listeners = [
        asyncio.create_task(desk.wakeups.run(), name="wakeups"),
        asyncio.create_task(desk.tokens.run(desk.dsn), name="tokens"),
        asyncio.create_task(desk.help_centers.run(desk.dsn), name="help centers"),
    ]
    if desk.context.movable_clock is not None:
        moves = desk.context.movable_clock.follow(desk.transactions, desk.wakeups.waiter(CLOCK))
        listeners.append(asyncio.create_task(moves, name="clock"))
    workers = [asyncio.create_task(worker.run(desk, stop), name="worker")] if with_worker else []
    try:
        yield [*listeners, *workers]
    finally:
        stop.set()
        # The worker ends by itself, within its time of grace; listeners never do.
        await asyncio.gather(*workers, return_exceptions=True)
        for task in listeners:
            task.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)


async def _until_stopped(stop: asyncio.Event, parts: list[asyncio.Task[None]]) -> None:
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, *parts}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    if stop.is_set():
        return
    for part in parts:
        if part.done() and not part.cancelled():
            raise PartFailed(f"{part.get_name()} ended: {part.exception()!r}") from part.exception()
