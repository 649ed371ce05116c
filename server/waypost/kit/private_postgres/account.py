"""Which system user runs PostgreSQL, which refuses to run as root, and how that user reaches its files."""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from waypost.kit.private_postgres.binaries import PACKAGE, Binaries
from waypost.kit.private_postgres.errors import OTHER_WAY, PrivatePostgresError

SYSTEM_USER = "pgserver"
READABLE = stat.S_IRGRP | stat.S_IROTH
SEARCHABLE = stat.S_IXGRP | stat.S_IXOTH

log = logging.getLogger(__name__)


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """The user that owns the cluster and runs the server; `switched` when it is not the present one."""

    uid: int
    gid: int
    switched: bool

    @property
    def identity(self) -> _Identity:
        """What `subprocess` needs to run a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}

    def own(self, path: Path) -> None:
        if self.switched:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose(cluster: Path) -> Account:
    """The user for `cluster`: its owner if it exists, else the present one, or for root a system user made here.

    Raises PrivatePostgresError where the cluster belongs to somebody else.
    """
    owner = cluster.stat() if cluster.exists() else None
    if os.geteuid() != 0:
        if owner and owner.st_uid != os.geteuid():
            raise PrivatePostgresError(
                f"{cluster} belongs to user {_name(owner.st_uid)}. Run Waypost as root or as that user. {OTHER_WAY}"
            )
        return Account(os.geteuid(), os.getegid(), switched=False)
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, switched=True)
    entry = _system_user()
    return Account(entry.pw_uid, entry.pw_gid, switched=True)


def ensure_reach(account: Account, folder: Path, binaries: Binaries) -> None:
    """Make sure that the account can enter `folder` and run the programs, opening no more than it must.

    Root's own folders that only root may enter (such as /root) are given to the account's group
    for passing through, not for listing. Any other closed folder is the reader's to open.
    """
    if not account.switched or _reaches(account, folder, binaries):
        return
    opened = [place for place in _above(folder, binaries.folder) if _let_through(account, place)]
    if opened:
        log.warning("PostgreSQL's user %s may now pass through %s", _name(account.uid), ", ".join(map(str, opened)))
    if not _reaches(account, folder, binaries):
        _open_package(binaries)
    if not _reaches(account, folder, binaries):
        raise PrivatePostgresError(
            f"PostgreSQL refuses to run as root, and its user {_name(account.uid)} can't run "
            f"{binaries.postgres} in {folder}. Check the rights of both folders. {OTHER_WAY}"
        )


def _reaches(account: Account, folder: Path, binaries: Binaries) -> bool:
    # initdb loads a library that postgres does without, and reads the template of a cluster.
    template = binaries.folder.with_name("share") / "postgresql" / "postgres.bki"
    script = 'cd -- "$1" && "$2" --version && "$3" --version && { [ -z "$4" ] || [ -r "$4" ]; }'
    wanted = [folder, binaries.postgres, binaries.initdb, template if template.exists() else ""]
    check = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *wanted], capture_output=True, check=False, cwd="/", **account.identity
    )
    return check.returncode == 0


def _above(*paths: Path) -> list[Path]:
    """The paths and all folders above them, outermost first."""
    return sorted({place for path in paths for place in (path, *path.parents)})


def _let_through(account: Account, folder: Path) -> bool:
    """Open the folder for passing through if it is closed; True if that changed it."""
    status = folder.stat()
    if _may_search(account, status):
        return False
    if status.st_uid == 0 and not status.st_mode & stat.S_IRWXG:
        os.chown(folder, -1, account.gid)
        folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXGRP)
        return True
    raise PrivatePostgresError(
        f"PostgreSQL refuses to run as root, and its user {_name(account.uid)} can't enter {folder}. "
        f"Run Waypost as {_name(status.st_uid)}, move it elsewhere, or allow entry (chmod o+x {folder}). {OTHER_WAY}"
    )


def _may_search(account: Account, status: os.stat_result) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _open_package(binaries: Binaries) -> None:
    """Undo a strict umask at install time: the programs and their libraries hold no secrets."""
    package = next((place for place in binaries.folder.parents if place.name == PACKAGE), None)
    if package is None:
        return
    for root in (package, package.with_name(f"{PACKAGE}.libs")):
        for path in [root, *root.rglob("*")] if root.exists() else []:
            if path.is_symlink():
                continue
            mode = path.stat().st_mode
            wanted = mode | READABLE | (SEARCHABLE if mode & stat.S_IXUSR else 0)
            if wanted != mode:
                path.chmod(stat.S_IMODE(wanted))


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = _creation()
    if command is None:
        raise PrivatePostgresError(
            "PostgreSQL refuses to run as root, and this system has no useradd or adduser to make a user for it. "
            f"Run Waypost as an ordinary user. {OTHER_WAY}"
        )
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        # Another process may have made the user meanwhile, so only its absence is an error.
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise PrivatePostgresError(
            f"PostgreSQL refuses to run as root, and its user {SYSTEM_USER} can't be made: {made.stderr.strip()}. "
            f"Run Waypost as an ordinary user. {OTHER_WAY}"
        ) from None


def _creation() -> list[str] | None:
    if program := shutil.which("useradd"):
        return [program, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    if program := shutil.which("adduser"):
        return [program, "-S", "-D", "-H", "-s", "/sbin/nologin", SYSTEM_USER]
    return None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
