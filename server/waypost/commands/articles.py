"""`waypost import articles` and `waypost export articles`: a help center's articles as a folder of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from waypost import logs
from waypost.commands.base import AsJson, DataDir, fail, open_desk, run
from waypost.domains import accounts, docs
from waypost.domains.accounts import Actor, Role, scope_of
from waypost.edges.docs_files.exporting import ArticleExport
from waypost.edges.docs_files.folder import files_of
from waypost.edges.docs_files.importing import ArticleImport, Summary
from waypost.kit.errors import NotFound
from waypost.kit.paging import PageRequest

if TYPE_CHECKING:
    from waypost.runtime import Desk

Site = Annotated[str, typer.Option("--site", help="Sub-domain or id of the site.")]
_FAILURES_SHOWN = 20

export = typer.Typer(name="export", help="Write out what a desk holds.", no_args_is_help=True, add_completion=False)


@export.callback()
def subject() -> None:
    """Write out what a desk holds."""


def import_articles(
    folder: Annotated[Path, typer.Argument(help="A folder of Markdown, HTML and text files.", exists=True)],
    site: Site,
    collection: Annotated[str, typer.Option(help="For files that lie in no folder of their own.")] = "Articles",
    publish: Annotated[bool, typer.Option(help="Publish what does not say otherwise.")] = True,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make articles of files: the first folder is the collection, the second the category.

    Front matter (title, slug, category, keywords, status, …) is read, pictures beside the files are stored, and links
    between files become links between articles. Run again, it changes what has changed. Exits with 1 if a file could
    not be taken in.
    """
    summary = run(_import(folder, site, collection, publish, data_dir, is_quiet=as_json))
    if as_json:
        typer.echo(msgspec.json.encode(summary).decode())
    else:
        _print(summary)
    if summary.failures:
        raise typer.Exit(1)


@export.command("articles")
def export_articles(
    folder: Annotated[Path, typer.Argument(help="Where the files go; made if it is not there.")],
    site: Site,
    data_dir: DataDir = None,
) -> None:
    """Write a site's articles as HTML files with front matter and their pictures, as the import reads them."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        fail(f"{folder} is there already and not empty.")
    count = run(_export(folder, site, data_dir))
    typer.echo(f"{count} articles written to {folder}.")


async def _import(
    folder: Path, site: str, collection: str, publish: bool, data_dir: Path | None, *, is_quiet: bool
) -> Summary:
    async with open_desk(data_dir) as desk:
        actor, found = await owner_of(desk, site)
        with progress("Importing", len(files_of(folder)), is_shown=not is_quiet) as step:
            taking = ArticleImport(
                desk.transactions,
                desk.files,
                actor,
                found.id,
                folder,
                collection=collection,
                is_published=publish,
                told=lambda summary: step(summary.read),
            )
            return await taking.run()


async def _export(folder: Path, site: str, data_dir: Path | None) -> int:
    async with open_desk(data_dir) as desk:
        actor, found = await owner_of(desk, site)
        with progress("Exporting", None, is_shown=True) as step:
            return await ArticleExport(desk.transactions, desk.files, actor, found.id, folder, told=step).run()


async def owner_of(desk: Desk, site: str) -> tuple[Actor, docs.Site]:
    """The site of that sub-domain or id, and an owner of its account. Raises NotFound."""
    known = []
    async with desk.transactions.read() as tx:
        for account_id, _ in await accounts.list_accounts(tx):
            page = await docs.list_sites(tx, Actor.system(account_id), PageRequest(1, 1000))
            for one in page.items:
                if site in (one.id, one.fields.sub_domain):
                    users = await accounts.list_users(tx, scope_of(Actor.system(account_id)), PageRequest(1, 1000))
                    owner = next((user for user in users.items if user.role is Role.OWNER), None)
                    if owner is None:
                        return Actor.system(account_id), one
                    return Actor(account_id=account_id, kind="user", user_id=owner.id, role=Role.OWNER), one
                known.append(one.fields.sub_domain)
    listed = f"There are: {', '.join(sorted(known))}." if known else "There is none yet."
    raise NotFound(f"There is no site {site}. {listed}")


@contextmanager
def progress(what: str, total: int | None, *, is_shown: bool) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's error output, told how much is done."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not is_shown or not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def _print(summary: Summary) -> None:
    typer.echo(
        f"{summary.read} read: {summary.created} new, {summary.changed} changed, {summary.unchanged} as before; "
        f"{summary.pictures} pictures stored, {summary.links} links between articles, "
        f"{summary.missing} pictures not there, {len(summary.failures)} not taken in."
    )
    for failure in summary.failures[:_FAILURES_SHOWN]:
        typer.secho(logs.clean(f"{failure.source}: {failure.reason}"), err=True, fg="red")
    if len(summary.failures) > _FAILURES_SHOWN:
        typer.echo(f"… and {len(summary.failures) - _FAILURES_SHOWN} more; --json lists all.", err=True)
