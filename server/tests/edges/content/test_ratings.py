"""The page on which customers rate an answer: a link shows it, the button records, and webhooks hear of it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.office import Office, open_office
from tests.hooks import OPEN, Clock, desk_with, settle, subscribe
from tests.receiver import receiving
from waypost.domains.conversations import Grade
from waypost.edges.base.rating_links import RATING_LIFETIME, RatingLinks, rating_links

pytestmark = pytest.mark.anyio

with_clock = desk_with(**OPEN, clock=Clock())


class Asked:
    """A customer who got a reply and a mail with links under it."""

    def __init__(self, office: Office, conversation_id: int, reply_id: int, customer_id: int) -> None:
        self.office = office
        self.conversation_id = conversation_id
        self.reply_id = reply_id
        self.customer_id = customer_id

    @property
    def links(self) -> RatingLinks:
        context = self.office.desk.context
        return rating_links(
            context.secret_key, context.content_address, self.office.account.id, self.reply_id, self.customer_id,
            context.transactions.clock(),
        )  # fmt: skip

    @property
    def page(self) -> str:
        """Where the form goes."""
        return self.links.great.rpartition("/")[0]

    async def rating(self) -> dict[str, object] | None:
        threads = await self.office.threads(self.conversation_id)
        found: dict[str, object] | None = next(item for item in threads if item["id"] == self.reply_id).get("rating")
        return found


async def ask(desk: Desk) -> Asked:
    office = await open_office(desk)
    conversation_id = await office.start()
    reply_id = await office.add(conversation_id, "reply", text="Done")
    customer_id = (await office.conversation(conversation_id))["primaryCustomer"]["id"]
    return Asked(office, conversation_id, reply_id, customer_id)


@pytest.fixture
async def asked(module_desk: Desk) -> Asked:
    return await ask(module_desk)


@pytest.fixture
async def browser(module_desk: Desk) -> httpx.AsyncClient:
    return await module_desk.client()


async def test_following_a_link_records_nothing(asked: Asked, browser: httpx.AsyncClient) -> None:
    for grade in Grade:
        for method in ("GET", "HEAD", "GET"):
            answer = await browser.request(method, asked.links.of(grade))
            assert answer.status_code == 200, answer.text
            assert bool(answer.content) == (method == "GET")

    assert await asked.rating() is None
    assert await asked.office.facts("satisfaction.ratings.received") == []


@pytest.mark.parametrize("grade", list(Grade))
async def test_the_grade_of_the_link_is_chosen(asked: Asked, browser: httpx.AsyncClient, grade: Grade) -> None:
    answer = await browser.get(asked.links.of(grade))

    assert answer.status_code == 200
    assert f'value="{grade.value}" required checked' in answer.text
    assert answer.text.count(" checked") == 1
    assert asked.office.mailbox.name in answer.text
    assert asked.office.account.owner.first_name in answer.text
    # What was written stays between those who wrote it.
    assert "Done" not in answer.text
    assert "jane@example.com" not in answer.text


async def test_the_button_records_and_thanks(asked: Asked, browser: httpx.AsyncClient) -> None:
    answer = await browser.post(asked.page, data={"grade": "okay", "comments": " Took a\r\nwhile. <b>Still</b>  "})

    assert answer.status_code == 200
    assert "Thank you" in answer.text
    assert await asked.rating() == {
        "customerId": asked.customer_id, "rating": "okay", "comments": "Took a\nwhile. <b>Still</b>",
    }  # fmt: skip
    facts = await asked.office.facts("satisfaction.ratings.received")
    assert [fact["data"]["rating"] for fact in facts] == ["okay"]
    found = await asked.office.get(f"/v2/ratings/{facts[0]['data']['rating_id']}")
    assert (found["rating"], found["threadId"]) == ("okay", asked.reply_id)


async def test_sending_it_twice_rates_once(asked: Asked, browser: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await browser.post(asked.page, data={"grade": "great"})).status_code == 200

    assert len(await asked.office.facts("satisfaction.ratings.received")) == 1


async def test_a_mind_may_change_and_the_page_shows_what_was_said(asked: Asked, browser: httpx.AsyncClient) -> None:
    await browser.post(asked.page, data={"grade": "okay", "comments": "<i>Hm</i>"})

    again = await browser.get(asked.page)
    assert 'value="okay" required checked' in again.text
    assert "&lt;i&gt;Hm&lt;/i&gt;" in again.text
    other = await browser.get(asked.links.great)
    assert 'value="great" required checked' in other.text
    await browser.post(asked.page, data={"grade": "great", "comments": "Better"})

    assert (await asked.rating() or {})["rating"] == "great"
    assert len(await asked.office.facts("satisfaction.ratings.received")) == 2


async def test_what_cannot_be_recorded_keeps_the_words(asked: Asked, browser: httpx.AsyncClient) -> None:
    nothing = await browser.post(asked.page, data={"comments": "Kept words"})
    assert nothing.status_code == 422
    assert "Please choose one of the three." in nothing.text
    assert "Kept words" in nothing.text
    unknown = await browser.post(asked.page, data={"grade": "superb"})
    assert unknown.status_code == 422
    endless = await browser.post(asked.page, data={"grade": "great", "comments": "x" * 2001})
    assert endless.status_code == 422
    assert "2,001 characters" in endless.text
    assert 'value="great" required checked' in endless.text
    assert (await browser.post(asked.page, data={"grade": "great", "comments": "x" * 40_000})).status_code == 413
    assert (await browser.post(asked.page, content=b"\xff&&=%")).status_code == 422
    assert await asked.rating() is None


async def test_links_that_do_not_count_are_friendly_pages(asked: Asked, browser: httpx.AsyncClient) -> None:
    token = asked.page.rpartition("/")[2]
    for path in ("/content/ratings/forged/great", f"/content/ratings/{token[:-1]}/great", f"{asked.page}/superb"):
        answer = await browser.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "Nothing is here" in answer.text
    assert (await browser.post("/content/ratings/forged", data={"grade": "great"})).status_code == 404
    assert (await browser.put(asked.page)).status_code == 405


async def test_a_deleted_conversation_or_hidden_customer_is_a_friendly_page(
    asked: Asked, browser: httpx.AsyncClient
) -> None:
    await asked.office.client.delete(f"/v2/conversations/{asked.conversation_id}")

    assert (await browser.get(asked.links.great)).status_code == 404
    answer = await browser.post(asked.page, data={"grade": "great"})
    assert answer.status_code == 404
    assert "removed since" in answer.text


async def test_a_link_rates_its_own_answer_for_its_own_customer_only(asked: Asked, browser: httpx.AsyncClient) -> None:
    other = await ask(asked.office.desk)
    context = asked.office.desk.context
    for account_id, thread_id, customer_id in (
        (other.office.account.id, asked.reply_id, asked.customer_id),
        (asked.office.account.id, other.reply_id, asked.customer_id),
        (asked.office.account.id, asked.reply_id, other.customer_id),
    ):
        now = context.transactions.clock()
        made = rating_links(context.secret_key, context.content_address, account_id, thread_id, customer_id, now)
        answer = await browser.post(made.great.rpartition("/")[0], data={"grade": "not_good"})
        assert answer.status_code == 404
    assert await asked.rating() is await other.rating() is None


async def test_one_link_takes_ten_ratings_a_minute(asked: Asked, browser: httpx.AsyncClient) -> None:
    # A minute may end in between, once.
    answers = [await browser.post(asked.page, data={"grade": "great"}) for _ in range(21)]

    assert [answer.status_code for answer in answers[:10]] == [200] * 10
    refused = next(answer for answer in answers if answer.status_code != 200)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 61


@with_clock
async def test_after_a_week_a_rating_stays_and_after_ninety_days_the_link_ends(desk: Desk) -> None:
    clock: Clock = desk.transactions.clock  # type: ignore[assignment]
    asked, browser = await ask(desk), await desk.client()
    links, page = asked.links, asked.page
    await browser.post(page, data={"grade": "okay", "comments": "Fine"})

    clock.advance(timedelta(days=7).total_seconds())

    for answer in (await browser.get(links.great), await browser.post(page, data={"grade": "great"})):
        assert answer.status_code == 200
        assert "You have rated this answer" in answer.text
        assert "<form" not in answer.text
    assert len(await asked.office.facts("satisfaction.ratings.received")) == 1
    clock.advance((RATING_LIFETIME - timedelta(days=7)).total_seconds())
    ended = await browser.get(links.great)
    assert ended.status_code == 410
    assert "The time to rate this is over" in ended.text
    assert (await browser.post(page, data={"grade": "great"})).status_code == 410


@pytest.mark.parametrize("profile", ["seed", "platform"])
@desk_with(**OPEN)
async def test_webhooks_hear_of_a_rating_in_either_profile(desk: Desk, profile: str) -> None:
    asked, browser = await ask(desk), await desk.client()
    await settle(desk)
    async with receiving() as receiver:
        name = "satisfaction.ratings.received" if profile == "seed" else "satisfaction.ratings"
        await subscribe(asked.office.client, receiver.url, name, profile=profile)
        await browser.post(asked.page, data={"grade": "not_good", "comments": "Not yet"})
        await settle(desk)

    [request] = receiver.requests
    rating_id = (await asked.office.facts("satisfaction.ratings.received"))[0]["data"]["rating_id"]
    assert request.event == name
    rating = request.json["data"]["rating"] if profile == "seed" else request.json
    assert (rating["id"], rating["comments"]) == (rating_id, "Not yet")
    assert rating["rating"] == {"seed": "bad", "platform": "not_good"}[profile]


async def test_the_page_reads_and_sets_no_cookie(asked: Asked) -> None:
    client = await asked.office.desk.client(Cookie="waypost_session=stolen; waypost_form=x")
    answer = await client.get(asked.links.great)

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert urlsplit(asked.links.great).path.startswith("/content/")
