"""Measure Waypost beside the barest handlers over the same rows, and print the ratios.

    make bench                                     1,000 to 1,000,000 conversations; some six minutes
    python -m bench --sizes 1000,200000            fewer
    python -m bench --seconds 8 --rounds 3         steadier
    python -m bench.search                         searches, on the same databases

Needs a quiet machine. Databases are made on the first run and kept in bench/results (some gigabytes for the largest).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

import asyncpg
import uvloop
from rich.console import Console
from rich.table import Table

from bench import ground, load
from waypost.kit.private_postgres import PrivatePostgres

BASE_URL = "http://desk.example"
LIST_BAR, GROWTH_BAR, WRITE_BAR = 0.75, 1.3, 0.40
#: Smaller ones only show growth.
SMALLEST_FOR_RATIO = 10_000
CREATE = {
    "subject": "Question {n}",
    "customer": {"email": "bench{n}@example.com", "firstName": "Jane", "lastName": "Smith"},
    "mailboxId": 0,
    "type": "email",
    "status": "active",
    "threads": [{"type": "customer", "text": "I have a question about my recent bill. Can you help? ({n})"}],
    "tags": ["billing", "priority"],
}


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000,200000,1000000")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2, help="baseline and Waypost take turns; the best round counts")
    return parser.parse_args()


@asynccontextmanager
async def serving(module: str, place: ground.Ground) -> AsyncIterator[int]:
    """One of our programs in a process of its own; its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, json.dumps({"ground": asdict(place), "base_url": BASE_URL}),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise SystemExit(f"{module} did not start")
    try:
        yield int(line)
    finally:
        process.terminate()
        await process.wait()


class Bench:
    """The measurements over one database."""

    def __init__(self, place: ground.Ground, chosen: argparse.Namespace) -> None:
        self.place = place
        self.chosen = chosen

    async def ask(self, port: int, method: str, path: str, body: str = "", connections: int = 0) -> load.Result:
        """One measurement, after a second of warming up."""
        width = connections or self.chosen.connections
        plan = load.Plan("127.0.0.1", port, method, path, ground.TOKEN, body, width, self.chosen.seconds)
        await load.measure(plan._replace(seconds=1.0))
        result = await load.measure(plan)
        if set(result.statuses) - {"200", "201"}:
            raise SystemExit(f"{method} {path} answered {result.statuses}")
        return result

    async def pair(
        self, bare: int, own: int, bare_call: tuple[str, str, str], own_call: tuple[str, str, str]
    ) -> tuple[load.Result, load.Result]:
        """Both in turns, so that what else the machine does hits both; the best of each."""
        rounds = [(await self.ask(bare, *bare_call), await self.ask(own, *own_call)) for _ in range(self.chosen.rounds)]
        return max((r[0] for r in rounds), key=lambda r: r.rate), max((r[1] for r in rounds), key=lambda r: r.rate)


def same_bytes(bare: int, own: int, bare_path: str, own_path: str) -> bool:
    """Whether both answer with the same document."""
    request = urllib.request.Request(f"http://127.0.0.1:{own}{own_path}")
    request.add_header("Authorization", f"Bearer {ground.TOKEN}")
    with urllib.request.urlopen(request) as answer:
        theirs = json.load(answer)
    with urllib.request.urlopen(f"http://127.0.0.1:{bare}{bare_path}") as answer:
        return bool(json.load(answer) == theirs)


