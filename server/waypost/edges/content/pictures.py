"""Remote pictures, fetched by the desk so that their senders learn nothing of who reads, from where, with what.

Only pictures of dots, by their bytes; nothing is decoded or unpacked, so that none can be a bomb for the desk, and
none is handed on that would be one for the reader's browser.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urljoin

import msgspec

from waypost.kit.errors import WaypostError
from waypost.kit.file_kinds import picture_type
from waypost.kit.image_sizes import size_of
from waypost.kit.safe_http import Answer, Outgoing, OutgoingFailure

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
MOST_PIXELS_A_SIDE = 16_384
MOST_REDIRECTS = 3
#: Fetched at once by a process; the next ones wait.
MOST_AT_ONCE = 16
KEPT_S = 3600.0
KEPT_BYTES = 32 * 1024 * 1024
#: Nothing of the reader: no cookie, no referrer, no name of their browser.
_HEADERS = {
    "User-Agent": "Waypost",
    "Accept": "image/png, image/jpeg, image/gif, image/webp",
    "Accept-Encoding": "identity",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class NoPicture(WaypostError):
    """What lies there is no picture that is handed on, or it cannot be had. The message says why, for the log."""


class Picture(msgspec.Struct, frozen=True):
    """A picture as it goes out."""

    data: bytes
    media_type: str


class Pictures:
    """Fetches pictures and keeps the last ones for an hour. One for a process."""

    def __init__(self, outgoing: Callable[[], Outgoing], clock: Callable[[], float] = time.monotonic) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._kept: OrderedDict[str, tuple[float, Picture]] = OrderedDict()
        self._kept_bytes = 0

    async def get(self, url: str) -> Picture:
        """The picture at an address. Raises NoPicture."""
        found = self._kept.get(url)
        if found is not None and self._clock() < found[0] + KEPT_S:
            return found[1]
        async with self._places:
            picture = checked(await self._fetch(url))
        self._keep(url, picture)
        return picture

    async def _fetch(self, url: str) -> Answer:
        for _ in range(MOST_REDIRECTS + 1):
            # Each hop is checked as the first one is: its form, its port, and every address of its name.
            answer = await self._request(self._secure(url))
            if answer.status not in _REDIRECTS:
                return answer
            url = urljoin(url, _header(answer, "location"))
        raise NoPicture("too many redirects")

    async def _request(self, url: str) -> Answer:
        try:
            return await self._outgoing().request("GET", url, headers=_HEADERS, body_limit=MOST_BYTES)
        except OutgoingFailure as failure:
            raise NoPicture(failure.kind) from failure

    def _secure(self, url: str) -> str:
        is_plain = url[:7].lower() == "http://"
        return "https://" + url[7:] if is_plain and not self._outgoing().rules.allows_insecure else url

    def _keep(self, url: str, picture: Picture) -> None:
        before = self._kept.pop(url, None)
        self._kept_bytes += len(picture.data) - (len(before[1].data) if before is not None else 0)
        self._kept[url] = (self._clock(), picture)
        while self._kept_bytes > KEPT_BYTES:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.data)


def checked(answer: Answer) -> Picture:
    """The picture in an answer. Raises NoPicture for anything else, and for one that unpacks to too much."""
    if answer.status != 200:
        raise NoPicture(f"status {answer.status}")
    if answer.is_cut:
        raise NoPicture("too large")
    if _header(answer, "content-encoding").lower() not in ("", "identity"):
        raise NoPicture("packed")
    media_type = picture_type(answer.body)
    if media_type is None:
        raise NoPicture("not a picture")
    width, height = size_of(answer.body)
    if max(width, height) > MOST_PIXELS_A_SIDE or width * height > MOST_PIXELS:
        raise NoPicture("too many pixels")
    return Picture(answer.body, media_type)


def _header(answer: Answer, name: str) -> str:
    return next((value.strip() for key, value in answer.headers if key.lower() == name), "")
