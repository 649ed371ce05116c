"""The life of the private server: start or adopt, share, release, stop."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlencode

from waypost.kit.private_postgres import account as accounts
from waypost.kit.private_postgres import binaries as programs
from waypost.kit.private_postgres import cluster as clusters
from waypost.kit.private_postgres import locks, postmaster, settings
from waypost.kit.private_postgres import sockets as socket_places
from waypost.kit.private_postgres.errors import OTHER_WAY, PostgresInUse, PrivatePostgresError
from waypost.kit.private_postgres.settings import Options

CLUSTER = "cluster"
CONFIG_FILE = "postgresql.conf"
HBA_FILE = "pg_hba.conf"
LOG_FILE = "server.log"
LONGEST_LOG_BYTES = 5_000_000


class Status(StrEnum):
    """What is going on in a database folder."""

    ABSENT = "absent"
    STOPPED = "stopped"
    LEFT_OVER = "left over"
    IN_USE = "in use"


@dataclass
class PrivatePostgres:
    """This process's claim on the server in `folder`; as long as it is held the server runs."""

    folder: Path
    sockets: Path
    _claim: int | None = field(repr=False)
    _process: int = field(default_factory=os.getpid, repr=False)

    @classmethod
    def start(cls, folder: Path, options: Options | None = None) -> PrivatePostgres:
        """Claim the server in `folder`: adopt it if it runs, else start it, making the cluster first if need be.

        Blocks (0.1 s to adopt, under 1 s to start, about 1 s the first time). Safe in several processes
        at once. A clean interpreter exit releases the claim. Raises PrivatePostgresError.
        """
        options = options or Options()
        folder = folder.absolute()
        _make(folder)
        with locks.lifecycle(folder):
            claim = locks.claim(folder)
            try:
                server = cls(folder, _ensure_running(folder, options), claim)
            except BaseException:
                locks.drop(claim)
                raise
        atexit.register(server.release)
        return server

    def dsn(self, database: str = clusters.DATABASE, user: str = clusters.ROLE) -> str:
        """The address of a database on this server for asyncpg, `psql` and SQLAlchemy."""
        # The port is named because PGPORT in the environment would otherwise decide it.
        place = urlencode({"host": str(self.sockets), "port": 5432}, safe="/")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?{place}"

    def release(self) -> bool:
        """Give up the claim; the last live owner's release stops the server. True if it did. Twice is harmless."""
        if self._claim is None or os.getpid() != self._process:
            return False
        atexit.unregister(self.release)
        claim, self._claim = self._claim, None
        if not self.folder.exists():
            locks.drop(claim)
            return False
        with locks.lifecycle(self.folder):
            locks.drop(claim)
            return not locks.is_owned(self.folder) and _shut_down(self.folder)

    @classmethod
    def stop(cls, folder: Path, *, force: bool = False) -> bool:
        """End a server that no live process owns, or any with `force`. False if none runs; PostgresInUse if owned."""
        folder = folder.absolute()
        if not folder.exists():
            return False
        with locks.lifecycle(folder):
            if locks.is_owned(folder) and not force:
                raise PostgresInUse(f"A running Waypost uses the PostgreSQL in {folder}. End it first.")
            return _shut_down(folder)

    @classmethod
    def status(cls, folder: Path) -> Status:
        """Whether a server runs in `folder`, and whether a live process owns it."""
        folder = folder.absolute()
        if not (folder / CLUSTER).exists():
            return Status.ABSENT
        with locks.lifecycle(folder):
            if postmaster.running(folder / CLUSTER) is None:
                return Status.STOPPED
            return Status.IN_USE if locks.is_owned(folder) else Status.LEFT_OVER

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK | os.X_OK):
            return
        reason = "this user may not write there"
    except OSError as error:
        reason = str(error)
    raise PrivatePostgresError(f"The database folder {folder} can't be used: {reason}. {OTHER_WAY}")


def _ensure_running(folder: Path, options: Options) -> Path:
    """Adopt or start the server; returns the folder of its socket."""
    cluster = folder / CLUSTER
    present = postmaster.running(cluster)
    if present and postmaster.wait_ready(cluster, present.pid):
        return present.sockets
    account = accounts.choose(cluster)
    binaries = programs.find(options.binaries)
    if account.switched:
        # Its user must pass through to the cluster; what else lies here is closed file by file.
        folder.chmod(0o711)
    accounts.ensure_reach(account, folder, binaries)
    if cluster.exists():
        clusters.check_version(cluster, binaries)
    else:
        clusters.create(cluster, binaries, account, durable=options.durable)
    sockets = socket_places.prepare(folder, account)
    config = _configure(folder, options, binaries.major, sockets)
    log = folder / LOG_FILE
    if log.exists() and log.stat().st_size > LONGEST_LOG_BYTES:
        log.rename(folder / f"{LOG_FILE}.1")
    postmaster.launch(cluster, binaries, account, sockets=sockets, config=config, log=log)
    return sockets


def _configure(folder: Path, options: Options, major: int, sockets: Path) -> Path:
    config, hba = folder / CONFIG_FILE, folder / HBA_FILE
    hba.write_text(settings.HBA)
    config.write_text(settings.text(options, major=major, hba=hba, sockets=sockets))
    local = folder / settings.LOCAL_FILE
    if not local.exists():
        local.write_text(settings.LOCAL)
    for path in (hba, config, local):
        path.chmod(0o644)
    return config


def _shut_down(folder: Path) -> bool:
    present = postmaster.running(folder / CLUSTER)
    if present is None:
        return False
    postmaster.shut_down(folder / CLUSTER, present)
    socket_places.discard(folder, present.sockets)
    return True
