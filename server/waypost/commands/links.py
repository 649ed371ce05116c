"""`waypost docs links`: links of a help center's articles that lead nowhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from waypost.commands.articles import owner_of, progress
from waypost.commands.base import AsJson, DataDir, open_desk, run
from waypost.domains import docs
from waypost.domains.docs import BrokenLink, Fault
from waypost.edges.base.article_pages import pages_of
from waypost.edges.docs_files.link_check import check_foreign

_WORDS = {
    Fault.NOT_FOUND: "there is no such page",
    Fault.NOT_PUBLISHED: "not published",
    Fault.PRIVATE: "private, and the article is not",
    Fault.UNKNOWN_ANCHOR: "no such place in the article",
    Fault.FILE_MISSING: "the file is missing",
    Fault.UNREADABLE: "no address",
    Fault.UNREACHABLE: "cannot be reached",
}
_NO_END = 100_000


class Found(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    articles: int
    links: int
    foreign: int
    broken: list[BrokenLink]


def links(
    site: Annotated[str, typer.Argument(help="Sub-domain or id of the site.")],
    external: Annotated[bool, typer.Option("--external", help="Also ask other sites whether links work.")] = False,
    unpublished: Annotated[bool, typer.Option("--all", help="Also look at articles that are not published.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List links and pictures of a site's articles that lead nowhere. Exits with 1 if there are any."""
    found = run(_check(site, data_dir, is_external=external, is_whole=unpublished, is_quiet=as_json))
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
    else:
        _print(found, is_external=external)
    if found.broken:
        raise typer.Exit(1)


async def _check(site: str, data_dir: Path | None, *, is_external: bool, is_whole: bool, is_quiet: bool) -> Found:
    async with open_desk(data_dir) as desk:
        actor, known = await owner_of(desk, site)
        context = desk.context
        async with desk.transactions.read() as tx:
            report = await docs.check_links(tx, actor, pages_of(context), known.id, is_whole=is_whole)
        broken = list(report.broken)
        if is_external:
            total = len({link.url for link in report.foreign})
            with progress("Asking other sites", total, is_shown=not is_quiet) as step:
                broken += await check_foreign(desk.outgoing, report.foreign, step)
    broken.sort(key=lambda one: one.article_number)
    return Found(report.articles, report.links, len(report.foreign), broken)


def _print(found: Found, *, is_external: bool) -> None:
    if found.broken:
        table = Table("Article", "Name", "Link", "Why", box=None, pad_edge=False)
        for one in found.broken:
            why = f"{_WORDS[one.fault]}: {one.detail}" if one.detail else _WORDS[one.fault]
            # Names and addresses are anybody's text: as Text they cannot be read as markup.
            table.add_row(*[Text(cell) for cell in (str(one.article_number), one.article_name, one.address, why)])
        # Only a terminal has an end; what goes into a pipe must not be cut.
        console = Console() if sys.stdout.isatty() else Console(width=_NO_END)
        console.print(table)
    typer.echo(f"{found.articles} articles, {found.links} links and pictures: {len(found.broken)} broken.", err=True)
    if found.foreign and not is_external:
        typer.echo(f"{found.foreign} links to other sites were not looked at; --external asks them.", err=True)
