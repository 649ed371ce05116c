"""How fast mail comes in, beside the barest way to store it: `python -m bench.mail`.

    python -m bench.mail                          10,000 messages into an empty desk, 2,000 beside 10,000 conversations
    python -m bench.mail --messages 2000          quicker
    python -m bench.mail --conversations 100000   beside more; such a desk takes minutes to fill, once
    python -m bench.mail --folder FOLDER          made of the mail in a folder, not of the demo account's

The messages are real ones, varied into talks with answers, HTML and attachments. `waypost import mbox` takes them in:
read, parsed, cleaned, threaded, stored with search documents and events. Its memory is sampled meanwhile. Beside it
runs `bench.bare_mail`, which inserts the same rows as they stand. Needs a quiet machine, of which it takes some five
minutes; filled desks are kept in bench/results.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table

from bench import ground, mail_material
from bench.footprint import tree
from waypost.kit import migrations
from waypost.kit.private_postgres import PrivatePostgres

BAR, STRETCH = 150, 400
#: How much more memory the last part of a run may hold than the first.
MEMORY_GROWTH_BAR = 1.2
GROWTH_BAR = 1.3
SAMPLE_S = 0.25


class Desk(NamedTuple):
    """A database to import into."""

    dsn: str
    account_id: int
    mailbox_id: int


class Run(NamedTuple):
    """One import: its rate, and its memory in MiB as it went."""

    rate: float
    summary: dict[str, Any]
    memory: list[float]

    @property
    def growth(self) -> float:
        """The last fifth of the run beside the second one: the first is that of warming up."""
        part = max(1, len(self.memory) // 5)
        first, last = self.memory[part : 2 * part], self.memory[-part:]
        return (sum(last) / len(last)) / (sum(first) / len(first)) if first and last else 1.0


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--growth-messages", type=int, default=2_000, help="for the comparisons")
    parser.add_argument("--conversations", type=int, default=10_000, help="of the desk that growth is measured on")
    parser.add_argument("--folder", type=Path, help="real mail to make the messages of")
    parser.add_argument("--no-growth", action="store_true", help="leave out the filled desk")
    return parser.parse_args()


async def empty_desk(server: PrivatePostgres, name: str) -> Desk:
    """A fresh database with one mailbox."""
    admin = await asyncpg.connect(server.dsn("postgres", user="postgres"))
    await admin.execute(f'drop database if exists "{name}" (force)')
    await admin.execute(f'create database "{name}" owner waypost')
    await admin.close()
    dsn = server.dsn(name)
    await migrations.upgrade(dsn)
    connection = await asyncpg.connect(dsn)
    account_id = await connection.fetchval("insert into account (name) values ('Bench') returning id")
    await connection.execute("insert into account_counter values ($1, 0)", account_id)
    mailbox_id = await connection.fetchval(
        "insert into mailbox (account_id, name, slug, email) values ($1, 'Support', 'support', $2) returning id",
        account_id,
        mail_material.SUPPORT,
    )
    await connection.close()
    return Desk(dsn, account_id, mailbox_id)


async def full_desk(server: PrivatePostgres, name: str, size: int) -> Desk:
    """A copy of the measured database with so many conversations."""
    place = await ground.prepare(server, size)
    admin = await asyncpg.connect(server.dsn("postgres", user="postgres"))
    await admin.execute(f'drop database if exists "{name}" (force)')
    await admin.execute(f'create database "{name}" template "bench_{size}" owner waypost strategy file_copy')
    await admin.close()
    return Desk(server.dsn(name), place.account_id, place.mailbox_id)


async def imported(desk: Desk, mbox: Path, folder: Path) -> Run:
    """What `waypost import mbox` takes."""
    words = ["-m", "waypost.cli", "import", "mbox", str(mbox), "--mailbox", str(desk.mailbox_id), "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, "--data-dir", str(folder),
        env={**environment, "WAYPOST_DATABASE_URL": desk.dsn}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    sampling = asyncio.create_task(sampled(process))
    output, _ = await process.communicate()
    memory = await sampling
    summary = json.loads(output)
    if process.returncode or summary["failures"] or summary["duplicates"]:
        raise SystemExit(f"the import went wrong: {output[:2000]!r}")
    return Run(summary["read"] / summary["seconds"], summary, memory)


async def sampled(process: asyncio.subprocess.Process) -> list[float]:
    """The resident memory of the process and its children, in MiB, a few times a second."""
    memory = []
    while process.returncode is None:
        memory.append(sum(resident(pid) for pid in await asyncio.to_thread(tree, [process.pid])))
        await asyncio.sleep(SAMPLE_S)
    return memory[:-1] or memory


def resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


async def bare(desk: Desk, mbox: Path, folder: Path) -> float:
    """Messages a second of the baseline."""
    chosen = json.dumps({**desk._asdict(), "files": str(folder)})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bare_mail", str(mbox), chosen, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise SystemExit("the baseline failed")
    result = json.loads(output)
    return float(result["read"] / result["seconds"])


async def arrived(desk: Desk, mbox: Path, folder: Path) -> tuple[float, float]:
    """Messages a second stored durably, and messages a second read then, as those that arrive are."""
    chosen = json.dumps({**desk._asdict(), "files": str(folder)})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.intake_mail", str(mbox), chosen, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise SystemExit("the intake failed")
    result = json.loads(output.splitlines()[-1])
    if result["done"] != result["count"]:
        # A turn of the job is over: what is left waits for the next one.
        console = Console(stderr=True)
        console.print(f"only {result['done']:,} of {result['count']:,} messages were read in one turn")
    return result["count"] / result["taken_s"], result["done"] / result["read_s"]


def report(console: Console, run: Run, bare_rate: float, size: int) -> bool:
    """The rate and the memory of the main run."""
    summary, memory = run.summary, run.memory
    console.print(
        f"{summary['read']:,} messages of {size / summary['read'] / 1000:.1f} KB each: {summary['conversations']:,} "
        f"conversations, {summary['threads']:,} answers in them, in {summary['seconds']:.1f} s"
    )
    table = Table("what", "bare", "Waypost", "ratio", "bar", "stretch")
    verdict = "[green]met[/]" if run.rate >= BAR else "[red]missed[/]"
    further = "[green]met[/]" if run.rate >= STRETCH else "missed"
    table.add_row(
        "messages a second", f"{bare_rate:,.0f}", f"{run.rate:,.0f}", f"{run.rate / bare_rate:.0%}",
        f"{BAR}: {verdict}", f"{STRETCH}: {further}",
    )  # fmt: skip
    console.print(table)
    console.print(
        f"memory of the import, MiB: first {memory[0]:.0f}, last {memory[-1]:.0f}, peak {max(memory):.0f}; last fifth "
        f"beside the second {run.growth:.2f}x (bar {MEMORY_GROWTH_BAR}x)"
    )
    return run.rate >= BAR and run.growth <= MEMORY_GROWTH_BAR


async def measure(server: PrivatePostgres, chosen: argparse.Namespace, folder: Path, console: Console) -> bool:
    """Everything, printed."""
    raws = await asyncio.to_thread(mail_material.given, chosen.folder)
    mbox, short = folder / "bench.mbox", folder / "short.mbox"
    size = mail_material.write_mbox(mbox, mail_material.varied(raws, chosen.messages))
    mail_material.write_mbox(short, mail_material.varied(raws, chosen.growth_messages, seed=2))
    bare_rate = await bare(await empty_desk(server, "bench_mail_bare"), short, fresh(folder / "bare"))
    run = await imported(await empty_desk(server, "bench_mail"), mbox, fresh(folder / "desk"))
    is_met = report(console, run, bare_rate, size)
    taken, read = await arrived(await empty_desk(server, "bench_mail"), short, fresh(folder / "intake"))
    arrives = 1 / (1 / taken + 1 / read)
    console.print(
        f"{chosen.growth_messages:,} messages that arrive: {taken:,.0f}/s stored durably, {read:,.0f}/s read; one "
        f"after the other {arrives:,.0f}/s (bar {BAR})"
    )
    is_met = is_met and arrives >= BAR
    if not chosen.no_growth:
        few = await imported(await empty_desk(server, "bench_mail"), short, fresh(folder / "few"))
        many_desk = await full_desk(server, "bench_mail_full", chosen.conversations)
        many = await imported(many_desk, short, fresh(folder / "many"))
        growth = few.rate / many.rate
        console.print(
            f"{chosen.growth_messages:,} messages into an empty desk: {few.rate:,.0f}/s; into one of "
            f"{chosen.conversations:,} conversations: {many.rate:,.0f}/s; {growth:.2f} times as long "
            f"(bar {GROWTH_BAR}x)"
        )
        is_met = is_met and growth <= GROWTH_BAR
    admin = await asyncpg.connect(server.dsn("postgres", user="postgres"))
    for name in ("bench_mail", "bench_mail_bare", "bench_mail_full"):
        await admin.execute(f'drop database if exists "{name}" (force)')
    await admin.close()
    return is_met


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def main() -> int:
    """Run and tell whether the bars are met."""
    chosen = options()
    ground.FOLDER.mkdir(exist_ok=True)
    began = time.monotonic()
    console = Console(width=140, highlight=False)
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-mail-") as name,
        PrivatePostgres.start(ground.FOLDER / "postgres") as server,
    ):
        is_met = uvloop.run(measure(server, chosen, Path(name), console))
    console.print(f"all of it took {time.monotonic() - began:.0f} s")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
