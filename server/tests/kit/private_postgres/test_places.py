"""Where the private server can live, and as which system user."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import traceback
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from waypost.kit.private_postgres import Options, PrivatePostgres, PrivatePostgresError

QUICK = Options(durable=False)
NOBODY = "nobody"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as other users")


def run_as(user: str, action: Callable[[], object]) -> str:
    """Do it in a forked child of that user; returns "" or what went wrong. Forked, as the interpreter may be root's."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_act, args=(user, action, sender))
    child.start()
    sender.close()
    told = receiver.recv()
    child.join()
    return str(told)


def _act(user: str, action: Callable[[], object], sender: object) -> None:
    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    try:
        action()
    except PrivatePostgresError as error:
        sender.send(str(error))  # type: ignore[attr-defined]
    except BaseException:
        sender.send(traceback.format_exc())  # type: ignore[attr-defined]
    else:
        sender.send("")  # type: ignore[attr-defined]


async def is_reachable(server: PrivatePostgres) -> bool:
    connection = await asyncpg.connect(server.dsn())
    try:
        return bool(await connection.fetchval("select true"))
    finally:
        await connection.close()


async def test_folder_too_deep_for_a_socket(place: Path) -> None:
    deep = place / "/".join(["a-rather-long-name-of-a-folder"] * 5) / "pg"
    with PrivatePostgres.start(deep, QUICK) as server:
        assert await is_reachable(server)
        sockets = server.sockets
        assert not sockets.is_relative_to(place)
        assert sockets.stat().st_mode & 0o077 == 0
    assert not sockets.exists()


async def test_folder_with_an_awkward_name(place: Path) -> None:
    with PrivatePostgres.start(place / 'it\'s, "a" $HOME: folder `x` ü %20', QUICK) as server:
        assert await is_reachable(server)


async def test_deep_folder_keeps_its_socket_place_when_adopted(place: Path) -> None:
    deep = place / ("deep" * 30) / "pg"
    with PrivatePostgres.start(deep, QUICK) as first, PrivatePostgres.start(deep, QUICK) as second:
        assert first.dsn() == second.dsn()
        assert await is_reachable(second)


@as_root
async def test_root_lets_another_user_run_it(folder: Path) -> None:
    with PrivatePostgres.start(folder, QUICK) as server:
        assert await is_reachable(server)
        assert (folder / "cluster").stat().st_uid != 0


@as_root
async def test_folder_that_only_root_may_enter_is_opened_for_passing_through(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with PrivatePostgres.start(closed / "pg", QUICK) as server:
        assert await is_reachable(server)
        assert closed.stat().st_mode & 0o777 == 0o710
        assert closed.stat().st_gid == (closed / "pg" / "cluster").stat().st_gid


@as_root
def test_folder_that_somebody_else_has_closed_stays_closed(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    os.chown(closed, pwd.getpwnam(NOBODY).pw_uid, -1)
    with pytest.raises(PrivatePostgresError, match=rf"can't enter {closed}.*WAYPOST_DATABASE_URL"):
        PrivatePostgres.start(closed / "pg", QUICK)
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_ordinary_user_runs_it_as_himself(place: Path) -> None:
    os.chown(place, pwd.getpwnam(NOBODY).pw_uid, -1)

    def start_and_stop() -> None:
        with PrivatePostgres.start(place / "pg", QUICK):
            assert (place / "pg" / "cluster").stat().st_uid == os.geteuid()

    assert run_as(NOBODY, start_and_stop) == ""


@as_root
def test_ordinary_user_is_kept_out_of_roots_cluster(folder: Path) -> None:
    assert "can't be used" in run_as(NOBODY, lambda: PrivatePostgres.start(folder, QUICK))


@as_root
async def test_root_continues_an_ordinary_users_cluster_as_that_user(place: Path) -> None:
    nobody = pwd.getpwnam(NOBODY).pw_uid
    os.chown(place, nobody, -1)
    assert run_as(NOBODY, lambda: PrivatePostgres.start(place / "pg", QUICK).release()) == ""
    with PrivatePostgres.start(place / "pg", QUICK) as server:
        assert await is_reachable(server)
        assert (place / "pg" / "cluster" / "postmaster.pid").stat().st_uid == nobody
    assert run_as(NOBODY, lambda: PrivatePostgres.start(place / "pg", QUICK).release()) == ""
