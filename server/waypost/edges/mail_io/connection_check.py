"""Trying the servers of a mailbox, as they are set up or about to be. Nothing is changed and no message is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from waypost.domains import mailboxes
from waypost.domains.mailboxes import (
    Channel,
    CheckReport,
    DomainReport,
    OAuth2,
    RenewedToken,
    Server,
    ServerReport,
    Step,
)
from waypost.edges.mail_io import check_domain
from waypost.edges.mail_io.check_domain import DomainCheck
from waypost.edges.mail_io.check_imap import ImapCheck
from waypost.edges.mail_io.check_session import GetToken, Session, guarded_run
from waypost.edges.mail_io.check_smtp import SmtpCheck
from waypost.edges.mail_io.check_steps import Steps
from waypost.edges.mail_io.oauth_tokens import AccessTokens, fetch
from waypost.kit.errors import InProgress
from waypost.kit.safe_http import Outgoing
from waypost.kit.tx import Transactions

STEP_S = 10.0
#: One slow server must not hold a request for ever: each of the two gets so long.
WHOLE_S = 60.0
MOST_AT_ONCE = 16

NoteStep = Callable[[str, Step], None]


def _ignore(_server: str, _step: Step) -> None:
    return


class ConnectionCheck:
    """Tests connections; one object a process, one test a mailbox at a time. See `edges.base.context.CheckChannel`."""

    def __init__(self, transactions: Transactions, outgoing: Outgoing, tokens: AccessTokens, key: bytes) -> None:
        self._transactions, self._outgoing, self._tokens, self._key = transactions, outgoing, tokens, key
        #: How long each answer of a server may take.
        self.step_s = STEP_S
        #: How the TXT records of a name are found.
        self.look_up = check_domain.look_up
        self._running: set[int] = set()

    async def __call__(
        self,
        account_id: int,
        channel: Channel,
        *,
        incoming: bool,
        outgoing: bool,
        note: NoteStep = _ignore,
        keeps_renewed: bool = False,
    ) -> CheckReport:
        """Try the servers that are named and set up, both at once. `note` hears of each step as it ends.

        Where mail is sent, what the DNS says of the mailbox's domain is looked up as well.

        New refresh tokens that come of it are stored where the settings have the ones that were used; others are handed
        back, and warned of unless the caller `keeps_renewed`. Raises InProgress while another test of the mailbox runs.
        """
        with self._alone(channel.mailbox_id):
            stored = await self._stored_tokens(account_id, channel)
            tokens = _TriedTokens(self._tokens, self._outgoing, (account_id, channel.mailbox_id), stored)

            async def token(oauth2: OAuth2) -> tuple[str, bool]:
                access_token, is_lost = await tokens.get(oauth2)
                return access_token, is_lost and not keeps_renewed

            incoming_report, outgoing_report, domain = await asyncio.gather(
                self._incoming(channel, token, note) if incoming else _nothing(),
                self._outgoing_server(channel, token, note) if outgoing else _nothing(),
                self._domain(channel, note) if outgoing else _nothing(),
            )
        return CheckReport(incoming_report, outgoing_report, domain, tuple(tokens.renewed.values()))

    async def _domain(self, channel: Channel, note: NoteStep) -> DomainReport:
        name = channel.email.rpartition("@")[2]
        steps = Steps(check_domain.NAMES, [], lambda step: note("domain", step))
        await DomainCheck(steps, name, channel.dkim, self.look_up).run()
        return DomainReport(name, steps.finished())

    async def _incoming(self, channel: Channel, token: GetToken, note: NoteStep) -> ServerReport | None:
        server = channel.incoming
        if server is None:
            return None
        session = self._session(server, ImapCheck.names(server), token, lambda step: note("incoming", step))
        return await self._run(session, ImapCheck(session, server).run, server)

    async def _outgoing_server(self, channel: Channel, token: GetToken, note: NoteStep) -> ServerReport | None:
        server = channel.outgoing
        if server is None:
            return None
        session = self._session(server, SmtpCheck.names(server), token, lambda step: note("outgoing", step))
        return await self._run(session, SmtpCheck(session, server, channel.email).run, server)

    def _session(self, server: Server, names: list[str], token: GetToken, note: Callable[[Step], None]) -> Session:
        secrets = [server.password]
        if server.oauth2 is not None:
            secrets += [server.oauth2.client_secret, server.oauth2.refresh_token]
        return Session(Steps(names, secrets, note), server, self._outgoing, token, self.step_s)

    async def _run(self, session: Session, run: Callable[[], Awaitable[None]], server: Server) -> ServerReport:
        try:
            async with asyncio.timeout(WHOLE_S):
                await guarded_run(session, run)
        except TimeoutError:
            session.give_up("The server takes too long.")
        host = f"[{server.host}]" if ":" in server.host else server.host
        return ServerReport(f"{host}:{server.port}", session.steps.finished())

    async def _stored_tokens(self, account_id: int, channel: Channel) -> list[OAuth2]:
        """What of the settings is stored already: new refresh tokens that come of it are kept."""
        async with self._transactions.read() as tx:
            held = await mailboxes.store_channel.find(tx.connection, self._key, account_id, channel.mailbox_id)
        servers = (held.incoming, held.outgoing) if held is not None else ()
        return [server.oauth2 for server in servers if server is not None and server.oauth2 is not None]

    @contextmanager
    def _alone(self, mailbox_id: int) -> Iterator[None]:
        if mailbox_id in self._running or len(self._running) >= MOST_AT_ONCE:
            raise InProgress("Another test is running; try again when it has ended")
        self._running.add(mailbox_id)
        try:
            yield
        finally:
            self._running.discard(mailbox_id)


class _TriedTokens:
    """The access tokens of one test. Each refresh token is used once, for both servers: it may be good only once."""

    def __init__(
        self, tokens: AccessTokens, outgoing: Outgoing, place: tuple[int, int], stored: Sequence[OAuth2]
    ) -> None:
        self._tokens, self._outgoing, self._place, self._stored = tokens, outgoing, place, stored
        self._lock = asyncio.Lock()
        self._got: dict[OAuth2, str] = {}
        self.renewed: dict[OAuth2, RenewedToken] = {}

    async def get(self, oauth2: OAuth2) -> tuple[str, bool]:
        """An access token, and whether there is a new refresh token that is not stored. Raises TokenFailure."""
        async with self._lock:
            if oauth2 not in self._got:
                self._got[oauth2] = await self._fetched(oauth2)
        renewed = self.renewed.get(oauth2)
        return self._got[oauth2], renewed is not None and not renewed.is_kept

    async def _fetched(self, oauth2: OAuth2) -> str:
        is_stored = oauth2 in self._stored
        if is_stored:
            access_token, refresh_token = await self._tokens.renew(*self._place, oauth2)
        else:
            fetched = await fetch(self._outgoing, oauth2)
            access_token, refresh_token = fetched.access_token, fetched.refresh_token
        if refresh_token not in ("", oauth2.refresh_token):
            self.renewed[oauth2] = RenewedToken(oauth2, refresh_token, is_stored)
        return access_token


async def _nothing() -> None:
    return None
