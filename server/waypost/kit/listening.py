"""Hearing what other processes say through PostgreSQL's NOTIFY, for memories that must not outlive a change.

Whoever remembers something asks `is_heard` first: while the connection is down, or not known to be alive, changes
elsewhere go unheard, and nothing may be remembered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import asyncpg
import structlog

from waypost.kit.db import DATABASE_ERRORS

log = structlog.get_logger(__name__)

HEARTBEAT_S = 5.0
_SHORTEST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0


class Listening:
    """One connection that listens on a channel. `on_word` gets each payload; `on_gap` is called whenever something may
    have been missed: as listening begins, and as it ends."""

    def __init__(self, channel: str, on_word: Callable[[str], None], on_gap: Callable[[], None]) -> None:
        self._channel = channel
        self._on_word = on_word
        self._on_gap = on_gap
        #: Set while changes elsewhere are heard; for those who must wait for it.
        self.heard = asyncio.Event()

    @property
    def is_heard(self) -> bool:
        """Whether changes made by other processes are heard."""
        return self.heard.is_set()

    async def run(self, dsn: str) -> None:
        """Listen until cancelled; a lost connection is made again."""
        pause_s = _SHORTEST_PAUSE_S
        while True:
            had_heard = False
            try:
                connection = await asyncpg.connect(
                    dsn, timeout=10, server_settings={"application_name": f"waypost {self._channel}"}
                )
                try:
                    await self._listen(connection)
                finally:
                    had_heard = self.heard.is_set()
                    self.heard.clear()
                    self._on_gap()
                    connection.terminate()
            except (TimeoutError, *DATABASE_ERRORS) as error:
                log.warning("listening.down", channel=self._channel, error=repr(error))
            pause_s = _SHORTEST_PAUSE_S if had_heard else min(pause_s * 2, _LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def _listen(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(self._channel, self._hear)
        # What was looked up before LISTEN took hold may have changed unheard.
        self._on_gap()
        self.heard.set()
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), HEARTBEAT_S)
            if not ended.is_set():
                await connection.execute("select 1", timeout=HEARTBEAT_S)

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self._on_word(str(payload))
