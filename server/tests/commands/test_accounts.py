"""The commands as an administrator of the machine types them, against a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from waypost.commands import accounts as commands
from waypost.domains import accounts
from waypost.kit.db import open_pool
from waypost.kit.tx import Transactions

PASSWORD = "correct horse battery"

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("WAYPOST_DATABASE_URL", database_url)
    app = typer.Typer()
    app.add_typer(commands.users)
    app.add_typer(commands.applications)

    def run(*words: str, stdin: str = "", code: int = 0) -> Result:
        result = CliRunner().invoke(app, [*words, "--data-dir", str(tmp_path)], input=stdin)
        assert result.exit_code == code, result.output
        return result

    return run


def create(run: Run, email: str, *words: str, **more: Any) -> Result:
    return run("users", "create", email, "--first-name", "Ann", *words, stdin=PASSWORD + "\n", **more)


@pytest.fixture
def owner(run: Run) -> str:
    create(run, "owner@example.com", "--new-account", "Example Ltd")
    return "owner@example.com"


def ask(database_url: str, sql: str, *values: object) -> Any:
    async def fetch() -> Any:
        connection = await asyncpg.connect(database_url)
        try:
            return await connection.fetchval(sql, *values)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def pair_in(result: Result) -> tuple[str, str]:
    lines = dict(line.split("=", 1) for line in result.stdout.splitlines())
    return lines["client_id"], lines["client_secret"]


def is_secret(database_url: str, client_id: str, secret: str) -> bool:
    async def check() -> bool:
        pool = await open_pool(database_url)
        try:
            async with Transactions(pool).open() as tx:
                return await accounts.check_secret(tx.connection, client_id, secret) is not None
        finally:
            await pool.close()

    return asyncio.run(check())


def test_the_first_user_is_the_owner_of_a_new_account(run: Run, owner: str) -> None:
    table = run("users", "list").stdout.splitlines()
    assert len(table) == 2
    assert table[1].split() == ["1", "Ann", owner, "owner", "active"]


def test_lists_come_as_json_too(run: Run, owner: str) -> None:
    client_id, _ = pair_in(run("applications", "create", "Sync", "--user", owner))
    assert msgspec.json.decode(run("users", "list", "--json").stdout) == [
        {"id": "1", "name": "Ann", "address": owner, "role": "owner", "status": "active"}
    ]
    assert msgspec.json.decode(run("applications", "list", "--json").stdout) == [
        {"id": client_id, "name": "Sync", "user": owner, "dialect": "seed"}
    ]


def test_a_password_is_stored_as_a_hash_only(run: Run, owner: str, database_url: str) -> None:
    stored = ask(database_url, "select password_hash from account_user where email = $1", owner)
    assert stored.startswith("$argon2id$")


def test_a_made_user_has_the_role_asked_for(run: Run, owner: str) -> None:
    create(run, "ada@example.com", "--role", "admin", "--last-name", "[bold]A[/bold]", "--timezone", "Europe/Vienna")
    assert "Ann [bold]A[/bold]  ada@example.com    admin  active" in run("users", "list").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["owner@example.com"], "email: is taken already"),
        (["nonsense"], "email: not a well-formed email address"),
        (["ann@example.com", "--account", "77"], "There is no account with this id."),
    ],
)
def test_what_is_wrong_is_said(run: Run, owner: str, words: list[str], message: str) -> None:
    assert create(run, *words, code=1).stderr.strip() == message


def test_a_weak_password_is_refused(run: Run, owner: str) -> None:
    result = run("users", "create", "b@example.com", "--first-name", "B", stdin="short\n", code=1)
    assert result.stderr.startswith("password: ")


def test_without_an_account_there_is_help(run: Run) -> None:
    assert "--new-account" in create(run, "ann@example.com", code=1).stderr


def test_of_several_accounts_one_must_be_named(run: Run, owner: str) -> None:
    create(run, "other@example.com", "--new-account", "Other Ltd")
    assert "1 (Example Ltd), 2 (Other Ltd)" in create(run, "ann@example.com", code=1).stderr
    create(run, "ann@example.com", "--account", "2")
    assert "ann@example.com" in run("users", "list", "--account", "2").stdout
    assert "ann@example.com" not in run("users", "list", "--account", "1").stdout


def test_a_user_is_shut_out_and_let_back_in(run: Run, owner: str) -> None:
    create(run, "ann@example.com")
    run("users", "deactivate", "ANN@example.com")
    assert "deactivated" in run("users", "list").stdout
    run("users", "reactivate", "ann@example.com")
    assert "deactivated" not in run("users", "list").stdout


def test_the_owner_is_not_shut_out(run: Run, owner: str) -> None:
    assert run("users", "deactivate", owner, code=1).stderr.strip() == "the owner cannot be removed"
    assert run("users", "deactivate", "nobody@example.com", code=1).stderr.strip()


def test_an_application_is_shown_with_its_secret_once(run: Run, owner: str, database_url: str) -> None:
    client_id, secret = pair_in(run("applications", "create", "Sync", "--user", owner, "--dialect", "platform"))
    assert is_secret(database_url, client_id, secret)
    listed = run("applications", "list").stdout
    assert listed.splitlines()[1].split() == [client_id, "Sync", owner, "platform"]
    assert secret not in listed


def test_an_application_needs_an_active_user_and_a_safe_address(run: Run, owner: str) -> None:
    create(run, "ann@example.com")
    result = run("applications", "create", "X", "--user", owner, "--redirect-url", "http://evil.example/", code=1)
    assert result.stderr.startswith("redirectUrl: ")
    run("users", "deactivate", "ann@example.com")
    assert (
        run("applications", "create", "X", "--user", "ann@example.com", code=1).stderr.strip()
        == "The user is not active."
    )


def test_an_application_is_changed_and_removed(run: Run, owner: str, database_url: str) -> None:
    client_id, old = pair_in(run("applications", "create", "Sync", "--user", owner))
    run("applications", "set-dialect", client_id, "platform")
    assert "platform" in run("applications", "list").stdout
    _, new = pair_in(run("applications", "reset-secret", client_id))
    assert not is_secret(database_url, client_id, old)
    assert is_secret(database_url, client_id, new)
    run("applications", "delete", client_id, stdin="n\n", code=1)
    run("applications", "delete", client_id, "--yes")
    assert not is_secret(database_url, client_id, new)
    assert run("applications", "set-dialect", client_id, "seed", code=1).stderr.strip()
