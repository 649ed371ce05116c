"""Connections to mail servers that administrators of accounts have chosen: the rules of webhooks hold for them too.

A name is looked up once, every answer is checked, and the connection goes to a checked address; nothing looks the name
up again. Private addresses and this machine's own are refused unless WAYPOST_OUTGOING_ALLOW names them. Ports are free.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
from typing import Literal

from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.kit.addresses import IpAddress
from waypost.kit.safe_http import LOOK_UP_S, Outgoing, OutgoingFailure

UnreachableKind = Literal["dns", "blocked-address", "refused", "timeout", "network"]

CONNECT_S = 10.0
#: A name with more addresses is tried at this many of them.
MOST_ADDRESSES = 4


class Unreachable(TemporaryFailure):
    """No connection to a mail server came about; the kind says why, the message tells it to an administrator."""

    def __init__(self, kind: UnreachableKind, message: str) -> None:
        super().__init__(message)
        self.kind: UnreachableKind = kind


async def checked_addresses(
    outgoing: Outgoing, host: str, port: int, *, patience_s: float = LOOK_UP_S
) -> list[IpAddress]:
    """The addresses that may be connected to for the host, in the resolver's order. Raises Unreachable."""
    try:
        return (await outgoing.addresses(host, port, patience_s=patience_s))[:MOST_ADDRESSES]
    except OutgoingFailure as failure:
        if failure.kind == "blocked-address":
            raise Unreachable("blocked-address", _blocked(host)) from failure
        raise Unreachable("dns", f"{host} has no address: the name is wrong, or its DNS does not answer") from failure


async def checked_address(outgoing: Outgoing, host: str, port: int) -> str:
    """One address to connect to for the host. For clients that take an address and a name for the certificate.

    Raises Unreachable.
    """
    return str((await checked_addresses(outgoing, host, port))[0])


async def connected(outgoing: Outgoing, host: str, port: int, *, timeout_s: float = CONNECT_S) -> socket.socket:
    """A connected, non-blocking socket to a checked address of the host; the caller closes it. Raises Unreachable."""
    return await connected_to(await checked_addresses(outgoing, host, port), host, port, timeout_s=timeout_s)


async def connected_to(
    addresses: list[IpAddress], host: str, port: int, *, timeout_s: float = CONNECT_S
) -> socket.socket:
    """A connected, non-blocking socket to the first of the addresses that answers. Raises Unreachable."""
    failure = Unreachable("timeout", _timed_out(host, port))
    for address in addresses:
        try:
            async with asyncio.timeout(timeout_s / len(addresses)):
                return await _connect(address, port)
        except TimeoutError:
            failure = Unreachable("timeout", _timed_out(host, port))
        except ConnectionRefusedError:
            failure = Unreachable("refused", f"{host} refused the connection: nothing listens on port {port}")
        except OSError as error:
            said = os.strerror(error.errno) if error.errno else "no connection"
            failure = Unreachable("network", f"{host} cannot be reached on port {port}: {said}")
    raise failure


def tls_context() -> ssl.SSLContext:
    """How servers prove who they are: by the certificate authorities of this machine (SSL_CERT_FILE)."""
    return ssl.create_default_context()


async def _connect(address: IpAddress, port: int) -> socket.socket:
    family = socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (str(address), port))
    except BaseException:
        made.close()
        raise
    return made


def _blocked(host: str) -> str:
    return (
        f"{host} is not on the public network, so it must not be reached from here;"
        " whoever runs this desk can allow it by WAYPOST_OUTGOING_ALLOW"
    )


def _timed_out(host: str, port: int) -> str:
    return f"{host} did not answer on port {port} in time: a firewall is in the way, or the port is wrong"
