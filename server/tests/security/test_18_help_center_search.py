"""18 and 8 at the search of a help center: wildcards are letters, and names of parameters reach nothing; 32: no query
holds it up."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.edges.docs_site.center import Center, open_center

pytestmark = pytest.mark.anyio
HOSTILE = Path(__file__).parents[1] / "data" / "hostile"


@pytest.fixture(scope="module")
async def center(module_desk: Desk) -> Center:
    center = await open_center(module_desk)
    await center.article("Refunds", "<p>We pay refunds within 14 days.</p>", status="published")
    await center.article("100% off", "<p>Discounts of 100% are rare.</p>", status="published")
    return center


def queries() -> list[str]:
    found: list[str] = []
    for file in sorted(HOSTILE.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            record = json.loads(line or '""')
            if isinstance(record, dict):
                record = next((value for value in record.values() if isinstance(value, str)), "")
            if record and isinstance(record, str) and len(record) < 1500:
                found.append(record.encode("utf-8", "replace").decode())
    return found


@pytest.mark.parametrize("query", ["%", "_", "%%", "re%", "%ref%", "r_funds", "\\", "'", "re*nds", "?", ".*", "[a-z]"])
async def test_wildcards_find_what_is_written_so_and_nothing_else(center: Center, query: str) -> None:
    found = (await center.visitor.get("/search/suggest", params={"query": query})).json()
    assert ("Refunds" in json.dumps(found)) == (query in ("re%", "%ref%")), found
    page = await center.visitor.get("/search", params={"query": query})
    assert page.status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "__proto__[x]=1&query=refunds",
        "query[__proto__][x]=1&query=refunds",
        "constructor.prototype.x=1&query=refunds",
        "query=refunds&query[]=x",
        "query=refunds&page[$gt]=1",
        "query=refunds&collectionId[]=1",
    ],
)
async def test_names_of_parameters_are_nothing_but_names(center: Center, query: str) -> None:
    for path in ("/search", "/search/suggest"):
        answer = await center.visitor.get(f"{path}?{query}")
        assert answer.status_code == 200
        assert "Refunds" in re.sub("</?mark>", "", answer.text)
        assert "__proto__" not in answer.text


async def test_whatever_is_sought_is_no_fault_and_no_html(center: Center) -> None:
    sought = queries()
    assert len(sought) > 300
    for query in [*sought[::5], "a " * 400, '"' * 90, "((((" * 90, "\u202e\u0000x", "\ud7ff" * 200]:
        answer = await center.visitor.get("/search", params={"query": query})
        # A server need not take an address of any length.
        assert answer.status_code in (200, 414), query
        lowered = re.sub(r"<script src=\"/_static/[^\"]*\" defer></script>", "", answer.text.lower())
        assert "<script" not in lowered, query
        assert "<img" not in lowered, query
        assert "<svg/" not in lowered, query
        suggested = await center.visitor.get("/search/suggest", params={"query": query})
        assert suggested.status_code in (200, 414), query
