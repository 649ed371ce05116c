"""The worker fetches mail as it comes, notices what is changed, and outlives servers and other workers that do not."""

from __future__ import annotations

import asyncio

import pytest

from tests.desk import Desk
from tests.edges.mail_io.dovecot import WITHOUT_IDLE, Dovecot, needs_dovecot, running_dovecot
from tests.edges.mail_io.imap_reading import fetching, folder_row, local, parts_of, read_once, server_of
from tests.edges.mail_io.incoming import connect, letter, rows, subjects
from tests.kit.waiting import until
from tests.make import AccountMade
from waypost.domains.mailboxes import Mailbox
from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.edges.mail_io.imap_fetcher import Fetcher

pytestmark = [pytest.mark.anyio, needs_dovecot]
HELP = "help@acme.test"


@pytest.fixture
async def account(desk: Desk) -> AccountMade:
    return await desk.make.account()


@pytest.fixture
async def mailbox(desk: Desk, account: AccountMade) -> Mailbox:
    return await desk.make.mailbox(account, email=HELP)


@local
async def test_new_mail_comes_by_idle_and_settings_are_noticed(
    desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    dovecot: Dovecot,
) -> None:
    async with fetching(desk):
        await connect(desk, account, mailbox, incoming=server_of(dovecot, mailbox))
        dovecot.append(HELP, letter(1))
        await until(lambda: _are(desk, mailbox, "Letter 1"))
        # One connection waits in IDLE: it is told of this one.
        dovecot.deliver("ann@example.org", [HELP], letter(2))
        await until(lambda: _are(desk, mailbox, "Letter 1", "Letter 2"))
        await connect(desk, account, mailbox, is_paused=True)
        await until(lambda: "Disconnected" in dovecot.log or "Connection closed" in dovecot.log)
        dovecot.append(HELP, letter(3))
        await connect(desk, account, mailbox, is_paused=False)
        await until(lambda: _are(desk, mailbox, "Letter 1", "Letter 2", "Letter 3"))
    assert await rows(desk, mailbox, "channel, state") == [("imap", "done")] * 3


async def _are(desk: Desk, mailbox: Mailbox, *expected: str) -> bool:
    return await subjects(desk, mailbox) == list(expected)


@local
async def test_servers_without_idle_are_polled(desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    async with running_dovecot(capability=WITHOUT_IDLE) as server:
        await connect(desk, account, mailbox, incoming=server_of(server, mailbox))
        async with fetching(desk, poll_s=0.05):
            for number in (1, 2):
                server.append(HELP, letter(number))
                await until(lambda number=number: _are(desk, mailbox, *(f"Letter {n}" for n in range(1, number + 1))))


@local
async def test_a_server_that_dies_is_connected_to_again_and_its_trouble_is_told(
    desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    dovecot: Dovecot,
) -> None:
    await connect(desk, account, mailbox, incoming=server_of(dovecot, mailbox))
    for number in range(30):
        dovecot.append(HELP, letter(number, body="x" * 20_000))
    async with fetching(desk):
        await until(lambda: _stored(desk, 1))
        await dovecot.kill()
        await until(lambda: _fails(desk, mailbox, "127.0.0.1 refused the connection"))
        await dovecot.start()
        dovecot.append(HELP, letter(30))
        await until(lambda: _stored(desk, 31))
        await until(lambda: _fails(desk, mailbox, None))
    assert (await folder_row(desk, mailbox))["failures"] == 0
    await desk.run_workers()
    assert sorted(await subjects(desk, mailbox)) == sorted(f"Letter {number}" for number in range(31))


async def _stored(desk: Desk, count: int) -> bool:
    async with desk.connection() as connection:
        return bool(await connection.fetchval("select count(*) from mail_intake") >= count)


async def _fails(desk: Desk, mailbox: Mailbox, words: str | None) -> bool:
    error = (await folder_row(desk, mailbox)).get("last_error")
    return error is None if words is None else words in (error or "")


async def test_a_server_on_a_private_address_is_not_connected_to(
    desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    dovecot: Dovecot,
) -> None:
    with pytest.raises(TemporaryFailure, match="not on the public network"):
        await read_once(desk, account, mailbox, server_of(dovecot, mailbox))


@local
async def test_two_workers_share_the_folders_and_one_takes_over(
    desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    dovecot: Dovecot,
) -> None:
    await connect(desk, account, mailbox, incoming=server_of(dovecot, mailbox))
    first = asyncio.create_task(
        Fetcher(parts_of(desk), desk.context.secret_key, look_s=0.05).run(desk.dsn, asyncio.Event())
    )
    await until(lambda: _succeeded(desk, mailbox))
    async with fetching(desk):
        dovecot.append(HELP, letter(1))
        await until(lambda: _are(desk, mailbox, "Letter 1"))
        assert dovecot.log.count("Login: user") <= 2 + 1  # the reader and the two of this test
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        dovecot.append(HELP, letter(2))
        await until(lambda: _are(desk, mailbox, "Letter 1", "Letter 2"))


async def _succeeded(desk: Desk, mailbox: Mailbox) -> bool:
    return (await folder_row(desk, mailbox)).get("succeeded_at") is not None
