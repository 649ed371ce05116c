"""Uploads of articles and files over HTTP (spec: docs-api 3.10, 9; attacks 3, 4, 49)."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import httpx
import pytest

from tests.edges.docs_v1.shelf import UNKNOWN, Shelf, assert_refused, key_of, keyed

pytestmark = pytest.mark.anyio


def png(width: int = 3, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\xff\0\0" * width for _ in range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
ICO = b"\x00\x00\x01\x00\x01\x00\x10\x20" + b"\0" * 40


async def upload(shelf: Shelf, name: str, data: bytes, /, **parts: str) -> httpx.Response:
    return await shelf.client.post(
        "/v1/articles/upload", files={"file": (name, data)}, data={"collectionId": shelf.collection["id"], **parts}
    )


async def store(shelf: Shelf, path: str, name: str, data: bytes, **parts: str) -> httpx.Response:
    return await shelf.client.post(f"/v1/assets/{path}", files={"file": (name, data)}, data=parts)


@pytest.mark.parametrize(
    ("name", "data", "parts", "text"),
    [
        ("A.html", b"<html><head><title>x</title></head><body><p>Hi</p></body></html>", {}, "<p>Hi</p>"),
        ("A.htm", b"<p>Hi</p>", {}, "<p>Hi</p>"),
        ("A.md", b"# Hi\n\n* a\n", {}, "<h1>Hi</h1>\n<ul>\n<li>a</li>\n</ul>\n"),
        ("A.markdown", b"a | b\n--|--\n1 | 2\n", {}, None),
        ("A.txt", b"One\n\nTwo *x*", {}, "<p>One</p><p>Two *x*</p>"),
        ("A.txt", b"Two *x*", {"type": "markdown"}, "<p>Two <em>x</em></p>\n"),
        ("A", "Grüße".encode("latin-1"), {}, "<p>Grüße</p>"),
    ],
    ids=["html", "htm", "markdown", "table", "text", "forced", "latin-1"],
)
async def test_files_become_articles(
    shelf: Shelf, name: str, data: bytes, parts: dict[str, str], text: str | None
) -> None:
    answer = await upload(shelf, name, data, **parts)

    assert answer.status_code == 201, answer.text
    made = answer.json()["article"]
    assert answer.headers["location"].endswith(f"/v1/articles/{made['id']}")
    assert (made["name"], made["status"], made["collectionId"]) == ("A", "notpublished", shelf.collection["id"])
    assert made["text"] == text if text else "<table>" in made["text"]


async def test_all_parts_of_an_upload(shelf: Shelf) -> None:
    answer = await upload(
        shelf, "x.md", b"Hi", name="Named", slug="s", categoryId=shelf.category["id"], status="published", reload="true"
    )

    made = answer.json()["article"]
    seen = (made["name"], made["slug"], made["categories"], made["status"])
    assert seen == ("Named", "s", [shelf.category["id"]], "published")


async def test_empty_parts_count_as_absent(shelf: Shelf) -> None:
    answer = await upload(shelf, "x.md", b"Hi", name="", slug="", categoryId="", type="", status="", reload="")

    assert answer.status_code == 201, answer.text
    assert answer.json()["article"]["name"] == "x"


async def test_the_key_may_be_a_part_unless_a_header_decides(shelf: Shelf) -> None:
    key, anonymous = await key_of(shelf.desk, shelf.account.owner), await shelf.desk.client()
    parts = {"collectionId": shelf.collection["id"], "key": key}

    by_part = await anonymous.post("/v1/articles/upload", files={"file": ("a.txt", b"Hi")}, data=parts)
    assert by_part.status_code == 201, by_part.text
    wrong = await anonymous.post(
        "/v1/articles/upload", files={"file": ("b.txt", b"Hi")}, data=parts, auth=httpx.BasicAuth("wrong", "X")
    )
    assert_refused(wrong, 401, "Authentication credentials are invalid")
    none = await anonymous.post("/v1/articles/upload", files={"file": ("c.txt", b"Hi")}, data={"collectionId": "x"})
    assert_refused(none, 401, "Authentication credentials are invalid")


@pytest.mark.parametrize(
    ("name", "data", "parts", "status", "error"),
    [
        ("a.txt", b"", {}, 400, "text is required"),
        ("a.txt", b"Hi", {"collectionId": UNKNOWN}, 400, "collectionId was not found"),
        ("a.txt", b"Hi", {"categoryId": UNKNOWN}, 400, "categories was not found"),
        ("a.txt", b"Hi", {"type": "word"}, 400, "type is invalid"),
        ("a.txt", b"x" * 5_000_001, {}, 413, "The file is larger than 5 MB"),
        ("a.txt", b"x" * (11 * 1024 * 1024), {}, 413, "Bodies may be 11 MB at most here"),
    ],
    ids=["empty", "collection", "category", "type", "large", "too-large"],
)
async def test_refused_uploads(
    shelf: Shelf, name: str, data: bytes, parts: dict[str, str], status: int, error: str
) -> None:
    answer = await upload(shelf, name, data, **parts)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_an_upload_without_a_file(shelf: Shelf) -> None:
    answer = await shelf.client.post("/v1/articles/upload", files={"collectionId": (None, shelf.collection["id"])})

    assert_refused(answer, 400, "file is required", file="file is required")


@pytest.mark.parametrize("body", [b"", b"--x", b"--x\r\n\r\n", b"garbage" * 50, b"--x\r\nContent-Disposition: x\r\n"])
async def test_broken_forms(shelf: Shelf, body: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await shelf.client.post("/v1/articles/upload", content=body, headers=headers)

    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    ("name", "data", "size", "mime_type", "shown"),
    [
        ("a.png", png(), (3, 2), "image/png", "inline"),
        ("a.gif", b"GIF89a\x05\x00\x04\x00\x00\x00\x00;", (5, 4), "image/gif", "inline"),
        ("a.ico", ICO, (16, 32), "image/x-icon", "inline"),
        ("a.svg", SVG, (None, None), "image/svg+xml", "attachment"),
    ],
    ids=["png", "gif", "ico", "svg"],
)
async def test_pictures_are_told_by_content_and_served_strictly(
    shelf: Shelf, name: str, data: bytes, size: tuple[int | None, int | None], mime_type: str, shown: str
) -> None:
    article = await shelf.article("A")
    answer = await store(shelf, "article", name, data, articleId=article["id"], assetType="image", key="unused")

    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert set(body) == {"filelink", "filename", "width", "height"}
    assert (body["filename"], body["width"], body["height"]) == (name, *size)
    path = body["filelink"].removeprefix(shelf.desk.base_url)
    assert path.startswith(f"/docs/assets/{shelf.site['id']}/images/")
    got = await (await shelf.desk.client()).get(path)
    assert (got.status_code, got.content) == (200, data)
    assert got.headers["content-type"].partition(";")[0] == mime_type
    assert got.headers["content-disposition"].startswith(shown)
    assert got.headers["content-security-policy"].endswith("sandbox")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "max-age=31536000" in got.headers["cache-control"]


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.html", b"<script>alert(1)</script>"), ("a.svg", SVG), ("a.pdf", b"%PDF-1.4 %%EOF"), ("a.xml", b"<a/>")],
)
async def test_attachments_are_only_ever_downloads(shelf: Shelf, name: str, data: bytes) -> None:
    article = await shelf.article("A")
    answer = await store(
        shelf, "article", name, data, articleId=article["id"], assetType="attachment", fileName=f"n {name}"
    )

    body = answer.json()
    assert (body["filename"], body["width"]) == (f"n {name}", None)
    assert "/attachments/" in body["filelink"]
    got = await (await shelf.desk.client()).get(body["filelink"])
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("name", "data", "kind", "error"),
    [
        ("a.exe", b"data", "attachment", "file is of a type that can be run"),
        ("a.exe.txt", b"data", "attachment", "file is of a type that can be run"),
        ("a.txt", b"MZ\x90\x00", "attachment", "file is of a type that can be run"),
        ("a.txt", b"#!/bin/sh", "attachment", "file is of a type that can be run"),
        ("a.png", b"<html>", "image", "file is not an image"),
        ("a.png", png() + b"<script>1</script>", "image", "file is not an image"),
        ("a.png", b"", "image", "file is required"),
    ],
)
async def test_refused_files(shelf: Shelf, name: str, data: bytes, kind: str, error: str) -> None:
    article = await shelf.article("A")
    answer = await store(shelf, "article", name, data, articleId=article["id"], assetType=kind)

    assert_refused(answer, 400, error, file=error)


async def test_a_file_of_more_than_ten_megabytes(shelf: Shelf) -> None:
    article = await shelf.article("A")
    data = b"x" * (10 * 1024 * 1024 + 1)
    answer = await store(shelf, "article", "a.txt", data, articleId=article["id"], assetType="attachment")

    assert_refused(answer, 413, "Files may be 10 MB at most")


@pytest.mark.parametrize(
    ("parts", "name", "error"),
    [
        ({"assetType": "image"}, "articleId", "articleId is required"),
        ({"assetType": "image", "articleId": UNKNOWN}, "articleId", "articleId was not found"),
        ({"articleId": UNKNOWN}, "assetType", "assetType is required"),
        ({"assetType": "film"}, "assetType", "assetType is invalid"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_refused_parts(shelf: Shelf, parts: dict[str, str], name: str, error: str) -> None:
    assert_refused(await store(shelf, "article", "a.png", png(), **parts), 400, error, **{name: error})


@pytest.mark.parametrize("kind", ["logo", "favicon", "touchicon"])
async def test_files_of_a_sites_dress(shelf: Shelf, kind: str) -> None:
    answer = await store(shelf, "settings", "logo.png", png(), assetType=kind)
    assert answer.status_code == 201, answer.text
    by_alias = await store(shelf, "article", "logo.png", png(), assetType=kind, siteId=shelf.site["id"])
    assert by_alias.status_code == 201, by_alias.text

    settings = {"logoUrl": answer.json()["filelink"]}
    changed = await shelf.client.put(f"/v1/sites/{shelf.site['id']}?reload=1", json=settings)
    assert changed.json()["site"]["logoUrl"] == settings["logoUrl"]
    refused = await store(shelf, "settings", "a.png", png(), assetType="image")
    assert_refused(refused, 400, "assetType is invalid", assetType="assetType is invalid")


async def test_the_alias_that_names_the_article_in_its_path(shelf: Shelf) -> None:
    article = await shelf.article("A")
    answer = await shelf.client.post(f"/v1/articles/{article['id']}/assets", files={"file": ("a.png", png())})

    assert answer.status_code == 201, answer.text
    assert answer.json()["width"] == 3


async def test_a_plain_user_stores_no_files(shelf: Shelf) -> None:
    article = await shelf.article("A")
    client = await keyed(shelf.desk, shelf.account.user)
    for kind in ("image", "logo"):
        answer = await client.post(
            "/v1/assets/article",
            files={"file": ("a.png", png())},
            data={"articleId": article["id"], "assetType": kind},
        )
        assert_refused(answer, 403, "Access denied")


async def test_only_the_whole_address_leads_to_a_file(shelf: Shelf) -> None:
    article = await shelf.article("A")
    answer = await store(
        shelf, "article", "../../etc/passwd\u202egnp.png", png(), articleId=article["id"], assetType="image"
    )
    link = answer.json()["filelink"].removeprefix(shelf.desk.base_url)
    assert answer.json()["filename"] == "passwdgnp.png"
    _, _, _, site, folder, asset, name = link.split("/")
    client = await shelf.desk.client()

    assert (await client.get(link)).status_code == 200
    wrong: list[Any] = [
        f"/docs/assets/{UNKNOWN}/{folder}/{asset}/{name}",
        f"/docs/assets/{site}/attachments/{asset}/{name}",
        f"/docs/assets/{site}/{folder}/{UNKNOWN}/{name}",
        f"/docs/assets/{site}/{folder}/{asset}/other.png",
        f"/docs/assets/{site}/{folder}/{asset}/..%2f..%2fsecret.key",
        f"/docs/assets/{site}/{folder}/%2e%2e%2f{asset}/{name}",
    ]
    for path in wrong:
        answer = await client.get(path)
        assert answer.status_code == 404, path


async def test_files_go_with_their_site(shelf: Shelf) -> None:
    answer = await store(shelf, "settings", "logo.png", png(), assetType="logo")
    link = answer.json()["filelink"]

    await shelf.client.delete(f"/v1/sites/{shelf.site['id']}")

    assert (await (await shelf.desk.client()).get(link)).status_code == 404
