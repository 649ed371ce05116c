"""The HTTP server inside this process: Granian, on the event loop that the rest of the desk runs on.

Granian's own server runs the application in worker processes: one of them holds 11 to 14 MiB more than this, two hold
twice as much. Past one core, several `waypost serve` share the work.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Self

from granian.constants import Interfaces
from granian.server.embed import Server

if TYPE_CHECKING:
    from litestar.types import ASGIApp

BACKLOG = 1024
GRACE_S = 5.0
READY_POLL_S = 0.01
READY_TIMEOUT_S = 20.0


class PortInUse(Exception):
    """Something else listens there; the message says where."""


class HttpServer:
    """Holds a port from the beginning, and serves an ASGI application on it from `start` until the block ends.

    Port 0 takes a free one; `port` tells which. Raises PortInUse.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self._hold = _reserve(host, port)
        self.port: int = self._hold.getsockname()[1]
        self._server: Server | None = None
        #: The serving itself, once started: done when it has ended, by a fault if nobody stopped it.
        self.task: asyncio.Task[None] | None = None

    async def start(self, app: ASGIApp) -> None:
        """Serve; returns once connections are taken."""
        self._server = Server(
            app,
            address=self.host,
            port=self.port,
            interface=Interfaces.ASGINL,
            backlog=BACKLOG,
            log_enabled=False,
        )
        self.task = asyncio.create_task(self._server.serve(), name="http")
        await self._ready(self.task)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """Take no more requests, wait for those under way, and end. Twice is harmless."""
        task, self.task = self.task, None
        if task is not None and self._server is not None:
            self._server.stop()  # type: ignore[no-untyped-call]
            await asyncio.wait({task}, timeout=grace_s)
            if not task.done():
                # Streams that never end by themselves (live updates).
                task.cancel()
                await asyncio.wait({task}, timeout=1)
        self._hold.close()

    async def _ready(self, task: asyncio.Task[None]) -> None:
        async with asyncio.timeout(READY_TIMEOUT_S):
            while True:
                if task.done():
                    await task
                    raise RuntimeError("the HTTP server ended at once")
                try:
                    _, writer = await asyncio.open_connection(_loopback(self.host), self.port)
                except OSError:
                    await asyncio.sleep(READY_POLL_S)
                    continue
                writer.close()
                return


def _reserve(host: str, port: int) -> socket.socket:
    """A socket that holds the port, found free, until the server has it.

    Granian shares ports on purpose (SO_REUSEPORT), so a second desk on the same port would start without complaint
    and take every other request; and a free port found by asking could be somebody else's a moment later.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUse(_refusal(host, port, error)) from error
    hold = socket.socket(family)
    hold.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    hold.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    hold.bind((host, port))
    return hold


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use. Stop what listens there, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be used by this user. Choose one above 1023 with --port."
    return f"Cannot listen on {host}:{port}: {error.strerror}."


def _loopback(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
