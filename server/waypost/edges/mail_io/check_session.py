"""What the tests of IMAP and SMTP share: the way to an encrypted, greeting server, and the access token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn

from cryptography import x509

from waypost.domains.mailboxes import OAuth2, Server
from waypost.edges.mail_io import guarded
from waypost.edges.mail_io.check_steps import Steps, Stopped
from waypost.edges.mail_io.check_wire import Babble, HungUp, Silent, Wire, lax_context, tls_trouble
from waypost.edges.mail_io.guarded import Unreachable
from waypost.edges.mail_io.oauth_tokens import TokenFailure
from waypost.kit.addresses import IpAddress
from waypost.kit.safe_http import Outgoing

#: An access token, and whether the refresh token that it came by may be used up although it is still in the settings.
GetToken = Callable[[OAuth2], Awaitable[tuple[str, bool]]]

_OTHERS = ((("220 ", "220-", "554 "), "SMTP"), (("+OK",), "POP3"), (("* OK", "* PREAUTH"), "IMAP"))


class Session:
    """The connection of one test, and the steps that it has taken."""

    def __init__(self, steps: Steps, server: Server, outgoing: Outgoing, get_token: GetToken, timeout_s: float) -> None:
        self.steps = steps
        self._server, self._outgoing, self._get_token, self._timeout_s = server, outgoing, get_token, timeout_s
        self._addresses: list[IpAddress] = []
        self._wire: Wire | None = None

    @property
    def wire(self) -> Wire:
        """The connection, once there is one."""
        assert self._wire is not None
        return self._wire

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._wire is not None:
            self._wire.close()

    def give_up(self, message: str) -> None:
        """End the test at the step that it is at."""
        with suppress(Stopped):
            self.steps.fail(self.steps.current(), message)

    async def connect(self, greet: Callable[[], Awaitable[None]], start_tls: Callable[[], Awaitable[None]]) -> None:
        """From the name to a greeted and encrypted connection. Raises Stopped."""
        await self._find()
        if self._server.security == "tls":
            await self._open_encrypted()
            await greet()
            return
        await self._open_plain()
        if self._server.security == "none":
            self.steps.warn("tls", "The connection is not encrypted: everybody on the way can read the mail.")
        await greet()
        if self._server.security == "starttls":
            await start_tls()
            await self._encrypt()

    async def token(self, oauth2: OAuth2) -> str:
        """An access token. Raises Stopped."""
        try:
            token, is_used_up = await self._get_token(oauth2)
        except TokenFailure as failure:
            self.steps.fail("token", _sentence(failure.message))
        self.steps.hide(token)
        if is_used_up:
            message = "The token server gives a new refresh token each time: the one tried here may be used up by now."
            self.steps.warn("token", f"{message} If fetching mail fails, consent again, and store the token untested.")
        else:
            self.steps.ok("token", "The token server gives access tokens.")
        return token

    async def first_line(self, wanted: str) -> str:
        """What the server greets with; it should be one for `wanted`. Raises Stopped."""
        try:
            return await self.wire.line()
        except Silent:
            if self._server.security != "tls" and await self._speaks_tls():
                self.steps.fail("greeting", "The server speaks TLS from the first byte on this port. Choose tls.")
            self.steps.fail("greeting", "The server takes the connection, but says nothing.")
        except HungUp:
            self.steps.fail("greeting", "The server ends the connection without a word: it may not want this machine.")
        except Babble:
            self.refuse_greeting("", wanted)

    def refuse_greeting(self, line: str, wanted: str) -> NoReturn:
        """What answers is something else. Its words are not shown. Raises Stopped."""
        other = next((name for beginnings, name in _OTHERS if line.startswith(beginnings)), "")
        if other and other != wanted:
            self.steps.fail("greeting", f"This is a server for {other}, not for {wanted}: the port is wrong.")
        self.steps.fail("greeting", f"Something answers on this port, but it is no server for {wanted}.")

    async def _find(self) -> None:
        try:
            self._addresses = await guarded.checked_addresses(self._outgoing, self._server.host, self._server.port)
        except Unreachable as failure:
            self.steps.fail("dns", _sentence(failure.message))
        self.steps.ok("dns", f"{self._server.host} has an address.")

    async def _open_plain(self) -> None:
        try:
            self._wire = await self._opened(encrypted=False)
        except Unreachable as failure:
            self.steps.fail("connect", _sentence(failure.message))
        self.steps.ok("connect", f"The server takes connections on port {self._server.port}.")

    async def _open_encrypted(self) -> None:
        reached = f"The server takes connections on port {self._server.port}."
        try:
            self._wire = await self._opened(encrypted=True)
        except Unreachable as failure:
            self.steps.fail("connect", _sentence(failure.message))
        except (OSError, Silent) as error:
            self.steps.ok("connect", reached)
            await self._fail_tls(error)
        self.steps.ok("connect", reached)
        self._tell_encrypted()

    async def _encrypt(self) -> None:
        try:
            await self.wire.start_tls(guarded.tls_context(), self._server.host)
        except (OSError, Silent) as error:
            await self._fail_tls(error)
        self._tell_encrypted()

    async def _fail_tls(self, error: BaseException) -> NoReturn:
        message = await tls_trouble(error, self._server.host, self._server.security == "tls", self._look)
        self.steps.fail("tls", message)

    def _tell_encrypted(self) -> None:
        message = f"The connection is encrypted ({self.wire.secured()}), and the certificate is good."
        self.steps.ok("tls", message)

    async def _opened(self, *, encrypted: bool) -> Wire:
        tls = guarded.tls_context() if encrypted else None
        return await Wire.open(self._addresses, self._server.host, self._server.port, tls, self._timeout_s)

    async def _look(self) -> x509.Certificate | None:
        """The certificate, from another connection that believes it; only where TLS begins with the first byte."""
        if self._server.security != "tls":
            return None
        wire = await Wire.open(self._addresses, self._server.host, self._server.port, lax_context(), self._timeout_s)
        try:
            return wire.certificate()
        finally:
            wire.close()

    async def _speaks_tls(self) -> bool:
        try:
            wire = await Wire.open(
                self._addresses, self._server.host, self._server.port, lax_context(), self._timeout_s
            )
        except (OSError, Silent, Unreachable):
            return False
        wire.close()
        return True


async def guarded_run(session: Session, run: Callable[[], Awaitable[None]]) -> None:
    """A test to its end; whatever the server does ends it with a step that says so."""
    try:
        await run()
    except Stopped:
        return
    except Silent:
        session.give_up("The server did not answer in time.")
    except (HungUp, OSError):
        session.give_up("The server ended the connection in the middle.")
    except Babble:
        session.give_up("The server's answer is not one that a mail server gives.")
    finally:
        session.close()


def _sentence(text: str) -> str:
    # Some begin with the name of a host, which is written as it is.
    text = f"T{text[1:]}" if text.startswith("the ") else text
    return text if text.endswith(".") else f"{text}."
