"""Making a new database cluster: initdb, Waypost's role and its empty database."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from waypost.kit.private_postgres.account import Account
from waypost.kit.private_postgres.binaries import Binaries
from waypost.kit.private_postgres.errors import OTHER_WAY, PrivatePostgresError
from waypost.kit.private_postgres.postmaster import environment

ROLE = "waypost"
DATABASE = "waypost"
SUPERUSER = "postgres"
FIRST_WITH_BUILTIN_LOCALES = 17
# Full-text search takes typographic quotes and dashes for letters unless LC_CTYPE knows Unicode.
CTYPES = ("C.UTF-8", "en_US.UTF-8", "UTF-8", "C")
TIMEOUT_S = 300
# The role is no superuser: SQL that goes astray must not reach files or programs.
CREATION = f"CREATE ROLE {ROLE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {ROLE} STRATEGY wal_log;\n"


def create(cluster: Path, binaries: Binaries, account: Account, *, durable: bool) -> None:
    """Make the cluster; it appears under its name only when complete and on disk."""
    fresh = cluster.with_name(f"{cluster.name}.new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    _initdb(fresh, binaries, account)
    _run(
        [str(binaries.postgres), "--single", "-F", "-c", "exit_on_error=on", "-D", str(fresh), "template1"],
        account,
        stdin=CREATION,
    )
    if durable:
        _run([str(binaries.initdb), "--sync-only", "-D", str(fresh)], account)
    fresh.rename(cluster)
    if durable:
        _sync(cluster.parent)


def check_version(cluster: Path, binaries: Binaries) -> None:
    """Refuse a cluster that another major version made."""
    made_by = (cluster / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise PrivatePostgresError(
            f"{cluster} was made by PostgreSQL {made_by}, but PostgreSQL {binaries.major} is installed. Back it up "
            f"with the Waypost that made it, and restore the backup with this one into an empty folder. {OTHER_WAY}"
        )


def _initdb(fresh: Path, binaries: Binaries, account: Account) -> None:
    command = [str(binaries.initdb), "-D", str(fresh), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-sync"]
    # Code-point order everywhere: it never changes with the system's locale data, so no index goes stale.
    command += ["--locale=C"]
    if binaries.major >= FIRST_WITH_BUILTIN_LOCALES:
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    for ctype in CTYPES:
        try:
            return _run([*command, f"--lc-ctype={ctype}"], account)
        except PrivatePostgresError as error:
            if "invalid locale name" not in str(error) or ctype == CTYPES[-1]:
                raise
    return None


def _run(command: list[str], account: Account, *, stdin: str = "") -> None:
    try:
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            cwd="/",
            env=environment(),
            timeout=TIMEOUT_S,
            umask=0o077,
            **account.identity,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PrivatePostgresError(f"{command[0]} does not run: {error}") from error
    if done.returncode:
        raise PrivatePostgresError(f"{command[0]} failed:\n{done.stdout[-500:]}{done.stderr[-2000:]}".strip())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
