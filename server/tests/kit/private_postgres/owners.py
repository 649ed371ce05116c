"""Processes that own a private PostgreSQL, for tests of what happens when they end. Also their program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from waypost.kit.private_postgres import Options, PrivatePostgres


@dataclass
class Owner:
    """A child process that has started, or adopted, the server in a folder."""

    process: subprocess.Popen[str]

    @classmethod
    def spawn(cls, folder: Path, env: Mapping[str, str] | None = None) -> Self:
        """Begin without waiting, so that several can race."""
        return cls(
            subprocess.Popen(
                [sys.executable, __file__, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=dict(os.environ) | dict(env or {}),
            )
        )

    def wait_ready(self) -> str:
        """The address of the server, once the child owns it."""
        assert self.process.stdout is not None
        address = self.process.stdout.readline().strip()
        assert address, "the owner ended before it had the server"
        return address

    def end(self) -> int:
        """Let the child come to its end without saying goodbye to the server."""
        self.process.communicate("")
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def main() -> None:
    server = PrivatePostgres.start(Path(sys.argv[1]), Options(durable=False))
    print(server.dsn(), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
