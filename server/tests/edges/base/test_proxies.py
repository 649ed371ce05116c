from __future__ import annotations

from typing import Any

import pytest

from waypost.edges.base.proxies import RealPeer

PROXY = "10.0.0.1"


async def seen(trusted: tuple[str, ...], peer: str, *forwarded: str) -> str:
    """The address that the application sees."""
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)

    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    await RealPeer(app, trusted)({"type": "http", "client": (peer, 1), "headers": headers}, None, None)  # type: ignore[arg-type]
    host: str = scopes[0]["client"][0]
    return host


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ((), "203.0.113.9", ("127.0.0.1",), "203.0.113.9"),
        ((PROXY,), "203.0.113.9", ("127.0.0.1",), "203.0.113.9"),
        ((PROXY,), PROXY, ("203.0.113.9",), "203.0.113.9"),
        ((PROXY,), PROXY, (), PROXY),
        # Whatever the client itself wrote stands before what the proxy appended.
        ((PROXY,), PROXY, ("127.0.0.1, 203.0.113.9",), "203.0.113.9"),
        ((PROXY,), PROXY, ("127.0.0.1", "203.0.113.9"), "203.0.113.9"),
        (("10.0.0.0/8",), PROXY, ("198.51.100.7, 203.0.113.9, 10.1.2.3",), "203.0.113.9"),
        (("10.0.0.0/8",), PROXY, ("10.9.9.9, 10.1.2.3",), "10.9.9.9"),
        ((PROXY,), PROXY, ("203.0.113.9:4711",), "203.0.113.9"),
        ((PROXY,), PROXY, ("[2001:db8::1]:4711",), "2001:db8::1"),
        ((PROXY,), "::ffff:10.0.0.1", ("2001:db8::1",), "2001:db8::1"),
        ((PROXY,), PROXY, ("<script>alert(1)</script>",), PROXY),
        ((PROXY,), PROXY, ("203.0.113.9, unknown",), PROXY),
        ((PROXY,), PROXY, ("",), PROXY),
    ],
)
async def test_the_caller_is_who_a_trusted_proxy_says(
    trusted: tuple[str, ...], peer: str, forwarded: tuple[str, ...], expected: str
) -> None:
    assert await seen(trusted, peer, *forwarded) == expected


async def test_a_connection_without_a_peer_passes() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["client"] is None

    await RealPeer(app, (PROXY,))({"type": "http", "client": None, "headers": []}, None, None)  # type: ignore[arg-type]
