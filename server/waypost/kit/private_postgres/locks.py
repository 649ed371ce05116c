"""Who may start and stop the server, and who still uses it: two files held with flock.

The kernel drops a dead process's locks, so a killed owner never counts.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waypost.kit.private_postgres.errors import PrivatePostgresError

LIFECYCLE_FILE = "lifecycle.lock"
OWNERS_FILE = "owners.lock"
LIFECYCLE_TIMEOUT_S = 180.0
POLL_S = 0.02


@contextmanager
def lifecycle(folder: Path) -> Iterator[None]:
    """Be the only process that starts or stops the server in `folder`."""
    path = folder / LIFECYCLE_FILE
    deadline = time.monotonic() + LIFECYCLE_TIMEOUT_S
    while (lock := _try_exclusive(path)) is None:
        if time.monotonic() > deadline:
            raise PrivatePostgresError(
                f"Another process has been starting or stopping PostgreSQL in {folder} for too long."
            )
        time.sleep(POLL_S)
    try:
        yield
    finally:
        os.close(lock)


def claim(folder: Path) -> int:
    """Count this process as an owner until the returned descriptor is dropped. Hold `lifecycle`."""
    descriptor = _open(folder / OWNERS_FILE)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def drop(descriptor: int) -> None:
    """End a claim, also for children that were forked with its descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def is_owned(folder: Path) -> bool:
    """Whether a live process holds a claim. Under `lifecycle` the answer stays true."""
    if not (folder / OWNERS_FILE).exists():
        return False
    descriptor = _open(folder / OWNERS_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _try_exclusive(path: Path) -> int | None:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever deletes the folder takes the file away under a waiting process.
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
