"""Databases to measure on: one of each size, made once and kept in the folder `bench/results`."""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from waypost.domains import conversations
from waypost.kit import migrations
from waypost.kit.db import open_pool
from waypost.kit.private_postgres import PrivatePostgres
from waypost.kit.secrets import digest
from waypost.kit.tx import Transactions

FOLDER = Path(__file__).parent / "results"
#: Threads of a conversation where they are not 3.
THREADS = {100_000: 2}
#: From this size on there are as many customers as conversations, in place of a fifth.
MANY_CUSTOMERS = 1_000_000
TOKEN = "bench-token-that-is-no-secret"  # noqa: S105 - of a database that holds nothing


@dataclass(frozen=True)
class Ground:
    """A filled database: its addresses, and who asks."""

    size: int
    dsn: str
    account_id: int
    user_id: int
    mailbox_id: int


async def prepare(server: PrivatePostgres, size: int) -> Ground:
    """The database of so many conversations: filled on the first run, migrated on later ones."""
    name = f"bench_{size}"
    dsn, superuser = server.dsn(name), server.dsn(name, user="postgres")
    note = FOLDER / f"{name}.json"
    if not note.exists():
        print(f"filling {name} ...", file=sys.stderr, flush=True)
        admin = await asyncpg.connect(server.dsn("postgres", user="postgres"))
        await admin.execute(f'drop database if exists "{name}" (force)')
        await admin.execute(f'create database "{name}" owner waypost')
        await admin.close()
        await migrations.upgrade(dsn)
        made = await _generate(superuser, size)
        note.write_text(json.dumps(made))
    made = json.loads(note.read_text())
    await migrations.upgrade(dsn)
    await _index_anew(dsn)
    user_id = made["user_ids"][0]
    await _give_token(dsn, made["account_id"], user_id)
    return Ground(size, dsn, made["account_id"], user_id, made["mailbox_ids"][0])


async def _generate(dsn: str, size: int) -> dict[str, object]:
    extra = [
        *(["--threads-per-conversation", str(THREADS[size])] if size in THREADS else []),
        *(["--customers", str(size)] if size >= MANY_CUSTOMERS else []),
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).parent / "generate.py"), dsn, "--conversations", str(size), *extra,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode:
        raise SystemExit("the generator failed")
    return dict(json.loads(output))


async def _index_anew(dsn: str) -> None:
    """What the worker would do after a migration of the search documents."""
    async with await open_pool(dsn, max_size=2) as pool:
        await conversations.rebuild_documents(Transactions(pool))


async def _give_token(dsn: str, account_id: int, user_id: int) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("delete from oauth_token where digest = $1", digest(TOKEN))
    application_id = await connection.fetchval(
        """insert into oauth_application (account_id, user_id, name, client_id, client_secret_hash)
           values ($1, $2, 'bench', $3, $4) returning id""",
        account_id,
        user_id,
        str(uuid.uuid4()),
        b"none",
    )
    await connection.execute(
        """insert into oauth_token (digest, account_id, application_id, user_id, family, kind, expires_at)
           values ($1, $2, $3, $4, $5, 'access', now() + interval '2 days')""",
        digest(TOKEN),
        account_id,
        application_id,
        user_id,
        uuid.uuid4(),
    )
    await connection.close()
