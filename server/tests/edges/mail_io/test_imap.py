"""Folders of a real IMAP server are read: everything once, whatever other programs and the server do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.desk import Desk, running_desk
from tests.edges.mail_io.dovecot import Dovecot, needs_dovecot, running_dovecot
from tests.edges.mail_io.imap_reading import folder_row, read_once, replace_folders, server_of
from tests.edges.mail_io.incoming import letter, subjects
from tests.make import AccountMade
from waypost.domains.mailboxes import Mailbox
from waypost.edges.mail_io.errors import TemporaryFailure

pytestmark = [pytest.mark.anyio, needs_dovecot]


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


async def test_what_other_programs_have_seen_is_taken_and_nothing_is_marked(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    for number in range(5):
        module_dovecot.append(mailbox.email, letter(number), flags="\\Seen" if number < 3 else "")
    await read_once(imap_desk, account, mailbox, server_of(module_dovecot, mailbox))
    assert len(await subjects(imap_desk, mailbox)) == 5
    with module_dovecot.client(mailbox.email) as imap:
        assert imap.search(None, "UNSEEN")[1] == [b"4 5"]
        imap.store("1:*", "+FLAGS", "\\Seen")
    module_dovecot.append(mailbox.email, letter(5), flags="\\Seen \\Deleted")
    assert await read_once(imap_desk, account, mailbox, server_of(module_dovecot, mailbox)) == 1


async def test_days_of_mail_that_waited_all_arrive_once(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    server = server_of(module_dovecot, mailbox, since="now")
    await read_once(imap_desk, account, mailbox, server)
    with module_dovecot.client(mailbox.email) as imap:
        for number in range(120):
            day = 25 + number // 40
            imap.append("INBOX", "", f'"{day}-Nov-2026 10:00:00 +0000"', letter(number))
    # Older than the first connection by the server's word: their UIDs say that they are new.
    assert await read_once(imap_desk, account, mailbox, server) == 120
    assert await read_once(imap_desk, account, mailbox, server) == 0
    assert len(await subjects(imap_desk, mailbox)) == 120


@pytest.mark.parametrize(("since", "expected"), [("now", 0), ("2026-11-20", 1)])
async def test_old_mail_that_is_moved_into_the_folder_is_new(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
    since: str,
    expected: int,
) -> None:
    def put(number: int, day: str, folder: str = "INBOX") -> None:
        with module_dovecot.client(mailbox.email, folder) as imap:
            assert imap.append(folder, "", f'"{day} 10:00:00 +0000"', letter(number))[0] == "OK"

    put(1, " 1-Jan-2026")
    put(2, "25-Nov-2026")
    put(3, " 1-Feb-2024", "Elsewhere")
    server = server_of(module_dovecot, mailbox, since=since)
    assert await read_once(imap_desk, account, mailbox, server) == expected
    with module_dovecot.client(mailbox.email, "Elsewhere") as imap:
        assert imap.uid("MOVE", "1:*", "INBOX")[0] == "OK"
    put(4, " 1-Mar-2024")
    assert await read_once(imap_desk, account, mailbox, server) == 2
    module_dovecot.new_validity(mailbox.email)
    assert await read_once(imap_desk, account, mailbox, server) == 0
    put(5, " 1-Apr-2024")
    assert await read_once(imap_desk, account, mailbox, server) == 1
    assert (await subjects(imap_desk, mailbox))[expected:] == ["Letter 3", "Letter 4", "Letter 5"]


async def test_the_same_five_again_are_five_and_removed_ones_leave_a_gap(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    for _ in range(2):
        for number in range(5):
            module_dovecot.append(mailbox.email, letter(number))
    with module_dovecot.client(mailbox.email) as imap:
        imap.store("2,6", "+FLAGS", "\\Deleted")
        imap.expunge()
    assert await read_once(imap_desk, account, mailbox, server_of(module_dovecot, mailbox)) == 5
    assert (await folder_row(imap_desk, mailbox))["next_uid"] == 11


async def test_a_folder_that_was_numbered_anew_is_read_again_without_doubles(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    for number in range(3):
        module_dovecot.append(mailbox.email, letter(number))
    await read_once(imap_desk, account, mailbox, server_of(module_dovecot, mailbox))
    validity = (await folder_row(imap_desk, mailbox))["uid_validity"]
    module_dovecot.append(mailbox.email, letter(3))
    module_dovecot.new_validity(mailbox.email)
    assert await read_once(imap_desk, account, mailbox, server_of(module_dovecot, mailbox)) == 1
    assert (await folder_row(imap_desk, mailbox))["uid_validity"] != validity
    assert len(await subjects(imap_desk, mailbox)) == 4


@pytest.mark.parametrize(("since", "expected"), [("now", 0), ("2026-11-20", 2), ("all", 3)])
async def test_the_first_connection_takes_what_was_asked_for(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
    since: str,
    expected: int,
) -> None:
    with module_dovecot.client(mailbox.email) as imap:
        for number, day in enumerate(("1-Jan-2026", "20-Nov-2026", "27-Nov-2026")):
            imap.append("INBOX", "", f'"{day:>11} 10:00:00 +0000"', letter(number))
    server = server_of(module_dovecot, mailbox, since=since)
    assert await read_once(imap_desk, account, mailbox, server) == expected
    module_dovecot.append(mailbox.email, letter(9))
    assert await read_once(imap_desk, account, mailbox, server) == 1
    # Numbered anew, old mail stays as unwanted as it was.
    module_dovecot.new_validity(mailbox.email)
    assert await read_once(imap_desk, account, mailbox, server) == 0


async def test_old_mail_that_waits_when_a_folder_is_numbered_anew_is_not_taken_for_unwanted(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    server = server_of(module_dovecot, mailbox, since="2026-11-20")
    with module_dovecot.client(mailbox.email) as imap:
        imap.append("INBOX", "", '" 1-Jan-2026 10:00:00 +0000"', letter(0))
        imap.append("INBOX", "", '"21-Nov-2026 10:00:00 +0000"', letter(1))
    assert await read_once(imap_desk, account, mailbox, server) == 1
    # Moved there by somebody, and not read yet when the server is restored.
    with module_dovecot.client(mailbox.email) as imap:
        for number in range(2, 5):
            imap.append("INBOX", "", '" 2-Jan-2026 10:00:00 +0000"', letter(number))
    module_dovecot.new_validity(mailbox.email)
    assert await read_once(imap_desk, account, mailbox, server) == 3
    assert await subjects(imap_desk, mailbox) == ["Letter 1", "Letter 2", "Letter 3", "Letter 4"]
    assert await read_once(imap_desk, account, mailbox, server) == 0


async def test_several_folders_are_read_each_by_its_own_bookmark(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    names = ("INBOX", "Anfragen", "Rückfragen/Büro & Co")
    module_dovecot.append(mailbox.email, letter(0))
    module_dovecot.append(mailbox.email, letter(1), "Anfragen")
    module_dovecot.append(mailbox.email, letter(2), "R&APw-ckfragen/B&APw-ro &- Co")
    server = server_of(module_dovecot, mailbox, folders=names)
    assert await read_once(imap_desk, account, mailbox, server) == 3
    assert sorted(await subjects(imap_desk, mailbox)) == ["Letter 0", "Letter 1", "Letter 2"]
    with pytest.raises(TemporaryFailure, match="the folder 'Nowhere' cannot be opened"):
        await read_once(imap_desk, account, mailbox, replace_folders(server, "Nowhere"))


async def test_a_wrong_password_is_told_in_words_and_never_shown(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    with pytest.raises(TemporaryFailure, match=r"refused to sign in: AUTHENTICATE: .*[Aa]uthentication failed") as told:
        await read_once(imap_desk, account, mailbox, server_of(module_dovecot, mailbox, password="hunter2"))
    assert "hunter2" not in str(told.value)


async def test_what_is_too_large_is_named_and_not_fetched(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    module_dovecot.append(mailbox.email, letter(1, body="x" * 30_000))
    module_dovecot.append(mailbox.email, letter(2))
    assert await read_once(imap_desk, account, mailbox, server_of(module_dovecot, mailbox), most_bytes=20_000) == 2
    assert await subjects(imap_desk, mailbox) == ["Letter 1", "Letter 2"]
    async with imap_desk.connection() as connection:
        body = await connection.fetchval(
            "select body_text from thread where account_id = $1 order by id limit 1", account.id
        )
    assert "It stays on the mail server" in body
    assert "folder INBOX there, under UID 1" in body


async def test_a_mailbox_that_moves_to_another_server_doubles_nothing_and_misses_nothing(
    imap_desk: Desk,
    account: AccountMade,
    mailbox: Mailbox,
    module_dovecot: Dovecot,
) -> None:
    module_dovecot.append(mailbox.email, letter(1))
    await read_once(imap_desk, account, mailbox, server_of(module_dovecot, mailbox, since="all"))
    async with running_dovecot() as other:
        for number in (1, 2):
            other.append(mailbox.email, letter(number))
        assert await read_once(imap_desk, account, mailbox, server_of(other, mailbox, since="now")) == 1
    assert await subjects(imap_desk, mailbox) == ["Letter 1", "Letter 2"]
