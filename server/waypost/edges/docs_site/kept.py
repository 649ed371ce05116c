"""Pages that are kept rendered, and which host is which site's, until something about them changes.

Kept is only what everybody sees. A change of an account's knowledge base drops all that is kept of it: in this process
after the commit, in others by NOTIFY; while that is not heard, nothing is kept.
"""

from __future__ import annotations

import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from waypost.domains.docs import Site, changes
from waypost.kit.listening import Listening

#: Numbers of views order lists without being a change; a kept page is at most so much behind them.
KEPT_S = 60.0
MOST_BYTES = 48_000_000
MOST_BYTES_OF_ONE = 12_000_000
MOST_HOSTS = 2_000
#: Smaller ones fit into one packet anyway.
PACKED_FROM_BYTES = 1_000

Key = tuple[str, str]


class Place(msgspec.Struct, frozen=True):
    """What a host is: a site of an account; nothing where no site has it."""

    account_id: int = 0
    site: Site | None = None


class KeptPage(msgspec.Struct, kw_only=True):
    """A rendered page. `article_id` is the article that whoever is shown the page has viewed."""

    account_id: int
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: bytes = b""
    article_id: str | None = None
    kept_at: float = 0.0
    packed: bytes | None = None

    @classmethod
    def of(
        cls, account_id: int, status: int, headers: list[tuple[bytes, bytes]], body: bytes, article_id: str | None
    ) -> KeptPage:
        """A page with its tag, by which browsers ask whether it is still the same."""
        etag = b'"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"' if status == 200 else b""
        return cls(
            account_id=account_id, status=status, headers=headers, body=body, etag=etag, article_id=article_id
        )  # fmt: skip

    def answer(self, if_none_match: bytes, accepted: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body for one who may have it already (RFC 9110, 13.1.2), and may take it packed."""
        is_packed = b"gzip" in accepted and len(self.body) >= PACKED_FROM_BYTES and bool(self.etag)
        # One tag for each form of the page, as the standard has it; either form tells that the page is the same.
        etag = self.etag[:-1] + b'-gzip"' if is_packed else self.etag
        headers = [*self.headers, (b"etag", etag)] if etag else list(self.headers)
        if etag and if_none_match and self._is_known(if_none_match):
            return 304, headers, b""
        body = self.body
        if is_packed:
            if self.packed is None:
                self.packed = gzip.compress(self.body, 6, mtime=0)
            body = self.packed
            headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", str(len(body)).encode()))
        return self.status, headers, body

    @property
    def size(self) -> int:
        """What it takes in memory, about."""
        return len(self.body) + len(self.body) // 3 + 1_000

    def _is_known(self, if_none_match: bytes) -> bool:
        tags = {tag.strip().removeprefix(b"W/").replace(b'-gzip"', b'"') for tag in if_none_match.split(b",")}
        return self.etag in tags or b"*" in tags


class KeptPages(changes.ChangeListener):
    """The pages and hosts that this process remembers."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._timer = timer
        self._pages: OrderedDict[Key, KeptPage] = OrderedDict()
        self._bytes = 0
        self._hosts: OrderedDict[str, Place] = OrderedDict()
        #: Counts what was forgotten, so that what was looked up meanwhile is not kept.
        self.generation = 0
        self.listening = Listening(changes.CHANNEL, self._hear, self.forget_all)

    def find(self, key: Key) -> KeptPage | None:
        """The page of a site and path, if it is kept."""
        page = self._pages.get(key)
        if page is None or page.kept_at + KEPT_S < self._timer():
            return None
        return page

    def keep(self, key: Key, page: KeptPage, generation: int) -> None:
        """Keep a page that was made since `generation`, unless something has changed since."""
        if generation != self.generation or not self.listening.is_heard or page.size > MOST_BYTES_OF_ONE:
            return
        self._drop(key)
        page.kept_at = self._timer()
        self._pages[key] = page
        self._bytes += page.size
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._pages)))

    def find_host(self, host: str) -> Place | None:
        """What a host is; None where that has to be looked up."""
        return self._hosts.get(host)

    def keep_host(self, host: str, place: Place, generation: int) -> None:
        """Remember what a host is, as `keep` does."""
        if generation != self.generation or not self.listening.is_heard:
            return
        self._hosts[host] = place
        if len(self._hosts) > MOST_HOSTS:
            self._hosts.popitem(last=False)

    def forget(self, account_id: int) -> None:
        """Drop the account's pages, and all hosts: one that was nobody's may be its now."""
        self.generation += 1
        self._hosts.clear()
        for key in [key for key, page in self._pages.items() if page.account_id == account_id]:
            self._drop(key)

    def forget_all(self) -> None:
        """Drop everything."""
        self.generation += 1
        self._hosts.clear()
        self._pages.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._pages)

    def _drop(self, key: Key) -> None:
        page = self._pages.pop(key, None)
        if page is not None:
            self._bytes -= page.size

    def _hear(self, payload: str) -> None:
        account_id = changes.account_in(payload)
        if account_id is None:
            self.forget_all()
        else:
            self.forget(account_id)
