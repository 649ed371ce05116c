"""Reading a Docs account over HTTP: pages, limits of requests, and what goes wrong on the way (spec: docs-api 2)."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from waypost.edges.docs_account.wire import cleaned
from waypost.kit.addresses import Allowance, BadAllowance
from waypost.kit.errors import WaypostError
from waypost.kit.safe_http import Answer, Outgoing, OutgoingFailure, OutgoingRules

DEFAULT = "https://docsapi.helpscout.net/v1"
PAGE_SIZE = 100
#: Articles of 5 MB are far larger as JSON.
MOST_BYTES = 32 * 1024 * 1024
MOST_PAGES = 2000
TIMEOUT_S = 120.0
ATTEMPTS = 7
#: A window has ten minutes; whoever asks for more waiting than this is not believed.
LONGEST_WAIT_S = 900.0
MOST_WAITS = 20
#: Times are seconds since 1970 above this, and seconds from now below it: sources differ (spec: docs-api 2.2).
_UNIX = 1_000_000_000
_TOO_MANY, _SERVER_ERROR = 429, 500

Shape = TypeVar("Shape")
Sleep = Callable[[float], Awaitable[None]]


class SourceError(WaypostError):
    """The source does not give what is needed to go on."""


class NotGiven(SourceError):
    """One thing is not given: it is gone (404), not this key's (403), or cannot be read."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class Source:
    """One account, asked with one key. `told` hears that it waits, and how long."""

    def __init__(
        self,
        base: str,
        key: str,
        rules: OutgoingRules,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.time,
        told: Callable[[float, str], None] = lambda _seconds, _why: None,
    ) -> None:
        self.base = checked_base(base)
        self._headers = {
            "Authorization": "Basic " + base64.b64encode(f"{key}:X".encode()).decode(),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Waypost",
        }
        self.outgoing = Outgoing(with_source(rules, self.base))
        self._sleep, self._clock, self._told = sleep, clock, told
        self.requests = 0

    async def close(self) -> None:
        """Close every connection."""
        await self.outgoing.close()

    async def one(self, path: str, name: str | None, shape: type[Shape]) -> Shape:
        """A thing in its envelope, or without one. Raises NotGiven, SourceError."""
        body = await self._json(path)
        thing = body if name is None else body.get(name)
        return _read(thing, shape, path)

    async def all(self, path: str, name: str, shape: type[Shape], bad: Callable[[str], None]) -> list[Shape]:
        """Every item of a list; `bad` hears of those that cannot be read. Raises NotGiven, SourceError."""
        found: list[Shape] = []
        seen: set[str] = set()
        page, joint = 1, "&" if "?" in path else "?"
        while True:
            where = f"{path}{joint}page={page}"
            listing = (await self._json(where)).get(name)
            items = listing.get("items") if isinstance(listing, dict) else None
            if not isinstance(items, list) or not isinstance(listing, dict):
                raise SourceError(f"{where} holds no list of {name}")
            ids = {str(item.get("id")) for item in items if isinstance(item, dict)}
            if ids and ids <= seen:
                raise SourceError(f"{where} gives again what was on earlier pages")
            for item in items:
                key = str(item.get("id")) if isinstance(item, dict) else ""
                if not key or key not in seen:
                    seen.add(key)
                    self._take(item, shape, where, found, bad)
            pages = listing.get("pages")
            if not items or not isinstance(pages, int) or page >= pages:
                return found
            page += 1
            if page > MOST_PAGES:
                raise SourceError(f"{path} has more than {MOST_PAGES} pages")

    def _take(self, item: Any, shape: type[Shape], where: str, found: list[Shape], bad: Callable[[str], None]) -> None:
        try:
            found.append(_read(item, shape, where))
        except NotGiven as error:
            bad(error.message)

    async def _json(self, path: str) -> dict[str, Any]:
        answer = await self._get(path)
        if answer.status in (403, 404):
            raise NotGiven(f"{path} is not given (HTTP {answer.status})", answer.status)
        if answer.status == 401:
            raise SourceError("The source does not know this key (HTTP 401).")
        if 300 <= answer.status < 400:
            raise SourceError(f"{path} leads elsewhere (HTTP {answer.status}); is {self.base} the right address?")
        if answer.status != 200:
            raise NotGiven(f"{path} is not given (HTTP {answer.status})", answer.status)
        if answer.is_cut:
            raise NotGiven(f"{path} is larger than {MOST_BYTES // 1024 // 1024} MB")
        try:
            body = cleaned(msgspec.json.decode(answer.body))
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise NotGiven(f"{path} holds no JSON that can be read: {error}") from error
        if not isinstance(body, dict):
            raise NotGiven(f"{path} holds no object")
        return body

    async def _get(self, path: str) -> Answer:
        """The answer of a source that is up and does not ask to wait; what may pass is tried again."""
        waits = failures = 0
        while True:
            try:
                self.requests += 1
                answer = await self.outgoing.request(
                    "GET", self.base + path, headers=self._headers, timeout_s=TIMEOUT_S, body_limit=MOST_BYTES
                )
            except OutgoingFailure as failure:
                if failure.kind in ("blocked-address", "tls"):
                    raise SourceError(f"The source cannot be asked: {failure.detail}") from failure
                what = f"{failure.kind}: {failure.detail}"
            else:
                if answer.status == _TOO_MANY:
                    waits += 1
                    if waits > MOST_WAITS:
                        raise SourceError(f"{path} is answered with 429 again and again")
                    await self._wait(self._asked_wait(answer), "limit of requests")
                    continue
                if answer.status < _SERVER_ERROR:
                    return await self._rested(answer)
                what = f"HTTP {answer.status}"
                if failures + 1 == ATTEMPTS:
                    return answer
            failures += 1
            if failures == ATTEMPTS:
                raise SourceError(f"The source does not answer: {what}")
            await self._wait(float(2 ** (failures - 1)), what)

    async def _rested(self, answer: Answer) -> Answer:
        """Wait before the next request where this answer says that none is left; a limit of 0 is none."""
        is_limited = _header(answer, "x-ratelimit-limit").strip("0") != ""
        if is_limited and _header(answer, "x-ratelimit-remaining") == "0" and _header(answer, "x-ratelimit-reset"):
            await self._wait(self._asked_wait(answer), "limit of requests")
        return answer

    def _asked_wait(self, answer: Answer) -> float:
        for name in ("retry-after", "x-ratelimit-reset"):
            text = _header(answer, name)
            if text and text.isascii() and text.isdigit() and len(text) < 15:
                seconds = int(text) - (self._clock() if int(text) > _UNIX else 0)
                return min(max(seconds, 1.0), LONGEST_WAIT_S)
        return 10.0

    async def _wait(self, seconds: float, why: str) -> None:
        self._told(seconds, why)
        await self._sleep(seconds)


