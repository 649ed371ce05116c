"""Requests to addresses that others choose: what is refused before, at and after connecting, and what is bounded."""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import receiver as receivers
from tests.receiver import receiving
from waypost.kit.addresses import Allowance, BadAllowance, is_public, own_addresses
from waypost.kit.safe_http import BODY_LIMIT, Outgoing, OutgoingFailure, OutgoingRules

pytestmark = pytest.mark.anyio

URLS = [json.loads(line) for line in (Path(__file__).parents[1] / "data/hostile/ssrf-urls.jsonl").open()]
PRIVATE = """
127.0.0.1 127.255.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 100.127.255.255
0.0.0.0 0.1.2.3 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.7
203.0.113.9 192.88.99.1 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b:1::1 2002:7f00:1:: 2001:0:1::1 2001:db8::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1 100::1 3fff::1
""".split()
PUBLIC = "1.1.1.1 8.8.8.8 172.32.0.1 100.128.0.1 169.253.0.1 2606:4700::1111 2a00:1450:4001::5".split()


@asynccontextmanager
async def client(
    *allowed: str, insecure: bool = True, answers: list[list[str]] | None = None, **more: Any
) -> AsyncIterator[tuple[Outgoing, list[str]]]:
    """A client, and the names that it looked up; each look-up takes the next of `answers`, the last one for ever."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        if answers is None:
            raise OSError("no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    rules = OutgoingRules(tuple(Allowance.parse(text) for text in allowed), insecure)
    outgoing = Outgoing(rules, resolve=resolve, **more)
    try:
        yield outgoing, asked
    finally:
        await outgoing.close()


async def kind_of(outgoing: Outgoing, url: str, **more: Any) -> str:
    with pytest.raises(OutgoingFailure) as caught:
        await outgoing.post(url, b"{}", {}, **more)
    return caught.value.kind


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_refused(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_let_through(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("url", URLS)
async def test_no_hostile_address_is_connected_to(url: str) -> None:
    """Names resolve as an attacker would have them, numbers as the system's resolver reads them."""
    for secure in (True, False):
        async with client(insecure=not secure, answers=[["127.0.0.1"]]) as (outgoing, _):
            assert await kind_of(outgoing, url) == "blocked-address"


@pytest.mark.parametrize("url", [url for url in URLS if any(character.isdigit() for character in url[:24])])
async def test_odd_spellings_of_numbers_lead_nowhere_with_the_real_resolver(url: str) -> None:
    outgoing = Outgoing(OutgoingRules(allows_insecure=True))
    try:
        assert await kind_of(outgoing, url) in ("blocked-address", "dns")
    finally:
        await outgoing.close()


async def test_one_bad_answer_among_good_ones_is_enough_to_refuse() -> None:
    async with client(answers=[["8.8.8.8", "10.0.0.1"]]) as (outgoing, _):
        assert await kind_of(outgoing, "https://mixed.example/") == "blocked-address"


async def test_this_machines_own_addresses_are_refused_even_where_they_are_public() -> None:
    rules = OutgoingRules(own=frozenset({ipaddress.ip_address("8.8.4.4")}), own_hosts=frozenset({"desk.example"}))
    assert not rules.permits("own.example", ipaddress.ip_address("8.8.4.4"), 443)
    assert not rules.permits("desk.example", ipaddress.ip_address("1.1.1.1"), 443)
    assert rules.permits("other.example", ipaddress.ip_address("1.1.1.1"), 443)
    assert all(isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address) for address in own_addresses())


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """DNS rebinding: a name that leads to an allowed address first, and to another one when it is asked again."""
    async with receiving() as seen, client("127.0.0.2", answers=[["127.0.0.2"], ["127.0.0.1"]]) as (outgoing, asked):
        # The first look-up is allowed, and nothing listens there: no second one has led to the receiver.
        assert await kind_of(outgoing, f"http://rebind.example:{seen.port}/") == "connect"
        assert asked == ["rebind.example"]
        # The next attempt looks up and checks anew.
        assert await kind_of(outgoing, f"http://rebind.example:{seen.port}/") == "blocked-address"
        assert not seen.requests


async def test_a_name_is_checked_at_every_attempt() -> None:
    once = receivers.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    async with receiving(lambda _: once) as seen, client("127.0.0.1", answers=answers) as (outgoing, _):
        url = f"http://flips.example:{seen.port}/"
        answer = await outgoing.post(url, b"{}", {})
        assert answer.status == 200
        assert seen.requests[0].headers["host"] == f"flips.example:{seen.port}"
        assert await kind_of(outgoing, url) == "blocked-address"


async def test_redirects_are_answers_and_are_not_followed() -> None:
    async with receiving() as inside:
        to = f"HTTP/1.1 302 Found\r\nLocation: {inside.url}\r\nContent-Length: 0\r\n\r\n".encode()
        async with receiving(lambda _: receivers.raw(to)) as outside, client("127.0.0.1") as (outgoing, _):
            assert (await outgoing.post(outside.url, b"{}", {})).status == 302
        assert not inside.requests


@pytest.mark.parametrize(
    ("url", "allowed", "outcome"),
    [
        ("http://ports.example:22/", (), "blocked-address"),
        ("http://ports.example:25/", (), "blocked-address"),
        ("https://ports.example:8080/", (), "blocked-address"),
        ("https://ports.example:8080/", ("ports.example:8081",), "blocked-address"),
        ("https://ports.example:8080/", ("other.example",), "blocked-address"),
        ("https://user:pass@ports.example/", (), "blocked-address"),
        ("https://ports.example@127.0.0.1/", ("ports.example",), "blocked-address"),
        ("ftp://ports.example/", (), "blocked-address"),
        ("https:///path", (), "blocked-address"),
        ("https://ports.example:x/", (), "blocked-address"),
        ("https://pörts.example/", (), "blocked-address"),
    ],
)
async def test_forms_and_ports_that_are_refused(url: str, allowed: tuple[str, ...], outcome: str) -> None:
    async with client(*allowed, answers=[["8.8.8.8"]]) as (outgoing, _):
        assert await kind_of(outgoing, url) == outcome


