"""The product as a process: it starts, answers, stops cleanly, survives being killed, and keeps secrets to itself."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.database import Ground, run_folder
from tests.kit.log_help import note
from tests.kit.waiting import until
from tests.make import AccountMade, Make
from tests.process import WaypostProcess, waypost
from waypost.database import POSTGRES_FOLDER
from waypost.kit.db import open_pool
from waypost.kit.private_postgres import PrivatePostgres, Status
from waypost.kit.tx import Transactions

SERVE = ("serve", "--port", "0")


@pytest.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    async with await open_pool(database_url) as pool:
        yield Transactions(pool)


@pytest.fixture
async def account(transactions: Transactions) -> AccountMade:
    return await Make(transactions).account()


@pytest.fixture
async def token(transactions: Transactions, account: AccountMade) -> str:
    return await Make(transactions).token(account.owner)


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[WaypostProcess]:
    """One process that does everything, on the test's database."""
    words = (*SERVE, "--data-dir", str(tmp_path / "data"))
    async with waypost(tmp_path / "process", *words, WAYPOST_DATABASE_URL=database_url) as process:
        yield process


def client(base_url: str, token: str = "") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=base_url, headers=headers, timeout=30)


async def token_of_a_new_desk(data_dir: Path) -> str:
    """Make an account in the data folder's own database, as a co-owner for a moment."""
    with await asyncio.to_thread(PrivatePostgres.start, data_dir / POSTGRES_FOLDER) as postgres:
        async with await open_pool(postgres.dsn()) as pool:
            make = Make(Transactions(pool))
            return await make.token((await make.account()).owner)


@pytest.fixture
def data(postgres: Ground) -> Iterator[Path]:
    """A data folder that PostgreSQL's user can enter: pytest closes its own folders to others at every start."""
    folder = run_folder() / f"desk-{uuid4().hex}"
    yield folder
    PrivatePostgres.stop(folder / POSTGRES_FOLDER, force=True)
    shutil.rmtree(folder, ignore_errors=True)


async def test_private_database_clean_stop_and_kill(data: Path, tmp_path: Path) -> None:
    words = (*SERVE, "--data-dir", str(data))

    async with waypost(tmp_path / "first", *words) as process:
        base_url = await process.base_url()
        token = await token_of_a_new_desk(data)
        async with client(base_url, token) as http:
            assert (await http.get("/readyz")).json()["status"] == "ready"
            made = await http.post("/v2/customers", json={"firstName": "Before", "lastName": "Stop"})
            assert made.status_code == 201, made.text
        assert await process.end() == 0
    assert PrivatePostgres.status(data / POSTGRES_FOLDER) is Status.STOPPED

    async with waypost(tmp_path / "second", *words) as process:
        async with client(await process.base_url(), token) as http:
            made = await http.post("/v2/customers", json={"firstName": "Before", "lastName": "Kill"})
            assert made.status_code == 201
        await process.end(signal.SIGKILL)
    assert PrivatePostgres.status(data / POSTGRES_FOLDER) is Status.LEFT_OVER

    async with waypost(tmp_path / "third", *words) as process:
        async with client(await process.base_url(), token) as http:
            answer = await http.get("/v2/customers")
            names = {item["lastName"] for item in answer.json()["_embedded"]["customers"]}
            assert names == {"Stop", "Kill"}
        assert await process.end(signal.SIGINT) == 0
    assert PrivatePostgres.status(data / POSTGRES_FOLDER) is Status.STOPPED


async def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        words = ("serve", "--port", str(port), "--data-dir", str(tmp_path / "data"))
        async with waypost(tmp_path / "process", *words) as process:
            assert await process.process.wait() == 1
    assert f"Port {port} on 127.0.0.1 is in use" in process.output
    assert "Traceback" not in process.output
    assert not (tmp_path / "data" / POSTGRES_FOLDER).exists()


