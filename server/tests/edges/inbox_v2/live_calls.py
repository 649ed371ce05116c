"""A client of the live stream, as a browser's EventSource reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.kit.waiting import until

PATH = "/v2/events/stream"


@dataclass
class Listener:
    """What has come so far. `last_id` is what a browser would send when it comes back."""

    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    last_id: str = ""
    retry: str = ""
    is_over: bool = False

    @property
    def types(self) -> list[str]:
        return [name for name, _ in self.events if name != "ready"]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [document for kind, document in self.events if kind == name]

    async def read(self, answer: httpx.Response) -> None:
        name, data = "message", ""
        async for line in answer.aiter_lines():
            field_name, _, value = line.partition(": ")
            if field_name == "id":
                self.last_id = value
            elif field_name == "event":
                name = value
            elif field_name == "data":
                data += value
            elif field_name == "retry":
                self.retry = value
            elif not line:
                if data:
                    self.events.append((name, json.loads(data)))
                name, data = "message", ""
        self.is_over = True


@asynccontextmanager
async def listening(client: httpx.AsyncClient, query: str = "", **headers: str) -> AsyncIterator[Listener]:
    """A stream that has begun: `ready` has come."""
    listener = Listener()
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.stream("GET", PATH + query, headers=headers, timeout=None) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        reading = asyncio.create_task(listener.read(answer))
        try:
            await until(lambda: listener.of("ready"))
            yield listener
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
