"""Attacks 36, 37, 40, 41 and 42 on the doors of help centers: forged forms, open redirects, guesses side by side,
planted and ended visits, headers that claim to come from elsewhere."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.desk import Desk, desk_with
from tests.edges.docs_site.center import Center, open_center, path_of
from tests.edges.docs_site.coming_in import (
    PASSWORD,
    another_visitor,
    by_callback,
    enter,
    hand_over,
    private_article,
    query_of,
    restrict,
    unlock,
    vouched,
)
from tests.edges.docs_v1.shelf import build
from tests.edges.session.visit import visiting, with_password

pytestmark = pytest.mark.anyio

ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "http:evil.example", "javascript:alert(1)", "evil.example", "@evil.example", ".evil.example", "/ //evil.example",
    "/\r\nSet-Cookie: a=b", "/\x00", "/é//evil.example", "///evil.example", "data:text/html,x", "", "/" + "a" * 3000,
)  # fmt: skip


@pytest.fixture
async def center(module_desk: Desk) -> Center:
    return await open_center(module_desk)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost"},
    ],
)
async def test_36_forms_of_other_sites_change_nothing(center: Center, headers: dict[str, str]) -> None:
    article = await private_article(center)
    await restrict(center, password=PASSWORD)

    forged = await unlock(center, **headers)
    assert forged.status_code == 403
    assert "set-cookie" not in forged.headers
    await unlock(center)
    out = await center.visitor.post("/sign-out", headers=headers)
    assert out.status_code == 403
    assert (await center.visitor.get(path_of(article))).status_code == 200


async def test_36_nothing_is_changed_by_looking(center: Center) -> None:
    article = await private_article(center)
    await enter(center, center.account.user)

    await center.visitor.get("/sign-out")

    assert (await center.visitor.get(path_of(article))).status_code == 200


async def test_36_the_desk_vouches_for_nobody_without_their_click(center: Center) -> None:
    parts = urlsplit((await center.visitor.get("/sign-in")).headers["location"])
    asked = query_of(parts.geturl())
    async with visiting(center.desk) as visit:
        await visit.sign_in(await with_password(center.desk, center.account.user))
        looked = await visit.get(f"{parts.path}?{parts.query}")
        forged = await visit.client.post("/docs/visit", data=asked)
        foreign = await visit.client.post("/docs/visit", data=asked, headers={"Origin": "https://evil.example"})

    assert (looked.status, forged.status_code, foreign.status_code) == (200, 403, 403)
    for answer in (looked.answer, forged, foreign):
        assert "token=" not in answer.headers.get("location", "") + answer.text


async def test_37_no_door_leads_elsewhere(center: Center) -> None:
    secret = await by_callback(center)
    for number, to in enumerate(ELSEWHERE):
        token = vouched(secret, jti=str(number))
        for _ in range(2):
            answer = await center.visitor.get("/authcallback", params={"token": token, "returnTo": to})
            assert (answer.status_code, answer.headers["location"]) == (302, "/"), to
    await restrict(center, password=PASSWORD)
    unlocked = await unlock(center, to="//evil.example")
    assert (unlocked.status_code, unlocked.headers["location"]) == (303, "/")
    for to in ELSEWHERE:
        closed = await center.visitor.get("/authcallback", params={"token": "x", "returnTo": to})
        shown = await center.visitor.get("/unlock", params={"to": to})
        began = await center.visitor.get("/sign-in", params={"to": to})
        assert closed.headers["location"] == shown.headers["location"] == "/", to
        assert query_of(began.headers["location"])["to"] == "/"
        assert urlsplit(began.headers["location"]).netloc == urlsplit(center.desk.base_url).netloc


async def test_37_the_desk_sends_nobody_elsewhere(center: Center) -> None:
    asked = query_of((await center.visitor.get("/sign-in")).headers["location"])
    async with visiting(center.desk) as visit:
        await visit.sign_in(await with_password(center.desk, center.account.user))
        for to in ("//evil.example", "https://evil.example/"):
            page = await visit.get(f"/docs/visit?site={asked['site']}&state={asked['state']}&to={to}")
            assert "evil.example" not in page.text
            done = await visit.send(page, {"to": to}, action="/docs/visit")
            assert (urlsplit(done.location).netloc, query_of(done.location)["to"]) == (center.host, "/")


async def test_40_guesses_side_by_side_are_all_counted(center: Center) -> None:
    await restrict(center, password=PASSWORD)

    answers = await asyncio.gather(*[unlock(center, f"guess {number}") for number in range(30)])

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(422), statuses.count(429)) == (10, 20)
    assert (await unlock(center)).status_code == 429


async def test_41_a_planted_cookie_is_not_taken_over(center: Center) -> None:
    article = await private_article(center)
    await restrict(center, password=PASSWORD)
    planted = "waypost_docs_key=" + "A" * 43

    answer = await unlock(center, Cookie=planted)

    assert answer.headers["set-cookie"].startswith("waypost_docs_key=")
    assert planted not in answer.headers["set-cookie"]
    thief = await another_visitor(center)
    assert (await thief.get(path_of(article), headers={"Cookie": planted})).status_code == 404


async def test_41_each_sign_in_is_another_visit_and_ends_the_one_before(center: Center) -> None:
    article = await private_article(center)
    tokens = []
    for _ in range(2):
        await enter(center, center.account.user)
        tokens.append(center.visitor.cookies["waypost_docs_user"])
    assert len(set(tokens)) == 2

    thief = await another_visitor(center)
    thief.cookies.set("waypost_docs_user", tokens[0])
    assert (await thief.get(path_of(article))).status_code == 404


async def test_41_a_link_of_the_desk_counts_in_the_browser_that_asked(center: Center) -> None:
    location = urlsplit(await hand_over(center, center.account.user))
    path = f"{location.path}?{location.query}"
    victim = await another_visitor(center)
    await victim.get("/sign-in")

    planted = await victim.get(path)
    own = await center.visitor.get(path)
    again = await center.visitor.get(path)

    assert (planted.status_code, own.status_code, again.status_code) == (403, 303, 403)
    assert "set-cookie" not in planted.headers


async def test_41_a_visit_ends_with_the_session_at_the_desk(center: Center) -> None:
    article = await private_article(center)
    parts = urlsplit((await center.visitor.get("/sign-in")).headers["location"])
    async with visiting(center.desk) as visit:
        await visit.sign_in(await with_password(center.desk, center.account.user))
        page = await visit.get(f"{parts.path}?{parts.query}")
        arrival = urlsplit((await visit.send(page, action="/docs/visit")).location)
        await center.visitor.get(f"{arrival.path}?{arrival.query}")
        assert (await center.visitor.get(path_of(article))).status_code == 200
        await visit.sign_out()

    assert (await center.visitor.get(path_of(article))).status_code == 404


@desk_with(base_url="https://desk.example", docs_domain="docs.example")
async def test_41_over_tls_cookies_are_of_one_host_and_sent_over_tls_alone(desk: Desk) -> None:
    assert desk.context.is_https
    desk.context.base_url = "https://desk.example"
    shelf = await build(desk)
    visitor = await desk.visitor(f"{shelf.site['subDomain']}.docs.example")
    restriction = {"enabled": False, "password": PASSWORD}
    await shelf.client.put(f"/v1/sites/{shelf.site['id']}/restricted", json=restriction)

    answer = await visitor.post("/unlock", data={"password": PASSWORD})

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-waypost_docs_key=")
    for wanted in ("Secure", "HttpOnly", "Path=/", "SameSite=lax"):
        assert wanted in cookie
    assert "Domain" not in cookie
    began = await visitor.get("/sign-in")
    assert began.headers["set-cookie"].startswith("__Host-waypost_docs_start=")


async def test_42_claimed_addresses_do_not_escape_the_count(center: Center) -> None:
    await restrict(center, password=PASSWORD)
    names = ("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP", "Client-IP")

    statuses = []
    for number in range(12):
        claimed = dict.fromkeys(names, f"198.51.100.{number}") | {"Forwarded": f"for=198.51.100.{number}"}
        statuses.append((await unlock(center, "wrong", **claimed)).status_code)

    assert statuses == [422] * 10 + [429] * 2


async def test_42_claimed_hosts_lead_nowhere_else(center: Center) -> None:
    secret = await by_callback(center)
    for name in ("X-Forwarded-Host", "X-Host", "X-Original-URL", "X-Rewrite-URL", "Forwarded"):
        value = "host=evil.example" if name == "Forwarded" else "evil.example"
        asked = await center.visitor.get("/sign-in", headers={name: value})
        called = await center.visitor.get("/authcallback", params={"token": vouched(secret)}, headers={name: value})
        assert "evil.example" not in asked.headers["location"] + called.headers["location"]
