"""`waypost docs …`: who may change the knowledge base, and its sites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from waypost.commands.base import DataDir, open_desk, run
from waypost.domains import accounts, conversations
from waypost.domains import docs as knowledge
from waypost.domains.accounts import Actor, scope_of
from waypost.domains.docs import Level, SiteFields, SiteLook
from waypost.kit.errors import NotFound
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx

group = typer.Typer(name="docs", help="Set up the knowledge base.", no_args_is_help=True, add_completion=False)


@group.callback()
def subject() -> None:
    """Set up the knowledge base."""


@group.command()
def rights(
    email: Annotated[str, typer.Argument(help="The user's address.")],
    level: Annotated[Level, typer.Argument(help="read, edit (also articles) or manage (everything).")],
    data_dir: DataDir = None,
) -> None:
    """Let a user do this much in the knowledge base. Owners and administrators may do everything anyway."""
    run(_give(email, level, data_dir))
    typer.echo(f"{email} may {level.value}.")


@group.command()
def site(
    sub_domain: Annotated[str, typer.Argument(help="Its name below the help centers' domain.")],
    title: Annotated[str, typer.Argument(help="What its pages are headed by.")],
    owner: Annotated[str, typer.Option("--as", help="Address of the user who makes it.")],
    data_dir: DataDir = None,
) -> None:
    """Make a site, print its id, and say where its pages are."""
    site_id, address = run(_make(sub_domain, title, owner, data_dir))
    typer.echo(site_id)
    typer.echo(f"Its pages are at {address}", err=True)


async def _give(email: str, level: Level, data_dir: Path | None) -> None:
    async with open_desk(data_dir) as desk, desk.transactions.open() as tx:
        account_id, user_id = await _user(tx, email)
        await knowledge.give(tx, Actor.system(account_id), user_id, level)


async def _make(sub_domain: str, title: str, owner: str, data_dir: Path | None) -> tuple[str, str]:
    async with open_desk(data_dir) as desk, desk.transactions.open() as tx:
        account_id, user_id = await _user(tx, owner)
        actor = await accounts.actor_for_user(tx.connection, account_id, user_id)
        if actor is None:
            raise NotFound(f"{owner} is no active user.")
        language = await conversations.search_language(tx, account_id)
        fields = SiteFields(sub_domain=sub_domain, language=language, look=SiteLook(title=title))
        addresses = desk.context.docs_addresses
        made = await knowledge.create_site(tx, actor, addresses, fields)
        return made.id, addresses.base_of(made.fields)


async def _user(tx: Tx, email: str) -> tuple[int, int]:
    for account_id, _ in await accounts.list_accounts(tx):
        page = await accounts.list_users(tx, scope_of(Actor.system(account_id)), PageRequest(1, 1), email=email)
        if page.items:
            return account_id, page.items[0].id
    raise NotFound(f"There is no user {email}.")
