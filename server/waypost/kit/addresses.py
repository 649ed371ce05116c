"""Which network addresses outgoing requests may go to: public ones, and what the operator has allowed by name."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import TypeAlias

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Everything that is not somebody else's machine on the public network (spec: webhooks 9).
_NEVER: tuple[IpNetwork, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        # Mapped and compatible IPv4, NAT64, discard, Teredo and its neighbours, documentation, 6to4, segment routing,
        # unique local, link-local, site-local, multicast.
        "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)


class BadAllowance(ValueError):
    """An entry of the allow-list that is no address, network or host name."""


@dataclass(frozen=True)
class Allowance:
    """What an operator lets requests go to although it is not public: a host or network, with one port or any."""

    host: str = ""
    network: IpNetwork | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Allowance:
        """`10.1.0.0/16`, `10.1.2.3:9000`, `[fd00::1]:9000`, `fd00::/8`, `hooks.internal`, `hooks.internal:9000`."""
        rest, port = _split_port(text.strip().lower())
        try:
            return cls(network=ipaddress.ip_network(rest.strip("[]"), strict=False), port=port)
        except ValueError:
            if not _HOST_NAME.fullmatch(rest):
                raise BadAllowance(text) from None
        return cls(host=rest, port=port)

    def covers(self, host: str, address: IpAddress, port: int) -> bool:
        """Whether a connection to the address, looked up for the host, is meant."""
        if self.port is not None and self.port != port:
            return False
        if self.network is None:
            return host.lower().rstrip(".") == self.host
        return address in self.network


def _split_port(text: str) -> tuple[str, int | None]:
    head, colon, tail = text.rpartition(":")
    is_port = bool(colon) and tail.isascii() and tail.isdigit() and 0 < int(tail[:6]) < 65536
    # Colons within an IPv6 address are none before a port, unless the address is in brackets.
    if is_port and (":" not in head or head.endswith("]")):
        return head, int(tail)
    return text, None


def is_public(address: IpAddress) -> bool:
    """Whether the address is a machine on the public network, reached without a translation that could lead back."""
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NEVER)


def own_addresses() -> frozenset[IpAddress]:
    """The addresses of this machine, as far as it knows them itself."""
    found: set[IpAddress] = set()
    try:
        for *_, place in socket.getaddrinfo(socket.gethostname(), None):
            found.add(ipaddress.ip_address(str(place[0]).partition("%")[0]))
    except OSError:
        pass
    for family, beyond in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # Connecting a datagram socket sends nothing; it only chooses the address that packets would leave from.
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((beyond, 9))
                found.add(ipaddress.ip_address(probe.getsockname()[0].partition("%")[0]))
        except OSError:
            continue
    return frozenset(found)
