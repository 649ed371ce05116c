"""`waypost mail …`: what the demo's mail sink has caught. Needs no database."""

from __future__ import annotations

from typing import Annotated

import typer

from waypost.commands.base import DataDir, explained, load_settings
from waypost.edges.mail_io.sunk_print import print_message, print_messages

mail = typer.Typer(
    name="mail", help="Show what the demo's mail sink has caught.", no_args_is_help=True, add_completion=False
)


@mail.command("list")
def list_messages(data_dir: DataDir = None) -> None:
    """List the caught mails, newest first."""
    with explained():
        print_messages(load_settings(data_dir, log_level="warning").sink_dir)


@mail.command()
def show(message_id: Annotated[str, typer.Argument(help="As `list` shows it.")], data_dir: DataDir = None) -> None:
    """Show one caught mail."""
    with explained():
        print_message(load_settings(data_dir, log_level="warning").sink_dir, message_id)
