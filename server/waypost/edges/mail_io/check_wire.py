"""The connection of a test: opened to a checked address, read line by line within bounds, and encrypted on the way.

What can be wrong with TLS is told so that an administrator can mend it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

from cryptography import x509

from waypost.edges.mail_io.guarded import connected_to
from waypost.kit.addresses import IpAddress
from waypost.kit.text import clean_name

_LONGEST_LINE = 8_192
_MOST_NAMES = 5
_NAME_LENGTH = 100

#: OpenSSL's numbers of what is wrong with a certificate (X509_V_ERR_…).
_NOT_YET, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_ROOT, _HOST, _ADDRESS = 9, 10, 18, 19, 62, 64
_NO_ISSUER = frozenset((2, 20, 21))
#: What OpenSSL calls an answer that is no TLS.
_NOT_TLS = frozenset(
    ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL",
     "BAD_RECORD_TYPE", "UNEXPECTED_MESSAGE")
)  # fmt: skip


class Silent(Exception):
    """The server said nothing in time."""


class HungUp(Exception):
    """The server ended the connection."""


class Babble(Exception):
    """The server says more than any mail server does."""


class Wire:
    """A connection that is read in lines. Every wait is bounded by `timeout_s`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout_s: float) -> None:
        self._reader, self._writer, self._timeout_s = reader, writer, timeout_s

    @classmethod
    async def open(
        cls, addresses: list[IpAddress], host: str, port: int, tls: ssl.SSLContext | None, timeout_s: float
    ) -> Wire:
        """Connect; with `tls` encrypted from the first byte. Raises Unreachable, OSError (ssl.SSLError), Silent."""
        connection = await connected_to(addresses, host, port, timeout_s=timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_connection(
                    sock=connection, ssl=tls, server_hostname=host if tls else None, limit=_LONGEST_LINE
                )
        except TimeoutError as error:
            connection.close()
            raise Silent from error
        except BaseException:
            connection.close()
            raise
        return cls(reader, writer, timeout_s)

    async def start_tls(self, tls: ssl.SSLContext, host: str) -> None:
        """Encrypt from here on. Raises OSError (ssl.SSLError), Silent."""
        # Whatever was said before the handshake would count as said within it (CVE-2011-0411).
        self._reader._buffer.clear()  # type: ignore[attr-defined]
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._writer.start_tls(tls, server_hostname=host)
        except TimeoutError as error:
            raise Silent from error

    async def line(self) -> str:
        """The next line without its end. Raises Silent, HungUp, Babble."""
        try:
            async with asyncio.timeout(self._timeout_s):
                line = await self._reader.readuntil(b"\n")
        except TimeoutError as error:
            raise Silent from error
        except asyncio.IncompleteReadError as error:
            if error.partial:
                return error.partial.decode("utf-8", "replace").rstrip("\r\n")
            raise HungUp from error
        except asyncio.LimitOverrunError as error:
            raise Babble from error
        except OSError as error:
            raise HungUp from error
        return line.decode("utf-8", "replace").rstrip("\r\n")

    async def exactly(self, size: int) -> bytes:
        """So many bytes. Raises Silent, HungUp."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._reader.readexactly(size)
        except TimeoutError as error:
            raise Silent from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise HungUp from error

    async def say(self, line: str) -> None:
        """Send a line. Raises Silent, HungUp."""
        try:
            async with asyncio.timeout(self._timeout_s):
                self._writer.write(line.encode() + b"\r\n")
                await self._writer.drain()
        except TimeoutError as error:
            raise Silent from error
        except OSError as error:
            raise HungUp from error

    def secured(self) -> str:
        """By which version of TLS, in the words of the standard; empty without."""
        made: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        return (made.version() or "TLS").replace("TLSv", "TLS ") if made is not None else ""

    def certificate(self) -> x509.Certificate | None:
        """What the server proves itself by."""
        made: ssl.SSLObject | None = self._writer.get_extra_info("ssl_object")
        shown = made.getpeercert(binary_form=True) if made is not None else None
        return x509.load_der_x509_certificate(shown) if shown else None

    def close(self) -> None:
        """End it, whatever state it is in."""
        with suppress(Exception):
            self._writer.transport.abort()


def lax_context() -> ssl.SSLContext:
    """TLS that believes every certificate: only to look at it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def tls_trouble(
    error: BaseException, host: str, is_from_start: bool, look: Callable[[], Awaitable[x509.Certificate | None]]
) -> str:
    """Why no encrypted connection came about. `look` fetches the certificate without believing it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        shown = None
        with suppress(Exception):
            shown = await look()
        return _certificate_trouble(error, host, shown)
    other = (
        "Choose starttls, or the port for TLS (993 for IMAP, 465 for SMTP)."
        if is_from_start
        else "Choose tls, or another port."
    )
    if isinstance(error, ssl.SSLError) and (error.reason or "") in _NOT_TLS:
        return f"The server does not speak TLS where it should. {other}"
    if isinstance(error, ssl.SSLError) and error.reason:
        told = error.reason.replace("_", " ").lower()
        return f"The server and this machine have no way of encrypting in common ({clean_name(told, 80)})."
    if isinstance(error, Silent):
        return f"The server did not answer the beginning of TLS in time. {other}"
    return f"The server ended the connection at the beginning of TLS. {other}"


def _certificate_trouble(error: ssl.SSLCertVerificationError, host: str, shown: x509.Certificate | None) -> str:
    code = error.verify_code
    if code == _EXPIRED:
        when = f" on {shown.not_valid_after_utc:%Y-%m-%d}" if shown is not None else ""
        return f"The server's certificate has expired{when}: it has to be renewed there."
    if code == _NOT_YET:
        when = f" before {shown.not_valid_before_utc:%Y-%m-%d}" if shown is not None else " yet"
        return f"The server's certificate is not valid{when}; this machine's clock says {datetime.now(UTC):%Y-%m-%d}."
    if code in (_HOST, _ADDRESS):
        names = _names(shown) if shown is not None else ""
        known = f" It is for {names}; use one of these as the host." if names else ""
        return f"The server's certificate is not for {host}.{known}"
    if code == _SELF_SIGNED:
        return (
            "The server has signed its certificate itself, so nothing proves who it is: give it one of a known"
            " authority, or have this machine trust it (SSL_CERT_FILE)."
        )
    if code == _SELF_SIGNED_ROOT or code in _NO_ISSUER:
        by = f" ({clean_name(shown.issuer.rfc4514_string(), _NAME_LENGTH)})" if shown is not None else ""
        return (
            f"The server's certificate comes from an authority{by} that this machine does not know, or the server does"
            " not send the certificates in between."
        )
    return f"The server's certificate cannot be trusted: {clean_name(error.verify_message, _NAME_LENGTH)}."


def _names(shown: x509.Certificate) -> str:
    try:
        held = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    names = [
        *held.get_values_for_type(x509.DNSName),
        *map(str, held.get_values_for_type(x509.IPAddress)),
    ]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(clean_name(name, _NAME_LENGTH) for name in names[:_MOST_NAMES]) + more
