"""`waypost mailboxes …`: how a mailbox's mail is set up, beside its servers (`mail_connect`)."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from waypost.commands.accounts import AccountOption, account_of
from waypost.commands.base import AsJson, DataDir, fail, fields_of, open_desk, run
from waypost.domains import mailboxes
from waypost.domains.accounts import Actor
from waypost.domains.mailboxes import Channel, ChannelChange, ChannelMeans, DkimChange, FromKind, dkim_keys
from waypost.edges.inbox_v2.wire.channels import ChannelOut, DkimOut
from waypost.kit.errors import NotFound, WaypostError
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx
from waypost.runtime import Desk

group = typer.Typer(no_args_is_help=True, add_completion=False)
alias = typer.Typer(name="alias", help="Further addresses that reach a mailbox.", no_args_is_help=True)
group.add_typer(alias)

Result = TypeVar("Result")
Which = Annotated[str, typer.Argument(help="The mailbox: its id or its address, as `list` shows them.")]
Work = Callable[[Tx, Actor, ChannelMeans, int], Awaitable[Result]]
HtmlFile = Annotated[
    Path | None,
    typer.Argument(help="File with HTML or plain text; - reads standard input.", allow_dash=True),
]
_ALL = PageRequest(1, 10_000)
_NO_END = 10_000
_ON, _OFF = "on", "off"


@group.command("show")
def show(which: Which, account: AccountOption = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show how a mailbox is set up. Passwords and keys are not shown, only whether there are any."""
    found, base_url = _read(data_dir, account, which)
    if as_json:
        typer.echo(msgspec.json.encode(ChannelOut.of(found, base_url)).decode())
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _rows(found):
        table.add_row(name, Text(value))
    _console().print(table)


