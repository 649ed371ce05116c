"""`waypost import …`: mail kept in files becomes conversations."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from waypost.commands.articles import import_articles
from waypost.commands.base import AsJson, DataDir, explained, fail, open_desk
from waypost.commands.import_docs import import_docs
from waypost.commands.import_summary import show
from waypost.domains import accounts, mailboxes
from waypost.domains.conversations import Status, clean_tags
from waypost.edges.mail_io import mailbox_file
from waypost.edges.mail_io.forecast import Forecast
from waypost.edges.mail_io.importing import MailImport, Options, Summary
from waypost.edges.mail_io.mailbox_file import Kind
from waypost.kit.errors import NotFound

if TYPE_CHECKING:
    from waypost.runtime import Desk

import_ = typer.Typer(
    name="import", help="Take in mail that is kept in files.", no_args_is_help=True, add_completion=False
)

INTERRUPTED = 130
_DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

Mailbox = Annotated[int, typer.Option("--mailbox", help="Id of the mailbox that the mail was sent to.")]
StatusOfNew = Annotated[Status, typer.Option("--status", help="Status of the conversations that are made.")]
ClosedBefore = Annotated[
    datetime | None,
    typer.Option(formats=_DATES, help="Close conversations whose last message is older (UTC).", metavar="DATE"),
]
Since = Annotated[
    datetime | None, typer.Option(formats=_DATES, help="Only messages of this day or later (UTC).", metavar="DATE")
]
Until = Annotated[
    datetime | None, typer.Option(formats=_DATES, help="Only messages before this day (UTC).", metavar="DATE")
]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="Put this tag on new conversations; may be repeated.")]
Keywords = Annotated[bool, typer.Option("--keywords", help="Make tags of the keywords that mail programs have put on.")]
Dropped = Annotated[bool, typer.Option("--with-deleted", help="Take in what was thrown away or never sent, too.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")]


@import_.callback()
def subject() -> None:
    """Take in mail that is kept in files.

    Messages are threaded by their references and subjects, and come with attachments and customers. Nobody is notified,
    and every message keeps its own time. What was taken in before is skipped, so an import that was stopped is simply
    run again. Exits with 1 if a message could not be stored.
    """


import_.command("articles")(import_articles)
import_.command("docs")(import_docs)


def _command(kind: Kind, reads: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a command of a function that says in its name and docstring what is taken in; all have the same options."""

    def taking(  # noqa: PLR0913 - the options of a command
        path: Annotated[Path, typer.Argument(help=reads)],
        *,
        mailbox: Mailbox,
        status: StatusOfNew = Status.ACTIVE,
        closed_before: ClosedBefore = None,
        since: Since = None,
        until: Until = None,
        tag: Tags = None,
        keywords: Keywords = False,
        with_deleted: Dropped = False,
        dry_run: DryRun = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        options = _options(status, closed_before, since, until, tag, keywords, with_deleted)
        _run(_Plan(path, kind, mailbox, options, dry_run, data_dir, as_json))

    # Postponed annotations are looked up in the module, which knows nothing of `reads`.
    taking.__annotations__["path"] = Annotated[Path, typer.Argument(help=reads)]

    def register(named: Callable[[], None]) -> Callable[[], None]:
        import_.command(named.__name__, help=inspect.getdoc(named))(taking)
        return named

    return register


@_command(Kind.ANY, "An mbox, or anything else that holds mail.")
def mbox() -> None:
    """Take in an mbox, or a folder of mboxes, maildirs and .eml files: what it is, is found out."""


@_command(Kind.EML, "An .eml, a folder of them, or a .zip or .tar of them.")
def eml() -> None:
    """Take in messages that are files of their own."""


@_command(Kind.MAILDIR, "A maildir, with its subfolders, or a folder of maildirs.")
def maildir() -> None:
    """Take in a maildir. What is trashed, a draft or junk is left out, unless `--with-deleted` is given."""


class _Plan(NamedTuple):
    path: Path
    kind: Kind
    mailbox_id: int
    options: Options
    is_dry: bool
    data_dir: Path | None
    as_json: bool


def _options(
    status: Status,
    closed_before: datetime | None,
    since: datetime | None,
    until: datetime | None,
    tags: list[str] | None,
    keywords: bool,
    with_deleted: bool,
) -> Options:
    wanted, errors = clean_tags(tags or [], "--tag")
    if errors:
        fail("; ".join(f"{error.path} {error.message}" for error in errors))
    return Options(
        status=status,
        tags=tuple(wanted),
        has_keywords=keywords,
        has_dropped=with_deleted,
        since=_utc(since),
        until=_utc(until),
        closed_before=_utc(closed_before),
    )


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.replace(tzinfo=UTC)


def _run(plan: _Plan) -> None:
    summary, began = Summary(), time.monotonic()

    def told() -> None:
        show(summary, time.monotonic() - began, is_dry=plan.is_dry, as_json=plan.as_json)

    async def work() -> None:
        async with open_desk(plan.data_dir) as desk:
            total = await asyncio.to_thread(mailbox_file.count, plan.path, plan.kind)
            with _bar(total, is_shown=not plan.as_json) as step:
                await _import(desk, plan, summary, step)

    again = "Run the same command again for the rest."
    try:
        with explained():
            uvloop.run(work())
    except KeyboardInterrupt:
        told()
        typer.echo(f"Stopped. What was taken in is stored. {again}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except typer.Exit:
        if summary.read:
            told()
        raise
    except OSError as error:
        told()
        fail(f"Stopped: {error}. {again}", error)
    told()
    if summary.failures:
        raise typer.Exit(1)


async def _import(desk: Desk, plan: _Plan, summary: Summary, step: Callable[[Summary], None]) -> None:
    account_id = await _account_of(desk, plan.mailbox_id)
    messages = mailbox_file.read(plan.path, plan.kind)
    if plan.is_dry:
        forecast = Forecast(
            desk.transactions, account_id, plan.mailbox_id, options=plan.options, summary=summary, told=step
        )
        await forecast.run(messages)
        return
    taking = MailImport(
        desk.transactions, desk.files, account_id, plan.mailbox_id, options=plan.options, summary=summary, told=step
    )
    await taking.run(messages)


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
