"""A Waypost process as an administrator runs it, for tests of starting, stopping and dying."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

LIMIT_S = 60


class WaypostProcess:
    """`waypost` with arguments; its output is kept in files, its log lines are JSON."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self._out, self._err = folder / "out", folder / "err"

    @classmethod
    async def start(cls, folder: Path, *words: str, **environment: str) -> WaypostProcess:
        folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
        with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "waypost.cli",
                *words,
                env={**inherited, "WAYPOST_LOG_FORMAT": "json", **environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        return cls(process, folder)

    @property
    def output(self) -> str:
        """Everything that was printed and logged."""
        return self._out.read_text() + self._err.read_text()

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log, without a line that is being written."""
        whole = self._err.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    async def logged(self, event: str) -> dict[str, Any]:
        """The first log line of that event; fails when the process ends without one."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                has_ended = self.process.returncode is not None
                for line in self.lines:
                    if line["event"] == event:
                        return line
                assert not has_ended, f"ended without {event}: {self.output}"
                await asyncio.sleep(0.02)

    async def base_url(self) -> str:
        """Where it serves, once it does."""
        return f"http://127.0.0.1:{(await self.logged('desk.ready'))['port']}"

    async def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and return the exit status."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(LIMIT_S):
            return await self.process.wait()


@asynccontextmanager
async def waypost(folder: Path, *words: str, **environment: str) -> AsyncIterator[WaypostProcess]:
    """A process that has ended when the block has."""
    started = await WaypostProcess.start(folder, *words, **environment)
    try:
        yield started
    finally:
        if started.process.returncode is None:
            started.process.kill()
            await started.process.wait()
