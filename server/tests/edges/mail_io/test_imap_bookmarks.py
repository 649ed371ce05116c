"""Bookmarks hold in folders of any size and numbering, with connections that break and messages that are not given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.desk import Desk, running_desk
from tests.edges.mail_io.fake_imap import FakeImap, serving
from tests.edges.mail_io.imap_reading import folder_row, parts_of
from tests.edges.mail_io.incoming import letter, rows, subjects
from tests.make import AccountMade
from waypost.domains.mailboxes import IncomingServer, Mailbox
from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.edges.mail_io.imap_folder import MOST_REFUSALS, FolderReader

pytestmark = pytest.mark.anyio
LAST_UID = 2**32 - 2


@pytest.fixture(scope="module")
async def imap_desk(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    async with running_desk(module_database_url, folder, outgoing_allow=("127.0.0.1",)) as running:
        yield running


@pytest.fixture
async def account(imap_desk: Desk) -> AccountMade:
    return await imap_desk.make.account()


@pytest.fixture
async def mailbox(imap_desk: Desk, account: AccountMade) -> Mailbox:
    return await imap_desk.make.mailbox(account)


def reader_of(desk: Desk, account: AccountMade, mailbox: Mailbox, fake: FakeImap, **changes: Any) -> FolderReader:
    server = IncomingServer(
        host="127.0.0.1", port=fake.port, security="none", username="u", password="p", **{"since": "all", **changes}
    )
    return FolderReader(parts_of(desk), account.id, mailbox.id, server, "INBOX")


async def one_round(reader: FolderReader) -> int:
    rounds = reader.rounds()
    try:
        return await anext(rounds)
    finally:
        await rounds.aclose()


def folder_of(uids: list[int], **more: Any) -> FakeImap:
    def between(first: int, last: int) -> Iterator[int]:
        return (uid for uid in uids if first <= uid <= last)

    return FakeImap(**{"uids": between, "body": letter, "uid_next": uids[-1] + 1, "exists": len(uids), **more})


async def test_gaps_of_millions_are_crossed_and_broken_connections_double_nothing(
    imap_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    uids = [*range(1, 120), 5_000, *range(3_000_000, 3_000_200), 2_000_000_000, LAST_UID - 1, LAST_UID]
    async with serving(folder_of(uids, hang_up_after=25)) as fake:
        sessions = 0
        while True:
            sessions += 1
            try:
                await one_round(reader_of(imap_desk, account, mailbox, fake))
            except TemporaryFailure:
                continue
            break
        assert sessions > 3
        fetched = [command for command in fake.commands if "BODY" in command]
    assert [envelope["uid"] for (envelope,) in await rows(imap_desk, mailbox, "envelope")] == uids
    assert (await folder_row(imap_desk, mailbox))["next_uid"] == LAST_UID + 1
    assert len(fetched) < 30


async def test_a_crowded_folder_is_walked_through_in_windows(
    imap_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    total = 20_000

    def there(first: int, last: int) -> Iterator[int]:
        return iter(range(max(1, first), min(last, total) + 1))

    async with serving(FakeImap(there, letter, total + 1, total)) as fake:
        assert await one_round(reader_of(imap_desk, account, mailbox, fake, since="2026-11-28")) == 0
        row = await folder_row(imap_desk, mailbox)
        assert (row["next_uid"], row["behind"]) == (total + 1, 0)
        # A few of its messages at a time, however many it holds.
        spans = [command.split()[2] for command in fake.commands if "INTERNALDATE" in command]
        assert len(spans) >= total // 1024


async def test_new_mailboxes_with_a_million_mails_begin_at_their_end(
    imap_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    total = 1_000_000

    def there(first: int, last: int) -> Iterator[int]:
        return iter(range(first, min(last, fake.exists) + 1))

    async with serving(FakeImap(there, letter, total + 1, total)) as fake:
        assert await one_round(reader_of(imap_desk, account, mailbox, fake, since="now")) == 0
        assert not [command for command in fake.commands if "FETCH" in command]
        fake.exists, fake.uid_next = total + 3, total + 4
        assert await one_round(reader_of(imap_desk, account, mailbox, fake, since="now")) == 3


async def test_a_message_that_is_never_given_is_named_and_the_rest_arrives(
    imap_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    async with serving(folder_of([1, 2, 3], body=lambda uid: None if uid == 1 else letter(uid))) as fake:
        reader = reader_of(imap_desk, account, mailbox, fake)
        for _ in range(MOST_REFUSALS - 1):
            with pytest.raises(TemporaryFailure, match="does not give the message with UID 1 in 'INBOX'"):
                await one_round(reader)
        assert await one_round(reader) == 3
    await imap_desk.run_workers()
    assert await subjects(imap_desk, mailbox) == ["Message 1 in INBOX", "Letter 2", "Letter 3"]


async def test_a_server_that_gives_no_message_at_all_loses_none(
    imap_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    bodies: dict[int, bytes] = {}
    async with serving(folder_of([1, 2, 3], body=bodies.get)) as fake:
        reader = reader_of(imap_desk, account, mailbox, fake)
        for _ in range(MOST_REFUSALS + 3):
            with pytest.raises(TemporaryFailure, match="does not give"):
                await one_round(reader)
        bodies.update({uid: letter(uid) for uid in (1, 2, 3)})
        assert await one_round(reader) == 3


@pytest.mark.parametrize(
    "lines",
    [
        b"220 smtp.example ESMTP\r\n",
        b"* OK hi\r\n* 1 FETCH (UID 1 BODY[] {99999999999}\r\n",
        b"x" * 2**21,
        b"* BYE no\r\n",
    ],
    ids=["smtp", "endless literal", "endless line", "bye"],
)
async def test_servers_that_speak_something_else_are_told_as_such(
    imap_desk: Desk, account: AccountMade, mailbox: Mailbox, lines: bytes
) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(lines)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    fake = folder_of([1])
    fake.port = server.sockets[0].getsockname()[1]
    with pytest.raises(TemporaryFailure, match=r"127\.0\.0\.1"):
        await one_round(reader_of(imap_desk, account, mailbox, fake))
    server.close()
