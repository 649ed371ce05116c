"""One subscription's queue on its way out: in order for each resource, a few at a time, apart from all others."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import structlog
from prometheus_client import Counter, Histogram

from waypost.domains.webhooks import (
    IN_FLIGHT,
    QUICK_FAILURES,
    QUICK_S,
    REST,
    Attempt,
    DueDelivery,
    Result,
    Target,
    sending,
)
from waypost.edges.hooks_out import request
from waypost.edges.hooks_out.recorder import Recorder
from waypost.kit.safe_http import Answer, Outgoing, OutgoingFailure
from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

ATTEMPTS = Counter("waypost_webhook_attempts_total", "Attempts to deliver a webhook.", ["outcome"])
SECONDS = Histogram("waypost_webhook_attempt_seconds", "How long receivers of webhooks take to answer.")

KEPT_BODY = 4096
#: More is read ahead when fewer wait than this.
_FEW = 8
_MOST_AHEAD = 400
_GONE = 410


@dataclass(frozen=True)
class Parts:
    """What channels share."""

    transactions: Transactions
    outgoing: Outgoing
    secret_key: bytes
    recorder: Recorder

    def now(self) -> datetime:
        """The desk's time, with its fraction: pauses of a second must not be whole ones."""
        return self.transactions.clock()


class Channel:
    """Sends what is due of one subscription, then ends. `wake` says that there may be more."""

    def __init__(self, parts: Parts, account_id: int, webhook_id: int, held: set[int]) -> None:
        self._parts = parts
        self._account_id = account_id
        self._webhook_id = webhook_id
        #: Deliveries that are read ahead, under way, or sent and not recorded yet.
        self._held = held
        self._ahead: deque[DueDelivery] = deque()
        self._flying: set[asyncio.Task[None]] = set()
        self._busy: set[tuple[str, int]] = set()
        self._failed_at: deque[float] = deque(maxlen=QUICK_FAILURES)
        self._changed = asyncio.Event()
        self._may_be_more = True
        self._is_over = False
        self._target: Target | None = None
        self._failures = 0
        self.sent = 0

    def wake(self) -> None:
        """There may be something new."""
        self._may_be_more = True
        self._changed.set()

    def stop(self) -> None:
        """Start nothing more; what is under way ends and is recorded."""
        self._end()
        self._changed.set()

    async def run(self) -> None:
        """Send until nothing is due, under way or unrecorded."""
        try:
            while True:
                if self._wants_more():
                    await self._read_ahead()
                self._start()
                if not self._flying and not self._held and (self._is_over or not self._may_be_more):
                    return
                await self._changed.wait()
                self._changed.clear()
        finally:
            for task in self._flying:
                task.cancel()
            await asyncio.gather(*self._flying, return_exceptions=True)
            self._drop(list(self._ahead))

    def _wants_more(self) -> bool:
        if not self._may_be_more or self._is_over or len(self._ahead) >= _MOST_AHEAD:
            return False
        return len(self._ahead) < _FEW or self._startable() is None

    async def _read_ahead(self) -> None:
        self._may_be_more = False
        now = self._parts.now()
        async with self._parts.transactions.read() as tx:
            target = await sending.target(tx, self._parts.secret_key, self._account_id, self._webhook_id, now)
            if target is None:
                self._end()
                return
            found = await sending.take(tx, target.webhook, list(self._held), now)
        if self._target is None:
            self._failures = target.webhook.consecutive_failures
        self._target = target
        self._ahead.extend(found)
        self._held.update(item.id for item in found)
        self._may_be_more = bool(found)

    def _end(self) -> None:
        """Start nothing more."""
        self._is_over = True
        self._drop(list(self._ahead))

    def _drop(self, deliveries: list[DueDelivery]) -> None:
        for item in deliveries:
            self._ahead.remove(item)
            self._held.discard(item.id)

    def _startable(self) -> DueDelivery | None:
        return next((item for item in self._ahead if item.lane not in self._busy), None)

    def _start(self) -> None:
        # A receiver that fails is tried with one at a time: it gets no more than it can take, and holds no connections.
        most = 1 if self._failures else IN_FLIGHT
        while not self._is_over and len(self._flying) < most and (item := self._startable()) is not None:
            self._ahead.remove(item)
            self._busy.add(item.lane)
            task = asyncio.create_task(self._send(item))
            self._flying.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
        self._changed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("webhooks.fault", webhook_id=self._webhook_id, exc_info=error)
            self._end()
            self._held.clear()

    async def _send(self, item: DueDelivery) -> None:
        target = self._target
        assert target is not None
        attempt, ended_at = await self._attempt(target, item)
        self.sent += 1
        paused_until = self._note(attempt, ended_at)
        waits = target.webhook.ordered and not attempt.is_success
        if not waits:
            self._busy.discard(item.lane)

        def recorded(is_on: bool) -> None:
            self._held.discard(item.id)
            if waits:
                # What follows it is read again, by the rule of ordered subscriptions.
                self._drop([other for other in self._ahead if other.lane == item.lane])
                self._may_be_more = True
            self._busy.discard(item.lane)
            if not is_on:
                self._end()
            self._changed.set()

        self._parts.recorder.add(Result(target.webhook, item, attempt, ended_at, paused_until), recorded)

    def _note(self, attempt: Attempt, ended_at: datetime) -> datetime | None:
        """How the receiver fares; until when it is left alone, if it has failed too quickly too often."""
        if attempt.is_success:
            self._failures = 0
            self._failed_at.clear()
            return None
        self._failures += 1
        self._failed_at.append(time.monotonic())
        if attempt.response_status == _GONE:
            self._end()
        is_full = len(self._failed_at) == QUICK_FAILURES
        if is_full and self._failed_at[-1] - self._failed_at[0] < QUICK_S:
            self._end()
            return ended_at + REST
        return None

    async def _attempt(self, target: Target, item: DueDelivery) -> tuple[Attempt, datetime]:
        started_at, began = self._parts.now(), time.monotonic()
        headers = request.headers(target.webhook, target.secrets, item, started_at)
        answer: Answer | None = None
        failure: OutgoingFailure | None = None
        try:
            answer = await self._parts.outgoing.post(target.webhook.url, item.body, headers)
        except OutgoingFailure as error:
            failure = error
        elapsed = time.monotonic() - began
        SECONDS.observe(elapsed)
        attempt = Attempt(
            number=item.attempts + 1,
            started_at=started_at,
            duration_ms=round(elapsed * 1000),
            request_headers=headers,
            response_status=answer.status if answer else None,
            response_headers=_joined(answer) if answer else None,
            response_body=answer.body[:KEPT_BODY] if answer else None,
            error=failure.kind if failure else None,
            error_detail=failure.detail if failure else None,
            wish_s=_wish(answer, started_at) if answer else None,
        )
        ATTEMPTS.labels("delivered" if attempt.is_success else (attempt.error or "refused")).inc()
        return attempt, self._parts.now()


def _joined(answer: Answer) -> dict[str, str]:
    """The header, with a comma between the values of a name that came more than once."""
    joined: dict[str, str] = {}
    for name, value in answer.headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _wish(answer: Answer, now: datetime) -> float | None:
    """`Retry-After` in seconds, however it is written."""
    text = next((value for name, value in answer.headers if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now) / timedelta(seconds=1))
