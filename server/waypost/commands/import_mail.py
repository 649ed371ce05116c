"""`waypost import …`: mail kept in files becomes conversations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from waypost import logs
from waypost.commands.base import AsJson, DataDir, explained, fail, open_desk
from waypost.domains import accounts, mailboxes
from waypost.domains.conversations import Status
from waypost.edges.mail_io import mailbox_file
from waypost.edges.mail_io.importing import MailImport, Summary
from waypost.kit.errors import NotFound

if TYPE_CHECKING:
    from waypost.runtime import Desk

import_ = typer.Typer(
    name="import", help="Take in mail that is kept in files.", no_args_is_help=True, add_completion=False
)

INTERRUPTED = 130
_FAILURES_SHOWN = 20


@import_.callback()
def subject() -> None:
    """Take in mail that is kept in files."""


@import_.command()
def mbox(
    path: Annotated[Path, typer.Argument(help="An mbox, a maildir, an .eml, or a folder of them.")],
    mailbox: Annotated[int, typer.Option("--mailbox", help="Id of the mailbox that the mail was sent to.")],
    status: Annotated[Status, typer.Option(help="Status of the conversations that are made.")] = Status.ACTIVE,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make conversations of mail, threaded by its references and subjects, with attachments and customers.

    Nobody is notified, and every message keeps its own time. What was taken in before is skipped, so an import that
    was stopped is simply run again. Exits with 1 if a message could not be stored.
    """
    summary, began = Summary(), time.monotonic()

    async def work() -> None:
        async with open_desk(data_dir) as desk:
            with _bar(await asyncio.to_thread(mailbox_file.count, path), is_shown=not as_json) as told:
                await _import(desk, path, mailbox, status, summary, told)

    try:
        with explained():
            uvloop.run(work())
    except KeyboardInterrupt:
        _print(summary, time.monotonic() - began, as_json=as_json)
        typer.echo("Stopped. What was taken in is stored; run the same command again for the rest.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except typer.Exit:
        if summary.read:
            _print(summary, time.monotonic() - began, as_json=as_json)
        raise
    except OSError as error:
        _print(summary, time.monotonic() - began, as_json=as_json)
        fail(f"Stopped: {error}. Run the same command again for the rest.", error)
    _print(summary, time.monotonic() - began, as_json=as_json)
    if summary.failures:
        raise typer.Exit(1)


async def _import(
    desk: Desk, path: Path, mailbox_id: int, status: Status, summary: Summary, told: Callable[[Summary], None]
) -> None:
    account_id = await _account_of(desk, mailbox_id)
    taking = MailImport(
        desk.transactions, desk.files, account_id, mailbox_id, status=status, summary=summary, told=told
    )
    await taking.run(mailbox_file.iterate(path))


async def _account_of(desk: Desk, mailbox_id: int) -> int:
    known = []
    async with desk.transactions.read() as tx:
        for account_id, _ in await accounts.list_accounts(tx):
            ids = await mailboxes.ids_of(tx, account_id)
            if mailbox_id in ids:
                return account_id
            known += ids
    listed = f"There are: {', '.join(map(str, sorted(known)))}." if known else "There is none yet."
    raise NotFound(f"There is no mailbox {mailbox_id}. {listed}")


@contextmanager
def _bar(total: int, *, is_shown: bool) -> Iterator[Callable[[Summary], None]]:
    columns = (
        TextColumn("Importing"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}/s"),
        TimeRemainingColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not is_shown or not console.is_terminal) as bar:
        task, began = bar.add_task("", total=total, speed="…"), time.monotonic()

        def told(summary: Summary) -> None:
            speed = summary.read / max(time.monotonic() - began, 0.001)
            bar.update(task, completed=summary.read, speed=f"{speed:.0f}")

        yield told


def _print(summary: Summary, seconds: float, *, as_json: bool) -> None:
    if as_json:
        shown = {**msgspec.to_builtins(summary), "seconds": round(seconds, 3)}
        typer.echo(msgspec.json.encode(shown).decode())
        return
    console = Console(highlight=False, soft_wrap=True)
    if console.is_terminal:
        console.print(_table(summary, seconds))
    else:
        console.print(
            f"{summary.read} read: {summary.conversations} conversations, {summary.threads} replies in them, "
            f"{summary.duplicates} known already, {len(summary.failures)} not stored, "
            f"{summary.flawed} stored with flaws."
        )
    for failure in summary.failures[:_FAILURES_SHOWN]:
        # Names of files and reasons are anybody's text.
        console.print(Text(logs.clean(f"{failure.source}: {failure.reason}"), style="red"))
    if len(summary.failures) > _FAILURES_SHOWN:
        console.print(f"… and {len(summary.failures) - _FAILURES_SHOWN} more; --json lists all.")


def _table(summary: Summary, seconds: float) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for name, count in (
        ("messages read", summary.read),
        ("new conversations", summary.conversations),
        ("replies in conversations", summary.threads),
        ("known already", summary.duplicates),
        ("stored with flaws", summary.flawed),
        ("not stored", len(summary.failures)),
        ("messages a second", round(summary.read / max(seconds, 0.001))),
    ):
        table.add_row(name, str(count))
    return table
