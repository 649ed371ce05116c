"""Mail that other servers hand over: SMTP and LMTP, for set-ups in which a mail server forwards to the desk.

Nothing is ever sent on from here. A message is taken for the mailboxes of the desk alone, and the answer that it was
taken is given when it is safe on disk; whatever goes wrong on this side is answered with 4xx, so that the other server
keeps the message and tries again.
"""

from __future__ import annotations

import asyncio
import collections
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from weakref import WeakSet, WeakValueDictionary

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import Counter

from waypost.domains import mail
from waypost.domains.mail import NewIntake
from waypost.domains.mailboxes import store_channel
from waypost.edges.mail_io.preview import preview
from waypost.kit.errors import StorageFull
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

# The library tells of every command, and at its lowest level of every line: addresses and mails.
logging.getLogger("mail.log").setLevel(logging.WARNING)

HANDED_OVER = Counter("waypost_mail_handed_over_total", "Messages by SMTP and LMTP.", ["protocol", "answer"])

MOST_BYTES = 50 * 2**20
MOST_RECIPIENTS = 100
MOST_CONNECTIONS = 100
MOST_CONNECTIONS_OF_A_PEER = 20
#: Messages that may be on their way into memory at once, and those of one peer among them.
MOST_AT_ONCE = 8
MOST_AT_ONCE_OF_A_PEER = 6
#: How long a message may be on its way: 50 MB at 85 KB/s. The library's own limit is about silence alone.
DATA_S = 600.0
TIMEOUT_S = 300.0
GRACE_S = 2.0
#: Programs write longer lines than the 998 bytes of RFC 5322, and their mail is as welcome.
_LONGEST_LINE = 4 * 2**20
_LONGEST_COMMAND = 4096

Protocol = Literal["smtp", "lmtp"]
Place = tuple[int, int]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How mail is taken. Without `peers` anybody may hand over; `place` is `host:port` or `unix:/path`."""

    protocol: Protocol
    place: str
    hostname: str = "waypost"
    peers: tuple[Network, ...] = ()
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    most_bytes: int = MOST_BYTES
    most_connections: int = MOST_CONNECTIONS
    most_connections_of_a_peer: int = MOST_CONNECTIONS_OF_A_PEER
    data_s: float = DATA_S


class MailListener:
    """Listens from `start` to `stop`. Raises OSError from `start` when it cannot."""

    def __init__(self, transactions: Transactions, files: FileStore, rules: Rules) -> None:
        self.rules = rules
        self.port = 0
        self._receiver = _Receiver(transactions, files, rules.protocol)
        self._server: asyncio.Server | None = None
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._slots_of_peers: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self.sessions: WeakSet[SMTP] = WeakSet()

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        kind, _, path = self.rules.place.partition("unix:")
        if not kind and path:
            with suppress(FileNotFoundError):
                # Left behind by a process that was killed.
                await asyncio.to_thread(Path(path).unlink)
            self._server = await loop.create_unix_server(self._session, path)
        else:
            host, _, port = self.rules.place.rpartition(":")
            # Several workers of a machine share the port.
            self._server = await loop.create_server(self._session, host.strip("[]"), int(port), reuse_port=True)
            self.port = self._server.sockets[0].getsockname()[1]
        log.info("mail.listening", protocol=self.rules.protocol, place=self.rules.place, port=self.port)

    async def stop(self) -> None:
        """Close the port and every connection; what was not acknowledged is not taken. Twice is harmless."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        sessions = list(self.sessions)
        for session in sessions:
            if session.transport is not None:
                session.transport.close()
        under_way = [session._handler_coroutine for session in sessions if session._handler_coroutine]
        for task in under_way:
            task.cancel()
        if under_way:
            # One that was about to encrypt may never hear of it.
            await asyncio.wait(under_way, timeout=GRACE_S)

    def refusal(self, peer: str) -> str:
        """Why a connection from there is not taken; empty for one that is."""
        live = [each for each in self.sessions if each.transport is not None]
        if self.rules.peers and peer and not _is_in(peer, self.rules.peers):
            return "554 5.7.1 You may not hand over mail here"
        if len(live) > self.rules.most_connections:
            return "421 4.7.0 Too many connections, try later"
        if peer and sum(_peer_of(each) == peer for each in live) > self.rules.most_connections_of_a_peer:
            return "421 4.7.0 Too many connections from your address, try later"
        return ""

    @asynccontextmanager
    async def slot(self, peer: str) -> AsyncIterator[None]:
        """Room in memory for a message; a peer that has much on its way waits while there is room for others."""
        async with self._slots_of_peers.setdefault(peer, asyncio.Semaphore(MOST_AT_ONCE_OF_A_PEER)), self._slots:
            yield

    def _session(self) -> SMTP:
        kind = _Smtp if self.rules.protocol == "smtp" else _Lmtp
        made: SMTP = kind(self, self._receiver)
        self.sessions.add(made)
        return made


