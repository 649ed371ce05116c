"""Saved replies: E83 to E88 under both spellings, X12 to X14, and what threads keep of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import assert_refused
from tests.make import AccountMade, Person
from waypost.domains.mailboxes import Mailbox

pytestmark = pytest.mark.anyio

NAUGHTY = Path(__file__).parents[2] / "data" / "hostile" / "naughty-strings.jsonl"


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


class Shelf:
    """A mailbox with somebody who works in it, and a second one out of their reach."""

    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox, other: Mailbox, person: Person) -> None:
        self.desk, self.account, self.mailbox, self.other, self.person = desk, account, mailbox, other, person
        self.path = f"/v2/mailboxes/{mailbox.id}/saved-replies"
        self.underscore = f"/v2/mailboxes/{mailbox.id}/saved_replies"
        self.client: httpx.AsyncClient

    async def save(self, path: str | None = None, **body: Any) -> int:
        answer = await self.client.post(path or self.path, json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def events(self) -> list[tuple[str, int | None, int | None, dict[str, Any]]]:
        async with self.desk.connection() as connection:
            rows = await connection.fetch(
                """select type, subject_id, actor_id, data from event
                   where account_id = $1 and type like 'saved-reply.%' order by id""",
                self.account.id,
            )
        return [(row["type"], row["subject_id"], row["actor_id"], row["data"]) for row in rows]


@pytest.fixture
async def shelf(desk: Desk) -> Shelf:
    account = await desk.make.account()
    mailbox, other = await desk.make.mailbox(account), await desk.make.mailbox(account, name="Sales")
    person = await desk.make.user(account, mailboxes=[mailbox])
    made = Shelf(desk, account, mailbox, other, person)
    made.client = await desk.client(person)
    return made


async def test_one_who_works_in_the_mailbox_saves_a_reply(shelf: Shelf) -> None:
    sent = {"name": "Welcome", "text": "<p>Hello and welcome</p>", "chatText": "Hello"}
    answer = await shelf.client.post(shelf.path, json=sent)

    assert answer.status_code == 201
    body = answer.json()
    own = f"{shelf.desk.base_url}{shelf.path}/{body['id']}"
    assert answer.headers["resource-id"] == str(body["id"])
    assert answer.headers["location"] == own
    assert answer.headers["content-type"] == "application/hal+json"
    assert body == {
        "id": body["id"],
        "mailboxId": shelf.mailbox.id,
        "name": "Welcome",
        "text": "<p>Hello and welcome</p>",
        "chatText": "Hello",
        "_links": {
            "self": {"href": own},
            "mailbox": {"href": f"{shelf.desk.base_url}/v2/mailboxes/{shelf.mailbox.id}"},
        },
    }
    assert (await shelf.client.get(own)).json() == body
    assert (await shelf.client.get(f"{shelf.underscore}/{body['id']}")).json() == body
    assert (await shelf.client.get(f"/v2/saved-replies/{body['id']}")).json() == body


async def test_the_list_under_the_hyphen_is_a_bare_array_by_name(shelf: Shelf) -> None:
    last = await shelf.save(name="zeta", text="<p>Hello and <b>welcome</b></p>")
    first = await shelf.save(name="Alpha", text="One", chatText="Two")

    answer = await shelf.client.get(shelf.path)

    assert answer.status_code == 200
    assert answer.json() == [
        {"id": first, "name": "Alpha", "preview": "One", "chatPreview": "Two"},
        {"id": last, "name": "zeta", "preview": "Hello and welcome", "chatPreview": None},
    ]


async def test_replies_for_chats_alone_are_listed_on_request(shelf: Shelf) -> None:
    await shelf.save(name="Chat", chatText="Hi there")

    assert (await shelf.client.get(shelf.path)).json() == []
    assert (await shelf.client.get(shelf.path + "?includeChatReplies=false")).json() == []
    [found] = (await shelf.client.get(shelf.path + "?includeChatReplies=true")).json()
    assert (found["preview"], found["chatPreview"]) == (None, "Hi there")
    paged = (await shelf.client.get(shelf.underscore)).json()
    assert paged["page"] == {"size": 50, "totalElements": 0, "totalPages": 0, "number": 1}
    assert paged["_embedded"] == {"saved_replies": []}
    whole = (await shelf.client.get(f"{shelf.path}/{found['id']}")).json()
    assert "text" not in whole


async def test_the_list_under_the_underscore_is_hal_with_texts(shelf: Shelf) -> None:
    ids = [await shelf.save(path=shelf.underscore, name=f"Reply {number}", text=str(number)) for number in range(3)]

    listed = (await shelf.client.get(shelf.underscore + "?limit=2&includeChatReplies=true")).json()

    assert set(listed) == {"_embedded", "page", "_links"}
    assert listed["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 1}
    assert listed["_embedded"]["saved_replies"][0] == {
        "id": ids[0],
        "name": "Reply 0",
        "preview": "0",
        "chatPreview": None,
        "text": "0",
        "chatText": None,
        "_links": {"self": {"href": f"{shelf.desk.base_url}{shelf.path}/{ids[0]}"}},
    }
    assert set(listed["_links"]) == {"self", "first", "last", "page", "next"}
    following = (await shelf.client.get(listed["_links"]["next"]["href"])).json()
    assert [item["id"] for item in following["_embedded"]["saved_replies"]] == ids[2:]


async def test_long_texts_are_previewed_shortened(shelf: Shelf) -> None:
    await shelf.save(name="Long", text="word " * 300)

    [found] = (await shelf.client.get(shelf.path)).json()

    assert 200 < len(found["preview"]) <= 260


async def test_what_is_missing_is_named(shelf: Shelf) -> None:
    assert_refused(await shelf.client.post(shelf.path, json={}), "name", "text")
    assert_refused(await shelf.client.post(shelf.path, json={"name": " \u200b", "text": "<p> </p>"}), "name", "text")
    assert_refused(await shelf.client.post(shelf.path, json={"name": "x" * 256, "text": "x"}), "name")
    assert_refused(await shelf.client.post(shelf.path, json={"name": 7, "text": [1]}), "name", "text")
    assert (await shelf.client.post(shelf.path, content="[")).status_code == 400
    assert (await shelf.client.get(shelf.path)).json() == []
    assert await shelf.save(name="x" * 255, text="x")


async def test_a_missing_key_keeps_its_value(shelf: Shelf) -> None:
    reply = await shelf.save(name="Welcome", text="<p>Hello</p>", chatText="Hi")
    for path, change in (
        (shelf.path, {"text": "<p>Good day</p>"}),
        (shelf.underscore, {"name": "Greeting", "text": None}),
        ("/v2/saved-replies", {"chatText": "Hey"}),
    ):
        answer = await shelf.client.put(f"{path}/{reply}", json=change)
        assert (answer.status_code, answer.content) == (204, b"")

    found = (await shelf.client.get(f"{shelf.path}/{reply}")).json()

    assert (found["name"], found["text"], found["chatText"]) == ("Greeting", "<p>Good day</p>", "Hey")


async def test_an_empty_text_takes_one_away_but_not_both(shelf: Shelf) -> None:
    reply = await shelf.save(name="Welcome", text="Hello", chatText="Hi")

    assert (await shelf.client.put(f"{shelf.path}/{reply}", json={"text": ""})).status_code == 204
    assert "text" not in (await shelf.client.get(f"{shelf.path}/{reply}")).json()
    assert_refused(await shelf.client.put(f"{shelf.path}/{reply}", json={"chatText": ""}), "text")
    assert_refused(await shelf.client.put(f"{shelf.path}/{reply}", json={"name": ""}), "name")


async def test_a_deleted_one_is_gone_from_every_path_and_its_row_stays(shelf: Shelf) -> None:
    for path in (shelf.path, shelf.underscore, "/v2/saved-replies"):
        reply = await shelf.save(name="Old", text="Old")
        own = f"{path}/{reply}"

        assert (await shelf.client.delete(own)).status_code == 204
        assert (await shelf.client.delete(own)).status_code == 404
        assert (await shelf.client.get(own)).status_code == 404
        assert (await shelf.client.put(own, json={"name": "x"})).status_code == 404
    assert (await shelf.client.get(shelf.path)).json() == []
    assert (await shelf.client.get("/v2/saved-replies")).json()["page"]["totalElements"] == 0
    async with shelf.desk.connection() as connection:
        kept = await connection.fetchval("select count(*) from saved_reply where account_id = $1", shelf.account.id)
    assert kept == 3


async def test_another_mailbox_does_not_know_it(shelf: Shelf) -> None:
    owner = await shelf.desk.client(shelf.account.owner)
    reply = await shelf.save(name="Here", text="Here")
    elsewhere = f"/v2/mailboxes/{shelf.other.id}/saved-replies/{reply}"

    for call in (owner.get(elsewhere), owner.put(elsewhere, json={"name": "x"}), owner.delete(elsewhere)):
        assert (await call).status_code == 404
    assert (await shelf.client.get(f"{shelf.path}/{reply}")).json()["name"] == "Here"


async def test_a_mailbox_out_of_reach_is_not_found_by_path_and_refused_in_bodies(shelf: Shelf) -> None:
    path = f"/v2/mailboxes/{shelf.other.id}/saved-replies"
    body = {"name": "x", "text": "x"}

    assert (await shelf.client.get(path)).status_code == 404
    assert (await shelf.client.post(path, json=body)).status_code == 404
    assert (await shelf.client.post("/v2/saved-replies", json={**body, "mailboxId": shelf.other.id})).status_code == 403
    assert (await shelf.client.get(f"/v2/saved-replies?mailboxId={shelf.other.id}")).status_code == 403
    owner = await shelf.desk.client(shelf.account.owner)
    assert_refused(await owner.post("/v2/saved-replies", json={**body, "mailboxId": 999999}), "mailboxId")
    assert_refused(await owner.post("/v2/saved-replies", json=body), "mailboxId")
    assert (await owner.get("/v2/saved-replies?mailboxId=999999")).json()["page"]["totalElements"] == 0


async def test_the_top_level_list_holds_what_the_user_sees(shelf: Shelf) -> None:
    owner = await shelf.desk.client(shelf.account.owner)
    hidden = await owner.post(
        "/v2/saved-replies", json={"mailboxId": shelf.other.id, "name": "Hidden", "text": "Hidden"}
    )
    assert hidden.headers["location"].endswith(f"/v2/mailboxes/{shelf.other.id}/saved-replies/{hidden.json()['id']}")
    own = await shelf.save(name="Chat", chatText="Only for chats")

    seen = (await shelf.client.get("/v2/saved-replies")).json()["_embedded"]["savedReplies"]
    every = (await owner.get("/v2/saved-replies")).json()["_embedded"]["savedReplies"]
    of_one = (await owner.get(f"/v2/saved-replies?mailboxId={shelf.other.id}")).json()["_embedded"]["savedReplies"]

    assert [(item["id"], item["mailboxId"]) for item in seen] == [(own, shelf.mailbox.id)]
    assert [item["name"] for item in every] == ["Chat", "Hidden"]
    assert [item["name"] for item in of_one] == ["Hidden"]
    refused = (await owner.get("/v2/saved-replies?includeChatReplies=false")).json()["_embedded"]["savedReplies"]
    assert [item["name"] for item in refused] == ["Hidden"]


@pytest.mark.parametrize(
    ("words", "found"),
    [("REFUND", ["Refunds"]), ("within 5%", ["Refunds"]), ("%", ["Refunds"]), ("_", []), ("strong", []), ("\\", [])],
)
async def test_the_search_takes_words_as_they_are(shelf: Shelf, words: str, found: list[str]) -> None:
    await shelf.save(name="Refunds", text="<p>You get <strong>it back</strong> within 5% of the time</p>")
    await shelf.save(name="Greeting", text="Hello")

    listed = (await shelf.client.get("/v2/saved-replies", params={"query": words})).json()

    assert [item["name"] for item in listed["_embedded"]["savedReplies"]] == found


@pytest.mark.parametrize("key", ["text", "chatText"])
async def test_texts_are_sanitised_on_the_way_in(shelf: Shelf, key: str) -> None:
    sent = '<p onclick="steal()">Hello<script>steal()</script><a href="javascript:steal()">x</a></p>'

    reply = await shelf.save(name="Welcome", **{key: sent})

    found = (await shelf.client.get(f"{shelf.path}/{reply}")).json()[key]
    assert "Hello" in found
    assert "steal" not in found
    await shelf.client.put(f"{shelf.path}/{reply}", json={key: sent + "again"})
    assert "steal" not in (await shelf.client.get(f"{shelf.path}/{reply}")).json()[key]


async def test_plain_text_keeps_its_lines(shelf: Shelf) -> None:
    reply = await shelf.save(name="Plain", text="One & two\n5 < 6")

    assert (await shelf.client.get(f"{shelf.path}/{reply}")).json()["text"] == "One &amp; two<br>5 &lt; 6"


async def test_every_change_is_in_the_log_without_the_texts(shelf: Shelf) -> None:
    reply = await shelf.save(name="Welcome", text="Hello")
    await shelf.client.put(f"{shelf.path}/{reply}", json={"name": "Greeting", "text": "Hello"})
    await shelf.client.put(f"{shelf.path}/{reply}", json={"name": "Greeting"})
    await shelf.client.delete(f"{shelf.path}/{reply}")

    box, who = {"mailbox_id": shelf.mailbox.id}, shelf.person.id
    assert await shelf.events() == [
        ("saved-reply.created", reply, who, box),
        ("saved-reply.updated", reply, who, {**box, "changed": ["name"]}),
        ("saved-reply.deleted", reply, who, box),
    ]


async def test_the_audit_trail_shows_who_changed_them(shelf: Shelf) -> None:
    await shelf.save(name="Welcome", text="Hello")
    await shelf.desk.run_workers()

    trail = (await (await shelf.desk.client(shelf.account.owner)).get("/v2/audit")).json()

    assert "saved-reply.created" in json.dumps(trail)


async def test_naughty_strings_are_kept_or_refused_and_never_a_fault(shelf: Shelf) -> None:
    strings = [json.loads(line) for line in NAUGHTY.read_text(encoding="utf-8").splitlines()]
    for text in strings:
        answer = await shelf.client.post(shelf.path, json={"name": text, "text": text, "chatText": text})
        assert answer.status_code in (201, 422), (text, answer.text)
    found = await shelf.client.get("/v2/saved-replies", params={"query": strings[-1], "limit": "100"})
    assert found.status_code == 200
    for text in strings[::10]:
        assert (await shelf.client.get("/v2/saved-replies", params={"query": text})).status_code == 200


async def conversation_in(shelf: Shelf, mailbox: Mailbox) -> int:
    owner = await shelf.desk.client(shelf.account.owner)
    answer = await owner.post(
        "/v2/conversations",
        json={
            "subject": "Question",
            "customer": {"email": "jane@example.com"},
            "mailboxId": mailbox.id,
            "type": "email",
            "status": "active",
            "threads": [{"type": "customer", "text": "Hello", "savedReplyId": 5}],
        },
    )
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def saved_reply_of(shelf: Shelf, conversation_id: int, **sent: Any) -> int:
    owner = await shelf.desk.client(shelf.account.owner)
    path = f"/v2/conversations/{conversation_id}"
    answer = await owner.post(path + "/reply", json={"text": "Welcome", **sent})
    assert answer.status_code == 201, answer.text
    return int((await owner.get(f"{path}/threads/{answer.json()['id']}")).json()["savedReplyId"])


async def test_a_thread_keeps_the_saved_reply_that_it_was_written_with(shelf: Shelf) -> None:
    reply = await shelf.save(name="Welcome", text="Welcome")
    deleted = await shelf.save(name="Old", text="Old")
    await shelf.client.delete(f"{shelf.path}/{deleted}")
    here = await conversation_in(shelf, shelf.mailbox)

    assert await saved_reply_of(shelf, here, savedReplyId=reply) == reply
    assert await saved_reply_of(shelf, here, savedReplyId=deleted) == deleted
    assert await saved_reply_of(shelf, here, savedReplyId=None) == 0
    assert await saved_reply_of(shelf, here) == 0


@pytest.mark.parametrize("saved_reply_id", [999999, -1, 2**62, 0])
async def test_an_unknown_saved_reply_never_costs_the_message(shelf: Shelf, saved_reply_id: int) -> None:
    here = await conversation_in(shelf, shelf.mailbox)

    assert await saved_reply_of(shelf, here, savedReplyId=saved_reply_id) == 0


async def test_a_saved_reply_of_another_mailbox_is_not_noted(shelf: Shelf) -> None:
    reply = await shelf.save(name="Welcome", text="Welcome")
    elsewhere = await conversation_in(shelf, shelf.other)

    assert await saved_reply_of(shelf, elsewhere, savedReplyId=reply) == 0
