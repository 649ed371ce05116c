from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from tests.domains.accounts.conftest import Clock
from tests.domains.accounts.make import Desk
from waypost.domains import accounts
from waypost.domains.accounts import Dialect, Role, TokenCache, grants, rights
from waypost.kit.db import open_pool
from waypost.kit.secrets import digest
from waypost.kit.tx import Transactions

HEARD_WITHIN_S = 10.0


@asynccontextmanager
async def running(cache: TokenCache, dsn: str) -> AsyncIterator[TokenCache]:
    task = asyncio.create_task(cache.run(dsn))
    try:
        await asyncio.wait_for(cache.listening.wait(), HEARD_WITHIN_S)
        yield cache
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def other_process(database_url: str, clock: Clock) -> AsyncIterator[Transactions]:
    """Another process's pool on the same database."""
    pool = await open_pool(database_url, max_size=2)
    yield Transactions(pool, clock)
    await pool.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HEARD_WITHIN_S):
        while not condition():  # noqa: ASYNC110 (caches tell nobody that they forgot)
            await asyncio.sleep(0.005)


async def test_a_token_stands_for_user_role_mailboxes_application_and_dialect(desk: Desk) -> None:
    agent = await desk.actor()
    mailbox_ids = {await desk.mailbox("One"), await desk.mailbox("Two")}
    await desk.mailbox("Hidden")
    async with desk.transactions.open() as tx:
        for mailbox_id in mailbox_ids:
            await accounts.grant_mailbox(tx, desk.owner, agent.user_id, mailbox_id)
    application, _ = await desk.application(agent, dialect=Dialect.PLATFORM)
    token = await desk.client_token(application)

    async with desk.transactions.read() as tx:
        credential = await accounts.authenticate(tx.connection, token, tx.now)

    assert credential is not None
    assert credential.actor.user_id == agent.user_id
    assert credential.actor.role is Role.USER
    assert credential.actor.mailbox_ids == frozenset(mailbox_ids)
    assert credential.actor.application_id == application.id
    assert credential.dialect is Dialect.PLATFORM


async def test_a_token_of_an_administrator_sees_every_mailbox(desk: Desk) -> None:
    application, _ = await desk.application()
    token = await desk.client_token(application)
    async with desk.transactions.read() as tx:
        credential = await accounts.authenticate(tx.connection, token, tx.now)
    assert credential is not None
    assert credential.actor.mailbox_ids is None


async def test_checking_a_token_is_one_query(desk: Desk) -> None:
    application, _ = await desk.application()
    token = await desk.client_token(application)
    queries: list[str] = []
    async with desk.transactions.pool.acquire() as connection:
        await accounts.authenticate(connection, token)
        with connection.query_logger(lambda record: queries.append(record.query)):
            await accounts.authenticate(connection, token)
    assert len(queries) == 1


@pytest.mark.parametrize("text", ["", "unknown", "x" * 100_000, "\ud800", "a\x00b"])
async def test_what_is_no_token_stands_for_nobody(desk: Desk, text: str) -> None:
    async with desk.transactions.read() as tx:
        assert await accounts.authenticate(tx.connection, text) is None
    assert await TokenCache(desk.transactions).authenticate(text) is None


async def test_a_refresh_token_is_no_access_token(desk: Desk) -> None:
    application, _ = await desk.application()
    tokens = await desk.consent(application, desk.owner.user_id)
    assert tokens.refresh_token is not None
    assert await TokenCache(desk.transactions).authenticate(tokens.refresh_token) is None


async def test_a_token_ends_after_two_days_in_memory_too(desk: Desk, clock: Clock, database_url: str) -> None:
    application, _ = await desk.application()
    token = await desk.client_token(application)
    async with running(TokenCache(desk.transactions, remembered_s=1e9), database_url) as cache:
        clock.move(seconds=172_799)
        assert await cache.authenticate(token) is not None
        assert len(cache) == 1
        clock.move(seconds=1)
        assert await cache.authenticate(token) is None


