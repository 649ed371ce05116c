"""An IMAP server whose folder is a function of the test's, so that it can hold a million messages and any fault.

It says only what a reader of mail needs, and hangs up after `hang_up_after` commands, if that is given.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_SET = re.compile(r"(\d+|\*)(?::(\d+|\*))?")


@dataclass
class FakeImap:
    """`uids(first, last)` gives the UIDs that are there in a range, `body(uid)` a message, or None: it is refused."""

    uids: Callable[[int, int], Iterator[int]]
    body: Callable[[int], bytes | None]
    uid_next: int
    exists: int
    validity: int = 7
    hang_up_after: int = 0
    size: int = 100
    internal_date: str = "27-Nov-2026 10:00:00 +0000"
    port: int = 0
    commands: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        writer.write(b"* OK ready\r\n")
        count = 0
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while line := (await reader.readline()).decode().strip():
                tag, _, command = line.partition(" ")
                self.commands.append(command)
                count += 1
                if self.hang_up_after and count > self.hang_up_after:
                    break
                if command == "IDLE":
                    writer.write(b"+ idling\r\n")
                    await reader.readline()
                    writer.write(f"{tag} OK done\r\n".encode())
                    continue
                answer = self._answer(command, writer)
                await writer.drain()
                writer.write(f"{tag} {answer}\r\n".encode())
        writer.close()

    def _answer(self, command: str, writer: asyncio.StreamWriter) -> str:
        if command == "CAPABILITY":
            writer.write(b"* CAPABILITY IMAP4rev1 IDLE\r\n")
        elif command.startswith("EXAMINE"):
            writer.write(f"* {self.exists} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n".encode())
            writer.write(f"* OK [UIDNEXT {self.uid_next}] ok\r\n".encode())
        elif command.startswith("UID FETCH"):
            return self._fetch(command, writer)
        return "OK done"

    def _fetch(self, command: str, writer: asyncio.StreamWriter) -> str:
        _, _, wanted, items = command.split(" ", 3)
        answer = "OK done"
        for part in wanted.split(","):
            match = _SET.fullmatch(part)
            assert match is not None
            first = self.uid_next - 1 if match[1] == "*" else int(match[1])
            last = first if match[2] is None else int(match[2])
            for uid in self.uids(first, last):
                if "BODY" not in items:
                    told = f'UID {uid} RFC822.SIZE {self.size} INTERNALDATE "{self.internal_date}"'
                    writer.write(f"* 1 FETCH ({told})\r\n".encode())
                elif (body := self.body(uid)) is None:
                    answer = "NO cannot read the message"
                else:
                    name = "BODY[HEADER]" if "HEADER" in items else "BODY[]"
                    writer.write(
                        f"* 1 FETCH (UID {uid} FLAGS (\\Seen) {name} {{{len(body)}}}\r\n".encode() + body + b")\r\n"
                    )
        return answer


@asynccontextmanager
async def serving(fake: FakeImap) -> AsyncIterator[FakeImap]:
    """The server for the length of the block; its port is in `port`."""
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
