"""Remote pictures through the desk: what is asked for, what is handed on, and what is refused."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.desk import Desk, running_desk
from tests.edges.content.messages import PNG, SVG
from tests.hooks import OPEN
from tests.receiver import Receiver, Request, Writer, hang, raw, receiving, stream
from waypost.edges.base.content_links import ContentLinks, ImageLink, address
from waypost.edges.content import pictures
from waypost.edges.content.pictures import KEPT_BYTES, KEPT_S, Pictures
from waypost.kit.safe_http import Answer, OutgoingRules

pytestmark = pytest.mark.anyio


def answering(body: bytes, *lines: str, status: int = 200) -> Writer:
    head = "".join(f"{line}\r\n" for line in lines)
    return raw(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body)


def png(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


ANSWERS: dict[str, Writer] = {
    "/ok.png": answering(PNG, "Content-Type: text/html", "Set-Cookie: seen=1; Path=/", "X-Secret: 1"),
    "/svg": answering(SVG, "Content-Type: image/png"),
    "/html": answering(b"<html><script>alert(1)</script>", "Content-Type: image/png"),
    "/polyglot.gif": answering(b"GIF89a/*\1\0\1\0\0\0*/=1;alert(1)", "Content-Type: image/gif"),
    "/empty": answering(b"", "Content-Type: image/png"),
    "/missing": answering(PNG, status=404),
    "/bomb.png": answering(png(20_000, 20_000), "Content-Type: image/png"),
    "/wide.png": answering(png(30_000, 10), "Content-Type: image/png"),
    "/packed": answering(gzip.compress(PNG), "Content-Type: image/png", "Content-Encoding: gzip"),
    "/packed-bomb": answering(gzip.compress(bytes(50_000_000)), "Content-Type: image/png", "Content-Encoding: gzip"),
    "/lying-about-packing": answering(PNG, "Content-Encoding: br"),
    "/moved": answering(b"", "Location: /ok.png", status=302),
    "/moved-to-file": answering(b"", "Location: file:///etc/passwd", status=302),
    "/moved-inside": answering(b"", "Location: http://169.254.169.254/latest/meta-data", status=302),
    "/moved-nowhere": answering(b"", status=302),
    "/moved-for-ever": answering(b"", "Location: /moved-for-ever", status=302),
    "/endless": stream,
    "/silent": hang,
}


def answer(request: Request) -> int | Writer:
    return ANSWERS.get(request.path, 404)


@pytest.fixture(scope="module")
async def open_desk(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk that may fetch from the test's own server."""
    async with running_desk(module_database_url, tmp_path_factory.mktemp("desk"), **OPEN) as running:
        yield running


@pytest.fixture
async def elsewhere() -> AsyncIterator[Receiver]:
    async with receiving(answer) as receiver:
        yield receiver


def link(desk: Desk, url: str) -> str:
    made = ContentLinks(desk.context, 1, 1, desk.transactions.clock()).image(url)
    assert made is not None
    return made


def at(receiver: Receiver, path: str) -> str:
    return f"http://127.0.0.1:{receiver.port}{path}"


async def test_a_picture_comes_through_with_nothing_of_the_reader_or_the_sender(
    open_desk: Desk, elsewhere: Receiver
) -> None:
    browser = await open_desk.client(
        Cookie="waypost_session=secret", Referer="https://desk.example/conversation/1", Accept_Language="de-AT"
    )

    got = await browser.get(link(open_desk, at(elsewhere, "/ok.png")))

    assert (got.status_code, got.content) == (200, PNG)
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"].startswith("inline;")
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert got.headers["cross-origin-resource-policy"] == "cross-origin"
    assert got.headers["cache-control"] == "private, max-age=86400"
    assert not {"set-cookie", "x-secret"} & set(got.headers)
    [seen] = elsewhere.requests
    assert seen.headers == {
        "host": f"127.0.0.1:{elsewhere.port}",
        "user-agent": "Waypost",
        "accept": "image/png, image/jpeg, image/gif, image/webp",
        "accept-encoding": "identity",
    }


async def test_a_picture_is_fetched_once_an_hour_however_often_it_is_looked_at(
    open_desk: Desk, elsewhere: Receiver
) -> None:
    browser = await open_desk.client()
    for _ in range(3):
        assert (await browser.get(link(open_desk, at(elsewhere, "/ok.png")))).status_code == 200

    assert len(elsewhere.requests) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/svg", "/html", "/polyglot.gif", "/empty", "/missing", "/bomb.png", "/wide.png", "/packed", "/packed-bomb",
        "/lying-about-packing", "/moved-to-file", "/moved-inside", "/moved-nowhere", "/moved-for-ever", "/endless",
    ],
)  # fmt: skip
async def test_what_is_no_harmless_picture_is_not_handed_on(open_desk: Desk, elsewhere: Receiver, path: str) -> None:
    got = await (await open_desk.client()).get(link(open_desk, at(elsewhere, path)))

    assert got.status_code == 502
    assert "No picture" in got.text
    assert len(elsewhere.requests) <= 1 + pictures.MOST_REDIRECTS


