"""Attack 7: a page or part of a page that is answered without a policy of what may run in it. Every route that
browsers open is called, with and without what it needs, and every answer that is HTML has a policy that lets no script
of a message run; below /content every answer at all has one, and no answer knows a cookie."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.desk import Desk
from tests.edges.content.messages import PNG, Part, received, view_of
from tests.edges.content.test_ratings import ask
from tests.edges.docs_site.center import open_center, path_of
from tests.edges.inbox_v2.office import open_office
from waypost.app import build_router
from waypost.edges.base.content_links import PREFIX, ContentLinks
from waypost.edges.docs_site.app import all_routes as help_center_routes

pytestmark = pytest.mark.anyio


def routes(router: Litestar) -> Iterator[tuple[str, str]]:
    """Every path that browsers open, with placeholders filled by nothing that exists, and its methods."""
    for route in router.routes:
        if isinstance(route, HTTPRoute) and not route.path.startswith(("/v2/", "/v3/")):
            path = route.path
            for component in route.path_components:
                if not isinstance(component, str):
                    path = path.replace("{" + component.full + "}", "1")
            for method in route.methods:
                if method in ("GET", "POST"):
                    yield str(method), path


def allows_no_script(policy: str) -> bool:
    rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";") if rule.strip()}
    scripts = rules.get("script-src", rules.get("default-src", ["*"]))
    return set(scripts) <= {"'self'", "'none'"} and bool(scripts)


async def test_every_page_has_a_policy_whatever_it_answers(module_desk: Desk) -> None:
    client = await module_desk.client()
    called = list(routes(build_router(None)))  # type: ignore[arg-type]
    assert len(called) > 40
    pages = 0
    for method, path in called:
        for answer in (await client.request(method, path), await client.request(method, path + "/x")):
            if "html" not in answer.headers.get("content-type", ""):
                continue
            pages += 1
            assert allows_no_script(answer.headers.get("content-security-policy", "")), (method, path)
            assert answer.headers["x-content-type-options"] == "nosniff"
    assert pages > 40


async def test_every_route_of_a_help_center_has_a_policy_whatever_it_answers(module_desk: Desk) -> None:
    center = await open_center(module_desk)
    await center.change(hasContactForm=True)
    article = await center.article("Refunds", status="published")
    called = list(routes(help_center_routes()))
    assert len(called) >= 7
    real = [("GET", path_of(thing)) for thing in (article, center.collection, center.category)]
    for method, path in [*called, *real]:
        for tried in (path, path + "/x", path + "?query=<script>"):
            answer = await center.visitor.request(method, tried)
            where = (method, tried, answer.status_code)
            assert answer.status_code < 500, where
            assert answer.headers["x-content-type-options"] == "nosniff", where
            assert "access-control-allow-origin" not in answer.headers, where
            policy = answer.headers.get("content-security-policy", "")
            if "html" in answer.headers.get("content-type", "") or answer.content:
                assert allows_no_script(policy), where
                assert "frame-ancestors" in policy, where


async def test_every_answer_below_content_is_shut_in_and_knows_no_cookie(module_desk: Desk) -> None:
    office = await open_office(module_desk)
    asked = await ask(module_desk)
    thread = await received(office, '<p><img src="cid:pic@x"></p>', Part(PNG, "image/png", "a.png", "pic@x"))
    now, owner = module_desk.transactions.clock(), office.account.owner
    links = ContentLinks(module_desk.context, office.account.id, owner.id, now)
    file = links.attachment(thread["_embedded"]["attachments"][0]["id"])
    image = links.image("https://127.0.0.1/x.png")
    good = [view_of(thread), view_of(thread) + "?images=on", file, file + "?inline=1", asked.links.great, asked.page]
    forged = [f"{PREFIX}{kind}/forged" for kind in ("attachments", "threads", "images", "ratings")]
    bad = [PREFIX, PREFIX + "nothing", f"{image}", *forged]
    plain = await module_desk.client()
    signed_in = await module_desk.client(Cookie="waypost_session=x; waypost_form=y")

    for url in good + bad:
        for method in ("GET", "POST", "PUT", "DELETE"):
            answers = [await client.request(method, url) for client in (plain, signed_in)]
            for answer in answers:
                check(answer)
            if method == "GET":
                assert (answers[0].status_code < 300) == (url in good), url
                assert answers[0].content == answers[1].content


def check(answer: httpx.Response) -> None:
    where = (str(answer.request.method), str(answer.request.url), answer.status_code)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none';"), where
    assert "script-src" not in policy, where
    assert "sandbox" in policy, where
    assert "allow-scripts" not in policy, where
    assert "allow-same-origin" not in policy, where
    assert "frame-ancestors" in policy, where
    assert answer.headers["x-content-type-options"] == "nosniff", where
    assert answer.headers["referrer-policy"] == "no-referrer", where
    assert answer.headers["cross-origin-resource-policy"] in ("same-origin", "cross-origin"), where
    assert answer.headers["cache-control"].startswith("private"), where
    assert "set-cookie" not in answer.headers, where
    assert "access-control-allow-origin" not in answer.headers, where
