"""Receivers of webhooks: real servers on loopback ports that keep what they got and answer as they are told.

    async with receiving() as receiver:                 # 200 to everything
        ...
        receiver.requests[0].headers["x-helpscout-event"], receiver.requests[0].body

`answer` decides per request: a status, or a function that writes to the connection itself (`drip`, `hang`, …).
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Writer = Callable[[asyncio.StreamWriter], Awaitable[None]]
Answer = Callable[["Request"], int | Writer]


@dataclass(frozen=True)
class Request:
    """One request as it came in. `at` is the machine's monotonic time in seconds."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def event(self) -> str:
        return self.headers["x-helpscout-event"]


@dataclass
class Receiver:
    """What came in, in order, and how many requests were open at once at most."""

    url: str
    port: int
    answer: Answer
    requests: list[Request] = field(default_factory=list)
    open: int = 0
    most_open: int = 0

    @property
    def events(self) -> list[str]:
        return [request.event for request in self.requests]


def always(status: int) -> Answer:
    return lambda _: status


@asynccontextmanager
async def receiving(
    answer: Answer | int = 200, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    connections: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await _one(receiver, reader, writer):
                    pass
        finally:
            connections.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    scheme = "https" if tls else "http"
    receiver = Receiver(f"{scheme}://{host}:{port}/hook", port, always(answer) if isinstance(answer, int) else answer)
    try:
        yield receiver
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _one(receiver: Receiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    request = Request(method, path, headers, body, time.monotonic())
    receiver.requests.append(request)
    receiver.open += 1
    receiver.most_open = max(receiver.most_open, receiver.open)
    try:
        decided = receiver.answer(request)
        if isinstance(decided, int):
            body = "" if decided == 204 else "Content-Length: 2\r\n\r\nok"
            writer.write(f"HTTP/1.1 {decided} X\r\n{body or chr(13) + chr(10)}".encode())
            await writer.drain()
            return True
        await decided(writer)
        return False
    finally:
        receiver.open -= 1


def raw(text: bytes) -> Writer:
    """Exactly these bytes, then the end of the connection."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return write


async def hang(_: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    """A header that never ends, a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def stream(writer: asyncio.StreamWriter) -> None:
    """A body that never ends, as fast as it is taken."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    while True:
        writer.write(chunk)
        await writer.drain()
