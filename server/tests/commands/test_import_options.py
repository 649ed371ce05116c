"""`waypost import mbox|eml|maildir` with its options: what is left out, tagged, closed, or only said."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.commands.test_import_mail import ANSWER, BY_SUBJECT, QUESTION, Inbox, mbox_of
from tests.make import Make
from waypost.kit.db import connect, open_pool
from waypost.kit.tx import Transactions


@pytest.fixture
async def inbox(database_url: str, tmp_path: Path) -> AsyncIterator[Inbox]:
    async with await open_pool(database_url) as pool, connect(database_url) as connection:
        make = Make(Transactions(pool))
        account = await make.account()
        mailbox = await make.mailbox(account, "Support", "support@acme.test")
        yield Inbox(connection, account, mailbox, database_url, tmp_path)


def dated(number: int, day: str) -> str:
    return (
        f"Message-ID: <d{number}@example.org>\nFrom: p{number}@example.org\nTo: support@acme.test\n"
        f"Subject: Question {number}\nDate: {day} 10:00:00 +0000\n\nWords of {number}\n"
    )


def maildir(folder: Path, files: dict[str, str]) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    for name, content in files.items():
        (folder / "cur" / name).write_text(content)
    return folder


async def test_a_dry_run_says_what_the_run_does_and_changes_nothing(inbox: Inbox) -> None:
    later = [BY_SUBJECT.format(id=f"later{day}", day=day, text=f"Day{day} has come.") for day in (2, 9)]
    path = mbox_of(inbox.folder / "all.mbox", QUESTION, ANSWER, QUESTION, *later, dated(1, "1 Feb 2024"))
    before = await inbox.rows()
    _, foreseen, _ = await inbox.take(path, "--dry-run")
    assert await inbox.rows() == before
    assert not [file for file in (inbox.folder / "data" / "files").rglob("*") if file.is_file()]
    _, done, _ = await inbox.take(path)
    _, after, _ = await inbox.take(path, "--dry-run")
    counted = ("read", "conversations", "threads", "duplicates", "left_out", "failures")
    assert {name: foreseen[name] for name in counted} == {name: done[name] for name in counted}
    assert (foreseen["conversations"], foreseen["threads"], foreseen["duplicates"]) == (2, 3, 1)
    assert (after["conversations"], after["threads"], after["duplicates"]) == (0, 0, 6)
    assert (foreseen["is_dry"], done["is_dry"]) == (True, False)


async def test_only_messages_of_the_wanted_time_are_taken_in(inbox: Inbox) -> None:
    days = ("31 Dec 2023", "1 Jan 2024", "31 Jan 2024", "1 Feb 2024")
    path = mbox_of(inbox.folder / "all.mbox", *(dated(number, day) for number, day in enumerate(days)))
    _, summary, _ = await inbox.take(path, "--since", "2024-01-01", "--until", "2024-02-01")
    assert (summary["conversations"], summary["left_out"]) == (2, 2)
    assert await inbox.talks() == [("Question 1", ["Words"]), ("Question 2", ["Words"])]


async def test_conversations_that_ended_long_ago_are_closed(inbox: Inbox) -> None:
    path = mbox_of(inbox.folder / "all.mbox", dated(1, "31 Dec 2023"), dated(2, "1 Jan 2024"))
    await inbox.take(path, "--closed-before", "2024-01-01", "--status", "pending")
    rows = await inbox.connection.fetch("select status, waiting_since from conversation order by id")
    assert [row["status"] for row in rows] == ["closed", "pending"]
    assert rows[0]["waiting_since"] is None


async def test_tags_come_with_new_conversations_and_nobody_is_told(inbox: Inbox) -> None:
    path = mbox_of(inbox.folder / "all.mbox", QUESTION, ANSWER)
    await inbox.take(path, "--tag", "Archive", "--tag", "old desk")
    tags = await inbox.connection.fetch(
        "select t.name from conversation_tag c join tag t on t.account_id = c.account_id and t.id = c.tag_id order by 1"
    )
    assert [row["name"] for row in tags] == ["archive", "old desk"]
    told = await inbox.connection.fetch("select data from event where type = 'convo.tags'")
    assert [row["data"]["is_imported"] for row in told] == [True]
    status, _, output = await inbox.take(path, "--tag", "x" * 61)
    assert status == 1
    assert "--tag" in output


async def test_a_maildir_leaves_its_trash_behind_and_its_keywords_become_tags(inbox: Inbox) -> None:
    box = maildir(
        inbox.folder / "box",
        {
            "1.h:2,Sa": dated(1, "1 Jan 2024"),
            "2.h:2,ST": dated(2, "2 Jan 2024"),
            "3.h:2,D": dated(3, "3 Jan 2024"),
        },
    )
    (box / "dovecot-keywords").write_text("0 Billing\n")
    _, summary, _ = await inbox.take(box, "--keywords", command="maildir")
    assert (summary["conversations"], summary["left_out"]) == (1, 2)
    assert await inbox.connection.fetchval("select name from tag") == "billing"
    _, summary, _ = await inbox.take(box, "--with-deleted", command="maildir")
    assert (summary["conversations"], summary["duplicates"]) == (2, 1)


async def test_files_of_their_own_come_in_from_a_folder_and_from_a_zip(inbox: Inbox) -> None:
    folder = inbox.folder / "mails"
    folder.mkdir()
    (folder / "question.eml").write_text(QUESTION)
    (folder / "Inbox").write_text("From - \n" + ANSWER)
    with zipfile.ZipFile(folder / "then.zip", "w") as archive:
        archive.writestr("../answer.eml", ANSWER)
    status, summary, _ = await inbox.take(folder, command="eml")
    assert (status, summary["read"], summary["conversations"], summary["threads"]) == (0, 2, 1, 1)
    status, _, output = await inbox.take(folder, command="maildir")
    assert status == 1
    assert "maildir" in output


async def test_a_broken_archive_stops_with_a_sentence(inbox: Inbox) -> None:
    (inbox.folder / "half.zip").write_bytes(b"PK\x03\x04")
    status, _, output = await inbox.take(inbox.folder / "half.zip", command="eml")
    assert status == 1
    assert "half.zip cannot be read" in output
    assert "Traceback" not in output
