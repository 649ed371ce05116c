"""Published clients as the tests use them: each in a process and environment of its own, its code as it was published.

    async with published.python("helpscout_mailbox", "HelpScoutClient", desk.base_url, environment) as client:
        made = await client.create_conversation(mailbox.id, "Subject", "jane@example.com", "Text")

Attributes and items are followed in the client's process, and the last of them is called there. What a client raises
arrives as `Refused`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import pickle
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
INSTALLED = HERE.parents[2] / ".clients"
TIMEOUT_S = 60
#: An answer of a client may be long: a line holds a whole list.
LONGEST_LINE = 64 * 1024 * 1024


class Refused(Exception):
    """A published client raised an error: `kind` is its class, `text` what it says."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
        self.text = text


def installed(name: str) -> Path:
    """Where `make clients` has put something. Missing clients fail the tests; they are never skipped."""
    path = INSTALLED / name
    assert path.exists(), f"{path} is missing: run make clients"
    return path


def environment(desk_url: str, **more: str) -> dict[str, str]:
    """The environment of a client's process: nothing of ours but the desk's address."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "WAYPOST_DESK": desk_url, **more}


def python_environment(desk_url: str, alone: str = "", **more: str) -> dict[str, str]:
    """That of a Python client; `alone` names one that has a folder of its own."""
    folders = [str(HERE / "python"), *([str(installed(alone))] if alone else [])]
    return environment(desk_url, PYTHONPATH=os.pathsep.join(folders), **more)


def _python_line(steps: tuple[Any, ...], arguments: tuple[Any, ...], named: dict[str, Any]) -> bytes:
    return base64.b64encode(pickle.dumps((steps, arguments, named)))


def _node_line(steps: tuple[Any, ...], arguments: tuple[Any, ...], named: dict[str, Any]) -> bytes:
    assert not named, "JavaScript has no named arguments"
    return json.dumps({"steps": steps, "arguments": arguments}).encode()


class Remote:
    """An object in a client's process, and what is reached from it."""

    def __init__(self, process: asyncio.subprocess.Process, line: Any, steps: tuple[Any, ...] = ()) -> None:
        self._process = process
        self._line = line
        self._steps = steps

    def __getattr__(self, name: str) -> Remote:
        return Remote(self._process, self._line, (*self._steps, name))

    def __getitem__(self, key: Any) -> Remote:
        return Remote(self._process, self._line, (*self._steps, [key]))

    async def __call__(self, *arguments: Any, **named: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(self._line(self._steps, arguments, named) + b"\n")
        answer = await asyncio.wait_for(stdout.readline(), TIMEOUT_S)
        assert answer, f"the client's process ended at {self._steps}"
        told = json.loads(answer)
        if "error" in told:
            raise Refused(told["error"], told["text"])
        return told["result"]


@asynccontextmanager
async def _running(command: list[str], given: Mapping[str, str], folder: Path, line: Any) -> AsyncIterator[Remote]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=dict(given),
        cwd=folder,
        limit=LONGEST_LINE,
    )
    try:
        yield Remote(process, line)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await asyncio.wait_for(process.wait(), TIMEOUT_S)


@asynccontextmanager
async def python(
    module: str, name: str, given: Mapping[str, str], *arguments: Any, **named: Any
) -> AsyncIterator[Remote]:
    """A client of Python: an object of the class `name`, made with the arguments in an environment (see above)."""
    command = [str(installed("python/bin/python")), str(HERE / "python" / "bridge.py"), module, name]
    async with _running(command, given, HERE, _python_line) as client:
        await client(*arguments, **named)
        yield client


@asynccontextmanager
async def node(module: str, given: Mapping[str, str], *arguments: Any) -> AsyncIterator[Remote]:
    """A client of Node: an object of the class that the package `module` (or a file in `node/`) exports."""
    command = ["node", "--require", str(HERE / "node" / "redirect.cjs"), str(HERE / "node" / "bridge.cjs"), module]
    async with _running(command, given, installed("node"), _node_line) as client:
        await client(*arguments)
        yield client
