"""22: a stranger who knows a Message-ID or a subject answers in a conversation, and wants its answers."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened
from waypost.domains.mail import Received, Verdict

pytestmark = [pytest.mark.anyio, pytest.mark.database]

EVE = "Eve <eve@example.net>"


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    return await opened(module_desk)


@pytest.fixture
async def asked(post: Post) -> Received:
    return await post.take(letter(subject="Broken kettle, order 17", message_id="<kettle@example.org>"))


async def test_a_stranger_with_a_message_id_is_shown_as_one_and_gets_nothing(post: Post, asked: Received) -> None:
    sent = await post.reply(asked.conversation_id, customer={"email": "jane@example.org"})
    for known in ("<kettle@example.org>", post.signed_id(asked, sent)):
        taken = await post.take(letter("Send it to me.", sender=EVE, In_Reply_To=known, Cc="mallory@example.net"))
        assert taken.conversation_id == asked.conversation_id
    shown = await post.conversation(asked.conversation_id)
    assert shown["primaryCustomer"]["email"] == "jane@example.org"
    assert (shown["cc"], shown["bcc"]) == ([], [])
    first, _, *strange = await post.threads(asked.conversation_id)
    assert first["mail"]["isStranger"] is False
    assert [thread["mail"]["isStranger"] for thread in strange] == [True, True]
    assert [thread["createdBy"]["email"] for thread in strange] == ["eve@example.net"] * 2

    await post.reply(asked.conversation_id, customer={"id": shown["primaryCustomer"]["id"]})
    assert await post.mailed_to() == {"jane@example.org"}


async def test_what_a_stranger_wrote_makes_nobody_a_participant(post: Post, asked: Received) -> None:
    for sender in (EVE, EVE, "mallory@example.net"):
        raw = letter(sender=sender, In_Reply_To="<kettle@example.org>", Cc="mallory@example.net")
        await post.take(raw)
    strange = [thread["mail"]["isStranger"] for thread in await post.threads(asked.conversation_id)]
    assert strange == [False, True, True, True]
    subject = await post.take(letter(sender=EVE, subject="Re: Broken kettle, order 17"))
    assert subject.outcome == "conversation"


async def test_a_subject_alone_lets_no_stranger_in(post: Post, asked: Received) -> None:
    taken = await post.take(letter(sender=EVE, subject="Re: Broken kettle, order 17"))
    assert taken.outcome == "conversation"
    assert taken.conversation_id != asked.conversation_id
    forged_reply_to = letter(sender=EVE, Reply_To="jane@example.org", subject="Re: Broken kettle, order 17")
    assert (await post.take(forged_reply_to)).conversation_id != asked.conversation_id


async def test_a_stranger_takes_part_once_an_agent_has_written_to_him(post: Post, asked: Received) -> None:
    await post.take(letter(sender=EVE, In_Reply_To="<kettle@example.org>"))
    sent = await post.reply(asked.conversation_id, customer={"email": "jane@example.org"}, cc=["eve@example.net"])
    assert await post.mailed_to() == {"jane@example.org", "eve@example.net"}
    await post.take(letter(sender=EVE, In_Reply_To=post.signed_id(asked, sent)))
    threads = await post.threads(asked.conversation_id)
    assert threads[-1]["mail"]["isStranger"] is False
    assert (await post.conversation(asked.conversation_id))["primaryCustomer"]["email"] == "jane@example.org"


async def test_whom_the_customer_named_takes_part_and_the_customer_stays_the_customer(post: Post) -> None:
    first = await post.take(letter(Cc="Bob <bob@example.com>", message_id="<with-bob@example.org>"))
    answer = await post.take(letter(sender="Bob <Bob@example.com>", In_Reply_To="<with-bob@example.org>"))
    assert answer.conversation_id == first.conversation_id
    thread = (await post.threads(first.conversation_id))[-1]
    assert (thread["createdBy"]["email"], thread["mail"]["isStranger"]) == ("Bob@example.com", False)
    assert (await post.conversation(first.conversation_id))["primaryCustomer"]["email"] == "jane@example.org"


async def test_spam_of_strangers_stays_out_of_conversations(post: Post, asked: Received) -> None:
    await post.connect(trusted_authority="mx.acme.test")
    spam = (Verdict("mx.acme.test", is_spam=True),)
    taken = await post.take(letter(sender=EVE, In_Reply_To="<kettle@example.org>"), verdicts=spam)
    assert taken.outcome == "conversation"
    assert (await post.conversation(taken.conversation_id))["status"] == "spam"
