"""How fast the pages of a help center are, beside the barest handler that sends the same bytes.

    python -m bench.help_center                    some two minutes; needs a quiet machine
    python -m bench.help_center --seconds 10       longer for each row
    python -m bench.help_center --connections 1    one reader after another

A help center is filled with the articles of the demo. Waypost serves it as `waypost serve` does: routing by host, log,
metrics, views that are counted and written. Beside it the same HTTP server runs an ASGI handler that knows one page by
heart. Both take turns, in processes of their own. The bar is half of what the bare handler does, for an article that
everybody sees. As in `python -m bench`, the desk logs warnings only. Shown as well: the home page, and the time to the
first byte of one reader's request, for pages that are kept and for those that have to be made.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import uvloop
from rich.console import Console
from rich.table import Table

from bench import load
from waypost import logs, runtime
from waypost.app import build_app
from waypost.config import Settings
from waypost.demo.knowledge import SUB_DOMAIN, make_help_center
from waypost.domains import docs
from waypost.domains.accounts import Actor
from waypost.kit import migrations
from waypost.kit.paging import PageRequest
from waypost.kit.private_postgres import PrivatePostgres
from waypost.server import HttpServer

BAR = 0.5
HOST = f"{SUB_DOMAIN}.localhost"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
#: Rounds in which both take turns, and single requests for the first byte.
ROUNDS, SINGLES = 7, 200


class Bare:
    """ASGI: one page, whatever is asked for."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": self.headers})
            await send({"type": "http.response.body", "body": self.body, "more_body": False})


class Stage(NamedTuple):
    """Whose help center is filled: what the demo needs of a stage."""

    owner: Actor
    mailboxes: dict[str, Any]


class Mailbox(NamedTuple):
    """The one that its contact form would write to."""

    id: int


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each row and round")
    parser.add_argument("--connections", type=int, default=32)
    return parser.parse_args()


async def serve_desk(dsn: str) -> None:
    """The product, until killed; prints the port."""
    logs.set_up("json", "warning")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url=dsn, docs_domain="localhost", log_format="json")
        async with runtime.open_desk(settings) as desk:
            centers = asyncio.create_task(desk.help_centers.run(desk.dsn))
            await desk.help_centers.kept.listening.heard.wait()
            server = HttpServer("127.0.0.1", 0)
            await server.start(build_app(desk.context, desk.help_centers))
            print(server.port, flush=True)
            await centers


async def serve_bare(page: str) -> None:
    """The bare handler, until killed; prints the port."""
    server = HttpServer("127.0.0.1", 0)
    await server.start(Bare(await asyncio.to_thread(Path(page).read_bytes)))
    print(server.port, flush=True)
    await asyncio.Event().wait()


async def started(role: str, argument: str) -> tuple[asyncio.subprocess.Process, int]:
    """One of the two, in a process of its own, and its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.help_center", role, argument, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    return process, int(await process.stdout.readline())


async def filled(dsn: str) -> str:
    """Make the help center; the path of an article of middling length."""
    await migrations.upgrade(dsn)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url=dsn, docs_domain="localhost")
        async with runtime.open_desk(settings) as desk, desk.transactions.open() as tx:
            account_id = await tx.connection.fetchval("insert into account (name) values ('Bench') returning id")
            actor = Actor.system(account_id)
            stage: Any = Stage(actor, {"support": Mailbox(1)})
            await make_help_center(tx, stage, desk.context.docs_addresses)
            scope = docs.SearchScope(account_id=account_id, is_public=True)
            hits = await docs.search(tx, "*", scope, PageRequest(1, 100))
            texts = [await docs.get_article(tx, actor, hit.id) for hit in hits.items]
            texts.sort(key=lambda one: len(one.text))
            article = texts[len(texts) // 2].article
            return docs.path_of("article", article.number, article.slug)


async def fetched(port: int, path: str) -> bytes:
    """The body of a page, as a browser that takes nothing packed gets it."""
    head, _, body = (await asked(port, path))[0].partition(b"\r\n\r\n")
    assert b" 200 " in head.partition(b"\r\n")[0], head
    return body


async def asked(port: int, path: str) -> tuple[bytes, float]:
    """A whole answer over a fresh connection, and the milliseconds from the request to its first byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: {BROWSER}\r\nConnection: close\r\n\r\n"
    began = time.perf_counter()
    writer.write(request.encode())
    first = await reader.read(1)
    waited = (time.perf_counter() - began) * 1000
    rest = await reader.read()
    writer.close()
    return first + rest, waited


