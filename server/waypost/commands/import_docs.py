"""`waypost import docs`: a whole Docs account of another service, read through its own Docs API."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from waypost import logs
from waypost.commands.base import AsJson, DataDir, explained, fail, open_desk
from waypost.domains import accounts, conversations
from waypost.domains.accounts import Actor, Role, scope_of
from waypost.edges.docs_account import taking
from waypost.edges.docs_account.forecast import forecast
from waypost.edges.docs_account.importing import DocsImport
from waypost.edges.docs_account.source import DEFAULT, Source, checked_base
from waypost.edges.docs_account.summary import Remark, Summary
from waypost.edges.docs_account.survey import Survey
from waypost.edges.docs_account.taking import Choices
from waypost.kit.errors import NotFound
from waypost.kit.paging import PageRequest

if TYPE_CHECKING:
    from waypost.runtime import Desk

INTERRUPTED = 130
KEY_VARIABLE = "WAYPOST_IMPORT_KEY"
_REMARKS_SHOWN = 20
_KINDS = ("site", "collection", "category", "article", "redirect")


class _Plan(NamedTuple):
    base: str
    key: str
    user: str | None
    choices: Choices
    language: str | None
    is_dry: bool
    data_dir: Path | None
    as_json: bool


def import_docs(  # noqa: PLR0913 - the options of a command
    *,
    base: Annotated[str, typer.Option("--from", help="Address of the Docs API to read.", metavar="URL")] = DEFAULT,
    key_file: Annotated[
        Path | None, typer.Option(help=f"File with the API key; else {KEY_VARIABLE} holds it, or it is asked for.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--as", help="Address of the user in whose name; an owner if there is one account.")
    ] = None,
    site: Annotated[
        list[str] | None,
        typer.Option(
            metavar="THERE=HERE",
            help="Another sub-domain for a site, or the site here to put it into; may be repeated.",
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Language of sites of which the source tells none; the account's unless given.")
    ] = None,
    host_names: Annotated[bool, typer.Option("--host-names", help="Take over own host names of sites, too.")] = False,
    revisions: Annotated[bool, typer.Option(help="Take in what articles were before.")] = True,
    full: Annotated[
        bool, typer.Option("--full", help="Read articles again that have not changed by their time.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take in a whole Docs account: sites, collections, categories, articles, revisions, files and redirects.

    Numbers, slugs and ids stay where they are free, so that old addresses work. Run again, it changes what has changed
    at the source, and goes on where it was stopped. Exits with 1 if something could not be taken in.
    """
    with explained():
        where = checked_base(base)
    choices = Choices(sites=_pairs(site or []), has_host_names=host_names, has_revisions=revisions, is_full=full)
    _run(_Plan(where, _key(key_file), user, choices, language, dry_run, data_dir, as_json))


def _key(file: Path | None) -> str:
    """The key, from where others do not see it."""
    if file is not None:
        try:
            key = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{file} cannot be read: {error}", error)
    else:
        key = os.environ.get(KEY_VARIABLE, "")
        if not key.strip() and sys.stdin.isatty():
            key = typer.prompt("API key of the Docs account", hide_input=True, err=True)
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or ":" in key or len(key) > 1000:
        fail(f"There is no API key: put it into a file for --key-file, or into {KEY_VARIABLE}.")
    return key


