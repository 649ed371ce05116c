"""Where the server's socket lies: in the database folder, or in a short place where that folder can't hold one."""

from __future__ import annotations

import re
import socket
import stat
import tempfile
from pathlib import Path

from waypost.kit.private_postgres.account import Account
from waypost.kit.private_postgres.errors import OTHER_WAY, PrivatePostgresError

NAME = ".s.PGSQL.5432"
# sun_path holds 108 bytes on Linux, 104 on macOS, with a closing zero; PostgreSQL adds ".lock" to the name.
LONGEST_PATH = 103 - len(".lock")
# Lists of hosts are split at commas, and quoting rules differ between PostgreSQL and its drivers.
PLAIN = re.compile(r"[A-Za-z0-9/_.+-]+")
PREFIX = "waypost-pg-"
NOTE = "socket-folder"


def prepare(folder: Path, account: Account) -> Path:
    """A folder that only the account may enter and that can hold the socket."""
    beside = folder / "run"
    beside.mkdir(mode=0o700, exist_ok=True)
    account.own(beside)
    if _can_hold_socket(beside):
        return beside
    note = folder / NOTE
    if note.exists() and _is_safe(former := Path(note.read_text()), account):
        return former
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - a fresh private folder is made in it
        made = _make_private(Path(parent), account)
        if made:
            note.write_text(str(made))
            return made
    raise PrivatePostgresError(
        f"There is no place for PostgreSQL's socket: neither {folder} nor /tmp can hold it. {OTHER_WAY}"
    )


def discard(folder: Path, sockets: Path) -> None:
    """Remove the short place again, once the server has ended."""
    if sockets.name.startswith(PREFIX) and sockets.is_dir() and not any(sockets.iterdir()):
        sockets.rmdir()
        (folder / NOTE).unlink(missing_ok=True)


def _make_private(parent: Path, account: Account) -> Path | None:
    try:
        made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError:
        return None
    account.own(made)
    if _can_hold_socket(made):
        return made
    made.rmdir()
    return None


def _can_hold_socket(folder: Path) -> bool:
    path = folder / NAME
    if len(str(path).encode()) > LONGEST_PATH or not PLAIN.fullmatch(str(path)):
        return False
    probe = folder / ".probe"
    probe.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            # Some shared and network file systems hold no sockets.
            listener.bind(str(probe))
        except OSError:
            return False
    probe.unlink()
    return True


def _is_safe(folder: Path, account: Account) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid and not status.st_mode & 0o077
