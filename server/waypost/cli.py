"""The `waypost` program. Subjects with several commands live in `commands/`, and are imported when they are called."""

from __future__ import annotations

import asyncio
import atexit
import importlib
import logging
import os
import sys
from contextlib import suppress
from typing import Annotated, Any, NoReturn

import typer
import typer.core
import typer.main

from waypost import __version__
from waypost.commands.base import AsJson, DataDir, explained, load_settings, run

#: Subject -> (where its Typer application is, what it is for).
SUBJECTS = {
    "users": ("waypost.commands.accounts:users", "Make, list and shut out users."),
    "applications": ("waypost.commands.accounts:applications", "Make, list and change OAuth applications."),
    "mailboxes": ("waypost.commands.mailboxes:group", "Make, list and set up mailboxes."),
    "import": (
        "waypost.commands.import_mail:import_",
        "Take in mail and articles that are kept in files, and help centers of other services.",
    ),
    "export": ("waypost.commands.articles:export", "Write out what a desk holds."),
    "docs": ("waypost.commands.docs:group", "Set up the knowledge base."),
    "audit": ("waypost.commands.audit:audit", "List and check the audit trail."),
    "queue": ("waypost.commands.queue:queue", "Look at what the worker could not do, and try it again."),
    "webhooks": ("waypost.commands.webhooks:group", "Look at what webhooks were sent, and send it again."),
    "clock": ("waypost.commands.clock:clock", "Tell the desk's time, and move it forward in development."),
    "search": ("waypost.commands.search:search", "Choose the language of searches, and make their index anew."),
    "mail": (
        "waypost.commands.mail:mail",
        "Find mail, show how it comes in, and what the demo's sink has caught.",
    ),
}


class LazyGroup(typer.core.TyperGroup):
    """Lists the subjects without importing them, so that `waypost serve` starts without any of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Own commands, then subjects."""
        return [*super().list_commands(ctx), *SUBJECTS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the subject that is called; for a listing of all, its name and purpose are enough."""
        if cmd_name not in SUBJECTS:
            return super().get_command(ctx, cmd_name)
        place, purpose = SUBJECTS[cmd_name]
        if cmd_name not in sys.argv:
            return typer.core.TyperGroup(name=cmd_name, help=purpose)
        module, _, attribute = place.partition(":")
        return typer.main.get_command(getattr(importlib.import_module(module), attribute))


app = typer.Typer(
    name="waypost",
    cls=LazyGroup,
    help="An open help desk that a team runs itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")]


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    demo: Annotated[bool, typer.Option("--demo", help="Fill an empty database and catch all mail.")] = False,
    worker: Annotated[bool, typer.Option(help="Also do the worker's part in this process.")] = True,
) -> None:
    """Serve the desk until Ctrl-C: HTTP, background work and, unless one is configured, the database."""
    from waypost.commands.serving import serve_until_stopped

    settings = load_settings(data_dir, host=host, port=port, is_demo=demo or None)
    serve_until_stopped(settings, with_http=True, with_worker=worker)


@app.command()
def worker(data_dir: DataDir = None) -> None:
    """Do background work only, beside `waypost serve --no-worker`. Several may run."""
    from waypost.commands.serving import serve_until_stopped

    serve_until_stopped(load_settings(data_dir), with_http=False, with_worker=True)


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to the newest step. `serve` and `worker` do so themselves."""
    from waypost.database import open_database
    from waypost.kit import migrations

    settings = load_settings(data_dir, log_level="warning")

    async def apply() -> list[str]:
        async with open_database(settings) as dsn:
            return await migrations.upgrade(dsn)

    applied = run(apply())
    for name in applied:
        typer.echo(f"applied {name}")
    typer.echo(f"The database is at {migrations.head()}." if applied else f"Nothing to do: {migrations.head()}.")


@app.command()
def stop(
    data_dir: DataDir = None,
    force: Annotated[bool, typer.Option("--force", help="Also under a running Waypost.")] = False,
) -> None:
    """End a private PostgreSQL that was left over by a killed Waypost."""
    from waypost.database import postgres_folder
    from waypost.kit.private_postgres import PrivatePostgres

    settings = load_settings(data_dir, log_level="warning")
    with explained():
        stopped = PrivatePostgres.stop(postgres_folder(settings), force=force)
    typer.echo("Stopped." if stopped else "No PostgreSQL of this data folder is running.")


@app.command()
def doctor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Say what is configured, reachable and up to date. Exits with 1 if something is wrong."""
    from waypost.commands.doctor import examine_and_print

    settings = load_settings(data_dir, log_level="error")
    if not asyncio.run(examine_and_print(settings, as_json=as_json)):
        raise typer.Exit(1)


@app.command()
def seed(data_dir: DataDir = None) -> None:
    """Fill an empty database with the demo account, as `serve --demo` does on its first start."""
    from waypost.commands.serving import seed_demo

    run(seed_demo(load_settings(data_dir, log_level="warning", is_demo=True)))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"Waypost {__version__} (Python {sys.version.split()[0]})")


def main() -> NoReturn:
    """Entry point."""
    status = 1
    try:
        app()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        status = 130
    except BaseException:
        sys.excepthook(*sys.exc_info())
    leave(status)


def leave(status: int) -> NoReturn:
    """End the process once everything has been closed, without taking the interpreter apart.

    Threads of the file store's library (obstore 0.12) may still want to report to Python then, and abort the process:
    seen in a third of the exits right after a file was written, on a busy machine.
    """
    atexit._run_exitfuncs()
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # Whoever read the output may be gone.
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
