"""`waypost docs links|restrict`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import build
from tests.process import waypost

pytestmark = pytest.mark.anyio


async def typed(desk: Desk, folder: Path, *words: str) -> tuple[int, str]:
    environment = {"WAYPOST_DATABASE_URL": desk.dsn, "WAYPOST_DATA_DIR": str(desk.parts.settings.data_dir)}
    async with waypost(folder, "docs", *words, COLUMNS="300", **environment) as process:
        status = await process.process.wait()
        return status, process.output


async def test_broken_links_are_listed(desk: Desk, tmp_path: Path) -> None:
    shelf = await build(desk)
    site = shelf.site["subDomain"]
    await shelf.article("Sound", '<p><a href="/">x</a> <a href="https://example.org/">y</a></p>', status="published")
    status, told = await typed(desk, tmp_path, "links", site)
    assert (status, "0 broken" in told, "--external asks them" in told) == (0, True, True)

    await shelf.article("[red]Odd[/red]", '<p><a href="/nowhere">x</a></p>', status="published")
    status, told = await typed(desk, tmp_path, "links", site)
    assert (status, "[red]Odd[/red]" in told, "/nowhere" in told, "no such page" in told) == (1, True, True, True)
    status, told = await typed(desk, tmp_path, "links", shelf.site["id"], "--json")
    found = json.loads(told)
    assert (status, found["articles"], found["foreign"]) == (1, 2, 1)
    assert [(one["address"], one["fault"]) for one in found["broken"]] == [("/nowhere", "notFound")]


async def test_what_a_site_asks_of_visitors_is_shown_and_changed(desk: Desk, tmp_path: Path) -> None:
    shelf = await build(desk)
    site = shelf.site["subDomain"]
    status, told = await typed(desk, tmp_path, "restrict", site)
    assert (status, told) == (0, "restricted=no\nsign_in_url=\npassword=none\n")

    status, told = await typed(desk, tmp_path, "restrict", site, "--on", "--sign-in-url", "https://id.example/in")
    assert (status, "restricted=yes" in told, "shared_secret=" in told) == (0, True, True)
    _, renewed = await typed(desk, tmp_path, "restrict", site, "--new-secret")
    assert "shared_secret=" in renewed
    assert told.splitlines()[-1] not in renewed
    status, told = await typed(desk, tmp_path, "restrict", site, "--on", "--sign-in-url", "")
    assert (status, "signInUrl" in told) == (1, True)