async def test_a_remembered_token_needs_no_query_until_its_time_is_up(desk: Desk, database_url: str) -> None:
    application, _ = await desk.application()
    token = await desk.client_token(application)
    moment = [0.0]
    async with running(TokenCache(desk.transactions, timer=lambda: moment[0]), database_url) as cache:
        first = await cache.authenticate(token)
        # Behind the back of all verbs, to see who is asked.
        await desk.transactions.pool.execute("delete from oauth_token")
        moment[0] = 29.9
        assert await cache.authenticate(token) == first
        moment[0] = 30.0
        assert await cache.authenticate(token) is None


async def test_the_memory_is_bounded(desk: Desk, database_url: str) -> None:
    application, _ = await desk.application()
    tokens = [await desk.client_token(application) for _ in range(5)]
    async with running(TokenCache(desk.transactions, max_entries=3), database_url) as cache:
        for token in tokens:
            await cache.authenticate(token)
        assert len(cache) == 3
        cache.forget(desk.account_id)
        assert len(cache) == 0


async def test_a_cache_that_cannot_hear_remembers_nothing(desk: Desk) -> None:
    application, _ = await desk.application()
    token = await desk.client_token(application)
    cache = TokenCache(desk.transactions)
    assert await cache.authenticate(token) is not None
    assert len(cache) == 0


