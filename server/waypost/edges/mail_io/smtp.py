"""Mail leaves: one message to one server over SMTP, and what the server said about each recipient."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

import aiosmtplib
import msgspec

from waypost.edges.mail_io.errors import MailFailure, PermanentFailure, TemporaryFailure, Unsendable
from waypost.edges.mail_io.header_writer import wire_address
from waypost.edges.mail_io.smtp_server import SmtpServer
from waypost.kit.text import clean_name

__all__ = ["Access", "DeliveryReport", "Refusal", "SmtpServer", "check", "send"]

_LONGEST_REPLY = 300
#: Slower than this many bytes a second, a server that takes a message counts as dead.
_SLOWEST_BYTES_PER_S = 16_384
#: How many times the timeout of a step a server may look at a message before it takes it (RFC 5321, 4.5.3.2.6).
_PATIENCE = 4
_QUIT_TIMEOUT_S = 5
#: Replies about our standing with the server and not about the message (RFC 5321, 3.8; RFC 4954, 6).
_ABOUT_US = frozenset((421, 530, 534, 535, 538))
_NOT_AN_ADDRESS = 553
_OWN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


class Refusal(msgspec.Struct, frozen=True):
    """A recipient that the server did not take, and its words."""

    recipient: str
    code: int
    reply: str

    def __str__(self) -> str:
        return f"{self.recipient}: {self.code} {self.reply}"


class DeliveryReport(msgspec.Struct, frozen=True):
    """What became of each recipient. `reply` is what the server said when it took the message."""

    accepted: tuple[str, ...] = ()
    refused_for_now: tuple[Refusal, ...] = ()
    refused: tuple[Refusal, ...] = ()
    reply: str = ""


@dataclass(frozen=True, kw_only=True)
class Access:
    """How to get to a server that somebody else has chosen: `connect` makes the socket, where that has rules.

    `token` gives an access token to sign in with in place of the password, and another one for a token that was
    refused.
    """

    connect: Callable[[], Awaitable[socket.socket]] | None = None
    token: Callable[[str], Awaitable[str]] | None = None


DIRECT = Access()


async def send(
    server: SmtpServer,
    raw: bytes,
    sender: str,
    recipients: Iterable[str],
    *,
    access: Access = DIRECT,
    before_data: Callable[[], Awaitable[None]] | None = None,
) -> DeliveryReport:
    """Hand a message to the server. Returns when it was taken for one recipient at least; the report has the others.

    `before_data` is awaited when the server has taken recipients, before it is given the message. `sender` may be
    empty, for a message that no program shall answer. Raises PermanentFailure when the server wants this message
    neither now nor later, and TemporaryFailure for all that may pass: no connection, 4xx, or a server that does not let
    us in as it is set up. A failure's `report` tells of refused recipients.
    """
    own = wire_address(sender) if sender else ""
    wanted = list(dict.fromkeys(recipients))
    if not wanted:
        raise PermanentFailure("the message has no recipients")
    async with _connected(server, access) as client:
        await _begin(server, client, raw, [own, *wanted])
        report = await _name_recipients(server, client, wanted)
        if not report.accepted:
            raise _nobody(server, report)
        if before_data is not None:
            await before_data()
        return msgspec.structs.replace(report, reply=await _hand_over(server, client, raw, report))


async def check(server: SmtpServer, access: Access = DIRECT) -> str:
    """Connect, greet and sign in; one line that says how. Raises TemporaryFailure."""
    async with _connected(server, access) as client:
        secured = {"none": "not encrypted", "starttls": "encrypted by STARTTLS", "tls": "encrypted"}[server.security]
        entered = f"signed in as {server.username}" if server.username else "without signing in"
        limit = _size_limit(client)
        return f"{server.name}: {secured}, {entered}" + (f", at most {limit // 2**20} MiB" if limit else "")


@asynccontextmanager
async def _connected(server: SmtpServer, access: Access) -> AsyncIterator[aiosmtplib.SMTP]:
    """A connection, greeted, encrypted and signed in as the server is set up. Whatever breaks is a TemporaryFailure."""
    made = await access.connect() if access.connect is not None else None
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port if made is None else None,
        sock=made,
        timeout=server.timeout_s,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        local_hostname=await asyncio.to_thread(_own_name),
    )
    try:
        await client.connect(tls_context=_tls_context_of(server) if server.security != "none" else None)
        await _greet(client)
        if server.username:
            await _sign_in(server, access, client)
        yield client
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        # Not chained: a server's reply may repeat a password.
        raise TemporaryFailure(_told(server, error)) from None
    except MailFailure:
        await _leave(server, client)
        raise
    else:
        await _leave(server, client)
    finally:
        client.close()
        if made is not None:
            made.close()


async def _sign_in(server: SmtpServer, access: Access, client: aiosmtplib.SMTP) -> None:
    if access.token is None:
        await client.login(server.username, server.password)
        return
    token = await access.token("")
    try:
        await client.auth_xoauth2(server.username, token)
    except aiosmtplib.SMTPAuthenticationError:
        # Withdrawn before its time: once more with a fresh one.
        await client.auth_xoauth2(server.username, await access.token(token))


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        await client.helo()


async def _leave(server: SmtpServer, client: aiosmtplib.SMTP) -> None:
    # What was to be done is done; a server that does not say goodbye changes nothing.
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, ValueError):
        await client.quit(timeout=min(_QUIT_TIMEOUT_S, server.timeout_s))


async def _begin(server: SmtpServer, client: aiosmtplib.SMTP, raw: bytes, addresses: list[str]) -> None:
    options = []
    limit = _size_limit(client)
    if limit and len(raw) > limit:
        raise PermanentFailure(f"the message has {len(raw)} bytes and {server.name} takes at most {limit}")
    if "size" in client.esmtp_extensions:
        options.append(f"SIZE={len(raw)}")
    if not raw.isascii() and client.supports_extension("8bitmime"):
        options.append("BODY=8BITMIME")
    if not "".join(addresses).isascii() and client.supports_extension("smtputf8"):
        options.append("SMTPUTF8")
    try:
        await client.mail(addresses[0], options=options, encoding="utf-8")
    except aiosmtplib.SMTPSenderRefused as error:
        _raise_refusal(server, error, f"refused the sender {addresses[0] or '<>'}", DeliveryReport())


async def _name_recipients(server: SmtpServer, client: aiosmtplib.SMTP, wanted: list[str]) -> DeliveryReport:
    accepted, for_now, for_good = [], [], []
    for recipient in wanted:
        refusal = await _name(server, client, recipient)
        if refusal is None:
            accepted.append(recipient)
        elif 400 <= refusal.code < 500:
            for_now.append(refusal)
        else:
            for_good.append(refusal)
    return DeliveryReport(tuple(accepted), tuple(for_now), tuple(for_good))


async def _name(server: SmtpServer, client: aiosmtplib.SMTP, recipient: str) -> Refusal | None:
    try:
        address = wire_address(recipient)
    except Unsendable as error:
        return Refusal(recipient, _NOT_AN_ADDRESS, error.message)
    if not address.isascii() and not client.supports_extension("smtputf8"):
        return Refusal(recipient, _NOT_AN_ADDRESS, f"{server.name} does not know addresses beyond ASCII (SMTPUTF8)")
    try:
        await client.rcpt(address, encoding="utf-8")
    except aiosmtplib.SMTPRecipientRefused as error:
        if error.code in _ABOUT_US:
            raise
        return Refusal(recipient, error.code, _words(server, error.message))
    return None


async def _hand_over(server: SmtpServer, client: aiosmtplib.SMTP, raw: bytes, report: DeliveryReport) -> str:
    patience_s = _PATIENCE * server.timeout_s + len(raw) / _SLOWEST_BYTES_PER_S
    try:
        response = await client.data(raw, timeout=patience_s)
    except aiosmtplib.SMTPDataError as error:
        refused = msgspec.structs.replace(report, accepted=())
        _raise_refusal(server, error, f"refused the message to {', '.join(report.accepted[:5])}", refused)
    except (aiosmtplib.SMTPException, OSError) as error:
        raise TemporaryFailure(_told(server, error), is_in_doubt=True) from None
    return _words(server, response.message)


def _raise_refusal(
    server: SmtpServer, error: aiosmtplib.SMTPResponseException, what: str, report: DeliveryReport
) -> NoReturn:
    kind = PermanentFailure if 500 <= error.code < 600 and error.code not in _ABOUT_US else TemporaryFailure
    raise kind(f"{server.name} {what}: {error.code} {_words(server, error.message)}", report) from None


def _nobody(server: SmtpServer, report: DeliveryReport) -> PermanentFailure | TemporaryFailure:
    refusals = [*report.refused_for_now, *report.refused]
    kind = TemporaryFailure if report.refused_for_now else PermanentFailure
    told = "; ".join(str(refusal) for refusal in refusals[:5])
    more = f"; and {len(refusals) - 5} more" if len(refusals) > 5 else ""
    return kind(f"{server.name} refused every recipient: {told}{more}", report)


def _told(server: SmtpServer, error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return f"{server.name} did not let {server.username} in: {error.code} {_words(server, error.message)}"
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{server.name} answered {error.code} {_words(server, error.message)}"
    # aiosmtplib's own text repeats the address; the system's error beneath it says what happened.
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno and cause.errno > 0:
        return f"{server.name}: {os.strerror(cause.errno)}"
    return f"{server.name}: {_words(server, str(cause)) or type(cause).__name__}"


def _words(server: SmtpServer, reply: str) -> str:
    """A server's reply on one line, without what it may repeat of the password."""
    if server.password:
        plain, user = server.password.encode(), server.username.encode()
        secrets = (b64encode(b"\0" + user + b"\0" + plain).decode(), b64encode(plain).decode(), server.password)
        for secret in secrets:
            reply = reply.replace(secret, "***")
    return clean_name(reply, _LONGEST_REPLY)


def _size_limit(client: aiosmtplib.SMTP) -> int:
    """In bytes; 0 where the server names none (RFC 1870)."""
    told = client.esmtp_extensions.get("size", "")
    return int(told) if told.isdecimal() and told.isascii() and len(told) < 16 else 0


def _tls_context_of(server: SmtpServer) -> ssl.SSLContext:
    # Reading the authorities takes long; they are read again when others are trusted.
    path = server.ca_file or ssl.get_default_verify_paths().cafile
    try:
        changed_at = Path(path).stat().st_mtime_ns if path else 0
    except OSError:
        changed_at = 0
    return _tls_context(server.ca_file, path, changed_at)


@lru_cache(maxsize=8)
def _tls_context(ca_file: str, _path: str | None, _changed_at: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)


@lru_cache(maxsize=1)
def _own_name() -> str:
    """The name to greet with. Asked once: it may take the resolver seconds to know it."""
    name = socket.getfqdn()
    return name if _OWN_NAME.fullmatch(name) else "localhost"
