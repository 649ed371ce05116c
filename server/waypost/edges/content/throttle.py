"""How often one browser may send ratings, and how often one link takes them. Counted per process."""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from waypost.kit.errors import Throttled

PER_LINK = 10
#: Whole offices share an address.
PER_ADDRESS = 100


class Throttle:
    """Counts; one for a process."""

    def __init__(self) -> None:
        self._windows = FixedWindowRateLimiter(MemoryStorage())
        self._link = RateLimitItemPerMinute(PER_LINK)
        self._address = RateLimitItemPerMinute(PER_ADDRESS)

    def take(self, link: str, address: str) -> None:
        """Count a rating that is sent. Raises Throttled."""
        for limit, key in ((self._link, f"link {link}"), (self._address, f"address {address}")):
            if not self._windows.hit(limit, key):
                wait_s = self._windows.get_window_stats(limit, key).reset_time - time.time()
                raise Throttled("Too many ratings", int(wait_s) + 1)
