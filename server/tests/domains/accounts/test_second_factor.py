"""Codes at sign-in, against a real database."""

from __future__ import annotations

import asyncio
from typing import Any

import pyotp
import pytest

from tests.domains.accounts.make import Desk
from tests.domains.accounts.test_sessions import PASSWORD, session_of, user_with_password
from waypost.domains.accounts import Actor, guesses, second_factor, sessions
from waypost.domains.accounts.sessions import SecondFactorNeeded, SignedIn, SignInExpired, SignInRefused
from waypost.kit.errors import Conflict, Invalid, Throttled
from waypost.kit.sealing import Unreadable

KEY = b"k" * 32
IP = "192.0.2.1"


async def enrolled(desk: Desk, clock: Any) -> tuple[Actor, str, pyotp.TOTP]:
    user = await user_with_password(desk)
    actor = Actor(account_id=desk.account_id, kind="user", user_id=user.id)
    async with desk.transactions.open() as tx:
        secret = (await second_factor.begin(tx, actor, KEY)).secret
    totp = pyotp.TOTP(secret)
    await second_factor.confirm(desk.transactions, actor, KEY, totp.at(clock()), IP)
    clock.move(seconds=30)
    return actor, user.email, totp


async def pending(desk: Desk, email: str) -> str:
    outcome = await sessions.sign_in(desk.transactions, email, PASSWORD, IP, "Test/1")
    assert isinstance(outcome, SecondFactorNeeded)
    return outcome.token


async def finish(desk: Desk, token: str, code: str, ip: str = IP) -> SignedIn:
    return await sessions.sign_in_with_code(desk.transactions, KEY, token, code, ip, "Test/1")


async def test_password_and_code_together_open_a_session(desk: Desk, clock: Any) -> None:
    _, email, totp = await enrolled(desk, clock)
    done = await finish(desk, await pending(desk, email), totp.at(clock()))
    assert await session_of(desk, done.token) is not None


async def test_the_password_alone_opens_no_session(desk: Desk, clock: Any) -> None:
    _, email, _ = await enrolled(desk, clock)
    token = await pending(desk, email)
    assert await session_of(desk, token) is None
    assert await desk.transactions.pool.fetchval("select count(*) from session") == 0


async def test_a_code_counts_once(desk: Desk, clock: Any) -> None:
    _, email, totp = await enrolled(desk, clock)
    code = totp.at(clock())
    await finish(desk, await pending(desk, email), code)
    with pytest.raises(SignInRefused):
        await finish(desk, await pending(desk, email), code)


async def test_of_the_same_code_at_the_same_time_one_counts(desk: Desk, clock: Any) -> None:
    _, email, totp = await enrolled(desk, clock)
    tokens = [await pending(desk, email) for _ in range(5)]
    outcomes = await asyncio.gather(
        *(finish(desk, token, totp.at(clock())) for token in tokens), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["SignInRefused"] * 4 + ["SignedIn"]


async def test_an_older_code_than_the_last_one_does_not_count(desk: Desk, clock: Any) -> None:
    _, email, totp = await enrolled(desk, clock)
    older = totp.at(clock())
    clock.move(seconds=30)
    await finish(desk, await pending(desk, email), totp.at(clock()))
    with pytest.raises(SignInRefused):
        await finish(desk, await pending(desk, email), older)


async def test_codes_of_the_neighbouring_steps_count_and_others_do_not(desk: Desk, clock: Any) -> None:
    _, email, totp = await enrolled(desk, clock)
    clock.move(minutes=5)
    for shift in (-60, 60):
        with pytest.raises(SignInRefused):
            await finish(desk, await pending(desk, email), totp.at(clock().timestamp() + shift))
    await finish(desk, await pending(desk, email), f" {totp.at(clock().timestamp() - 30)} ")


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\uff11\uff12\uff13\uff14\uff15\uff16", "      "]
)
async def test_what_is_no_code_is_refused(desk: Desk, clock: Any, code: str) -> None:
    _, email, _ = await enrolled(desk, clock)
    with pytest.raises(SignInRefused):
        await finish(desk, await pending(desk, email), code)


