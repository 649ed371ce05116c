"""Mail that was taken in is read in order, and whatever happens to a message, it is somewhere to be seen."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.desk import Desk
from tests.edges.mail_io.incoming import letter, rows, subjects, take_in
from tests.kit.waiting import until
from waypost.domains import mail
from waypost.domains.mail import Envelope
from waypost.edges.mail_io.parsers import Parsers
from waypost.edges.mail_io.reading import Reading
from waypost.kit.errors import Busy
from waypost.kit.tx import Transactions

pytestmark = pytest.mark.anyio

#: Stands for a message on which the reading program fails.
POISON = b"Subject: Poison\r\nMessage-ID: <poison@example.org>\r\nFrom: eve@example.org\r\n\r\npoison\r\n"
#: The reading program, which dies at the word, or sleeps for ever at another.
FRAIL = """
import os, sys, time, waypost.edges.mail_io.parse_child as child
read = child.parse_message
def frail(raw, now):
    if raw.endswith(b"poison\\r\\n"): os._exit(1)
    if raw.endswith(b"asleep\\r\\n"): time.sleep(3600)
    return read(raw, now)
child.parse_message = frail
child.serve(sys.stdin.buffer, sys.stdout.buffer)
"""


@pytest.fixture
async def frail() -> AsyncIterator[Parsers]:
    parsers = Parsers(command=(sys.executable, "-c", FRAIL))
    yield parsers
    await parsers.close()


async def _read(desk: Desk, parsers: Parsers, *places: dict[str, int]) -> None:
    # Time stands still, so that what is postponed is not due again before a slow machine has read the rest.
    now = desk.transactions.clock()
    transactions = Transactions(desk.transactions.pool, lambda: now)
    reading = Reading(transactions, desk.parts.files, parsers, desk.context.secret_key)
    await asyncio.gather(*(reading.run(place) for place in places))


async def _make_due(desk: Desk) -> None:
    async with desk.connection() as connection:
        await connection.execute("update mail_intake set due_at = now() - interval '1 minute' where state = 'waiting'")


async def test_answers_come_after_what_they_answer_whatever_the_order_of_jobs(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    await take_in(desk, account, mailbox, letter(0), *(letter(n, answers=n - 1) for n in range(1, 25)))
    await desk.run_workers()
    async with desk.connection() as connection:
        said = await connection.fetch("select conversation_id, body_text from thread order by id")
    assert [row["body_text"] for row in said] == [f"Words {number}" for number in range(25)]
    assert len({row["conversation_id"] for row in said}) == 1


async def test_the_same_bytes_are_taken_once_even_after_their_conversation_is_gone(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    client = await desk.client(account.owner)
    await take_in(desk, account, mailbox, letter(1))
    await desk.run_workers()
    (conversation,) = (await client.get("/v2/conversations")).json()["_embedded"]["conversations"]
    assert (await client.delete(f"/v2/conversations/{conversation['id']}")).status_code == 204
    taken = await take_in(desk, account, mailbox, letter(1))
    await desk.run_workers()
    assert taken[0].intake_id is None
    assert await subjects(desk, mailbox) == []


async def test_eight_deliveries_at_once_of_three_mails_are_three_threads(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    raws = [letter(1), letter(2, answers=1), letter(3, answers=2)]
    for raw in raws:
        await asyncio.gather(*(take_in(desk, account, mailbox, raw) for _ in range(8)))
    await asyncio.gather(desk.run_workers(), desk.run_workers())
    async with desk.connection() as connection:
        assert await connection.fetchval("select count(*) from thread") == 3
        assert await connection.fetchval("select count(*) from conversation") == 1
    stored = [path for path in (desk.parts.settings.data_dir / "files").rglob("*") if path.is_file()]
    assert len(stored) == 3


async def test_the_same_mail_to_two_mailboxes_is_a_conversation_in_each(desk: Desk) -> None:
    account = await desk.make.account()
    one, other = await desk.make.mailbox(account), await desk.make.mailbox(account)
    await take_in(desk, account, one, letter(1))
    await take_in(desk, account, other, letter(1))
    await desk.run_workers()
    assert await subjects(desk, one) == await subjects(desk, other) == ["Letter 1"]


async def test_poison_first_in_the_box_does_not_hold_up_the_rest(desk: Desk, frail: Parsers) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    place = {"account_id": account.id, "mailbox_id": mailbox.id}
    await take_in(desk, account, mailbox, POISON, letter(1), letter(2))
    await _read(desk, frail, place)
    assert await subjects(desk, mailbox) == ["Letter 1", "Letter 2"]
    assert (await rows(desk, mailbox))[0] == ("waiting", None, 1)
    for _ in range(2):
        await _make_due(desk)
        await _read(desk, frail, place)
    assert await subjects(desk, mailbox) == ["Letter 1", "Letter 2", "Poison"]
    assert (await rows(desk, mailbox))[0] == ("done", "conversation", 3)
    async with desk.connection() as connection:
        thread = await connection.fetchrow("select body_text, id from thread order by id desc limit 1")
        file = await connection.fetchrow("select file_name, mime_type, storage_key from attachment")
    assert thread is not None
    assert file is not None
    assert thread["body_text"].startswith("This message could not be read")
    assert file["file_name"].endswith(".eml")
    assert await desk.parts.files.read(file["storage_key"]) == POISON


async def test_a_message_that_takes_for_ever_holds_up_no_other_mailbox(desk: Desk, frail: Parsers) -> None:
    account = await desk.make.account()
    slow, quick = await desk.make.mailbox(account), await desk.make.mailbox(account)
    asleep = letter("asleep", body="asleep")
    await take_in(desk, account, slow, asleep)
    await take_in(desk, account, quick, *(letter(number) for number in range(5)))
    places = [{"account_id": account.id, "mailbox_id": box.id} for box in (slow, quick)]
    reading = Reading(desk.transactions, desk.parts.files, frail, desk.context.secret_key)
    sleeping = asyncio.create_task(reading.run(places[0]))
    await reading.run(places[1])
    assert not sleeping.done()
    assert len(await subjects(desk, quick)) == 5
    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)
    assert await rows(desk, slow) == [("waiting", None, 0)]


async def test_a_message_that_takes_for_ever_is_ended(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    await take_in(desk, account, mailbox, letter("asleep", body="asleep"))
    # The limit is that of the message: the process may take as long as it does to start.
    parsers = Parsers(command=(sys.executable, "-c", FRAIL), limit_s=0.2)
    try:
        await _read(desk, parsers, {"account_id": account.id, "mailbox_id": mailbox.id})
    finally:
        await parsers.close()
    assert await rows(desk, mailbox, "state, attempts, last_error") == [
        ("waiting", 1, "reading the message took longer than 0.2 s")
    ]


async def test_a_program_that_does_not_start_is_no_fault_of_the_message(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    await take_in(desk, account, mailbox, letter(1), letter(2))
    parsers = Parsers(command=(sys.executable, "-c", ""))
    with pytest.raises(Busy):
        await _read(desk, parsers, {"account_id": account.id, "mailbox_id": mailbox.id})
    await parsers.close()
    assert await rows(desk, mailbox) == [("waiting", None, 0)] * 2


async def test_messages_of_one_transaction_are_read_alone_when_one_of_them_fails(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    bad = letter("bad", body="never")
    await take_in(desk, account, mailbox, letter(0), letter(1), bad, *(letter(n, answers=n - 1) for n in range(2, 7)))
    async with desk.connection() as connection:
        await connection.execute("alter table thread add constraint never check (body_text <> 'never')")
    parsers = Parsers()
    await _read(desk, parsers, {"account_id": account.id, "mailbox_id": mailbox.id})
    await parsers.close()
    assert await subjects(desk, mailbox) == ["Letter 0", "Letter 1"]
    assert await rows(desk, mailbox) == [
        ("done", "conversation", 0),
        ("done", "conversation", 0),
        ("waiting", None, 1),
        *[("done", "thread", 0)] * 5,
    ]
    async with desk.connection() as connection:
        said = await connection.fetch("select body_text from thread order by id")
    assert [row["body_text"] for row in said] == [f"Words {number}" for number in range(7)]


async def test_a_database_that_is_away_is_no_fault_of_the_message(desk: Desk, frail: Parsers) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    await take_in(desk, account, mailbox, letter(1))
    async with desk.connection() as connection:
        await connection.execute("alter table received_mail rename to away")
        await connection.execute(
            "create view received_mail as select * from away where pg_terminate_backend(pg_backend_pid())"
        )
    with pytest.raises(Exception, match=r"(?i)terminat|closed|lost"):
        await _read(desk, frail, {"account_id": account.id, "mailbox_id": mailbox.id})
    assert await rows(desk, mailbox) == [("waiting", None, 0)]
    async with desk.connection() as connection:
        await connection.execute("drop view received_mail")
        await connection.execute("alter table away rename to received_mail")
    await desk.run_workers()
    assert await subjects(desk, mailbox) == ["Letter 1"]


async def test_what_the_database_never_takes_is_listed_until_somebody_retries(desk: Desk, frail: Parsers) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    await take_in(desk, account, mailbox, letter(1), letter(2))
    async with desk.connection() as connection:
        await connection.execute("alter table thread add constraint never check (body_text = 'nothing') not valid")
    for _ in range(3):
        await _make_due(desk)
        await _read(desk, frail, {"account_id": account.id, "mailbox_id": mailbox.id})
    assert await rows(desk, mailbox) == [("failed", None, 3)] * 2
    assert all("Words" not in error for (error,) in await rows(desk, mailbox, "last_error"))
    async with desk.connection() as connection:
        await connection.execute("alter table thread drop constraint never")
    await desk.run_workers()
    assert await subjects(desk, mailbox) == []
    async with desk.transactions.open() as tx:
        assert await mail.intake.retry(tx, account.owner.actor) == 2
    await desk.run_workers()
    assert await subjects(desk, mailbox) == ["Letter 1", "Letter 2"]


async def test_a_message_too_large_to_fetch_becomes_a_conversation_that_says_so(desk: Desk) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    header = letter(1).partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    note = "This message has 60 MB."
    await take_in(desk, account, mailbox, header, envelope=Envelope(folder="INBOX", uid=7, note=note))
    await desk.run_workers()
    assert await subjects(desk, mailbox) == ["Letter 1"]
    async with desk.connection() as connection:
        assert await connection.fetchval("select body_text from thread") == note
    assert await rows(desk, mailbox, "warnings") == [([note],)]


async def test_processes_that_read_end_when_there_is_no_mail() -> None:
    parsers = Parsers(idle_s=0.05)
    try:
        read = await parsers.parse(letter(1), datetime.now(UTC))
        assert read.subject == "Letter 1"
        await until(lambda: not parsers._idle and not parsers._ending)
    finally:
        await parsers.close()


async def test_what_was_stored_is_on_disk_under_its_key_and_nothing_else_is(desk: Desk) -> None:
    key = desk.parts.files.new_key(1, "mail")
    await desk.parts.files.write_durably({key: b"words"})
    assert await desk.parts.files.read(key) == b"words"
    folder = (desk.parts.settings.data_dir / "files" / key).parent
    assert [path.name for path in folder.iterdir()] == [key.rpartition("/")[2]]
