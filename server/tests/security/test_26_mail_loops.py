"""26: mail that answers itself. Programs do not answer programs, and no two desks write to each other for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened
from waypost.domains import mail
from waypost.domains.mail import Verdict
from waypost.edges.mail_io.parse import parse_message

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    return await opened(module_desk)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "automatic"),
        ({"Auto_Submitted": "auto-generated (by a program)"}, "automatic"),
        ({"Precedence": "bulk"}, "automatic"),
        ({"Precedence": "list"}, "automatic"),
        ({"X_Autoreply": "yes"}, "automatic"),
        ({"X_Auto_Response_Suppress": "All"}, "automatic"),
        ({"List_Id": "Announcements <announce.example.org>"}, "list"),
        ({"Return_Path": "<>"}, "null-sender"),
        ({"sender": "Mail Delivery <MAILER-DAEMON@example.org>"}, "automatic"),
        ({"sender": "postmaster@example.org"}, "no-reply"),
        ({"sender": "no-reply@example.org"}, "no-reply"),
        ({"sender": "shop-noreply@example.org"}, "no-reply"),
        ({"sender": "donotreply+order7@example.org"}, "no-reply"),
        ({"sender": "bounce-123@example.org"}, "no-reply"),
        ({"sender": "Nobody at all"}, "no-address"),
        ({"sender": "support@acme.test"}, "own-address"),
        ({"sender": "SUPPORT@ACME.TEST"}, "own-address"),
        ({"Reply_To": "support@acme.test"}, "own-address"),
        ({"subject": "Automatic reply: Where is my order?", "In_Reply_To": "<a@acme.test>"}, "automatic"),
        ({"subject": "Out of office", "In_Reply_To": "<a@acme.test>"}, "automatic"),
        ({}, ""),
        ({"sender": "norman.reply@example.org"}, ""),
        ({"sender": "lists@example.org"}, ""),
        ({"Auto_Submitted": "no"}, ""),
        ({"Precedence": "normal"}, ""),
    ],
)
async def test_what_a_program_may_answer(post: Post, fields: dict[str, Any], reason: str) -> None:
    assert await post.may_answer(await post.take(letter(**fields))) == reason


async def test_own_mail_that_comes_back_is_not_answered(post: Post) -> None:
    own = mail.new_message_id(post.key, post.account.id, 1, 2, "acme.test")
    assert await post.may_answer(await post.take(letter(message_id=own))) == "own-message"
    foreign = mail.new_message_id(b"another desk", post.account.id, 1, 2, "acme.test")
    assert await post.may_answer(await post.take(letter(message_id=foreign))) == ""


async def test_aliases_and_the_accounts_other_mailboxes_are_own_addresses(post: Post) -> None:
    await post.connect(aliases=("help@acme.test",))
    sales = await post.desk.make.mailbox(post.account, "Sales", "sales@acme.test")
    other = Post(post.desk, post.account, sales)
    await other.connect(aliases=("buy@acme.test",))
    for address in ("help@acme.test", "sales@acme.test", "Buy@Acme.test"):
        assert await post.may_answer(await post.take(letter(sender=address))) == "own-address", address


async def test_mail_that_its_senders_domain_disowns_is_not_answered(post: Post) -> None:
    await post.connect(trusted_authority="mx.acme.test")
    cases = [
        ((Verdict("mx.acme.test", dmarc="fail"),), "forged"),
        ((Verdict("mx.acme.test", spf="pass", dkim="pass", dmarc="fail"),), "forged"),
        ((Verdict("mx.acme.test", spf="fail"),), "forged"),
        ((Verdict("mx.acme.test", dkim="pass", spf="fail"),), ""),
        ((Verdict("mx.acme.test", is_spam=True),), "spam"),
        # The sender's own words are below those of the server, and a failure counts wherever it stands.
        ((Verdict("mx.acme.test", spf="fail"), Verdict("mx.acme.test", dmarc="pass")), "forged"),
        ((Verdict("mx.acme.test", dkim="pass"), Verdict("MX.acme.test", dmarc="fail")), "forged"),
        ((Verdict("mx.elsewhere.test", dmarc="fail"),), ""),
    ]
    for index, (verdicts, reason) in enumerate(cases):
        raw = letter(sender=f"jane{index}@example.org")
        assert await post.may_answer(await post.take(raw, verdicts=verdicts)) == reason, verdicts


async def test_what_was_imported_is_not_answered(post: Post) -> None:
    async with post.desk.transactions.open() as tx:
        raw = letter()
        received = await mail.receive(
            tx,
            post.desk.parts.files,
            post.account.id,
            post.mailbox.id,
            parse_message(raw),
            raw,
            mail.Arrival(key=post.key, is_imported=True),
        )
    assert await post.may_answer(received) == "not-received"


async def test_a_conversation_is_answered_once_however_often_it_is_asked(post: Post) -> None:
    received = await post.take(letter())
    answers = await asyncio.gather(*(post.may_answer(received) for _ in range(8)))
    assert sorted(answers) == [""] + ["answered-before"] * 7


async def test_a_rollback_gives_back_what_was_taken(post: Post) -> None:
    received = await post.take(letter())
    assert received.thread_id is not None

    async def answer_and_fail(thread_id: int) -> None:
        async with post.desk.transactions.open() as tx:
            assert await mail.may_answer(tx, post.account.id, thread_id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await answer_and_fail(received.thread_id)
    assert await post.may_answer(received) == ""


async def test_two_desks_that_answer_each_other_stop_after_three_mails(post: Post) -> None:
    """Worst case: neither says that a program wrote it, and each answer begins a conversation at the other desk."""
    there = await opened(post.desk, "help@other.test")
    mails = 0
    sender, receiver = post, there
    is_going_on = True
    while is_going_on and mails < 10:
        mails += 1
        raw = letter(sender=sender.mailbox.email, to=receiver.mailbox.email, subject=f"Thank you, {mails}")
        is_going_on = await receiver.may_answer(await receiver.take(raw)) == ""
        sender, receiver = receiver, sender
    assert mails <= 3


async def test_two_addresses_of_one_desk_do_not_write_to_each_other(post: Post) -> None:
    """Plus-addresses of a mailbox are its own, whether they are listed or not, and so are those of other mailboxes."""
    await post.connect(has_reply_addresses=True)
    sales = Post(post.desk, post.account, await post.desk.make.mailbox(post.account, "Sales", "sales@acme.test"))
    pairs = [
        ("support+x@acme.test", "support@acme.test", post),
        ("support@acme.test", "support+x@acme.test", post),
        ("Support+Orders+2@ACME.test", "support@acme.test", post),
        ("support+x@acme.test", "sales@acme.test", sales),
        ("sales+y@acme.test", "support+x@acme.test", post),
    ]
    for sender, to, receiver in pairs:
        received = await receiver.take(letter(sender=sender, to=to, subject=f"From {sender} to {to}"))
        assert await receiver.may_answer(received) == "own-address", (sender, to)
    stranger = await post.take(letter(sender="support+x@elsewhere.test", to="support+x@acme.test"))
    assert await post.may_answer(stranger) == ""
