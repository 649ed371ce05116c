"""The life of the private server: who starts it, who keeps it, who ends it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import anyio
import asyncpg
import pytest

from tests.kit.private_postgres.owners import Owner
from waypost.kit.private_postgres import Options, PostgresInUse, PrivatePostgres, PrivatePostgresError, Status

QUICK = Options(durable=False)


async def ask(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def postmaster_pid(folder: Path) -> int:
    return int((folder / "cluster" / "postmaster.pid").read_text().split()[0])


async def test_first_start_makes_a_database_that_its_role_owns(place: Path) -> None:
    with PrivatePostgres.start(place / "new" / "pg") as server:
        assert await ask(server.dsn(), "select current_database()") == "waypost"
        assert await ask(server.dsn(), "select not rolsuper from pg_roles where rolname = current_user")
        assert await ask(server.dsn(), "select pg_get_userbyid(datdba) = current_user from pg_database "
                                       "where datname = current_database()")  # fmt: skip
        assert await ask(server.dsn(), "show server_encoding") == "UTF8"


@pytest.mark.parametrize(
    ("setting", "value"),
    [("fsync", "on"), ("synchronous_commit", "on"), ("listen_addresses", ""), ("TimeZone", "UTC"), ("jit", "off")],
)
async def test_server_is_durable_and_deaf_to_the_network(folder: Path, setting: str, value: str) -> None:
    with PrivatePostgres.start(folder) as server:
        assert await ask(server.dsn(), f"select current_setting('{setting}')") == value


async def test_only_the_owner_may_enter_the_folder_of_the_socket(folder: Path) -> None:
    with PrivatePostgres.start(folder, QUICK) as server:
        assert server.sockets.stat().st_mode & 0o077 == 0
        assert (folder / "cluster").stat().st_mode & 0o077 == 0


async def test_search_takes_typographic_marks_for_no_letters(folder: Path) -> None:
    with PrivatePostgres.start(folder, QUICK) as server:
        found = await ask(server.dsn(), "select to_tsvector('simple', '“Grüße”—naïve…')::text")
        assert found == "'grüße':1 'naïve':2"


async def test_rows_outlive_a_clean_end(folder: Path) -> None:
    with PrivatePostgres.start(folder, QUICK) as server:
        await ask(server.dsn(), "create table kept as select 7 as number")
    assert PrivatePostgres.status(folder) is Status.STOPPED
    with PrivatePostgres.start(folder, QUICK) as server:
        assert await ask(server.dsn(), "select number from kept") == 7


def test_second_start_adopts_and_only_the_last_release_stops(folder: Path) -> None:
    first = PrivatePostgres.start(folder, QUICK)
    pid = postmaster_pid(folder)
    second = PrivatePostgres.start(folder, QUICK)
    assert postmaster_pid(folder) == pid
    assert first.release() is False
    assert PrivatePostgres.status(folder) is Status.IN_USE
    assert second.release() is True
    assert PrivatePostgres.status(folder) is Status.STOPPED


def test_releasing_twice_does_not_count_twice(folder: Path) -> None:
    first, second = PrivatePostgres.start(folder, QUICK), PrivatePostgres.start(folder, QUICK)
    first.release()
    assert first.release() is False
    assert PrivatePostgres.status(folder) is Status.IN_USE
    second.release()


def test_server_ends_with_the_last_process_that_exits(folder: Path) -> None:
    first, second = Owner.spawn(folder), Owner.spawn(folder)
    assert first.wait_ready() == second.wait_ready()
    assert first.end() == 0
    assert PrivatePostgres.status(folder) is Status.IN_USE
    assert second.end() == 0
    assert PrivatePostgres.status(folder) is Status.STOPPED


def test_killed_owner_leaves_the_server_to_the_next_clean_exit(folder: Path) -> None:
    killed = Owner.spawn(folder)
    killed.wait_ready()
    pid = postmaster_pid(folder)
    killed.kill()
    assert PrivatePostgres.status(folder) is Status.LEFT_OVER
    heir = Owner.spawn(folder)
    heir.wait_ready()
    assert postmaster_pid(folder) == pid
    heir.end()
    assert PrivatePostgres.status(folder) is Status.STOPPED


def test_two_processes_may_make_the_cluster_at_once(place: Path) -> None:
    owners = [Owner.spawn(place / "pg") for _ in range(3)]
    assert len({owner.wait_ready() for owner in owners}) == 1
    for owner in owners:
        assert PrivatePostgres.status(place / "pg") is Status.IN_USE
        assert owner.end() == 0
    assert PrivatePostgres.status(place / "pg") is Status.STOPPED


def test_forked_child_does_not_release_its_parents_server(folder: Path) -> None:
    with PrivatePostgres.start(folder, QUICK) as server:
        child = os.fork()
        if child == 0:
            os._exit(int(server.release()))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert PrivatePostgres.status(folder) is Status.IN_USE


def test_stop_ends_a_left_over_server(folder: Path) -> None:
    owner = Owner.spawn(folder)
    owner.wait_ready()
    owner.kill()
    assert PrivatePostgres.stop(folder) is True
    assert PrivatePostgres.status(folder) is Status.STOPPED
    assert PrivatePostgres.stop(folder) is False


def test_stop_leaves_a_server_in_use_alone_unless_forced(folder: Path) -> None:
    with PrivatePostgres.start(folder, QUICK):
        with pytest.raises(PostgresInUse):
            PrivatePostgres.stop(folder)
        assert PrivatePostgres.status(folder) is Status.IN_USE
        assert PrivatePostgres.stop(folder, force=True) is True
        assert PrivatePostgres.status(folder) is Status.STOPPED


def test_folder_without_a_cluster_is_absent_and_stays_untouched(place: Path) -> None:
    assert PrivatePostgres.status(place) is Status.ABSENT
    assert PrivatePostgres.stop(place / "nowhere") is False
    assert list(place.iterdir()) == []


async def test_committed_rows_outlive_the_killing_of_the_server(folder: Path) -> None:
    with PrivatePostgres.start(folder) as first:
        await ask(first.dsn(), "create table kept as select generate_series(1, 1000) as number")
        os.kill(postmaster_pid(folder), signal.SIGKILL)
        while PrivatePostgres.status(folder) is not Status.STOPPED:  # noqa: ASYNC110 - no event tells it
            await anyio.sleep(0.01)
        with PrivatePostgres.start(folder) as second:
            assert await ask(second.dsn(), "select count(*) from kept") == 1000


def test_pid_that_now_belongs_to_another_program_does_not_block_the_start(folder: Path) -> None:
    owner = (folder / "cluster").stat()
    stranger = subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid)
    try:
        stale = folder / "cluster" / "postmaster.pid"
        stale.write_text(f"{stranger.pid}\n{folder / 'cluster'}\n1700000000\n5432\n{folder / 'run'}\n\n 1 1\nready\n")
        os.chown(stale, owner.st_uid, owner.st_gid)
        with PrivatePostgres.start(folder, QUICK):
            assert PrivatePostgres.status(folder) is Status.IN_USE
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_half_made_cluster_is_made_anew(place: Path) -> None:
    (place / "pg" / "cluster.new" / "base").mkdir(parents=True)
    (place / "pg" / "cluster.new" / "PG_VERSION").write_text("18\n")
    with PrivatePostgres.start(place / "pg", QUICK) as server:
        assert await ask(server.dsn(), "select 1") == 1


def test_cluster_of_another_version_is_refused(folder: Path) -> None:
    (folder / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(PrivatePostgresError, match=r"made by PostgreSQL 17.*WAYPOST_DATABASE_URL"):
        PrivatePostgres.start(folder, QUICK)


async def test_own_settings_overrule_and_a_wrong_one_is_named(folder: Path) -> None:
    local = folder / "local.conf"
    local.write_text("work_mem = '5MB'\n")
    with PrivatePostgres.start(folder, QUICK) as server:
        assert await ask(server.dsn(), "show work_mem") == "5MB"
    local.write_text("work_memory = '5MB'\n")
    with pytest.raises(PrivatePostgresError, match="work_memory"):
        PrivatePostgres.start(folder, QUICK)
    local.write_text("")
    assert PrivatePostgres.start(folder, QUICK).release() is True


def test_callers_postgres_variables_do_not_reach_the_server(folder: Path) -> None:
    owner = Owner.spawn(folder, {"PGPORT": "1", "PGDATA": "/nowhere", "PGOPTIONS": "-c work_mem=1MB"})
    assert "port=5432" in owner.wait_ready()
    assert (folder / "run" / ".s.PGSQL.5432").is_socket()
    owner.end()


def test_missing_programs_are_told_with_the_way_out(place: Path) -> None:
    with pytest.raises(PrivatePostgresError, match="WAYPOST_DATABASE_URL"):
        PrivatePostgres.start(place / "pg", Options(binaries=place))
