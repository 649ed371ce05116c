"""Words are found in their other forms, in the account's language, while documents are made anew too (spec: 12.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.domains.search_desk import SearchDesk, Thread, opened
from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.conversations import search
from waypost.kit.db import open_pool
from waypost.kit.errors import Invalid
from waypost.kit.paging import PageRequest
from waypost.kit.search_query import parse
from waypost.kit.tx import Transactions

REFUNDS, RUN, UNIVERSITY, NEWS = "My refunds", "A run", "University of life", "News"


@pytest.fixture(scope="module")
def desk(module_database_url: str) -> Iterator[SearchDesk]:
    with opened(module_database_url) as desk:
        ann = desk.customer("Running", "Bear", "refunded@example.com")
        bob = desk.customer("Bob")
        desk.conversation(REFUNDS, bob, Thread("You refunded the shipping costs twice."), tags=("runs",))
        desk.conversation(RUN, ann, Thread("They were running; a refund-policy is needed. Item A42s"))
        desk.conversation(UNIVERSITY, bob, Thread("The universe is large. Please skip this."))
        desk.conversation(NEWS, bob, Thread("Nothing new. Größere Schuhe, déjà réservées"))
        yield desk


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("refund", {REFUNDS, RUN}),
        ("refunding", {REFUNDS, RUN}),
        ("body:refund", {REFUNDS, RUN}),
        ("body:REFUNDED", {REFUNDS, RUN}),
        ("subject:refund", {REFUNDS}),
        ("subject:refunded", {REFUNDS}),
        ("body:run", {RUN}),
        ("body:runs", {RUN}),
        ("subject:running", {RUN}),
        ("body:ran", set()),
        # quotes: the words as they are
        ('body:"refund"', {RUN}),
        ('body:"refunded"', {REFUNDS}),
        ('body:"refunds"', set()),
        ('subject:"refund"', set()),
        ('subject:"refunds my"', {REFUNDS}),
        ('"refund"', {RUN}),
        ('body:"shipping costs"', {REFUNDS}),
        ('body:"shipping cost"', set()),
        ('body:"costs shipping"', set()),
        # words side by side
        ("body:shipping-cost", {REFUNDS}),
        ("body:ship-costing", {REFUNDS}),
        ("body:cost-shipping", set()),
        ("body:refunds-policies", {RUN}),
        ("body:the-shipping-costs-twice", {REFUNDS}),
        # the beginning of a word as it is
        ("body:refunde*", {REFUNDS}),
        ("body:runnin*", {RUN}),
        ("body:runnings*", set()),
        # words that only look alike
        ("body:universities", {UNIVERSITY}),
        ('body:"universities"', set()),
        ("body:new", {NEWS}),
        ("subject:news", {NEWS}),
        ("subject:new", set()),
        ('subject:"new"', set()),
        ("body:pleas", set()),
        ("body:pleasing", {UNIVERSITY}),
        # names, addresses, tags and codes have no other forms
        ("tag:run", set()),
        ("tag:runs", {REFUNDS}),
        ("bears", set()),
        ("bear", {RUN}),
        ("body:a42", set()),
        ("body:a42s", {RUN}),
        ("body:grosser", {NEWS}),
        ("body:RÉSERVÉES", {NEWS}),
        ("NOT refund", {UNIVERSITY, NEWS}),
    ],
)
def test_words_are_found_in_their_other_forms_unless_quoted(desk: SearchDesk, query: str, found: set[str]) -> None:
    assert desk.subjects(query) == found


def test_a_word_as_it_was_written_weighs_more_than_another_form(desk: SearchDesk) -> None:
    score = search.score(parse("body:refunded"), 1)
    rows = desk.rows(
        f"select c.id, {score.sql} as score from conversation c where c.account_id = $1",
        *(desk.account_id, *score.arguments),
    )
    scores = {desk.conversations[row["id"]].subject: row["score"] for row in rows}
    assert scores[REFUNDS] > scores[RUN] > scores[NEWS] == 0


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    async with await open_pool(database_url) as pool:
        yield Transactions(pool)


async def filled(database_url: str, *bodies: str) -> tuple[int, dict[str, int]]:
    """An account with these bodies; the ids of their conversations."""

    def fill() -> tuple[int, dict[str, int]]:
        with opened(database_url) as desk:
            customer = desk.customer("Ann")
            return desk.account_id, {body: desk.conversation("-", customer, Thread(body)).id for body in bodies}

    return await asyncio.to_thread(fill)


async def found(transactions: Transactions, account_id: int, query: str) -> set[int]:
    """What a list finds, as its caller asks for it."""
    async with transactions.read() as tx:
        page = await conversations.list_conversations(
            tx, Actor.system(account_id), conversations.Filter(query=query), PageRequest(1, 25)
        )
    assert page.total == len(page.items)
    return {item.id for item in page.items}


async def rebuild(transactions: Transactions, account_id: int) -> int:
    done = 0
    while (some := await conversations.rebuild_some_documents(transactions, account_id)) is not None:
        done += some
        assert done < 100
    return done


async def test_another_language_is_searched_while_documents_are_made_anew(
    database_url: str, transactions: Transactions
) -> None:
    account, talks = await filled(database_url, "Die Rechnungen fehlen", "two invoices")
    bill, invoices = talks["Die Rechnungen fehlen"], talks["two invoices"]
    assert await found(transactions, account, "Rechnung") == set()

    async with transactions.open() as tx:
        await conversations.choose_search_language(tx, account, "german")
        assert await conversations.documents_left(tx, account) == 2
    assert await found(transactions, account, "invoice") == {invoices}, "old documents are found as before"

    assert await rebuild(transactions, account) == 2
    assert await found(transactions, account, "Rechnung") == {bill}
    assert await found(transactions, account, '"Rechnung"') == set()
    async with transactions.open() as tx:
        assert await conversations.documents_left(tx, account) == 0
        assert await conversations.search_language(tx, account) == "german"

    async with transactions.open() as tx:
        await conversations.choose_search_language(tx, account, "simple")
    await conversations.rebuild_documents(transactions)
    assert await found(transactions, account, "Rechnung") == set()
    assert await found(transactions, account, "Rechnungen") == {bill}


async def test_an_unknown_language_is_refused(database_url: str, transactions: Transactions) -> None:
    account, _ = await filled(database_url)
    async with transactions.open() as tx:
        with pytest.raises(Invalid):
            await conversations.choose_search_language(tx, account, "klingon")


async def test_a_conversation_that_was_being_written_when_the_language_changed_is_not_missed(
    database_url: str, transactions: Transactions
) -> None:
    account, _ = await filled(database_url, "one")
    late = await asyncpg.connect(database_url)
    writing = late.transaction()
    await writing.start()
    talk = await late.fetchval(
        "insert into conversation (account_id, number, mailbox_id, type, status, subject, primary_customer_id,"
        " source_type, source_via, created_at, modified_at, user_updated_at)"
        " select account_id, 2, mailbox_id, type, status, 'Rechnungen', primary_customer_id, source_type, source_via,"
        " created_at, modified_at, user_updated_at from conversation where account_id = $1 returning id",
        account,
    )
    await late.execute("set constraints all immediate")
    async with transactions.open() as tx:
        await conversations.choose_search_language(tx, account, "german")
    for _ in range(5):
        assert await conversations.rebuild_some_documents(transactions, account) is not None, "it waits for the writer"
    await writing.commit()
    await late.close()

    assert await found(transactions, account, "Rechnungen") == {talk}
    assert await rebuild(transactions, account) == 1
    assert await found(transactions, account, "Rechnung") == {talk}


async def test_documents_of_the_release_before_are_found_and_made_anew(
    database_url: str, transactions: Transactions
) -> None:
    account, talks = await filled(database_url, "refunded", "running")
    async with transactions.open() as tx:
        # As the migration leaves what was there before it.
        await tx.connection.execute(
            "insert into search_language (account_id, language, before) values ($1, 'simple', '{}')", account
        )
        await tx.connection.execute(
            "select conversation_search_rebuild($1, $2, true, 'simple')", account, [*talks.values()]
        )
        await tx.connection.execute(
            "update conversation_search set state = null, status = null, mailbox_id = null, created_at = null"
        )
        await tx.connection.execute("update search_language set language = 'english', before = '{simple}'")
    assert await found(transactions, account, "refunded") == {talks["refunded"]}
    assert await found(transactions, account, "refund") == set()

    assert await rebuild(transactions, account) == 2
    assert await found(transactions, account, "refund") == {talks["refunded"]}
    assert await found(transactions, account, "runs status:active") == {talks["running"]}


async def test_the_whole_index_can_be_made_anew(database_url: str, transactions: Transactions) -> None:
    account, talks = await filled(database_url, "lost and found")
    async with transactions.open() as tx:
        await tx.connection.execute("update conversation_search set document = ''")
    assert await found(transactions, account, "lost") == set()
    async with transactions.open() as tx:
        await conversations.make_documents_anew(tx, account)
    assert await rebuild(transactions, account) == 1
    assert await found(transactions, account, "lost") == {*talks.values()}
