from __future__ import annotations

from collections.abc import AsyncIterator
from typing import ClassVar

import pytest

from tests.kit.log_help import Noted, Origin, note
from waypost.domains import audit
from waypost.domains.accounts import Actor, Role
from waypost.domains.audit import AuditFilter
from waypost.kit.db import open_pool
from waypost.kit.errors import Forbidden
from waypost.kit.log_reader import LogReader, Subscriber
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Transactions


class SubjectEdited(Noted, frozen=True, kw_only=True):
    """As conversations emit it: `previous` is what a person wrote."""

    NAME: ClassVar[str] = "convo.subject"

    def data(self) -> dict[str, str]:
        return {"previous": self.text}


OWNER = Actor(account_id=1, kind="user", user_id=7, role=Role.OWNER)
FIRST_PAGE = PageRequest(1, 50)


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    async with await open_pool(database_url) as pool:
        yield Transactions(pool)


async def read_log(transactions: Transactions) -> None:
    await LogReader(transactions, [Subscriber(audit.NAME, audit.on_facts)]).drain()


async def record(transactions: Transactions, *texts: str, account_id: int = 1) -> None:
    await note(transactions, *texts, account_id=account_id)
    await read_log(transactions)


async def verify(transactions: Transactions, account_id: int = 1) -> audit.Verdict:
    async with transactions.read() as tx:
        return await audit.verify(tx.connection, account_id)


async def listed(transactions: Transactions, actor: Actor = OWNER, **wanted: object) -> list[str]:
    async with transactions.read() as tx:
        page = await audit.list_entries(tx, actor, AuditFilter(**wanted), FIRST_PAGE)  # type: ignore[arg-type]
    assert page.total == len(page.items)
    return [entry.data["text"] for entry in page.items]


async def test_each_event_is_one_entry_numbered_per_account(transactions: Transactions) -> None:
    await record(transactions, "a", "b")
    await record(transactions, "x", account_id=2)
    await record(transactions, "c")
    assert await listed(transactions) == ["c", "b", "a"]
    rows = await transactions.pool.fetch("select account_id, id from audit_entry order by 1, 2")
    assert [tuple(row) for row in rows] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    for account_id, entries in ((1, 3), (2, 1), (3, 0)):
        verdict = await verify(transactions, account_id)
        assert verdict.is_sound
        assert verdict.entries == entries


@pytest.mark.parametrize(
    "change",
    [
        """update audit_entry set data = '{"text": "nothing"}' where id = 2""",
        "update audit_entry set at = at + interval '1 second' where id = 2",
        "update audit_entry set actor_id = 8 where id = 2",
        "update audit_entry set actor_id = null where id = 2",
        "update audit_entry set subject_id = 2 where id = 2",
        "update audit_entry set digest = sha256('x') where id = 2",
        "delete from audit_entry where id = 2",
        "update audit_entry set event_id = -event_id where id = 2",
    ],
)
async def test_a_changed_or_removed_entry_shows(transactions: Transactions, change: str) -> None:
    await record(transactions, "a", "b", "c")
    await transactions.pool.execute(change)
    verdict = await verify(transactions)
    assert not verdict.is_sound
    assert verdict.broken_at in (2, 3)


async def test_entries_cut_off_at_the_end_show(transactions: Transactions) -> None:
    await record(transactions, "a", "b", "c")
    await transactions.pool.execute("delete from audit_entry where id = 3")
    verdict = await verify(transactions)
    assert (verdict.broken_at, verdict.unrecorded, verdict.is_sound) == (None, 1, False)


async def test_a_long_trail_is_checked_in_batches(transactions: Transactions) -> None:
    await record(transactions, *(str(n) for n in range(2001)))
    verdict = await verify(transactions)
    assert verdict.is_sound
    assert verdict.entries == 2001
    async with transactions.read() as tx:
        batches = [batch async for batch in audit.entries_before(transactions, OWNER, AuditFilter())]
        page = await audit.list_entries(tx, OWNER, AuditFilter(), PageRequest(3, 50))
    assert [entry.id for batch in batches for entry in batch] == list(range(2001, 0, -1))
    assert page.total == 2001
    assert page.items[0].id == 1901


async def test_filters(transactions: Transactions) -> None:
    async with transactions.open() as tx:
        tx.emit(Origin(1), Noted(subject_id=1, text="by seven on one"))
        tx.emit(Origin(1, origin_id=8), Noted(subject_id=2, text="by eight on two"))
        tx.emit(Origin(1, "customer", 7), Noted(subject_id=1, text="by a customer on one"))
    await read_log(transactions)
    assert await listed(transactions, actor_kind="user", actor_id=7) == ["by seven on one"]
    assert await listed(transactions, actor_kind="user") == ["by eight on two", "by seven on one"]
    assert await listed(transactions, subject_kind="conversation", subject_id=2) == ["by eight on two"]
    assert await listed(transactions, types=["test.other"]) == []
    assert len(await listed(transactions, types=["test.other", "test.noted"])) == 3
    assert len(await listed(transactions, since=transactions.clock().replace(year=2020))) == 3
    assert await listed(transactions, since=transactions.clock().replace(year=2199)) == []


@pytest.mark.parametrize(
    "actor",
    [
        Actor(account_id=1, kind="user", user_id=9, role=Role.USER, mailbox_ids=frozenset()),
        Actor.for_customer(1, 5),
    ],
)
async def test_only_administrators_read_it(transactions: Transactions, actor: Actor) -> None:
    await record(transactions, "a")
    with pytest.raises(Forbidden):
        await listed(transactions, actor)
    with pytest.raises(Forbidden):
        await anext(audit.entries_before(transactions, actor, AuditFilter()))


async def test_an_account_sees_its_own_trail_only(transactions: Transactions) -> None:
    await record(transactions, "mine")
    await record(transactions, "theirs", account_id=2)
    assert await listed(transactions, Actor(account_id=2, kind="user", user_id=7, role=Role.ADMIN)) == ["theirs"]


async def test_what_people_wrote_stays_out(transactions: Transactions) -> None:
    async with transactions.open() as tx:
        tx.emit(Origin(1), SubjectEdited(subject_id=1, text="my credit card number"))
    await read_log(transactions)
    async with transactions.read() as tx:
        (entry,) = (await audit.list_entries(tx, OWNER, AuditFilter(), FIRST_PAGE)).items
    assert (entry.type, entry.data) == ("convo.subject", {})
