"""The mail sink of demo mode: an SMTP server that takes every mail, keeps it in a folder and sends it nowhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from waypost.edges.mail_io.sunk import (
    MOST_MESSAGES,
    SunkAttachment,
    SunkDetail,
    SunkMessage,
    list_messages,
    read_message,
    store,
)
from waypost.edges.mail_io.sunk_print import print_message, print_messages
from waypost.kit.errors import NotFound

__all__ = [
    "MailSink",
    "SunkAttachment",
    "SunkDetail",
    "SunkMessage",
    "list_messages",
    "print_message",
    "print_messages",
    "read_message",
]

log = structlog.get_logger(__name__)

MOST_BYTES = 25 * 2**20
MOST_RECIPIENTS = 1000


class MailSink:
    """Listens on `host` and `port` (0: a free one) from `start` to `stop`, and keeps the newest `most` mails."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0, *, most: int = MOST_MESSAGES) -> None:
        self.folder = folder
        self.host = host
        self.port = port
        self._most = most
        self._server: asyncio.Server | None = None
        self._sessions: WeakSet[_Smtp] = WeakSet()

    @property
    def url(self) -> str:
        """The address that settings take for a server of outgoing mail."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"smtp://{host}:{self.port}?security=none"

    async def start(self) -> None:
        """Listen; `port` tells where. Raises OSError when the port is taken or the folder cannot be made."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection. Twice is harmless."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        sessions = list(self._sessions)
        for session in sessions:
            if session.transport is not None:
                session.transport.close()
        under_way = [session._handler_coroutine for session in sessions if session._handler_coroutine]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def messages(self) -> list[SunkMessage]:
        """The mails caught so far, newest first."""
        return list_messages(self.folder)

    def message(self, message_id: str) -> SunkDetail | None:
        """One of them, or None."""
        try:
            return read_message(self.folder, message_id)
        except NotFound:
            return None

    def _session(self) -> _Smtp:
        session = _Smtp(
            _Catcher(self.folder, self._most),
            loop=asyncio.get_running_loop(),
            data_size_limit=MOST_BYTES,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="Waypost mail sink",
        )
        self._sessions.add(session)
        return session


class _Smtp(SMTP):
    #: More than the 998 of RFC 5322: what programs send is to be seen, not to be refused.
    line_length_limit = 2**16


class _Catcher:
    """aiosmtpd's hooks; their names and signatures are its own."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder = folder
        self._most = most

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content
        assert isinstance(raw, bytes)
        sender = (envelope.mail_from or "").removeprefix("<>")
        try:
            caught = await asyncio.to_thread(store, self._folder, raw, sender, envelope.rcpt_tos, self._most)
        except OSError as error:
            log.error("mail_sink.not_stored", error=str(error))
            return "451 4.3.0 The mail could not be stored"
        log.info("mail_sink.caught", id=caught.id, size=caught.size)
        return f"250 OK {caught.id}"