async def test_plain_http_needs_the_setting() -> None:
    async with receiving() as seen:
        async with client("127.0.0.1", insecure=False) as (outgoing, _):
            assert await kind_of(outgoing, seen.url) == "blocked-address"
        async with client("127.0.0.1") as (outgoing, _):
            assert (await outgoing.post(seen.url, b"{}", {})).status == 200


@pytest.mark.parametrize(
    ("text", "host", "address", "port", "covers"),
    [
        ("10.0.0.0/8", "any", "10.9.9.9", 9000, True),
        ("10.0.0.0/8", "any", "11.0.0.1", 443, False),
        ("10.0.0.5:9000", "any", "10.0.0.5", 9000, True),
        ("10.0.0.5:9000", "any", "10.0.0.5", 9001, False),
        ("fd00::/8", "any", "fd00::1", 443, True),
        ("[fd00::1]:9000", "any", "fd00::1", 9000, True),
        ("[fd00::1]:9000", "any", "fd00::1", 443, False),
        ("Hooks.Internal", "hooks.internal", "10.0.0.1", 443, True),
        ("hooks.internal:8080", "hooks.internal", "10.0.0.1", 443, False),
        ("hooks.internal", "other.internal", "10.0.0.1", 443, False),
    ],
)
def test_allowances(text: str, host: str, address: str, port: int, covers: bool) -> None:
    assert Allowance.parse(text).covers(host, ipaddress.ip_address(address), port) is covers


@pytest.mark.parametrize("text", ["", "no host", "a..b", "-x.example", "http://x.example", "10.0.0.0/99"])
def test_an_allowance_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(BadAllowance):
        Allowance.parse(text)


@pytest.mark.parametrize("misbehaviour", [receivers.hang, receivers.drip])
async def test_a_receiver_that_takes_for_ever_is_left(misbehaviour: receivers.Writer) -> None:
    async with receiving(lambda _: misbehaviour) as slow, client("127.0.0.1") as (outgoing, _):
        assert await kind_of(outgoing, slow.url, timeout_s=0.3) == "timeout"


async def test_a_body_without_end_is_cut() -> None:
    async with receiving(lambda _: receivers.stream) as flood, client("127.0.0.1") as (outgoing, _):
        answer = await outgoing.post(flood.url, b"{}", {})
        assert (answer.status, len(answer.body), answer.is_cut) == (200, BODY_LIMIT, True)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n", "too-large"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Many: xxxxxxxxx\r\n" * 5000 + b"\r\n", "too-large"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Some: " + b"x" * 9000 + b"\r\nX-More: " + b"x" * 9000 + b"\r\n\r\n", "too-large"),
        (b"SSH-2.0-OpenSSH_9\r\n", "protocol"),
        (b"\x16\x03\x01\x00\x05", "protocol"),
        (b"HTTP/1.1 999999 What\r\n\r\n", "protocol"),
        (b"", "connect"),
    ],
)
async def test_answers_that_lie_are_failures_of_their_kind(sent: bytes, kind: str) -> None:
    async with receiving(lambda _: receivers.raw(sent)) as liar, client("127.0.0.1") as (outgoing, _):
        assert await kind_of(outgoing, liar.url, timeout_s=5) == kind


async def test_nobody_listens() -> None:
    async with receiving() as gone:
        url = gone.url
    async with client("127.0.0.1") as (outgoing, _):
        assert await kind_of(outgoing, url) == "connect"


async def test_an_unknown_name() -> None:
    async with client() as (outgoing, _):
        assert await kind_of(outgoing, "https://nowhere.example/") == "dns"


async def test_a_server_without_a_certificate_that_counts(tmp_path: Path) -> None:
    from tests.certificate import write_certificate

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = write_certificate(tmp_path, "hook.example")
    context.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with receiving(tls=context) as seen:
        url = f"https://hook.example:{seen.port}/hook"
        async with client("127.0.0.1", answers=[["127.0.0.1"]]) as (outgoing, _):
            assert await kind_of(outgoing, url) == "tls"
        async with client("127.0.0.1", answers=[["127.0.0.1"]], ssl_context=trusting) as (outgoing, _):
            # The name is the one that was asked for, though the connection went to a number.
            assert (await outgoing.post(url, b"{}", {})).status == 200
            assert await kind_of(outgoing, url.replace("hook.", "other.")) == "tls"
        assert [request.headers["host"] for request in seen.requests] == [f"hook.example:{seen.port}"]


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as seen:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with client("127.0.0.1") as (outgoing, _):
            await outgoing.post(seen.url, b"{}", {})
        assert (len(proxy.requests), len(seen.requests)) == (0, 1)


async def test_a_kept_connection_that_has_been_closed_is_replaced_and_cookies_are_not_kept() -> None:
    cookie = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with receiving(lambda _: receivers.raw(cookie)) as seen, client("127.0.0.1") as (outgoing, _):
        for _ in range(2):
            await outgoing.post(seen.url, b"{}", {})
        assert len(seen.requests) == 2
        assert all("cookie" not in request.headers for request in seen.requests)
