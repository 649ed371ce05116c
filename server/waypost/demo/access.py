"""How to get into the demo account: what the terminal prints and `demo.json` in the data folder keeps."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec

FILE_NAME = "demo.json"


class DemoAccess(msgspec.Struct, frozen=True, kw_only=True):
    """Address, sign-in, one OAuth application of each dialect and a Docs key. All users share the password."""

    base_url: str
    user_email: str
    user_password: str
    client_id: str
    client_secret: str
    platform_client_id: str
    platform_client_secret: str
    docs_api_key: str
    mailbox_ids: list[int]


def load(folder: Path) -> DemoAccess | None:
    """What was kept; None when there is nothing that can be used."""
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=DemoAccess)
    except (OSError, msgspec.DecodeError):
        return None


def save(folder: Path, access: DemoAccess) -> None:
    """Keep it for the owner of the folder alone; the file is whole at every moment."""
    content = msgspec.json.format(msgspec.json.encode(access), indent=2) + b"\n"
    fresh = folder / f"{FILE_NAME}.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / FILE_NAME)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
