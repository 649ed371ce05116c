"""Folders of articles taken in and written out, with real articles (see tests/data/NOTICE.md)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build
from waypost.edges.docs_files import front_matter
from waypost.edges.docs_files.exporting import ArticleExport
from waypost.edges.docs_files.importing import ArticleImport, Summary

pytestmark = pytest.mark.anyio

KB = Path(__file__).parents[2] / "data" / "kb"
PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


@pytest.fixture
async def shelf(module_desk: Desk) -> Shelf:
    return await build(module_desk)


async def take_in(shelf: Shelf, folder: Path) -> Summary:
    desk = shelf.desk
    owner, site_id = shelf.account.owner.actor, shelf.site["id"]
    files = desk.parts.files
    return await ArticleImport(desk.transactions, files, owner, site_id, folder, collection="Loose").run()


async def write_out(shelf: Shelf, folder: Path) -> int:
    desk = shelf.desk
    return await ArticleExport(
        desk.transactions, desk.parts.files, shelf.account.owner.actor, shelf.site["id"], folder
    ).run()


async def texts(shelf: Shelf) -> dict[str, str]:
    found = {}
    for item in (await shelf.get("/v1/search/articles?query=*&pageSize=100"))["articles"]["items"]:
        found[item["name"]] = (await shelf.get(f"/v1/articles/{item['id']}"))["article"]["text"]
    return found


async def test_real_articles_come_with_their_shelves_pictures_and_links(shelf: Shelf) -> None:
    summary = await take_in(shelf, KB)

    assert not summary.failures
    assert (summary.read, summary.created, summary.pictures) == (6, 6, 1)
    collections = {item["name"] for item in (await shelf.get("/v1/collections"))["collections"]["items"]}
    assert collections == {"Guide", "Software Support", "plausible", "SharePoint"}
    found = await texts(shelf)
    boards = found["Add boards to Arduino IDE"]
    picture = re.search(r'src="(/docs/assets/[^"]+)"', boards)
    assert picture
    answer = await (await shelf.desk.client()).get(picture[1])
    assert answer.content == (KB / "Software_Support/Installation/img/symbol_board.png").read_bytes()
    billing = found["Enable two-factor authentication (2FA)"]
    assert "useBaseUrl" not in billing
    assert "<script" not in "".join(found.values())


async def test_taking_the_same_in_again_changes_nothing(shelf: Shelf) -> None:
    await take_in(shelf, KB)
    before = await texts(shelf)

    summary = await take_in(shelf, KB)

    assert (summary.created, summary.changed, summary.unchanged, summary.pictures) == (0, 0, 6, 0)
    assert await texts(shelf) == before


async def test_what_goes_out_comes_in_the_same(shelf: Shelf, module_desk: Desk, tmp_path: Path) -> None:
    await take_in(shelf, KB)
    assert await write_out(shelf, tmp_path / "out") == 6
    other = await build(module_desk)

    summary = await take_in(other, tmp_path / "out")

    assert (summary.created, summary.failures) == (6, [])

    def settled(text: str) -> str:
        return re.sub(r"\s+", " ", re.sub(r"/(docs/assets|article)/[^\"]*", "", text)).strip()

    before, after = await texts(shelf), await texts(other)
    assert {name: settled(text) for name, text in after.items()} == {
        name: settled(text) for name, text in before.items()
    }


async def test_links_between_files_become_links_between_articles(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "Guide" / "Start").mkdir(parents=True)
    (tmp_path / "Guide" / "Start" / "one.md").write_text(
        '---\ntitle: "One: first"\nslug: /docs/uno\nkeywords: [a, "b c"]\n---\n'
        "# One: first\n\nSee [two](../two.md#part).\n"
    )
    (tmp_path / "Guide" / "two.md").write_text(
        "---\ntitle: Two\ndraft: true\n---\nBack to [one](Start/one), [none](x.md)."
    )

    summary = await take_in(shelf, tmp_path)

    assert (summary.links, summary.failures) == (2, [])
    found = {item["name"]: item for item in (await shelf.get("/v1/search/articles?query=*"))["articles"]["items"]}
    one = (await shelf.get(f"/v1/articles/{found['One: first']['id']}"))["article"]
    assert (one["slug"], one["keywords"], one["status"], one["changeOrigin"]) == (
        "uno",
        ["a", "b c"],
        "published",
        "import",
    )
    assert f'href="{found["Two"]["url"]}#part"' in one["text"]
    assert "<h1>" not in one["text"]
    assert found["Two"]["status"] == "notpublished"
    assert len((await shelf.get(f"/v1/articles/{one['id']}/revisions"))["revisions"]["items"]) == 1


async def test_nothing_outside_the_folder_is_taken(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PIXEL)
    (tmp_path / "secret.md").write_text("Secret")
    folder = tmp_path / "kb"
    folder.mkdir()
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "inside.png").symlink_to(tmp_path / "secret.png")
    (folder / ".hidden.md").write_text("Hidden")
    (folder / "a.md").write_text(
        "![a](../secret.png) ![b](inside.png) ![c](/etc/passwd) ![d](%2e%2e/secret.png) "
        "<img src='file:///etc/passwd'> x"
    )

    summary = await take_in(shelf, folder)

    assert (summary.read, summary.pictures, summary.missing) == (1, 0, 5)
    assert set(await texts(shelf)) == {"a"}


async def test_a_bad_file_does_not_hold_up_the_others(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "empty.md").write_text("---\ntitle: Empty\n---\n")
    (tmp_path / "big.txt").write_text("x" * 5_000_001)
    (tmp_path / "good.txt").write_text("Fine")
    (tmp_path / "page.html").write_text("<html><body><h1>Page</h1><p>Hi<script>1</script></p></body></html>")

    summary = await take_in(shelf, tmp_path)

    assert {item.source: item.reason for item in summary.failures} == {
        "empty.md": "there is no text in it",
        "big.txt": "larger than 5 MB",
    }
    assert set(await texts(shelf)) == {"good", "page"}


async def test_files_of_the_same_title_stay_apart(shelf: Shelf, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.md").write_text(f"---\ntitle: Same\n---\n{name}")

    for _ in range(2):
        await take_in(shelf, tmp_path)

    assert set(await texts(shelf)) == {"Same", "Same (2)"}
    shutil.rmtree(tmp_path)


async def test_titles_that_are_stored_otherwise_are_found_again(shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "Two  blanks" / "A\u200b category"
    folder.mkdir(parents=True)
    (folder / "one.md").write_text("---\ntitle: Too  many   blanks\u200b and u\u0308\n---\nText")

    first, second = await take_in(shelf, tmp_path), await take_in(shelf, tmp_path)

    assert (first.created, first.failures) == (1, [])
    assert (second.created, second.unchanged, second.failures) == (0, 1, [])
    assert set(await texts(shelf)) == {"Too many blanks and \u00fc"}


def test_front_matter_reads_what_it_writes() -> None:
    values: dict[str, str | list[str]] = {"title": 'A "b": c', "tags": ["x, y", "z"], "slug": "a-b"}

    assert front_matter.split(front_matter.joined(values) + "Text") == (values, "Text")
    assert front_matter.split("No front matter") == ({}, "No front matter")
    assert front_matter.split("---\na: 'it''s'\nb:\n  - one\n  - two\n---\n")[0] == {"a": "it's", "b": ["one", "two"]}
