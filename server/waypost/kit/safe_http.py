"""The product's one way of making HTTP requests to addresses that somebody else has chosen.

A name is looked up once per connection, every answer is checked, and the connection goes to a checked address: there is
no second look-up that could be answered differently. Redirects are not followed, cookies not kept, the environment's
proxies not used, bodies not unpacked; header, body and time are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from waypost.kit.addresses import Allowance, IpAddress, is_public, own_addresses

if TYPE_CHECKING:
    import aiohttp

FailureKind = Literal["dns", "connect", "tls", "timeout", "blocked-address", "too-large", "protocol"]
Resolve = Callable[[str, int], Awaitable[list[str]]]

TOTAL_S = 10.0
CONNECT_S = 3.0
LOOK_UP_S = 3.0
HEADER_LIMIT = 16 * 1024
BODY_LIMIT = 64 * 1024
MOST_HEADERS = 100
#: Open connections at once. Far above what fast receivers need, so that hanging ones cannot use them up.
MOST_CONNECTIONS = 2000
KEEP_ALIVE_S = 30.0
SECURE_PORTS = frozenset({443, 8443})
INSECURE_PORTS = frozenset({80})
#: Look-ups block a thread each; a dead name server must not keep others from being asked.
_LOOK_UP_THREADS = 32
_TOO_LARGE = ("more than", "too large", "too long", "too many")


class OutgoingFailure(Exception):
    """A request that got no usable answer: what kind of obstacle, and the details for whoever looks after it."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind: FailureKind = kind
        self.detail = detail


class _Blocked(OSError):
    """An address that may not be connected to. An OSError, because that is what passes through the client's layers."""


@dataclass(frozen=True)
class OutgoingRules:
    """What may be reached. `own_hosts` are names of the install itself."""

    allowances: tuple[Allowance, ...] = ()
    allows_insecure: bool = False
    own_hosts: frozenset[str] = frozenset()
    own: frozenset[IpAddress] = field(default_factory=own_addresses)

    def may_use(self, host: str, port: int) -> bool:
        """Whether any address could be connected to for the host on that port."""
        return port in self._ports or any(
            allowance.port in (None, port) and (allowance.network is not None or allowance.host == host)
            for allowance in self.allowances
        )

    def permits(self, host: str, address: IpAddress, port: int, *, any_port: bool = False) -> bool:
        """Whether the address, looked up for the host, may be connected to on that port.

        `any_port` is for what is no HTTP, mail above all: the address is judged, and its port only where an allowance
        names one.
        """
        if any(allowance.covers(host, address, port) for allowance in self.allowances):
            return True
        is_elsewhere = address not in self.own and host not in self.own_hosts
        return (any_port or port in self._ports) and is_elsewhere and is_public(address)

    @property
    def _ports(self) -> frozenset[int]:
        return SECURE_PORTS | INSECURE_PORTS if self.allows_insecure else SECURE_PORTS


@dataclass(frozen=True)
class Answer:
    """What came back: the header as sent, the start of the body, and whether there was more of it."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    is_cut: bool


@dataclass
class _Connection:
    """Whether a request went over a connection that an earlier one had left open."""

    is_reused: bool = False


def _tracing(config: Any) -> Any:
    async def note(_session: object, context: Any, _parameters: object) -> None:
        context.trace_request_ctx.is_reused = True

    config.on_connection_reuseconn.append(note)
    return config


async def look_up(host: str, port: int, *, threads: ThreadPoolExecutor) -> list[str]:
    """Every address of a name, as the system's resolver says. Raises OSError."""
    loop = asyncio.get_running_loop()
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await loop.run_in_executor(threads, ask)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def destination(url: str, rules: OutgoingRules) -> tuple[str, int]:
    """Host and port of a URL whose form is acceptable. Raises OutgoingFailure (`blocked-address`)."""
    # Readers of addresses disagree about these, and whoever sends them counts on that.
    if any(character in url for character in "\\\t\r\n\x00 ") or not url.isascii():
        raise OutgoingFailure("blocked-address", "holds characters that no address has")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise OutgoingFailure("blocked-address", "is no address") from error
    if parts.scheme not in ("https", "http") or not host:
        raise OutgoingFailure("blocked-address", "must be an https address")
    if parts.scheme == "http" and not rules.allows_insecure:
        raise OutgoingFailure("blocked-address", "must begin with https://")
    if "@" in parts.netloc:
        raise OutgoingFailure("blocked-address", "must not hold a user name or password")
    port = port or (443 if parts.scheme == "https" else 80)
    if not rules.may_use(host, port):
        raise OutgoingFailure("blocked-address", f"port {port} must not be used")
    return host, port


