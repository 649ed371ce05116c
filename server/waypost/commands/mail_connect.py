"""`waypost mailboxes connect` and `test`: the servers that a mailbox's mail comes from and leaves by.

Passwords and tokens come from the environment, from standard input or from a prompt, and never from an argument, which
others on the machine and the shell's history would see.
"""

from __future__ import annotations

import os
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, NamedTuple, Self

import msgspec
import typer
from msgspec import UNSET, UnsetType
from rich.console import Console
from rich.text import Text

from waypost.commands.accounts import AccountOption
from waypost.commands.base import AsJson, DataDir, fields_of, open_desk, run
from waypost.commands.mail_settings import Which, find, means_of
from waypost.domains import mailboxes
from waypost.domains.mailboxes import ChannelChange, CheckReport, OAuth2Change, ServerChange, Step, StepState
from waypost.edges.inbox_v2.wire.channels import CheckOut
from waypost.kit.errors import WaypostError

group = typer.Typer(no_args_is_help=True, add_completion=False)

IMAP_PASSWORD, SMTP_PASSWORD = "WAYPOST_IMAP_PASSWORD", "WAYPOST_SMTP_PASSWORD"
CLIENT_SECRET, REFRESH_TOKEN = "WAYPOST_OAUTH_CLIENT_SECRET", "WAYPOST_OAUTH_REFRESH_TOKEN"
_COLOURS = {StepState.OK: "green", StepState.WARNING: "yellow", StepState.FAILED: "red", StepState.SKIPPED: "dim"}
_TITLES = {"incoming": "IMAP", "outgoing": "SMTP", "domain": "DNS "}
_NO_END = 10_000


class Provider(Enum):
    """Mail services whose servers are known."""

    GMAIL = "gmail"
    MICROSOFT = "microsoft"


class _Preset(NamedTuple):
    imap: str
    smtp: str
    smtp_port: int
    token_url: str
    scope: str


_PRESETS = {
    Provider.GMAIL: _Preset(
        "imap.gmail.com", "smtp.gmail.com", 465, "https://oauth2.googleapis.com/token", "https://mail.google.com/"
    ),
    Provider.MICROSOFT: _Preset(
        "outlook.office365.com",
        "smtp.office365.com",
        587,
        "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
    ),
}
Host = Annotated[str | None, typer.Option(help="Name of the server; '' disconnects it.")]
Port = Annotated[int | None, typer.Option(help="Its port; by default the usual one.")]
Security = Annotated[str | None, typer.Option(help="tls, starttls or none; by default what the port is for.")]


@group.command("connect")
def connect(  # noqa: PLR0913, PLR0917 - each is an option
    which: Which,
    provider: Annotated[Provider | None, typer.Option(help="Take the servers of this service.")] = None,
    imap_host: Host = None,
    imap_port: Port = None,
    imap_security: Security = None,
    imap_folder: Annotated[list[str] | None, typer.Option(help="A folder to read; may be repeated.")] = None,
    imap_since: Annotated[str | None, typer.Option(help="What to take of old mail: now, all or a day.")] = None,
    smtp_host: Host = None,
    smtp_port: Port = None,
    smtp_security: Security = None,
    username: Annotated[str | None, typer.Option(help="Who signs in; by default the mailbox's address.")] = None,
    oauth_client_id: Annotated[str | None, typer.Option(help="Sign in by OAuth 2.0, as this client.")] = None,
    oauth_token_url: Annotated[str | None, typer.Option(help="Where its tokens come from.")] = None,
    oauth_scope: Annotated[str | None, typer.Option(help="What its tokens are for.")] = None,
    untested: Annotated[bool, typer.Option("--untested", help="Store the settings whatever a test says.")] = False,
    account: AccountOption = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Connect a mailbox to its servers: tests them, and stores the settings when they work.

    The password is asked for, or read from standard input, or taken from WAYPOST_IMAP_PASSWORD and
    WAYPOST_SMTP_PASSWORD (which is the same unless set). With --oauth-client-id it is the client's secret (which may be
    empty) and then the refresh token, or WAYPOST_OAUTH_CLIENT_SECRET and WAYPOST_OAUTH_REFRESH_TOKEN.
    """
    preset = _PRESETS[provider] if provider is not None else None
    imap = _Server(imap_host, imap_port, imap_security, imap_folder or [], imap_since)
    smtp = _Server(smtp_host, smtp_port, smtp_security, [])
    if preset is not None:
        imap = imap._replace(host=imap.host or preset.imap)
        smtp = smtp._replace(host=smtp.host or preset.smtp, port=smtp.port or preset.smtp_port)
    if imap.host is None and smtp.host is None:
        raise typer.BadParameter("name a server: --provider, --imap-host or --smtp-host")
    oauth2: OAuth2Change | None = None
    passwords = ("", "")
    if oauth_client_id is not None:
        url = oauth_token_url or (preset.token_url if preset is not None else "")
        scope = oauth_scope or (preset.scope if preset is not None else "")
        secret = _secret("Client secret", CLIENT_SECRET)
        token = _secret("Refresh token", REFRESH_TOKEN)
        oauth2 = OAuth2Change(
            token_url=url, client_id=oauth_client_id, client_secret=secret, refresh_token=token, scope=scope
        )
    elif (imap.host or smtp.host) and username != "":
        password = _secret("Password", IMAP_PASSWORD if imap.host else SMTP_PASSWORD)
        passwords = (password, os.environ.get(SMTP_PASSWORD) or password)
    said = _Said(imap, smtp, username, passwords, oauth2)
    _end(as_json, run(_connect(data_dir, account, which, said, is_stored_anyway=untested, quiet=as_json)))


@group.command("test")
def try_servers(which: Which, account: AccountOption = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Try a mailbox's servers step by step as they are set up. Exit status 1 when something fails."""
    _end(as_json, run(_test(data_dir, account, which, quiet=as_json)))


