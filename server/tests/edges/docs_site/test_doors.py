"""Coming in to what is not for everybody, and going out again (spec: 7, 11.4; docs/decisions/0033)."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from playwright.async_api import Browser

from tests.desk import Desk
from tests.edges.docs_site.center import Center, links_of, open_center, path_of
from tests.edges.docs_site.coming_in import (
    PASSWORD,
    SIGN_IN_URL,
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
from tests.edges.docs_site.page_checks import check_pages
from tests.edges.session.visit import visiting, with_password
from waypost.domains import accounts

pytestmark = pytest.mark.anyio

EVERYWHERE = (
    "/",
    "/article/1-x",
    "/collection/1",
    "/category/2-y?sort=name",
    "/nowhere",
    "/search?query=a",
    "/contact",
)


async def test_visitors_of_a_restricted_site_are_sent_to_sign_in(center: Center) -> None:
    await by_callback(center)

    for path in EVERYWHERE:
        answer = await center.visitor.get(path)
        assert answer.status_code == 302
        assert answer.headers["location"] == f"{SIGN_IN_URL}?returnTo={quote(path, safe='')}"
        assert "no-store" in answer.headers["cache-control"]


async def test_the_address_to_sign_in_at_keeps_its_own_query(center: Center) -> None:
    await restrict(center, enabled=True, callbackConfiguration={"signInUrl": f"{SIGN_IN_URL}?app=a%20b#top"})

    answer = await center.visitor.get("/")

    assert answer.headers["location"] == f"{SIGN_IN_URL}?app=a%20b&returnTo=%2F#top"


async def test_a_token_lets_in_and_leads_on(center: Center) -> None:
    article = await center.article("Refunds", "<p>Within 14 days.</p>", status="published")
    secret = await by_callback(center)

    answer = await center.visitor.get("/authcallback", params={"token": vouched(secret), "returnTo": path_of(article)})

    assert (answer.status_code, answer.headers["location"]) == (302, path_of(article))
    set_cookie = answer.headers["set-cookie"]
    assert "waypost_docs_guest=" in set_cookie
    for wanted in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age="):
        assert wanted in set_cookie
    assert "Domain" not in set_cookie
    page = await center.visitor.get(path_of(article))
    assert "Within 14 days." in page.text
    assert "Signed in as jane@example.org" in page.text
    assert (page.headers["cache-control"], page.headers["x-robots-tag"]) == ("private, no-store", "noindex")


async def test_a_vouched_visitor_sees_what_is_public(center: Center) -> None:
    article, secret = await private_article(center), await by_callback(center)
    await center.visitor.get("/authcallback", params={"token": vouched(secret)})

    assert (await center.visitor.get(path_of(article))).status_code == 404
    assert "quokka" not in await center.page("/")


async def test_a_token_that_does_not_count_is_a_page_and_no_loop(center: Center) -> None:
    secret = await by_callback(center)
    for bad in ("", "x.y.z", vouched(secret, exp=1), vouched("another"), vouched(secret, email="nobody")):
        answer = await center.visitor.get("/authcallback", params={"token": bad, "returnTo": "/article/1"})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert "This sign-in did not work" in answer.text
        assert "/article/1" in links_of(answer.text)


async def test_the_same_token_again_goes_on_in_its_browser_only(center: Center) -> None:
    one = vouched(await by_callback(center))
    first = await center.visitor.get("/authcallback", params={"token": one, "returnTo": "/"})
    again = await center.visitor.get("/authcallback", params={"token": one, "returnTo": "/article/2"})
    other = await (await another_visitor(center)).get("/authcallback", params={"token": one, "returnTo": "/"})

    assert (first.status_code, again.status_code, other.status_code) == (302, 302, 403)
    assert again.headers["location"] == "/article/2"
    assert "set-cookie" not in again.headers


async def test_a_site_that_is_not_restricted_goes_on_from_the_callback(center: Center) -> None:
    answer = await center.visitor.get("/authcallback", params={"token": "x", "returnTo": "/article/2"})

    assert (answer.status_code, answer.headers["location"]) == (302, "/article/2")
    assert "set-cookie" not in answer.headers


async def test_a_user_of_the_desk_sees_private_collections(center: Center) -> None:
    article = await private_article(center)
    path = path_of(article)
    assert (await center.visitor.get(path)).status_code == 404

    await enter(center, center.account.user, path)

    page = await center.visitor.get(path)
    assert "wombat burrow" in page.text
    assert "Signed in as Una User" in page.text
    assert page.headers["cache-control"] == "private, no-store"
    assert "Hidden quokka" in (await center.visitor.get("/")).text
    assert "Hidden quokka" not in (await (await another_visitor(center)).get("/")).text


async def test_a_user_of_the_desk_comes_into_a_restricted_site(center: Center) -> None:
    await by_callback(center)
    article = await private_article(center)

    await enter(center, center.account.user, path_of(article))

    assert "wombat burrow" in (await center.visitor.get(path_of(article))).text


async def test_the_desk_asks_who_is_not_signed_in_to_sign_in_first(center: Center) -> None:
    began = await center.visitor.get("/sign-in", params={"to": "/article/7?a=b"})
    location = began.headers["location"]
    assert location.startswith(f"{center.desk.base_url}/docs/visit?")
    assert query_of(location)["to"] == "/article/7?a=b"
    parts = urlsplit(location)

    async with visiting(center.desk) as visit:
        sent = await visit.get(f"{parts.path}?{parts.query}")

    assert sent.status == 302
    assert sent.location == f"/sign-in?next={quote(f'{parts.path}?{parts.query}', safe='')}"


async def test_the_desk_says_which_help_center_asks(center: Center) -> None:
    parts = urlsplit((await center.visitor.get("/sign-in")).headers["location"])
    async with visiting(center.desk) as visit:
        await visit.sign_in(await with_password(center.desk, center.account.user))
        page = await visit.get(f"{parts.path}?{parts.query}")

    assert center.host in page.text
    assert "Una User" in page.text
    policy = page.answer.headers["content-security-policy"]
    assert f"form-action 'self' http://{center.host}" in policy


@pytest.mark.parametrize("change", [{"site": "5f0000000000000000000001"}, {"state": "short"}, {"state": ""}])
async def test_the_desk_vouches_for_nobody_at_other_places(center: Center, change: dict[str, str]) -> None:
    asked = query_of((await center.visitor.get("/sign-in")).headers["location"]) | change
    async with visiting(center.desk) as visit:
        await visit.sign_in(await with_password(center.desk, center.account.user))
        page = await visit.get(f"/docs/visit?site={asked['site']}&state={asked['state']}&to=/")

    assert page.status == 404


async def test_another_companys_user_is_not_let_in(center: Center, module_desk: Desk) -> None:
    stranger = await open_center(module_desk, "Strangers")
    asked = query_of((await center.visitor.get("/sign-in")).headers["location"])
    async with visiting(center.desk) as visit:
        await visit.sign_in(await with_password(center.desk, stranger.account.user))
        page = await visit.get(f"/docs/visit?site={asked['site']}&state={asked['state']}&to=/")

    assert page.status == 404


async def test_a_users_access_ends_at_once_when_they_are_deactivated(center: Center) -> None:
    article, user = await private_article(center), center.account.user
    await enter(center, user)
    assert (await center.visitor.get(path_of(article))).status_code == 200

    async with center.desk.transactions.open() as tx:
        await accounts.deactivate_user(tx, center.account.owner.actor, user.id)

    assert (await center.visitor.get(path_of(article))).status_code == 404


async def test_signing_out_is_out(center: Center) -> None:
    article = await private_article(center)
    await enter(center, center.account.user)
    held = dict(center.visitor.cookies)

    answer = await center.visitor.post("/sign-out")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-out")
    assert not center.visitor.cookies
    assert "You are signed out" in await center.page("/sign-out")
    for name, value in held.items():
        center.visitor.cookies.set(name, value)
    assert (await center.visitor.get(path_of(article))).status_code == 404


async def test_a_password_opens_private_collections_of_an_open_site(center: Center) -> None:
    article, public = await private_article(center), await center.article("Shown", status="published")
    await restrict(center, password=PASSWORD)
    assert (await center.visitor.get(path_of(article))).status_code == 404
    assert f"/unlock?to={path_of(public)}" in links_of(await center.page(path_of(public)))

    answer = await unlock(center, to=path_of(article))

    assert (answer.status_code, answer.headers["location"]) == (303, path_of(article))
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "wombat burrow" in (await center.visitor.get(path_of(article))).text
    assert (await center.visitor.get("/unlock", params={"to": "/article/9"})).headers["location"] == "/article/9"


async def test_a_password_opens_a_restricted_site_and_nothing_private_on_it(center: Center) -> None:
    article, public = await private_article(center), await center.article("Shown", status="published")
    await restrict(center, enabled=True, authentication="PASSWORD", password=PASSWORD)
    for path in EVERYWHERE:
        answer = await center.visitor.get(path)
        assert (answer.status_code, answer.headers["location"]) == (302, f"/unlock?to={quote(path, safe='')}")
    page = await center.page("/unlock")
    for secret in ("quokka", "Shown", "Guide", "Vault"):
        assert secret not in page

    await unlock(center)

    assert (await center.visitor.get(path_of(public))).status_code == 200
    assert (await center.visitor.get(path_of(article))).status_code == 404


async def test_a_password_beside_a_sign_in_opens_what_is_private_for_those_who_are_in(center: Center) -> None:
    article, secret = await private_article(center), await by_callback(center)
    await restrict(center, enabled=True, password=PASSWORD)

    await unlock(center)
    assert (await center.visitor.get(path_of(article))).status_code == 302
    await center.visitor.get("/authcallback", params={"token": vouched(secret)})
    assert (await center.visitor.get(path_of(article))).status_code == 200


async def test_a_wrong_password_is_told_and_does_not_lead_on(center: Center) -> None:
    await restrict(center, password=PASSWORD)

    for wrong in ("", "open sesame 43", PASSWORD.upper(), PASSWORD + "\x00", "x" * 3000):
        answer = await unlock(center, wrong, "/article/1")
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
        assert "This is not the password" in answer.text
        assert wrong == "" or wrong not in answer.text


async def test_guesses_are_counted_by_peer(center: Center) -> None:
    await restrict(center, password=PASSWORD)
    for _ in range(10):
        assert (await unlock(center, "wrong")).status_code == 422

    answer = await unlock(center)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert "set-cookie" not in answer.headers


async def test_a_site_without_a_password_has_no_such_page(center: Center) -> None:
    assert (await center.visitor.get("/unlock")).status_code == 404
    assert (await unlock(center)).status_code == 422
    assert "/unlock" not in "".join(links_of(await center.page("/")))


async def test_another_password_ends_what_the_old_one_opened(center: Center) -> None:
    article = await private_article(center)
    await restrict(center, password=PASSWORD)
    await unlock(center)
    assert (await center.visitor.get(path_of(article))).status_code == 200

    await restrict(center, password="another sesame 42")

    assert (await center.visitor.get(path_of(article))).status_code == 404


async def test_what_everybody_saw_before_a_restriction_is_shown_to_nobody_after_it(center: Center) -> None:
    article = await center.article("Shown", status="published")
    await center.page(path_of(article))
    await center.page("/")

    await by_callback(center)

    for path in ("/", path_of(article)):
        assert (await center.visitor.get(path)).status_code == 302


async def test_redirects_do_not_take_the_place_of_doors(center: Center) -> None:
    for path in ("/unlock", "/sign-in", "/sign-out", "/authcallback"):
        body = {"siteId": center.site["id"], "urlMapping": path, "redirect": "https://elsewhere.example/x"}
        await center.post("/v1/redirects", body, "redirect")
    await restrict(center, password=PASSWORD)

    for path in ("/unlock", "/sign-in", "/sign-out", "/authcallback"):
        assert "elsewhere" not in (await center.visitor.get(path)).headers.get("location", "")


async def test_a_hand_over_is_kept_out_of_the_logs_and_caches(
    center: Center, capsys: pytest.CaptureFixture[str]
) -> None:
    location = await hand_over(center, center.account.user)
    parts = urlsplit(location)
    answer = await center.visitor.get(f"{parts.path}?{parts.query}")

    assert answer.status_code == 303
    assert "no-store" in answer.headers["cache-control"]
    assert query_of(location)["token"] not in capsys.readouterr().out


async def test_the_pages_of_the_doors_are_right(center: Center, chromium: Browser) -> None:
    await private_article(center)
    await restrict(center, password=PASSWORD)

    await check_pages(chromium, center, ["/unlock", "/sign-out"])

    await unlock(center)
    await check_pages(chromium, center, ["/sign-out", "/"], cookies=dict(center.visitor.cookies))


async def test_notes_for_the_team_are_for_users_of_the_desk(center: Center) -> None:
    text = '<p>wombat</p><p class="private-note">Ask Zelda first.</p>'
    public = await center.article("Shown", text, status="published")
    secret = await private_article(center, "Hidden", text)
    await restrict(center, password=PASSWORD)
    await unlock(center)

    for path in (path_of(public), path_of(secret), "/atom.xml", "/rss.xml"):
        shown = await center.page(path)
        assert "wombat" in shown or path.endswith(".xml")
        assert "Zelda" not in shown
    await enter(center, center.account.user)
    assert "Zelda" in await center.page(path_of(secret))