class Outgoing:
    """The pooled client. Made once a process, used from one event loop, closed with `close`."""

    def __init__(
        self, rules: OutgoingRules, *, resolve: Resolve | None = None, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self.rules = rules
        self._threads = ThreadPoolExecutor(_LOOK_UP_THREADS, thread_name_prefix="look-up")
        self._resolve = resolve or partial(look_up, threads=self._threads)
        self._ssl_context = ssl_context
        self._session: aiohttp.ClientSession | None = None

    async def check(self, url: str, *, patience_s: float = LOOK_UP_S) -> None:
        """Refuse a URL that may not be requested now. Raises OutgoingFailure, also `dns` where the name is unknown."""
        host, port = destination(url, self.rules)
        await self._addresses(host, port, patience_s)

    async def addresses(self, host: str, port: int, *, patience_s: float = LOOK_UP_S) -> list[IpAddress]:
        """Every address of a host that something other than HTTP is to be spoken with, on whatever port.

        One look-up, and all of its answers have to be allowed. Raises OutgoingFailure (`dns`, `blocked-address`).
        """
        return await self._addresses(host.rstrip(".").lower(), port, patience_s, any_port=True)

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, timeout_s: float | None = None) -> Answer:
        """POST; any status is an answer. A body beyond the limit is cut. Raises OutgoingFailure."""
        return await self.request("POST", url, body=body, headers=headers, timeout_s=timeout_s)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        body: bytes | None = None,
        timeout_s: float | None = None,
        body_limit: int = BODY_LIMIT,
    ) -> Answer:
        """One request, without redirects. Raises OutgoingFailure."""
        host, port = destination(url, self.rules)
        literal = _as_address(host)
        if literal is not None:
            self._require(host, literal, port)
        import aiohttp

        connection = _Connection()
        try:
            async with asyncio.timeout(TOTAL_S if timeout_s is None else timeout_s):
                try:
                    return await self._once(method, url, headers, body, body_limit, connection)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    # A kept connection may have been closed from the other side while it lay idle.
                    if not connection.is_reused:
                        raise
                    return await self._once(method, url, headers, body, body_limit, _Connection())
        except OutgoingFailure:
            raise
        except Exception as error:
            failure = _failure(error, aiohttp)
            if failure is None:
                raise
            raise failure from error

    async def _once(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        body_limit: int,
        connection: _Connection,
    ) -> Answer:
        from yarl import URL

        # Sent as it was given: nothing re-encodes what the receiver may compare.
        exact = URL(url, encoded=True)
        async with self._open().request(
            method, exact, data=body, headers=headers, allow_redirects=False, trace_request_ctx=connection
        ) as answer:
            return await _read(answer, body_limit)

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is not None:
            return self._session
        # Loaded with the first request: a desk that sends none does not pay for it.
        import aiohttp

        connector = aiohttp.TCPConnector(
            resolver=_resolver(self._addresses),
            use_dns_cache=False,
            limit=MOST_CONNECTIONS,
            keepalive_timeout=KEEP_ALIVE_S,
            ssl=self._ssl_context or True,
            socket_factory=self._socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            max_line_size=HEADER_LIMIT,
            max_field_size=HEADER_LIMIT,
            max_headers=MOST_HEADERS,
            read_bufsize=BODY_LIMIT,
            skip_auto_headers=("Accept-Encoding", "User-Agent"),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            trace_configs=[_tracing(aiohttp.TraceConfig())],
        )
        return self._session

    async def _addresses(
        self, host: str, port: int, patience_s: float = LOOK_UP_S, *, any_port: bool = False
    ) -> list[IpAddress]:
        """Every address of the host; all of them have to be allowed. Raises OutgoingFailure."""
        literal = _as_address(host)
        if literal is not None:
            self._require(host, literal, port, any_port=any_port)
            return [literal]
        try:
            async with asyncio.timeout(patience_s):
                texts = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise OutgoingFailure("dns", f"{host} cannot be looked up: {error}") from error
        if not texts:
            raise OutgoingFailure("dns", f"{host} has no address")
        found = [ipaddress.ip_address(text) for text in texts]
        for address in found:
            self._require(host, address, port, any_port=any_port)
        return found

    def _require(self, host: str, address: IpAddress, port: int, *, any_port: bool = False) -> None:
        if not self.rules.permits(host, address, port, any_port=any_port):
            raise OutgoingFailure("blocked-address", f"{host} on port {port} must not be reached from here")

    def _socket(self, info: tuple[Any, ...]) -> socket.socket:
        # The last line: whatever led here, no socket is made for an address that the rules do not allow. Where a host
        # is allowed by its name, any address may be its.
        family, kind, protocol, _, place = info
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        by_name = any(allowance.network is None for allowance in self.rules.allowances)
        if not by_name and not self.rules.permits("", address, int(place[1])):
            raise _Blocked(f"{address} must not be reached from here")
        return socket.socket(family, kind, protocol)