async def test_a_thousand_parallel_guesses_are_six_checks(desk: Desk, clock: Any) -> None:
    _, email, totp = await enrolled(desk, clock)
    token = await pending(desk, email)
    right = totp.at(clock())
    wrong = [f"{number:06d}" for number in range(1000) if f"{number:06d}" != right]
    outcomes = await asyncio.gather(
        *(finish(desk, token, code, f"10.0.{number % 250}.{number % 7}") for number, code in enumerate(wrong)),
        return_exceptions=True,
    )
    checked = [outcome for outcome in outcomes if isinstance(outcome, SignInRefused)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Throttled)]
    assert len(checked) == guesses.CODE_PER_USER.guesses
    assert len(refused) == len(wrong) - len(checked)
    with pytest.raises(Throttled):
        await finish(desk, token, right, "10.1.1.1")


async def test_a_half_finished_sign_in_ends_after_ten_minutes_and_after_use(desk: Desk, clock: Any) -> None:
    _, email, totp = await enrolled(desk, clock)
    token = await pending(desk, email)
    clock.move(minutes=10)
    with pytest.raises(SignInExpired):
        await finish(desk, token, totp.at(clock()))
    token = await pending(desk, email)
    await finish(desk, token, totp.at(clock()))
    clock.move(seconds=30)
    with pytest.raises(SignInExpired):
        await finish(desk, token, totp.at(clock()))


async def test_a_code_of_one_user_does_not_finish_the_sign_in_of_another(desk: Desk, clock: Any) -> None:
    _, email, _ = await enrolled(desk, clock)
    _, _, other = await enrolled(desk, clock)
    with pytest.raises(SignInRefused):
        await finish(desk, await pending(desk, email), other.at(clock()))


async def test_an_unconfirmed_secret_asks_for_no_code(desk: Desk, clock: Any) -> None:
    user = await user_with_password(desk)
    actor = Actor(account_id=desk.account_id, kind="user", user_id=user.id)
    async with desk.transactions.open() as tx:
        made = await second_factor.begin(tx, actor, KEY)
        assert await second_factor.pending(tx, actor, KEY) == made
        assert not await second_factor.is_on(tx, actor)
    assert isinstance(await sessions.sign_in(desk.transactions, user.email, PASSWORD, IP, ""), SignedIn)
    with pytest.raises(Invalid):
        await second_factor.confirm(desk.transactions, actor, KEY, "000000", IP)


async def test_a_confirmed_secret_is_not_shown_or_replaced(desk: Desk, clock: Any) -> None:
    actor, _, _ = await enrolled(desk, clock)
    async with desk.transactions.open() as tx:
        assert await second_factor.pending(tx, actor, KEY) is None
        with pytest.raises(Conflict):
            await second_factor.begin(tx, actor, KEY)


async def test_removing_takes_the_password(desk: Desk, clock: Any) -> None:
    actor, email, _ = await enrolled(desk, clock)
    with pytest.raises(Invalid):
        await second_factor.remove(desk.transactions, actor, "not the password", IP)
    await second_factor.remove(desk.transactions, actor, PASSWORD, IP)
    assert isinstance(await sessions.sign_in(desk.transactions, email, PASSWORD, IP, ""), SignedIn)
    assert await desk.facts("user.second") == ["user.second_factor_added", "user.second_factor_removed"]


async def test_the_secret_is_stored_sealed(desk: Desk, clock: Any) -> None:
    actor, email, totp = await enrolled(desk, clock)
    stored = await desk.transactions.pool.fetchval("select totp_secret from account_user where id = $1", actor.user_id)
    assert totp.secret.encode() not in stored
    token = await pending(desk, email)
    with pytest.raises(Unreadable):
        await sessions.sign_in_with_code(desk.transactions, b"x" * 32, token, totp.at(clock()), IP, "")
