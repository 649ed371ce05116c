"""`waypost users …` and `waypost applications …`: what an administrator of the machine does without signing in."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from waypost.commands.base import AsJson, DataDir, fields_of, open_desk, run
from waypost.domains import accounts
from waypost.domains.accounts import Actor, Dialect, NewUser, OAuthApplication, Role, Scope, User, passwords
from waypost.kit.errors import Conflict, NotFound, WaypostError
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Transactions, Tx

users = typer.Typer(name="users", help="Make, list and shut out users.", no_args_is_help=True, add_completion=False)
applications = typer.Typer(
    name="applications", help="Make, list and change OAuth applications.", no_args_is_help=True, add_completion=False
)

Result = TypeVar("Result")
AccountOption = Annotated[int | None, typer.Option("--account", help="Id of the account, if there are several.")]
Email = Annotated[str, typer.Argument(help="The address that the user signs in with.")]
ClientId = Annotated[str, typer.Argument(help="The application's id.")]
_PAGE = 500
_NO_END = 10_000


# ---------------------------------------------------------------- users


@users.command("create")
def create_user(
    email: Email,
    first_name: Annotated[str, typer.Option(help="Given name.", prompt=True)],
    last_name: Annotated[str, typer.Option(help="Family name.")] = "",
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.USER,
    timezone: Annotated[str, typer.Option(help="Such as Europe/Vienna.")] = "UTC",
    new_account: Annotated[str, typer.Option(help="Make an account of this name, with the user as its owner.")] = "",
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Make a user who can sign in. The password is asked for, or read from standard input; it is never an argument."""
    password = read_password()
    new = NewUser(email=email, first_name=first_name, last_name=last_name, timezone=timezone)

    async def make(transactions: Transactions) -> User:
        passwords.check_new(password, email)
        password_hash = await passwords.hashed(password)
        async with transactions.open() as tx:
            if new_account:
                return (await accounts.create_account(tx, new_account, new, password_hash=password_hash)).owner
            actor = Actor.system(await account_of(tx, account))
            return await accounts.create_user(tx, actor, new, role, password_hash=password_hash)

    made = _run(data_dir, make)
    typer.echo(f"Made user {made.id}: {made.email} ({made.role.value if made.role else ''}).")


