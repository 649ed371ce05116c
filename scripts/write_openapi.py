"""Exists because a change of the API must show in a review: writes its description, made from handlers, to spec/."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "spec" / "openapi"
#: In the place of a desk's own address.
BASE_URL = "https://desk.example.org"


def documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI descriptions by the names of their files."""
    sys.path.insert(0, str(ROOT / "server"))
    from waypost.app import build_router, description
    from waypost.edges.docs_v1.documentation import describe

    inbox = description(build_router(None), BASE_URL)  # type: ignore[arg-type]  # describing needs no running desk
    return {"inbox_v2.json": inbox, "docs_v1.json": describe(BASE_URL)}


def text_of(document: dict[str, Any]) -> str:
    """A document as it is checked in. Keys are sorted, so that the order of routes makes no difference."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the files; with --check only compare them."""
    status = 0
    for name, document in documents().items():
        target, fresh = FOLDER / name, text_of(document)
        if "--check" not in sys.argv[1:]:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(fresh, encoding="utf-8")
        elif not target.is_file() or target.read_text(encoding="utf-8") != fresh:
            print(f"{name} is not what the handlers say. Run: python scripts/write_openapi.py", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
