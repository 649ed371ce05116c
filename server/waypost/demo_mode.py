"""Demo mode: a mail sink beside the desk, and an account that is filled on the first start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from importlib.util import find_spec

from waypost import runtime
from waypost.config import Settings
from waypost.demo import seed
from waypost.demo.access import DemoAccess
from waypost.runtime import Desk

#: Told what is made, how many are done, and of how many.
Progress = Callable[[str, int, int], None]


@asynccontextmanager
async def open_demo(settings: Settings, dsn: str, progress: Progress) -> AsyncIterator[tuple[Desk, DemoAccess]]:
    """A desk whose mail goes into a sink, with the demo account in it. A second start changes no data."""
    async with AsyncExitStack() as stack:
        sink = None
        if find_spec("waypost.edges.mail_io.sink"):
            from waypost.edges.mail_io.sink import MailSink

            sink = await stack.enter_async_context(MailSink(settings.sink_dir))
            settings = replace(settings, smtp_url=sink.url)
        desk = await stack.enter_async_context(runtime.open_desk(replace(settings, is_demo=True), dsn=dsn))
        if sink is not None:
            desk.context.sunk_messages = sink.messages
            desk.context.sunk_message = sink.message
        yield desk, await seed.fill(desk, progress)
