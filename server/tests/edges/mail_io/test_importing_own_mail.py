"""What the company itself has sent is its own in an archive too: its users' replies, that leave for nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.make import Make
from waypost.domains.accounts import Actor, deactivate_user
from waypost.domains.conversations import Status
from waypost.edges.mail_io.importing import MailImport, Options
from waypost.edges.mail_io.mailbox_file import Found
from waypost.kit.db import Pool, open_pool
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions


class Office:
    """An account with a mailbox and two users, and an import into it."""

    def __init__(self, pool: Pool, folder: Path) -> None:
        self.pool = pool
        self.transactions = Transactions(pool)
        self.folder = folder
        self.jane_id = 0

    async def open(self) -> None:
        make = Make(self.transactions)
        self.account = await make.account()
        self.mailbox = await make.mailbox(self.account, "Support", "support@acme.test")
        self.jane_id = (await make.user(self.account, email="jane@acme.test", first_name="Jane", last_name="Doe")).id
        self.nobody_id = await self.pool.fetchval(
            "insert into account_user (account_id, type, first_name) values ($1, 'system_user', 'Desk') returning id",
            self.account.id,
        )

    async def take(self, *letters: str, options: Options | None = None) -> None:
        found = [Found(str(number), letter.encode()) for number, letter in enumerate(letters)]
        files = FileStore(self.folder)
        taking = MailImport(self.transactions, files, self.account.id, self.mailbox.id, options=options)
        summary = await taking.run(found)
        assert summary.failures == []

    async def threads(self) -> list[tuple[str, int | None, list[str]]]:
        rows = await self.pool.fetch("select type, created_by_user_id, to_emails from thread order by created_at, id")
        return [(row["type"], row["created_by_user_id"], row["to_emails"]) for row in rows]


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    async with await open_pool(database_url) as pool:
        opened = Office(pool, tmp_path)
        await opened.open()
        yield opened


def letter(number: int, sender: str, to: str, *more: str, hour: int = 10) -> str:
    fields = (f"Message-ID: <{number}@x.test>", f"From: {sender}", f"To: {to}", "Subject: The scale", *more)
    return "\n".join([*fields, f"Date: Mon, 1 Jan 2024 {hour}:00:00 +0000", "", f"Words {number}", ""])


CUSTOMER = "Ada <ada@example.org>"
ANSWERS_ONE = "In-Reply-To: <1@x.test>"


async def test_what_a_user_has_sent_is_their_reply_and_leaves_for_nobody(office: Office) -> None:
    await office.take(
        letter(1, CUSTOMER, "support@acme.test"),
        letter(2, "Jane <JANE@acme.test>", "ada@example.org, bob@example.org", ANSWERS_ONE, hour=11),
    )
    assert await office.threads() == [
        ("customer", None, []),
        ("message", office.jane_id, ["ada@example.org", "bob@example.org"]),
    ]
    talk = await office.pool.fetchrow("select latest_reply_from, waiting_since, thread_count from conversation")
    assert tuple(talk or ()) == ("user", None, 2)
    assert await office.pool.fetchval("select created_at from thread where type = 'message'") == datetime(
        2024, 1, 1, 11, tzinfo=UTC
    )
    assert await office.pool.fetchval("select count(*) from sent_mail") == 0
    assert await office.pool.fetchval("select bool_or((data->>'deliver')::boolean) from event") is False
    assert await office.pool.fetchval("select count(*) from customer") == 1


@pytest.mark.parametrize("sender", ["Jane Doe <support@acme.test>", "jane doe (Acme) <support@acme.test>"])
async def test_a_users_name_beside_the_mailbox_names_the_user(office: Office, sender: str) -> None:
    await office.take(letter(1, CUSTOMER, "support@acme.test"), letter(2, sender, CUSTOMER, ANSWERS_ONE, hour=11))
    assert (await office.threads())[1] == ("message", office.jane_id, ["ada@example.org"])


async def test_mail_of_the_mailbox_that_names_no_user_is_the_systems(office: Office) -> None:
    await office.take(
        letter(1, CUSTOMER, "support@acme.test"),
        letter(2, "Acme Support <support@acme.test>", CUSTOMER, ANSWERS_ONE, hour=11),
    )
    assert (await office.threads())[1] == ("message", office.nobody_id, ["ada@example.org"])


async def test_where_there_is_no_system_user_it_is_an_owners(office: Office) -> None:
    await office.pool.execute("delete from account_user where type = 'system_user'")
    await office.take(letter(1, "Acme <support@acme.test>", CUSTOMER))
    owner_id = await office.pool.fetchval("select id from account_user where role = 'owner'")
    assert await office.threads() == [("message", owner_id, ["ada@example.org"])]


async def test_a_conversation_that_the_company_began_is_the_recipients(office: Office) -> None:
    await office.take(
        letter(1, "jane@acme.test", f"support@acme.test, {CUSTOMER}"),
        letter(2, CUSTOMER, "jane@acme.test", ANSWERS_ONE, hour=11),
    )
    assert [one[:2] for one in await office.threads()] == [("message", office.jane_id), ("customer", None)]
    rows = await office.pool.fetch("select p.email from conversation c join customer p on p.id = c.primary_customer_id")
    assert [row["email"] for row in rows] == ["ada@example.org"]


async def test_a_contact_form_in_the_mailboxs_name_is_no_reply(office: Office) -> None:
    await office.take(letter(1, "support@acme.test", "support@acme.test", "Reply-To: ada@example.org"))
    assert [one[:2] for one in await office.threads()] == [("customer", None)]


async def test_a_user_who_has_left_wrote_what_they_wrote(office: Office) -> None:
    async with office.transactions.open() as tx:
        await deactivate_user(tx, Actor.system(office.account.id), office.jane_id)
    await office.take(
        letter(1, CUSTOMER, "support@acme.test"), letter(2, "jane@acme.test", CUSTOMER, ANSWERS_ONE, hour=11)
    )
    assert (await office.threads())[1][:2] == ("message", office.jane_id)


async def test_an_address_that_only_looks_like_ours_is_a_customers(office: Office) -> None:
    await office.take(
        letter(1, CUSTOMER, "support@acme.test"),
        letter(2, "Jane Doe <jane@acme.test.example.org>", "support@acme.test", ANSWERS_ONE, hour=11),
    )
    assert [one[:2] for one in await office.threads()] == [("customer", None), ("customer", None)]


async def test_what_the_server_calls_forged_is_a_customers(office: Office) -> None:
    await office.pool.execute(
        "insert into mail_channel (account_id, mailbox_id, trusted_authority) values ($1, $2, 'mx.test')",
        office.account.id,
        office.mailbox.id,
    )
    forged = "Authentication-Results: mx.test; dmarc=fail header.from=acme.test"
    await office.take(
        letter(1, CUSTOMER, "support@acme.test"),
        letter(2, "jane@acme.test", CUSTOMER, ANSWERS_ONE, forged, hour=11),
    )
    assert [one[:2] for one in await office.threads()] == [("customer", None), ("customer", None)]


async def test_a_later_message_opens_what_was_closed_for_its_age(office: Office) -> None:
    options = Options(status=Status.PENDING, closed_before=datetime(2024, 1, 1, 12, tzinfo=UTC))
    await office.take(letter(1, CUSTOMER, "support@acme.test"), options=options)
    assert await office.pool.fetchval("select status from conversation") == "closed"
    await office.take(letter(2, CUSTOMER, "support@acme.test", ANSWERS_ONE, hour=11), options=options)
    assert await office.pool.fetchval("select status from conversation") == "closed"
    await office.take(letter(3, CUSTOMER, "support@acme.test", ANSWERS_ONE, hour=13), options=options)
    assert await office.pool.fetchval("select status from conversation") == "pending"
    told = await office.pool.fetch("select data from event where type = 'convo.status'")
    assert [row["data"]["is_imported"] for row in told] == [True]
