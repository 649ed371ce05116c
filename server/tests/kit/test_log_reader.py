from __future__ import annotations

import asyncio

import asyncpg
import pytest

from tests.kit.log_help import note
from tests.kit.waiting import running, until
from waypost.kit import log_store
from waypost.kit.events import Fact
from waypost.kit.log_reader import BATCH, HandlerFailed, LogReader, Patience, Subscriber, retry_dead_letters
from waypost.kit.log_store import ReaderLag
from waypost.kit.tx import Transactions, Tx
from waypost.kit.wakeups import EVENTS, Wakeups

IMPATIENT = Patience(attempts=2, first_pause_s=0.001, longest_pause_s=0.002)


class Diary:
    """A subscriber that writes what it reads, in its transaction, and fails on what it is told to."""

    def __init__(self, name: str = "diary") -> None:
        self.subscriber = Subscriber(name, self.handle)
        self.batches: list[list[str]] = []
        self.poison: set[str] = set()
        self.errors: list[Exception] = []
        self.tries = 0

    async def handle(self, tx: Tx, facts: list[Fact]) -> None:
        self.tries += 1
        texts = [fact.data["text"] for fact in facts]
        await tx.connection.executemany(
            "insert into diary values ($1, $2)", [(self.subscriber.name, text) for text in texts]
        )
        if self.errors:
            raise self.errors.pop(0)
        if self.poison.intersection(texts):
            raise ValueError("cannot take this")
        self.batches.append(texts)


@pytest.fixture(autouse=True)
async def diary_table(transactions: Transactions) -> None:
    await transactions.pool.execute(
        "create table diary (reader text, text text, n bigint generated always as identity)"
    )


async def written(transactions: Transactions, reader: str = "diary") -> list[str]:
    rows = await transactions.pool.fetch("select text from diary where reader = $1 order by n", reader)
    return [row["text"] for row in rows]


async def written_is(transactions: Transactions, expected: list[str], reader: str = "diary") -> bool:
    """Committed, not only tried: what a handler remembers by itself says nothing about that."""
    return await written(transactions, reader) == expected


async def test_hands_over_every_fact_once_in_order(transactions: Transactions) -> None:
    diary = Diary()
    reader = LogReader(transactions, [diary.subscriber])
    texts = [str(number) for number in range(BATCH + 5)]
    await note(transactions, *texts)
    assert await reader.drain() == BATCH + 5
    assert await reader.drain() == 0
    assert await written(transactions) == texts
    assert [len(batch) for batch in diary.batches] == [BATCH, 5]


async def test_a_fact_carries_what_was_emitted(transactions: Transactions) -> None:
    taken: list[Fact] = []

    async def take(tx: Tx, facts: list[Fact]) -> None:
        taken.extend(facts)

    await note(transactions, "hello", account_id=9)
    await LogReader(transactions, [Subscriber("taker", take)]).drain()
    (fact,) = taken
    assert (fact.account_id, fact.type, fact.actor_kind, fact.actor_id) == (9, "test.noted", "user", 7)
    assert (fact.subject_kind, fact.subject_id, fact.scope_id, fact.data) == (
        "conversation",
        1,
        None,
        {"text": "hello"},
    )
    assert fact.at.tzinfo is not None


async def test_two_subscribers_each_get_everything(transactions: Transactions) -> None:
    one, two = Diary("one"), Diary("two")
    await note(transactions, "a", "b")
    await LogReader(transactions, [one.subscriber, two.subscriber]).drain()
    assert one.batches == two.batches == [["a", "b"]]


async def test_two_subscribers_of_one_name_are_refused(transactions: Transactions) -> None:
    with pytest.raises(ValueError, match="share a name"):
        LogReader(transactions, [Diary().subscriber, Diary().subscriber])