async def first_bytes(port: int, path: str, *, is_new: bool = False) -> tuple[float, float]:
    """The median and the 95th of 100 times to the first byte; `is_new` asks for a page that has to be made."""
    times = [(await asked(port, f"{path}?n={number}" if is_new else path))[1] for number in range(SINGLES)]
    return statistics.median(times), sorted(times)[int(len(times) * 0.95)]


async def compared(ports: tuple[int, int], path: str, chosen: argparse.Namespace) -> tuple[float, float]:
    """Requests a second of the bare handler and of Waypost in the round with the median ratio: both take turns, so that
    what else the machine does meets both."""
    rounds = []
    for _ in range(ROUNDS):
        rates = []
        for port in ports:
            plan = load.Plan(
                "127.0.0.1", port, "GET", path, "", "", chosen.connections, chosen.seconds, HOST, BROWSER
            )  # fmt: skip
            result = await load.measure(plan)
            assert set(result.statuses) == {"200"}, result.statuses
            rates.append(result.rate)
        rounds.append((rates[0], rates[1]))
    return sorted(rounds, key=lambda pair: pair[1] / pair[0])[ROUNDS // 2]


async def measure_rates(desk_port: int, article: str, folder: Path, chosen: argparse.Namespace) -> Table:
    """Requests a second, beside the bare handler."""
    shown = Table("page", "bytes", "bare /s", "Waypost /s", "ratio", "bar", "met", title="Requests a second")
    for name, path, bar in (("article", article, BAR), ("home", "/", None)):
        body = await fetched(desk_port, path)
        (folder / "page.html").write_bytes(body)
        bare, bare_port = await started("bare", str(folder / "page.html"))
        try:
            plain, ours = await compared((bare_port, desk_port), path, chosen)
        finally:
            bare.kill()
            await bare.wait()
        ratio = ours / plain
        told = (f"{bar:.2f}", "yes" if ratio >= bar else "NO") if bar is not None else ("", "")
        shown.add_row(name, f"{len(body):,}", f"{plain:,.0f}", f"{ours:,.0f}", f"{ratio:.2f}", *told)
    return shown


async def measure_waits(desk_port: int, article: str) -> Table:
    """Times to the first byte."""
    shown = Table("page", "median ms", "p95 ms", title="Time to the first byte, one reader")
    rows = (("article, kept", article, False), ("article, made", article, True), ("home, made", "/", True))
    for name, path, is_new in rows:
        median, high = await first_bytes(desk_port, path, is_new=is_new)
        shown.add_row(name, f"{median:.2f}", f"{high:.2f}")
    return shown


async def main() -> None:
    """Everything, as tables."""
    chosen = options()
    console = Console(width=120)
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-") as folder,
        await asyncio.to_thread(PrivatePostgres.start, Path(folder) / "postgres") as server,
    ):
        dsn = server.dsn()
        article = await filled(dsn)
        desk, desk_port = await started("desk", dsn)
        try:
            console.print(await measure_rates(desk_port, article, Path(folder), chosen))
            console.print(await measure_waits(desk_port, article))
        finally:
            desk.kill()
            await desk.wait()


if __name__ == "__main__":
    roles = {"desk": serve_desk, "bare": serve_bare}
    if len(sys.argv) == 3 and sys.argv[1] in roles:
        uvloop.run(roles[sys.argv[1]](sys.argv[2]))
    else:
        uvloop.run(main())
