"""23: whoever writes in names others, or himself under another address, to get the later answers."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    return await opened(module_desk)


async def test_copies_that_a_mail_asks_for_are_shown_and_not_sent(post: Post) -> None:
    raw = letter(
        to="support@acme.test, partner@example.com",
        Cc="Register <register@slack.example>, support@acme.test",
        Bcc="hidden@example.net",
        message_id="<first@example.org>",
    )
    first = await post.take(raw)
    answer = letter(In_Reply_To="<first@example.org>", Cc="second@example.net")
    await post.take(answer)
    shown = await post.conversation(first.conversation_id)
    assert (shown["cc"], shown["bcc"]) == ([], [])
    one, two = await post.threads(first.conversation_id)
    assert (one["to"], one["cc"]) == (["partner@example.com"], ["register@slack.example"])
    assert one["mail"]["suggestedCc"] == ["partner@example.com", "register@slack.example"]
    assert two["mail"]["suggestedCc"] == ["second@example.net"]

    await post.reply(first.conversation_id, customer={"email": "jane@example.org"})
    assert await post.mailed_to() == {"jane@example.org"}


async def test_an_agent_takes_a_suggestion_up_by_writing_to_it(post: Post) -> None:
    first = await post.take(letter(Cc="partner@example.com", message_id="<accepted@example.org>"))
    await post.reply(first.conversation_id, customer={"email": "jane@example.org"}, cc=["partner@example.com"])
    assert (await post.conversation(first.conversation_id))["cc"] == ["partner@example.com"]
    await post.reply(first.conversation_id, customer={"email": "jane@example.org"})
    assert await post.mailed_to() == {"jane@example.org", "partner@example.com"}
    await post.take(letter(Cc="Partner@example.com", In_Reply_To="<accepted@example.org>"))
    assert (await post.threads(first.conversation_id))[-1]["mail"]["suggestedCc"] == []


@pytest.mark.parametrize(
    ("sender", "reply_to", "fields", "customer"),
    [
        # The same company, under another of its addresses.
        ("Jane <jane@company.example>", "orders@company.example", {}, "orders@company.example"),
        # At free mail anybody has an address.
        ("jane@gmail.com", "victim@gmail.com", {}, "jane@gmail.com"),
        ("jane@example.org", "victim@example.com", {}, "jane@example.org"),
        ("jane@example.org", "victim@example.com, jane@example.org", {}, "jane@example.org"),
        # Contact forms: of the company's own site, and of services.
        ("Website <www@acme.test>", "Visitor <visitor@example.com>", {}, "visitor@example.com"),
        ("Forms <no-reply@forms.example>", "visitor@example.com", {}, "visitor@example.com"),
        # A list that writes in its members' place.
        (
            "Bob via Help <help@lists.example>",
            "bob@example.com",
            {"to": "help@lists.example", "List_Id": "<help.lists.example>"},
            "bob@example.com",
        ),
        ("eve@example.net", "victim@example.com", {"List_Id": "<made.up>"}, "eve@example.net"),
        # The mailbox itself is nobody's customer.
        ("www@acme.test", "support@acme.test", {}, "www@acme.test"),
    ],
)
async def test_reply_to_counts_where_it_is_the_same_sender(
    post: Post, sender: str, reply_to: str, fields: dict[str, str], customer: str
) -> None:
    taken = await post.take(letter(sender=sender, Reply_To=reply_to, **fields))
    assert (await post.conversation(taken.conversation_id))["primaryCustomer"]["email"] == customer
    [thread] = await post.threads(taken.conversation_id)
    assert thread["mail"]["replyTo"] == [one.split("<")[-1].strip(" >") for one in reply_to.split(",")]


async def test_within_a_conversation_reply_to_makes_nobody_somebody_else(post: Post) -> None:
    first = await post.take(letter(sender="jane@company.example", message_id="<own@company.example>"))
    raw = letter(sender="jane@company.example", Reply_To="boss@company.example", In_Reply_To="<own@company.example>")
    await post.take(raw)
    shown = await post.conversation(first.conversation_id)
    assert shown["primaryCustomer"]["email"] == "jane@company.example"
    assert (await post.threads(first.conversation_id))[-1]["createdBy"]["email"] == "jane@company.example"


async def test_the_company_itself_is_never_suggested(post: Post) -> None:
    sales = await post.desk.make.mailbox(post.account, "Sales", "Sales@acme.test")
    await Post(post.desk, post.account, sales).connect(aliases=("Buy@acme.test",))
    colleague = await post.desk.make.user(post.account, email="Una@acme.test")
    async with post.desk.connection() as connection:
        await connection.execute(
            "update account_user set alternate_emails = array['Una@Home.test'] where account_id = $1 and id = $2",
            post.account.id, colleague.id,
        )  # fmt: skip
    ours = f"sales@ACME.test, buy@acme.test, una@acme.test, una@home.TEST, {post.account.owner.email}"
    taken = await post.take(letter(to=f"support@acme.test, {ours}", Cc=f"partner@example.com, {ours}"))
    [thread] = await post.threads(taken.conversation_id)
    assert thread["mail"]["suggestedCc"] == ["partner@example.com"]
