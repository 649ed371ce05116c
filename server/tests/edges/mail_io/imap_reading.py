"""What tests of fetching mail share: the parts of a desk that read folders, for one round or for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec

from tests.desk import Desk, desk_with
from tests.edges.mail_io.dovecot import PASSWORD, Dovecot
from tests.kit.waiting import running
from tests.make import AccountMade
from waypost.domains.mailboxes import IncomingServer, Mailbox
from waypost.edges.mail_io.imap_fetcher import Fetcher
from waypost.edges.mail_io.imap_folder import FolderReader, Parts

#: Private servers are out of bounds for a desk that was not told otherwise.
local = desk_with(outgoing_allow=("127.0.0.1",))


def parts_of(desk: Desk, **changes: Any) -> Parts:
    made = Parts(
        transactions=desk.transactions,
        files=desk.parts.files,
        outgoing=desk.parts.outgoing,
        access_tokens=desk.parts.access_tokens,
        first_pause_s=0.05,
    )
    return replace(made, **changes)


def server_of(dovecot: Dovecot, mailbox: Mailbox, **changes: Any) -> IncomingServer:
    plain = {
        "host": dovecot.host,
        "port": dovecot.port,
        "security": "none",
        "username": mailbox.email,
        "password": PASSWORD,
    }
    return IncomingServer(**{"since": "all", **plain, **changes})


async def read_once(desk: Desk, account: AccountMade, mailbox: Mailbox, server: IncomingServer, **more: Any) -> int:
    """Read every folder to its end and the mail that came; how many messages were new."""
    folders = more.pop("folders", server.folders)
    new = 0
    for folder in folders:
        reader = FolderReader(parts_of(desk, **more), account.id, mailbox.id, server, folder)
        rounds = reader.rounds()
        new += await anext(rounds)
        await rounds.aclose()
    await desk.run_workers()
    return new


@asynccontextmanager
async def fetching(desk: Desk, **changes: Any) -> AsyncIterator[None]:
    """The fetcher of a worker, and what reads its mail."""
    fetcher = Fetcher(parts_of(desk, **changes), desk.context.secret_key, look_s=0.05)

    async def read() -> None:
        while True:
            await desk.run_workers()
            await asyncio.sleep(0.02)

    async with running(fetcher.run(desk.dsn, asyncio.Event()), read()):
        yield


async def folder_row(desk: Desk, mailbox: Mailbox) -> dict[str, Any]:
    async with desk.connection() as connection:
        row = await connection.fetchrow("select * from mail_folder where mailbox_id = $1", mailbox.id)
    return dict(row.items()) if row is not None else {}


def replace_folders(server: IncomingServer, *names: str) -> IncomingServer:
    return msgspec.structs.replace(server, folders=names)
