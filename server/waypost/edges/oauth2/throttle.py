"""The token endpoint's own limit: so many calls a minute for each client id from each address (spec: 2.3).

Counted per process. The secrets have 192 bits, so this saves work and names misbehaving clients; it is not what keeps
guesses out.
"""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

CALLS_PER_MINUTE = 30

_limit = RateLimitItemPerMinute(CALLS_PER_MINUTE)
_windows = FixedWindowRateLimiter(MemoryStorage())


def take(client_id: str, address: str) -> int | None:
    """Count a call; the seconds to wait if it is one too many.

    `address` is the peer's. Other addresses cannot use up a client's calls.
    """
    # The id is anybody's text: cut, so that it cannot fill the memory.
    key = (client_id[:64], address)
    if _windows.hit(_limit, *key):
        return None
    return max(1, -int(-(_windows.get_window_stats(_limit, *key).reset_time - time.time()) // 1))
