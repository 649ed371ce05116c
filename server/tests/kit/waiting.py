"""Waiting for what happens by itself: bounded, and without a guess at how long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

LIMIT_S = 30


async def until(condition: Callable[[], Any | Awaitable[Any]]) -> None:
    """Return once the condition, plain or asynchronous, is true."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            result = condition()
            if asyncio.iscoroutine(result) or isinstance(result, Awaitable):
                result = await result
            if result:
                return
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(*coroutines: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Run something beside the block and cancel it at its end."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
