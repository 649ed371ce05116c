"""Visitors of help centers: what lets them in, for how long, and what ends it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build
from waypost.domains import accounts, docs
from waypost.domains.accounts import Actor, sessions
from waypost.domains.docs.visits import (
    Kind,
    NewVisit,
    TokenSpent,
    Visit,
    VisitRefused,
    Voucher,
    WrongPassword,
    enter_as_user,
    enter_by_callback,
    enter_by_password,
    find_visits,
    forget_expired,
    hand_over,
    leave,
)
from waypost.kit.errors import Conflict, Forbidden, NotFound, Throttled
from waypost.kit.tx import Transactions

pytestmark = [pytest.mark.anyio, pytest.mark.database]

PASSWORD = "open sesame 42"
ASKED = "a" * 43


@dataclass
class House:
    """A site, and its user's session at the desk."""

    shelf: Shelf
    transactions: Transactions
    key: bytes

    @property
    def place(self) -> tuple[int, str]:
        return self.shelf.account.id, self.shelf.site["id"]

    @property
    def owner(self) -> Actor:
        return self.shelf.account.owner.actor

    async def session(self) -> sessions.Session:
        async with self.transactions.open() as tx:
            done = await sessions.open_session(tx, self.shelf.account.id, self.shelf.account.user.id, "192.0.2.1", "")
            found = await sessions.authenticate_session(tx.connection, done.token, tx.now)
        assert found is not None
        return found

    async def token(self, session: sessions.Session, site_id: str | None = None) -> str:
        async with self.transactions.read() as tx:
            return await hand_over(tx, self.key, session, site_id or self.place[1], ASKED)

    async def enter(self, token: str, asked_by: str = ASKED, earlier: tuple[str, ...] = ()) -> NewVisit:
        async with self.transactions.open() as tx:
            return await enter_as_user(tx, self.key, *self.place, token, asked_by, list(earlier))

    async def unlock(self, password: str = PASSWORD, ip: str = "192.0.2.7") -> NewVisit:
        return await enter_by_password(self.transactions, *self.place, password, ip, [])

    async def restrict(self, **changes: Any) -> docs.Restriction:
        async with self.transactions.open() as tx:
            wanted: dict[str, Any] = {"is_enabled": False, "sign_in_url": None, **changes}
            return await docs.set_restriction(tx, self.owner, self.key, self.place[1], **wanted)

    async def vouch(self, voucher: Voucher) -> NewVisit:
        async with self.transactions.open() as tx:
            return await enter_by_callback(tx, self.key, *self.place, voucher, [])

    async def seen(self, *tokens: str) -> list[Visit]:
        async with self.transactions.read() as tx:
            return await find_visits(tx, *self.place, list(tokens))


@pytest.fixture
async def house(module_desk: Desk) -> House:
    return House(await build(module_desk), module_desk.transactions, module_desk.context.secret_key)


async def voucher(house: House, lasts: timedelta = timedelta(hours=1)) -> Voucher:
    made = await house.restrict(is_enabled=True, sign_in_url="https://example.com/in")
    assert made.secret is not None
    async with house.transactions.read() as tx:
        return Voucher(email="jane@example.org", expires_at=tx.now + lasts, signed="a.b", secret=made.secret)


async def test_the_desk_vouches_for_its_user_once(house: House) -> None:
    token = await house.token(await house.session())

    made = await house.enter(token)

    user = house.shelf.account.user
    assert await house.seen(made.token) == [Visit(kind=Kind.USER, name="Una User", email=user.email, user_id=user.id)]
    with pytest.raises(TokenSpent):
        await house.enter(token)


async def test_what_the_desk_signs_counts_for_one_site_and_one_browser(house: House, module_desk: Desk) -> None:
    token = await house.token(await house.session())
    other = House(await build(module_desk), house.transactions, house.key)
    refused = [house.enter(token, "b" * 43), house.enter(token, ""), other.enter(token), house.enter(token + "A")]

    for attempt in refused:
        with pytest.raises(VisitRefused):
            await attempt
    with pytest.raises(NotFound):
        await house.token(await house.session(), other.place[1])

    assert (await house.enter(token)).token


async def test_one_token_lets_in_one_of_many_at_once(house: House) -> None:
    token = await house.token(await house.session())

    done = await asyncio.gather(*[house.enter(token) for _ in range(8)], return_exceptions=True)

    assert sorted(type(one).__name__ for one in done) == ["NewVisit"] + ["TokenSpent"] * 7


@pytest.mark.parametrize("end", ["sign_out", "deactivate", "delete", "elsewhere"])
async def test_a_users_visit_ends_with_what_it_came_from(house: House, end: str) -> None:
    session = await house.session()
    made, waiting = await house.enter(await house.token(session)), await house.token(session)
    user_id = house.shelf.account.user.id

    async with house.transactions.open() as tx:
        match end:
            case "sign_out":
                await sessions.sign_out(tx, session)
            case "deactivate":
                await accounts.deactivate_user(tx, house.owner, user_id)
            case "delete":
                await accounts.delete_user(tx, house.owner, user_id)
            case _:
                await sessions.end_sessions(tx, house.shelf.account.id, user_id)

    assert await house.seen(made.token) == []
    with pytest.raises(VisitRefused):
        await house.enter(waiting)


