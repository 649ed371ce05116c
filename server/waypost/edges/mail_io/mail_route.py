"""Where mail leaves by: the desk's server, or the mailbox's own, reached as its settings say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial

from waypost.domains.mail import Address
from waypost.domains.mailboxes import Channel, OutgoingServer
from waypost.edges.mail_io import guarded
from waypost.edges.mail_io.errors import BadSmtpUrl
from waypost.edges.mail_io.oauth_tokens import AccessTokens
from waypost.edges.mail_io.smtp import DIRECT, Access
from waypost.edges.mail_io.smtp_server import SmtpServer
from waypost.kit.files import FileStore
from waypost.kit.safe_http import Outgoing
from waypost.kit.tx import Transactions

MOST_AT_ONCE = 4
NO_SERVER = "no mail server is configured: set WAYPOST_SMTP_URL, or give the mailbox a server of its own"


@dataclass(frozen=True, kw_only=True)
class MailRoute:
    """The ways out of a desk. `sender` is who its own mails come from, `key` the desk's.

    With `is_confined` (the demo) everything goes to `smtp_url`, whatever server a mailbox names.
    """

    transactions: Transactions
    files: FileStore
    smtp_url: str
    sender: Address
    key: bytes
    outgoing: Outgoing
    #: What links to content and ratings begin with.
    content_url: str
    is_confined: bool = False
    slots: asyncio.Semaphore = field(init=False)
    tokens: AccessTokens = field(init=False)

    def __post_init__(self) -> None:
        # Each mail under way holds a connection for its lock and needs another one to be noted.
        most = self.transactions.pool.get_max_size() // 2
        object.__setattr__(self, "slots", asyncio.Semaphore(max(1, min(MOST_AT_ONCE, most))))
        object.__setattr__(self, "tokens", AccessTokens(self.transactions, self.outgoing, self.key))

    def server(self, own: OutgoingServer | None = None) -> SmtpServer:
        """The server for a mailbox that names this one. Raises BadSmtpUrl where there is none, or none that is one."""
        if own is not None and not self.is_confined:
            return SmtpServer(own.host, own.port, own.username, own.password, own.security)
        if not self.smtp_url:
            raise BadSmtpUrl(NO_SERVER)
        return SmtpServer.from_url(self.smtp_url)

    def access(self, account_id: int, channel: Channel) -> Access:
        """How a mailbox's server is reached: one that an administrator has named only where rules allow it."""
        own = channel.outgoing
        if own is None or self.is_confined:
            return DIRECT
        connect = partial(guarded.connected, self.outgoing, own.host, own.port)
        oauth2 = own.oauth2
        if oauth2 is None:
            return Access(connect=connect)

        async def token(refused: str) -> str:
            return await self.tokens.get(account_id, channel.mailbox_id, oauth2, refused=refused)

        return Access(connect=connect, token=token)
