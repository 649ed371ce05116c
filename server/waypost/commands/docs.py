"""`waypost docs …`: who may change the knowledge base, and its sites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from waypost.commands.accounts import read_password
from waypost.commands.articles import owner_of
from waypost.commands.base import DataDir, fail, fields_of, open_desk, run
from waypost.commands.links import links
from waypost.domains import accounts, conversations
from waypost.domains import docs as knowledge
from waypost.domains.accounts import Actor, scope_of
from waypost.domains.docs import Level, Restriction, SiteFields, SiteLook
from waypost.kit.errors import Invalid, NotFound
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


@group.command()
def restrict(
    site: Annotated[str, typer.Argument(help="Sub-domain or id of the site.")],
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Whether only visitors who sign in see the site.")
    ] = None,
    sign_in_url: Annotated[
        str | None, typer.Option(help="Where visitors sign in; empty to ask them for the password instead.")
    ] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Set the password: asked for, or read from standard input.")
    ] = False,
    no_password: Annotated[bool, typer.Option("--no-password", help="Take the password away.")] = False,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Make a new secret, and end the visits by tokens of the old one.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Say what a site asks of its visitors, and change it. A password opens private collections; on a site that is
    restricted and has no sign-in address it opens the site."""
    if password and no_password:
        fail("--password and --no-password exclude each other.")
    wanted = read_password() if password else None if no_password else msgspec.UNSET
    found, is_changed = run(_restrict(site, enabled, sign_in_url, wanted, data_dir, is_renewed=new_secret))
    typer.echo(f"restricted={'yes' if found.is_enabled else 'no'}")
    typer.echo(f"sign_in_url={found.sign_in_url}")
    typer.echo(f"password={'set' if found.has_password else 'none'}")
    if found.secret is not None and (is_changed or new_secret):
        typer.echo(f"shared_secret={found.secret}")


group.command()(links)


async def _restrict(
    site: str,
    enabled: bool | None,
    sign_in_url: str | None,
    password: str | msgspec.UnsetType | None,
    data_dir: Path | None,
    *,
    is_renewed: bool,
) -> tuple[Restriction, bool]:
    async with open_desk(data_dir) as desk, desk.transactions.open() as tx:
        actor, known = await owner_of(desk, site)
        key = desk.context.secret_key
        found = await knowledge.get_restriction(tx, actor, key, known.id)
        is_changed = enabled is not None or sign_in_url is not None or password is not msgspec.UNSET
        if is_changed:
            is_enabled = found.is_enabled if enabled is None else enabled
            try:
                found = await knowledge.set_restriction(
                    tx, actor, key, known.id, is_enabled=is_enabled, sign_in_url=sign_in_url, password=password
                )
            except Invalid as error:
                fail("; ".join(fields_of(error)), error)
        if is_renewed:
            found = await knowledge.renew_secret(tx, actor, key, known.id)
        return found, is_changed


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
