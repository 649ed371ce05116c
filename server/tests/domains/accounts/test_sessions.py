"""Signing in and out, against a real database."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.domains.accounts.make import Desk, person
from waypost.domains import accounts
from waypost.domains.accounts import Actor, User, guesses, membership, password_changes, sessions
from waypost.domains.accounts.sessions import Session, SignedIn, SignInRefused
from waypost.kit.errors import Throttled

PASSWORD = "a signpost in the fog"


async def user_with_password(desk: Desk, first_name: str = "Ursula", password: str = PASSWORD) -> User:
    user = await desk.user(first_name)
    async with desk.transactions.open() as tx:
        await password_changes.set_password(tx, Actor.system(desk.account_id), desk.account_id, user.id, password)
    return user


async def sign_in(desk: Desk, email: str, password: str = PASSWORD, ip: str = "192.0.2.1") -> SignedIn:
    done = await sessions.sign_in(desk.transactions, email, password, ip, "Test/1")
    assert isinstance(done, SignedIn)
    return done


async def session_of(desk: Desk, token: str) -> Session | None:
    async with desk.transactions.read() as read:
        return await sessions.authenticate_session(read.connection, token, read.now)


async def test_the_right_password_opens_a_session_with_the_rights_of_the_user(desk: Desk) -> None:
    user = await user_with_password(desk)
    done = await sign_in(desk, user.email)
    session = await session_of(desk, done.token)
    assert session is not None
    assert (session.actor.user_id, session.actor.account_id) == (user.id, desk.account_id)
    assert "user.signed_in" in await desk.facts("user.")


async def test_the_case_of_the_address_does_not_matter(desk: Desk) -> None:
    user = await user_with_password(desk)
    assert (await sign_in(desk, f"  {user.email.upper()} ")).user_id == user.id


@pytest.mark.parametrize("email", ["", "nobody@example.com", "nul\x00l@example.com", "\ud800@example.com", "a" * 5000])
async def test_unknown_and_impossible_addresses_are_refused_like_a_wrong_password(desk: Desk, email: str) -> None:
    with pytest.raises(SignInRefused):
        await sessions.sign_in(desk.transactions, email, PASSWORD, "192.0.2.1", "Test/1")


async def test_a_wrong_password_is_refused_and_noted_without_the_password(desk: Desk) -> None:
    user = await user_with_password(desk)
    with pytest.raises(SignInRefused):
        await sign_in(desk, user.email, "not the password")
    rows = await desk.transactions.pool.fetch("select data::text as data from event where type = 'user.sign_in_failed'")
    assert [row["data"] for row in rows] == ['{"step": "password"}']


async def test_invited_and_deactivated_users_cannot_sign_in(desk: Desk) -> None:
    user = await user_with_password(desk)
    async with desk.transactions.open() as tx:
        await membership.deactivate_user(tx, desk.owner, user.id)
    with pytest.raises(SignInRefused):
        await sign_in(desk, user.email)


async def test_a_user_without_a_password_cannot_sign_in_with_an_empty_one(desk: Desk) -> None:
    user = await desk.user()
    for password in ("", "no one's password"):
        with pytest.raises(SignInRefused):
            await sign_in(desk, user.email, password)


async def test_each_sign_in_makes_a_new_token_and_stores_none(desk: Desk) -> None:
    user = await user_with_password(desk)
    first, second = await sign_in(desk, user.email), await sign_in(desk, user.email)
    assert first.token != second.token
    stored = await desk.transactions.pool.fetch("select * from session")
    assert len(stored) == 2
    assert not any(token in repr(row) for row in stored for token in (first.token, second.token))


async def test_a_session_ends_fourteen_days_after_its_last_use(desk: Desk, clock: Any) -> None:
    user = await user_with_password(desk)
    token = (await sign_in(desk, user.email)).token
    clock.move(days=13)
    session = await session_of(desk, token)
    assert session is not None
    assert sessions.is_due(session, clock())
    async with desk.transactions.open() as tx:
        await sessions.extend(tx, session)
    clock.move(days=13, hours=23)
    assert await session_of(desk, token) is not None
    clock.move(hours=1)
    assert await session_of(desk, token) is None


async def test_use_is_written_down_every_few_minutes_only(desk: Desk, clock: Any) -> None:
    user = await user_with_password(desk)
    token = (await sign_in(desk, user.email)).token
    clock.move(minutes=9)
    session = await session_of(desk, token)
    assert session is not None
    assert not sessions.is_due(session, clock())


async def test_signing_out_ends_this_session_and_no_other(desk: Desk) -> None:
    user = await user_with_password(desk)
    first, second = await sign_in(desk, user.email), await sign_in(desk, user.email)
    session = await session_of(desk, first.token)
    assert session is not None
    async with desk.transactions.open() as tx:
        await sessions.sign_out(tx, session)
        await sessions.sign_out(tx, session)
    assert await session_of(desk, first.token) is None
    assert await session_of(desk, second.token) is not None
    assert (await desk.facts("user.signed_out")) == ["user.signed_out"]


async def test_signing_out_elsewhere_keeps_this_session(desk: Desk) -> None:
    user, other = await user_with_password(desk), await user_with_password(desk, "Other")
    here, there = await sign_in(desk, user.email), await sign_in(desk, user.email)
    foreign = await sign_in(desk, other.email)
    session = await session_of(desk, here.token)
    assert session is not None
    async with desk.transactions.open() as tx:
        assert await sessions.sign_out_elsewhere(tx, session) == 1
    assert await session_of(desk, here.token) is not None
    assert await session_of(desk, there.token) is None
    assert await session_of(desk, foreign.token) is not None


async def test_a_deactivated_user_has_no_session_any_more(desk: Desk) -> None:
    user = await user_with_password(desk)
    token = (await sign_in(desk, user.email)).token
    async with desk.transactions.open() as tx:
        await membership.deactivate_user(tx, desk.owner, user.id)
    assert await session_of(desk, token) is None
    async with desk.transactions.open() as tx:
        await membership.reactivate_user(tx, desk.owner, user.id)
    assert await session_of(desk, token) is None


async def test_changing_the_password_ends_all_other_sessions(desk: Desk) -> None:
    user = await user_with_password(desk)
    here, there = await sign_in(desk, user.email), await sign_in(desk, user.email)
    session = await session_of(desk, here.token)
    assert session is not None
    await password_changes.change(desk.transactions, session, PASSWORD, "another long password", "192.0.2.1")
    assert await session_of(desk, here.token) is not None
    assert await session_of(desk, there.token) is None
    with pytest.raises(SignInRefused):
        await sign_in(desk, user.email)
    await sign_in(desk, user.email, "another long password")


async def test_a_sign_in_that_races_a_new_password_leaves_no_session_of_the_old_one(desk: Desk) -> None:
    user = await user_with_password(desk)
    session = await session_of(desk, (await sign_in(desk, user.email)).token)
    assert session is not None

    async def try_old() -> str | None:
        try:
            return (await sign_in(desk, user.email)).token
        except SignInRefused:
            return None

    change = password_changes.change(desk.transactions, session, PASSWORD, "another long password", "192.0.2.9")
    tokens = (await asyncio.gather(change, *(try_old() for _ in range(6))))[1:]
    live = [token for token in tokens if token is not None and await session_of(desk, token) is not None]
    assert live == []


async def test_the_eleventh_guess_for_one_address_is_not_checked(desk: Desk, clock: Any) -> None:
    user = await user_with_password(desk)
    for number in range(10):
        with pytest.raises(SignInRefused):
            await sign_in(desk, user.email, "wrong password", ip=f"192.0.2.{number}")
    with pytest.raises(Throttled) as refused:
        await sign_in(desk, user.email)
    assert 0 < refused.value.retry_after_s <= 15 * 60
    clock.move(minutes=15)
    await sign_in(desk, user.email)


async def test_a_right_password_starts_the_count_of_its_address_anew(desk: Desk) -> None:
    user = await user_with_password(desk)
    for _ in range(2):
        for _ in range(9):
            with pytest.raises(SignInRefused):
                await sign_in(desk, user.email, "wrong password", ip="192.0.2.7")
        await sign_in(desk, user.email, ip="192.0.2.7")


async def test_one_network_address_has_fifty_guesses_whoever_it_guesses_at(desk: Desk) -> None:
    user = await user_with_password(desk)
    with pytest.raises(SignInRefused):
        await sign_in(desk, "nobody@example.com", "wrong", ip="2001:db8::1")
    for _ in range(49):
        await guesses.count(desk.transactions, (guesses.PASSWORD_PER_ADDRESS, "2001:db8::/64"))
    with pytest.raises(Throttled):
        await sign_in(desk, user.email, ip="2001:db8::ffff:2")
    await sign_in(desk, user.email, ip="2001:db8:1::1")


async def test_what_is_over_is_removed_and_the_rest_is_kept(desk: Desk, clock: Any) -> None:
    user = await user_with_password(desk)
    await sign_in(desk, user.email)
    clock.move(days=15)
    kept = await sign_in(desk, user.email)
    async with desk.transactions.open() as tx:
        assert await sessions.forget_expired(tx) >= 1
    assert await session_of(desk, kept.token) is not None
    assert await desk.transactions.pool.fetchval("select count(*) from session") == 1


async def test_a_hash_with_other_figures_is_renewed_at_sign_in(desk: Desk) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with desk.transactions.open() as tx:
        user = await accounts.create_user(tx, desk.owner, person("Weak"), password_hash=weak)
    await sign_in(desk, user.email)
    stored = await desk.transactions.pool.fetchval("select password_hash from account_user where id = $1", user.id)
    assert stored != weak
    await sign_in(desk, user.email)