async def test_a_second_desk_does_not_share_the_port(served: WaypostProcess, database_url: str, tmp_path: Path) -> None:
    port = (await served.base_url()).rpartition(":")[2]
    words = ("serve", "--port", port, "--data-dir", str(tmp_path / "other"))
    async with waypost(tmp_path / "second", *words, WAYPOST_DATABASE_URL=database_url) as process:
        assert await process.process.wait() == 1
    assert "is in use" in process.output


async def test_a_request_under_way_is_finished(served: WaypostProcess, transactions: Transactions, token: str) -> None:
    async with client(await served.base_url(), token) as http:
        made = await http.post("/v2/customers", json={"firstName": "Slow", "lastName": "One"})
        path = f"/v2/customers/{made.headers['resource-id']}"
        async with transactions.open() as tx:
            await tx.connection.execute("select 1 from customer for update")
            slow = asyncio.create_task(http.put(path, json={"firstName": "Changed", "lastName": "One"}))
            await until(lambda: _somebody_waits(transactions))
            ending = asyncio.create_task(served.end())
            await served.logged("desk.stopping")
        assert (await slow).status_code == 204
        assert await ending == 0
    assert await transactions.pool.fetchval("select first_name from customer") == "Changed"


async def _somebody_waits(transactions: Transactions) -> bool:
    return bool(
        await transactions.pool.fetchval(
            "select exists (select from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock')"
        )
    )


async def test_server_and_worker_apart(
    database_url: str, transactions: Transactions, account: AccountMade, tmp_path: Path
) -> None:
    data = ("--data-dir", str(tmp_path / "data"))

    async def count() -> int:
        return int(await transactions.pool.fetchval("select count(*) from audit_entry"))

    async with waypost(tmp_path / "serve", *SERVE, "--no-worker", *data, WAYPOST_DATABASE_URL=database_url) as server:
        await server.base_url()
        await note(transactions, "something", account_id=account.id)
        assert await count() == 0
        async with waypost(tmp_path / "worker", "worker", *data, WAYPOST_DATABASE_URL=database_url) as worker:
            await until(count)
            assert await worker.end() == 0
        assert not any(line["event"] == "worker.started" for line in server.lines)
        assert await server.end() == 0


async def test_a_database_that_goes_away_is_met_again(
    served: WaypostProcess, transactions: Transactions, account: AccountMade, token: str
) -> None:
    async with client(await served.base_url(), token) as http:
        assert (await http.get("/v2/mailboxes")).status_code == 200
        await transactions.pool.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        await note(transactions, "after", account_id=account.id)
        await until(lambda: transactions.pool.fetchval("select count(*) from audit_entry"))

        async def answers() -> bool:
            return (await http.get("/v2/mailboxes")).status_code == 200

        await until(answers)
    assert await served.end() == 0


async def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    words = (*SERVE, "--data-dir", str(tmp_path / "data"))
    address = "postgresql://waypost:planted-password@127.0.0.1:1/waypost"
    async with waypost(tmp_path / "process", *words, WAYPOST_DATABASE_URL=address) as process:
        assert await process.process.wait() == 1
    assert "does not answer" in process.output
    assert "planted" not in process.output
    assert "Traceback" not in process.output


async def test_a_proxy_that_is_no_address_is_named(database_url: str, tmp_path: Path) -> None:
    words = (*SERVE, "--data-dir", str(tmp_path / "data"))
    environment = {"WAYPOST_DATABASE_URL": database_url, "WAYPOST_TRUSTED_PROXIES": "not an address"}
    async with waypost(tmp_path / "process", *words, **environment) as process:
        assert await process.process.wait() == 1
    assert "not an address" in process.output
    assert "Traceback" not in process.output


