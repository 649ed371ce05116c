from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.kit.waiting import running, until
from waypost.kit import jobs, schedule
from waypost.kit.job_runner import JobRunner
from waypost.kit.jobs import Job, TryLater, enqueue
from waypost.kit.schedule import Recurring
from waypost.kit.tx import Transactions
from waypost.kit.wakeups import JOBS, Wakeups


class Work:
    """A handler that remembers what it was given and fails as often as it is told."""

    def __init__(self) -> None:
        self.done: list[dict[str, Any]] = []
        self.errors: list[BaseException] = []
        self.tries = 0

    async def __call__(self, payload: dict[str, Any]) -> None:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        self.done.append(payload)


async def put(transactions: Transactions, n: int = 1, **options: Any) -> int | None:
    async with transactions.open() as tx:
        return await enqueue(tx, "work", {"n": n}, **options)


async def counts(transactions: Transactions) -> jobs.JobCounts:
    async with transactions.read() as tx:
        return await jobs.counts(tx.connection)


def quick(work: Work, **options: Any) -> Job:
    return Job(name="work", handle=work, first_pause_s=0.0, **options)


async def test_a_job_exists_exactly_when_the_change_does(transactions: Transactions) -> None:
    work = Work()
    runner = JobRunner(transactions.pool, [quick(work)])

    async def change_and_fail() -> None:
        async with transactions.open() as tx:
            await enqueue(tx, "work", {"n": 1})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_fail()
    assert await runner.drain() == 0
    await put(transactions, 2)
    assert await runner.drain() == 1
    assert work.done == [{"n": 2}]
    assert await counts(transactions) == jobs.JobCounts(0, 0, 0, 0)


async def test_a_job_waits_for_its_time(transactions: Transactions) -> None:
    work = Work()
    runner = JobRunner(transactions.pool, [quick(work)])
    await put(transactions, run_at=transactions.clock() + timedelta(hours=1))
    assert await runner.drain() == 0
    assert (await counts(transactions)).later == 1
    await transactions.pool.execute("update pgqueuer set execute_after = now() - interval '1 second'")
    assert await runner.drain() == 1


async def test_one_key_waits_once(transactions: Transactions) -> None:
    work = Work()
    assert await put(transactions, 1, dedupe_key="a") is not None
    assert await put(transactions, 2, dedupe_key="a") is None
    assert await put(transactions, 3, dedupe_key="b") is not None
    runner = JobRunner(transactions.pool, [quick(work)])
    await runner.drain()
    assert [payload["n"] for payload in work.done] == [1, 3]
    assert await put(transactions, 4, dedupe_key="a") is not None


async def test_a_failure_is_tried_again_then_kept(transactions: Transactions) -> None:
    work, given_up = Work(), []
    work.errors = [ValueError("first"), ValueError("second"), ValueError("third")]

    async def give_up(payload: dict[str, Any], error: BaseException) -> None:
        given_up.append((payload, str(error)))

    runner = JobRunner(transactions.pool, [quick(work, attempts=3, give_up=give_up)])
    await put(transactions)
    with pytest.raises(BaseExceptionGroup):
        await runner.drain()
    assert work.tries == 3
    assert given_up == [({"n": 1}, "third")]
    async with transactions.read() as tx:
        (failed,) = await jobs.failed(tx.connection, 10)
    assert (failed.name, failed.error) == ("work", "ValueError: third")

    async with transactions.open() as tx:
        assert await jobs.retry_failed(tx, failed.id) == 1
    assert await runner.drain() == 1
    assert work.done == [{"n": 1}]


async def test_an_expected_obstacle_sets_its_own_pause(transactions: Transactions) -> None:
    work = Work()
    work.errors = [TryLater(3600, "greylisted")]
    runner = JobRunner(transactions.pool, [quick(work)])
    await put(transactions)
    with pytest.raises(BaseExceptionGroup):
        await runner.drain()
    pause = await transactions.pool.fetchval("select execute_after - now() from pgqueuer")
    assert timedelta(minutes=55) < pause <= timedelta(hours=1)


def test_pauses_double_up_to_a_limit() -> None:
    job = Job(name="work", handle=Work(), first_pause_s=2, longest_pause_s=60)
    assert [job.pause_s(failures) for failures in (1, 2, 3, 5, 6, 1000)] == [2, 4, 8, 32, 60, 60]


async def test_the_job_of_a_killed_worker_is_taken_up_again(transactions: Transactions) -> None:
    work = Work()
    await put(transactions)
    await transactions.pool.execute(
        "update pgqueuer set status = 'picked', queue_manager_id = $1, heartbeat = now() - interval '31 seconds'",
        uuid4(),
    )
    assert await JobRunner(transactions.pool, [quick(work)]).drain() == 1


