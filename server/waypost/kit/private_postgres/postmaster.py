"""One PostgreSQL server process: is it alive, start it, wait until it answers, end it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from waypost.kit.private_postgres import sockets as socket_places
from waypost.kit.private_postgres.account import Account
from waypost.kit.private_postgres.binaries import Binaries
from waypost.kit.private_postgres.errors import PrivatePostgresError

PID_FILE = "postmaster.pid"
# Recovery after a crash replays at most max_wal_size.
READY_TIMEOUT_S = 300.0
STOP_TIMEOUT_S = 120.0
# Backends of a killed server hold its memory until they notice, and a server that is shutting down
# keeps its lock file; a new server can't start before.
ORPHANS_TIMEOUT_S = 60.0
STILL_ENDING = ("is still in use", 'lock file "postmaster.pid" already exists')
POLL_S = 0.01
LOG_TAIL_LINES = 8
# Lines of postmaster.pid: pid, data folder, start time, port, socket folder, address, memory key, status.
SOCKETS_LINE, STATUS_LINE = 4, 7


@dataclass(frozen=True)
class Postmaster:
    """A server that answers on its socket. `pid` is 0 where it lives in a process namespace out of sight."""

    pid: int
    sockets: Path


def environment() -> dict[str, str]:
    """A clean environment: PGOPTIONS, PGDATA and the like of the caller must not reach the server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def running(cluster: Path) -> Postmaster | None:
    """The live server of `cluster`, judged by its socket: a pid may be stale, reused or a zombie."""
    lines = _pid_file(cluster)
    if len(lines) <= SOCKETS_LINE or not lines[SOCKETS_LINE].strip():
        return None
    place = Path(lines[SOCKETS_LINE].strip())
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(place / socket_places.NAME))
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR):
                return None
            raise PrivatePostgresError(f"PostgreSQL's socket in {place} can't be opened: {error}") from error
        return Postmaster(_peer(client, told=int(lines[0])), place)


def launch(cluster: Path, binaries: Binaries, account: Account, *, sockets: Path, config: Path, log: Path) -> None:
    """Start a server for `cluster` and wait until it takes connections. Hold the lifecycle lock."""
    deadline = time.monotonic() + ORPHANS_TIMEOUT_S
    while True:
        _remove_stale_locks(cluster, sockets)
        offset = log.stat().st_size if log.exists() else 0
        pid = _spawn(cluster, binaries, account, config=config, log=log)
        if wait_ready(cluster, pid):
            return
        told = log.read_bytes()[offset:].decode(errors="replace")
        if not any(sign in told for sign in STILL_ENDING) or time.monotonic() > deadline:
            tail = "\n".join(told.strip().splitlines()[-LOG_TAIL_LINES:])
            raise PrivatePostgresError(f"PostgreSQL did not start. The end of {log}:\n{tail}")
        time.sleep(10 * POLL_S)


def wait_ready(cluster: Path, pid: int) -> bool:
    """True once the server answers, False if it ended. A pid of 0 (out of sight) is taken to live."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not (pid and _is_gone(pid)):
        lines = _pid_file(cluster)
        is_its_own = not pid or (bool(lines) and lines[0].strip() == str(pid))
        if is_its_own and len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready":
            return True
        if time.monotonic() > deadline:
            raise PrivatePostgresError(f"PostgreSQL (process {pid}) has not become ready; it may still be recovering.")
        time.sleep(POLL_S)
    return False


def shut_down(cluster: Path, postmaster: Postmaster) -> None:
    """End the server with a clean checkpoint; clients are cut off. Hold the lifecycle lock."""
    if not postmaster.pid:
        raise PrivatePostgresError(f"The PostgreSQL in {cluster} runs in another container; stop it there.")
    os.kill(postmaster.pid, signal.SIGINT)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    # The file goes last, after the checkpoint and after every other process of the server.
    while (cluster / PID_FILE).exists() and not _is_gone(postmaster.pid):
        if time.monotonic() > deadline:
            raise PrivatePostgresError(f"PostgreSQL (process {postmaster.pid}) does not end.")
        time.sleep(POLL_S)


def _spawn(cluster: Path, binaries: Binaries, account: Account, *, config: Path, log: Path) -> int:
    # The shell leaves the server to init, so that no owner has a child to wait for.
    script = '"$@" </dev/null >&2 & echo $!'
    command = [str(binaries.postgres), "-D", str(cluster), f"--config-file={config}"]
    with log.open("ab") as errors:
        log.chmod(0o600)
        started = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *command],
            stdout=subprocess.PIPE,
            stderr=errors,
            check=True,
            cwd="/",
            env=environment(),
            start_new_session=True,
            umask=0o077,
            **account.identity,
        )
    return int(started.stdout)


def _pid_file(cluster: Path) -> list[str]:
    try:
        return (cluster / PID_FILE).read_text().splitlines()
    except FileNotFoundError:
        return []


def _peer(client: socket.socket, *, told: int) -> int:
    if not sys.platform.startswith("linux"):
        return told
    pid, _uid, _gid = struct.unpack(
        "3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    return int(pid)


def _remove_stale_locks(cluster: Path, sockets: Path) -> None:
    """Drop the lock files of a dead server whose pid now belongs to something else, as it often does in containers.

    PostgreSQL itself refuses to start then. A pid that may be a server of this cluster is left alone.
    """
    lines = _pid_file(cluster)
    if lines and sys.platform.startswith("linux") and not _may_be_server(int(lines[0]), cluster):
        for path in (cluster / PID_FILE, sockets / socket_places.NAME, sockets / f"{socket_places.NAME}.lock"):
            path.unlink(missing_ok=True)


def _may_be_server(pid: int, cluster: Path) -> bool:
    process = Path("/proc") / str(pid)
    if not process.exists():
        # PostgreSQL sees by itself that nobody has this pid.
        return True
    try:
        return (
            not _is_gone(pid)
            and process.joinpath("comm").read_text().strip() == "postgres"
            and (process.joinpath("cwd").readlink() == cluster.resolve())
        )
    except (FileNotFoundError, ProcessLookupError):
        return False
    except PermissionError:
        return True


def _is_gone(pid: int) -> bool:
    """Whether the process has ended, waited for or not: not every container's init reaps."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return sys.platform.startswith("linux")
    return state in ("Z", "X")
