"""Records attempts, many in one transaction: a commit for each would cost more than sending does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from waypost.domains.webhooks import Result, SendMail, sending
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy
from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

MOST = 200
#: So long an attempt waits for others to be recorded with it.
GATHER_S = 0.005
_OUTAGE_PAUSE_S = 1.0
_OUTAGES = (*DATABASE_ERRORS, Busy)


@dataclass
class _Waiting:
    result: Result
    done: Callable[[bool], None]


class Recorder:
    """Takes results as they come. What cannot be recorded is tried again: it has been sent, and should not be twice."""

    def __init__(self, transactions: Transactions, send_mail: SendMail) -> None:
        self._transactions = transactions
        self._send_mail = send_mail
        self._waiting: list[_Waiting] = []
        self._some = asyncio.Event()

    def add(self, result: Result, done: Callable[[bool], None]) -> None:
        """Record a result; `done` is called then, with whether its subscription is still on."""
        self._waiting.append(_Waiting(result, done))
        self._some.set()

    async def run(self) -> None:
        """Record until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_S)
            self._some.clear()
            while self._waiting:
                await self._flush_patiently()

    async def flush(self) -> None:
        """Record what waits now. Raises what the database raises."""
        batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if not batch:
            return
        try:
            async with self._transactions.open() as tx:
                off = await sending.record(tx, [item.result for item in batch], self._send_mail)
        except BaseException:
            self._waiting[:0] = batch
            raise
        for item in batch:
            item.done(item.result.webhook.id not in off)

    async def _flush_patiently(self) -> None:
        try:
            await self.flush()
        except _OUTAGES as error:
            log.warning("webhooks.not_recorded", error=repr(error), waiting=len(self._waiting))
            await asyncio.sleep(_OUTAGE_PAUSE_S)
