"""Real mails of other projects' tests, and the shortest way to write one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from waypost.domains.mail import ReceivedMessage
from waypost.edges.mail_io.parse import parse_message

FOLDER = Path(__file__).parents[2] / "data" / "mail"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def mails(folder: str) -> list[Path]:
    """The files of a folder, in order."""
    return sorted((FOLDER / folder).glob("*.eml"))


def folders() -> list[str]:
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def lines(name: str) -> list[Any]:
    """The values of a JSON-lines file."""
    return [json.loads(line) for line in (FOLDER / name).read_bytes().splitlines()]


def read(name: str) -> ReceivedMessage:
    """A mail of the folder, parsed."""
    return parse_message((FOLDER / name).read_bytes(), NOW)


def parsed(*header: str, body: str | bytes = "", charset: str = "utf-8") -> ReceivedMessage:
    """A mail of these header lines and this body, parsed."""
    content = body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode(charset)
    return parse_message("\r\n".join([*header, "", ""]).encode("utf-8", "surrogateescape") + content, NOW)
