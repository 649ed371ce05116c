"""IMAP4rev1 as far as a reader of mail needs it (RFC 3501, 2177, 4959): nothing here changes anything on the server.

Written on asyncio, because a desk may wait in hundreds of folders at once and each has to be ended at any moment, and
because every length that a server tells has to be bounded before it is believed.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Coroutine
from typing import Any, NamedTuple

from imap_tools.imap_utf7 import utf7_encode

from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.kit.text import clean_name

STEP_S = 60.0
MOST_LITERAL = 64 * 2**20
_LINE = 2**20
_CHUNK = 2**16
_MOST_WORDS = 300
_LITERAL = re.compile(rb"\{(\d{1,12})\+?\}\r\n\Z")
_TOKEN = re.compile(rb'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<string>(?:[^"\\]|\\.)*)"|(?P<atom>[^\s()"]+))')
_CODE = re.compile(rb"\[(UIDVALIDITY|UIDNEXT) (\d{1,10})\]", re.IGNORECASE)
Token = tuple[str, bytes]


class ImapFailure(TemporaryFailure):
    """The server said no, said something else than IMAP, or went away. The message is for an administrator."""


class SignInRefused(ImapFailure):
    """The server does not take the user and password, or the token."""


class CommandRefused(ImapFailure):
    """The server answered a command with NO or BAD."""


class FolderStatus(NamedTuple):
    """What the server says of a folder: how many messages it holds and how it numbers them."""

    exists: int
    uid_validity: int
    #: What the next message will be numbered by; 0 from servers that do not say it.
    uid_next: int


class Fetched(NamedTuple):
    """One message of a FETCH: what was asked for, by upper-case names such as `RFC822.SIZE` or `BODY[]`."""

    uid: int
    items: dict[str, bytes]


class ImapClient:
    """One connection. Any failure ends its use; `close` is always right."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host
        self._number = 0
        self._capabilities: frozenset[str] = frozenset()
        self._secrets: list[str] = []

    @property
    def has_idle(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return "IDLE" in self._capabilities

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def log_out(self) -> None:
        """Say goodbye, and hang up."""
        await self._command("LOGOUT")
        self.close()

    async def greet(self) -> None:
        """Read the server's greeting. Raises ImapFailure."""
        line = await self._response()
        if len(line) < 2 or line[0][1] != b"*" or line[1][1].upper() not in (b"OK", b"PREAUTH"):
            raise ImapFailure(f"{self._host} does not greet as an IMAP server: {self._words(line)}")

    async def read_capabilities(self) -> None:
        """Ask what the server can do."""
        for line in await self._command("CAPABILITY"):
            words = [word.decode("ascii", "replace").upper() for _, word in line]
            if words[1:2] == ["CAPABILITY"]:
                self._capabilities = frozenset(words[2:])

    async def log_in(self, username: str, password: str) -> None:
        """Sign in with a password. Raises SignInRefused."""
        self._secrets.append(password)
        if "AUTH=PLAIN" in self._capabilities:
            await self._authenticate("PLAIN", f"\0{username}\0{password}".encode())
        elif "LOGINDISABLED" in self._capabilities:
            raise SignInRefused(f"{self._host} takes no passwords on this connection: use TLS, or OAuth 2.0")
        else:
            await self._sign_in(f"LOGIN {_quoted(username)} {_quoted(password)}")
        await self.read_capabilities()

    async def log_in_by_token(self, initial: bytes, token: str) -> None:
        """Sign in by XOAUTH2 with its first answer, that holds the token. Raises SignInRefused."""
        self._secrets.append(token)
        await self._authenticate("XOAUTH2", initial)
        await self.read_capabilities()

    async def examine(self, folder: str) -> FolderStatus:
        """Open a folder for reading only, also one that is open already: its newest numbers. Raises ImapFailure."""
        exists, numbers = 0, {b"UIDVALIDITY": 0, b"UIDNEXT": 0}
        try:
            answers = await self._command(f"EXAMINE {_quoted(utf7_encode(folder).decode('ascii'))}")
        except CommandRefused as error:
            raise ImapFailure(f"the folder {folder!r} cannot be opened: {error.message}") from error
        for line in answers:
            if len(line) > 2 and line[2][1].upper() == b"EXISTS" and line[1][1].isdigit():
                exists = int(line[1][1])
            for name, number in _CODE.findall(b" ".join(word for _, word in line)):
                numbers[name.upper()] = int(number)
        if not numbers[b"UIDVALIDITY"]:
            raise ImapFailure(f"{self._host} does not number the messages of {folder!r}, so they cannot be told apart")
        return FolderStatus(exists, numbers[b"UIDVALIDITY"], numbers[b"UIDNEXT"])

    async def fetch(self, uids: str, items: str) -> AsyncIterator[Fetched]:
        """Fetch by UIDs; messages are given as they come in, and others than were asked for may be among them.

        Raises CommandRefused at its end when the server could not give all.
        """
        tag = await self._send(f"UID FETCH {uids} ({items})")
        while True:
            line = await self._response()
            if line[0][1] == tag:
                self._check(line, "UID FETCH")
                return
            found = _fetched(line)
            if found is not None:
                yield found

    async def idle(self, limit_s: float) -> bool:
        """Wait until there may be new mail; False when there was none in that time. Raises ImapFailure."""
        tag = await self._send("IDLE")
        await self._continuation()
        has_news = False
        try:
            async with asyncio.timeout(limit_s):
                while not has_news:
                    line = await self._response(limit_s + STEP_S)
                    has_news = len(line) > 2 and line[2][1].upper() in (b"EXISTS", b"RECENT")
        except TimeoutError:
            pass
        await self._write(b"DONE\r\n")
        await self._finish(tag, "IDLE")
        return has_news

    async def _authenticate(self, mechanism: str, initial: bytes) -> None:
        encoded = b64encode(initial).decode("ascii")
        try:
            if "SASL-IR" in self._capabilities:
                tag = await self._send(f"AUTHENTICATE {mechanism} {encoded}")
            else:
                tag = await self._send(f"AUTHENTICATE {mechanism}")
                await self._continuation()
                await self._write(encoded.encode() + b"\r\n")
            while (line := await self._response())[0][1] != tag:
                if line[0][1] == b"+":
                    # The server explains its refusal, and wants an empty answer to that (XOAUTH2).
                    await self._write(b"\r\n")
            self._check(line, "AUTHENTICATE")
        except CommandRefused as error:
            raise SignInRefused(f"{self._host} refused to sign in: {error.message}") from error

    async def _sign_in(self, command: str) -> None:
        try:
            await self._command(command)
        except CommandRefused as error:
            raise SignInRefused(f"{self._host} refused to sign in: {error.message}") from error

    async def _command(self, command: str) -> list[list[Token]]:
        return await self._finish(await self._send(command), command.partition(" ")[0])

    async def _finish(self, tag: bytes, command: str) -> list[list[Token]]:
        answers = []
        while (line := await self._response())[0][1] != tag:
            answers.append(line)
        self._check(line, command)
        return [*answers, line]

    def _check(self, line: list[Token], command: str) -> None:
        if len(line) < 2 or line[1][1].upper() != b"OK":
            raise CommandRefused(f"{command}: {self._words(line[1:])}")

    async def _continuation(self) -> None:
        while (line := await self._response())[0][1] != b"+":
            # Anything else than untagged news is a refusal.
            if line[0][1] != b"*":
                raise CommandRefused(self._words(line[1:]))

    async def _send(self, command: str) -> bytes:
        self._number += 1
        tag = f"w{self._number}"
        await self._write(f"{tag} {command}\r\n".encode())
        return tag.encode()

    async def _write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            async with asyncio.timeout(STEP_S):
                await self._writer.drain()
        except TimeoutError:
            raise ImapFailure(f"{self._host} does not take what it is sent") from None
        except (OSError, RuntimeError) as error:
            raise ImapFailure(f"the connection to {self._host} was lost") from error

    async def _response(self, limit_s: float = STEP_S) -> list[Token]:
        """One response, its literals read; never empty. Raises ImapFailure."""
        tokens: list[Token] = []
        while True:
            line = await self._read(self._reader.readuntil(b"\r\n"), limit_s)
            literal = _LITERAL.search(line)
            tokens += _tokens(line[: literal.start()] if literal else line)
            if literal is None:
                break
            tokens.append(("string", await self._literal(int(literal[1]))))
        if not tokens:
            raise ImapFailure(f"{self._host} speaks something else than IMAP")
        if len(tokens) > 1 and tokens[0][1] == b"*" and tokens[1][1].upper() == b"BYE" and self._number:
            raise ImapFailure(f"{self._host} ended the connection: {self._words(tokens[2:])}")
        return tokens

    async def _literal(self, size: int) -> bytes:
        if size > MOST_LITERAL:
            raise ImapFailure(f"{self._host} sends {size} bytes where it had told of fewer")
        parts = []
        while size:
            # Step by step: a slow connection is fine, one that stands still is not.
            parts.append(await self._read(self._reader.readexactly(min(size, _CHUNK)), STEP_S))
            size -= len(parts[-1])
        return b"".join(parts)

    async def _read(self, reading: Coroutine[Any, Any, bytes], limit_s: float) -> bytes:
        try:
            async with asyncio.timeout(limit_s):
                return await reading
        except TimeoutError:
            raise ImapFailure(f"{self._host} does not answer any more") from None
        except asyncio.LimitOverrunError:
            raise ImapFailure(f"{self._host} sends a line without end") from None
        except (asyncio.IncompleteReadError, OSError) as error:
            raise ImapFailure(f"the connection to {self._host} was lost") from error

    def _words(self, line: list[Token]) -> str:
        text = b" ".join(word for _, word in line).decode("utf-8", "replace")
        for secret in self._secrets:
            text = text.replace(secret, "***") if secret else text
        return clean_name(text, limit=_MOST_WORDS)


async def open_client(
    connection: socket.socket, host: str, tls: ssl.SSLContext | None, *, is_starttls: bool = False
) -> ImapClient:
    """Begin to speak over a connected socket, which is closed with the client. Raises ImapFailure."""
    try:
        async with asyncio.timeout(STEP_S):
            if is_starttls:
                await _start_tls(connection, host)
            name = host if tls is not None else None
            reader, writer = await asyncio.open_connection(sock=connection, ssl=tls, server_hostname=name, limit=_LINE)
    except ssl.SSLError as error:
        connection.close()
        reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason
        raise ImapFailure(f"no encrypted connection to {host}: {reason}") from error
    except (TimeoutError, OSError) as error:
        connection.close()
        raise ImapFailure(f"{host} does not answer as an IMAP server") from error
    except BaseException:
        connection.close()
        raise
    client = ImapClient(reader, writer, host)
    try:
        if not is_starttls:
            await client.greet()
        await client.read_capabilities()
    except BaseException:
        client.close()
        raise
    return client


async def _start_tls(connection: socket.socket, host: str) -> None:
    """The steps before encryption, on the bare socket: whatever was slipped in behind them is noticed."""
    loop = asyncio.get_running_loop()
    buffer = b""
    for asked, wanted in ((b"", b"* OK"), (b"s1 STARTTLS\r\n", b"s1 OK")):
        if asked:
            await loop.sock_sendall(connection, asked)
        while b"\r\n" not in buffer:
            got = await loop.sock_recv(connection, 4096)
            if not got or len(buffer) > _CHUNK:
                raise ImapFailure(f"{host} does not greet as an IMAP server")
            buffer += got
        line, _, buffer = buffer.partition(b"\r\n")
        if not line.upper().startswith(wanted.upper()):
            raise ImapFailure(f"{host} does not begin encryption: {clean_name(line.decode('utf-8', 'replace'), 200)}")
    if buffer:
        raise ImapFailure(f"{host} sent more before encryption than it may")


def _quoted(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ImapFailure("names and passwords must not hold line ends")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _tokens(line: bytes) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(line):
        kind = str(match.lastgroup)
        value = match[kind]
        found.append((kind, re.sub(rb"\\(.)", rb"\1", value) if kind == "string" else value))
    return found


def _fetched(line: list[Token]) -> Fetched | None:
    """A FETCH response that names its message; None for all else."""
    if len(line) < 5 or line[2][1].upper() != b"FETCH" or line[3][0] != "open":
        return None
    items: dict[str, bytes] = {}
    depth, name = 0, ""
    for kind, value in line[4:]:
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
            name = ""
        elif depth == 0 and name:
            items[name] = b"" if kind == "atom" and value.upper() == b"NIL" else value
            name = ""
        elif depth == 0:
            name = value.decode("ascii", "replace").upper()
    uid = items.get("UID", b"")
    return Fetched(int(uid), items) if uid.isdigit() else None
