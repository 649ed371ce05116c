"""Several messages are taken in at once, and yet each finds what it answers; what stops an import is told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.domains.mail.test_plans import SEARCH, nodes
from tests.make import Make
from waypost.domains.mail import store_finding
from waypost.edges.mail_io.importing import MailImport
from waypost.edges.mail_io.mailbox_file import Found
from waypost.kit.db import Pool, open_pool, plan_for_good
from waypost.kit.errors import Busy
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await open_pool(database_url) as opened:
        yield opened


@pytest.fixture
async def taking(pool: Pool, tmp_path: Path) -> MailImport:
    transactions = Transactions(pool)
    make = Make(transactions)
    account = await make.account()
    mailbox = await make.mailbox(account)
    return MailImport(transactions, FileStore(tmp_path), account.id, mailbox.id)


def message(talk: int, number: int) -> Found:
    """The n-th message of a conversation, which answers the one before it."""
    answers = f"In-Reply-To: <{talk}.{number - 1}@example.org>\n" if number else ""
    raw = (
        f"Message-ID: <{talk}.{number}@example.org>\n{answers}From: p{number % 3}@example.org\n"
        f"Subject: {talk} and {number}\n\nWords {number}\n"
    )
    return Found(f"{talk}.{number}", raw.encode())


async def test_answers_that_follow_at_once_find_what_they_answer(pool: Pool, taking: MailImport) -> None:
    summary = await taking.run(message(talk, number) for number in range(12) for talk in range(3))
    assert (summary.conversations, summary.threads, summary.failures) == (3, 33, [])
    rows = await pool.fetch("select array_agg(body_text order by id) as said from thread group by conversation_id")
    assert [row["said"] for row in rows] == [[f"Words {number}" for number in range(12)]] * 3


async def test_one_message_that_fails_is_named_and_taken_in_later(pool: Pool, taking: MailImport) -> None:
    await taking.run([message(0, 0)])
    await pool.execute("update conversation set locked_at = now()")
    summary = await taking.run([message(0, 1), message(1, 0)])
    assert [(failure.source, failure.reason) for failure in summary.failures] == [
        ("0.1", "Unavailable: Conversation is locked")
    ]
    assert summary.conversations == 2
    await pool.execute("update conversation set locked_at = null")
    await taking.run([message(0, 1)])
    assert await pool.fetchval("select count(*) from thread") == 3


async def test_what_was_read_before_a_fault_of_the_file_is_stored(pool: Pool, taking: MailImport) -> None:
    def torn() -> Iterator[Found]:
        for number in range(20):
            yield message(number, 0)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await taking.run(torn())
    assert await pool.fetchval("select count(*) from conversation") == taking.summary.conversations == 20


async def test_a_database_that_is_gone_ends_the_import(pool: Pool, taking: MailImport) -> None:
    await pool.close()
    with pytest.raises(Busy):
        await taking.run(message(talk, 0) for talk in range(100))
    assert taking.summary.failures == []


async def test_what_is_known_is_not_even_parsed(pool: Pool, taking: MailImport) -> None:
    some = [message(talk, 0) for talk in range(5)]
    await taking.run(some)
    # The parser would tell by the id as well; the bytes alone must do.
    await pool.execute("update received_mail set message_id = 'gone', identity = id::text")
    summary = await taking.run([*some, message(5, 0)])
    assert (summary.conversations, summary.duplicates) == (6, 5)


async def test_one_that_fails_takes_no_other_of_its_transaction_with_it(pool: Pool, taking: MailImport) -> None:
    await taking.run([message(0, 0)])
    await pool.execute("update conversation set locked_at = now()")
    summary = await taking.run([*(message(talk, 0) for talk in range(1, 4)), message(0, 1), message(4, 0)])
    assert (summary.read, summary.conversations, len(summary.failures)) == (6, 5, 1)


async def test_a_message_that_could_not_be_read_is_named_and_the_others_come_in(taking: MailImport) -> None:
    summary = await taking.run([message(0, 0), Found("huge.eml", b"", fault="huge.eml has 9 bytes"), message(1, 0)])
    assert summary.conversations == 2
    assert [(failure.source, failure.reason) for failure in summary.failures] == [("huge.eml", "huge.eml has 9 bytes")]


async def test_batches_with_the_same_people_do_not_wait_for_each_other(pool: Pool, taking: MailImport) -> None:
    # Each person writes in every batch of eight, and none of the talks has a second message.
    some = [
        Found(f"{number}", f"Message-ID: <{number}@x>\nFrom: p{number % 5}@x.test\nSubject: S{number}\n\nW\n".encode())
        for number in range(80)
    ]
    summary = await taking.run(some)
    assert (summary.conversations, summary.failures) == (80, [])
    deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"
    await pool.execute("select pg_stat_force_next_flush()")
    assert await pool.fetchval(deadlocks) == 0
    assert await pool.fetchval("select count(*) from customer") == 5


async def test_an_empty_desk_that_is_filled_soon_finds_rows_by_their_keys(pool: Pool, taking: MailImport) -> None:
    await taking.run(message(talk, number) for number in range(2) for talk in range(40))
    async with pool.acquire() as connection, connection.transaction():
        await plan_for_good(connection)
        plan = (await (await connection.prepare(store_finding.FIND)).explain(*SEARCH))[0]["Plan"]
    large = [node for node in nodes(plan) if node.get("Relation Name") in ("thread", "conversation", "received_mail")]
    assert len(large) > 5
    # Nothing but the account: all of its rows would be read for each message.
    assert [node["Index Cond"] for node in large if " AND " not in node["Index Cond"]] == []
