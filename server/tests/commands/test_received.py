"""`waypost mail find|waiting|retry|status`, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desk import Desk
from tests.edges.mail_io.incoming import letter, subjects, take_in
from tests.process import waypost
from waypost.domains import mail
from waypost.domains.mail import Bookmark, store_folders

pytestmark = pytest.mark.anyio


async def typed(desk: Desk, folder: Path, *words: str) -> tuple[int, str]:
    environment = {"WAYPOST_DATABASE_URL": desk.dsn, "WAYPOST_DATA_DIR": str(desk.parts.settings.data_dir)}
    async with waypost(folder, "mail", *words, COLUMNS="300", **environment) as process:
        status = await process.process.wait()
        return status, process.output


async def test_finding_a_mail_and_having_it_read_again(desk: Desk, tmp_path: Path) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    await take_in(desk, account, mailbox, letter(1, subject="[red]Odd[/red]"))
    async with desk.connection() as connection:
        await connection.execute("update mail_intake set state = 'failed', last_error = 'Fault: words'")

    status, told = await typed(desk, tmp_path, "find", "1@example.org")
    assert (status, "failed" in told, "[red]Odd[/red]" in told, "Fault: words" in told) == (0, True, True, True)
    assert (await typed(desk, tmp_path, "find", "<2@example.org>"))[0] == 1
    status, told = await typed(desk, tmp_path, "waiting")
    assert (status, "Fault: words" in told, "Nothing waits." in told) == (0, True, True)
    assert await typed(desk, tmp_path, "retry") == (0, "1 mails are read again.\n")
    await desk.run_workers()
    assert await subjects(desk, mailbox) == ["[red]Odd[/red]"]


async def test_the_status_names_folders_that_cannot_be_read(desk: Desk, tmp_path: Path) -> None:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account)
    status, told = await typed(desk, tmp_path, "status")
    assert (status, mailbox.email in told) == (0, True)
    async with desk.transactions.open() as tx:
        bookmark = Bookmark(mailbox.id, "INBOX", "u", uid_validity=7, next_uid=5, since=None, since_below=0)
        await store_folders.put(tx.connection, account.id, bookmark, tx.now)
        await mail.folders.note_failure(tx, account.id, (mailbox.id, "INBOX"), "the server is away")
    status, told = await typed(desk, tmp_path, "status")
    assert (status, "INBOX" in told, "never" in told, "the server is away" in told) == (1, True, True, True)
