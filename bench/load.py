"""A load generator: some connections, each sending the next request when the answer to the last is complete.

Its own process, so that it shares nothing with what it measures but the machine's cores.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import uvloop


class Plan(NamedTuple):
    """What to send, how widely and for how long. `{n}` in the body is a running number."""

    host: str
    port: int
    method: str
    path: str
    token: str
    body: str
    connections: int
    seconds: float
    #: What the request says that it asks, where that is not the host that it is sent to; and who asks.
    asked_host: str = ""
    agent: str = ""


class Result(NamedTuple):
    """What came of it. Times in milliseconds."""

    requests: int
    seconds: float
    p50_ms: float
    p95_ms: float
    statuses: dict[str, int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


class Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection."""

    def __init__(self, requests: Callable[[], bytes], times: list[float], statuses: dict[str, int]) -> None:
        self.requests = requests
        self.times = times
        self.statuses = statuses
        self.buffer = b""
        self.missing = -1
        self.is_over = False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        if self.is_over:
            self.done.set_result(None)
            self.transport.close()
            return
        self.started = time.perf_counter()
        self.transport.write(self.requests())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.missing < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None]) if at >= 0 else 0
            status = head[9:12].decode()
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.missing = end + 4 + length
        if len(self.buffer) >= self.missing:
            self.buffer, self.missing = self.buffer[self.missing :], -1
            self.times.append(time.perf_counter() - self.started)
            self.send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))


def requests_of(plan: Plan) -> Callable[[], bytes]:
    """The next request's bytes."""
    head = f"{plan.method} {plan.path} HTTP/1.1\r\nHost: {plan.asked_host or plan.host}\r\n"
    if plan.token:
        head += f"Authorization: Bearer {plan.token}\r\n"
    if plan.agent:
        head += f"User-Agent: {plan.agent}\r\n"
    if not plan.body:
        fixed = (head + "\r\n").encode()
        return lambda: fixed
    numbers = itertools.count(int(time.time() * 1000) % 10_000_000 * 1000)
    head += "Content-Type: application/json\r\n"

    def make() -> bytes:
        body = plan.body.replace("{n}", str(next(numbers))).encode()
        return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body

    return make


async def run(plan: Plan) -> Result:
    """Send for the plan's time."""
    times: list[float] = []
    statuses: dict[str, int] = {}
    loop = asyncio.get_running_loop()
    make = requests_of(plan)
    began = time.perf_counter()
    connections = [
        (await loop.create_connection(lambda: Connection(make, times, statuses), plan.host, plan.port))[1]
        for _ in range(plan.connections)
    ]
    await asyncio.sleep(plan.seconds)
    for connection in connections:
        connection.is_over = True
    await asyncio.gather(*(connection.done for connection in connections))
    seconds = time.perf_counter() - began
    times.sort()
    return Result(len(times), seconds, _at(times, 0.5), _at(times, 0.95), statuses)


def _at(times: list[float], share: float) -> float:
    return round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 2) if times else 0.0


async def measure(plan: Plan) -> Result:
    """The same in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", json.dumps(plan._asdict()), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise SystemExit("the load generator failed")
    return Result(**json.loads(output))


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(Plan(**json.loads(sys.argv[1]))))._asdict()))
