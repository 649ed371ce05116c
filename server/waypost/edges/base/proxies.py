"""Who is really calling: the peer of the connection, or behind a trusted proxy the address that the proxy names."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class RealPeer:
    """ASGI: sets `scope["client"]` from X-Forwarded-For, but only as far as trusted proxies wrote it.

    `trusted` holds addresses and networks; ValueError for what is neither. Anybody can send the header, so with no
    trusted proxy it is not looked at (security: limits and logs must see the real peer).
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self.app = app
        self._trusted: list[Network] = [ip_network(text, strict=False) for text in trusted]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        client = scope.get("client")
        if client and self._trusted and self._is_trusted(_address(client[0])):
            host = self._behind(scope, client[0])
            scope["client"] = (host, 0 if host != client[0] else client[1])
        await self.app(scope, receive, send)

    def _behind(self, scope: Any, peer: str) -> str:
        """Each proxy appends whom it heard from: walk back from the end while the names are trusted proxies."""
        named = [
            part.strip()
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
            for part in value.decode("latin-1").split(",")
        ]
        for text in reversed(named):
            address = _address(text)
            if address is None:
                return peer
            peer = str(address)
            if not self._is_trusted(address):
                return peer
        return peer

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _address(text: str) -> Address | None:
    text = text.strip('" ')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
