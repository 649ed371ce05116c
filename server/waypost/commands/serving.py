"""`waypost serve` and `worker`: start, tell where the desk is, end with a clear word when it cannot start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvloop
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from waypost import __version__
from waypost.commands.base import explained, fail
from waypost.config import Settings
from waypost.serve import PartFailed, Running, serve

if TYPE_CHECKING:
    from waypost.demo.access import DemoAccess
    from waypost.demo_mode import Progress


def serve_until_stopped(settings: Settings, *, with_http: bool, with_worker: bool) -> None:
    """Run the process until it is told to stop."""
    console = Console(highlight=False, soft_wrap=True)

    def tell(running: Running) -> None:
        if with_http:
            console.print(_panel(running))

    async def main() -> None:
        with _progress(console) as progress:
            await serve(settings, with_http=with_http, with_worker=with_worker, on_ready=tell, progress=progress)

    with explained(), _startup_faults():
        uvloop.run(main())


async def seed_demo(settings: Settings) -> None:
    """Fill an empty database, and tell how to get in."""
    from waypost import runtime
    from waypost.demo import seed

    console = Console(highlight=False, soft_wrap=True)
    async with runtime.open_desk(settings) as desk:
        with _progress(console) as progress:
            found = await seed.fill(desk, progress)
    table = Table.grid(padding=(0, 2))
    _add_access(table, found)
    console.print(Panel(table, title="Demo account", expand=False))


@contextmanager
def _startup_faults() -> Iterator[None]:
    from waypost.server import PortInUse

    try:
        yield
    except (PortInUse, PartFailed) as error:
        fail(str(error), error)


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("Filling the demo account", total=None, visible=False)

    def tell(what: str, done: int, of: int) -> None:
        bar.update(task, completed=done, total=of, description=what, visible=True)
        if done >= of:
            bar.stop()
        elif not bar.live.is_started:
            bar.start()

    try:
        yield tell
    finally:
        bar.stop()


def _panel(running: Running) -> Panel:
    settings = running.desk.settings
    table = Table.grid(padding=(0, 2))
    table.add_row("Desk", Text(settings.address, style="bold"))
    table.add_row("API explorer", f"{settings.address}/developers")
    table.add_row("Inbox API", f"{settings.address}/v2")
    if running.demo is not None:
        from waypost.demo.knowledge import addresses_of

        table.add_row("Caught mail", f"{settings.address}/outbox")
        for number, address in enumerate(addresses_of(running.desk.context.docs_addresses)):
            table.add_row("" if number else "Help centers", address)
        _add_access(table, running.demo)
    table.add_row("Data", str(settings.data_dir))
    return Panel(table, title=f"Waypost {__version__}", subtitle="Ctrl-C stops it", expand=False)


def _add_access(table: Table, access: DemoAccess) -> None:
    table.add_row("Sign in as", access.user_email)
    table.add_row("  password", access.user_password)
    table.add_row("OAuth application", access.client_id)
    table.add_row("  its secret", access.client_secret)
    table.add_row("Docs API key", access.docs_api_key)