async def test_a_transaction_that_commits_late_is_not_skipped(transactions: Transactions) -> None:
    diary = Diary()
    reader = LogReader(transactions, [diary.subscriber])
    await reader.register()
    begun, may_commit = asyncio.Event(), asyncio.Event()

    async def write_slowly() -> None:
        async with transactions.open() as tx:
            # Its place in the order is fixed here, before the fast one's.
            await tx.connection.execute(
                """insert into event (account_id, type, at, actor_kind, subject_kind, data)
                   values (1, 't', now(), 'user', 'x', '{"text": "slow"}')"""
            )
            begun.set()
            await may_commit.wait()

    slow = asyncio.create_task(write_slowly())
    await begun.wait()
    await note(transactions, "fast")
    assert await reader.step(reader._readings["diary"]) == 0
    may_commit.set()
    await slow
    await reader.drain()
    assert await written(transactions) == ["slow", "fast"]


async def test_a_failing_handler_leaves_no_trace_and_does_not_move(transactions: Transactions) -> None:
    diary = Diary()
    diary.poison = {"a"}
    reader = LogReader(transactions, [diary.subscriber])
    await note(transactions, "a")
    with pytest.raises(HandlerFailed) as failure:
        await reader.drain()
    assert isinstance(failure.value.__cause__, ValueError)
    assert await written(transactions) == []
    diary.poison = set()
    await reader.drain()
    assert await written(transactions) == ["a"]


async def test_one_that_fails_does_not_hold_up_the_others(transactions: Transactions) -> None:
    sick, well = Diary("sick"), Diary("well")
    sick.poison = {"a"}
    await note(transactions, "a")
    patience = Patience(attempts=1000, first_pause_s=0.001, longest_pause_s=0.002)
    reader = LogReader(transactions, [sick.subscriber, well.subscriber], patience=patience)
    async with running(reader.run()):
        await until(lambda: written_is(transactions, ["a"], "well"))
        await until(lambda: sick.tries > 3)
    assert await written(transactions, "sick") == []


async def test_a_poison_fact_is_set_aside_and_the_rest_goes_on(transactions: Transactions) -> None:
    diary = Diary()
    diary.poison = {"bad"}
    await note(transactions, "a", "b", "bad", "c", "d")
    async with running(LogReader(transactions, [diary.subscriber], patience=IMPATIENT).run()):
        await until(lambda: written_is(transactions, ["a", "b", "c", "d"]))
        await note(transactions, "e", "f")
        await until(lambda: written_is(transactions, ["a", "b", "c", "d", "e", "f"]))
    # Once past the bad batch, facts are read in batches again.
    assert ["e", "f"] in diary.batches
    async with transactions.read() as tx:
        (letter,) = await log_store.dead_letters(tx.connection, 10)
    assert (letter.reader, letter.account_id, letter.type) == ("diary", 1, "test.noted")
    assert "cannot take this" in letter.error


async def test_a_fact_that_fails_at_the_commit_is_set_aside_too(transactions: Transactions) -> None:
    await transactions.pool.execute(
        "alter table diary add constraint one_each unique (reader, text) deferrable initially deferred"
    )
    diary = Diary()
    await note(transactions, "a", "b", "a", "c")
    async with running(LogReader(transactions, [diary.subscriber], patience=IMPATIENT).run()):
        await until(lambda: transactions.pool.fetchval("select count(*) from event_dead_letter"))
        await note(transactions, "d")
        await until(lambda: written_is(transactions, ["a", "b", "c", "d"]))


async def test_trouble_of_the_database_counts_as_no_failure(transactions: Transactions) -> None:
    diary = Diary()
    diary.errors = [
        asyncpg.DeadlockDetectedError("x"),
        ConnectionResetError(),
        asyncpg.TooManyConnectionsError("x"),
    ] * 3
    await note(transactions, "a", "b")
    async with running(LogReader(transactions, [diary.subscriber], patience=IMPATIENT).run()):
        await until(lambda: written_is(transactions, ["a", "b"]))
    assert diary.batches == [["a", "b"]]


async def test_a_handler_that_runs_into_the_time_limit_has_failed(transactions: Transactions) -> None:
    diary = Diary()
    diary.errors = [asyncpg.QueryCanceledError("statement timeout")] * 4
    await note(transactions, "slow")
    async with running(LogReader(transactions, [diary.subscriber], patience=IMPATIENT).run()):
        await until(lambda: diary.tries == 4)
        await until(lambda: transactions.pool.fetchval("select count(*) from event_dead_letter"))


