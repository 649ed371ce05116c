"""The parts of a running desk that edges use. Built once by the composition; read by handlers through dependencies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide

from waypost.domains.accounts import Actor, Dialect
from waypost.domains.docs import Addresses, Letter
from waypost.domains.mailboxes import Channel, CheckReport
from waypost.domains.webhooks import Compose
from waypost.kit.errors import WaypostError
from waypost.kit.files import FileStore
from waypost.kit.log_stream import LogStream
from waypost.kit.movable_clock import MovableClock
from waypost.kit.rate_limit import AccountLimits, WindowLimits
from waypost.kit.safe_http import Outgoing
from waypost.kit.tx import Transactions, Tx, told_as_busy

#: Where a layer around the router leaves the transaction that the handler is to work in.
JOINED_TX = "waypost.tx"


class Credential(Protocol):
    """What a bearer token stands for."""

    @property
    def actor(self) -> Actor: ...
    @property
    def dialect(self) -> Dialect: ...


class TokenReader(Protocol):
    """Turns a bearer token into who it stands for; None when it does not count."""

    async def authenticate(self, token: str) -> Credential | None: ...


class CheckChannel(Protocol):
    """Tries the servers of a mailbox that are named and set up. Raises InProgress while another test of it runs."""

    async def __call__(self, account_id: int, channel: Channel, *, incoming: bool, outgoing: bool) -> CheckReport: ...


SendSystemMail = Callable[[Tx, int, str, str, str, str], Awaitable[None]]
SendLetter = Callable[[Tx, Letter], Awaitable[None]]


@dataclass(kw_only=True)
class Context:
    """Everything that handlers reach beside the request itself.

    `base_url` is the public address without a slash at its end; every absolute link is built from it.
    """

    base_url: str
    transactions: Transactions
    files: FileStore
    tokens: TokenReader
    limits: AccountLimits
    #: (tx, account_id, to_name, to_email, subject, html): queued in the transaction, sent by the worker.
    send_system_mail: SendSystemMail
    #: The same for what a visitor of a help center has written.
    send_letter: SendLetter
    live: LogStream
    #: The windows of the Docs API, and how many requests an account with one site has in each; 0 is no limit.
    docs_limits: WindowLimits
    docs_rate_limit: int
    #: The domain below which help centers have their sub-domains, with the port where there is one.
    docs_domain: str
    #: What visitors of help centers send, in twelve hours; and how many messages of one peer become conversations in
    #: that time, 0 for any number.
    contact_limits: WindowLimits
    contact_limit: int
    #: The client for addresses that callers have chosen.
    outgoing: Outgoing
    #: Makes the body of a webhook; see edges.hooks_out.bodies.
    compose_webhook: Compose
    #: Tries mail servers; see edges.mail_io.connection_check.
    check_channel: CheckChannel
    #: In development and in the demo: the desk's clock, to be moved.
    movable_clock: MovableClock | None = None
    is_demo: bool = False
    is_https: bool = False
    #: Where content from outside is served, if not under `base_url`: a host without cookies.
    content_url: str = ""
    #: The key for secrets that must be readable again (TOTP); see kit.sealing.
    secret_key: bytes = b""
    #: Peers whose X-Forwarded-For counts. Nobody's does by default.
    trusted_proxies: tuple[str, ...] = ()
    #: Demo mode: the messages that the mail sink has caught, newest first, and one of them.
    sunk_messages: Callable[[], list[Any]] | None = None
    sunk_message: Callable[[str], Any] | None = None
    #: How long a request waits for another with the same Idempotency-Key before it is told to come back.
    repeat_wait_s: float = 5.0
    #: Named checks for /readyz; each raises when its part is not usable.
    readiness: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)

    @property
    def docs_addresses(self) -> Addresses:
        """Where the pages of help centers are."""
        return Addresses(self.base_url.partition("://")[0], self.docs_domain)

    @property
    def content_address(self) -> str:
        """What links to content begin with, without a slash at the end."""
        return self.content_url or self.base_url

    @property
    def content_host(self) -> str:
        """The host, with its port, that serves content and nothing else; empty where it shares the desk's."""
        content, desk = urlsplit(self.content_url).netloc.lower(), urlsplit(self.base_url).netloc.lower()
        return content if content != desk else ""


def context_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Context:
    """The running desk behind a request."""
    context: Context = connection.app.state.context
    return context


class Unauthorized(WaypostError):
    """No credential, or one that does not count."""


def provide_context(request: Request[Any, Any, Any]) -> Context:
    """Dependency `context`."""
    return context_of(request)


def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """Dependency `actor`: whom the gate of the edge has recognised."""
    actor: Actor | None = request.scope.get("waypost.actor")  # type: ignore[assignment]
    if actor is None:
        raise Unauthorized
    return actor


async def provide_tx(request: Request[Any, Any, Any]) -> AsyncIterator[Tx]:
    """Dependency `tx`: one transaction a request. Commits after the handler and before the answer.

    Where a layer around the router has opened it already, that layer commits it.
    """
    joined: Tx | None = request.scope.get(JOINED_TX)  # type: ignore[assignment]
    if joined is not None:
        with told_as_busy():
            yield joined
        return
    async with context_of(request).transactions.open() as tx:
        yield tx


async def provide_read(request: Request[Any, Any, Any]) -> AsyncIterator[Tx]:
    """Dependency `read`: a connection for handlers that only look."""
    async with context_of(request).transactions.read() as tx:
        yield tx


def provide_now(request: Request[Any, Any, Any]) -> datetime:
    """Dependency `now`."""
    return context_of(request).transactions.clock()


DEPENDENCIES = {
    "context": Provide(provide_context, sync_to_thread=False),
    "actor": Provide(provide_actor, sync_to_thread=False),
    "tx": Provide(provide_tx),
    "read": Provide(provide_read),
}

#: The dependencies above as annotations of handlers' parameters, which must bear their names.
TxDependency: TypeAlias = NamedDependency[Tx]
ActorDependency: TypeAlias = NamedDependency[Actor]
ContextDependency: TypeAlias = NamedDependency[Context]