# ---------------------------------------------------------------- how


class _Server(NamedTuple):
    host: str | None
    port: int | None
    security: str | None
    folders: list[str]
    since: str | None = None


class _Said(NamedTuple):
    imap: _Server
    smtp: _Server
    username: str | None
    passwords: tuple[str, str]
    oauth2: OAuth2Change | None

    def change(self, email: str) -> ChannelChange:
        """The settings that are wanted, of the mailbox with this address."""
        who = email if self.username is None else self.username
        return ChannelChange(
            incoming=self._server(self.imap, who, self.passwords[0]),
            outgoing=self._server(self.smtp, who, self.passwords[1]),
        )

    def with_tokens_of(self, report: CheckReport) -> Self:
        """The same with the refresh token that the test was given, if it was: the one that it used may be dead."""
        if self.oauth2 is None or not report.renewed:
            return self
        return self._replace(oauth2=msgspec.structs.replace(self.oauth2, refresh_token=report.renewed[0].refresh_token))

    def _server(self, server: _Server, who: str, password: str) -> ServerChange | UnsetType | None:
        if server.host is None:
            return UNSET
        if server.host == "":
            return None
        return ServerChange(
            host=server.host,
            port=UNSET if server.port is None else server.port,
            security=UNSET if server.security is None else server.security,
            username=who,
            password=password if who else "",
            oauth2=self.oauth2,
            folders=server.folders or UNSET,
            since=UNSET if server.since is None else server.since,
        )


class _Outcome(NamedTuple):
    mailbox_id: int
    report: CheckReport
    is_stored: bool | None


async def _connect(
    data_dir: Path | None, account: int | None, which: str, said: _Said, *, is_stored_anyway: bool, quiet: bool
) -> _Outcome:
    async with open_desk(data_dir) as desk:
        means = means_of(desk)
        try:
            async with desk.transactions.read() as tx:
                actor, mailbox_id = await find(tx, account, which)
                before = await mailboxes.channel.get(tx, actor, means, mailbox_id)
                wanted = said.change(before.email)
                channel = await mailboxes.channel.wanted(tx, actor, means, mailbox_id, wanted)
            with _Telling(quiet) as telling:
                report = await desk.check_channel(
                    actor.account_id,
                    channel,
                    incoming=wanted.incoming is not UNSET,
                    outgoing=wanted.outgoing is not UNSET,
                    note=telling.note,
                    keeps_renewed=True,
                )
            is_stored = report.is_ok or is_stored_anyway
            wanted = said.with_tokens_of(report).change(before.email)
            if is_stored:
                async with desk.transactions.open() as tx:
                    await mailboxes.channel.change(tx, actor, means, mailbox_id, wanted)
        except WaypostError as error:
            raise WaypostError("; ".join(fields_of(error))) from error
        return _Outcome(mailbox_id, report, is_stored)


async def _test(data_dir: Path | None, account: int | None, which: str, *, quiet: bool) -> _Outcome:
    async with open_desk(data_dir) as desk:
        async with desk.transactions.read() as tx:
            actor, mailbox_id = await find(tx, account, which)
            channel = await mailboxes.channel.get(tx, actor, means_of(desk), mailbox_id)
        with _Telling(quiet) as telling:
            report = await desk.check_channel(
                actor.account_id, channel, incoming=True, outgoing=True, note=telling.note
            )
        return _Outcome(mailbox_id, report, None)


def _end(as_json: bool, outcome: _Outcome) -> None:
    report = outcome.report
    if as_json:
        typer.echo(msgspec.json.encode(CheckOut.of(outcome.mailbox_id, report, "")).decode())
    elif report.incoming is None and report.outgoing is None and outcome.is_stored is None:
        typer.echo("The mailbox has no servers of its own. Connect it with: waypost mailboxes connect")
    elif outcome.is_stored:
        typer.echo("Connected.")
    elif outcome.is_stored is None:
        typer.echo("All works." if report.is_ok else "Something fails.")
    else:
        typer.echo("Nothing was stored. Mend what failed, or store it as it is with --untested.")
    if outcome.is_stored is False and any(not token.is_kept for token in report.renewed):
        typer.echo("The refresh token may be used up by the test: consent again before the next.", err=True)
    if not report.is_ok:
        raise typer.Exit(1)


class _Telling:
    """Shows each step as it ends, and that something goes on between them."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._console = Console() if sys.stdout.isatty() else Console(width=_NO_END)
        self._status = self._console.status("Trying…")

    def __enter__(self) -> Self:
        if not self._quiet and self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def note(self, server: str, step: Step) -> None:
        """One step has ended."""
        if self._quiet:
            return
        line = Text.assemble(
            f"{_TITLES[server]} {step.name:<13}", (f"{step.state.value:<8}", _COLOURS[step.state]), step.message
        )
        if step.server_said:
            line.append(f" (The server said: {step.server_said})", "dim")
        self._console.print(line)


def _secret(what: str, variable: str) -> str:
    if variable in os.environ:
        return os.environ[variable]
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = typer.prompt(what, hide_input=True, default="", show_default=False)
    return answer
