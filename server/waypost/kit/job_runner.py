"""The worker's side of the queue: takes jobs by PgQueuer, runs them, meets their failures, ends without losing one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Self

import anyio
import msgspec
import structlog
from pgqueuer.adapters.persistence import qb
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.core.tm import TaskManager
from pgqueuer.domain import models
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.settings import DBSettings
from pgqueuer.domain.types import Channel, QueueEntrypoint
from pgqueuer.ports.driver import Driver, NotifyCallback
from pgqueuer.ports.repository import EntrypointExecutionParameter
from prometheus_client import Counter

from waypost.kit.db import Pool
from waypost.kit.jobs import Job, TryLater
from waypost.kit.wakeups import Waiter

log = structlog.get_logger(__name__)

RUNS = Counter("waypost_job_runs_total", "Runs of background jobs.", ["job", "outcome"])

CHANNEL = Channel("ch_pgqueuer")
BATCH = 50
#: So many jobs are taken, and so many of them run at a time: a job that is done counts as taken until its end is
#: written, which is done for many at once.
TAKEN = 2 * BATCH
RUNNING = 20
#: Deferred jobs that fail or are enqueued elsewhere are looked for so often.
POLL = timedelta(seconds=1)
#: A worker that has not been heard of for so long is dead, and its jobs are taken up again.
DEAD_AFTER = timedelta(seconds=30)
GRACE_S = 4.0
_OUTAGE_PAUSE_S = 1.0
_CHANGED = (
    '{"channel":"ch_pgqueuer","operation":"insert","sent_at":"2020-01-01T00:00:00Z",'
    '"table":"pgqueuer","type":"table_changed_event"}'
)

# Named in full because PgQueuer would otherwise take them from environment variables as common as CHANNEL or FUNCTION.
_NAMES = DBSettings(
    prefix="",
    db_schema=None,
    channel=CHANNEL,
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
)


class _PoolDriver(Driver):
    """PgQueuer's view of the database: our pool, and our hints instead of a listening connection of its own."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._callbacks: list[NotifyCallback] = []
        self._shutdown = asyncio.Event()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return [dict(row) for row in await self._pool.fetch(query, *args)]

    async def execute(self, query: str, *args: object) -> str:
        return str(await self._pool.execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:  # noqa: ARG002 - PgQueuer's protocol
        # Only PgQueuer's probe of its own listener comes this way.
        self.tell(payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:  # noqa: ARG002 - as above
        self._callbacks.append(callback)

    def tell(self, payload: str) -> None:
        for callback in self._callbacks:
            callback(payload)

    @property
    def shutdown(self) -> asyncio.Event:
        return self._shutdown

    @property
    def tm(self) -> TaskManager:
        return TaskManager()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class _Executor(AbstractEntrypointExecutor):
    """Runs one kind of job. RetryRequested puts it back into the queue; any other exception is its end."""

    def __init__(self, job: Job, running: set[asyncio.Task[None]], slots: asyncio.Semaphore) -> None:
        super().__init__(
            EntrypointExecutorParameters(func=_not_called, concurrency_limit=job.concurrency, on_failure="hold")
        )
        self._job = job
        self._running = running
        self._slots = slots

    async def execute(self, job: models.Job, context: models.Context) -> None:  # noqa: ARG002 - PgQueuer's protocol
        kind, payload = self._job, msgspec.json.decode(job.payload or b"{}")
        # A task of its own, so that stopping the worker can be told from a fault and puts the job back.
        task = asyncio.create_task(self._run(payload))
        self._running.add(task)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            raise RetryRequested(delay=timedelta(0), reason="stopped") from None
        finally:
            self._running.discard(task)
        if task.cancelled():
            RUNS.labels(kind.name, "stopped").inc()
            raise RetryRequested(delay=timedelta(0), reason="stopped")
        error = task.exception()
        if error is None:
            RUNS.labels(kind.name, "done").inc()
            return
        await self._meet(job, payload, error)

    async def _run(self, payload: dict[str, Any]) -> None:
        async with self._slots:
            await asyncio.wait_for(self._job.handle(payload), self._job.timeout_s)

    async def _meet(self, job: models.Job, payload: dict[str, Any], error: BaseException) -> None:
        kind, failures = self._job, job.attempts + 1
        is_last = failures >= kind.attempts
        is_expected = isinstance(error, TryLater)
        RUNS.labels(kind.name, "given_up" if is_last else "failed").inc()
        line = log.warning if is_expected and not is_last else log.error
        line(
            "job.given_up" if is_last else "job.failed",
            job=kind.name,
            job_id=job.id,
            failures=failures,
            error=repr(error),
            exc_info=None if is_expected else error,
        )
        if not is_last:
            delay_s = error.delay_s if isinstance(error, TryLater) else kind.pause_s(failures)
            raise RetryRequested(delay=timedelta(seconds=delay_s), reason=type(error).__name__) from error
        if kind.give_up is not None:
            try:
                await kind.give_up(payload, error)
            except Exception as fault:
                log.error("job.give_up_failed", job=kind.name, job_id=job.id, error=repr(fault), exc_info=fault)
        raise error


async def _not_called(job: models.Job) -> None:
    raise AssertionError(job.entrypoint)


class JobRunner:
    """Runs jobs of the given kinds; others stay in the queue for workers that know them."""

    def __init__(
        self, pool: Pool, kinds: Sequence[Job], waiter: Waiter | None = None, *, grace_s: float = GRACE_S
    ) -> None:
        self._pool = pool
        self._kinds = list(kinds)
        self._waiter = waiter or Waiter()
        self._grace_s = grace_s
        self._running: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(RUNNING)
        if len({kind.name for kind in kinds}) != len(kinds):
            raise ValueError("two kinds of job share a name")

    async def run(self, stop: asyncio.Event) -> None:
        """Run jobs until `stop` is set; those under way may end within the time of grace, else they are put back."""
        if not self._kinds:
            await stop.wait()
            return
        while not stop.is_set():
            driver = _PoolDriver(self._pool)
            manager = self._manager(driver)
            queue = asyncio.create_task(
                manager.run(
                    dequeue_timeout=POLL,
                    batch_size=BATCH,
                    max_concurrent_tasks=TAKEN,
                    heartbeat_timeout=DEAD_AFTER,
                )
            )
            hints = asyncio.create_task(self._pass_hints(driver))
            stopping = asyncio.create_task(stop.wait())
            try:
                await asyncio.wait({queue, stopping}, return_when=asyncio.FIRST_COMPLETED)
                await self._end(manager, queue)
            finally:
                for task in (queue, hints, stopping):
                    task.cancel()
                await asyncio.gather(queue, hints, stopping, return_exceptions=True)
            if not stop.is_set():
                await asyncio.sleep(_OUTAGE_PAUSE_S)

    async def drain(self) -> int:
        """Run what is due until nothing is, one at a time; returns how many runs that took. For tests and commands.

        A job that fails is queued again as ever; at the end its errors are raised together.
        """
        if not self._kinds:
            return 0
        queries, executors, errors, runs = self._queries(_PoolDriver(self._pool)), self._executors(), [], 0
        while jobs := await self._take(queries):
            for job in jobs:
                runs += 1
                try:
                    await executors[job.entrypoint].execute(job, models.Context(cancellation=anyio.CancelScope()))
                except RetryRequested as retry:
                    await queries.retry_job(job, retry.delay, None)
                    errors.append(retry.__cause__ or retry)
                except Exception as error:
                    trace = models.TracebackRecord.from_exception(error, job.id, {})
                    await queries.log_jobs([(job, "failed", trace)])
                    errors.append(error)
                else:
                    await queries.log_jobs([(job, "successful", None)])
        if errors:
            raise BaseExceptionGroup("jobs failed", errors)
        return runs

    async def _take(self, queries: Queries) -> list[models.Job]:
        return await queries.dequeue(
            batch_size=BATCH,
            entrypoints={
                QueueEntrypoint(kind.name): EntrypointExecutionParameter(concurrency_limit=0) for kind in self._kinds
            },
            queue_manager_id=QueueManager(queries).queue_manager_id,
            global_concurrency_limit=None,
            heartbeat_timeout=DEAD_AFTER,
        )

    async def _end(self, manager: QueueManager, queue: asyncio.Task[None]) -> None:
        manager.shutdown.set()
        await asyncio.wait({queue}, timeout=self._grace_s)
        if not queue.done():
            for task in list(self._running):
                task.cancel()
            await asyncio.wait({queue}, timeout=GRACE_S)
        if queue.done() and (error := queue.exception()) is not None:
            log.warning("jobs.queue_lost", error=repr(error), retry_in_s=_OUTAGE_PAUSE_S)

    async def _pass_hints(self, driver: _PoolDriver) -> None:
        while True:
            if await self._waiter.wait(POLL.total_seconds()):
                driver.tell(_CHANGED)

    def _manager(self, driver: _PoolDriver) -> QueueManager:
        manager = QueueManager(self._queries(driver), channel=CHANNEL)
        for name, executor in self._executors().items():
            manager.register_executor(name, executor)
        return manager

    def _executors(self) -> dict[str, _Executor]:
        return {kind.name: _Executor(kind, self._running, self._slots) for kind in self._kinds}

    @staticmethod
    def _queries(driver: _PoolDriver) -> Queries:
        return Queries(
            driver,
            qbe=qb.QueryBuilderEnvironment(_NAMES),
            qbq=qb.QueryQueueBuilder(_NAMES),
            qbs=qb.QuerySchedulerBuilder(_NAMES),
        )
