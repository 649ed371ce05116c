"""Trying an IMAP server as mail is fetched from it: from the first byte to a message that can be read (RFC 9051)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from typing import NamedTuple

import msgspec
from imap_tools.imap_utf7 import utf7_decode, utf7_encode

from waypost.domains.mailboxes import IncomingServer
from waypost.edges.mail_io.check_session import Session
from waypost.edges.mail_io.check_steps import sign_in_refused, token_refused
from waypost.edges.mail_io.check_wire import Babble
from waypost.edges.mail_io.oauth_tokens import xoauth2
from waypost.kit.text import clean_name

_GREETING = re.compile(r"\* (OK|PREAUTH|BYE)\b ?(.*)", re.IGNORECASE)
_LITERAL = re.compile(r"\{(\d{1,9})\+?\}\Z")
_EXISTS = re.compile(r"\* (\d{1,18}) EXISTS\Z", re.IGNORECASE)
_LISTED = re.compile(r'\* LIST \([^)]*\) (?:"(?:[^"\\]|\\.)*"|NIL) (.+)\Z', re.IGNORECASE)
_MISSING = re.compile(
    r"NONEXISTENT|TRYCREATE|no such|not (?:exist|found)|does ?n.t exist|unknown mailbox", re.IGNORECASE
)
_DENIED = re.compile(r"NOPERM|permission|denied|not allowed|access", re.IGNORECASE)
_MOST_LINES = 5_000
_MOST_BYTES = 1_000_000
_MOST_FOLDERS = 20


class Reply(NamedTuple):
    """The end of a command, in the server's words, and what came before it."""

    status: str
    words: str
    lines: list[str]


