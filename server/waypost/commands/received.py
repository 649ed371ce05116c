"""`waypost mail find|waiting|retry|status`: where a mail is, what could not be read, and how mail comes in."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from waypost.commands.accounts import AccountOption, account_of
from waypost.commands.base import DataDir, fail, open_desk, run
from waypost.domains import mail, mailboxes
from waypost.domains.accounts import Actor
from waypost.domains.mail import FolderState, Intake, IntakeFilter
from waypost.domains.mailboxes import Mailbox
from waypost.kit.paging import Page, PageRequest

SHOWN = 100
_ALL = PageRequest(1, 1000)


def find(
    message_id: Annotated[str, typer.Argument(help="As it stands in the mail, with angle brackets or without.")],
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Say where a mail is: what came in under its Message-ID, and what became of it. Exits with 1 if nothing came."""
    found = run(_received(account, data_dir, message_id=message_id))
    if not found.items:
        fail("No mail with this Message-ID has come in.")
    _print(found)


def waiting(account: AccountOption = None, data_dir: DataDir = None) -> None:
    """List the mail that could not be read, and what waits to be read."""
    for state in ("failed", "waiting"):
        found = run(_received(account, data_dir, state=state))
        if found.items:
            _print(found)
        else:
            typer.echo("Nothing waits." if state == "waiting" else "Nothing has failed.")


def retry(
    mailbox: Annotated[int | None, typer.Option("--mailbox", help="Id of one mailbox; all otherwise.")] = None,
    received: Annotated[int | None, typer.Option("--id", help="Id of one mail, as `find` shows it.")] = None,
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Have mail read again that could not be read, or that waits."""

    async def again() -> int:
        async with open_desk(data_dir) as desk, desk.transactions.open() as tx:
            return await mail.intake.retry(tx, Actor.system(await account_of(tx, account)), mailbox, received)

    typer.echo(f"{run(again())} mails are read again.")


def status(account: AccountOption = None, data_dir: DataDir = None) -> None:
    """Show how mail comes into each mailbox. Exits with 1 when a folder cannot be read."""

    async def read() -> list[tuple[Mailbox, tuple[int, int], list[FolderState]]]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            actor = Actor.system(await account_of(tx, account))
            boxes = (await mailboxes.list_mailboxes(tx, actor, _ALL)).items
            counts = await mail.folders.counts(tx, actor, [box.id for box in boxes])
            return [
                (box, counts.get(box.id, (0, 0)), await mail.folders.list_states(tx, actor, box.id)) for box in boxes
            ]

    table = Table("mailbox", "waiting", "failed", "folder", "last success", "behind", "error", box=None)
    is_failing = False
    for box, (waits, failed), states in run(read()):
        is_failing |= any(state.is_failing for state in states)
        for folder in [_folder(state) for state in states] or [("", "", "", "")]:
            table.add_row(f"{box.id} {box.email}", str(waits), str(failed), *folder)
    Console(highlight=False, soft_wrap=True).print(table)
    if is_failing:
        raise typer.Exit(1)


def _folder(state: FolderState) -> tuple[str, str, str, str]:
    succeeded = state.succeeded_at.strftime("%Y-%m-%d %H:%M:%S") if state.succeeded_at else "never"
    return escape(state.folder), succeeded, str(state.behind), escape(state.last_error or "")


async def _received(
    account: int | None,
    data_dir: DataDir,
    *,
    message_id: str = "",
    state: Literal["waiting", "failed"] | None = None,
) -> Page[Intake]:
    async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
        actor = Actor.system(await account_of(tx, account))
        wanted = IntakeFilter(message_id=mail.intake.message_id_of(message_id), state=state)
        return await mail.intake.list_received(tx, actor, wanted, PageRequest(1, SHOWN))


def _print(found: Page[Intake]) -> None:
    table = Table("id", "mailbox", "came", "by", "state", "conversation", "subject", "error", box=None)
    for item in found.items:
        table.add_row(
            str(item.id),
            str(item.mailbox_id),
            item.received_at.strftime("%Y-%m-%d %H:%M:%S"),
            item.channel,
            item.outcome or item.state,
            str(item.conversation_id or ""),
            escape(item.subject),
            escape(item.last_error or ""),
        )
    Console(highlight=False, soft_wrap=True).print(table)
    if found.total > len(found.items):
        typer.echo(f"{found.total - len(found.items)} more.")
