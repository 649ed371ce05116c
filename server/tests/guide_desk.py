"""A desk as the guide's reader has it: in demo mode, with its worker at work and its mail in a sink."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.desk import Desk, running_desk
from waypost import readiness, worker
from waypost.edges.mail_io.sink import MailSink


@asynccontextmanager
async def readers_desk(database_url: str, data_dir: Path) -> AsyncIterator[Desk]:
    """Serves from beginning to end of the block, the worker beside it."""
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(MailSink(data_dir / "sink"))
        desk = await stack.enter_async_context(running_desk(database_url, data_dir, smtp_url=sink.url, is_demo=True))
        desk.context.sunk_messages, desk.context.sunk_message = sink.messages, sink.message
        readiness.register(desk.parts)
        stop = asyncio.Event()
        hints = asyncio.create_task(desk.parts.wakeups.run())
        work = asyncio.create_task(worker.run(desk.parts, stop))
        try:
            yield desk
        finally:
            stop.set()
            await work
            hints.cancel()
            await asyncio.gather(hints, return_exceptions=True)
