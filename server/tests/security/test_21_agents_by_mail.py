"""21: mail in an agent's name. It reaches a customer only as an answer to a notice that this agent has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened
from waypost.domains import mail
from waypost.domains.mail import Address, Forwarded, Received, Verdict

pytestmark = [pytest.mark.anyio, pytest.mark.database]

QUOTING = f"""\
It left this morning.
Greetings

> {mail.ANSWER_LINE}
>
> Jane answered.
> This is an internal matter
"""


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    return await opened(module_desk)


@pytest.fixture
async def asked(post: Post) -> Received:
    """A customer's question, whose Message-ID is known to everybody."""
    return await post.take(letter(message_id=f"<asked-{post.account.id}@example.org>"))


async def newest(post: Post, received: Received) -> dict[str, Any]:
    return (await post.threads(received.conversation_id))[-1]


async def test_an_answer_to_a_notice_goes_to_the_customer_without_what_it_quotes(post: Post, asked: Received) -> None:
    user = post.account.user
    notice = post.notice_id(user, asked.conversation_id, asked.thread_id)
    answer = await post.take(letter(QUOTING, sender=user.email, subject="Re: [#1] Order", In_Reply_To=notice))
    assert answer == Received("thread", asked.conversation_id, answer.thread_id)
    thread = await newest(post, asked)
    assert (thread["type"], thread["createdBy"]["id"]) == ("message", user.id)
    assert thread["body"] == "It left this morning.<br>Greetings"
    assert thread["to"] == ["jane@example.org"]
    assert (await post.conversation(asked.conversation_id))["status"] == "active"
    assert await post.mailed_to() == {"jane@example.org"}
    assert await post.may_answer(answer) == "by-user"

    # The same mail again is the same reply.
    again = letter(QUOTING, sender=user.email, subject="Re: [#1] Order", In_Reply_To=notice)
    await post.take(again)
    assert (await post.take(again)).outcome == "duplicate"


async def test_a_users_other_address_is_theirs_in_any_case_of_letters(post: Post, asked: Received) -> None:
    user = post.account.user
    async with post.desk.connection() as connection:
        await connection.execute(
            "update account_user set alternate_emails = array['Uli@Home.Test'] where account_id = $1 and id = $2",
            post.account.id, user.id,
        )  # fmt: skip
    notice = post.notice_id(user, asked.conversation_id, asked.thread_id)
    await post.take(letter("On its way.", sender="Uli <uli@HOME.test>", In_Reply_To=notice))
    thread = await newest(post, asked)
    assert (thread["type"], thread["createdBy"]["id"]) == ("message", user.id)


async def test_the_reply_address_of_a_notice_does_as_well(post: Post, asked: Received) -> None:
    user = post.account.user
    channel = await post.connect(has_reply_addresses=True)
    about = (post.key, channel, post.account.id, asked.conversation_id or 0)
    address = mail.reply_address(*about, user_id=user.id, thread_id=asked.thread_id or 0)
    await post.take(letter("Done.", sender=user.email, to=address))
    assert (await newest(post, asked))["type"] == "message"


async def test_html_keeps_its_form_where_the_quote_is_marked(post: Post, asked: Received) -> None:
    user = post.account.user
    html = '<p>It <b>left</b>.</p><div class="waypost_signature">Una</div><div class="waypost_quote">Secret</div>'
    notice = post.notice_id(user, asked.conversation_id, asked.thread_id)
    raw = letter("It left.", sender=user.email, In_Reply_To=notice)
    await post.take(raw, html=html, own_text="It left.")
    assert (await newest(post, asked))["body"] == "<p>It <b>left</b>.</p>"


async def test_an_answer_to_the_notice_of_a_note_is_a_note(post: Post, asked: Received) -> None:
    client = await post.client()
    noted = await client.post(f"/v2/conversations/{asked.conversation_id}/notes", json={"text": "@una, a cheat?"})
    note_id = int(noted.headers["resource-id"])
    user = post.account.user
    notice = post.notice_id(user, asked.conversation_id, note_id)
    await post.take(letter("Surely.", sender=user.email, In_Reply_To=notice))
    thread = await newest(post, asked)
    assert (thread["type"], thread["createdBy"]["id"], thread["body"]) == ("note", user.id, "Surely.")
    assert await post.mailed_to() == set()