@group.command("rename")
def rename(
    which: Which,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    email: Annotated[str | None, typer.Option(help="The address that customers write to.")] = None,
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Give a mailbox another name, another address, or both."""

    async def do(tx: Tx, actor: Actor, _: ChannelMeans, mailbox_id: int) -> str:
        after = await mailboxes.channel.rename(tx, actor, mailbox_id, name=name, email=email)
        return f"{after.name} <{after.email}>"

    typer.echo(f"It is now {with_mailbox(data_dir, account, which, do)}")


@group.command("pause")
def pause(which: Which, account: AccountOption = None, data_dir: DataDir = None) -> None:
    """Neither fetch nor send a mailbox's mail until it is resumed. What is to be sent waits."""
    change(data_dir, account, which, ChannelChange(is_paused=True))
    typer.echo("Paused.")


@group.command("resume")
def resume(which: Which, account: AccountOption = None, data_dir: DataDir = None) -> None:
    """Fetch and send a mailbox's mail again."""
    change(data_dir, account, which, ChannelChange(is_paused=False))
    typer.echo("Resumed.")


@group.command("from")
def set_from(
    which: Which,
    kind: Annotated[FromKind, typer.Argument(help="Whose name customers see: the user's, the mailbox's or --name.")],
    name: Annotated[str, typer.Option(help="The name, for `custom`.")] = "",
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Say whose name stands in From. The address is the mailbox's."""
    change(data_dir, account, which, ChannelChange(from_kind=kind.value, from_name=name))
    typer.echo("Changed.")


@group.command("signature")
def signature(
    which: Which,
    file: HtmlFile = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the signature away.")] = False,
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Set what stands below every reply from a file, or show it."""
    if file is None and not clear:
        typer.echo(_read(data_dir, account, which)[0].signature)
        return
    change(data_dir, account, which, ChannelChange(signature="" if clear else _text_of(file)))
    typer.echo("Changed.")


@group.command("auto-reply")
def auto_reply(
    which: Which,
    file: HtmlFile = None,
    subject: Annotated[str | None, typer.Option(help="Its subject; empty for the conversation's own.")] = None,
    is_on: Annotated[bool | None, typer.Option("--on/--off", help="Whether it is sent.")] = None,
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Set what customers are told when they first write, switch it on or off, or show it."""
    if file is None and subject is None and is_on is None:
        found = _read(data_dir, account, which)[0]
        typer.echo(f"{_ON if found.is_auto_reply_on else _OFF}\n{found.auto_reply_subject}\n\n{found.auto_reply_body}")
        return
    said = ChannelChange(
        is_auto_reply_on=msgspec.UNSET if is_on is None else is_on,
        auto_reply_subject=msgspec.UNSET if subject is None else subject,
        auto_reply_body=msgspec.UNSET if file is None else _text_of(file),
    )
    change(data_dir, account, which, said)
    typer.echo("Changed.")


@group.command("set")
def set_rest(
    which: Which,
    undo_seconds: Annotated[int | None, typer.Option(help="How long a reply can be called back, 0 to 120.")] = None,
    ratings: Annotated[
        bool | None, typer.Option("--ratings/--no-ratings", help="Whether replies can be rated.")
    ] = None,
    reply_addresses: Annotated[
        bool | None,
        typer.Option("--reply-addresses/--no-reply-addresses", help="Whether replies go to name+token@host."),
    ] = None,
    trusted_authority: Annotated[
        str | None, typer.Option(help="The name by which your mail server signs Authentication-Results; '' for none.")
    ] = None,
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Set the time to undo, ratings, reply addresses and whose verdicts on mail count."""
    said = ChannelChange(
        undo_seconds=msgspec.UNSET if undo_seconds is None else undo_seconds,
        are_ratings_on=msgspec.UNSET if ratings is None else ratings,
        has_reply_addresses=msgspec.UNSET if reply_addresses is None else reply_addresses,
        trusted_authority=msgspec.UNSET if trusted_authority is None else trusted_authority,
    )
    change(data_dir, account, which, said)
    typer.echo("Changed.")


@group.command("dkim")
def dkim(  # noqa: PLR0913, PLR0917 - each is an option
    which: Which,
    make: Annotated[bool, typer.Option("--make", help="Make a new key, and sign with it from now on.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Sign no more.")] = False,
    key_file: Annotated[Path | None, typer.Option(help="Sign with the private key in this PEM file.")] = None,
    domain: Annotated[str | None, typer.Option(help="The domain to sign for; else the address's.")] = None,
    selector: Annotated[str | None, typer.Option(help="The key's name in the DNS; else a new one.")] = None,
    algorithm: Annotated[dkim_keys.Algorithm, typer.Option(help="What key to make.")] = dkim_keys.Algorithm.RSA,
    account: AccountOption = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show the DNS record of the key that mail is signed with; make, set or remove the key."""
    if remove:
        change(data_dir, account, which, ChannelChange(dkim=None))
        typer.echo("Mail is signed no more.")
        return
    if key_file is not None:
        said = DkimChange(
            private_key=_text_of(key_file),
            domain=msgspec.UNSET if domain is None else domain,
            selector=msgspec.UNSET if selector is None else selector,
        )
        change(data_dir, account, which, ChannelChange(dkim=said))
    elif make:

        async def do(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> None:
            await mailboxes.channel.make_dkim_key(
                tx, actor, means, mailbox_id, domain=domain, selector=selector, algorithm=algorithm
            )

        with_mailbox(data_dir, account, which, do)
    found = _read(data_dir, account, which)[0].dkim
    if found is None:
        fail("The mailbox's mail is not signed. Make a key with --make.")
        return
    shown = DkimOut.of(found)
    if as_json:
        typer.echo(msgspec.json.encode(shown).decode())
    else:
        typer.echo(f'{shown.record.name}. TXT "{shown.record.value}"')


@group.command("inbound-key")
def inbound_key(
    which: Which,
    make: Annotated[bool, typer.Option("--make", help="Make a new key; the one before ends at once.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take no more mail that is posted.")] = False,
    account: AccountOption = None,
    data_dir: DataDir = None,
) -> None:
    """Make the key for posting mail to a mailbox, which is shown this once, or remove it."""
    if remove:

        async def end(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> None:
            await mailboxes.channel.remove_inbound_key(tx, actor, means, mailbox_id)

        with_mailbox(data_dir, account, which, end)
        typer.echo("Removed.")
    elif make:
        typer.echo(with_mailbox(data_dir, account, which, mailboxes.channel.make_inbound_key))
        typer.echo("The key cannot be shown again.", err=True)
    else:
        has_key = _read(data_dir, account, which)[0].inbound_key is not None
        typer.echo("There is a key." if has_key else "There is no key. Make one with --make.")


@alias.command("list")
def list_aliases(which: Which, account: AccountOption = None, data_dir: DataDir = None) -> None:
    """The further addresses of a mailbox, one a line."""
    for one in _read(data_dir, account, which)[0].aliases:
        typer.echo(one)


@alias.command("add")
def add_alias(which: Which, email: str, account: AccountOption = None, data_dir: DataDir = None) -> None:
    """Have one more address reach a mailbox."""

    async def do(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> str:
        return await mailboxes.channel.add_alias(tx, actor, means, mailbox_id, email)

    typer.echo(f"Added {with_mailbox(data_dir, account, which, do)}.")


@alias.command("remove")
def remove_alias(which: Which, email: str, account: AccountOption = None, data_dir: DataDir = None) -> None:
    """Have an address reach a mailbox no more."""

    async def do(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> None:
        try:
            await mailboxes.channel.remove_alias(tx, actor, means, mailbox_id, email)
        except NotFound as error:
            raise NotFound("The mailbox has no such alias.") from error

    with_mailbox(data_dir, account, which, do)
    typer.echo("Removed.")


# ---------------------------------------------------------------- what they share


def change(data_dir: Path | None, account: int | None, which: str, said: ChannelChange) -> None:
    """Change the settings of a mailbox, or end the program with what is wrong."""

    async def do(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> None:
        await mailboxes.channel.change(tx, actor, means, mailbox_id, said)

    with_mailbox(data_dir, account, which, do)


def with_mailbox(data_dir: Path | None, account: int | None, which: str, work: Work[Result]) -> Result:
    """Do work on a mailbox in one transaction; what is wrong ends the program with one line."""

    async def in_desk() -> Result:
        async with open_desk(data_dir) as desk:
            try:
                async with desk.transactions.open() as tx:
                    actor, mailbox_id = await find(tx, account, which)
                    return await work(tx, actor, means_of(desk), mailbox_id)
            except WaypostError as error:
                raise WaypostError("; ".join(fields_of(error))) from error

    return run(in_desk())


def means_of(desk: Desk) -> ChannelMeans:
    """What the verbs need of the desk."""
    return ChannelMeans(desk.context.secret_key, desk.outgoing)


async def find(tx: Tx, account: int | None, which: str) -> tuple[Actor, int]:
    """Who acts, and the mailbox that is meant. Raises NotFound."""
    actor = Actor.system(await account_of(tx, account))
    known = (await mailboxes.list_mailboxes(tx, actor, _ALL)).items
    for mailbox in known:
        if which == str(mailbox.id) or which.lower() == mailbox.email.lower():
            return actor, mailbox.id
    raise NotFound("There is no such mailbox. `waypost mailboxes list` shows them.")


def _read(data_dir: Path | None, account: int | None, which: str) -> tuple[Channel, str]:
    async def in_desk() -> tuple[Channel, str]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            actor, mailbox_id = await find(tx, account, which)
            return await mailboxes.channel.get(tx, actor, means_of(desk), mailbox_id), desk.context.base_url

    return run(in_desk())


def _rows(found: Channel) -> list[tuple[str, str]]:
    shown = ChannelOut.of(found, "")
    rows = [("mailbox", f"{found.mailbox_id}: {found.name} <{found.email}>"), ("aliases", ", ".join(found.aliases))]
    rows.append(("state", "paused" if found.is_paused else "at work"))
    for name, server in (("incoming", shown.incoming), ("outgoing", shown.outgoing)):
        if server is None:
            rows.append((name, "-" if name == "incoming" else "the desk's own server"))
            continue
        way = "OAuth 2.0" if server.oauth2 is not None else "password" if server.has_password else "no sign-in"
        folders = f", folders {', '.join(server.folders)}" if isinstance(server.folders, list) else ""
        who = f", {server.username}" if server.username else ""
        rows.append((name, f"{server.host}:{server.port} ({server.security}){who}, {way}{folders}"))
    rows += [
        ("posted mail", "has a key" if found.inbound_key else "not taken"),
        ("from", found.from_name if found.from_kind is FromKind.CUSTOM else f"the {found.from_kind.value}'s name"),
        ("reply addresses", _ON if found.has_reply_addresses else _OFF),
        ("signature", f"{len(found.signature)} characters" if found.signature else "-"),
        ("auto-reply", _ON if found.is_auto_reply_on else _OFF),
        ("undo", f"{found.undo_seconds} s"),
        ("ratings", _ON if found.are_ratings_on else _OFF),
        ("dkim", shown.dkim.record.name if shown.dkim is not None else "-"),
        ("trusted authority", found.trusted_authority or "-"),
    ]
    return rows


def _text_of(file: Path | None) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else Path(str(file)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}", error)
        raise


def _console() -> Console:
    # Only a terminal has an end; what goes into a pipe must not be cut.
    return Console() if sys.stdout.isatty() else Console(width=_NO_END)
