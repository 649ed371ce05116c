"""`waypost queue …`: facts and jobs that the worker gave up, and giving them another try."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from waypost.commands.base import DataDir, open_desk, run
from waypost.kit import jobs, log_store
from waypost.kit.jobs import FailedJob
from waypost.kit.log_store import DeadLetter

queue = typer.Typer(
    name="queue",
    help="Look at what the worker could not do, and try it again.",
    no_args_is_help=True,
    add_completion=False,
)

SHOWN = 100


@queue.command("list")
def list_failures(data_dir: DataDir = None) -> None:
    """Show the newest failed jobs and dead letters."""

    async def read() -> tuple[list[FailedJob], list[DeadLetter]]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            return await jobs.failed(tx.connection, SHOWN), await log_store.dead_letters(tx.connection, SHOWN)

    failed, letters = run(read())
    table = Table("what", "id", "since", "error", box=None)
    for job in failed:
        table.add_row(f"job {job.name}", str(job.id), job.failed_at.strftime("%Y-%m-%d %H:%M:%S"), job.error)
    for letter in letters:
        since = letter.failed_at.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(f"{letter.type} for {letter.reader}", str(letter.event_id), since, letter.error)
    Console(highlight=False, soft_wrap=True).print(table if table.row_count else "Nothing has failed.")


@queue.command()
def retry(
    job: Annotated[int | None, typer.Option("--job", help="Id of one job; everything otherwise.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Queue failed jobs again, and hand dead letters to their readers once more."""

    async def again() -> tuple[int, int, int]:
        from waypost.kit.log_reader import retry_dead_letters
        from waypost.worker import subscribers

        async with open_desk(data_dir) as desk:
            async with desk.transactions.open() as tx:
                queued = await jobs.retry_failed(tx, job)
            if job is not None:
                return queued, 0, 0
            taken, refused = await retry_dead_letters(desk.transactions, subscribers(desk))
            return queued, taken, refused

    queued, taken, refused = run(again())
    typer.echo(f"{queued} jobs queued again, {taken} dead letters taken, {refused} refused again.")
    if refused:
        raise typer.Exit(1)
