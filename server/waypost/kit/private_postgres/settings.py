"""The server's configuration: durable, lean at idle, reachable by its owner only."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FIRST_WITH_IO_METHOD = 18
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at only

LOCAL_FILE = "local.conf"
LOCAL = "# Your own PostgreSQL settings for this server; they overrule postgresql.conf and are never overwritten.\n"
HBA = """\
# Only local sockets; who may open the socket is decided by the folder it lies in (mode 0700).
local all all trust
"""

# Measured: 64 MB of buffers, no parallel helpers and no I/O workers keep the idle server small;
# reports may raise max_parallel_workers_per_gather for their own transaction.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "max_logical_replication_workers": "0",
    # Nothing replicates from a private server, and minimal WAL makes bulk loads cheaper.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "96MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "ISO, MDY",
    "default_text_search_config": "pg_catalog.english",
    "lc_messages": "C",
    # Statements and error details carry customers' words; Waypost logs its own errors without them.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class Options:
    """How this server differs from the default: other settings, other programs, no syncing to disk."""

    settings: Mapping[str, str] = field(default_factory=dict)
    binaries: Path | None = None
    durable: bool = True


def text(options: Options, *, major: int, hba: Path, sockets: Path) -> str:
    """The configuration file; `local.conf` beside it may overrule any line."""
    settings = dict(_SETTINGS)
    if sys.platform.startswith("linux") and not os.access(SHARED_MEMORY, os.W_OK):
        # Slower, but some containers have no place for shared memory.
        settings["dynamic_shared_memory_type"] = "mmap"
    if major >= FIRST_WITH_IO_METHOD:
        settings["io_method"] = "sync"
    if not options.durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    settings |= {"hba_file": str(hba), "unix_socket_directories": f'"{sockets}"', **options.settings}
    lines = ["# Written anew at every start. Put your own settings into local.conf beside this file."]
    lines += [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    return "\n".join([*lines, f"include_if_exists '{LOCAL_FILE}'", ""])


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
