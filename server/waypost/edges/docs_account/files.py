"""Pictures and attachments of the source: fetched by the client that refuses private addresses, stored once each."""

from __future__ import annotations

import asyncio
import hashlib
from urllib.parse import unquote, urljoin, urlsplit

from waypost.domains import docs
from waypost.domains.accounts import Actor
from waypost.domains.docs import AssetKind, NewAsset, Origin, OriginKind
from waypost.edges.docs_account.source import Sleep
from waypost.edges.docs_account.summary import Summary
from waypost.kit.errors import Invalid, WaypostError
from waypost.kit.files import FileStore
from waypost.kit.safe_http import Outgoing, OutgoingFailure
from waypost.kit.tx import Transactions

MOST_BYTES = 10 * 1024 * 1024
TIMEOUT_S = 60.0
ATTEMPTS = 3
_MOST_HOPS = 4
_PASSING = ("connect", "timeout", "protocol")
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Waypost"}


class NotFetched(Exception):
    """A file that cannot be had, and why."""


class Files:
    """What has been stored of a source's files, by address and site."""

    def __init__(
        self,
        transactions: Transactions,
        store: FileStore,
        outgoing: Outgoing,
        actor: Actor,
        summary: Summary,
        *,
        base: str,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._transactions, self._store, self._outgoing = transactions, store, outgoing
        self._actor, self._summary, self._sleep = actor, summary, sleep
        parts = urlsplit(base)
        #: The source's own files are known by their paths: it may be asked by another name the next time.
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._known: dict[str, str | None] = {}

    async def stored(
        self, address: str, kind: AssetKind, site_id: str, article_id: str | None, where: str
    ) -> str | None:
        """The path of the file here, fetched when it is first met; None, and a note, if it cannot be had."""
        key = hashlib.sha256(f"{site_id} {kind.value} {address.removeprefix(self._origin)}".encode()).hexdigest()
        if key in self._known:
            return self._known[key]
        self._known[key] = found = await self._kept(key)
        if found is not None:
            return found
        try:
            data = await self._fetched(address)
            wanted = NewAsset(kind=kind, file_name=unquote(urlsplit(address).path.rpartition("/")[2]), data=data)
            async with self._transactions.open() as tx:
                asset = await docs.add_asset(
                    tx, self._store, self._actor, wanted, article_id=article_id, site_id=site_id
                )
                await docs.note_origin(tx, self._actor, OriginKind.FILE, key, Origin(local_id=asset.id))
        except NotFetched as error:
            reason = str(error)
        except Invalid as error:
            reason = "; ".join(item.message for item in error.errors)
        except WaypostError as error:
            reason = error.message
        else:
            self._summary.files += 1
            self._known[key] = asset.path
            return asset.path
        self._summary.missing += 1
        self._summary.note(where, f"{address[:300]} stays a link: {reason}")
        return None

    async def _kept(self, key: str) -> str | None:
        """The path of a file that an earlier run has stored, if it is still there."""
        async with self._transactions.open() as tx:
            origin = await docs.find_origin(tx, self._actor, OriginKind.FILE, key)
            asset = await docs.find_asset(tx, self._actor, origin.local_id) if origin else None
            return asset.path if asset else None

    async def _fetched(self, address: str) -> bytes:
        """The bytes. Redirects are followed by hand, so that each address is checked. Raises NotFetched."""
        for _ in range(_MOST_HOPS):
            status, further, body = await self._asked(address)
            if not 300 <= status < 400:
                break
            address = urljoin(address, further)
        else:
            raise NotFetched("it leads from address to address")
        if status != 200:
            raise NotFetched(f"HTTP {status}")
        return body

    async def _asked(self, address: str) -> tuple[int, str, bytes]:
        for attempt in range(ATTEMPTS):
            if attempt:
                await self._sleep(float(2**attempt))
            try:
                answer = await self._outgoing.request(
                    "GET", address, headers=_HEADERS, timeout_s=TIMEOUT_S, body_limit=MOST_BYTES
                )
            except OutgoingFailure as failure:
                reason = f"{failure.kind}: {failure.detail}"
                if failure.kind not in _PASSING:
                    break
                continue
            reason = f"HTTP {answer.status}"
            if answer.status < 500 and answer.status != 429:
                if answer.is_cut:
                    raise NotFetched("it is larger than 10 MB")
                further = next((value for name, value in answer.headers if name.lower() == "location"), "")
                return answer.status, further, answer.body
        raise NotFetched(reason)
