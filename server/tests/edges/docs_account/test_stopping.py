"""An import that is stopped from outside and run again: what was taken in stays, the rest comes, nothing twice."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from tests.desk import running_desk
from tests.edges.docs_account.fake_source import FakeSource, article_id
from tests.process import waypost
from tests.receiver import Answer, Request, Writer, hang, receiving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
async def test_a_stopped_import_goes_on_where_it_was(
    database_url: str, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    async with running_desk(database_url, tmp_path / "data") as desk:
        await desk.make.account()
    texts = [f"<p>{position}</p>" for position in range(4)]
    source, reached = FakeSource(*texts), asyncio.Event()
    usual = source.answer

    def stuck(request: Request) -> int | Writer:
        if article_id(2) in request.path and not reached.is_set():
            reached.set()
            return hang
        return usual(request)

    answer: Answer = stuck
    async with receiving(answer) as server:
        words = ["import", "docs", "--from", f"http://127.0.0.1:{server.port}", "--json"]
        words += ["--data-dir", str(tmp_path / "data")]
        settings = {
            "WAYPOST_DATABASE_URL": database_url, "WAYPOST_LOG_LEVEL": "error", "WAYPOST_IMPORT_KEY": "key",
        }  # fmt: skip
        async with waypost(tmp_path / "run", *words, **settings) as process, asyncio.timeout(60):
            await reached.wait()
            assert await process.end(number) == status
            if number is signal.SIGINT:
                assert json.loads(process.output.splitlines()[0])["articles"]["created"] == 4
                assert "Run the same command again" in process.output
        source.asked.clear()
        async with waypost(tmp_path / "again", *words, **settings) as process, asyncio.timeout(60):
            assert await process.process.wait() == 0
            summary = json.loads(process.output.splitlines()[0])
    articles = summary["articles"]
    assert (articles["created"], articles["changed"], articles["unchanged"]) == (0, 2, 2)
    assert f"/v1/articles/{article_id(1)}" not in source.asked
    async with running_desk(database_url, tmp_path / "data") as desk, desk.connection() as connection:
        rows = await connection.fetch("select text, status from docs_article order by number")
    assert [(row["text"], row["status"]) for row in rows] == [(text, "published") for text in texts]
