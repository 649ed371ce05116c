"""How much memory an idle desk holds, and how soon an installed one answers: `python -m bench.footprint`.

Starts `waypost serve` with its private PostgreSQL in a fresh folder, stops it, and starts it again: the second start is
what is measured. Memory is summed over every process of the product, as PSS (shared pages are divided among those who
share them) and as RSS (shared pages counted in each). Linux only.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from waypost.database import POSTGRES_FOLDER

MEMORY_BAR_MIB, MEMORY_TARGET_MIB, START_BAR_S = 300, 200, 3.0
POLL_S = 0.005
LIMIT_S = 120.0


class Memory(NamedTuple):
    name: str
    pss: float
    rss: float


def start(folder: Path, port: int, demo: bool) -> tuple[subprocess.Popen[bytes], float]:
    """A serving process, and how long it took from the call to the first answer."""
    words = [sys.executable, "-m", "waypost.cli", "serve", "--data-dir", str(folder), "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    with (folder / "bench.log").open("ab") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(words + ["--demo"] * demo, stdout=log, stderr=log, env=environment)
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return process, time.perf_counter() - begun
        except OSError:
            if process.poll() is not None or time.perf_counter() - begun > LIMIT_S:
                sys.exit((folder / "bench.log").read_text())
            time.sleep(POLL_S)


def stop(process: subprocess.Popen[bytes]) -> float:
    """End it, and how long that took."""
    begun = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait(LIMIT_S)
    return time.perf_counter() - begun


def tree(roots: list[int]) -> list[int]:
    """The processes and all that descend from them."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = list(roots)
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid and child not in found]
    return found


def memory(pid: int) -> Memory:
    place = Path(f"/proc/{pid}")
    figures = dict(re.findall(r"^(Pss|Rss):\s+(\d+) kB", (place / "smaps_rollup").read_text(), re.MULTILINE))
    title = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    name = title if title.startswith("postgres") else f"{(place / 'comm').read_text().strip()} (waypost)"
    return Memory(name.split(" -D")[0].split("/")[-1][:60], int(figures["Pss"]) / 1024, int(figures["Rss"]) / 1024)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def measure(folder: Path, idle_s: float, demo: bool) -> bool:
    port = free_port()
    first, first_s = start(folder, port, demo)
    stop(first)
    process, start_s = start(folder, port, demo)
    time.sleep(idle_s)
    postmaster = int((folder / POSTGRES_FOLDER / "cluster" / "postmaster.pid").read_text().splitlines()[0])
    held = [memory(pid) for pid in tree([process.pid, postmaster])]
    stop_s = stop(process)

    table = Table("process", "PSS MiB", "RSS MiB", box=None)
    for one in sorted(held, key=lambda one: -one.pss):
        table.add_row(one.name, f"{one.pss:.1f}", f"{one.rss:.1f}")
    pss, rss = sum(one.pss for one in held), sum(one.rss for one in held)
    table.add_row("all", f"{pss:.1f}", f"{rss:.1f}", style="bold")
    console = Console(highlight=False)
    console.print(table)
    console.print(f"memory, idle: {pss:.0f} MiB of {MEMORY_BAR_MIB} allowed ({MEMORY_TARGET_MIB} wanted)")
    console.print(f"first start, database made: {first_s:.2f} s")
    console.print(f"start to first answer: {start_s:.2f} s of {START_BAR_S:.0f} allowed; stop: {stop_s:.2f} s")
    return pss <= MEMORY_BAR_MIB and start_s <= START_BAR_S


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=float, default=20, help="seconds to wait before memory is read")
    parser.add_argument("--demo", action="store_true", help="measure the filled demo account")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="waypost-footprint-"))
    # PostgreSQL's own user must pass through when this runs as root.
    folder.chmod(0o711)
    try:
        return 0 if measure(folder, arguments.idle, arguments.demo) else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
