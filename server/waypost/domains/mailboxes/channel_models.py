"""The nouns of a mailbox's mail: the servers that it uses, and what its mail looks like."""

from __future__ import annotations

from enum import Enum
from typing import Literal

import msgspec

Security = Literal["none", "starttls", "tls"]


class OAuth2(msgspec.Struct, frozen=True):
    """What an access token is fetched with, by the refresh grant, from `token_url`."""

    token_url: str
    client_id: str
    client_secret: str
    refresh_token: str
    scope: str = ""

    def __repr__(self) -> str:
        return f"OAuth2(token_url={self.token_url!r}, client_id={self.client_id!r})"


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server and how to get in. With `oauth2` the password is empty and the sign-in is XOAUTH2."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = ""
    oauth2: OAuth2 | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.host!r}, {self.port}, {self.security!r}, username={self.username!r})"


class IncomingServer(Server, frozen=True, kw_only=True):
    """An IMAP server, and the folders that are read there.

    `since` says which mail is taken of what lies there at the first connection: `now` (none of it), `all`, or what came
    on a day (`2026-01-31`) or later.
    """

    folders: tuple[str, ...] = ("INBOX",)
    since: str = "now"


class OutgoingServer(Server, frozen=True, kw_only=True):
    """An SMTP server."""


class FromKind(Enum):
    """Whose name stands in From: the user's, the mailbox's, or a name of its own. The address is the mailbox's."""

    USER = "user"
    MAILBOX = "mailbox"
    CUSTOM = "custom"


class Dkim(msgspec.Struct, frozen=True):
    """A key that mail is signed with, in PEM, and where its public part lies in the DNS."""

    domain: str
    selector: str
    private_key: str

    def __repr__(self) -> str:
        return f"Dkim({self.domain!r}, {self.selector!r})"


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """How a mailbox is connected, with its secrets readable. It never leaves the process as it is.

    While `is_paused` mail is neither fetched nor sent; what was taken waits. `inbound_key` signs what is posted to the
    inbound endpoint. With `has_reply_addresses` replies go to `name+token@host`, which the mail server must deliver to
    the mailbox. `signature` is HTML with variables. `trusted_authority` is the name (authserv-id) under which the
    mailbox's own mail server writes Authentication-Results; those of others prove nothing.
    """

    mailbox_id: int
    name: str
    email: str
    is_paused: bool = False
    incoming: IncomingServer | None = None
    outgoing: OutgoingServer | None = None
    inbound_key: str | None = None
    from_kind: FromKind = FromKind.USER
    from_name: str = ""
    has_reply_addresses: bool = False
    signature: str = ""
    is_auto_reply_on: bool = False
    auto_reply_subject: str = ""
    auto_reply_body: str = ""
    undo_seconds: int = 0
    are_ratings_on: bool = False
    dkim: Dkim | None = None
    trusted_authority: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def addresses(self) -> frozenset[str]:
        """Every address that reaches the mailbox, in lower case."""
        return frozenset(address.lower() for address in (self.email, *self.aliases))
