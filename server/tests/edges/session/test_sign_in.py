"""Signing in and out over HTTP."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

import pyotp
import pytest

from tests.desk import Desk, desk_with
from tests.edges.session.visit import PASSWORD, Visit, visiting, with_password
from waypost.domains.accounts import Actor, deactivate_user, guesses, second_factor
from waypost.edges.session.pages import safe_next
from waypost.kit.clock import system_clock


async def is_signed_in(visit: Visit) -> bool:
    return (await visit.get("/profile")).status == 200


async def test_the_right_password_signs_in(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit:
        assert not await is_signed_in(visit)
        done = await visit.sign_in(owner)
        assert (done.status, done.location) == (303, "/")
        assert await is_signed_in(visit)
        assert "Hello, Olivia." in (await visit.get("/")).text


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit:
        done = await visit.sign_in(owner)
    (cookie,) = [each for each in done.answer.headers.get_list("set-cookie") if each.startswith("waypost_session=")]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert not any(part.startswith("domain") for part in attributes)


async def test_over_https_cookies_are_bound_to_host_and_tls(desk: Desk) -> None:
    desk.context.is_https = True
    async with visiting(desk) as visit:
        (cookie,) = (await visit.get("/sign-in")).answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-waypost_form=")
    assert "secure" in cookie.lower()


async def test_wrong_passwords_and_unknown_addresses_get_the_same_answer(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    owner = await with_password(module_desk, account.owner)
    gone = await with_password(module_desk, account.user)
    async with module_desk.transactions.open() as tx:
        await deactivate_user(tx, account.owner.actor, gone.id)
    tries = {
        "wrong password": (owner.email, "not the password"),
        "unknown address": ("x" * len(owner.email), PASSWORD),
        "deactivated": (gone.email, PASSWORD),
        "no password set": (account.administrator.email, PASSWORD),
    }
    answers = set()
    async with visiting(module_desk) as visit:
        for email, password in tries.values():
            page = await visit.submit("/sign-in", {"email": email, "password": password})
            headers = sorted(
                (name, value) for name, value in page.answer.headers.items() if name not in ("date", "content-length")
            )
            answers.add((page.status, page.answer.text.replace(email, "EMAIL"), tuple(headers)))
        assert not await is_signed_in(visit)
    assert len(answers) == 1
    assert {status for status, _, _ in answers} == {422}


async def test_each_sign_in_gives_a_new_session_and_ends_the_old_one_of_this_browser(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    owner = await with_password(module_desk, account.owner)
    user = await with_password(module_desk, account.user)
    async with visiting(module_desk) as visit:
        page = await visit.get("/sign-in")
        await visit.sign_in(owner)
        first = visit.cookie("session")
        # A second tab still shows the form; its token was for a browser that is not signed in.
        stale = await visit.send(page, {"email": user.email, "password": PASSWORD})
        assert stale.status == 403
        assert (await visit.sign_out()).status == 303
        await visit.sign_in(user)
        second = visit.cookie("session")
        assert first
        assert second
        assert first != second


async def test_a_session_id_that_somebody_planted_is_not_taken_over(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit:
        visit.client.cookies.set("waypost_session", "planted-by-an-attacker", domain="127.0.0.1", path="/")
        done = await visit.sign_in(owner)
        assert done.answer.cookies["waypost_session"] != "planted-by-an-attacker"
    async with visiting(module_desk, cookies={"waypost_session": "planted-by-an-attacker"}) as attacker:
        assert not await is_signed_in(attacker)


async def test_signing_out_ends_the_session_on_the_server(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        token = visit.cookie("session")
        assert token
        await visit.sign_out()
    async with visiting(module_desk, cookies={"waypost_session": token}) as later:
        assert not await is_signed_in(later)


async def test_a_deactivated_user_is_out_at_the_next_click(module_desk: Desk) -> None:
    account = await module_desk.make.account()
    user = await with_password(module_desk, account.user)
    async with visiting(module_desk) as visit:
        await visit.sign_in(user)
        assert await is_signed_in(visit)
        async with module_desk.transactions.open() as tx:
            await deactivate_user(tx, account.owner.actor, user.id)
        assert not await is_signed_in(visit)


async def test_pages_for_users_send_to_the_sign_in_page_and_back(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit:
        sent = await visit.get("/profile/apps?notice=saved")
        assert sent.status == 302
        assert sent.location == "/sign-in?next=" + quote("/profile/apps?notice=saved", safe="")
        done = await visit.submit(sent.location, {"email": owner.email, "password": PASSWORD})
        assert done.location == "/profile/apps?notice=saved"


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example/",
    "/\n/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http:evil.example",
    "evil.example",
    "/%0d%0aSet-Cookie:x=1\r\nX: y",
    "/" + "a" * 4096,
    "/\u2028/evil.example",
    "",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_only_paths_of_this_desk_are_gone_on_to(target: str) -> None:
    assert safe_next(target) == "/"


@pytest.mark.parametrize(
    "target", ["/", "/profile", "/authentication/authorizeClientApplication?client_id=x&state=%2F%2Fa"]
)
def test_paths_of_this_desk_are_gone_on_to(target: str) -> None:
    assert safe_next(target) == target


async def test_nobody_is_sent_to_another_site_after_signing_in(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        for target in ELSEWHERE[:6]:
            done = await visit.submit("/sign-in", {"email": owner.email, "password": PASSWORD, "next": target})
            assert (done.status, done.location) == (303, "/")
            again = await visit.get("/sign-in?next=" + quote(target, safe=""))
            assert (again.status, again.location) == (302, "/")
            await visit.sign_out()


async def test_the_eleventh_guess_is_answered_429_with_a_time_to_wait(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    for _ in range(10):
        await guesses.count(module_desk.transactions, (guesses.PASSWORD_PER_EMAIL, owner.email))
    async with visiting(module_desk) as visit:
        page = await visit.sign_in(owner)
        assert page.status == 429
        assert 0 < int(page.answer.headers["retry-after"]) <= 900
        assert "Too many tries" in page.text


async def test_forwarding_headers_do_not_make_a_new_caller(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    for _ in range(50):
        await guesses.count(desk.transactions, (guesses.PASSWORD_PER_ADDRESS, "127.0.0.1"))
    async with visiting(desk) as visit:
        target, standing = (await visit.get("/sign-in")).form()
        spoofed = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
        page = await visit.post(target, {**standing, "email": owner.email, "password": PASSWORD}, **spoofed)
        assert page.status == 429


async def test_a_second_factor_is_asked_for_and_checked(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    actor = Actor(account_id=owner.account_id, kind="user", user_id=owner.id)
    async with module_desk.transactions.open() as tx:
        totp = pyotp.TOTP((await second_factor.begin(tx, actor, module_desk.context.secret_key)).secret)
    earlier = totp.at(system_clock(), counter_offset=-1)
    await second_factor.confirm(module_desk.transactions, actor, module_desk.context.secret_key, earlier, "127.0.0.1")
    async with visiting(module_desk) as visit:
        asked = await visit.submit("/sign-in?next=/profile", {"email": owner.email, "password": PASSWORD})
        assert asked.location == "/sign-in/code?next=%2Fprofile"
        assert visit.cookie("session") is None
        assert not await is_signed_in(visit)
        wrong = await visit.submit(asked.location, {"code": earlier})
        assert wrong.status == 422
        assert "used before" in wrong.text
        done = await visit.submit(asked.location, {"code": totp.at(system_clock(), counter_offset=1)})
        assert (done.status, done.location) == (303, "/profile")
        assert await is_signed_in(visit)
        assert visit.cookie("pending") is None


async def test_without_a_half_finished_sign_in_there_is_no_code_to_enter(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        assert (await visit.get("/sign-in/code")).location == "/sign-in"
        _, standing = (await visit.get("/sign-in")).form()
        sent = await visit.post("/sign-in/code", {"csrf_token": standing["csrf_token"], "code": "123456"})
        assert (sent.status, sent.location) == (303, "/sign-in?notice=expired")


class Clock:
    """Stands still until moved."""

    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> datetime:
        return self.now


CLOCK = Clock()


@desk_with(clock=CLOCK)
async def test_a_session_in_use_stays_and_its_cookie_with_it(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        await visit.sign_in(owner)
        assert "set-cookie" not in (await visit.get("/profile")).answer.headers
        for _ in range(4):
            CLOCK.now += timedelta(days=10)
            cookie = (await visit.get("/profile")).answer.headers["set-cookie"]
            assert cookie.startswith(f"waypost_session={visit.cookie('session')};")
            assert "Max-Age=1209600" in cookie
        CLOCK.now += timedelta(days=14)
        assert not await is_signed_in(visit)
