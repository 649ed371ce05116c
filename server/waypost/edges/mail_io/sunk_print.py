"""Caught mails in a terminal. Whatever they hold, they do not command the terminal."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from waypost.edges.mail_io.sunk import SunkDetail, list_messages, read_message

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def print_messages(folder: Path, console: Console | None = None) -> None:
    """List the caught mails, newest first."""
    console = console or Console(highlight=False)
    messages = list_messages(folder)
    if not messages:
        console.print("The sink is empty: no mail was sent yet.")
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("id", no_wrap=True, min_width=len(messages[0].id))
    table.add_column("when (UTC)", no_wrap=True, min_width=len(messages[0].when))
    table.add_column("to", no_wrap=True, max_width=40)
    table.add_column("subject", no_wrap=True, ratio=1)
    for each in messages:
        subject = Text.assemble(_safe(each.subject) or "(no subject)", "  ", (_safe(each.preview), "dim"))
        table.add_row(each.id, each.when, Text(_safe(each.recipients)), subject)
    console.print(table)


def print_message(folder: Path, message_id: str, console: Console | None = None) -> None:
    """Show one caught mail as text. Raises NotFound."""
    console = console or Console(highlight=False)
    mail = read_message(folder, message_id)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _head(mail):
        table.add_row(name, Text(_safe(value)))
    console.print(table)
    console.print()
    console.print(Text(_safe(mail.text)), soft_wrap=True)


def _head(mail: SunkDetail) -> list[tuple[str, str]]:
    head = [
        ("From", mail.sender),
        ("To", mail.recipients),
        ("Subject", mail.subject),
        ("When", f"{mail.when} UTC"),
        ("Envelope", f"{mail.envelope_from or '<>'} → {', '.join(mail.envelope_to)}"),
    ]
    head += [("File", f"{each.file_name} ({each.mime_type}, {each.size} bytes)") for each in mail.attachments]
    return head + [("Note", warning) for warning in mail.warnings]


def _safe(text: str) -> str:
    return _CONTROL.sub("\ufffd", text)
