"""`waypost import mbox`: files of mail become conversations, each message once, and none is left out."""

from __future__ import annotations

import json
import mailbox as mailbox_formats
import signal
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.make import AccountMade, Make
from tests.process import waypost
from waypost.domains.mailboxes import Mailbox
from waypost.kit.db import Connection, connect, open_pool
from waypost.kit.tx import Transactions

QUESTION = """\
Message-ID: <question@example.org>
From: Jane Smith <jane@example.org>
To: support@acme.test
Subject: Where is my order?
Date: Mon, 1 Jan 2024 10:00:00 +0000

It was to come on Friday.
"""
ANSWER = """\
Message-ID: <answer@acme.test>
From: Support <support@acme.test>
To: jane@example.org
Subject: An answer with another subject
References: <question@example.org>
Date: Mon, 1 Jan 2024 11:00:00 +0000

It is on its way.
"""
BY_SUBJECT = """\
Message-ID: <{id}@example.org>
From: jane@example.org
To: support@acme.test
Subject: RE: Where is my order?
Date: {day} Jan 2024 10:00:00 +0000

{text}
"""
STRANGER = """\
Message-ID: <stranger@example.org>
From: bob@example.org
To: support@acme.test
Subject: Re: Where is my order?
Date: 3 Jan 2024 10:00:00 +0000

And where is mine?
"""


class Inbox:
    """A mailbox to import into, and what is in it."""

    def __init__(
        self, connection: Connection, account: AccountMade, mailbox: Mailbox, database_url: str, folder: Path
    ) -> None:
        self.connection = connection
        self.account = account
        self.mailbox = mailbox
        self.database_url = database_url
        self.folder = folder

    async def take(
        self, path: Path, *words: str, mailbox_id: int | None = None, command: str = "mbox"
    ) -> tuple[int, dict[str, Any], str]:
        """Exit status, summary and whatever else was said, of one import."""
        arguments = ["import", command, str(path), "--mailbox", str(mailbox_id or self.mailbox.id), *words]
        async with waypost(
            self.folder / "run",
            *arguments,
            "--json",
            "--data-dir",
            str(self.folder / "data"),
            WAYPOST_DATABASE_URL=self.database_url,
            WAYPOST_LOG_LEVEL="error",
        ) as process:
            status = await process.process.wait()
            output = process.output
        return status, json.loads(output.splitlines()[0]) if output.startswith("{") else {}, output

    async def talks(self) -> list[tuple[str, list[str]]]:
        """Subject and first words of each thread, of every conversation."""
        rows = await self.connection.fetch(
            """select c.subject, array_agg(split_part(t.body_text, ' ', 1) order by t.created_at, t.id) as words
               from conversation c join thread t on t.account_id = c.account_id and t.conversation_id = c.id
               group by c.id, c.subject order by c.id"""
        )
        return [(row["subject"], row["words"]) for row in rows]

    async def rows(self) -> dict[str, int]:
        tables = ("conversation", "thread", "customer", "attachment", "received_mail", "event")
        return {table: await self.connection.fetchval(f"select count(*) from {table}") for table in tables}


@pytest.fixture
async def inbox(database_url: str, tmp_path: Path) -> AsyncIterator[Inbox]:
    async with await open_pool(database_url) as pool, connect(database_url) as connection:
        make = Make(Transactions(pool))
        account = await make.account()
        mailbox = await make.mailbox(account, "Support", "support@acme.test")
        yield Inbox(connection, account, mailbox, database_url, tmp_path)


def mbox_of(path: Path, *messages: str | bytes) -> Path:
    box = mailbox_formats.mbox(path)
    for message in messages:
        box.add(message)
    box.close()
    return path


async def test_messages_are_threaded_by_references_and_by_subject(inbox: Inbox) -> None:
    later = [BY_SUBJECT.format(id=f"later{day}", day=day, text=f"Day{day} has come.") for day in (2, 9, 20)]
    path = mbox_of(inbox.folder / "all.mbox", QUESTION, ANSWER, *later, STRANGER)
    status, summary, _ = await inbox.take(path)
    assert status == 0
    assert await inbox.talks() == [
        ("Where is my order?", ["It", "It", "Day2", "Day9", "Day20"]),
        ("Re: Where is my order?", ["And"]),
    ]
    assert (summary["read"], summary["conversations"], summary["threads"]) == (6, 2, 4)
    assert (summary["duplicates"], summary["failures"]) == (0, [])


async def test_messages_keep_their_times_and_nobody_is_notified(inbox: Inbox) -> None:
    await inbox.take(mbox_of(inbox.folder / "all.mbox", QUESTION, ANSWER), "--status", "closed")
    talk = await inbox.connection.fetchrow("select * from conversation")
    assert talk is not None
    assert talk["created_at"].isoformat() == "2024-01-01T10:00:00+00:00"
    assert talk["status"] == "closed"
    assert await inbox.connection.fetchval("select bool_and(is_imported) from thread")
    facts = await inbox.connection.fetch("select data from event where type like 'convo.%created'")
    assert len(facts) == 2
    assert all(fact["data"]["is_imported"] for fact in facts)


