"""`waypost mailboxes …`: the addresses that customers write to."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from waypost.commands import mail_connect, mail_settings
from waypost.commands.accounts import AccountOption, account_of
from waypost.commands.base import AsJson, DataDir, open_desk, run
from waypost.domains import accounts, mailboxes
from waypost.domains.accounts import Actor, Scope
from waypost.domains.mailboxes import Mailbox
from waypost.kit.paging import PageRequest

group = typer.Typer(
    name="mailboxes", help="Make, list and set up mailboxes.", no_args_is_help=True, add_completion=False
)
_ALL = PageRequest(1, 1000)


@group.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the mailbox is called.")],
    email: Annotated[str, typer.Argument(help="The address that customers write to.")],
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Make a mailbox with the usual folders. Owner and administrators see it at once."""

    async def make() -> Mailbox:
        async with open_desk(data_dir) as desk, desk.transactions.open() as tx:
            account_id = await account_of(tx, account)
            made = await mailboxes.create(tx, Actor.system(account_id), name, email)
            users = await accounts.list_users(tx, Scope(account_id, 0, None), _ALL)
            for user in users.items:
                actor = await accounts.actor_for_user(tx.connection, account_id, user.id)
                if actor is not None and actor.sees_mailbox(made.id):
                    await mailboxes.ensure_personal_folders(tx, account_id, user.id, [made.id])
            return made

    made = run(make())
    typer.echo(f"Made mailbox {made.id}: {made.name} <{made.email}>")


@group.command("list")
def list_all(account: AccountOption = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the mailboxes of the account."""

    async def read() -> list[Mailbox]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            page = await mailboxes.list_mailboxes(tx, Actor.system(await account_of(tx, account)), _ALL)
            return page.items

    found = run(read())
    if as_json:
        typer.echo(_json(found))
        return
    table = Table("id", "name", "address")
    for mailbox in found:
        table.add_row(str(mailbox.id), mailbox.name, mailbox.email)
    Console().print(table)


group.add_typer(mail_connect.group)
group.add_typer(mail_settings.group)


def _json(found: list[Mailbox]) -> str:
    import msgspec

    return msgspec.json.encode(
        [{"id": mailbox.id, "name": mailbox.name, "email": mailbox.email} for mailbox in found]
    ).decode()