async def measure_ratio(bench: Bench, table: Table) -> None:
    """A page, a conversation, a create and a reply, each against the bare handler."""
    place = bench.place
    create = json.dumps(CREATE | {"mailboxId": place.mailbox_id})
    connection = await asyncpg.connect(place.dsn)
    conversation_id = await connection.fetchval(
        # An old one: how long ago something was changes by the second where it is new.
        "select min(id) from conversation where account_id = $1 and state = 'published' and status = 'active'",
        place.account_id,
    )
    await connection.execute(
        "insert into tag (account_id, name, slug) select $1, n, n from unnest(array['billing', 'priority']) n"
        " on conflict do nothing",
        place.account_id,
    )
    await connection.close()
    async with serving("bench.baseline", place) as bare, serving("bench.desk", place) as own:
        one = f"/v2/conversations/{conversation_id}"
        for bare_path, own_path in (("/list", "/v2/conversations"), (f"/get/{conversation_id}", one)):
            if not same_bytes(bare, own, bare_path, own_path):
                raise SystemExit(f"{own_path}: the bare handler answers another document, the ratio would mean nothing")
        page = await bench.pair(bare, own, ("GET", "/list", ""), ("GET", "/v2/conversations", ""))
        table.add_section()
        table.add_row(f"[bold]{place.size:,} conversations")
        add(table, "page of 25", page, LIST_BAR)
        got = await bench.pair(bare, own, ("GET", f"/get/{conversation_id}", ""), ("GET", one, ""))
        add(table, "get a conversation", got, None)
        made = await bench.pair(bare, own, ("POST", "/create", create), ("POST", "/v2/conversations", create))
        add(table, "create a conversation", made, WRITE_BAR)
        bench.chosen.connections, width = 1, bench.chosen.connections
        # One at a time: a conversation takes 100 threads through the API at most, so the limit is lifted for the run.
        await lift_thread_limit(place, conversation_id)
        reply = json.dumps({"text": "<p>Thank you, it is on its way. ({n})</p>", "conversation": conversation_id})
        answered = await bench.pair(
            bare, own, ("POST", "/reply", reply), ("POST", f"/v2/conversations/{conversation_id}/reply", reply)
        )
        bench.chosen.connections = width
        add(table, "reply (one connection)", answered, WRITE_BAR)


async def lift_thread_limit(place: ground.Ground, conversation_id: int) -> None:
    """Let one conversation of the measured database take any number of threads."""
    connection = await asyncpg.connect(place.dsn)
    await connection.execute(
        "update conversation set api_thread_count = -1000000 where account_id = $1 and id = $2",
        place.account_id,
        conversation_id,
    )
    await connection.close()


def add(table: Table, name: str, pair: tuple[load.Result, load.Result], bar: float | None) -> None:
    """A row: bare rate, own rate, ratio, bar where there is one."""
    bare, own = pair
    ratio = own.rate / bare.rate
    verdict = "" if bar is None else "[green]yes[/]" if ratio >= bar else "[red]no[/]"
    table.add_row(
        name,
        f"{bare.rate:,.0f}/s",
        f"{own.rate:,.0f}/s",
        f"{own.p50_ms} / {own.p95_ms} ms",
        f"{ratio:.0%}",
        "" if bar is None else f"{bar:.0%}",
        verdict,
    )


async def measure_growth(benches: list[Bench], table: Table) -> None:
    """The second row of the design: the same page at every size, first and thousandth."""
    times: dict[str, list[tuple[int, float]]] = {}
    for bench in benches:
        async with serving("bench.desk", bench.place) as port:
            for name, path in {
                "first page": "/v2/conversations",
                "first page, all": "/v2/conversations?status=all",
                "page 1,000": "/v2/conversations?status=all&page=1000",
                "one mailbox, changed last": f"/v2/conversations?mailbox={bench.place.mailbox_id}&sortField=modifiedAt",
                "get one": f"/v2/conversations?status=all&number={bench.place.size // 2}",
            }.items():
                result = await bench.ask(port, "GET", path, connections=1)
                times.setdefault(name, []).append((bench.place.size, result.p50_ms))
    for name, measured in times.items():
        text = ", ".join(f"{size:,}: {p50_ms} ms" for size, p50_ms in measured)
        # A small account has no thousandth page: growth counts from the first size that has one.
        whole = [entry for entry in measured if name != "page 1,000" or entry[0] >= 25_000]
        growth = f"{whole[-1][1] / whole[0][1]:.2f}x" if len(whole) > 1 and whole[0][1] else "-"
        table.add_row(name, text, growth)


async def main() -> None:
    """Everything, as tables."""
    chosen = options()
    ground.FOLDER.mkdir(exist_ok=True)
    console = Console(width=140)
    with await asyncio.to_thread(PrivatePostgres.start, ground.FOLDER / "postgres") as server:
        places = [await ground.prepare(server, int(size)) for size in chosen.sizes.split(",")]
        benches = [Bench(place, chosen) for place in places]
        growth = Table("list", "median time of one request", "largest / smallest", title=f"Growth (bar: {GROWTH_BAR}x)")
        await measure_growth(benches, growth)
        console.print(growth)
        ratios = Table("what", "bare", "Waypost", "p50 / p95", "ratio", "bar", "met", title="Beside the bare handler")
        for bench in benches:
            if bench.place.size >= SMALLEST_FOR_RATIO:
                await measure_ratio(bench, ratios)
        console.print(ratios)


if __name__ == "__main__":
    uvloop.run(main())
