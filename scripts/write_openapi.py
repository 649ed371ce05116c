"""Exists because a change of the API must show in a review: writes its description, made from handlers, to spec/."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "spec" / "openapi" / "inbox_v2.json"
#: In the place of a desk's own address.
BASE_URL = "https://desk.example.org"


def document() -> dict[str, Any]:
    """The OpenAPI description of the Inbox API."""
    sys.path.insert(0, str(ROOT / "server"))
    from waypost.app import build_router, description

    return description(build_router(None), BASE_URL)  # type: ignore[arg-type]  # describing needs no running desk


def text() -> str:
    """The document as it is checked in. Keys are sorted, so that the order of routes makes no difference."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file; with --check only compare it."""
    fresh = text()
    if "--check" in sys.argv[1:]:
        is_same = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == fresh
        if not is_same:
            print(f"{TARGET.name} is not what the handlers say. Run: python scripts/write_openapi.py", file=sys.stderr)
        return 0 if is_same else 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
