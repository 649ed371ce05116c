"""Bringing a database to the newest step: once, wholly, and never backwards."""

from __future__ import annotations

import ast
import runpy
import shutil
from pathlib import Path
from textwrap import dedent

import anyio
import asyncpg
import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.queries import Queries

from waypost.kit import migrations
from waypost.kit.migrations import DatabaseTooNew, MigrationError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "versions 100% own"


def write_step(folder: Path, name: str, sql: str, after: str | None = None) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sql").write_text(sql)
    revision = f"""
        from waypost.kit.migrations.step import run
        revision, down_revision = {name!r}, {after!r}
        def upgrade():
            run(__file__)
    """
    (folder / f"{name}.py").write_text(dedent(revision))


async def tables(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
        return [row["tablename"] for row in rows]
    finally:
        await connection.close()


async def test_empty_database_comes_to_the_newest_step(empty_database_url: str) -> None:
    assert await migrations.current(empty_database_url) is None
    assert await migrations.upgrade(empty_database_url) == migrations.steps()
    assert await migrations.current(empty_database_url) == migrations.head()


async def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    assert await migrations.upgrade(database_url) == []
    assert await migrations.current(database_url) == migrations.head()


async def test_every_statement_of_a_step_is_run(empty_database_url: str, folder: Path) -> None:
    write_step(folder, "0001_two", "create table one (a int); insert into one values (1);\ncreate table two (b int);")
    assert await migrations.upgrade(empty_database_url, folder) == ["0001_two"]
    assert await tables(empty_database_url) == ["alembic_version", "one", "two"]


async def test_only_missing_steps_are_applied(empty_database_url: str, folder: Path) -> None:
    write_step(folder, "0001_first", "create table first ()")
    await migrations.upgrade(empty_database_url, folder)
    name = "0002_with_a_name_that_is_much_longer_than_alembic_thinks_of"
    write_step(folder, name, "create table second ()", after="0001_first")
    assert await migrations.check(empty_database_url, folder) == [name]
    assert await migrations.upgrade(empty_database_url, folder) == [name]
    assert await migrations.current(empty_database_url) == name


async def test_two_at_once_apply_each_step_once(empty_database_url: str, folder: Path) -> None:
    write_step(folder, "0001_first", "create table first (); select pg_sleep(0.5)")
    write_step(folder, "0002_second", "create table second ()", after="0001_first")
    applied: list[list[str]] = []

    async def upgrade() -> None:
        applied.append(await migrations.upgrade(empty_database_url, folder))

    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(upgrade)
    assert sorted(applied) == [[], ["0001_first", "0002_second"]]


async def test_failing_step_leaves_nothing_half_done(empty_database_url: str, folder: Path) -> None:
    write_step(folder, "0001_fine", "create table fine ()")
    write_step(folder, "0002_broken", "create table half ();\ncreate table half ();\n", after="0001_fine")
    with pytest.raises(MigrationError, match=r'0002_broken\.sql: relation "half" already exists'):
        await migrations.upgrade(empty_database_url, folder)
    assert await tables(empty_database_url) == []
    assert await migrations.current(empty_database_url) is None


async def test_wrong_statement_is_told_with_its_line(empty_database_url: str, folder: Path) -> None:
    write_step(folder, "0001_wrong", "create table fine ();\n\ncreate tabel wrong ();\n")
    with pytest.raises(MigrationError, match=r'0001_wrong\.sql line 3: .*"tabel"'):
        await migrations.upgrade(empty_database_url, folder)


async def test_database_of_a_newer_waypost_is_refused(empty_database_url: str, folder: Path) -> None:
    write_step(folder, "0001_first", "create table first ()")
    write_step(folder, "0002_future", "create table future ()", after="0001_first")
    await migrations.upgrade(empty_database_url, folder)
    (folder / "0002_future.py").unlink()
    with pytest.raises(DatabaseTooNew, match=r"0002_future.*newer than this Waypost"):
        await migrations.upgrade(empty_database_url, folder)
    assert await migrations.current(empty_database_url) == "0002_future"


async def test_step_of_an_unknown_history_is_refused(empty_database_url: str, folder: Path) -> None:
    write_step(folder, "0001_ours", "create table ours ()")
    await migrations.upgrade(empty_database_url, folder)
    (folder / "0001_ours.py").unlink()
    write_step(folder, "0001_theirs", "create table theirs ()")
    with pytest.raises(MigrationError, match="0001_ours, which this Waypost does not know"):
        await migrations.upgrade(empty_database_url, folder)


def test_looking_loads_neither_alembic_nor_sqlalchemy() -> None:
    folder = Path(migrations.__file__).parent
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse((folder / "__init__.py").read_text()))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else _names(node))
    }
    assert imported.isdisjoint({"alembic", "sqlalchemy"})


def _names(node: ast.AST) -> list[str]:
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_shipped_steps_form_one_line_and_have_their_sql() -> None:
    names = migrations.steps()
    assert len({name[:4] for name in names}) == len(names)
    for before, name in zip([None, *names], names, strict=False):
        revision = runpy.run_path(str(migrations.STEPS / f"{name}.py"))
        assert (revision["revision"], revision["down_revision"]) == (name, before)
        assert (migrations.STEPS / f"{name}.sql").is_file()


def copy_shipped(folder: Path, *names: str) -> None:
    folder.mkdir()
    for name in names:
        for path in migrations.STEPS.glob(f"{name}.*"):
            shutil.copy(path, folder)


async def test_job_queue_is_what_pgqueuer_declares(empty_database_url: str, folder: Path) -> None:
    copy_shipped(folder, "0001_ground", "0002_job_queue")
    await migrations.upgrade(empty_database_url, folder)
    connection = await asyncpg.connect(empty_database_url)
    try:
        plan = await Queries(AsyncpgDriver(connection)).plan_upgrade()
        assert not plan.statements, plan
    finally:
        await connection.close()
