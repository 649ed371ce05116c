"""Asking other sites whether links of articles lead somewhere; private addresses are not asked (kit/safe_http)."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal
from urllib.parse import urljoin, urlsplit

from yarl import URL

from waypost.domains.docs import BrokenLink, Fault, ForeignLink
from waypost.kit.safe_http import Outgoing, OutgoingFailure

MOST_AT_ONCE = 12
#: More at a time from one client is rude.
MOST_AT_ONE_HOST = 2
MOST_HOPS = 6
PATIENCE_S = 12.0
READ_BYTES = 2_048
_HEADERS = {"User-Agent": "Waypost link check", "Accept": "text/html,*/*;q=0.8"}
_MOVED = frozenset({301, 302, 303, 307, 308})
#: Only these say that there is nothing any more; others may be about who asks.
_GONE = frozenset({404, 410})
_WORDS = {
    "blocked-address": "the address is not on the public internet",
    "dns": "there is no such host",
    "connect": "the host does not answer",
    "timeout": "no answer in time",
    "tls": "the certificate does not count",
}


async def check_foreign(
    outgoing: Outgoing, links: Sequence[ForeignLink], told: Callable[[int], None] = lambda _: None
) -> list[BrokenLink]:
    """Those of the links that lead nowhere, in their order; each address is asked once. `told` hears how many are done.

    The client's rules hold, but for plain http, which readers' browsers follow as well.
    """
    asking = _Asking(Outgoing(replace(outgoing.rules, allows_insecure=True)), told)
    try:
        addresses = list(dict.fromkeys(link.url for link in links))
        details = await asyncio.gather(*[asking.about(url) for url in addresses])
    finally:
        await asking.outgoing.close()
    found = {url: detail for url, detail in zip(addresses, details, strict=True) if detail}
    return [
        BrokenLink(
            article_id=link.article_id,
            article_number=link.article_number,
            article_name=link.article_name,
            address=link.address,
            fault=Fault.UNREACHABLE,
            detail=found[link.url],
        )
        for link in links
        if link.url in found
    ]


class _Asking:
    """One run, with its limits."""

    def __init__(self, outgoing: Outgoing, told: Callable[[int], None]) -> None:
        self.outgoing = outgoing
        self._told = told
        self._done = 0
        self._all = asyncio.Semaphore(MOST_AT_ONCE)
        self._hosts: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(MOST_AT_ONE_HOST))

    async def about(self, url: str) -> str:
        """Why a link is broken; empty for one that is not."""
        async with self._hosts[urlsplit(url).netloc.lower()], self._all:
            try:
                return await self._follow(url)
            except OutgoingFailure as failure:
                return _WORDS.get(failure.kind, failure.detail)
            finally:
                self._done += 1
                self._told(self._done)

    async def _follow(self, url: str) -> str:
        for _ in range(MOST_HOPS):
            status, location = await self._ask("HEAD", url)
            if status >= 400:
                # Not everybody knows how to answer HEAD.
                status, location = await self._ask("GET", url)
            if status not in _MOVED or not location:
                return _judged(status)
            url = urljoin(url, location)
        return "leads in circles"

    async def _ask(self, method: Literal["HEAD", "GET"], url: str) -> tuple[int, str]:
        try:
            # As browsers write it: with letters of other alphabets encoded, and without what follows the #.
            address = str(URL(url).with_fragment(None))
        except ValueError as error:
            raise OutgoingFailure("protocol", "is no address") from error
        answer = await self.outgoing.request(
            method, address, headers=_HEADERS, timeout_s=PATIENCE_S, body_limit=READ_BYTES
        )
        return answer.status, next((value for name, value in answer.headers if name.lower() == "location"), "")


def _judged(status: int) -> str:
    if status in _GONE:
        return f"answers {status}: there is nothing any more"
    return f"answers {status}" if status >= 500 else ""