async def test_several_workers_share_without_doubling(transactions: Transactions) -> None:
    diary = Diary()
    patience = Patience(first_pause_s=0.001)
    readers = [LogReader(transactions, [diary.subscriber], patience=patience) for _ in range(3)]
    async with running(*(reader.run() for reader in readers)):
        await asyncio.gather(*(note(transactions, *(f"{writer}.{n}" for n in range(60))) for writer in range(8)))
        await until(lambda: transactions.pool.fetchval("select count(*) >= 480 from diary"))
    texts = await written(transactions)
    assert len(texts) == len(set(texts)) == 480
    for writer in range(8):
        own = [text for text in texts if text.startswith(f"{writer}.")]
        assert own == [f"{writer}.{n}" for n in range(60)]


async def test_wakes_for_a_commit_in_this_process_and_in_another(transactions: Transactions, database_url: str) -> None:
    elsewhere = Transactions(transactions.pool)
    here, there = Wakeups(transactions, database_url), Wakeups(elsewhere, database_url)
    waiter = here.waiter(EVENTS)

    async def heard_from(writer: Transactions) -> bool:
        await note(writer, "something")
        return await waiter.wait(0.05)

    async with running(here.run(), there.run()):
        await until(lambda: heard_from(transactions))
        await until(lambda: heard_from(elsewhere))


async def test_a_hint_makes_the_reader_read(transactions: Transactions, database_url: str) -> None:
    diary, wakeups = Diary(), Wakeups(transactions, database_url)
    async with running(wakeups.run(), LogReader(transactions, [diary.subscriber], wakeups.waiter(EVENTS)).run()):
        await note(transactions, "a")
        await until(lambda: written_is(transactions, ["a"]))


async def _all_can_be_read(transactions: Transactions) -> bool:
    """Transactions of any database on the server, if they began earlier, keep a fact from being safe to read."""
    async with transactions.read() as tx:
        settled: bool = await tx.connection.fetchval(
            "select not exists (select from event where transaction >= pg_snapshot_xmin(pg_current_snapshot()))"
        )
    return settled


async def test_a_reader_from_now_skips_what_was_before(transactions: Transactions) -> None:
    diary = Diary()
    await note(transactions, "old")
    await until(lambda: _all_can_be_read(transactions))
    reader = LogReader(transactions, [Subscriber("diary", diary.handle, from_now=True)])
    await reader.register()
    await note(transactions, "new")
    await reader.drain()
    assert diary.batches == [["new"]]


async def test_a_dead_letter_gets_another_try(transactions: Transactions) -> None:
    diary = Diary()
    diary.poison = {"bad"}
    await note(transactions, "bad", "good")
    async with running(LogReader(transactions, [diary.subscriber], patience=IMPATIENT).run()):
        await until(lambda: written_is(transactions, ["good"]))
    assert await retry_dead_letters(transactions, [diary.subscriber]) == (0, 1)
    diary.poison = set()
    assert await retry_dead_letters(transactions, [diary.subscriber]) == (1, 0)
    assert await retry_dead_letters(transactions, [diary.subscriber]) == (0, 0)
    assert await written(transactions) == ["good", "bad"]


async def _lag_of_diary(tx: Tx) -> ReaderLag:
    (lag,) = [lag for lag in await log_store.lags(tx.connection, 2) if lag.name == "diary"]
    return lag


async def test_lag_tells_how_much_is_left(transactions: Transactions) -> None:
    diary = Diary()
    reader = LogReader(transactions, [diary.subscriber])
    await note(transactions, "a", "b", "c")
    await reader.register()
    async with transactions.read() as tx:
        lag = await _lag_of_diary(tx)
        assert (lag.facts, lag.dead_letters) == (2, 0)
        assert lag.oldest_at is not None
        await reader.drain()
        lag = await _lag_of_diary(tx)
        assert (lag.facts, lag.oldest_at) == (0, None)


async def test_reading_on_uses_the_order_index(transactions: Transactions) -> None:
    async with transactions.read() as tx:
        await tx.connection.execute("set enable_seqscan = off")
        plan = await tx.connection.fetch(
            "explain " + log_store._READ.replace("$1", "'5'").replace("$2", "0").replace("$3", "9")
        )
    text = "\n".join(row[0] for row in plan)
    assert "event_order" in text
    assert "Sort" not in text
