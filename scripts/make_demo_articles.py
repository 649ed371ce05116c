"""Rebuild the articles of the demo's help center from a folder of collected knowledge bases.

Exists so that every shipped byte can be traced: the same input folder always gives the same file.
Usage: python scripts/make_demo_articles.py SOURCE_DIR [TARGET_FILE]
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "server/waypost/demo/data/articles.jsonl.gz"
#: How many of each source, and the collection that they become.
QUOTAS = {"arduino": 34, "plausible": 30, "microsoft-support": 22}
COLLECTIONS = {"plausible": "Web analytics", "microsoft-support": "Office troubleshooting"}
LONGEST, SHORTEST = 9_000, 600


def chosen(source: Path) -> list[dict[str, Any]]:
    """Articles of middling length, spread over the categories of their source."""
    with (source / "index.jsonl").open(encoding="utf-8") as lines:
        known = [json.loads(line) for line in lines]
    found: list[dict[str, Any]] = []
    for site, quota in QUOTAS.items():
        fitting = [
            item for item in known
            if item["site"] == site and item["format"] == "md" and SHORTEST <= item["bytes"] <= LONGEST
        ]  # fmt: skip
        fitting.sort(key=lambda item: item["path"])
        step = max(1, len(fitting) // quota)
        found += fitting[::step][:quota]
    return found


async def article(source: Path, item: dict[str, Any]) -> dict[str, Any]:
    """One article as HTML, without its pictures and without links that lead to files of its source."""
    from waypost.domains.docs import from_file
    from waypost.edges.docs_files import folder

    root = source / item["site"]
    file = folder.read(root, source / item["path"], COLLECTIONS.get(item["site"], item["collection"]))
    tree = LexborHTMLParser(await from_file(file.body.encode(), "markdown"))
    for picture in tree.css("img"):
        picture.decompose()
    for link in tree.css("a[href]"):
        if not (link.attributes.get("href") or "").startswith(("http://", "https://", "#")):
            link.unwrap()
    body = tree.body
    return {
        "source": item["site"],
        "path": item["path"].partition("/")[2],
        "collection": COLLECTIONS.get(item["site"], "Arduino"),
        "category": item["category"] if item["site"] == "arduino" else item["collection"],
        "title": file.title,
        "html": "" if body is None else "".join(node.html or "" for node in body.iter(include_text=True)).strip(),
    }


def main() -> int:
    """Write the file."""
    sys.path.insert(0, str(ROOT / "server"))
    source = Path(sys.argv[1])
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else TARGET
    lines = [json.dumps(asyncio.run(article(source, item)), ensure_ascii=False) for item in chosen(source)]
    data = ("\n".join(lines) + "\n").encode()
    target.write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{len(lines)} articles, {target.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