async def test_redirects_are_followed_a_few_times_and_checked_each_time(open_desk: Desk, elsewhere: Receiver) -> None:
    got = await (await open_desk.client()).get(link(open_desk, at(elsewhere, "/moved")))

    assert got.content == PNG
    assert [request.path for request in elsewhere.requests] == ["/moved", "/ok.png"]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x.png", "https://localhost/x.png", "https://169.254.169.254/x", "https://[::1]/x.png",
        "https://10.0.0.1/x.png", "https://[::ffff:127.0.0.1]/x", "https://2130706433/x", "https://0x7f.1/x.png",
        "https://user:password@example.com/x.png", "file:///etc/passwd", "ftp://example.com/x.png", "https:///x",
        "https://example.com:22/x.png", "javascript:alert(1)", "https://exa\nmple.com/",
    ],
)  # fmt: skip
async def test_no_link_leads_inside(module_desk: Desk, url: str) -> None:
    got = await (await module_desk.client()).get(link(module_desk, url))

    assert got.status_code == 502
    assert "127.0.0.1" not in got.text


async def test_only_addresses_that_the_desk_has_signed_are_fetched(open_desk: Desk, elsewhere: Receiver) -> None:
    browser = await open_desk.client()
    signed = link(open_desk, at(elsewhere, "/ok.png"))
    other_key = address(
        b"other key", open_desk.base_url, ImageLink(1, at(elsewhere, "/ok.png")), open_desk.transactions.clock()
    )

    for wrong in (signed[:-1], signed + "A", other_key, f"{open_desk.base_url}/content/images/{at(elsewhere, '/')}"):
        assert (await browser.get(wrong)).status_code == 404
    assert elsewhere.requests == []


async def test_addresses_without_end_get_no_link(open_desk: Desk) -> None:
    links = ContentLinks(open_desk.context, 1, 1, open_desk.transactions.clock())
    assert links.image("https://x.example/" + "a" * 4000) is None
    longest = links.image("https://x.example/".ljust(4000, "a"))
    assert longest is not None
    assert (await (await open_desk.client()).get(longest)).status_code == 502


class Elsewhere:
    """Answers every request with the same large picture, and notes what was asked for."""

    def __init__(self, *, allows_insecure: bool = False) -> None:
        self.rules = OutgoingRules(allows_insecure=allows_insecure)
        self.asked: list[str] = []

    async def request(self, _method: str, url: str, **_: Any) -> Answer:
        self.asked.append(url)
        return Answer(200, [], PNG.ljust(7 * 1024 * 1024, b"\0"), is_cut=False)


async def test_what_is_kept_is_bounded_in_bytes_and_time() -> None:
    now, there = 0.0, Elsewhere()
    kept = Pictures(lambda: there, lambda: now)  # type: ignore[arg-type, return-value]
    names = [f"https://x.example/{number}" for number in range(KEPT_BYTES // (7 * 1024 * 1024) + 1)]
    for name in names:
        await kept.get(name)
    assert there.asked == names

    await kept.get(names[-1])
    assert there.asked == names
    await kept.get(names[0])
    assert there.asked == [*names, names[0]]
    now = KEPT_S
    await kept.get(names[-1])
    assert there.asked == [*names, names[0], names[-1]]


async def test_plain_http_is_made_https_unless_the_desk_allows_it() -> None:
    for allows, asked in ((False, "https://x.example/a"), (True, "HTTP://x.example/a")):
        there = Elsewhere(allows_insecure=allows)
        await Pictures(lambda there=there: there).get("HTTP://x.example/a")  # type: ignore[misc]
        assert there.asked == [asked]


async def test_the_page_of_a_failed_fetch_is_no_oracle(open_desk: Desk, elsewhere: Receiver) -> None:
    """Whatever the obstacle is, the answer is the same."""
    browser: httpx.AsyncClient = await open_desk.client()
    urls = (at(elsewhere, "/missing"), "http://127.0.0.1:1/x", "https://10.0.0.1/", "https://no.such.name.invalid/")
    answers = [await browser.get(link(open_desk, url)) for url in urls]

    assert {(got.status_code, got.text) for got in answers} == {(502, answers[0].text)}
