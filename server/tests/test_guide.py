"""The guide's examples, run page by page against a desk as a reader would run them: bash, curl and Python.

Blocks marked `sh` and `python` are run in one shell, in order. A `json` block after one of them shows its output
shortened, a `text` block shows all of it. What a page needs beforehand is in `ENVIRONMENT` and in `prepare`.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.desk import Desk
from tests.edges.session.visit import PASSWORD, with_password
from tests.guide_desk import readers_desk
from waypost.domains.accounts import create_api_key, register_application
from waypost.domains.mailboxes import store_channel

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
BLOCK = re.compile(
    r"(?:^<!-- file: (?P<file>\S+) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
RUN = ("sh", "python")
#: Values under these keys are compared; of all others only the kind is, because ids and times differ.
TELLING = frozenset({"message", "path", "source", "status", "state", "type", "error", "subject", "name", "value"})
TIMEOUT_S = 120
#: Stands in for the reader's browser: signs in, and allows what is asked.
BROWSER = Path(__file__).parent / "guide_browser.py"


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, and where it begins."""

    language: str
    text: str
    line: int
    file: str | None


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(found["language"], found["text"], text.count("\n", 0, found.start("text")), found["file"])
        for found in BLOCK.finditer(text)
    ]


PAGES = sorted(page for page in GUIDE.glob("*.md") if any(block.language in RUN for block in blocks(page)))


def script_of(page: list[Block]) -> str:
    """One shell script of all that is run, each block's output in a file of its own."""
    parts = ["set -euo pipefail", "set -a"]
    for index, block in enumerate(page):
        if block.language == "sh":
            parts.append(f"BLOCK={block.line}\n{{\n{block.text}}} > out.{index}")
        elif block.language == "python":
            parts.append(f"BLOCK={block.line}\npython3 - > out.{index} <<'END_OF_EXAMPLE'\n{block.text}END_OF_EXAMPLE")
    return "trap 'echo \"failed in the block at line $BLOCK\" >&2' ERR\n" + "\n".join(parts) + "\n"


async def prepare(desk: Desk, folder: Path) -> dict[str, str]:
    """An account with two mailboxes and an application, told as the demo tells it and as the pages name it."""
    account = await desk.make.account()
    owner = await with_password(desk, account.owner)
    support = await desk.make.mailbox(account, name="Support")
    sales = await desk.make.mailbox(account, name="Sales")
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        redirect_url = f"http://localhost:{probe.getsockname()[1]}/callback"
    async with desk.transactions.open() as tx:
        key = desk.context.secret_key
        channel = await store_channel.find(tx.connection, key, account.id, support.id)
        assert channel is not None
        signing = msgspec.structs.replace(channel, inbound_key="of-the-guide")
        await store_channel.put(tx.connection, key, account.id, signing, tx.now)
        made, secret = await register_application(tx, owner.actor, "Guide", redirect_url)
        _, docs_key = await create_api_key(tx, owner.actor, "Guide")
    access = {
        "base_url": desk.base_url, "user_email": owner.email, "user_password": PASSWORD,
        "client_id": made.client_id, "client_secret": secret, "mailbox_ids": [support.id, sales.id],
    }  # fmt: skip
    (folder / "data").mkdir()
    (folder / "data" / "demo.json").write_text(json.dumps(access))
    return {
        "BASE": desk.base_url, "TOKEN": await desk.make.token(owner), "MAILBOX_ID": str(support.id),
        "DOCS_KEY": docs_key, "CLIENT_ID": made.client_id, "CLIENT_SECRET": secret, "REDIRECT_URL": redirect_url,
        "INBOUND_KEY": "of-the-guide", "OWNER_EMAIL": owner.email, "OWNER_PASSWORD": PASSWORD,
        "BROWSER": f"{sys.executable} {BROWSER} %s",
        "WAYPOST_DATABASE_URL": desk.dsn, "WAYPOST_DATA_DIR": str(desk.parts.settings.data_dir),
    }  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_examples_of_a_page_run(database_url: str, tmp_path: Path, page: Path) -> None:
    folder = tmp_path / "reader"
    folder.mkdir()
    async with readers_desk(database_url, tmp_path / "desk") as desk:
        await run_page(page, folder, await prepare(desk, folder))


async def run_page(page: Path, folder: Path, environment: dict[str, str]) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    found = blocks(page)

    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script_of(found), cwd=folder, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        env={**clean, **environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    async with asyncio.timeout(TIMEOUT_S):
        _, errors = await process.communicate()

    assert process.returncode == 0, f"{page.name}: {errors.decode()}"
    for index, block in enumerate(found[1:], 1):
        before, output = found[index - 1], folder / f"out.{index - 1}"
        if before.language in RUN and block.language == "text":
            assert output.read_text() == block.text, f"{page.name}, line {block.line}"
        elif before.language in RUN and block.language == "json":
            answered = json.loads(output.read_text().strip())
            assert difference(json.loads(block.text), answered, "") is None, f"{page.name}, line {block.line}"


def difference(shown: Any, real: Any, path: str) -> str | None:
    """What in a shortened answer is not so in the real one."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key, value in shown.items():
            if key not in real:
                return f"{path}.{key} is not there"
            if isinstance(value, str) and key in TELLING and value != real[key]:
                return f"{path}.{key} is {real[key]!r}"
            if (found := difference(value, real[key], f"{path}.{key}")) is not None:
                return found
        return None
    if isinstance(shown, list) and isinstance(real, list):
        if len(shown) > len(real):
            return f"{path} has {len(real)} items"
        faults = [
            difference(one, other, f"{path}[{place}]")
            for place, (one, other) in enumerate(zip(shown, real, strict=False))
        ]
        return next((fault for fault in faults if fault is not None), None)
    return None if type(shown) is type(real) else f"{path} is {real!r}"


def test_difference_finds_what_is_not_so() -> None:
    real = {"id": 7, "type": "note", "tags": [{"id": 1, "name": "a"}]}
    assert difference({"id": 1, "tags": [{"name": "a"}]}, real, "") is None
    assert difference({"ids": 1}, real, "") == ".ids is not there"
    assert difference({"id": "1"}, real, "") == ".id is 7"
    assert difference({"type": "reply"}, real, "") == ".type is 'note'"
    assert difference({"tags": [{"name": "b"}]}, real, "") == ".tags[0].name is 'a'"
    assert difference({"tags": [{}, {}]}, real, "") == ".tags has 1 items"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_shown_in_a_page_are_those_in_the_repository(page: Path) -> None:
    for block in blocks(page):
        if block.file is not None:
            assert block.text == (ROOT / block.file).read_text(encoding="utf-8"), block.file


def test_every_example_file_is_shown_somewhere() -> None:
    shown = {block.file for page in GUIDE.glob("*.md") for block in blocks(page) if block.file is not None}
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "examples").iterdir() if path.is_file()}
    assert files == shown
