"""The standard library's IMAP client over a socket that is connected already, with bounds, and with IDLE.

Blocking: `imap_client` runs it in threads. It raises what the library raises: `error` for a server's no, `abort` where
the connection is of no more use, OSError, and ValueError for what cannot be decoded.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable
from io import BufferedReader
from typing import Any, NamedTuple, cast

STEP_S = 60.0
#: How much a server may send as the answer to one command, apart from lines that nobody keeps.
MOST_BYTES = 64 * 2**20
_LINE = 2**20
_FLAGS = re.compile(rb"\bFLAGS \([^)]*\)", re.IGNORECASE)
_ITEM = re.compile(
    rb'(UID|RFC822\.SIZE|INTERNALDATE|BODY\[[A-Z]*\]) (?:"((?:[^"\\]|\\.)*)"|\{(\d+)\+?\}|([^\s()"]+))', re.IGNORECASE
)
imaplib.Commands.setdefault("IDLE", ("AUTH", "SELECTED"))


class Fetched(NamedTuple):
    """One message of a FETCH: what was asked for, by upper-case names such as `RFC822.SIZE` or `BODY[]`."""

    uid: int
    items: dict[str, bytes]


class ImapWire(imaplib.IMAP4):
    """One connection; `host` is the name that its certificate has to prove."""

    def __init__(self, connection: socket.socket, host: str, tls: ssl.SSLContext | None) -> None:
        self._connection = connection
        self._tls = tls
        self._kept = 0
        self._parts: list[tuple[bytes, bytes]] = []
        self._take: Callable[[Fetched], None] | None = None
        self._has_news = False
        super().__init__(host)

    @property
    def goodbye(self) -> str:
        """What the server said when it ended the connection, if it did."""
        said: list[Any] | None = self.untagged_responses.get("BYE")
        return said[-1].decode("utf-8", "replace") or "BYE" if said else ""

    @property
    def _buffer(self) -> BufferedReader:
        return cast("BufferedReader", self.file)

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:  # noqa: ARG002 - the library's
        """Take the socket that there is."""
        self.host, self.port = host, port
        tls, given = self._tls, self._connection
        self.sock = tls.wrap_socket(given, server_hostname=host) if tls is not None else given
        self.file = self.sock.makefile("rb")

    def read(self, size: int) -> bytes:
        """A literal, if there is room for it."""
        self._count(size)
        found = self._buffer.read(size)
        if len(found) < size:
            raise self.abort("socket error: EOF")
        return found

    def readline(self) -> bytes:
        """A line, which has an end."""
        line = self._buffer.readline(_LINE + 1)
        if len(line) > _LINE:
            raise self.abort("a line without end")
        return line

    def encrypt(self, tls: ssl.SSLContext | None) -> None:
        """STARTTLS. What was said before counts as nothing, nor does what was slipped in behind the answer."""
        # Servers that do not list it are asked all the same: they can say no.
        self.capabilities = (*self.capabilities, "STARTTLS")
        self.starttls(tls)
        self.untagged_responses.clear()
        self._has_news = False

    def sign_in(self, mechanism: str, initial: bytes) -> None:
        """One exchange of SASL. A server that asks more explains its refusal, and wants an empty answer (XOAUTH2)."""
        answers = [initial]
        self._begin()
        self.authenticate(mechanism, lambda _: answers.pop() if answers else b"")
        self._get_capabilities()

    def sign_in_by_login(self, username: bytes, password: bytes) -> None:
        """LOGIN; both as quoted strings."""
        self._begin()
        _agreed(self._simple_command("LOGIN", username, password))
        self.state = "AUTH"
        self._get_capabilities()

    def examine(self, folder: str) -> dict[str, int]:
        """Open a folder (a quoted string) for reading only: its EXISTS, UIDVALIDITY and UIDNEXT, 0 where unsaid."""
        self._begin()
        _agreed(self.select(folder, readonly=True))
        said = {name: (self.response(name)[1] or [b""])[-1] or b"" for name in ("EXISTS", "UIDVALIDITY", "UIDNEXT")}
        self._has_news = False
        return {name: int(number) if number.isdigit() and len(number) < 19 else 0 for name, number in said.items()}

    def fetch_by_uid(self, uids: str, items: str, take: Callable[[Fetched], None]) -> None:
        """UID FETCH; `take` is given each message as it comes in, and none is kept here."""
        self._begin()
        self._take = take
        try:
            _agreed(self.uid("FETCH", uids, f"({items})"))
        finally:
            self._take = None

    def idle_for(self, limit_s: float) -> bool:
        """Wait for new mail; at once True when there was some since the folder was opened."""
        end = time.monotonic() + limit_s
        self._begin()
        if self._is_told():
            return True
        tag = self._command("IDLE")
        while self._get_response() is not None:
            if self.tagged_commands[tag]:
                _agreed(self._command_complete("IDLE", tag))
                return self._has_news
        while not self._is_told() and self._speaks_within(end - time.monotonic()):
            self._get_response()
            self._check_bye()
            self._begin()
        self.send(b"DONE\r\n")
        _agreed(self._command_complete("IDLE", tag))
        return self._has_news

    def _get_capabilities(self) -> None:
        imaplib.IMAP4._get_capabilities(self)  # type: ignore[attr-defined]
        # The library does not know its name yet; what is asked here is the same in both.
        if "IMAP4REV2" in self.capabilities:
            self.capabilities = (*self.capabilities, "IMAP4REV1")

    def _is_told(self) -> bool:
        return self._has_news

    def _speaks_within(self, limit_s: float) -> bool:
        if limit_s <= 0:
            return False
        self.sock.settimeout(limit_s)
        try:
            # Not by asking the socket: what has come may have been read from it already.
            self._buffer.peek(1)
        except TimeoutError:
            # After this a file of a socket refuses to read on; nothing is in it.
            self.file.close()
            self.file = self.sock.makefile("rb")
            return False
        finally:
            self.sock.settimeout(STEP_S)
        return True

    def _begin(self) -> None:
        """Forget what the server said before the next command."""
        self.untagged_responses.clear()
        self._kept = 0

    def _count(self, size: int) -> None:
        self._kept += size
        if self._kept > MOST_BYTES:
            raise self.abort(f"more than {MOST_BYTES} bytes where fewer were told")

    def _append_untagged(self, kind: str, told: Any) -> None:
        """The library keeps everything that a server says until somebody asks for it: here it is looked at first."""
        if kind in ("EXISTS", "RECENT"):
            self._has_news = True
        if kind != "FETCH":
            self._count(len(told or b"") if not isinstance(told, tuple) else 0)
            self.untagged_responses.setdefault(kind, []).append(told or b"")
        elif isinstance(told, tuple):
            # A line up to a literal, and the literal: the rest of the message follows.
            self._parts.append(told)
        else:
            parts, self._parts = self._parts, []
            if self._take is not None and (found := _fetched(parts, told or b"")) is not None:
                self._take(found)


def _agreed(answer: tuple[str, list[Any]]) -> None:
    kind, said = answer
    if kind != "OK":
        words = said[-1] if said else b""
        raise imaplib.IMAP4.error(f"{kind} {bytes(words or b'').decode('utf-8', 'replace')}")


def _fetched(parts: list[tuple[bytes, bytes]], rest: bytes) -> Fetched | None:
    """A FETCH response that names its message; None for all else."""
    items: dict[str, bytes] = {}
    for line, literal in [*parts, (rest, b"")]:
        for name, string, size, atom in _ITEM.findall(_FLAGS.sub(b"", line)):
            value = literal if size else re.sub(rb"\\(.)", rb"\1", string)
            if atom and atom.upper() != b"NIL":
                value = atom
            items[name.decode("ascii").upper()] = value
    uid = items.get("UID", b"")
    return Fetched(int(uid), items) if uid.isdigit() and len(uid) < 11 else None
