"""Which conversation a message belongs to: ids, signed addresses, subjects; and closed, spam and deleted ones."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened
from waypost.domains import conversations, mail
from waypost.domains.accounts import Actor
from waypost.domains.mail import Received, subjects
from waypost.edges.mail_io.parse import parse_message

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    return await opened(module_desk)


async def test_answers_to_replies_and_to_mails_find_their_conversation(post: Post) -> None:
    first = await post.take(letter(message_id="<one@example.org>"))
    ours = post.signed_id(first, await post.reply(first.conversation_id, customer={"email": "jane@example.org"}))
    answers = [
        letter(subject="Something else", In_Reply_To=ours),
        letter(subject="Something else", References=f"<gone@elsewhere.test> {ours}"),
        letter(subject="Something else", In_Reply_To="<ONE@example.org>", References="<one@example.org>"),
    ]
    for raw in answers:
        assert (await post.take(raw)).conversation_id == first.conversation_id


@pytest.mark.parametrize("field", ["to", "Cc", "Delivered_To", "X_Original_To", "envelope"])
async def test_an_answer_to_a_signed_address_needs_no_ids(post: Post, field: str) -> None:
    channel = await post.connect(has_reply_addresses=True)
    first = await post.take(letter())
    address = mail.reply_address(post.key, channel, post.account.id, first.conversation_id or 0)
    fields = {} if field == "envelope" else {field: address.upper() if field == "Cc" else address}
    recipients = (address,) if field == "envelope" else ()
    raw = letter(subject="Anything at all", **fields)
    found = await post.take(raw, recipients=recipients)
    assert found == Received("thread", first.conversation_id, found.thread_id)
    thread = (await post.threads(first.conversation_id))[-1]
    assert not [one for one in [*thread["to"], *thread["cc"]] if "+" in one]


async def test_a_signed_id_of_another_desk_or_account_leads_nowhere(post: Post) -> None:
    other = await opened(post.desk, "help@other.test")
    theirs = await other.take(letter(to="help@other.test"))
    foreign = mail.new_message_id(
        post.key, other.account.id, theirs.conversation_id or 0, theirs.thread_id or 0, "x.test"
    )
    forged = mail.new_message_id(b"guessed", post.account.id, 1, 1, "x.test")
    for one in (foreign, forged):
        assert (await post.take(letter(In_Reply_To=one))).outcome == "conversation"


async def test_answers_without_ids_are_known_by_subject_and_writer(post: Post) -> None:
    first = await post.take(letter(subject="Broken kettle, order 17"))
    answer = await post.take(letter(subject="AW: Re: Broken kettle, order 17"))
    assert answer.conversation_id == first.conversation_id
    others = [
        letter(subject="Broken kettle, order 17"),
        letter(subject="Re: Broken kettle, order 18"),
        letter(subject="Re: Broken kettle, order 17", sender="mallory@example.net"),
    ]
    for raw in others:
        assert (await post.take(raw)).outcome == "conversation"


async def test_subjects_that_anybody_writes_tell_nothing(post: Post) -> None:
    for subject in ("Hello", "Question", "Help!", "Order", "Thank you", "(no subject)", "RE"):
        await post.take(letter(subject=subject))
        assert (await post.take(letter(subject=f"Re: {subject}"))).outcome == "conversation", subject


def test_what_subjects_tell() -> None:
    assert subjects.is_telling("Where is my order?")
    assert subjects.is_telling("发票有错误")
    assert not subjects.is_telling("hello")
    assert not subjects.is_telling("Support request")
    assert subjects.keys_of("Re: Where is my order?") == ["where is my order?", "re: where is my order?"]
    assert subjects.keys_of("Where is my order?") == []


async def test_a_subject_is_an_answer_for_sixty_days(post: Post) -> None:
    first = await post.take(letter(subject="Broken kettle"))
    old = timedelta(days=61)
    async with post.desk.connection() as connection:
        await connection.execute(
            "update thread set created_at = created_at - $2::interval where account_id = $1", post.account.id, old
        )
        await connection.execute(
            "update conversation set created_at = created_at - $2::interval, modified_at = modified_at - $2::interval "
            "where account_id = $1",
            post.account.id,
            old,
        )
    assert (await post.take(letter(subject="Re: Broken kettle"))).conversation_id != first.conversation_id


async def test_no_subject_and_no_foreign_id_leads_into_another_mailbox(post: Post) -> None:
    sales = Post(post.desk, post.account, await post.desk.make.mailbox(post.account, "Sales", "sales@acme.test"))
    await post.take(letter(subject="Broken kettle, order 17", message_id="<kettle@example.org>"))
    assert (await sales.take(letter(subject="Re: Broken kettle, order 17"))).outcome == "conversation"
    assert (await sales.take(letter(In_Reply_To="<kettle@example.org>"))).outcome == "conversation"


async def test_a_signed_id_follows_a_conversation_that_was_moved(post: Post) -> None:
    sales = Post(post.desk, post.account, await post.desk.make.mailbox(post.account, "Sales", "sales@acme.test"))
    first = await post.take(letter())
    ours = post.signed_id(first, await post.reply(first.conversation_id, customer={"email": "jane@example.org"}))
    await post.patch(first.conversation_id, "/mailboxId", sales.mailbox.id)
    assert (await post.take(letter(In_Reply_To=ours))).conversation_id == first.conversation_id

    # A mail to both mailboxes is in each of them once.
    both = letter(to="support@acme.test, sales@acme.test", In_Reply_To=ours)
    assert (await sales.take(both)).conversation_id == first.conversation_id
    assert (await post.take(both)).outcome == "conversation"


async def test_a_mail_to_two_mailboxes_is_a_conversation_in_each(post: Post) -> None:
    sales = Post(post.desk, post.account, await post.desk.make.mailbox(post.account, "Sales", "sales@acme.test"))
    raw = letter(to="list@example.org", List_Id="<list.example.org>", message_id="<both@example.org>")
    one, other = await post.take(raw), await sales.take(raw)
    assert (one.outcome, other.outcome) == ("conversation", "conversation")
    assert one.conversation_id != other.conversation_id
    answer = letter(to="list@example.org", List_Id="<list.example.org>", In_Reply_To="<both@example.org>")
    assert (await post.take(answer)).conversation_id == one.conversation_id
    assert (await sales.take(answer)).conversation_id == other.conversation_id


async def test_an_answer_opens_what_was_closed_and_leaves_spam_where_it_is(post: Post) -> None:
    for before, after in (("closed", "active"), ("pending", "active"), ("spam", "spam")):
        first = await post.take(letter(message_id=f"<{before}@example.org>", sender=f"{before}@example.org"))
        await post.patch(first.conversation_id, "/status", before)
        await post.take(letter(sender=f"{before}@example.org", In_Reply_To=f"<{before}@example.org>"))
        assert (await post.conversation(first.conversation_id))["status"] == after


async def test_a_deleted_conversation_stays_deleted_and_a_new_answer_begins_another(post: Post) -> None:
    raw = letter(message_id="<gone@example.org>")
    first = await post.take(raw)
    answer = await (await post.client()).delete(f"/v2/conversations/{first.conversation_id}")
    assert answer.status_code == 204
    assert (await post.take(raw)).outcome == "duplicate"
    assert await post.count() == 0

    second = await post.take(letter(subject="Re: Where is my order?", In_Reply_To="<gone@example.org>"))
    assert second.outcome == "conversation"
    # From here on it goes on, by whatever is known of it.
    third = await post.take(letter(subject="Re: Where is my order?", In_Reply_To="<gone@example.org>"))
    assert third.conversation_id == second.conversation_id


async def test_answers_follow_a_conversation_that_was_merged(post: Post) -> None:
    first = await post.take(letter(message_id="<merged@example.org>"))
    ours = post.signed_id(first, await post.reply(first.conversation_id, customer={"email": "jane@example.org"}))
    second = await post.take(letter(subject="The same again"))
    async with post.desk.transactions.open() as tx:
        await conversations.merge(
            tx, Actor.system(post.account.id), second.conversation_id or 0, [first.conversation_id or 0]
        )
    for referred in (ours, "<merged@example.org>"):
        assert (await post.take(letter(In_Reply_To=referred))).conversation_id == second.conversation_id


async def test_answers_to_a_mail_that_never_came_belong_together(post: Post) -> None:
    first = await post.take(letter(subject="Re: Minutes", References="<never@example.org>"))
    second = await post.take(letter(subject="Re: Minutes", References="<never@example.org>"))
    assert second.conversation_id == first.conversation_id
    # Somebody else who answers the same mail is no part of it.
    third = await post.take(letter(sender="eve@example.net", References="<never@example.org>"))
    assert third.outcome == "conversation"
    late = await post.take(letter(subject="Minutes", message_id="<never@example.org>"))
    assert late.conversation_id == first.conversation_id


async def test_the_same_mail_eight_times_at_once_is_one_thread(post: Post) -> None:
    raw = letter()
    received = await asyncio.gather(*(post.take(raw) for _ in range(8)))
    assert sorted(one.outcome for one in received) == ["conversation"] + ["duplicate"] * 7


async def test_a_mail_and_its_answers_all_at_once_are_one_conversation(post: Post) -> None:
    root = letter(message_id="<root@example.org>", subject="Delivery")
    answers = [
        letter(message_id=f"<answer{index}@example.org>", subject="Re: Delivery", References="<root@example.org>")
        for index in range(4)
    ]
    received = await asyncio.gather(*(post.take(raw) for raw in [*answers, root, *answers, root]))
    assert await post.count() == 1
    outcomes = sorted(one.outcome for one in received)
    assert outcomes == ["conversation"] + ["duplicate"] * 5 + ["thread"] * 4


async def test_a_crash_before_the_commit_leaves_nothing_and_the_next_try_everything(post: Post) -> None:
    raw = letter()

    async def torn(received: list[Received]) -> None:
        async with post.desk.transactions.open() as tx:
            message = parse_message(raw)
            arrival = mail.Arrival(key=post.key)
            received.append(
                await mail.receive(tx, post.desk.parts.files, post.account.id, post.mailbox.id, message, raw, arrival)
            )
            raise ZeroDivisionError

    received: list[Received] = []
    with pytest.raises(ZeroDivisionError):
        await torn(received)
    assert received[0].outcome == "conversation"
    assert await post.count() == 0
    assert (await post.take(raw)).outcome == "conversation"
    assert await post.count() == 1


async def test_the_desks_own_mail_that_comes_back_is_no_conversation(post: Post) -> None:
    first = await post.take(letter())
    notice = post.notice_id(post.account.user, first.conversation_id, first.thread_id)
    assert await post.take(letter(sender="desk@desk.test", message_id=notice)) == Received("own")
    ours = post.signed_id(first, await post.reply(first.conversation_id, customer={"email": "jane@example.org"}))
    assert await post.take(letter(sender="support@acme.test", message_id=ours)) == Received("own")
    # Somebody's mail under an id that he has seen is his mail all the same.
    assert (await post.take(letter(message_id=ours))).outcome in ("conversation", "thread")


async def test_out_of_office_notices_are_kept_and_change_nothing(post: Post) -> None:
    first = await post.take(letter(message_id="<asked@example.org>"))
    client = await post.client()
    await post.patch(first.conversation_id, "/status", "closed")
    vacation = letter(
        "I am away.", subject="Out of office", In_Reply_To="<asked@example.org>", Auto_Submitted="auto-replied"
    )
    kept = await post.take(vacation)
    assert kept.conversation_id == first.conversation_id
    assert (await post.conversation(first.conversation_id))["status"] == "closed"
    assert await post.may_answer(kept) == "automatic"
    assert (await post.threads(first.conversation_id))[-1]["mail"]["isAutomatic"] is True

    second = await post.take(letter(message_id="<sleeping@example.org>", subject="Another one"))
    body = {"snoozedUntil": "2030-01-01T00:00:00Z", "unsnoozeOnCustomerReply": True}
    answer = await client.put(f"/v2/conversations/{second.conversation_id}/snooze", json=body)
    assert answer.status_code == 204, answer.text
    await post.take(letter(In_Reply_To="<sleeping@example.org>", Auto_Submitted="auto-replied"))
    assert "snooze" in await post.conversation(second.conversation_id)
    await post.take(letter(In_Reply_To="<sleeping@example.org>"))
    assert "snooze" not in await post.conversation(second.conversation_id)


async def test_what_comes_by_a_list_is_written_by_people(post: Post) -> None:
    first = await post.take(letter(message_id="<list1@example.org>"))
    await post.patch(first.conversation_id, "/status", "closed")
    fields = {"List_Id": "<group.example.org>", "Precedence": "list", "In_Reply_To": "<list1@example.org>"}
    await post.take(letter(**fields))
    assert (await post.conversation(first.conversation_id))["status"] == "active"


async def test_a_copy_by_a_list_is_the_same_mail_and_another_text_under_its_id_is_none(post: Post) -> None:
    raw = letter("Good day.", message_id="<copied@example.org>", subject="Minutes")
    footer = f"Good day.\n{'_' * 40}\nTo leave the list, write to leave@example.org"
    fields = {"subject": "Re: [Board] Minutes", "List_Id": "<board.example.org>"}
    by_list = letter(footer, message_id="<copied@example.org>", **fields)
    first = await post.take(raw)
    assert (await post.take(by_list)).outcome == "duplicate"
    other = await post.take(letter("Good night.", message_id="<copied@example.org>", subject="Minutes"))
    assert other.conversation_id == first.conversation_id
    stranger = await post.take(letter("Hi.", message_id="<copied@example.org>", sender="eve@example.net"))
    assert stranger.outcome == "conversation"
