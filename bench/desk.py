"""Waypost itself, serving one of the measured databases without limits: what `waypost serve` runs, minus its worker."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import uvloop

from waypost import logs, runtime
from waypost.app import build_app
from waypost.config import Settings
from waypost.server import HttpServer


async def main() -> None:
    """Serve until killed; prints the port."""
    options = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=options["ground"]["dsn"],
            base_url=options["base_url"],
            rate_limit_per_minute=0,
            write_burst_limit=0,
            log_format="json",
        )
        logs.set_up("json", "warning")
        async with runtime.open_desk(settings) as desk:
            listener = asyncio.create_task(desk.tokens.run(desk.dsn))
            server = HttpServer("127.0.0.1", 0)
            await server.start(build_app(desk.context))
            print(server.port, flush=True)
            await asyncio.gather(listener, asyncio.Event().wait())


if __name__ == "__main__":
    uvloop.run(main())
