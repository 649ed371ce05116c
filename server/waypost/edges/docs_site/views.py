"""Views of articles, counted in memory and written in batches, so that reading costs no writing."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog

from waypost.domains.docs import insight
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy

if TYPE_CHECKING:
    from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

WRITTEN_EVERY_S = 2.0
_LONGEST_AGENT = 500
#: What calls itself a machine: crawlers, previews of links, monitors, programs.
_MACHINES = re.compile(
    rb"bot|crawl|spider|slurp|preview|facebookexternalhit|embedly|monitor|headless|lighthouse|curl|wget|python|java/"
    rb"|go-http|okhttp|axios|node-fetch|undici|httpclient|libwww|scrapy|feed|validator|archiver",
    re.IGNORECASE,
)


def is_person(scope: Any) -> bool:
    """Whether a request looks like a person's: not a machine's, and no page that is fetched in advance."""
    agent = b""
    for name, value in scope["headers"]:
        if name == b"user-agent":
            agent = value
        elif name in (b"sec-purpose", b"purpose", b"x-moz") and b"prefetch" in value.lower():
            return False
    return scope["method"] == "GET" and bool(agent) and not _is_machine(agent)


@lru_cache(maxsize=2_000)
def _is_machine(agent: bytes) -> bool:
    """Remembered: there are few browsers, and looking takes longer than all else about a kept page."""
    return bool(_MACHINES.search(agent[:_LONGEST_AGENT]))


class Views:
    """What was viewed and is not yet written."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._unwritten: Counter[tuple[int, str]] = Counter()

    def note(self, account_id: int, article_id: str) -> None:
        """One more view."""
        self._unwritten[account_id, article_id] += 1

    async def write(self) -> None:
        """Write what there is; what cannot be written now stays."""
        taken, self._unwritten = self._unwritten, Counter()
        for account_id in sorted({account_id for account_id, _ in taken}):
            views = {article: count for (account, article), count in sorted(taken.items()) if account == account_id}
            try:
                async with self._transactions.open() as tx:
                    await insight.note_views(tx, account_id, views)
            except (*DATABASE_ERRORS, Busy) as error:
                log.warning("views.not_written", account_id=account_id, error=repr(error))
                self._unwritten.update({(account_id, article): count for article, count in views.items()})

    async def run(self) -> None:
        """Write again and again until cancelled. The last ones are written by whoever ends the process."""
        while True:
            await asyncio.sleep(WRITTEN_EVERY_S)
            await self.write()
