"""`waypost audit …`: the audit trail from the machine's side."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from waypost.commands.base import AsJson, DataDir, open_desk, run
from waypost.domains import audit as trail
from waypost.domains.accounts import Actor
from waypost.domains.audit import AuditFilter, Entry, Verdict
from waypost.kit.paging import PageRequest

audit = typer.Typer(name="audit", help="List and check the audit trail.", no_args_is_help=True, add_completion=False)

AccountOption = Annotated[int | None, typer.Option("--account", help="Id of one account; all of them otherwise.")]


@audit.command()
def verify(account: AccountOption = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check every entry against its predecessor and the event log. Exits with 1 if something was changed."""

    async def check() -> list[Verdict]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            rows = await tx.connection.fetch(
                "select id from account where $1::bigint is null or id = $1 order by id", account
            )
            return [await trail.verify(tx.connection, row["id"]) for row in rows]

    verdicts = run(check())
    if as_json:
        shown = [
            {
                "account": verdict.account_id,
                "entries": verdict.entries,
                "sound": verdict.is_sound,
                "brokenAt": verdict.broken_at,
                "unrecorded": verdict.unrecorded,
                "lastDigest": verdict.last_digest.hex(),
            }
            for verdict in verdicts
        ]
        typer.echo(msgspec.json.encode(shown).decode())
    else:
        for verdict in verdicts:
            typer.echo(_told(verdict))
    if not all(verdict.is_sound for verdict in verdicts):
        raise typer.Exit(1)


@audit.command("list")
def list_entries(
    account: Annotated[int, typer.Option("--account", help="Id of the account.")],
    kind: Annotated[list[str] | None, typer.Option("--type", help="Only these types of event.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    data_dir: DataDir = None,
) -> None:
    """Show the newest entries."""

    async def read() -> list[Entry]:
        async with open_desk(data_dir) as desk, desk.transactions.read() as tx:
            wanted = AuditFilter(types=kind or None)
            page = await trail.list_entries(tx, Actor.system(account), wanted, PageRequest(1, limit))
            return page.items

    table = Table("id", "at", "type", "by", "what", box=None)
    for entry in run(read()):
        table.add_row(
            str(entry.id),
            entry.at.strftime("%Y-%m-%d %H:%M:%S"),
            entry.type,
            f"{entry.actor_kind} {entry.actor_id or ''}",
            f"{entry.subject_kind} {entry.subject_id or ''}",
        )
    Console(highlight=False).print(table)


def _told(verdict: Verdict) -> str:
    told = f"account {verdict.account_id}: {verdict.entries} entries, "
    if verdict.is_sound:
        return f"{told}sound, last digest {verdict.last_digest.hex()}"
    if verdict.broken_at is not None:
        return f"{told}BROKEN at entry {verdict.broken_at}"
    return f"{told}{verdict.unrecorded} events are MISSING"
