"""Messages are read in processes of their own: one that takes for ever, or all memory, is ended with its process.

The processes start when there is mail and end when there has been none for a while; nothing is kept in them.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta

import msgspec
import structlog

from waypost.domains.mail import ReceivedMessage
from waypost.edges.mail_io.parse_child import ANSWER, EPOCH, QUESTION, READY
from waypost.kit.errors import Busy, WaypostError

log = structlog.get_logger(__name__)

AT_ONCE = 2
LIMIT_S = 30.0
#: Until a process is ready; a busy machine may take long, and no message is to blame for it.
START_S = 120.0
IDLE_S = 60.0
#: -P: no module of the folder in which Waypost happens to run.
_COMMAND = (sys.executable, "-P", "-m", "waypost.edges.mail_io.parse_child")
_MICROSECOND = timedelta(microseconds=1)
_PIPE = 2**20


class Unreadable(WaypostError):
    """A message that cannot be read: its reading took too long, or ended the process that did it."""


class Parsers:
    """The reading processes of this one; `close` ends them. `command` is what is run, for tests of its failures."""

    def __init__(
        self, *, at_once: int = AT_ONCE, limit_s: float = LIMIT_S, idle_s: float = IDLE_S, command: tuple[str, ...] = ()
    ) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._limit_s = limit_s
        self._idle_s = idle_s
        self._command = command or _COMMAND
        self._idle: list[asyncio.subprocess.Process] = []
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[int]] = set()

    async def parse(self, raw: bytes, now: datetime) -> ReceivedMessage:
        """Read a message. Raises Unreadable, and Busy when the process that would read it does not start."""
        async with self._slots:
            child = self._idle.pop() if self._idle else await self._start()
            try:
                async with asyncio.timeout(self._limit_s):
                    body = await _ask(child, raw, now)
            except TimeoutError:
                self._end(child)
                raise Unreadable(f"reading the message took longer than {self._limit_s:g} s") from None
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                self._end(child)
                raise Unreadable("reading the message ended the process that did it") from error
            except BaseException:
                self._end(child)
                raise
            self._idle.append(child)
            self._wait_for_more()
        return msgspec.msgpack.decode(body, type=ReceivedMessage)

    async def close(self) -> None:
        """End all processes."""
        if self._timer is not None:
            self._timer.cancel()
        self._end_idle()
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _start(self) -> asyncio.subprocess.Process:
        child = await asyncio.create_subprocess_exec(
            *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_PIPE
        )
        assert child.stdout is not None
        try:
            async with asyncio.timeout(START_S):
                await child.stdout.readexactly(len(READY))
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            self._end(child)
            raise Busy("the process that reads messages does not start") from error
        except BaseException:
            self._end(child)
            raise
        return child

    def _wait_for_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._idle_s, self._end_idle)

    def _end_idle(self) -> None:
        idle, self._idle = self._idle, []
        for child in idle:
            self._end(child)

    def _end(self, child: asyncio.subprocess.Process) -> None:
        if child.returncode is None:
            try:
                child.kill()
            except ProcessLookupError:
                return
        # So that none is left as a zombie.
        task = asyncio.get_running_loop().create_task(child.wait())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _ask(child: asyncio.subprocess.Process, raw: bytes, now: datetime) -> bytes:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(QUESTION.pack(len(raw), (now - EPOCH) // _MICROSECOND))
    child.stdin.write(raw)
    await child.stdin.drain()
    (size,) = ANSWER.unpack(await child.stdout.readexactly(ANSWER.size))
    return await child.stdout.readexactly(size)