async def test_no_planted_secret_is_logged(
    database_url: str, transactions: Transactions, account: AccountMade, token: str, tmp_path: Path
) -> None:
    words = (*SERVE, "--data-dir", str(tmp_path / "data"))
    planted = "planted5ecret"
    environment = {
        "WAYPOST_DATABASE_URL": database_url,
        "WAYPOST_LOG_LEVEL": "debug",
        "WAYPOST_SMTP_URL": f"smtp://user:{planted}@127.0.0.1:1",
    }
    one_time = planted + "x" * 30
    async with waypost(tmp_path / "process", *words, **environment) as process:
        base_url = await process.base_url()
        async with client(base_url, token) as http:
            assert (await http.get("/v2/mailboxes")).status_code == 200
            await http.post("/v2/customers", json={"firstName": planted, "emails": [{"value": f"{planted}@a.test"}]})
            await http.post("/v2/customers", content=b'{"firstName": "planted5ecret"')
            await http.get(f"/v2/mailboxes?access_token={planted}")
            await http.get(f"/password/reset/{one_time}")
            await http.get(f"/invitation/{one_time}")
        async with client(base_url, f"{planted}token") as http:
            await http.get("/v2/mailboxes")
            await http.post("/sign-in", data={"email": f"{planted}@acme.test", "password": planted})
            await http.post(
                "/v2/oauth2/token",
                data={"grant_type": "client_credentials", "client_id": planted, "client_secret": planted},
            )
        assert await process.end() == 0
    assert sum(line["event"] == "request" for line in process.lines) >= 8
    assert planted not in process.output
    assert token not in process.output


async def test_every_request_is_logged_with_its_id(served: WaypostProcess, account: AccountMade, token: str) -> None:
    async with client(await served.base_url(), token) as http:
        answer = await http.get("/v2/mailboxes")
    line = await served.logged("request")
    assert answer.headers["correlation-id"].startswith(line["request_id"])
    assert (line["status"], line["account_id"], line["user_id"]) == (200, account.id, account.owner.id)


async def test_ready_only_while_every_part_is(served: WaypostProcess, transactions: Transactions) -> None:
    async with client(await served.base_url()) as http:
        ready = await http.get("/readyz")
        assert (ready.status_code, set(ready.json()["checks"])) == (200, {"database", "migrations", "files", "log"})
        await transactions.pool.execute("update alembic_version set version_num = '9999_of_tomorrow'")
        unready = await http.get("/readyz")
        assert unready.status_code == 503
        assert unready.json()["checks"]["migrations"] == "unavailable"


async def test_a_newer_database_is_refused(database_url: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("update alembic_version set version_num = '9999_of_tomorrow'")
    await connection.close()
    words = (*SERVE, "--data-dir", str(tmp_path / "data"))
    async with waypost(tmp_path / "process", *words, WAYPOST_DATABASE_URL=database_url) as process:
        assert await process.process.wait() == 1
    assert "newer than this Waypost" in process.output


async def test_the_demo_starts_again_as_it_was(database_url: str, transactions: Transactions, tmp_path: Path) -> None:
    words = (*SERVE, "--demo", "--data-dir", str(tmp_path / "data"))

    async def contents() -> list[int]:
        # Line items come later, from the worker.
        threads = "thread where type <> 'lineitem'"
        tables = ("account", "account_user", "conversation", threads, "customer", "oauth_application", "api_key")
        return [int(await transactions.pool.fetchval(f"select count(*) from {table}")) for table in tables]

    async with waypost(tmp_path / "first", *words, WAYPOST_DATABASE_URL=database_url) as process:
        async with client(await process.base_url()) as http:
            access = json.loads((tmp_path / "data" / "demo.json").read_text())
            grant = {
                "grant_type": "client_credentials",
                "client_id": access["client_id"],
                "client_secret": access["client_secret"],
            }
            token = (await http.post("/v2/oauth2/token", data=grant)).json()["access_token"]
            listed = await http.get("/v2/mailboxes", headers={"Authorization": f"Bearer {token}"})
            assert listed.json()["page"]["totalElements"] == len(access["mailbox_ids"]) > 0
        assert access["user_password"] in process.output
        assert await process.end() == 0
    before = await contents()
    assert min(before) > 0

    async with waypost(tmp_path / "second", *words, WAYPOST_DATABASE_URL=database_url) as process:
        await process.base_url()
        again = json.loads((tmp_path / "data" / "demo.json").read_text())
        assert all(again[name] == access[name] for name in access if name != "base_url")
        assert access["user_password"] in process.output
        assert await process.end() == 0
    assert await contents() == before