async def test_the_job_of_a_live_worker_is_left_alone(transactions: Transactions) -> None:
    await put(transactions)
    await transactions.pool.execute("update pgqueuer set status = 'picked', queue_manager_id = $1", uuid4())
    assert await JobRunner(transactions.pool, [quick(Work())]).drain() == 0


async def test_the_runner_takes_jobs_as_they_come(transactions: Transactions, database_url: str) -> None:
    work, wakeups, stop = Work(), Wakeups(transactions, database_url), asyncio.Event()
    runner = JobRunner(transactions.pool, [quick(work)], wakeups.waiter(JOBS))
    async with running(wakeups.run()):
        loop = asyncio.create_task(runner.run(stop))
        for n in range(30):
            await put(transactions, n)
        await until(lambda: len(work.done) == 30)
        stop.set()
        await loop
    assert sorted(payload["n"] for payload in work.done) == list(range(30))
    assert await counts(transactions) == jobs.JobCounts(0, 0, 0, 0)


async def test_several_runners_do_each_job_once(transactions: Transactions) -> None:
    work, stop = Work(), asyncio.Event()
    for n in range(60):
        await put(transactions, n)
    loops = [asyncio.create_task(JobRunner(transactions.pool, [quick(work)]).run(stop)) for _ in range(3)]
    await until(lambda: len(work.done) >= 60)
    stop.set()
    await asyncio.gather(*loops)
    assert sorted(payload["n"] for payload in work.done) == list(range(60))


async def test_stopping_lets_a_job_finish(transactions: Transactions) -> None:
    begun, may_end, stop, ended = asyncio.Event(), asyncio.Event(), asyncio.Event(), []

    async def handle(payload: dict[str, Any]) -> None:
        begun.set()
        await may_end.wait()
        ended.append(payload)

    await put(transactions)
    loop = asyncio.create_task(JobRunner(transactions.pool, [Job(name="work", handle=handle)]).run(stop))
    await begun.wait()
    stop.set()
    may_end.set()
    await loop
    assert ended == [{"n": 1}]
    assert await counts(transactions) == jobs.JobCounts(0, 0, 0, 0)


async def test_stopping_puts_back_a_job_that_does_not_end(transactions: Transactions) -> None:
    begun, stop = asyncio.Event(), asyncio.Event()

    async def handle(payload: dict[str, Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    await put(transactions)
    runner = JobRunner(transactions.pool, [Job(name="work", handle=handle)], grace_s=0.05)
    loop = asyncio.create_task(runner.run(stop))
    await begun.wait()
    stop.set()
    await loop
    assert (await counts(transactions)).due == 1


async def test_a_job_that_hangs_has_failed(transactions: Transactions) -> None:
    async def handle(payload: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    runner = JobRunner(transactions.pool, [Job(name="work", handle=handle, timeout_s=0.01, attempts=1)])
    await put(transactions)
    with pytest.raises(BaseExceptionGroup) as group:
        await runner.drain()
    assert isinstance(group.value.exceptions[0], TimeoutError)
    assert (await counts(transactions)).failed == 1


async def test_unknown_jobs_stay_for_those_who_know_them(transactions: Transactions) -> None:
    async with transactions.open() as tx:
        await enqueue(tx, "of tomorrow", {})
    assert await JobRunner(transactions.pool, [quick(Work())]).drain() == 0
    assert (await counts(transactions)).due == 1


async def test_names_of_tables_do_not_come_from_the_environment(
    transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_TABLE", "elsewhere")
    monkeypatch.setenv("PGQUEUER_PREFIX", "x_")
    await put(transactions)
    assert await JobRunner(transactions.pool, [quick(Work())]).drain() == 1


async def test_recurring_work_is_claimed_by_one(transactions: Transactions) -> None:
    entry = Recurring(60, "tidy", Work())  # type: ignore[arg-type]
    claims = await asyncio.gather(*(schedule.claim(transactions, entry) for _ in range(8)))
    assert sorted(claims) == [False] * 7 + [True]
    assert not await schedule.claim(transactions, entry)
    await transactions.pool.execute("update schedule set last_run_at = last_run_at - interval '1 minute'")
    assert await schedule.claim(transactions, entry)


async def test_recurring_work_goes_on_after_a_failure(transactions: Transactions) -> None:
    runs = []

    async def handle() -> None:
        runs.append(1)
        raise ValueError("not today")

    async with running(schedule.run(transactions, [schedule.every(0.01, "tidy", handle)])):
        await until(lambda: len(runs) > 2)
