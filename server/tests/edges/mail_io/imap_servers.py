"""IMAP servers that tests talk to: one that plays its part well enough for a test of connections, and goes wrong where
it is told to."""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_COMMAND = re.compile(r"(\S+) (\S+) ?(.*)")


@dataclass
class Imap:
    """What the server is like. `answers` are by command, in place of the usual ones, without the tag."""

    greeting: str | None = "* OK mail.test ready"
    capabilities: str = "IMAP4rev1 AUTH=XOAUTH2"
    inside: str = "IMAP4rev1 IDLE"
    user: str = "me@example.com"
    password: str = "right"
    token: str = "good-token"
    folders: dict[str, int] = field(default_factory=lambda: {"INBOX": 2, "Sent": 0})
    answers: dict[str, list[str] | None] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    seen: list[str] = field(default_factory=list)


@asynccontextmanager
async def imap_server(imap: Imap, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server for the length of the block; its port. With `tls` encrypted from the first byte."""
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await _Talk(imap, reader, writer).run()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Talk:
    def __init__(self, imap: Imap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.imap, self.reader, self.writer = imap, reader, writer
        self.is_in = False

    async def run(self) -> None:
        if self.imap.greeting is None:
            await asyncio.Event().wait()
        self.say(str(self.imap.greeting))
        while line := (await self.reader.readline()).decode("utf-8", "replace"):
            self.imap.seen.append(line.rstrip("\r\n"))
            found = _COMMAND.fullmatch(line.rstrip("\r\n"))
            if found is None:
                self.say("* BAD what")
                continue
            tag, command, rest = found[1], found[2].upper(), found[3]
            if command in self.imap.answers:
                said = self.imap.answers[command]
                if said is None:
                    return
                for each in said:
                    self.say(each.replace("TAG", tag))
                continue
            if not await self.obey(tag, command, rest):
                return

    def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")

    async def obey(self, tag: str, command: str, rest: str) -> bool:
        match command:
            case "CAPABILITY":
                self.say(f"* CAPABILITY {self.imap.inside if self.is_in else self.imap.capabilities}")
                self.say(f"{tag} OK done")
            case "STARTTLS" if self.imap.tls is not None:
                self.say(f"{tag} OK go")
                await self.writer.drain()
                await self.writer.start_tls(self.imap.tls)
            case "LOGIN":
                self.is_in = rest == f'"{self.imap.user}" "{self.imap.password}"'
                self.say(f"{tag} OK in" if self.is_in else f"{tag} NO [AUTHENTICATIONFAILED] no: {rest}")
            case "AUTHENTICATE":
                await self.authenticate(tag, rest)
            case "EXAMINE":
                self.examine(tag, rest.strip('"'))
            case "LIST":
                for name in self.imap.folders:
                    self.say(f'* LIST (\\HasNoChildren) "/" "{name}"')
                self.say(f"{tag} OK listed")
            case "FETCH":
                self.say("* 2 FETCH (UID 7 RFC822.SIZE 120 BODY[HEADER.FIELDS (MESSAGE-ID)] {24}")
                self.say("Message-ID: <a@b.test>)")
                self.say(f"{tag} OK fetched")
            case "LOGOUT":
                self.say(f"* BYE\r\n{tag} OK bye")
                return False
            case _:
                self.say(f"{tag} BAD what")
        return True

    async def authenticate(self, tag: str, mechanism: str) -> None:
        self.say("+ ")
        given = b64decode(await self.reader.readline())
        if mechanism == "PLAIN":
            self.is_in = given == f"\0{self.imap.user}\0{self.imap.password}".encode()
        else:
            self.is_in = given == f"user={self.imap.user}\x01auth=Bearer {self.imap.token}\x01\x01".encode()
            if not self.is_in:
                self.say(
                    "+ " + b64encode(b'{"status":"400","schemes":"Bearer","scope":"https://mail.example/"}').decode()
                )
                assert await self.reader.readline() == b"\r\n"
        self.say(f"{tag} OK in" if self.is_in else f"{tag} NO [AUTHENTICATIONFAILED] refused")

    def examine(self, tag: str, name: str) -> None:
        if name not in self.imap.folders:
            self.say(f"{tag} NO [NONEXISTENT] Mailbox doesn't exist: {name}")
            return
        self.say(f"* {self.imap.folders[name]} EXISTS")
        self.say(f"{tag} OK [READ-ONLY] there")