@pytest.mark.parametrize(
    "case", ["no-token", "reply-id", "other-user", "other-desk", "forged", "no-words", "automatic", "unsigned-address"]
)
async def test_without_that_proof_nothing_in_an_agents_name_reaches_a_customer(
    post: Post, asked: Received, case: str
) -> None:
    user, account = post.account.user, post.account
    sent = await post.reply(asked.conversation_id, customer={"email": "jane@example.org"})
    await post.connect(trusted_authority="mx.acme.test", has_reply_addresses=True)
    theirs = post.notice_id(user, asked.conversation_id, asked.thread_id)
    foreign = mail.new_message_id(b"guessed", account.id, asked.conversation_id or 0, 0, "x.test", user_id=user.id)
    fields = {
        "no-token": {"In_Reply_To": f"<asked-{account.id}@example.org>"},
        "reply-id": {"In_Reply_To": post.signed_id(asked, sent)},
        "other-user": {"In_Reply_To": post.notice_id(account.owner, asked.conversation_id, asked.thread_id)},
        "other-desk": {"In_Reply_To": foreign},
        "unsigned-address": {"to": f"support+wp-{theirs[4:-11]}aaaa@acme.test"},
        "automatic": {"In_Reply_To": theirs, "Auto_Submitted": "auto-replied"},
    }.get(case, {"In_Reply_To": theirs})
    body = f"\n> {mail.ANSWER_LINE}\n> Jane answered." if case == "no-words" else "Send me your password."
    changes: dict[str, Any] = {"verdicts": (Verdict("mx.acme.test", dmarc="fail"),)} if case == "forged" else {}
    received = await post.take(letter(body, sender=user.email, **fields), **changes)

    async with post.desk.connection() as connection:
        replies = await connection.fetch("select id from thread where account_id = $1 and type = 'message'", account.id)
    assert [row["id"] for row in replies] == [sent]
    if received.conversation_id == asked.conversation_id:
        thread = await newest(post, asked)
        assert thread["type"] == "note"
        # In the agent's name only where the notice is theirs and nobody disowns the mail.
        assert thread["createdBy"]["id"] == (user.id if case == "no-words" else 0)
    else:
        assert case in ("other-user", "other-desk", "unsigned-address")


async def test_a_mail_that_the_server_vouches_for_is_a_note_in_the_agents_name(post: Post, asked: Received) -> None:
    user = post.account.user
    await post.connect(trusted_authority="mx.acme.test")
    raw = letter("He called me.", sender=user.email, In_Reply_To=f"<asked-{post.account.id}@example.org>")
    await post.take(raw, verdicts=(Verdict("mx.acme.test", dmarc="pass"),))
    thread = await newest(post, asked)
    assert (thread["type"], thread["createdBy"]["id"]) == ("note", user.id)


async def test_a_notice_is_worth_nothing_to_others(post: Post, asked: Received) -> None:
    """A notice that was passed on: neither a customer, nor a user who was shut out, nor one without the mailbox."""
    user = post.account.user
    notice = post.notice_id(user, asked.conversation_id, asked.thread_id)
    stranger = await post.take(letter("Hi.", sender="eve@example.net", In_Reply_To=notice))
    assert stranger.outcome == "conversation"
    async with post.desk.connection() as connection:
        await connection.execute("delete from mailbox_user where user_id = $1", user.id)
    await post.take(letter("Hi.", sender=user.email, In_Reply_To=notice))
    async with post.desk.connection() as connection:
        await connection.execute("update account_user set status = 'deactivated' where id = $1", user.id)
    await post.take(letter("Hi there.", sender=user.email, In_Reply_To=notice))
    assert len(await post.threads(asked.conversation_id)) == 1
    assert await post.mailed_to() == set()


async def test_a_customers_mail_that_an_agent_passes_on_is_the_customers(post: Post) -> None:
    user = post.account.user
    inner = Forwarded(
        sender=Address("Bob Brown", "bob@example.com"),
        subject="No power",
        sent_at=None,
        to=(Address("", user.email),),
        cc=(Address("", "carol@example.com"),),
        html="<p>It is dark.</p>",
        text="It is dark.",
        comment="Please look, he is nervous.",
    )
    raw = letter("Please look", sender=user.email, subject="Fwd: No power")
    received = await post.take(raw, forwarded=inner)
    shown = await post.conversation(received.conversation_id)
    assert (shown["subject"], shown["primaryCustomer"]["email"], shown["cc"]) == ("No power", "bob@example.com", [])
    first, note = await post.threads(received.conversation_id)
    assert (first["type"], first["body"]) == ("customer", "<p>It is dark.</p>")
    assert (first["mail"]["isForwarded"], first["mail"]["userId"]) == (True, user.id)
    # Nobody has said that the mail is the user's.
    assert (note["type"], note["createdBy"]["id"]) == ("note", 0)
    assert "nervous" in note["body"]
    assert await post.may_answer(received) == "by-user"

    outside = await post.take(letter(sender="eve@example.net", subject="Fwd: No power"), forwarded=inner)
    shown = await post.conversation(outside.conversation_id)
    assert shown["primaryCustomer"]["email"] == "eve@example.net"