async def test_attachments_and_customers_come_with_the_messages(inbox: Inbox) -> None:
    message = EmailMessage()
    message["From"] = "Zoë Müller <zoe@example.org>"
    message["Subject"] = "A picture"
    message["Message-ID"] = "<picture@example.org>"
    message.set_content("See the picture")
    message.add_attachment(b"\x89PNG not really", maintype="image", subtype="png", filename="löve.png")
    status, _, _ = await inbox.take(mbox_of(inbox.folder / "one.mbox", message.as_bytes()))
    assert status == 0
    file = await inbox.connection.fetchrow("select * from attachment")
    customer = await inbox.connection.fetchrow("select * from customer")
    assert file is not None
    assert customer is not None
    assert (file["file_name"], file["mime_type"], file["size"]) == ("löve.png", "image/png", 15)
    assert (customer["first_name"], customer["last_name"], customer["email"]) == ("Zoë", "Müller", "zoe@example.org")


async def test_what_is_there_already_is_skipped_and_changes_nothing(inbox: Inbox) -> None:
    path = mbox_of(inbox.folder / "all.mbox", QUESTION, ANSWER, QUESTION)
    _, first, _ = await inbox.take(path)
    before = await inbox.rows()
    status, second, _ = await inbox.take(path)
    assert (first["conversations"], first["threads"], first["duplicates"]) == (1, 1, 1)
    assert (second["conversations"], second["threads"], second["duplicates"]) == (0, 0, 3)
    assert status == 0
    assert await inbox.rows() == before


async def test_broken_messages_are_kept_all_the_same(inbox: Inbox) -> None:
    folder = inbox.folder / "broken"
    folder.mkdir()
    for number, raw in enumerate(
        (
            b"",
            b"no header at all, only words\n",
            b"From: \xff\xfe<@@>\nSubject: =?x-none?Q?=ZZ?=\nDate: 99 Foo 20000\n\n\x00\x00\xffbody",
            b"From: a@example.org\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nnever ended",
            b"From: a@example.org\nContent-Type: text/html; charset=utf-7\n\n<p>+ADw-script+AD4-x",
            b"From: a@example.org\nContent-Transfer-Encoding: base64\n\n!!!!not base64!!!!",
            b"From: " + b"a" * 5000 + b"@example.org\nSubject: " + b"long " * 5000 + b"\n\nbody",
            b"From: =?utf-8?b?"
            + b"8J+YgA==" * 20
            + b"?= <b@example.org>\nMessage-ID: "
            + b"<"
            + b"i" * 900
            + b">\n\nbody",
        )
    ):
        (folder / f"{number}.eml").write_bytes(raw)
    status, summary, output = await inbox.take(folder)
    assert (status, summary["failures"]) == (0, []), output
    assert summary["conversations"] + summary["threads"] + summary["duplicates"] == summary["read"] == 8
    assert summary["flawed"] > 0
    stored = await inbox.connection.fetch("select storage_key from received_mail")
    kept = {(inbox.folder / "data" / "files" / row["storage_key"]).read_bytes() for row in stored}
    assert kept == {path.read_bytes() for path in folder.iterdir()}


async def test_the_same_file_goes_into_another_mailbox_too(inbox: Inbox) -> None:
    async with await open_pool(inbox.database_url) as pool:
        other = await Make(Transactions(pool)).mailbox(inbox.account, "Orders", "orders@acme.test")
    path = mbox_of(inbox.folder / "all.mbox", QUESTION)
    await inbox.take(path)
    _, summary, _ = await inbox.take(path, mailbox_id=other.id)
    assert summary["conversations"] == 1


async def test_an_unknown_mailbox_or_path_is_told(inbox: Inbox) -> None:
    status, summary, output = await inbox.take(mbox_of(inbox.folder / "all.mbox", QUESTION), mailbox_id=987654)
    assert (status, summary) == (1, {})
    assert "no mailbox 987654" in output
    status, _, output = await inbox.take(inbox.folder / "nowhere")
    assert status == 1
    assert "nowhere" in output


async def test_an_import_that_is_stopped_is_finished_by_running_it_again(inbox: Inbox) -> None:
    messages = [
        f"Message-ID: <{number}@example.org>\nFrom: p{number % 7}@example.org\nSubject: Subject {number}\n\nWords\n"
        for number in range(400)
    ]
    path = mbox_of(inbox.folder / "many.mbox", *messages)
    async with waypost(
        inbox.folder / "stopped", "import", "mbox", str(path), "--mailbox", str(inbox.mailbox.id), "--json",
        "--data-dir", str(inbox.folder / "data"), WAYPOST_DATABASE_URL=inbox.database_url, WAYPOST_LOG_LEVEL="error",
    ) as process:  # fmt: skip
        while not await inbox.connection.fetchval("select count(*) from conversation"):
            assert process.process.returncode is None
        process.process.send_signal(signal.SIGINT)
        status = await process.process.wait()
        said = process.output
    assert status == 130, said
    stored = await inbox.connection.fetchval("select count(*) from conversation")
    assert 0 < stored < 400
    assert json.loads(said.splitlines()[0])["conversations"] == stored
    again, summary, _ = await inbox.take(path)
    assert again == 0
    assert (summary["duplicates"], summary["conversations"]) == (stored, 400 - stored)
