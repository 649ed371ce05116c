"""`waypost search show` and `rebuild`, as they are typed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg

from tests.commands.test_machine import typed
from tests.domains.search_desk import Thread, opened


async def test_the_index_is_made_anew_in_another_language(database_url: str, tmp_path: Path) -> None:
    def fill() -> None:
        with opened(database_url) as desk:
            desk.conversation("Rechnungen", desk.customer("Ann"), Thread("Sie fehlen."))

    (tmp_path / "data").mkdir()
    await asyncio.to_thread(fill)

    status, output = await typed(tmp_path, "search", "show", database_url=database_url)
    assert status == 0
    assert "in the forms of: english" in output
    assert "indexed anew: 0" in output

    status, output = await typed(tmp_path, "search", "rebuild", "--language", "german", database_url=database_url)
    assert (status, "Indexed 1 conversations anew." in output) == (0, True), output
    status, output = await typed(tmp_path, "search", "rebuild", database_url=database_url)
    assert (status, "Indexed 1 conversations anew." in output) == (0, True), output

    connection = await asyncpg.connect(database_url)
    asked = "search_forms('s', 'y', account_id, '{german}', 'Rechnung')"
    assert await connection.fetchval(f"select document @@ {asked} from conversation_search") is True
    await connection.close()

    status, output = await typed(tmp_path, "search", "rebuild", "--language", "klingon", database_url=database_url)
    assert status == 1
    status, output = await typed(tmp_path, "search", "show", database_url=database_url)
    assert "in the forms of: german" in output
