"""Request limits per account: so many a minute, and so many writes in a few seconds (spec: 6).

Counting is done by `limits`, in this process or, when several share the work, in Valkey or Redis. A store that does not
answer lets requests through: a limit protects the desk, it must not be what stops it.
"""

from __future__ import annotations

import time

import msgspec
import structlog
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter as SharedWindows
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter as LocalWindows

WRITE_WINDOW_S = 5

log = structlog.get_logger(__name__)


class Verdict(msgspec.Struct, frozen=True):
    """Where a caller stands after this request. `retry_after_s` is None when the request may go on."""

    limit: int
    remaining: int
    reset_at: int
    retry_after_s: int | None = None


class WindowLimits:
    """So many requests of an account in a window of time. How many is told with each request; 0 is no limit."""

    def __init__(self, window_s: int, storage_url: str | None = None) -> None:
        self.window_s = window_s
        self._local = LocalWindows(MemoryStorage())
        self._shared = SharedWindows(RedisStorage(storage_url, implementation="valkey")) if storage_url else None

    def idle(self, limit: int) -> Verdict:
        """What a caller without an account is told: a fresh window."""
        return Verdict(limit, limit, int(time.time()) + self.window_s)

    async def take(self, name: str, account_id: int, limit: int) -> Verdict:
        """Count one request of the account under a name, or say how long it has to wait."""
        if not limit:
            return self.idle(0)
        item, key = RateLimitItemPerSecond(limit, self.window_s), (name, str(account_id))
        if self._shared is None:
            is_taken = self._local.hit(item, *key)
            stats = self._local.get_window_stats(item, *key)
        else:
            try:
                is_taken = await self._shared.hit(item, *key)
                stats = await self._shared.get_window_stats(item, *key)
            except Exception as error:  # any fault of the store means: let through
                log.warning("rate_limit.store_down", error=repr(error))
                return self.idle(limit)
        reset_at, remaining = stats
        wait_s = None if is_taken else max(1, -int(-(reset_at - time.time()) // 1))
        return Verdict(limit, max(0, remaining) if is_taken else 0, -int(-reset_at // 1), wait_s)


class AccountLimits:
    """The limits of the Inbox API. A limit of 0 is off; a refused request counts nothing.

    A write counts as `write_weight` requests of the minute.
    """

    def __init__(
        self, per_minute: int = 200, write_burst: int = 12, storage_url: str | None = None, *, write_weight: int = 1
    ) -> None:
        self.per_minute = per_minute
        # A write that costs more than a whole minute could never be made.
        self._write_cost = min(write_weight, per_minute) if per_minute else 1
        self._minute = RateLimitItemPerMinute(per_minute) if per_minute else None
        self._burst = RateLimitItemPerSecond(write_burst, WRITE_WINDOW_S) if write_burst else None
        self._local = LocalWindows(MemoryStorage())
        self._shared = SharedWindows(RedisStorage(storage_url, implementation="valkey")) if storage_url else None

    def idle(self) -> Verdict:
        """What a caller without an account is told: a fresh window."""
        return Verdict(self.per_minute, self.per_minute, int(time.time()) + 60)

    async def take(self, account_id: int, is_write: bool) -> Verdict:
        """Count one request of the account, or say how long it has to wait."""
        if self._shared is None:
            return self._take_local(str(account_id), is_write)
        try:
            return await self._take_shared(self._shared, str(account_id), is_write)
        except Exception as error:  # any fault of the store means: let through
            log.warning("rate_limit.store_down", error=repr(error))
            return self.idle()

    def _take_local(self, key: str, is_write: bool) -> Verdict:
        windows, minute, burst = self._local, self._minute, self._burst
        cost = self._write_cost if is_write else 1
        if minute is not None and not windows.test(minute, key, cost=cost):
            return self._verdict(*windows.get_window_stats(minute, key), refused=True)
        if is_write and burst is not None and not windows.hit(burst, "write", key):
            wait_s = windows.get_window_stats(burst, "write", key)[0] - time.time()
            stats = windows.get_window_stats(minute, key) if minute is not None else None
            return self._burst_verdict(stats, wait_s)
        if minute is None:
            return self.idle()
        windows.hit(minute, key, cost=cost)
        return self._verdict(*windows.get_window_stats(minute, key))

    async def _take_shared(self, windows: SharedWindows, key: str, is_write: bool) -> Verdict:
        minute, burst = self._minute, self._burst
        cost = self._write_cost if is_write else 1
        if minute is not None and not await windows.test(minute, key, cost=cost):
            return self._verdict(*await windows.get_window_stats(minute, key), refused=True)
        if is_write and burst is not None and not await windows.hit(burst, "write", key):
            wait_s = (await windows.get_window_stats(burst, "write", key))[0] - time.time()
            stats = await windows.get_window_stats(minute, key) if minute is not None else None
            return self._burst_verdict(stats, wait_s)
        if minute is None:
            return self.idle()
        await windows.hit(minute, key, cost=cost)
        return self._verdict(*await windows.get_window_stats(minute, key))

    def _verdict(self, reset_at: float, remaining: int, *, refused: bool = False) -> Verdict:
        wait_s = max(1, -int(-(reset_at - time.time()) // 1)) if refused else None
        return Verdict(self.per_minute, max(0, remaining), -int(-reset_at // 1), wait_s)

    def _burst_verdict(self, minute: tuple[float, int] | None, wait_s: float) -> Verdict:
        base = self._verdict(*minute) if minute is not None else self.idle()
        return Verdict(base.limit, base.remaining, base.reset_at, max(1, -int(-wait_s // 1)))