def _pairs(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        there, equals, here = text.partition("=")
        if not equals or not there.strip() or not here.strip():
            fail(f"--site {text}: write the sub-domain there, =, and the one here")
        found[there.strip()] = here.strip().lower()
    return found


def _run(plan: _Plan) -> None:
    summary, began = Summary(), time.monotonic()

    def told() -> None:
        show(summary, time.monotonic() - began, is_dry=plan.is_dry, as_json=plan.as_json)

    again = "Run the same command again for the rest."
    try:
        with explained():
            uvloop.run(_work(plan, summary))
    except KeyboardInterrupt:
        told()
        typer.echo(f"Stopped. What was taken in is stored. {again}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except typer.Exit:
        if summary.done:
            told()
            typer.echo(again, err=True)
        raise
    told()
    if summary.failures:
        raise typer.Exit(1)


async def _work(plan: _Plan, summary: Summary) -> None:
    async with open_desk(plan.data_dir) as desk:
        actor = await _actor(desk, plan.user)
        with _bar(is_shown=not plan.as_json) as (told, waits):

            def waiting(seconds: float, why: str) -> None:
                summary.waited_s += seconds
                waits(seconds, why)

            source = Source(plan.base, plan.key, desk.outgoing.rules, told=waiting)
            try:
                await _import(desk, actor, source, plan, summary, told)
            finally:
                await source.close()


async def _import(
    desk: Desk,
    actor: Actor,
    source: Source,
    plan: _Plan,
    summary: Summary,
    told: Callable[[Summary, Survey | None], None],
) -> None:
    async with desk.transactions.read() as tx:
        language = plan.language or await conversations.search_language(tx, actor.account_id)
    choices = msgspec.structs.replace(plan.choices, language=language)
    here = taking.Desk(
        transactions=desk.transactions,
        actor=actor,
        addresses=desk.context.docs_addresses,
        file_base=desk.context.content_address,
        secret_key=desk.context.secret_key,
    )
    if plan.is_dry:
        await forecast(here, source, choices, summary)
    else:
        await DocsImport(here, desk.files, source, choices, summary=summary, told=told).run()


async def _actor(desk: Desk, email: str | None) -> Actor:
    """The user of that address, or an owner of the only account. Raises NotFound."""
    async with desk.transactions.read() as tx:
        known = await accounts.list_accounts(tx)
        if email is None and len(known) != 1:
            raise NotFound(f"There are {len(known)} accounts here: say with --as whose this is to be.")
        for account_id, _ in known:
            scope = scope_of(Actor.system(account_id))
            page = await accounts.list_users(tx, scope, PageRequest(1, 1000), email=email)
            user = next((one for one in page.items if email is not None or one.role is Role.OWNER), None)
            found = await accounts.actor_for_user(tx.connection, account_id, user.id) if user else None
            if found is not None:
                return found
    raise NotFound(f"{email} is no active user." if email else "The account has no active owner.")


@contextmanager
def _bar(*, is_shown: bool) -> Iterator[tuple[Callable[[Summary, Survey | None], None], Callable[[float, str], None]]]:
    """A bar for what is done, and a line while the source asks to wait."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not is_shown or not console.is_terminal) as bar:
        task = bar.add_task("Reading lists", total=None)

        def told(summary: Summary, found: Survey | None) -> None:
            if found is not None:
                bar.update(task, description="Importing", total=found.total, completed=summary.done)

        def waits(seconds: float, why: str) -> None:
            if is_shown:
                bar.console.print(Text(f"Waiting {seconds:.0f} s: {logs.clean(why)}", style="dim"))

        yield told, waits


def show(summary: Summary, seconds: float, *, is_dry: bool, as_json: bool) -> None:
    """Print it: JSON with every remark, a table on a terminal, else a sentence."""
    if as_json:
        shown = {**msgspec.to_builtins(summary), "seconds": round(seconds, 3), "is_dry": is_dry}
        typer.echo(msgspec.json.encode(shown).decode())
        return
    console = Console(highlight=False, soft_wrap=True)
    if console.is_terminal:
        console.print(_table(summary, is_dry=is_dry))
    else:
        console.print(_sentence(summary, is_dry=is_dry))
    _print_remarks(console, summary.notes, "yellow")
    _print_remarks(console, summary.failures, "red")


def _sentence(summary: Summary, *, is_dry: bool) -> str:
    counts = [summary.of(kind) for kind in _KINDS]
    new, changed, same = (sum(getattr(one, name) for one in counts) for name in ("created", "changed", "unchanged"))
    return (
        f"{summary.sites.read} sites, {summary.collections.read} collections, {summary.categories.read} categories, "
        f"{summary.articles.read} articles, {summary.redirects.read} redirects read: {new} new, {changed} changed, "
        f"{same} as before; {summary.revisions} revisions and {summary.files} files stored, {summary.links} links led "
        f"here, {summary.missing} files not fetched, {len(summary.failures)} failures."
        f"{' Nothing was changed.' if is_dry else ''}"
    )


def _table(summary: Summary, *, is_dry: bool) -> Table:
    table = Table(title="What would happen" if is_dry else "Taken in", show_edge=False)
    table.add_column("")
    for name in ("read", "new", "changed", "as before"):
        table.add_column(name, justify="right")
    for kind in _KINDS:
        count = summary.of(kind)
        row = (count.read, count.created, count.changed, count.unchanged)
        table.add_row("categories" if kind == "category" else f"{kind}s", *map(str, row))
    for name, number in (
        ("revisions", summary.revisions),
        ("files", summary.files),
        ("files not fetched", summary.missing),
        ("links led here", summary.links),
        ("links to nowhere", summary.dead_links),
        ("requests", summary.requests),
    ):
        table.add_row(name, str(number), "", "", "")
    return table


def _print_remarks(console: Console, remarks: list[Remark], style: str) -> None:
    for remark in remarks[:_REMARKS_SHOWN]:
        # What the source calls its things is anybody's text.
        console.print(Text(logs.clean(f"{remark.source}: {remark.reason}"), style=style))
    if len(remarks) > _REMARKS_SHOWN:
        console.print(f"… and {len(remarks) - _REMARKS_SHOWN} more; --json lists all.")
