"""`waypost mail …`: where a mail is, how mail comes in, and what the demo's mail sink has caught."""

from __future__ import annotations

from typing import Annotated

import typer

from waypost.commands.base import DataDir, explained, load_settings
from waypost.commands.received import find, retry, status, waiting
from waypost.edges.mail_io.sunk_print import print_message, print_messages

mail = typer.Typer(name="mail", help="Find mail, and show how it comes in.", no_args_is_help=True, add_completion=False)
for command in (find, waiting, retry, status):
    mail.command()(command)


@mail.command("list")
def list_messages(data_dir: DataDir = None) -> None:
    """List what the demo's mail sink has caught, newest first."""
    with explained():
        print_messages(load_settings(data_dir, log_level="warning").sink_dir)


@mail.command()
def show(message_id: Annotated[str, typer.Argument(help="As `list` shows it.")], data_dir: DataDir = None) -> None:
    """Show one mail that the sink has caught."""
    with explained():
        print_message(load_settings(data_dir, log_level="warning").sink_dir, message_id)
