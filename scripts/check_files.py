"""Exists because nothing else keeps files short and names plain: at most 400 lines, no utils, helpers or managers."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("server", "scripts", "bench")
LONGEST = 400
LONGEST_TEST = 500
BANNED = re.compile(r"(^|_)(utils?|helpers?|common|managers?|data2)(_|$)|^process_")


def main() -> int:
    paths = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    faults = [fault for path in paths for fault in faults_of(path)]
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


def faults_of(path: Path) -> Iterator[str]:
    relative = path.relative_to(ROOT)
    lines = len(path.read_text(encoding="utf-8").splitlines())
    longest = LONGEST_TEST if "tests" in relative.parts else LONGEST
    if lines > longest:
        yield f"{relative}: {lines} lines, at most {longest}"
    if any(BANNED.search(part) for part in relative.with_suffix("").parts):
        yield f"{relative}: the name says too little"


if __name__ == "__main__":
    sys.exit(main())