@users.command("list")
def list_users(account: AccountOption = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the users, invited and deactivated ones too."""

    async def read(transactions: Transactions) -> list[User]:
        async with transactions.read() as tx:
            scope = _whole(await account_of(tx, account))
            found: list[User] = []
            while True:
                page = await accounts.list_users(
                    tx, scope, PageRequest(len(found) // _PAGE + 1, _PAGE), with_deactivated=True
                )
                found += page.items
                if len(page.items) < _PAGE:
                    return found

    rows = [
        (str(user.id), f"{user.first_name} {user.last_name}".strip(), user.email, _role(user), user.status.value)
        for user in _run(data_dir, read)
    ]
    _print_rows(("id", "name", "address", "role", "status"), rows, as_json)


@users.command("deactivate")
def deactivate_user(email: Email, data_dir: DataDir = None) -> None:
    """Shut a user out: sessions and tokens end at once, in every process."""

    async def end(transactions: Transactions) -> User:
        async with transactions.open() as tx:
            actor, user = await _find_user(tx, email)
            return await accounts.deactivate_user(tx, actor, user.id)

    typer.echo(f"Deactivated user {_run(data_dir, end).id}.")


@users.command("reactivate")
def reactivate_user(email: Email, data_dir: DataDir = None) -> None:
    """Let a deactivated user back in."""

    async def begin(transactions: Transactions) -> User:
        async with transactions.open() as tx:
            actor, user = await _find_user(tx, email)
            return await accounts.reactivate_user(tx, actor, user.id)

    typer.echo(f"Reactivated user {_run(data_dir, begin).id}.")


# ---------------------------------------------------------------- applications


@applications.command("create")
def create_application(
    name: Annotated[str, typer.Argument(help="What users are shown when it asks for consent.")],
    user: Annotated[str, typer.Option(help="Address of the user that the application acts as.")],
    redirect_url: Annotated[str, typer.Option(help="Where codes are sent; empty for client credentials only.")] = "",
    dialect: Annotated[Dialect, typer.Option(help="Whose contract it was written for.")] = Dialect.SEED,
    data_dir: DataDir = None,
) -> None:
    """Register an application, and print its id and secret. The secret is shown this once."""

    async def make(transactions: Transactions) -> tuple[OAuthApplication, str]:
        async with transactions.open() as tx:
            system, owner = await _find_user(tx, user)
            actor = await accounts.actor_for_user(tx.connection, system.account_id, owner.id)
            if actor is None:
                raise Conflict("The user is not active.")
            return await accounts.register_application(tx, actor, name, redirect_url, dialect)

    application, secret = _run(data_dir, make)
    _print_secret(application.client_id, secret)


@applications.command("list")
def list_applications(account: AccountOption = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the applications of all users."""

    async def read(transactions: Transactions) -> list[tuple[OAuthApplication, User]]:
        async with transactions.read() as tx:
            actor = Actor.system(await account_of(tx, account))
            found = await accounts.list_applications(tx, actor, of_everybody=True)
            return [(one, await accounts.get_user(tx, _whole(actor.account_id), one.user_id)) for one in found]

    rows = [(one.client_id, one.name, user.email, one.dialect.value) for one, user in _run(data_dir, read)]
    _print_rows(("id", "name", "user", "dialect"), rows, as_json)


@applications.command("set-dialect")
def set_dialect(client_id: ClientId, dialect: Dialect, data_dir: DataDir = None) -> None:
    """Say whose contract an application was written for: validation then fails with 422 (seed) or 400 (platform)."""

    async def change(tx: Tx, actor: Actor, application: OAuthApplication) -> None:
        await accounts.set_dialect(tx, actor, application.id, dialect)

    _run(data_dir, _with_application(client_id, change))
    typer.echo(f"The dialect is now {dialect.value}.")


@applications.command("reset-secret")
def reset_secret(client_id: ClientId, data_dir: DataDir = None) -> None:
    """Give an application a new secret. The old one and all its tokens end at once."""

    async def change(tx: Tx, actor: Actor, application: OAuthApplication) -> str:
        return await accounts.reset_secret(tx, actor, application.id)

    _print_secret(client_id, _run(data_dir, _with_application(client_id, change)))


@applications.command("delete")
def delete_application(
    client_id: ClientId,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Remove an application. All its tokens end at once."""
    if not yes:
        typer.confirm("Remove the application and end all its tokens?", abort=True)

    async def change(tx: Tx, actor: Actor, application: OAuthApplication) -> None:
        await accounts.delete_application(tx, actor, application.id)

    _run(data_dir, _with_application(client_id, change))
    typer.echo("Removed.")


# ---------------------------------------------------------------- what they share


def _run(data_dir: Path | None, work: Callable[[Transactions], Awaitable[Result]]) -> Result:
    async def in_desk() -> Result:
        async with open_desk(data_dir) as desk:
            try:
                return await work(desk.transactions)
            except WaypostError as error:
                # Which field is wrong, and not just that one is.
                raise WaypostError("; ".join(fields_of(error))) from error

    return run(in_desk())


def _with_application(
    client_id: str, change: Callable[[Tx, Actor, OAuthApplication], Awaitable[Result]]
) -> Callable[[Transactions], Awaitable[Result]]:
    async def work(transactions: Transactions) -> Result:
        async with transactions.open() as tx:
            application = await accounts.find_application(tx.connection, client_id)
            if application is None:
                raise NotFound("There is no application with this id.")
            return await change(tx, Actor.system(application.account_id), application)

    return work


async def account_of(tx: Tx, wanted: int | None) -> int:
    """The account that a command is about: the one named, or the only one. Raises NotFound, Conflict."""
    known = await accounts.list_accounts(tx)
    ids = [account_id for account_id, _ in known]
    if wanted is not None:
        if wanted not in ids:
            raise NotFound("There is no account with this id.")
        return wanted
    if not ids:
        raise NotFound("There is no account yet. Make one with: waypost users create --new-account NAME …")
    if len(ids) > 1:
        listed = ", ".join(f"{account_id} ({name})" for account_id, name in known)
        raise Conflict(f"There are several accounts; say --account with one of: {listed}")
    return ids[0]


async def _find_user(tx: Tx, email: str) -> tuple[Actor, User]:
    """The user, and the system acting in that account: an address belongs to one user of the installation."""
    for account_id, _ in await accounts.list_accounts(tx):
        page = await accounts.list_users(tx, _whole(account_id), PageRequest(1, 1), email=email, with_deactivated=True)
        if page.items:
            return Actor.system(account_id), page.items[0]
    raise NotFound("There is no user with this address.")


def _whole(account_id: int) -> Scope:
    return accounts.scope_of(Actor.system(account_id))


def _role(user: User) -> str:
    return user.role.value if user.role else ""


def read_password() -> str:
    """A password from the terminal, unseen and twice, or a line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer


def _print_secret(client_id: str, secret: str) -> None:
    typer.echo(f"client_id={client_id}\nclient_secret={secret}")
    typer.echo("The secret is not stored and cannot be shown again.", err=True)


def _print_rows(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]], as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode([dict(zip(headings, row, strict=True)) for row in rows]).decode())
        return
    table = Table(*headings, box=None, pad_edge=False)
    for row in rows:
        # Names are anybody's text: as Text they cannot be read as markup.
        table.add_row(*[Text(cell) for cell in row])
    # Only a terminal has an end; what goes into a pipe must not be cut.
    console = Console() if sys.stdout.isatty() else Console(width=_NO_END)
    console.print(table)
