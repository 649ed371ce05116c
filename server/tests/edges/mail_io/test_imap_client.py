"""The client ends at any moment, misses no news, believes nothing that came before encryption, and keeps its bounds."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.edges.mail_io.servers import certificate
from tests.kit.waiting import until
from waypost.edges.mail_io import imap_wire
from waypost.edges.mail_io.imap_client import CommandRefused, ImapClient, ImapFailure, SignInRefused, open_client
from waypost.edges.mail_io.imap_wire import Fetched

pytestmark = pytest.mark.anyio
LIKE_ALWAYS = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE STARTTLS AUTH=PLAIN\r\nTAG OK done\r\n",
    "EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 2] ok\r\nTAG OK done\r\n",
}


@dataclass
class Script:
    """What a server says to each command, with TAG for its tag. `idle` is its answer to IDLE; DONE ends that."""

    answers: dict[str, bytes] = field(default_factory=dict)
    greeting: bytes = b"* OK ready\r\n"
    idle: bytes = b"+ idling\r\n"
    starts: ssl.SSLContext | None = None
    encrypted: dict[str, bytes] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    ended: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = {**LIKE_ALWAYS, **self.answers}
        writer.write(self.greeting)
        with suppress(OSError):
            while line := (await reader.readline()).decode().strip():
                tag, _, command = line.partition(" ")
                self.heard.append(command or tag)
                word = command.split(" ")[0]
                if word == "IDLE":
                    writer.write(self.idle)
                    if await reader.readline():
                        writer.write(f"{tag} OK idled\r\n".encode())
                    continue
                writer.write(answers.get(word, b"TAG OK done\r\n").replace(b"TAG", tag.encode()))
                if word == "STARTTLS" and self.starts is not None:
                    await writer.drain()
                    await writer.start_tls(self.starts)
                    answers |= self.encrypted
        self.ended += 1
        writer.close()


@asynccontextmanager
async def reading(
    script: Script, tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None
) -> AsyncIterator[ImapClient]:
    """The same, signed in and with a folder open."""
    async with talking(script, tls) as client:
        await client.log_in("u", "p")
        assert await client.examine("INBOX") == (1, 7, 2)
        yield client


@asynccontextmanager
async def talking(
    script: Script, tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None, *, is_starttls: bool = False
) -> AsyncIterator[ImapClient]:
    """A client of a server that keeps to the script. `tls` is the server's side and the client's."""
    served = None if is_starttls or tls is None else tls[0]
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0, ssl=served)
    script.port = server.sockets[0].getsockname()[1]
    if is_starttls and tls is not None:
        script.starts = tls[0]
    try:
        connection = socket.create_connection(("127.0.0.1", script.port))
        client = await open_client(
            connection, "localhost", tls[1] if tls is not None else None, is_starttls=is_starttls
        )
        try:
            yield client
        finally:
            client.close()
    finally:
        server.close()


@pytest.fixture
def encryption(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    served, trusted = certificate(tmp_path, "localhost")
    return served, ssl.create_default_context(cafile=trusted)


def threads() -> int:
    return sum(each.name.startswith("imap") for each in threading.enumerate())


@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_an_idle_that_is_given_up_ends_with_its_thread(
    encryption: tuple[ssl.SSLContext, ssl.SSLContext], is_encrypted: bool
) -> None:
    script = Script()
    async with reading(script, encryption if is_encrypted else None) as client:
        waiting = asyncio.create_task(client.idle(3600))
        await until(lambda: "IDLE" in script.heard)
        assert threads() == 1
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await until(lambda: threads() == 0 and script.ended == 1)


async def test_a_server_that_stays_silent_from_the_start_is_given_up_with_its_thread() -> None:
    script = Script(greeting=b"")
    opening = asyncio.create_task(anext(talking(script).gen))
    await until(lambda: threads() == 1)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    await until(lambda: threads() == 0)


@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_news_that_come_with_the_beginning_of_idle_are_heard(
    encryption: tuple[ssl.SSLContext, ssl.SSLContext], is_encrypted: bool
) -> None:
    # In one segment, so that it is read from the socket before anybody asks the socket whether there is something.
    script = Script(idle=b"+ idling\r\n* 7 EXISTS\r\n")
    async with reading(script, encryption if is_encrypted else None) as client:
        assert await client.idle(3600)


async def test_news_that_come_while_mail_is_fetched_are_not_waited_for_again() -> None:
    script = Script({"UID": b"* 1 FETCH (UID 1)\r\n* 2 EXISTS\r\nTAG OK done\r\n"})
    async with reading(script) as client:
        await client.fetch("1", "UID", lambda _: None)
        assert await client.idle(3600)
        assert "IDLE" not in script.heard
        await client.examine("INBOX")
        assert not await client.idle(0.01)
        assert script.heard[-1] == "IDLE"


@pytest.mark.parametrize("is_encrypted", [False, True])
async def test_a_silent_idle_is_ended_in_order_and_begun_again(
    encryption: tuple[ssl.SSLContext, ssl.SSLContext], is_encrypted: bool
) -> None:
    script = Script(idle=b"+ idling\r\n* OK still here\r\n")
    async with reading(script, encryption if is_encrypted else None) as client:
        for _ in range(3):
            assert not await client.idle(0.05)
        script.idle = b"+ idling\r\n* 2 EXISTS\r\n"
        assert await client.idle(3600)


async def test_what_is_slipped_in_before_encryption_is_not_believed(
    encryption: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    script = Script(
        {"STARTTLS": b"TAG OK go\r\n* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN\r\n* 9 EXISTS\r\n"},
        encrypted={"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nTAG OK done\r\n"},
    )
    async with talking(script, encryption, is_starttls=True) as client:
        assert not client.has_idle
        with pytest.raises(SignInRefused, match="takes no passwords"):
            await client.log_in("u", "p")


async def test_encryption_that_is_not_listed_and_the_newest_protocol_are_used(
    encryption: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    script = Script({"CAPABILITY": b"* CAPABILITY IMAP4rev2 IDLE\r\nTAG OK done\r\n"})
    async with talking(script, encryption, is_starttls=True) as client:
        await client.log_in("u", "p")
        assert await client.examine("INBOX") == (1, 7, 2)
    assert script.heard[:2] == ["CAPABILITY", "STARTTLS"]


@pytest.mark.parametrize(
    "script",
    [
        Script(greeting=b"* PREAUTH welcome\r\n"),
        Script({"STARTTLS": b"TAG BAD what\r\n"}),
        Script({"STARTTLS": b"TAG NO not today\r\n"}),
    ],
    ids=["signed in already", "not known", "refused"],
)
async def test_without_encryption_nothing_is_said(
    encryption: tuple[ssl.SSLContext, ssl.SSLContext], script: Script
) -> None:
    with pytest.raises(ImapFailure, match="localhost"):
        async with talking(script, (encryption[0], encryption[1]), is_starttls=True):
            pass
    assert set(script.heard) <= {"CAPABILITY", "STARTTLS"}


async def test_messages_are_read_in_every_form_that_servers_write() -> None:
    script = Script(
        {
            "UID": b"* 1 FETCH (FLAGS (UID 9 \\Seen) UID 1 BODY[] {4}\r\nA) B)\r\n"
            b'* 2 FETCH (BODY[] "say \\"hi\\"" UID 2)\r\n'
            b"* 3 FETCH (UID 3 BODY[] NIL)\r\n"
            b"* 4 FETCH (BODY[] {0}\r\n UID 4 RFC822.SIZE 12)\r\n"
            b"* 5 FETCH (FLAGS (\\Seen))\r\n"
            b'* 6 FETCH (UID 6 INTERNALDATE " 1-Nov-2026 10:00:00 +0000")\r\n'
            b"TAG NO some are missing\r\n"
        }
    )
    found: list[Fetched] = []
    async with reading(script) as client:
        with pytest.raises(CommandRefused, match="UID FETCH: NO some are missing"):
            await client.fetch("1:6", "UID BODY.PEEK[]", found.append)
        assert not await client.idle(0.01)
    assert [(each.uid, each.items.get("BODY[]")) for each in found] == [
        (1, b"A) B"),
        (2, b'say "hi"'),
        (3, b""),
        (4, b""),
        (6, None),
    ]
    assert found[3].items["RFC822.SIZE"] == b"12"
    assert found[4].items["INTERNALDATE"] == b" 1-Nov-2026 10:00:00 +0000"


async def test_a_server_cannot_send_more_than_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_wire, "MOST_BYTES", 1_000)
    bodies = b"".join(b"* %d FETCH (UID %d BODY[] {400}\r\n%s)\r\n" % (uid, uid, b"x" * 400) for uid in range(1, 4))
    found: list[Fetched] = []
    async with reading(Script({"UID": bodies + b"TAG OK done\r\n"})) as client:
        with pytest.raises(ImapFailure, match="more than 1000 bytes"):
            await client.fetch("1:3", "UID BODY.PEEK[]", found.append)
    assert len(found) == 2
    async with reading(Script({"UID": b"* OK babble\r\n" * 200 + b"TAG OK done\r\n"})) as client:
        with pytest.raises(ImapFailure, match="more than 1000 bytes"):
            await client.fetch("1", "UID", found.append)


async def test_long_lists_are_not_kept() -> None:
    lines = b"".join(b"* %d FETCH (UID %d RFC822.SIZE 100)\r\n" % (uid, uid) for uid in range(1, 20_001))
    count = 0

    def take(_: Fetched) -> None:
        nonlocal count
        count += 1

    async with reading(Script({"UID": lines + b"TAG OK done\r\n"})) as client:
        await client.fetch("1", "UID", take)
        # The server is of this process: its answer is made, and counted, beforehand.
        tracemalloc.start()
        try:
            await client.fetch("1:20000", "UID RFC822.SIZE", take)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert count == 40_000
    assert peak < 2 * len(lines) + 500_000


async def test_passwords_that_a_server_repeats_are_not_shown_and_may_hold_anything() -> None:
    refusal = b"TAG NO [AUTHENTICATIONFAILED] no gr\xc3\xbc\xc3\x9fe\r\n"
    plain = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"
    script = Script({"CAPABILITY": plain, "LOGIN": refusal})
    async with talking(script) as client:
        with pytest.raises(SignInRefused, match=r"LOGIN: .*no \*\*\*"):
            await client.log_in('a"b', "grüße")
    assert 'LOGIN "a\\"b" "grüße"' in script.heard
    async with talking(Script({"CAPABILITY": plain})) as client:
        with pytest.raises(ImapFailure, match="line ends"):
            await client.log_in("u", "p\r\nw1 DELETE INBOX")
