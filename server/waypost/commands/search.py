"""`waypost search …`: in which language words are found, and making the index anew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from waypost.commands.accounts import AccountOption, account_of
from waypost.commands.base import DataDir, open_desk, run
from waypost.domains import conversations

if TYPE_CHECKING:
    from waypost.runtime import Desk

search = typer.Typer(
    name="search",
    help="Choose the language of searches, and make their index anew.",
    no_args_is_help=True,
    add_completion=False,
)
#: How long to wait for those that began before the language was chosen.
PAUSE_S = 0.5
Language = Annotated[
    str | None,
    typer.Option("--language", help="Find words in the forms of this language; `simple`: only as they were written."),
]


@search.command("show")
def show(account: AccountOption = None, data_dir: DataDir = None) -> None:
    """Tell the account's language, how much of the index is still to be made anew, and what can be chosen."""

    async def read() -> tuple[str, int, list[str]]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            account_id = await account_of(tx, account)
            return (
                await conversations.search_language(tx, account_id),
                await conversations.documents_left(tx, account_id),
                await conversations.search_languages(tx),
            )

    language, left, known = run(read())
    typer.echo(f"Words are found in the forms of: {language}")
    typer.echo(f"Conversations still to be indexed anew: {left}")
    typer.echo(f"Can be chosen: {', '.join(known)}")


@search.command("rebuild")
def rebuild(language: Language = None, account: AccountOption = None, data_dir: DataDir = None) -> None:
    """Make the search index anew while the desk runs, in another language if one is named.

    Searches go on meanwhile and find what they found before. When stopped, the worker goes on with the rest.
    """

    async def work() -> int:
        async with open_desk(data_dir) as desk:
            async with desk.transactions.open() as tx:
                account_id = await account_of(tx, account)
                if language is None:
                    await conversations.make_documents_anew(tx, account_id)
                else:
                    await conversations.choose_search_language(tx, account_id, language)
            return await _rebuilt(desk, account_id)

    typer.echo(f"Indexed {run(work())} conversations anew.")


async def _rebuilt(desk: Desk, account_id: int) -> int:
    async with desk.transactions.read() as tx:
        total = await conversations.documents_left(tx, account_id)
    columns = TextColumn("Indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task, done = bar.add_task("", total=total), 0
        while (some := await conversations.rebuild_some_documents(desk.transactions, account_id)) is not None:
            done += some
            bar.update(task, completed=done)
            if not some:
                await asyncio.sleep(PAUSE_S)
    return done
