"""IMAP as far as a reader of mail needs it: the standard library's client, in a thread of its own for each connection.

The library speaks the protocol (RFC 3501). What it lacks is here: an address that was checked before, bounds to what a
server may say, an end at any moment (the connection is shut, and the thread with it), and IDLE (RFC 2177). Nothing here
changes anything on the server.
"""

from __future__ import annotations

import asyncio
import imaplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple, TypeVar

from imap_tools.imap_utf7 import utf7_encode

from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.edges.mail_io.imap_wire import STEP_S, Fetched, ImapWire
from waypost.kit.text import clean_name

_MOST_WORDS = 300
_TROUBLE = (imaplib.IMAP4.error, OSError, ValueError)
_Found = TypeVar("_Found")


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


class ImapClient:
    """One connection, used by one task at a time. Any failure ends its use; `close` is always right."""

    def __init__(self, connection: socket.socket, host: str) -> None:
        self._host = host
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imap")
        # Shuts the connection from outside of its thread, whatever that is doing with it; also while it is encrypted.
        self._lever: socket.socket = connection.dup()
        self._wire: ImapWire | None = None
        self._secrets: list[str] = []

    @property
    def has_idle(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return self._wire is not None and "IDLE" in self._wire.capabilities

    def close(self) -> None:
        """Hang up. Whatever the thread waits for ends at once."""
        with suppress(OSError):
            # Not the method of encrypted sockets, which says goodbye first.
            socket.socket.shutdown(self._lever, socket.SHUT_RDWR)
        with suppress(RuntimeError):
            self._thread.submit(self._let_go)
        self._thread.shutdown(wait=False)

    async def open(self, connection: socket.socket, tls: ssl.SSLContext | None, *, is_starttls: bool) -> None:
        """Greet, encrypted from the start or before anything else. Raises ImapFailure."""
        connection.settimeout(STEP_S)

        def begin() -> None:
            try:
                self._wire = ImapWire(connection, self._host, None if is_starttls else tls)
                if is_starttls:
                    self._wire.encrypt(tls)
            except BaseException:
                connection.close()
                raise

        try:
            async with asyncio.timeout(2 * STEP_S):
                await self._run(begin)
            self._lever.close()
            self._lever = self._open().sock
        except ssl.SSLError as error:
            reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.reason
            raise ImapFailure(f"no encrypted connection to {self._host}: {reason}") from error
        except TimeoutError as error:
            raise ImapFailure(f"{self._host} does not answer as an IMAP server") from error
        except OSError as error:
            raise ImapFailure(f"the connection to {self._host} was lost") from error
        except (imaplib.IMAP4.error, ValueError) as error:
            raise ImapFailure(f"{self._host} does not greet as an IMAP server: {self._words(error)}") from error

    async def log_in(self, username: str, password: str) -> None:
        """Sign in with a password. Raises SignInRefused."""
        self._secrets.append(password)
        wire = self._open()
        if "AUTH=PLAIN" in wire.capabilities:
            await self._sign_in("AUTHENTICATE", lambda: wire.sign_in("PLAIN", f"\0{username}\0{password}".encode()))
        elif "LOGINDISABLED" in wire.capabilities:
            raise SignInRefused(f"{self._host} takes no passwords on this connection: use TLS, or OAuth 2.0")
        else:
            user, secret = _quoted(username).encode(), _quoted(password).encode()
            await self._sign_in("LOGIN", lambda: wire.sign_in_by_login(user, secret))

    async def log_in_by_token(self, initial: bytes, token: str) -> None:
        """Sign in by XOAUTH2 with its first answer, that holds the token. Raises SignInRefused."""
        self._secrets.append(token)
        wire = self._open()
        await self._sign_in("AUTHENTICATE", lambda: wire.sign_in("XOAUTH2", initial))

    async def examine(self, folder: str) -> FolderStatus:
        """Open a folder for reading only, also one that is open already: its newest numbers. Raises ImapFailure."""
        wire, name = self._open(), _quoted(utf7_encode(folder).decode("ascii"))
        try:
            numbers = await self._ask("EXAMINE", lambda: wire.examine(name))
        except CommandRefused as error:
            raise ImapFailure(f"the folder {folder!r} cannot be opened: {error.message}") from error
        if not numbers["UIDVALIDITY"]:
            raise ImapFailure(f"{self._host} does not number the messages of {folder!r}, so they cannot be told apart")
        return FolderStatus(numbers["EXISTS"], numbers["UIDVALIDITY"], numbers["UIDNEXT"])

    async def fetch(self, uids: str, items: str, take: Callable[[Fetched], None]) -> None:
        """Fetch by UIDs; `take` is called, in the connection's thread, with each message as it comes in.

        Others than were asked for may be among them. Raises CommandRefused at its end when the server could not give
        all.
        """
        wire = self._open()
        await self._ask("UID FETCH", lambda: wire.fetch_by_uid(uids, items, take))

    async def idle(self, limit_s: float) -> bool:
        """Wait until there may be new mail, also since the folder was opened; False when none came in that time.

        Raises ImapFailure.
        """
        wire = self._open()
        return await self._ask("IDLE", lambda: wire.idle_for(limit_s))

    async def _sign_in(self, command: str, work: Callable[[], None]) -> None:
        try:
            await self._ask(command, work)
        except CommandRefused as error:
            raise SignInRefused(f"{self._host} refused to sign in: {error.message}") from error

    async def _ask(self, command: str, work: Callable[[], _Found]) -> _Found:
        """One command. Raises CommandRefused for the server's no, and ImapFailure for all else."""
        wire = self._open()
        try:
            return await self._run(work)
        except TimeoutError as error:
            raise ImapFailure(f"{self._host} does not answer any more") from error
        except OSError as error:
            raise ImapFailure(f"the connection to {self._host} was lost") from error
        except imaplib.IMAP4.abort as error:
            if wire.goodbye:
                raise ImapFailure(f"{self._host} ended the connection: {self._words(wire.goodbye)}") from error
            raise ImapFailure(f"the connection to {self._host} was lost: {self._words(error)}") from error
        except imaplib.IMAP4.error as error:
            raise CommandRefused(f"{command}: {self._words(error)}") from error
        except ValueError as error:
            raise ImapFailure(f"{self._host} speaks something else than IMAP") from error

    async def _run(self, work: Callable[[], _Found]) -> _Found:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except BaseException as error:
            # A no ends nothing. After all else nobody can tell what the server's next words belong to.
            if not isinstance(error, imaplib.IMAP4.error) or isinstance(error, imaplib.IMAP4.abort):
                self.close()
            raise

    def _open(self) -> ImapWire:
        assert self._wire is not None
        return self._wire

    def _let_go(self) -> None:
        """The end, in the thread."""
        if self._wire is not None:
            with suppress(*_TROUBLE):
                self._wire.shutdown()
        self._lever.close()

    def _words(self, told: Exception | str) -> str:
        first = told.args[0] if isinstance(told, Exception) and told.args else told
        text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
        for secret in self._secrets:
            text = text.replace(secret, "***") if secret else text
        return clean_name(text, limit=_MOST_WORDS)


async def open_client(
    connection: socket.socket, host: str, tls: ssl.SSLContext | None, *, is_starttls: bool = False
) -> ImapClient:
    """Begin to speak over a connected socket, which is closed with the client. Raises ImapFailure."""
    client = ImapClient(connection, host)
    try:
        await client.open(connection, tls, is_starttls=is_starttls)
    except BaseException:
        client.close()
        raise
    return client


def _quoted(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ImapFailure("names and passwords must not hold line ends")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