class _Conversing(SMTP):
    """aiosmtpd's protocol with our limits."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, listener: MailListener, receiver: _Receiver) -> None:
        # The library keeps these in one table for all connections, and lets it grow with each greeting.
        self.command_size_limits = collections.defaultdict(lambda: _LONGEST_COMMAND)
        rules = listener.rules
        super().__init__(
            receiver,
            loop=asyncio.get_running_loop(),
            data_size_limit=rules.most_bytes,
            enable_SMTPUTF8=True,
            hostname=rules.hostname,
            ident="Waypost",
            tls_context=rules.tls,
            timeout=TIMEOUT_S,
        )
        self._listener = listener
        self._is_refused = False

    def connection_made(self, transport: Any) -> None:
        is_first = self.transport is None
        if is_first:
            self.transport = transport
            refusal = self._listener.refusal(_peer_of(self))
            if refusal:
                self._is_refused = True
                transport.write(f"{refusal}\r\n".encode())
                transport.close()
                log.warning("mail.connection_refused", peer=_peer_of(self), answer=refusal)
                return
            self.transport = None
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_refused:
            self.transport = None
        else:
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        return None if self._is_refused else super().eof_received()

    def data_received(self, data: bytes) -> None:
        if not self._is_refused:
            super().data_received(data)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Take a message when there is room for one. Who is too slow is hung up on, and may try again."""
        peer = _peer_of(self)
        async with self._listener.slot(peer):
            try:
                async with asyncio.timeout(self._listener.rules.data_s):
                    await super().smtp_DATA(arg)
            except TimeoutError:
                log.warning("mail.too_slow", protocol=self._listener.rules.protocol, peer=peer)
                if self.transport is not None:
                    self.transport.close()


class _Smtp(_Conversing):
    pass


class _Lmtp(_Conversing, LMTP):
    pass


class _Receiver:
    """aiosmtpd's hooks; their names and signatures are its own."""

    def __init__(self, transactions: Transactions, files: FileStore, protocol: Protocol) -> None:
        self._transactions = transactions
        self._files = files
        self._protocol = protocol

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        offered = [line for line in responses[:-1] if not line.startswith("250-AUTH")]
        return [*offered, "250-PIPELINING", "250 ENHANCEDSTATUSCODES"]

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str | None, options: list[str]
    ) -> str:
        # The library takes an empty one for none: that of reports is written <> until the end.
        envelope.mail_from = address or "<>"
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not await self._places(address):
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content
        assert isinstance(raw, bytes)
        peer: Any = session.peer
        known = mail.Envelope(
            mail_from=(envelope.mail_from or "").removeprefix("<>"),
            recipients=tuple(envelope.rcpt_tos),
            peer=str(peer[0]) if isinstance(peer, tuple) else "",
        )
        if self._protocol == "smtp":
            return await self._answer(raw, known, envelope.rcpt_tos)
        # LMTP has one answer for each recipient (RFC 2033, 4.2).
        return "\r\n".join([await self._answer(raw, known, [recipient]) for recipient in envelope.rcpt_tos])

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours: the other server keeps the message."""
        log.error("mail.listener_fault", protocol=self._protocol, error=type(error).__name__)
        return "451 4.3.0 Something went wrong here, try later"

    async def _answer(self, raw: bytes, known: mail.Envelope, recipients: Sequence[str]) -> str:
        answer = await self._take(raw, known, recipients)
        HANDED_OVER.labels(self._protocol, answer[:3]).inc()
        return answer

    async def _take(self, raw: bytes, known: mail.Envelope, recipients: Sequence[str]) -> str:
        try:
            found = [place for recipient in recipients for place in await self._places(recipient)]
            if not found:
                return "550 5.1.1 No such mailbox here"
            seen = preview(raw)
            messages = [
                (account_id, NewIntake(mailbox_id, self._protocol, raw, known, seen))
                for account_id, mailbox_id in dict.fromkeys(found)
            ]
            taken = await mail.intake.take_in(self._transactions, self._files, messages)
        except StorageFull as error:
            log.error("mail.no_room", protocol=self._protocol, error=error.message)
            return "452 4.3.1 No room for the message now, try later"
        except Exception as error:
            # The reply of a mail server is no place for a fault, and a message is not lost by one.
            log.error("mail.not_taken", protocol=self._protocol, error=type(error).__name__)
            return "451 4.3.0 The message could not be stored now, try later"
        for each in taken:
            log.info(
                "mail.taken",
                protocol=self._protocol,
                account_id=each.account_id,
                mailbox_id=each.mailbox_id,
                intake_id=each.intake_id,
                size=len(raw),
            )
        return "250 2.0.0 OK"

    async def _places(self, address: str) -> list[Place]:
        """The mailboxes that an address reaches: by its whole, else without what stands behind a plus."""
        async with self._transactions.read() as tx:
            found = await store_channel.by_address(tx.connection, [address])
            if found:
                return found
            local, _, host = address.rpartition("@")
            name, plus, _ = local.partition("+")
            return await store_channel.by_address(tx.connection, [f"{name}@{host}"]) if plus and name else []


def _peer_of(session: SMTP) -> str:
    name = session.transport.get_extra_info("peername") if session.transport is not None else None
    return str(name[0]) if isinstance(name, tuple) else ""


def _is_in(peer: str, networks: Sequence[Network]) -> bool:
    address = ipaddress.ip_address(peer.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Peers as settings name them. Raises ValueError."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def certificate(cert_file: str, key_file: str) -> ssl.SSLContext | None:
    """What STARTTLS proves the desk's name with; None without files. Raises OSError, also for other files."""
    if not cert_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file or None)
    return context
