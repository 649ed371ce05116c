"""E110 (spec: 11.14), `rating` of threads (spec: 7A.0), and the verb by which customers rate."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.office import Office, open_office
from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.conversations import Grade, Rating
from waypost.kit.errors import Forbidden, Invalid, NotFound, Unavailable

pytestmark = pytest.mark.anyio

NAUGHTY = Path(__file__).parents[2] / "data" / "hostile" / "naughty-strings.jsonl"


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def office(desk: Desk) -> Office:
    return await open_office(desk)


class Answered:
    """A conversation with a reply, and the customer who got it."""

    def __init__(self, office: Office, conversation_id: int, reply_id: int, customer_id: int) -> None:
        self.office = office
        self.conversation_id = conversation_id
        self.reply_id = reply_id
        self.customer = Actor.for_customer(office.account.id, customer_id)

    async def rate(self, grade: Grade, comments: str = "", thread_id: int | None = None) -> Rating:
        async with self.office.desk.transactions.open() as tx:
            return await conversations.rate(tx, self.customer, thread_id or self.reply_id, grade, comments)


@pytest.fixture
async def answered(office: Office) -> Answered:
    conversation_id = await office.start()
    reply_id = await office.add(conversation_id, "reply", text="Done")
    customer_id = (await office.conversation(conversation_id))["primaryCustomer"]["id"]
    return Answered(office, conversation_id, reply_id, customer_id)


async def test_a_rating_has_every_key(desk: Desk, office: Office, answered: Answered) -> None:
    rating = await answered.rate(Grade.GREAT, "Thanks!")

    found = await office.get(f"/v2/ratings/{rating.id}")

    conversation = await office.conversation(answered.conversation_id)
    customer_id, base = answered.customer.customer_id, f"{desk.base_url}/v2"
    owner = office.account.owner
    assert found == {
        "id": rating.id,
        "threadId": answered.reply_id,
        "conversationId": answered.conversation_id,
        "conversationNumber": conversation["number"],
        "mailboxId": office.mailbox.id,
        "rating": "great",
        "comments": "Thanks!",
        "customer": {
            "id": customer_id, "firstName": "Jane", "lastName": "Smith", "email": "jane@example.com", "photoUrl": "",
        },
        "user": {"id": owner.id, "firstName": owner.first_name, "lastName": owner.last_name, "email": owner.email},
        "createdAt": found["createdAt"],
        "modifiedAt": found["createdAt"],
        "_links": {
            "self": {"href": f"{base}/ratings/{rating.id}"},
            "conversation": {"href": f"{base}/conversations/{answered.conversation_id}"},
            "mailbox": {"href": f"{base}/mailboxes/{office.mailbox.id}"},
            "customer": {"href": f"{base}/customers/{customer_id}"},
            "user": {"href": f"{base}/users/{owner.id}"},
        },
    }  # fmt: skip
    for link in found["_links"].values():
        assert (await office.client.get(link["href"])).status_code == 200


async def test_threads_show_their_rating(office: Office, answered: Answered) -> None:
    await answered.rate(Grade.NOT_GOOD, "No")

    reply, question = await office.threads(answered.conversation_id)

    assert reply["rating"] == {"customerId": answered.customer.customer_id, "rating": "not_good", "comments": "No"}
    assert "rating" not in question
    embedded = await office.get(f"/v2/conversations/{answered.conversation_id}?embed=threads")
    assert embedded["_embedded"]["threads"][0]["rating"] == reply["rating"]
    assert (await office.get(f"/v3/conversations/{answered.conversation_id}/threads"))["_embedded"]["threads"][0][
        "rating"
    ] == reply["rating"]


async def test_a_rating_may_be_changed_and_stays_one(office: Office, answered: Answered) -> None:
    first = await answered.rate(Grade.OKAY)
    again = await answered.rate(Grade.OKAY)
    changed = await answered.rate(Grade.GREAT, "  Better\r\nnow ")

    assert first.id == again.id == changed.id
    assert (changed.grade, changed.comments) == (Grade.GREAT, "Better\nnow")
    facts = await office.facts("satisfaction.ratings.received")
    assert [fact["data"] for fact in facts] == [
        {
            "rating_id": first.id,
            "thread_id": answered.reply_id,
            "rating": rating,
            "customer_id": answered.customer.customer_id,
            "user_id": office.account.owner.id,
        }
        for rating in ("okay", "great")
    ]
    assert {(fact["subject_id"], fact["scope_id"], fact["actor_kind"]) for fact in facts} == {
        (answered.conversation_id, office.mailbox.id, "customer")
    }
    async with office.desk.transactions.read() as tx:
        assert await conversations.find_own_rating(tx, answered.customer, answered.reply_id) == changed


async def test_ratings_at_once_are_one(office: Office, answered: Answered) -> None:
    ratings = await asyncio.gather(*(answered.rate(grade) for grade in list(Grade) * 3))

    assert len({rating.id for rating in ratings}) == 1


async def test_each_customer_has_a_rating_of_their_own(office: Office, answered: Answered) -> None:
    reply = await office.add(answered.conversation_id, "reply", customer={"email": "olga@example.com"})
    olga = (await office.threads(answered.conversation_id))[0]["customer"]["id"]
    other = Answered(office, answered.conversation_id, reply, olga)

    first, second = await answered.rate(Grade.GREAT, thread_id=reply), await other.rate(Grade.OKAY)

    assert first.id != second.id
    assert (await office.threads(answered.conversation_id))[0]["rating"]["customerId"] == olga


async def test_only_answers_to_the_customer_can_be_rated(desk: Desk, office: Office, answered: Answered) -> None:
    question = (await office.threads(answered.conversation_id))[-1]["id"]
    note = await office.add(answered.conversation_id, "notes")
    call = await office.add(answered.conversation_id, "phones")
    draft = await office.add(answered.conversation_id, "reply", draft=True)
    elsewhere = await office.start(customer={"email": "olga@example.com"})
    foreign = await office.add(elsewhere, "reply")
    stranger = await open_office(desk)
    far = await stranger.add(await stranger.start(), "reply")

    for thread_id in (question, note, call, draft, foreign, far, 999_999):
        with pytest.raises(NotFound):
            await answered.rate(Grade.GREAT, thread_id=thread_id)


async def test_agents_do_not_rate(office: Office, answered: Answered) -> None:
    with pytest.raises(Forbidden):
        async with office.desk.transactions.open() as tx:
            await conversations.rate(tx, office.account.owner.actor, answered.reply_id, Grade.GREAT)


async def test_long_comments_are_refused(office: Office, answered: Answered) -> None:
    with pytest.raises(Invalid) as refusal:
        await answered.rate(Grade.GREAT, "x" * 2001)
    assert [error.path for error in refusal.value.errors] == ["comments"]
    assert (await answered.rate(Grade.GREAT, "x" * 2000)).comments == "x" * 2000


async def test_awkward_comments_come_back_as_text(office: Office, answered: Answered) -> None:
    lines = NAUGHTY.read_text(encoding="utf-8").splitlines()
    for comments in ["a\0b", "\ud800half", "<script>alert(1)</script>", *(json.loads(line) for line in lines)]:
        rating = await answered.rate(Grade.GREAT, comments)
        expected = comments.replace("\0", "").replace("\ud800", "").replace("\r\n", "\n").strip()
        assert rating.comments == expected
        assert (await office.get(f"/v2/ratings/{rating.id}"))["comments"] == expected


async def test_locked_and_deleted_conversations_take_no_rating(desk: Desk, office: Office, answered: Answered) -> None:
    rating = await answered.rate(Grade.GREAT)
    async with desk.connection() as connection:
        await connection.execute("update conversation set locked_at = now() where id = $1", answered.conversation_id)
    with pytest.raises(Unavailable):
        await answered.rate(Grade.OKAY)
    async with desk.connection() as connection:
        await connection.execute("update conversation set locked_at = null where id = $1", answered.conversation_id)
    assert (await office.client.delete(f"/v2/conversations/{answered.conversation_id}")).status_code == 204
    with pytest.raises(NotFound):
        await answered.rate(Grade.OKAY)
    assert (await office.client.get(f"/v2/ratings/{rating.id}")).status_code == 404


async def test_ratings_are_seen_by_those_who_see_the_mailbox(desk: Desk, office: Office, answered: Answered) -> None:
    rating = await answered.rate(Grade.GREAT)
    insider = await desk.make.user(office.account, mailboxes=[office.mailbox])

    for who, status in ((insider, 200), (office.account.user, 404), ((await open_office(desk)).account.owner, 404)):
        client = await desk.client(who)
        assert (await client.get(f"/v2/ratings/{rating.id}")).status_code == status
    for path in ("/v2/ratings/999999", "/v2/ratings/x", "/v2/ratings"):
        assert (await office.client.get(path)).status_code == 404
    assert (await office.client.delete(f"/v2/ratings/{rating.id}")).status_code == 405


async def test_a_rating_goes_along_with_its_thread(office: Office, answered: Answered) -> None:
    rating = await answered.rate(Grade.GREAT)
    survivor = await office.start()

    await office.client.post(
        f"/v2/conversations/{survivor}/merge", json={"conversationIds": [answered.conversation_id]}
    )

    assert (await office.get(f"/v2/ratings/{rating.id}"))["conversationId"] == survivor


async def test_a_deleted_customers_ratings_are_gone(desk: Desk, office: Office, answered: Answered) -> None:
    await answered.rate(Grade.GREAT, "secret words")

    answer = await office.client.delete(f"/v2/customers/{answered.customer.customer_id}")

    assert answer.status_code == 204
    async with desk.connection() as connection:
        assert await connection.fetchval("select count(*) from rating where account_id = $1", office.account.id) == 0
