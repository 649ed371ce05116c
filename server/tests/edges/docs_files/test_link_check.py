"""Asking other sites whether links work: what counts as broken, and whom nobody asks."""

from __future__ import annotations

import pytest

from tests.receiver import Request, Writer, raw, receiving
from waypost.domains.docs import Fault, ForeignLink
from waypost.edges.docs_files.link_check import check_foreign
from waypost.kit.addresses import Allowance
from waypost.kit.safe_http import Outgoing, OutgoingRules

pytestmark = pytest.mark.anyio

CLOSED = "Content-Length: 0\r\nConnection: close\r\n\r\n"


def link(url: str) -> ForeignLink:
    return ForeignLink(article_id="a", article_number=1, article_name="A", address=url, url=url)


async def details(*urls: str, is_open: bool = True) -> dict[str, str]:
    """Which links are broken, and why; loopback may be asked where `is_open`."""
    allowed = (Allowance.parse("127.0.0.0/8"),) if is_open else ()
    done: list[int] = []
    outgoing = Outgoing(OutgoingRules(allowances=allowed))
    try:
        found = await check_foreign(outgoing, [link(url) for url in urls], done.append)
    finally:
        await outgoing.close()
    assert done == list(range(1, len(set(urls)) + 1))
    assert {one.fault for one in found} <= {Fault.UNREACHABLE}
    return {one.address: one.detail for one in found}


def answering(request: Request) -> Writer:
    """`/404` answers 404, `/302/x` leads to `/x`, `/head` knows no HEAD, `/round` leads to itself."""
    name, _, rest = request.path.removeprefix("/").partition("/")
    status = 404 if name == "head" and request.method == "HEAD" else int(name) if name.isdigit() else 200
    if name == "round":
        status, rest = 302, "round"
    location = f"Location: /{rest}\r\n" if status in (301, 302) else ""
    return raw(f"HTTP/1.1 {status} X\r\n{location}{CLOSED}".encode())


async def test_links_that_lead_nowhere_are_told() -> None:
    async with receiving() as receiver:
        receiver.answer = answering
        base = f"http://127.0.0.1:{receiver.port}"
        good = ["/200", "/401", "/403", "/429", "/302/200", "/301/302/200", "/head", "/ä?ö=1#ü"]
        bad = ["/404", "/410", "/500", "/302/404", "/round"]

        found = await details(*[base + path for path in (*good, *bad, "/404")])

    assert sorted(found) == sorted(base + path for path in bad)
    assert found[f"{base}/round"] == "leads in circles"
    assert found[f"{base}/410"].startswith("answers 410")


async def test_a_host_that_is_not_there_is_told() -> None:
    async with receiving() as receiver:
        port = receiver.port

    assert await details(f"http://127.0.0.1:{port}/x") == {f"http://127.0.0.1:{port}/x": "the host does not answer"}


async def test_private_addresses_are_not_asked_and_not_followed_to() -> None:
    async with receiving() as inner, receiving() as outer:
        wanted = [
            f"http://127.0.0.1:{inner.port}/", f"http://localhost:{inner.port}/", "http://169.254.169.254/latest/",
            "http://[::1]/", "http://10.0.0.1/", "http://2130706433/", "http://0.0.0.0/", "file:///etc/passwd",
            "http://user:password@127.0.0.1/", "gopher://127.0.0.1/",
        ]  # fmt: skip
        assert set(await details(*wanted, is_open=False)) == set(wanted)
        # One address may be asked, and leads to another that may not.
        outer.answer = lambda _: raw(f"HTTP/1.1 302 X\r\nLocation: http://127.0.0.2:{inner.port}/\r\n{CLOSED}".encode())
        allowed = Outgoing(OutgoingRules(allowances=(Allowance.parse(f"127.0.0.1:{outer.port}"),)))
        found = await check_foreign(allowed, [link(f"http://127.0.0.1:{outer.port}/")])
        await allowed.close()

        assert [one.detail for one in found] == ["the address is not on the public internet"]
        assert (len(inner.requests), len(outer.requests)) == (0, 1)