class ImapCheck:
    """One test of one server. `session` records the steps and holds the connection."""

    def __init__(self, session: Session, server: IncomingServer) -> None:
        self._session, self._steps, self._server = session, session.steps, server
        self._number = 0
        self._capabilities: frozenset[str] = frozenset()

    @staticmethod
    def names(server: IncomingServer) -> list[str]:
        """The steps in their order."""
        first = ["greeting", "tls"] if server.security == "starttls" else ["tls", "greeting"]
        token = ["token"] if server.oauth2 is not None else []
        return ["dns", "connect", *first, "capabilities", *token, "sign-in", "folders", "read", "idle"]

    async def run(self) -> None:
        """All steps. Raises Stopped at the first that fails."""
        await self._session.connect(self._greet, self._start_tls)
        await self._learn()
        await self._sign_in()
        await self._learn_again()
        counted = await self._look_into_folders()
        await self._read_one(counted)
        self._tell_idle()
        await self._ask("LOGOUT")

    async def _greet(self) -> None:
        line = await self._session.first_line("IMAP")
        found = _GREETING.match(line)
        if found is None:
            self._session.refuse_greeting(line, "IMAP")
        if found[1].upper() == "BYE":
            self._steps.fail("greeting", "The server greets by ending the connection.", found[2])
        self._steps.ok("greeting", "An IMAP server answers.")

    async def _start_tls(self) -> None:
        reply = await self._ask("STARTTLS")
        if reply.status != "OK":
            message = "The server does not offer STARTTLS here. Choose tls with port 993, or another port."
            self._steps.fail("tls", message, reply.words)

    async def _learn(self) -> None:
        self._capabilities = await self._ask_capabilities()
        if not any(name.startswith("IMAP4") for name in self._capabilities):
            self._steps.fail("capabilities", "The server does not say that it speaks IMAP4.")
        ways = sorted(name.removeprefix("AUTH=") for name in self._capabilities if name.startswith("AUTH="))
        offered = f"; it offers to sign in by {', '.join(ways)}" if ways else ""
        self._steps.ok("capabilities", f"The server speaks IMAP4{clean_name(offered, 150)}.")

    async def _learn_again(self) -> None:
        # Many servers tell all they can only to those who are in.
        self._capabilities = await self._ask_capabilities() or self._capabilities

    async def _ask_capabilities(self) -> frozenset[str]:
        reply = await self._ask("CAPABILITY")
        found = [line[13:].upper().split() for line in reply.lines if line.upper().startswith("* CAPABILITY ")]
        return frozenset(name for names in found for name in names)

    async def _sign_in(self) -> None:
        if self._server.oauth2 is not None:
            await self._sign_in_by_token(await self._session.token(self._server.oauth2))
            return
        if not self._server.username:
            self._steps.fail("sign-in", "There is no user name to sign in with.")
        user, password = self._server.username, self._server.password
        # The same choice as in `imap_client`: what works here shall work there.
        if "AUTH=PLAIN" in self._capabilities:
            reply = await self._authenticate("PLAIN", f"\0{user}\0{password}".encode())
        elif "LOGINDISABLED" in self._capabilities:
            message = "The server takes no sign-in that is not encrypted. Choose tls or starttls."
            self._steps.fail("sign-in", message)
        else:
            reply = await self._ask(f"LOGIN {_quoted(user)} {_quoted(password)}")
        if reply.status != "OK":
            self._steps.fail("sign-in", sign_in_refused(self._server.host, reply.words), reply.words)
        if self._server.security == "none":
            self._steps.warn("sign-in", f"Signed in as {user}, but the password went over the network unencrypted.")
        else:
            self._steps.ok("sign-in", f"Signed in as {user}.")

    async def _sign_in_by_token(self, token: str) -> None:
        if not {"AUTH=XOAUTH2", "AUTH=OAUTHBEARER"} & self._capabilities:
            self._steps.fail("sign-in", "The server does not offer OAuth 2.0 (XOAUTH2). Use a password.")
        reply = await self._authenticate("XOAUTH2", xoauth2(self._server.username, token))
        if reply.status != "OK":
            said = " ".join([*map(error_document, reply.lines), reply.words]).strip()
            self._steps.fail("sign-in", token_refused(said), said)
        self._steps.ok("sign-in", f"Signed in as {self._server.username} by OAuth 2.0.")

    async def _authenticate(self, mechanism: str, initial: bytes) -> Reply:
        """One exchange of SASL; what the server asks beyond that is its reason for refusing."""
        tag = await self._send(f"AUTHENTICATE {mechanism}")
        asked: list[str] = []
        answers = [b64encode(initial).decode(), "", "*"]
        while True:
            line = await self._session.wire.line()
            if not line.startswith("+"):
                return await self._end(tag, line, asked)
            if len(answers) < 3:
                asked.append(line.removeprefix("+").strip())
            if not answers:
                raise Babble
            await self._session.wire.say(answers.pop(0))

    async def _look_into_folders(self) -> dict[str, int]:
        counted: dict[str, int] = {}
        for folder in self._server.folders:
            reply = await self._ask(f"EXAMINE {_quoted(utf7_encode(folder).decode('ascii'))}")
            if reply.status != "OK":
                await self._explain_folder(folder, reply)
            counts = [int(found[1]) for line in reply.lines if (found := _EXISTS.match(line))]
            counted[folder] = counts[-1] if counts else 0
        told = "; ".join(f"{folder} holds {_messages(count)}" for folder, count in counted.items())
        self._steps.ok("folders", f"{told}.")
        return counted

    async def _explain_folder(self, folder: str, reply: Reply) -> None:
        listed = await self._ask('LIST "" "*"')
        names = [_folder_name(found[1]) for line in listed.lines if (found := _LISTED.match(line))]
        if folder in names and _DENIED.search(reply.words):
            self._steps.fail("folders", f"The user may not open the folder {folder}.", reply.words)
        if folder in names or not (_MISSING.search(reply.words) or names):
            self._steps.fail("folders", f"The folder {folder} cannot be opened.", reply.words)
        shown = ", ".join(clean_name(name, 60) for name in names[:_MOST_FOLDERS])
        more = f" and {len(names) - _MOST_FOLDERS} more" if len(names) > _MOST_FOLDERS else ""
        there = f" There are: {shown}{more}." if names else ""
        self._steps.fail("folders", f"There is no folder {folder}.{there}", reply.words)

    async def _read_one(self, counted: dict[str, int]) -> None:
        folder, count = next(((name, count) for name, count in counted.items() if count), ("", 0))
        if not folder:
            self._steps.skip("read", "There is no message yet to try it with.")
            return
        await self._ask(f"EXAMINE {_quoted(utf7_encode(folder).decode('ascii'))}")
        # PEEK: the message stays unread for those who read it elsewhere.
        reply = await self._ask(f"FETCH {count} (UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        if reply.status != "OK" or not any(" FETCH " in line.upper() for line in reply.lines):
            self._steps.fail("read", f"The user may not read messages in {folder}.", reply.words)
        self._steps.ok("read", f"A message of {folder} can be read.")

    def _tell_idle(self) -> None:
        if "IDLE" in self._capabilities:
            self._steps.ok("idle", "The server tells of new mail at once (IDLE).")
        else:
            self._steps.warn("idle", "The server does not tell of new mail (IDLE), so it is looked for now and then.")

    # ------------------------------------------------------------ the protocol

    async def _ask(self, command: str) -> Reply:
        tag = await self._send(command)
        return await self._end(tag, await self._session.wire.line(), [])

    async def _send(self, command: str) -> str:
        self._number += 1
        tag = f"w{self._number}"
        await self._session.wire.say(f"{tag} {command}")
        return tag

    async def _end(self, tag: str, line: str, lines: list[str]) -> Reply:
        """Read on from `line` to the end of the command."""
        size = 0
        while not line.startswith(f"{tag} "):
            while (literal := _LITERAL.search(line)) is not None:
                length = int(literal[1])
                size += length
                if size > _MOST_BYTES:
                    raise Babble
                content = (await self._session.wire.exactly(length)).decode("utf-8", "replace")
                line = line[: literal.start()] + _quoted(content) + await self._session.wire.line()
            lines.append(line)
            size += len(line)
            if len(lines) > _MOST_LINES or size > _MOST_BYTES:
                raise Babble
            line = await self._session.wire.line()
        status, _, words = line.removeprefix(f"{tag} ").partition(" ")
        return Reply(status.upper(), words, lines)


def error_document(challenge: str) -> str:
    """What a server says of a token that it does not take: JSON in base64, shown as `status: 400, scope: …`."""
    try:
        document = msgspec.json.decode(b64decode(challenge, validate=True))
    except (ValueError, msgspec.DecodeError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    return ", ".join(f"{name}: {value}" for name, value in document.items() if isinstance(value, (str, int)))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", " ")
    return f'"{escaped}"'


def _folder_name(listed: str) -> str:
    name = listed.strip()
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    try:
        return utf7_decode(name.encode("ascii"))
    except (ValueError, UnicodeError):
        return name


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
