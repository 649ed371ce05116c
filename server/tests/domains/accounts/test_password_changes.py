"""Invitations, forgotten passwords, changes, against a real database."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.domains.accounts.make import Desk, person
from tests.domains.accounts.test_sessions import PASSWORD, session_of, sign_in, user_with_password
from waypost.domains import accounts
from waypost.domains.accounts import User, one_time_tokens, password_changes
from waypost.domains.accounts.password_changes import ResetLink
from waypost.domains.accounts.sessions import SignInRefused
from waypost.kit.errors import Conflict, Invalid, NotFound, Throttled

NEW = "a quite new password"
IP = "192.0.2.1"


async def reset_link(desk: Desk, email: str) -> ResetLink:
    async with desk.transactions.open() as tx:
        link = await password_changes.request_reset(tx, email)
    assert link is not None
    return link


async def invited(desk: Desk) -> tuple[User, str]:
    async with desk.transactions.open() as tx:
        user = await accounts.invite_user(tx, desk.owner, person("Ines"))
        return user, await one_time_tokens.issue_invitation(tx, desk.account_id, user.id)


async def test_a_reset_sets_the_password_and_ends_all_sessions(desk: Desk) -> None:
    user = await user_with_password(desk)
    earlier = await sign_in(desk, user.email)
    await password_changes.reset(desk.transactions, (await reset_link(desk, user.email)).token, NEW, IP)
    assert await session_of(desk, earlier.token) is None
    with pytest.raises(SignInRefused):
        await sign_in(desk, user.email)
    await sign_in(desk, user.email, NEW)
    assert {"user.password_reset_requested", "user.password_changed"} <= set(await desk.facts("user."))


async def test_a_reset_link_works_once_even_for_many_at_the_same_time(desk: Desk) -> None:
    user = await user_with_password(desk)
    token = (await reset_link(desk, user.email)).token
    outcomes = await asyncio.gather(
        *(password_changes.reset(desk.transactions, token, f"{NEW} {number}", IP) for number in range(5)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Bearer"] + ["NotFound"] * 4
    with pytest.raises(NotFound):
        await password_changes.reset(desk.transactions, token, NEW, IP)


async def test_a_reset_link_ends_after_an_hour_and_when_a_newer_one_is_made(desk: Desk, clock: Any) -> None:
    user = await user_with_password(desk)
    first = await reset_link(desk, user.email)
    second = await reset_link(desk, user.email)
    with pytest.raises(NotFound):
        await password_changes.reset(desk.transactions, first.token, NEW, IP)
    clock.move(hours=1)
    with pytest.raises(NotFound):
        await password_changes.reset(desk.transactions, second.token, NEW, IP)


async def test_links_asked_for_at_the_same_time_leave_one_that_works(desk: Desk) -> None:
    user = await user_with_password(desk)
    links = await asyncio.gather(*(reset_link(desk, user.email) for _ in range(6)))
    async with desk.transactions.read() as read:
        alive = [link for link in links if await one_time_tokens.find(read, link.token, "password_reset")]
    assert len(alive) == 1


async def test_a_weak_password_leaves_the_link_usable(desk: Desk) -> None:
    user = await user_with_password(desk)
    token = (await reset_link(desk, user.email)).token
    with pytest.raises(Invalid) as refused:
        await password_changes.reset(desk.transactions, token, "short", IP)
    assert refused.value.errors[0].path == "new_password"
    await password_changes.reset(desk.transactions, token, NEW, IP)


async def test_looking_at_a_link_does_not_use_it_up(desk: Desk) -> None:
    user = await user_with_password(desk)
    token = (await reset_link(desk, user.email)).token
    async with desk.transactions.read() as read:
        for _ in range(3):
            bearer = await one_time_tokens.find(read, token, "password_reset")
            assert bearer is not None
            assert bearer.email == user.email


async def test_a_new_password_makes_an_open_reset_link_worthless(desk: Desk) -> None:
    user = await user_with_password(desk)
    link = await reset_link(desk, user.email)
    session = await session_of(desk, (await sign_in(desk, user.email)).token)
    assert session is not None
    await password_changes.change(desk.transactions, session, PASSWORD, NEW, IP)
    with pytest.raises(NotFound):
        await password_changes.reset(desk.transactions, link.token, "yet another one", IP)


@pytest.mark.parametrize("email", ["nobody@example.com", "", "nul\x00@example.com"])
async def test_no_link_is_made_for_nobody(desk: Desk, email: str) -> None:
    async with desk.transactions.open() as tx:
        assert await password_changes.request_reset(tx, email) is None


async def test_no_link_is_made_for_invited_or_deactivated_users(desk: Desk) -> None:
    user, _ = await invited(desk)
    gone = await user_with_password(desk)
    async with desk.transactions.open() as tx:
        await accounts.deactivate_user(tx, desk.owner, gone.id)
        assert await password_changes.request_reset(tx, user.email) is None
        assert await password_changes.request_reset(tx, gone.email) is None


async def test_wishes_for_links_are_counted_for_known_and_unknown_addresses_alike(desk: Desk) -> None:
    user = await user_with_password(desk)
    for email in (user.email, "nobody@example.com"):
        for number in range(3):
            await password_changes.count_reset(desk.transactions, email, f"10.0.0.{number}")
        with pytest.raises(Throttled):
            await password_changes.count_reset(desk.transactions, email, "10.0.0.9")


async def test_an_invitation_makes_the_user_active_with_a_password_and_a_session(desk: Desk) -> None:
    user, token = await invited(desk)
    done = await password_changes.accept_invitation(desk.transactions, token, NEW, IP, "Test/1")
    session = await session_of(desk, done.token)
    assert session is not None
    assert session.actor.user_id == user.id
    await sign_in(desk, user.email, NEW)


async def test_an_invitation_works_once_and_for_three_days(desk: Desk, clock: Any) -> None:
    _, token = await invited(desk)
    clock.move(hours=71, minutes=59)
    await password_changes.accept_invitation(desk.transactions, token, NEW, IP, "")
    with pytest.raises(NotFound):
        await password_changes.accept_invitation(desk.transactions, token, NEW, IP, "")
    _, late = await invited(desk)
    clock.move(hours=72)
    with pytest.raises(NotFound):
        await password_changes.accept_invitation(desk.transactions, late, NEW, IP, "")


async def test_a_token_serves_its_own_purpose_only(desk: Desk) -> None:
    user = await user_with_password(desk)
    link = await reset_link(desk, user.email)
    with pytest.raises(NotFound):
        await password_changes.accept_invitation(desk.transactions, link.token, NEW, IP, "")
    _, invitation = await invited(desk)
    with pytest.raises(NotFound):
        await password_changes.reset(desk.transactions, invitation, NEW, IP)


async def test_changing_takes_the_current_password(desk: Desk) -> None:
    user = await user_with_password(desk)
    session = await session_of(desk, (await sign_in(desk, user.email)).token)
    assert session is not None
    with pytest.raises(Invalid):
        await password_changes.change(desk.transactions, session, "not the password", NEW, IP)
    with pytest.raises(Invalid):
        await password_changes.change(desk.transactions, session, PASSWORD, user.email, IP)
    await sign_in(desk, user.email)


async def test_of_two_changes_at_the_same_time_the_second_is_told(desk: Desk) -> None:
    user = await user_with_password(desk)
    session = await session_of(desk, (await sign_in(desk, user.email)).token)
    assert session is not None
    outcomes = await asyncio.gather(
        *(password_changes.change(desk.transactions, session, PASSWORD, f"{NEW} {number}", IP) for number in range(2)),
        return_exceptions=True,
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(outcome is None or isinstance(outcome, Conflict | Invalid) for outcome in outcomes)
    works = []
    for number in range(2):
        try:
            await sign_in(desk, user.email, f"{NEW} {number}")
            works.append(number)
        except SignInRefused:
            pass
    assert works == [outcomes.index(None)]


async def test_no_token_stands_in_the_database(desk: Desk) -> None:
    user = await user_with_password(desk)
    link = await reset_link(desk, user.email)
    rows = await desk.transactions.pool.fetch("select * from one_time_token")
    events = await desk.transactions.pool.fetch("select data::text as data from event")
    assert link.token not in repr(rows) + repr(events)
