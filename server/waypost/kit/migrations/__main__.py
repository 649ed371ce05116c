"""The process that applies migrations: an order comes in on stdin, the applied names go out on stdout, as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from waypost.kit.migrations.apply import apply


def main() -> int:
    order = json.load(sys.stdin)
    applied: list[str] = []
    try:
        asyncio.run(apply(order["dsn"], Path(order["folder"]), applied))
    except Exception as error:
        # Whatever a step raises is told to the parent, in one line.
        sys.stderr.write(f"{type(error).__name__}: {getattr(error, 'orig', None) or error}\n")
        return 1
    json.dump(applied, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
