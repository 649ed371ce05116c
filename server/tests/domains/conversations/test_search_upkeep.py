"""Search documents follow every change, within its transaction (migration 0004)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from tests.domains.search_desk import Conversation, SearchDesk, Thread, opened, reply


@pytest.fixture
def desk(database_url: str) -> Iterator[SearchDesk]:
    with opened(database_url) as desk:
        yield desk


@pytest.fixture
def talk(desk: SearchDesk) -> Conversation:
    customer = desk.customer("Ada", "Byron", "ada@example.org")
    return desk.conversation("First subject", customer, Thread("first words", customer_id=customer.id), tags=("vip",))


def document(desk: SearchDesk, talk: Conversation) -> tuple[str, set[str]]:
    """Without positions, which depend on the order of the changes."""
    (row,) = desk.rows(
        "select strip(document)::text as words, addresses from conversation_search where conversation_id = $1", talk.id
    )
    return row["words"], set(row["addresses"])


def test_a_conversation_without_threads_is_found(desk: SearchDesk) -> None:
    desk.conversation("Nothing said yet", desk.customer("Ada"))
    assert desk.subjects("nothing") == {"Nothing said yet"}
    assert desk.subjects("body:*") == set()


def test_a_reply_is_found_at_once_and_what_was_there_stays(desk: SearchDesk, talk: Conversation) -> None:
    agent = desk.user("Joe")
    with desk.transaction():
        desk.add_thread(talk.id, reply("second words", agent, "ada@example.org", cc=["Boss@example.net"]))
        assert desk.find("body:second") == {talk.id}
    for query in ("body:first", "body:second", f"replyUserIds:{agent}", "email:boss@example.net", "email:*example.net"):
        assert desk.find(query) == {talk.id}, query
    assert desk.find("email:*s@example.n*") == {talk.id}
    assert desk.find('body:"words second"') == set(), "phrases end with their thread"


def test_what_was_rolled_back_is_not_found(desk: SearchDesk, talk: Conversation) -> None:
    desk.run("begin")
    desk.add_thread(talk.id, Thread("second words"))
    desk.run("rollback")
    assert desk.find("second") == set()


def test_several_threads_in_one_statement(desk: SearchDesk, talk: Conversation) -> None:
    other = desk.conversation("Other subject", talk.customer)
    desk.run(
        "insert into thread (account_id, conversation_id, type, status, body_text, source_type, source_via, created_at)"
        " select $1, c, 'customer', 'active', 'bulk ' || n, 'api', 'customer', now()"
        " from unnest($2::bigint[]) c, generate_series(1, 3) n",
        *(desk.account_id, [talk.id, other.id]),
    )
    assert desk.find('body:"bulk 3"') == {talk.id, other.id}
    assert desk.find("body:first") == {talk.id}


def test_an_appended_document_is_the_one_that_a_rebuild_makes(desk: SearchDesk, talk: Conversation) -> None:
    agent = desk.user("Joe")
    for number in range(3):
        desk.add_thread(talk.id, reply(f"reply number {number}", agent, "ada@example.org", f"x{number}@example.com"))
    appended = document(desk, talk)
    desk.run("select conversation_search_refresh($1, array[$2::bigint], true)", desk.account_id, talk.id)
    assert document(desk, talk) == appended


def test_a_changed_hidden_or_deleted_thread(desk: SearchDesk, talk: Conversation) -> None:
    thread = desk.add_thread(talk.id, Thread("second words", state="draft"))
    assert desk.find("body:second") == set()
    desk.run("update thread set state = 'published' where id = $1", thread)
    assert desk.find("body:second") == {talk.id}
    desk.run("update thread set body_text = 'third words' where id = $1", thread)
    assert desk.find("body:second") == set()
    assert desk.find("body:third body:first") == {talk.id}
    desk.run("update thread set state = 'hidden' where id = $1", thread)
    assert desk.find("body:third") == set()
    desk.run("update thread set state = 'published' where id = $1", thread)
    desk.run("delete from thread where id = $1", thread)
    assert desk.find("body:third") == set()
    assert desk.find("body:first") == {talk.id}


def test_threads_that_move_to_another_conversation(desk: SearchDesk, talk: Conversation) -> None:
    other = desk.conversation("Other subject", talk.customer)
    desk.run("update thread set conversation_id = $2 where conversation_id = $1", talk.id, other.id)
    assert desk.find("body:first") == {other.id}


def test_a_new_subject_or_customer(desk: SearchDesk, talk: Conversation) -> None:
    bob = desk.customer("Bob", "", "bob@example.org")
    desk.run("update conversation set subject = 'Second subject', cc = '{c@x.example}' where id = $1", talk.id)
    assert desk.find("subject:first") == set()
    assert desk.find("subject:second email:c@x.example tag:vip body:first") == {talk.id}
    desk.run("update conversation set primary_customer_id = $2 where id = $1", talk.id, bob.id)
    assert desk.find("email:ada@example.org OR ada") == set()
    assert desk.find("email:bob@example.org bob") == {talk.id}
    assert desk.find(f"customerIds:{talk.customer.id}") == {talk.id}, "she wrote a thread of it"


def test_tags_come_go_and_get_new_names(desk: SearchDesk, talk: Conversation) -> None:
    desk.add_tag(talk.id, "Gold Star")
    assert desk.find("tag:vip tag:gold-star star") == {talk.id}
    desk.run("update tag set name = 'Silver' where id = $1", desk.tags["Gold Star"])
    assert desk.find('tag:"gold star" OR star') == set()
    assert desk.find("tag:silver tag:gold-star") == {talk.id}, "the slug is the same"
    desk.run("delete from conversation_tag where tag_id = $1", desk.tags["vip"])
    assert desk.find("tag:vip") == set()
    desk.run("delete from tag where id = $1", desk.tags["Gold Star"])
    assert desk.find("tag:*") == set()
    assert desk.find("body:first") == {talk.id}


def test_a_customers_new_name_and_addresses(desk: SearchDesk, talk: Conversation) -> None:
    ada = talk.customer.id
    desk.run("update customer set last_name = 'Lovelace' where id = $1", ada)
    assert desk.find("byron") == set()
    assert desk.find("lovelace") == {talk.id}
    assert desk.find_customers("lastName:lovelace -lastName:byron") == {ada}
    desk.add_entry(ada, "email", "countess@example.com")
    assert desk.find("email:countess@example.com countess") == {talk.id}
    assert desk.find_customers("email:countess") == {ada}
    desk.run("update customer_entry set value = 'duchess@example.com' where value = 'countess@example.com'")
    assert desk.find("email:countess@example.com OR countess") == set()
    assert desk.find_customers("email:duchess") == {ada}
    desk.run("delete from customer_entry where customer_id = $1", ada)
    assert desk.find("email:*") == set()
    assert desk.find_customers("email:*") == set()


def test_entries_that_move_to_another_customer(desk: SearchDesk, talk: Conversation) -> None:
    bob = desk.customer("Bob")
    theirs = desk.conversation("Of Bob", bob)
    desk.run("update customer_entry set customer_id = $2 where customer_id = $1", talk.customer.id, bob.id)
    assert desk.find("email:ada@example.org") == {theirs.id}
    assert desk.find_customers("email:ada@example.org") == {bob.id}


def test_an_organization_with_a_new_name(desk: SearchDesk) -> None:
    ada = desk.customer("Ada", organization="Engines Ltd")
    desk.run("update organization set name = 'Looms Ltd'")
    assert desk.find_customers("organization:looms looms") == {ada.id}
    assert desk.find_customers("engines") == set()


def test_deleting_a_conversation_or_customer_leaves_no_document(desk: SearchDesk, talk: Conversation) -> None:
    desk.run("delete from conversation where id = $1", talk.id)
    desk.run("delete from customer where id = $1", talk.customer.id)
    assert desk.run("select count(*) from conversation_search") == 0
    assert desk.run("select count(*) from customer_search") == 0


def test_documents_can_be_made_for_rows_that_have_none(desk: SearchDesk, talk: Conversation) -> None:
    made = document(desk, talk)
    desk.run("delete from conversation_search")
    desk.run("delete from customer_search")
    assert desk.run("select search_fill_conversations($1, 0, 1)", desk.account_id) == talk.id
    assert desk.run("select search_fill_conversations($1, $2, 1)", desk.account_id, talk.id) is None
    assert desk.run("select search_fill_customers($1, 0, null)", desk.account_id) == talk.customer.id
    assert document(desk, talk) == made
    assert desk.find_customers("ada") == {talk.customer.id}


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"{number:x}" for number in range(200_000)),
        "".join(chr(0x4E00 + number % 20_000) for number in range(300_000)),
        " ".join(chr(0x10000 + number) + chr(0x10000 + number % 77) for number in range(60_000)),
        "a" * 3_000_000,
        "é" * 1_000_000,
        "a\u0301" * 500_000,
        "' : * & | ! ( ) <-> \\ \" " * 20_000,
        "\n".join(f"user{number}@example.com" for number in range(60_000)),
    ],
    ids=["numbers", "signs", "rare letters", "one word", "accents", "marks", "operators", "addresses"],
)
def test_no_text_is_too_large_to_be_stored(desk: SearchDesk, talk: Conversation, text: str) -> None:
    places = tuple(text.split()[:6000])
    desk.run("update conversation set subject = $2, cc = $3 where id = $1", talk.id, text, list(places))
    for _ in range(3):
        desk.add_thread(talk.id, Thread(text, to=places))
    desk.add_thread(talk.id, Thread("after all that", to=("last@example.net",)))
    desk.run("select conversation_search_refresh($1, array[$2::bigint], true)", desk.account_id, talk.id)
    assert desk.find("body:first") == {talk.id}


def test_many_addresses_of_a_customer_can_be_stored(desk: SearchDesk, talk: Conversation) -> None:
    desk.run("update customer set first_name = repeat('Ada ', 9000) where id = $1", talk.customer.id)
    desk.run(
        "insert into customer_entry (account_id, customer_id, kind, value)"
        " select $1, $2, kind, repeat('x', 200) || n || '@' || kind || '.example'"
        " from generate_series(1, 1200) n, unnest(array['email', 'phone']) kind",
        *(desk.account_id, talk.customer.id),
    )
    assert desk.find_customers("email:ada@example.org") == {talk.customer.id}


def test_replies_at_the_same_time_are_all_found(desk: SearchDesk, database_url: str, talk: Conversation) -> None:
    """Some append, some have the whole document made anew; none loses what another has added."""

    async def one(number: int) -> None:
        connection = await asyncpg.connect(database_url)
        try:
            async with connection.transaction():
                await connection.execute(
                    "insert into thread (account_id, conversation_id, type, status, body_text, source_type, source_via,"
                    " created_at) values ($1, $2, 'customer', 'active', $3, 'api', 'customer', now())",
                    *(desk.account_id, talk.id, f"parallel{number}"),
                )
                if number % 2:
                    await connection.execute(
                        "update thread set body_text = body_text || ' edited' where body_text = $1", f"parallel{number}"
                    )
        finally:
            await connection.close()

    async def all_at_once() -> None:
        await asyncio.gather(*(one(number) for number in range(8)))

    desk.loop.run_until_complete(all_at_once())
    for number in range(8):
        assert desk.find(f"body:parallel{number} body:first") == {talk.id}