async def test_signing_in_anew_ends_what_the_browser_had(house: House) -> None:
    session = await house.session()
    first = await house.enter(await house.token(session))

    second = await house.enter(await house.token(session), earlier=(first.token,))

    assert first.token != second.token
    assert (await house.seen(first.token), len(await house.seen(second.token))) == ([], 1)


async def test_a_visit_counts_on_its_own_site(house: House, module_desk: Desk) -> None:
    made = await house.enter(await house.token(await house.session()))
    other = House(await build(module_desk), house.transactions, house.key)

    assert await other.seen(made.token) == []
    async with house.transactions.open() as tx:
        await leave(tx, *other.place, [made.token])
    assert len(await house.seen(made.token)) == 1


async def test_a_password_lets_in_until_it_is_another_one(house: House) -> None:
    await house.restrict(password=PASSWORD)
    made = await house.unlock()
    assert await house.seen(made.token) == [Visit(kind=Kind.PASSWORD)]

    await house.restrict(password="another sesame 42")

    assert await house.seen(made.token) == []
    with pytest.raises(WrongPassword):
        await house.unlock()
    again = await house.unlock("another sesame 42")
    await house.restrict(password=None)
    assert await house.seen(again.token) == []


async def test_other_changes_of_a_restriction_leave_the_password_as_it_is(house: House) -> None:
    await house.restrict(password=PASSWORD)
    made = await house.unlock()

    changed = await house.restrict(is_enabled=True, sign_in_url="https://example.com/in")

    assert changed.has_password
    assert len(await house.seen(made.token)) == 1


async def test_guesses_at_a_password_are_counted_before_they_are_checked(house: House) -> None:
    await house.restrict(password=PASSWORD)

    done = await asyncio.gather(*[house.unlock(f"wrong {n}") for n in range(14)], return_exceptions=True)

    kinds = [type(one).__name__ for one in done]
    assert (kinds.count("WrongPassword"), kinds.count("Throttled")) == (10, 4)
    with pytest.raises(Throttled):
        await house.unlock(PASSWORD)
    assert (await house.unlock(PASSWORD, "198.51.100.1")).token


async def test_a_site_without_a_password_lets_nobody_in_by_one(house: House) -> None:
    for password in ("", PASSWORD):
        with pytest.raises(WrongPassword):
            await house.unlock(password)


async def test_a_companys_sign_in_lets_in_once_a_token(house: House) -> None:
    told = await voucher(house)

    made = await house.vouch(told)

    assert made.expires_at == told.expires_at
    assert await house.seen(made.token) == [
        Visit(kind=Kind.CALLBACK, name="jane@example.org", email="jane@example.org")
    ]
    with pytest.raises(TokenSpent):
        await house.vouch(told)


async def test_no_visit_lasts_longer_than_browsers_keep_a_cookie(house: House) -> None:
    told = await voucher(house, timedelta(days=4000))

    made = await house.vouch(told)

    assert made.expires_at < told.expires_at - timedelta(days=3000)


async def test_a_new_secret_ends_the_visits_of_the_old_one(house: House) -> None:
    told = await voucher(house)
    made = await house.vouch(told)

    async with house.transactions.open() as tx:
        renewed = await docs.renew_secret(tx, house.owner, house.key, house.place[1])

    assert renewed.secret not in (None, told.secret)
    assert await house.seen(made.token) == []
    with pytest.raises(VisitRefused):
        await house.vouch(Voucher(email="a@b.c", expires_at=told.expires_at, signed="c.d", secret=told.secret))


async def test_secrets_and_passwords_are_for_those_who_manage(house: House) -> None:
    user = house.shelf.account.user.actor
    async with house.transactions.open() as tx:
        with pytest.raises(Forbidden):
            await docs.renew_secret(tx, user, house.key, house.place[1])
        with pytest.raises(Forbidden):
            await docs.set_restriction(
                tx, user, house.key, house.place[1], is_enabled=False, sign_in_url=None, password=PASSWORD
            )
        with pytest.raises(Conflict):
            await docs.renew_secret(tx, house.owner, house.key, house.place[1])


async def test_nothing_is_stored_that_opens_a_door(house: House, module_desk: Desk) -> None:
    await house.restrict(password=PASSWORD)
    token = await house.token(await house.session())
    tokens = [(await house.enter(token)).token, (await house.unlock()).token, token, PASSWORD]

    async with module_desk.connection() as connection:
        rows = ""
        for table in ("docs_visit", "docs_spent_token", "docs_restriction", "event"):
            found = await connection.fetch(f"select * from {table} where account_id = $1", house.place[0])
            rows += "".join(str(dict(row)) for row in found)

    assert not [one for one in tokens if one in rows]
    assert "$argon2id$" in rows


async def test_what_is_over_is_forgotten_and_no_more(house: House, module_desk: Desk) -> None:
    told = await voucher(house)
    made, kept = await house.vouch(told), await house.enter(await house.token(await house.session()))
    async with module_desk.connection() as connection:
        for table in ("docs_visit", "docs_spent_token"):
            await connection.execute(
                f"update {table} set expires_at = now() - interval '1 second' where account_id = $1"
                " and expires_at = $2", house.place[0], told.expires_at,
            )  # fmt: skip
    assert await house.seen(made.token) == []

    async with house.transactions.open() as tx:
        assert await forget_expired(tx) == 2
        assert await forget_expired(tx) == 0

    assert len(await house.seen(kept.token)) == 1
