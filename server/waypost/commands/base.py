"""What every command stands on: the settings, an open desk, and errors told in one line instead of a traceback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from waypost import config, logs

if TYPE_CHECKING:
    from waypost.kit.errors import WaypostError
    from waypost.runtime import Desk

Result = TypeVar("Result")
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where this desk keeps its data.", envvar="WAYPOST_DATA_DIR")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def load_settings(data_dir: Path | None = None, *, log_level: str | None = None, **overrides: Any) -> config.Settings:
    """The settings of this call, with logging set up by them. Ends the program on a bad one."""
    with explained():
        settings = config.load(data_dir=data_dir, **overrides)
    logs.set_up(settings.log_format, log_level or settings.log_level)
    return settings


@asynccontextmanager
async def open_desk(data_dir: Path | None = None) -> AsyncIterator[Desk]:
    """The desk for the length of one command; only warnings are logged. Ends the program when it cannot be opened."""
    from waypost import runtime

    settings = load_settings(data_dir, log_level="warning")
    with explained():
        async with runtime.open_desk(settings) as desk:
            yield desk


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's coroutine; what is expected to go wrong ends the program with one line and status 1."""
    with explained():
        return asyncio.run(work)


@contextmanager
def explained() -> Iterator[None]:
    """Tell expected errors in one line on stderr, and exit with status 1."""
    from waypost.database import DatabaseUnreachable
    from waypost.kit.errors import WaypostError
    from waypost.kit.migrations import MigrationError
    from waypost.kit.private_postgres import PrivatePostgresError

    expected = (config.BadSetting, DatabaseUnreachable, MigrationError, PrivatePostgresError, WaypostError)
    try:
        yield
    except expected as error:
        fail(str(error) or type(error).__name__, error)


def fields_of(error: WaypostError) -> list[str]:
    """Which fields are wrong and why, or what else the error says."""
    fields = getattr(error, "errors", [])
    return [f"{field.path}: {field.message}" for field in fields] or [error.message or type(error).__name__]


def fail(message: str, cause: BaseException | None = None) -> None:
    """End the program with a message on stderr and status 1."""
    typer.secho(logs.clean(message), err=True, fg="red")
    raise typer.Exit(1) from cause
