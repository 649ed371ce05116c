"""Attacks 3 and 4: files that run when they are opened, under every name and type that servers have fallen for. No
file is ever served as a page or program from the desk's origin, by a token or by a link, inline or not."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Route

from tests.desk import Desk
from tests.edges.content.messages import PNG, SVG
from tests.edges.inbox_v2.office import Office, open_office
from tests.edges.session.conftest import chromium

__all__ = ["chromium"]

pytestmark = pytest.mark.anyio

EXTENSIONS = (
    "html htm xhtml xht shtml stm hta htc htx hxt mht mhtml svg svgz xml xsl xslt xsd dtd rdf rss atom mathml xul xbl"
    " swf js mjs cjs json jsonp css vbs wsf php php3 php5 phtml phar pht asp aspx ashx asmx cer jsp jspx cfm cgi pl py"
    " rb sh exe bat cmd scr com msi jar class pdf png gif jpg webp txt csv eml url lnk demo"
).split()
TYPES = (
    "text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml", "image/png", "image/gif",
    "application/pdf", "text/plain", "application/javascript", "text/javascript", "multipart/related", "message/rfc822",
    "application/x-shockwave-flash", "text/html; charset=utf-7", "TEXT/HTML", "image/png\r\nX: y", "nonsense", " ",
    "application/rss+xml", "application/hta", "text/css", "application/octet-stream", "*/*",
)  # fmt: skip
HTML = b"<!DOCTYPE html><html><body onload=alert(1)><script>alert(document.domain)</script>"
CONTENTS = (
    HTML, SVG, b"GIF89a/*\x01\0\x01\0\x80\0\0*/=1;alert(1);/*\0\0*/", b"%PDF-1.4\n" + HTML + b"\n%%EOF",
    b"alert(1)", b"<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-", PNG, PNG + HTML, b"\xff\xfe<\0s\0c\0r\0i\0p\0t\0>\0",
)  # fmt: skip
#: A page that goes on whatever happens in it.
HARDY = "<script>window.onerror = () => true</script>"
#: All that is ever told a browser about a file that may be shown.
HARMLESS = {"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain; charset=utf-8"}
ACTIVE = ("html", "xml", "svg", "script", "css", "flash", "multipart", "message/", "hta", "pdf+")


async def uploaded(office: Office) -> list[dict[str, Any]]:
    """A file for each extension, with types and contents going round beside it; as the API tells of them."""
    types, contents = itertools.cycle(TYPES), itertools.cycle(CONTENTS)
    files = [
        {"fileName": f"file.{extension}", "mimeType": next(types), "data": base64.b64encode(next(contents)).decode()}
        for extension in EXTENSIONS * 3
    ]
    found = []
    conversation_id = await office.start()
    for start in range(0, len(files), 50):
        note = await office.add(conversation_id, "notes", attachments=files[start : start + 50])
        thread = await office.get(f"/v2/conversations/{conversation_id}/threads/{note}")
        found += thread["_embedded"]["attachments"]
    return found


@pytest.fixture(scope="module")
async def office(module_desk: Desk) -> Office:
    return await open_office(module_desk)


@pytest.fixture(scope="module")
async def files(office: Office) -> list[dict[str, Any]]:
    return await uploaded(office)


def media_type(answer: httpx.Response) -> str:
    return answer.headers["content-type"].lower()


async def test_no_upload_comes_back_as_a_page_or_program(office: Office, files: list[dict[str, Any]]) -> None:
    browser = await office.desk.client()
    assert len(EXTENSIONS) >= 60
    assert len(files) == 3 * len(EXTENSIONS)
    for file in files:
        links = file["_links"]
        by_token = await office.client.get(links["web"]["href"])
        saved = await browser.get(links["download"]["href"])
        shown = await browser.get(links["download"]["href"] + "?inline=1")
        for answer in (by_token, saved, shown):
            assert answer.status_code == 200, file
            assert not any(word in media_type(answer) for word in ACTIVE), (file, media_type(answer))
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "x" not in answer.headers
        assert by_token.headers["content-disposition"].startswith("attachment;")
        assert saved.headers["content-disposition"].startswith("attachment;")
        kind = media_type(shown)
        if shown.headers["content-disposition"].startswith("inline;"):
            assert kind in HARMLESS, file
            assert b"<script" not in shown.content
        else:
            assert kind == "application/octet-stream", file


async def test_no_upload_runs_in_a_browser_however_a_page_takes_it_in(
    office: Office, files: list[dict[str, Any]], chromium: Browser
) -> None:
    """Even a page of the desk's own origin that embeds the files gets nothing out of them but harmless pictures."""
    context = await chromium.new_context(accept_downloads=False)
    page = await context.new_page()
    seen: list[str] = []
    page.on("dialog", lambda dialog: seen.append(f"dialog: {dialog.message}"))
    ways = (
        '<script src="{0}"></script>', '<iframe src="{0}"></iframe>', '<object data="{0}"></object>',
        '<embed src="{0}">', '<link rel="stylesheet" href="{0}">', '<img src="{0}">',
    )  # fmt: skip
    chosen = files[: len(EXTENSIONS)]
    place = f"{office.desk.base_url}/place"
    for start in range(0, len(chosen), 20):
        links = [f"{file['_links']['download']['href']}?inline=1" for file in chosen[start : start + 20]]
        body = HARDY + "".join(way.format(link) for link in links for way in ways)
        await page.route(place, answering(body))
        await page.goto(place, wait_until="load")
        await page.unroute(place)

    assert seen == []
    await context.close()


def answering(body: str) -> Callable[[Route], Awaitable[None]]:
    """Answers a request with this page."""
    return lambda route: route.fulfill(content_type="text/html", body=body)
