"""`waypost clock …`: the desk's time, moved forward in development."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

import typer

from waypost.commands.base import DataDir, open_desk, run
from waypost.kit.movable_clock import MovableClock
from waypost.runtime import Desk

clock = typer.Typer(
    name="clock",
    help="Tell the desk's time, and move it forward in development.",
    no_args_is_help=True,
    add_completion=False,
)

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@clock.command()
def show(data_dir: DataDir = None) -> None:
    """Tell the desk's time."""

    async def read() -> str:
        async with open_desk(data_dir) as desk:
            return _told(desk)

    typer.echo(run(read()))


@clock.command()
def advance(
    by: Annotated[str, typer.Argument(help="How far: 90s, 30m, 48h, 7d or 2w.")], data_dir: DataDir = None
) -> None:
    """Move the desk's time forward: what waits for a time until then happens now."""
    distance = _distance(by)

    async def move() -> str:
        async with open_desk(data_dir) as desk:
            movable = _movable(desk)
            async with desk.transactions.open() as tx:
                await movable.advance(tx, distance)
            return _told(desk)

    typer.echo(run(move()))


@clock.command()
def reset(data_dir: DataDir = None) -> None:
    """Go back to the machine's time."""

    async def go_back() -> str:
        async with open_desk(data_dir) as desk:
            movable = _movable(desk)
            async with desk.transactions.open() as tx:
                await movable.reset(tx)
            return _told(desk)

    typer.echo(run(go_back()))


def _distance(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhdw])", text.strip().lower())
    if found is None or not int(found[1]):
        raise typer.BadParameter("say it as 90s, 30m, 48h, 7d or 2w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _movable(desk: Desk) -> MovableClock:
    if desk.context.movable_clock is None:
        typer.echo("The clock cannot be moved: that needs WAYPOST_DEVELOPMENT=1, on a desk that nobody uses.", err=True)
        raise typer.Exit(1)
    return desk.context.movable_clock


def _told(desk: Desk) -> str:
    movable = desk.context.movable_clock
    now = f"{desk.transactions.clock():%Y-%m-%d %H:%M:%S} UTC"
    return f"{now}, {movable.ahead} ahead of the machine" if movable is not None and movable.ahead else now
