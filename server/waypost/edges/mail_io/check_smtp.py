"""Trying an SMTP server as mail leaves by it, up to the point where a message would be handed over (RFC 5321)."""

from __future__ import annotations

import asyncio
import re
import socket
from base64 import b64encode
from typing import NamedTuple

from waypost.domains.mailboxes import OutgoingServer
from waypost.edges.mail_io.check_imap import error_document
from waypost.edges.mail_io.check_session import Session
from waypost.edges.mail_io.check_steps import sign_in_refused, token_refused
from waypost.edges.mail_io.check_wire import Babble
from waypost.edges.mail_io.errors import Unsendable
from waypost.edges.mail_io.header_writer import wire_address
from waypost.edges.mail_io.oauth_tokens import xoauth2

_REPLY = re.compile(r"([2-5]\d\d)([ -]|\Z)(.*)")
_OWN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_MOST_LINES = 200
_RELAY = re.compile(r"relay|5\.7\.1\b|authenticat|sign.?in|5\.7\.57|530", re.IGNORECASE)


class Reply(NamedTuple):
    """A reply's code, and its lines without it."""

    code: int
    lines: list[str]

    @property
    def words(self) -> str:
        """The reply on one line, with its code."""
        return f"{self.code} {' '.join(self.lines)}"


class SmtpCheck:
    """One test of one server. `sender` is the mailbox's own address."""

    def __init__(self, session: Session, server: OutgoingServer, sender: str) -> None:
        self._session, self._steps, self._server, self._sender = session, session.steps, server, sender
        self._extensions: dict[str, str] = {}

    @staticmethod
    def names(server: OutgoingServer) -> list[str]:
        """The steps in their order."""
        first = ["greeting", "tls"] if server.security == "starttls" else ["tls", "greeting"]
        token = ["token"] if server.oauth2 is not None else []
        return ["dns", "connect", *first, "capabilities", *token, "sign-in", "sender", "recipient"]

    async def run(self) -> None:
        """All steps; no message is sent. Raises Stopped at the first that fails."""
        await self._session.connect(self._greet, self._start_tls)
        await self._hello("capabilities")
        ways = self._extensions.get("AUTH", "")
        offered = f"; it offers to sign in by {', '.join(ways.split())}" if ways else ""
        self._steps.ok("capabilities", f"The server speaks SMTP{offered}.")
        await self._sign_in()
        await self._try_sender()
        await self._ask("QUIT")

    async def _greet(self) -> None:
        line = await self._session.first_line("SMTP")
        found = _REPLY.match(line)
        if found is None:
            self._session.refuse_greeting(line, "SMTP")
        reply = await self._rest(line)
        if reply.code != 220:
            self._steps.fail("greeting", "The server does not want to talk to this machine now.", reply.words)
        # Its words are not shown: an FTP server greets alike.
        self._steps.ok("greeting", "A mail server answers.")

    async def _start_tls(self) -> None:
        await self._hello("tls")
        if "STARTTLS" not in self._extensions:
            message = "The server does not offer STARTTLS here. Choose tls with port 465, or another port."
            self._steps.fail("tls", message)
        reply = await self._ask("STARTTLS")
        if reply.code != 220:
            self._steps.fail("tls", "The server offers STARTTLS, but refuses it.", reply.words)

    async def _hello(self, step: str) -> None:
        name = await asyncio.to_thread(socket.getfqdn)
        reply = await self._ask(f"EHLO {name if _OWN_NAME.fullmatch(name) else 'localhost'}")
        if reply.code != 250:
            self._steps.fail(step, "The server does not answer EHLO as a mail server does.")
        self._extensions = {}
        for line in reply.lines[1:]:
            name, _, value = line.partition(" ")
            # Some servers of old write `AUTH=LOGIN` beside `AUTH LOGIN`.
            if not name.upper().startswith("AUTH="):
                self._extensions[name.upper()] = value.upper()

    async def _sign_in(self) -> None:
        ways = self._extensions.get("AUTH", "").split()
        if self._server.oauth2 is not None:
            await self._sign_in_by_token(ways, await self._session.token(self._server.oauth2))
            return
        if not self._server.username:
            self._steps.skip("sign-in", "No user name is set: the server has to know this machine.")
            return
        reply = await self._say_password(ways)
        if reply.code != 235:
            self._steps.fail("sign-in", sign_in_refused(self._server.host, reply.words), reply.words)
        if self._server.security == "none":
            message = f"Signed in as {self._server.username}, but the password went over the network unencrypted."
            self._steps.warn("sign-in", message)
        else:
            self._steps.ok("sign-in", f"Signed in as {self._server.username}.")

    async def _say_password(self, ways: list[str]) -> Reply:
        user, password = self._server.username.encode(), self._server.password.encode()
        if "PLAIN" in ways:
            initial = _base64(b"\0" + user + b"\0" + password)
            return await self._ask(f"AUTH PLAIN {initial}")
        if "LOGIN" in ways:
            reply = await self._ask("AUTH LOGIN")
            for part in (user, password):
                if reply.code != 334:
                    return reply
                reply = await self._ask(_base64(part))
            return reply
        if not ways and self._server.security == "none":
            return self._steps.fail("sign-in", "The server takes no unencrypted sign-in. Choose starttls or tls.")
        message = "The server offers no sign-in with a password." if ways else "The server offers no sign-in at all."
        return self._steps.fail("sign-in", f"{message} Use port 587 or 465, or leave the user name empty.")

    async def _sign_in_by_token(self, ways: list[str], token: str) -> None:
        if "XOAUTH2" not in ways:
            self._steps.fail("sign-in", "The server does not offer OAuth 2.0 (XOAUTH2). Use a password.")
        reply = await self._ask(f"AUTH XOAUTH2 {_base64(xoauth2(self._server.username, token))}")
        said = ""
        if reply.code == 334:
            said = error_document("".join(reply.lines))
            reply = await self._ask("")
        if reply.code != 235:
            said = f"{said} {reply.words}".strip()
            self._steps.fail("sign-in", token_refused(said), said)
        self._steps.ok("sign-in", f"Signed in as {self._server.username} by OAuth 2.0.")

    async def _try_sender(self) -> None:
        try:
            address = wire_address(self._sender)
        except Unsendable as error:
            self._steps.fail("sender", f"Mail cannot come from {self._sender}: {error.message}.")
        options = " SMTPUTF8" if not address.isascii() and "SMTPUTF8" in self._extensions else ""
        reply = await self._ask(f"MAIL FROM:<{address}>{options}")
        if reply.code != 250:
            self._steps.fail("sender", self._sender_refused(reply), reply.words)
        self._steps.ok("sender", f"The server takes mail from {self._sender}.")
        reply = await self._ask(f"RCPT TO:<{address}>")
        if reply.code not in (250, 251, 252):
            message = f"The server takes no mail for {self._sender}, so it will hardly take any for customers."
            self._steps.fail("recipient", message, reply.words)
        self._steps.ok("recipient", f"The server takes mail for {self._sender}. No message was sent.")
        await self._ask("RSET")

    def _sender_refused(self, reply: Reply) -> str:
        if not self._server.username and self._server.oauth2 is None and _RELAY.search(reply.words):
            return "The server wants a user name and a password first."
        who = self._server.username or "this machine"
        return f"The server does not let {who} send mail from {self._sender}: allow the address there (send as)."

    # ------------------------------------------------------------ the protocol

    async def _ask(self, command: str) -> Reply:
        await self._session.wire.say(command)
        return await self._rest(await self._session.wire.line())

    async def _rest(self, line: str) -> Reply:
        lines: list[str] = []
        while True:
            found = _REPLY.match(line)
            if found is None or len(lines) >= _MOST_LINES:
                raise Babble
            lines.append(found[3])
            if found[2] != "-":
                return Reply(int(found[1]), lines)
            line = await self._session.wire.line()


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
