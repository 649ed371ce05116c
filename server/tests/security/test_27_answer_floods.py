"""27: forged mail that makes the desk flood somebody with automatic answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened
from waypost.domains import mail
from waypost.domains.mail import answering

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    return await opened(module_desk)


async def ages(post: Post, time: timedelta) -> None:
    async with post.desk.connection() as connection:
        await connection.execute(
            "update answer_budget set since = since - $2::interval where account_id = $1", post.account.id, time
        )


async def test_an_address_gets_one_automatic_answer_an_hour_whatever_is_sent_in_its_name(post: Post) -> None:
    sales = Post(post.desk, post.account, await post.desk.make.mailbox(post.account, "Sales", "sales@acme.test"))
    received = []
    for index in range(20):
        raw = letter(sender="Victim <Victim@example.org>", subject=f"Forged {index}")
        box = sales if index % 2 else post
        received.append(await box.take(raw))
    answers = await asyncio.gather(*map(post.may_answer, received))
    assert sorted(answers) == [""] + ["address-budget"] * 19

    await ages(post, timedelta(minutes=59))
    assert await post.may_answer(await post.take(letter(sender="victim@example.org"))) == "address-budget"
    await ages(post, timedelta(minutes=1, seconds=1))
    assert await post.may_answer(await post.take(letter(sender="victim@example.org"))) == ""


async def test_a_mailbox_gives_so_many_automatic_answers_an_hour(post: Post) -> None:
    assert await post.may_answer(await post.take(letter(sender="first@example.org"))) == ""
    async with post.desk.connection() as connection:
        await connection.execute(
            "update answer_budget set taken = $2 where account_id = $1 and name = $3",
            post.account.id,
            answering.MOST_PER_MAILBOX - 1,
            f"mailbox {post.mailbox.id}",
        )
    assert await post.may_answer(await post.take(letter(sender="second@example.org"))) == ""
    assert await post.may_answer(await post.take(letter(sender="third@example.org"))) == "mailbox-budget"
    sales = Post(post.desk, post.account, await post.desk.make.mailbox(post.account, "Sales", "sales@acme.test"))
    assert await sales.may_answer(await sales.take(letter(sender="fourth@example.org"))) == ""


async def test_old_counts_are_forgotten_and_name_nobody(post: Post) -> None:
    await post.may_answer(await post.take(letter(sender="first@example.org")))
    await ages(post, timedelta(hours=3))
    await post.may_answer(await post.take(letter(sender="second@example.org")))
    async with post.desk.connection() as connection:
        names = await connection.fetch("select name from answer_budget where account_id = $1", post.account.id)
    assert len(names) == 2
    assert not [row["name"] for row in names if "example" in row["name"]]


async def test_a_thread_that_did_not_come_by_mail_is_not_answered(post: Post) -> None:
    async with post.desk.transactions.open() as tx:
        assert (await mail.may_answer(tx, post.account.id, 2**62)).reason == "not-received"
