"""Bearer tokens as the edges see them: who a token stands for, remembered for seconds, forgotten at once.

The short memory saves the look-up of nearly every call. It may never outlive a right: verbs that change rights say so
through `rights`, this process hears it in the same step, others through PostgreSQL, and a cache that cannot hear does
not answer.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import asyncpg
import msgspec
import structlog

from waypost.domains.accounts import rights, store_tokens
from waypost.domains.accounts.models import Credential
from waypost.kit.clock import system_clock
from waypost.kit.db import DATABASE_ERRORS, Connection
from waypost.kit.secrets import digest
from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

REMEMBERED_S = 30.0
_HEARTBEAT_S = 5.0
_SHORTEST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
#: Ours are 32 characters; nobody's token is longer than this, and longer text is not worth a digest.
_LONGEST_TOKEN = 512


async def authenticate(connection: Connection, token: str, now: datetime | None = None) -> Credential | None:
    """What the access token stands for, in one query.

    None if it is unknown, expired or withdrawn, its user or the application's owner is not active, or the application
    is deleted.
    """
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    return await store_tokens.find_credential(connection, digest(token), now or system_clock())


class _Entry(msgspec.Struct, frozen=True):
    credential: Credential
    forget_at: float


class TokenCache(rights.RightsListener):
    """Answers `authenticate` from memory where that is safe, else from the database.

    Nothing is remembered before `run` has a connection to listen on, nor while that is down.
    """

    def __init__(
        self,
        transactions: Transactions,
        *,
        remembered_s: float = REMEMBERED_S,
        max_entries: int = 20_000,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._transactions = transactions
        self._remembered_s = remembered_s
        self._max_entries = max_entries
        self._timer = timer
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._by_account: dict[int, set[bytes]] = {}
        # Counts what was forgotten, so that a look-up that was under way meanwhile is not remembered.
        self._forgotten = 0
        #: Set while changes elsewhere are heard; for those who must wait for it.
        self.listening = asyncio.Event()

    async def authenticate(self, token: str) -> Credential | None:
        """As the function of this name, from memory if possible."""
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        key = digest(token)
        now = self._transactions.clock()
        entry = self._entries.get(key) if self.listening.is_set() else None
        if entry is not None and entry.forget_at > self._timer() and entry.credential.expires_at > now:
            return entry.credential
        before = self._forgotten
        async with self._transactions.pool.acquire() as connection:
            credential = await store_tokens.find_credential(connection, key, now)
        if credential is not None and self.listening.is_set() and self._forgotten == before:
            self._remember(key, credential)
        return credential

    def forget(self, account_id: int) -> None:
        """Drop all tokens of the account."""
        self._forgotten += 1
        for key in self._by_account.pop(account_id, ()):
            self._entries.pop(key, None)

    def forget_all(self) -> None:
        """Drop everything."""
        self._forgotten += 1
        self._entries.clear()
        self._by_account.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def _remember(self, key: bytes, credential: Credential) -> None:
        self._entries[key] = _Entry(credential, self._timer() + self._remembered_s)
        self._entries.move_to_end(key)
        self._by_account.setdefault(credential.actor.account_id, set()).add(key)
        while len(self._entries) > self._max_entries:
            oldest, entry = self._entries.popitem(last=False)
            keys = self._by_account[entry.credential.actor.account_id]
            keys.discard(oldest)
            if not keys:
                del self._by_account[entry.credential.actor.account_id]

    async def run(self, dsn: str) -> None:
        """Listen for changes made by other processes until cancelled; a lost connection is made again."""
        pause_s = _SHORTEST_PAUSE_S
        while True:
            had_listened = False
            try:
                connection = await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": "waypost"})
                try:
                    await self._listen(connection)
                finally:
                    had_listened = self.listening.is_set()
                    self._stop_remembering()
                    connection.terminate()
            except (TimeoutError, *DATABASE_ERRORS) as error:
                log.warning("tokens.listener_down", error=repr(error))
            pause_s = _SHORTEST_PAUSE_S if had_listened else min(pause_s * 2, _LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def _listen(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        await connection.add_listener(rights.CHANNEL, self._hear)
        # What was looked up before LISTEN took hold may have changed unheard.
        self.forget_all()
        self.listening.set()
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), _HEARTBEAT_S)
            if not ended.is_set():
                await connection.execute("select 1", timeout=_HEARTBEAT_S)

    def _stop_remembering(self) -> None:
        self.listening.clear()
        self.forget_all()

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        account_id = rights.account_in(str(payload))
        if account_id is None:
            self.forget_all()
        else:
            self.forget(account_id)
