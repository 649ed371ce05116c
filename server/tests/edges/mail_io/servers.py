"""Mail servers that tests talk to: one that behaves as it is told to, and one that says given lines in turn."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Receiver:
    """Takes mails, or answers with `refusals` by what it is asked for: an address, `MAIL` or `DATA`."""

    def __init__(self, refusals: dict[str, str] | None = None, password: str = "") -> None:
        self.refusals = refusals or {}
        self.password = password
        self.mails: list[Envelope] = []
        self.sessions: list[Session] = []

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.refusals:
            return self.refusals["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        self.mails.append(envelope)
        self.sessions.append(session)
        return "250 OK queued as 4711"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        is_right = given.password.decode() == self.password
        return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def receiving(receiver: Receiver, tls: ssl.SSLContext | None = None, **options: Any) -> AsyncIterator[int]:
    """A server for the length of the block; its port. With `tls` encrypted from the first byte."""
    loop = asyncio.get_running_loop()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        made = SMTP(receiver, loop=loop, hostname="mx.test", **{"enable_SMTPUTF8": True} | options)
        sessions.append(made)
        return made

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in sessions:
            if each.transport is not None:
                each.transport.close()
        under_way = [each._handler_coroutine for each in sessions if each._handler_coroutine]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


@asynccontextmanager
async def saying(*lines: str | None) -> AsyncIterator[int]:
    """A server that greets with the first line and answers each command with the next; None hangs up instead.

    After a line that begins with 354 it reads a message. Past the last line it is silent.
    """
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for number, line in enumerate(lines):
                if number and not await _read(reader, lines[number - 1]):
                    return
                if line is None:
                    return
                writer.write(f"{line}\r\n".encode())
            await ended.wait()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ended.set()
        server.close()


async def _read(reader: asyncio.StreamReader, said: str | None) -> bytes:
    if said is None or not said.startswith("354"):
        return await reader.readline()
    while (line := await reader.readline()) not in (b".\r\n", b""):
        pass
    return line


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, str]:
    """A server's side of TLS with a certificate that it has signed itself, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    known = [x509.IPAddress(ipaddress.ip_address(each)) if each[0].isdigit() else x509.DNSName(each) for each in names]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / f"{names[0]}.pem", folder / f"{names[0]}.key"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    return context, str(cert_file)