async def test_a_lost_listener_empties_the_memory_and_comes_back(desk: Desk, database_url: str) -> None:
    application, _ = await desk.application()
    token = await desk.client_token(application)
    async with running(TokenCache(desk.transactions), database_url) as cache:
        await cache.authenticate(token)
        await desk.transactions.pool.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
               where query ilike 'listen%' and datname = current_database()"""
        )
        await until(lambda: not cache.listening.is_set())
        assert len(cache) == 0
        await asyncio.wait_for(cache.listening.wait(), HEARD_WITHIN_S)
        assert await cache.authenticate(token) is not None
        assert len(cache) == 1


async def test_deactivation_counts_at_once_in_this_process(desk: Desk, database_url: str) -> None:
    agent = await desk.actor()
    application, _ = await desk.application(agent)
    token = await desk.client_token(application)
    async with running(TokenCache(desk.transactions), database_url) as cache:
        assert await cache.authenticate(token) is not None
        async with desk.transactions.open() as tx:
            await accounts.deactivate_user(tx, desk.owner, agent.user_id)
        assert await cache.authenticate(token) is None


Change = Callable[[Any, Desk, Any, Any], Any]
CHANGES: dict[str, Change] = {
    "deactivated": lambda tx, desk, agent, _: accounts.deactivate_user(tx, desk.owner, agent.user_id),
    "deleted": lambda tx, desk, agent, _: accounts.delete_user(tx, desk.owner, agent.user_id),
    "role": lambda tx, desk, agent, _: accounts.change_role(tx, desk.owner, agent.user_id, Role.ADMIN),
    "application deleted": lambda tx, _, agent, application: accounts.delete_application(tx, agent, application.id),
    "secret reset": lambda tx, _, agent, application: accounts.reset_secret(tx, agent, application.id),
    "dialect": lambda tx, _, agent, application: accounts.set_dialect(tx, agent, application.id, Dialect.PLATFORM),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_a_change_of_rights_reaches_the_other_process(
    desk: Desk, other_process: Transactions, database_url: str, change: Change
) -> None:
    agent = await desk.actor()
    application, _ = await desk.application(agent)
    token = await desk.client_token(application)
    elsewhere = TokenCache(other_process)
    # A second process has its own list of listeners: without this entry only NOTIFY can reach the cache.
    rights._listeners.discard(elsewhere)
    async with running(TokenCache(desk.transactions), database_url) as here, running(elsewhere, database_url):
        before = await elsewhere.authenticate(token)
        assert before == await here.authenticate(token)
        assert len(elsewhere) == 1
        async with desk.transactions.open() as tx:
            await change(tx, desk, agent, application)
        assert len(here) == 0
        await until(lambda: len(elsewhere) == 0)
        assert await elsewhere.authenticate(token) != before
        assert await elsewhere.authenticate(token) == await here.authenticate(token)


async def test_mailbox_access_counts_at_once(desk: Desk, database_url: str) -> None:
    agent = await desk.actor()
    mailbox_id = await desk.mailbox()
    application, _ = await desk.application(agent)
    token = await desk.client_token(application)
    seen = []
    async with running(TokenCache(desk.transactions), database_url) as cache:
        for verb in (None, accounts.grant_mailbox, accounts.revoke_mailbox):
            if verb:
                async with desk.transactions.open() as tx:
                    await verb(tx, desk.owner, agent.user_id, mailbox_id)
            credential = await cache.authenticate(token)
            assert credential is not None
            seen.append(credential.actor.mailbox_ids)
    assert seen == [frozenset(), frozenset({mailbox_id}), frozenset()]


async def test_a_rolled_back_change_forgets_nothing(desk: Desk, database_url: str) -> None:
    agent = await desk.actor()
    application, _ = await desk.application(agent)
    token = await desk.client_token(application)
    async with running(TokenCache(desk.transactions), database_url) as cache:
        await cache.authenticate(token)
        with suppress(ZeroDivisionError):
            async with desk.transactions.open() as tx:
                await accounts.deactivate_user(tx, desk.owner, agent.user_id)
                raise ZeroDivisionError
        assert len(cache) == 1
        assert await cache.authenticate(token) is not None


async def test_a_look_up_that_a_change_overtook_is_not_remembered(desk: Desk, database_url: str) -> None:
    agent = await desk.actor()
    application, _ = await desk.application(agent)
    token = await desk.client_token(application)

    class SlowPool:
        """Hands out connections, but only takes them back when told to: a look-up that is slow to come home."""

        def __init__(self) -> None:
            self.has_answer, self.may_return = asyncio.Event(), asyncio.Event()

        @asynccontextmanager
        async def acquire(self) -> AsyncIterator[Any]:
            async with desk.transactions.pool.acquire() as connection:
                yield connection
            self.has_answer.set()
            await self.may_return.wait()

    slow = SlowPool()
    async with running(TokenCache(Transactions(slow, desk.transactions.clock)), database_url) as cache:
        looking_up = asyncio.create_task(cache.authenticate(token))
        await slow.has_answer.wait()
        async with desk.transactions.open() as tx:
            await accounts.deactivate_user(tx, desk.owner, agent.user_id)
        slow.may_return.set()
        await looking_up
        assert len(cache) == 0
        assert await cache.authenticate(token) is None


async def test_an_unreadable_notification_empties_the_memory(desk: Desk, database_url: str) -> None:
    application, _ = await desk.application()
    token = await desk.client_token(application)
    async with running(TokenCache(desk.transactions), database_url) as cache:
        await cache.authenticate(token)
        await desk.transactions.pool.execute("select pg_notify($1, 'what?')", rights.CHANNEL)
        await until(lambda: len(cache) == 0)


async def test_only_digests_are_stored(desk: Desk) -> None:
    application, secret = await desk.application()
    tokens = await desk.consent(application, desk.owner.user_id)
    async with desk.transactions.open() as tx:
        code = await grants.issue_code(tx, application, desk.owner.user_id, None)
        _, key = await accounts.create_api_key(tx, desk.owner, "docs")
    plain = [secret, tokens.access_token, tokens.refresh_token, code, key]
    tables = await desk.transactions.pool.fetch(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    whole = ""
    for table in tables:
        # bytea as text with its escapes undone, so that a secret stored as bytes would show as well.
        for row in await desk.transactions.pool.fetch(f'select * from "{table["table_name"]}"'):
            whole += "".join(
                value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row.values()
            )
    assert "Sync" in whole
    assert digest(tokens.access_token).decode("latin-1") in whole
    assert not [one for one in plain if one and one in whole]
