"""Demo mode: a mail sink beside the desk, and an account that is filled on the first start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from waypost import runtime
from waypost.config import Settings
from waypost.demo import seed
from waypost.demo.access import DemoAccess
from waypost.edges.mail_io.sink import MailSink
from waypost.runtime import Desk

#: Told what is made, how many are done, and of how many.
Progress = Callable[[str, int, int], None]


@asynccontextmanager
async def open_demo(settings: Settings, dsn: str, progress: Progress) -> AsyncIterator[tuple[Desk, DemoAccess]]:
    """A desk whose mail goes into a sink, with the demo account in it. A second start changes no data."""
    async with MailSink(settings.sink_dir) as sink:
        settings = replace(settings, smtp_url=sink.url, is_demo=True)
        async with runtime.open_desk(settings, dsn=dsn) as desk:
            desk.context.sunk_messages = sink.messages
            desk.context.sunk_message = sink.message
            yield desk, await seed.fill(desk, progress)
