"""What an import has done, or would do, as people and programs read it."""

from __future__ import annotations

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from waypost import logs
from waypost.edges.mail_io.importing import Summary

_FAILURES_SHOWN = 20


def show(summary: Summary, seconds: float, *, is_dry: bool, as_json: bool) -> None:
    """Print it: JSON with every failure, a table on a terminal, else a sentence."""
    if as_json:
        shown = {**msgspec.to_builtins(summary), "seconds": round(seconds, 3), "is_dry": is_dry}
        typer.echo(msgspec.json.encode(shown).decode())
        return
    console = Console(highlight=False, soft_wrap=True)
    if console.is_terminal:
        console.print(_table(summary, seconds, is_dry=is_dry))
    else:
        console.print(_sentence(summary, is_dry=is_dry))
    for failure in summary.failures[:_FAILURES_SHOWN]:
        # Names of files and reasons are anybody's text.
        console.print(Text(logs.clean(f"{failure.source}: {failure.reason}"), style="red"))
    if len(summary.failures) > _FAILURES_SHOWN:
        console.print(f"… and {len(summary.failures) - _FAILURES_SHOWN} more; --json lists all.")


def _sentence(summary: Summary, *, is_dry: bool) -> str:
    left_out = f", {summary.left_out} left out" if summary.left_out else ""
    return (
        f"{summary.read} read: {summary.conversations} conversations, {summary.threads} replies in them, "
        f"{summary.duplicates} known already, {len(summary.failures)} not stored, "
        f"{summary.flawed} stored with flaws{left_out}.{' Nothing was changed.' if is_dry else ''}"
    )


def _table(summary: Summary, seconds: float, *, is_dry: bool) -> Table:
    table = Table.grid(padding=(0, 2))
    table.title = "What would happen" if is_dry else None
    table.add_column()
    table.add_column(justify="right")
    for name, count in (
        ("messages read", summary.read),
        ("new conversations", summary.conversations),
        ("replies in conversations", summary.threads),
        ("known already", summary.duplicates),
        ("left out", summary.left_out),
        ("stored with flaws", summary.flawed),
        ("not stored", len(summary.failures)),
        ("messages a second", round(summary.read / max(seconds, 0.001))),
    ):
        table.add_row(name, str(count))
    return table