def checked_base(text: str) -> str:
    """The address that paths are put behind: with `/v1`, without a slash at its end. Raises SourceError."""
    base = text.strip().rstrip("/")
    try:
        parts = urlsplit(base)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or parts.query or parts.fragment or "@" in parts.netloc:
        raise SourceError(f"{text} is no address of a Docs API, such as {DEFAULT}")
    return base if parts.path not in ("", "/") else f"{base}/v1"


def with_source(rules: OutgoingRules, base: str) -> OutgoingRules:
    """The desk's rules, and the source itself, wherever it is: whoever starts an import has named it."""
    parts = urlsplit(base)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    try:
        named = Allowance.parse(f"{host}:{port}")
    except BadAllowance as error:
        raise SourceError(f"{parts.hostname} is no name of a host") from error
    return OutgoingRules(
        (*rules.allowances, named), rules.allows_insecure or parts.scheme == "http", rules.own_hosts, rules.own
    )


def _read(thing: Any, shape: type[Shape], where: str) -> Shape:
    try:
        return msgspec.convert(thing, shape, strict=False)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        which = f" ({thing['id']})" if isinstance(thing, dict) and isinstance(thing.get("id"), str) else ""
        raise NotGiven(f"{where}{which} is not as it should be: {error}") from error


def _header(answer: Answer, name: str) -> str:
    return next((value.strip() for key, value in answer.headers if key.lower() == name), "")