def _as_address(host: str) -> IpAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _resolver(addresses: Callable[[str, int], Awaitable[list[IpAddress]]]) -> Any:
    """The client's resolver: hands out checked addresses, as numbers, so that nothing looks them up again."""
    from aiohttp.abc import AbstractResolver, ResolveResult

    class CheckedResolver(AbstractResolver):
        async def resolve(
            self,
            host: str,
            port: int = 0,
            family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - the client's protocol
        ) -> list[ResolveResult]:
            return [
                ResolveResult(
                    hostname=host,
                    host=str(address),
                    port=port,
                    family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                    proto=0,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
                for address in await addresses(host, port)
            ]

        async def close(self) -> None:
            return None

    return CheckedResolver()


async def _read(answer: aiohttp.ClientResponse, body_limit: int) -> Answer:
    size = sum(len(name) + len(value) + 4 for name, value in answer.raw_headers)
    if size > HEADER_LIMIT:
        answer.close()
        raise OutgoingFailure("too-large", f"a header of {size} bytes")
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > body_limit:
            # What is still on its way is not waited for; the connection ends.
            answer.close()
            break
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.raw_headers]
    return Answer(answer.status, headers, bytes(body[:body_limit]), len(body) > body_limit)


def _failure(error: BaseException, client: Any) -> OutgoingFailure | None:
    """What the client's exception means; None for what it should never raise."""
    for link in _chain(error):
        if isinstance(link, OutgoingFailure):
            return link
        if isinstance(link, _Blocked):
            return OutgoingFailure("blocked-address", str(link))
    kinds: Sequence[tuple[tuple[type[BaseException], ...], FailureKind]] = (
        ((client.ConnectionTimeoutError,), "connect"),
        ((TimeoutError,), "timeout"),
        ((client.ClientSSLError, ssl.SSLError, ssl.CertificateError), "tls"),
        ((client.ClientConnectorError, client.ServerDisconnectedError, client.ClientOSError, OSError), "connect"),
        ((client.InvalidURL,), "blocked-address"),
        ((client.ClientError, ValueError), "protocol"),
    )
    for types, kind in kinds:
        if isinstance(error, types):
            text = str(error) or type(error).__name__
            if any(words in text.lower() for words in _TOO_LARGE):
                return OutgoingFailure("too-large", "the header is larger than is read")
            return OutgoingFailure(kind, _plain(text, kind))
    return None


def _plain(text: str, kind: FailureKind) -> str:
    return {"timeout": "no complete answer in time"}.get(kind, text[:300])


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in links:
        links.append(current)
        inner = getattr(current, "os_error", None)
        if isinstance(inner, BaseException):
            links.append(inner)
        current = current.__cause__ or current.__context__
    return links
