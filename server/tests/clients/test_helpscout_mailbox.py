"""helpscout-mailbox (PyPI): every method it has, against a live desk."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from tests.clients import published
from tests.clients.ground import Ground, ground
from tests.clients.published import Refused, Remote
from tests.desk import Desk
from waypost.domains.accounts import rights

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    return await ground(module_desk)


@pytest.fixture
async def client(here: Ground) -> AsyncIterator[Remote]:
    given = published.python_environment(
        here.desk.base_url, HELPSCOUT_APP_ID=here.app_id, HELPSCOUT_APP_SECRET=here.secret
    )
    async with published.python("helpscout_mailbox", "HelpScoutClient", given) as made:
        yield made


async def test_a_conversation_is_made_read_and_found(here: Ground, client: Remote) -> None:
    made = await client.create_conversation(
        here.support.id, "Invoice 12", "jane@example.com", "<p>Your invoice</p>", tags=["billing"], status="pending"
    )

    found = await client.get_conversation(made)
    assert (found["subject"], found["status"], found["mailboxId"]) == ("Invoice 12", "pending", here.support.id)
    assert found["primaryCustomer"]["email"] == "jane@example.com"
    [thread] = await client.conversation_threads(made)
    assert (thread["type"], thread["state"]) == ("message", "published")
    assert await client.conversation_body(made) == "<p>Your invoice</p>"


async def test_a_search_goes_through_all_pages_newest_first(here: Ground, client: Remote) -> None:
    made = [await here.conversation(f"Invoice {number}") for number in range(30)]
    await here.conversation("Something else")

    found = await client.search_conversations('subject:"invoice"', date(2020, 1, 1))

    assert [item["id"] for item in found] == made[::-1]
    assert await client.search_conversations('subject:"invoice"', date(2999, 1, 1)) == []


async def test_notes_replies_and_their_texts(here: Ground, client: Remote) -> None:
    conversation = await here.conversation()
    customer = (await client.get_conversation(conversation))["primaryCustomer"]["id"]

    note = await client.add_note(conversation, "A note")
    await client.update_thread_text(conversation, note, "A better note")
    reply = await client.create_reply(conversation, customer, "An answer")

    threads = {thread["id"]: thread for thread in await client.conversation_threads(conversation)}
    assert (threads[note]["type"], threads[note]["body"]) == ("note", "A better note")
    assert (threads[reply]["type"], threads[reply]["body"]) == ("message", "An answer")


async def test_a_file_comes_back_as_it_was_attached(here: Ground, client: Remote) -> None:
    conversation = await here.conversation()
    note = await client.add_note(conversation, "See the file")
    content = bytes(range(256)) * 4

    await client.upload_attachment(conversation, note, "data.bin", content)

    [thread] = [item for item in await client.conversation_threads(conversation) if item["id"] == note]
    [attachment] = thread["_embedded"]["attachments"]
    assert (attachment["filename"], attachment["mimeType"]) == ("data.bin", "application/octet-stream")
    fetched = await client.attachment_data(conversation, attachment["id"])
    assert base64.b64decode(fetched["bytes"]) == content


async def test_a_draft_is_kept_and_then_sent(here: Ground, client: Remote) -> None:
    made = await client.create_conversation(here.support.id, "Reminder", "jane@example.com", "Please pay", draft=True)
    [draft] = await client.conversation_threads(made)
    assert draft["state"] == "draft"

    await client.send_draft(made, draft["id"])

    [sent] = await client.conversation_threads(made)
    assert (sent["id"], sent["state"], sent["type"]) == (draft["id"], "published", "message")
    assert "scheduled" not in sent
    assert (await client.get_conversation(made))["state"] == "published"


async def test_snoozing_closing_and_tagging(here: Ground, client: Remote) -> None:
    conversation = await here.conversation(tags=["vip"])

    await client.snooze_conversation(conversation, datetime(2050, 1, 1, tzinfo=UTC), False)
    await client.add_tags(conversation, ["paid", "vip"])
    found = await client.get_conversation(conversation)
    assert found["snooze"]["snoozedUntil"] == "2050-01-01T00:00:00Z"
    assert found["snooze"]["unsnoozeOnCustomerReply"] is False
    assert sorted(tag["tag"] for tag in found["tags"]) == ["paid", "vip"]

    await client.close_conversation(conversation)
    assert (await client.get_conversation(conversation))["status"] == "closed"


async def test_a_withdrawn_token_is_replaced_on_the_way(here: Ground, client: Remote) -> None:
    conversation = await here.conversation()
    await client.get_conversation(conversation)
    async with here.desk.transactions.open() as tx:
        await tx.connection.execute(
            "delete from oauth_token where account_id = $1 and application_id = $2",
            here.account.id,
            here.application.id,
        )
        await rights.changed(tx, here.account.id)

    assert (await client.get_conversation(conversation))["id"] == conversation


async def test_what_is_refused_says_why(here: Ground, client: Remote) -> None:
    with pytest.raises(Refused, match=r"HelpScoutError: GET /conversations/999999999 failed \(404\).*not found"):
        await client.get_conversation(999_999_999)
    with pytest.raises(Refused, match=r"failed \(400\).*may not be empty"):
        await client.create_conversation(here.support.id, "", "jane@example.com", "Text")
