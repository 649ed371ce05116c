"""Files by their signed links: what is shown, what is only saved, under which name, and in parts."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.content.messages import PNG, SVG
from tests.edges.inbox_v2.office import Office, open_office

pytestmark = pytest.mark.anyio

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
async def office(module_desk: Desk) -> Office:
    return await open_office(module_desk)


@pytest.fixture
async def browser(module_desk: Desk) -> httpx.AsyncClient:
    return await module_desk.client()


async def uploaded(office: Office, data: bytes, mime_type: str = "application/octet-stream", name: str = "a") -> Any:
    """A file of a note, as the API tells of it."""
    conversation_id = await office.start()
    body = {"fileName": name, "mimeType": mime_type, "data": base64.b64encode(data).decode()}
    note = await office.add(conversation_id, "notes", attachments=[body])
    thread = await office.get(f"/v2/conversations/{conversation_id}/threads/{note}")
    return thread["_embedded"]["attachments"][0]


@pytest.mark.parametrize(
    ("data", "declared", "served"),
    [
        (PNG, "image/png", "image/png"),
        (PNG, "application/octet-stream", "image/png"),
        (PNG, "text/html", "image/png"),
        (PDF, "application/pdf", "application/pdf"),
        ("Grüße\n".encode(), "text/html", "text/plain; charset=utf-8"),
    ],
    ids=range(5),
)
async def test_what_is_provably_harmless_is_shown_where_that_is_asked_for(
    office: Office, browser: httpx.AsyncClient, data: bytes, declared: str, served: str
) -> None:
    link = (await uploaded(office, data, declared))["_links"]["download"]["href"]

    saved, shown = await browser.get(link), await browser.get(link + "?inline=1")

    head = await browser.head(link)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(data))
    assert saved.content == shown.content == data
    assert saved.headers["content-type"] == shown.headers["content-type"] == served
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert shown.headers["content-disposition"].startswith("inline;")


@pytest.mark.parametrize("declared", ["image/png", "image/svg+xml", "text/html", "application/pdf", "text/plain"])
@pytest.mark.parametrize(
    "data", [SVG, b"<html><body>x", b"%PDF-1.4\n<html>%%EOF", b"GIF89a/*\1\0\1\0\0\0*/=1;", b"\0MZ"]
)
async def test_everything_else_is_saved_whatever_it_says_it_is(
    office: Office, browser: httpx.AsyncClient, data: bytes, declared: str
) -> None:
    link = (await uploaded(office, data, declared))["_links"]["download"]["href"]

    answer = await browser.get(link + "?inline=1")

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private")


async def test_a_picture_is_called_what_it_is(office: Office) -> None:
    assert (await uploaded(office, PNG, "application/octet-stream"))["mimeType"] == "image/png"
    assert (await uploaded(office, PNG, "image/jpeg"))["width"] == 1
    assert (await uploaded(office, b"no picture", "image/png"))["mimeType"] == "image/png"


async def test_names_of_any_script_are_kept_and_none_breaks_out_of_its_header(
    office: Office, browser: httpx.AsyncClient
) -> None:
    for name, plain, whole in (
        ("Rechnung März.pdf", "Rechnung M_rz.pdf", "Rechnung%20M%C3%A4rz.pdf"),
        ('a";filename=b.exe', "a__filename=b.exe", "a_%3Bfilename%3Db.exe"),
        ("50% \\ off;.txt", " off_.txt", None),
        ("../../etc/passwd", "passwd", "passwd"),
        ("a\r\nSet-Cookie: x=1.txt", None, None),
    ):
        link = (await uploaded(office, b"x", name=name))["_links"]["download"]["href"]
        answer = await browser.get(link)
        header = answer.headers["content-disposition"]
        assert "set-cookie" not in answer.headers
        assert header.count('"') == 2
        if plain is not None:
            assert f'filename="{plain.strip()}"' in header
        if whole is not None:
            assert header.endswith(f"filename*=UTF-8''{whole}")


@pytest.mark.parametrize(
    ("wanted", "status", "content", "told"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("bytes=4-2", 416, b"", "bytes */10"),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
async def test_parts_of_a_file(
    office: Office, browser: httpx.AsyncClient, wanted: str, status: int, content: bytes, told: str | None
) -> None:
    link = (await uploaded(office, b"0123456789"))["_links"]["download"]["href"]

    answer = await browser.get(link, headers={"Range": wanted})

    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == told
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_deleted_file_and_one_found_to_be_a_virus_are_not_handed_out(
    office: Office, browser: httpx.AsyncClient
) -> None:
    sick, gone = await uploaded(office, b"sick"), await uploaded(office, b"gone")
    async with office.desk.connection() as connection:
        await connection.execute("update attachment set state = 'virus' where id = $1", sick["id"])
    path = gone["_links"]["self"]["href"].removeprefix(office.desk.base_url)
    assert (await office.client.delete(path)).status_code == 204

    for item in (sick, gone):
        answer = await browser.get(item["_links"]["download"]["href"])
        assert answer.status_code == 404
        assert "Nothing is here" in answer.text


async def test_a_link_is_good_for_its_own_file_only(office: Office, browser: httpx.AsyncClient) -> None:
    first, second = await uploaded(office, b"first"), await uploaded(office, b"second")
    token = first["_links"]["download"]["href"].rpartition("/")[2]
    assert (await browser.get(f"/content/attachments/{token}")).content == b"first"
    assert second["_links"]["download"]["href"] != first["_links"]["download"]["href"]
    for other in (f"/content/threads/{token}", f"/content/images/{token}", f"/content/ratings/{token}"):
        assert (await browser.get(other)).status_code == 404


def test_no_file_of_the_edge_reads_cookies() -> None:
    folder = Path(__file__).parents[3] / "waypost" / "edges" / "content"
    assert [path.name for path in folder.glob("*.py") if "cookies" in path.read_text()] == []
