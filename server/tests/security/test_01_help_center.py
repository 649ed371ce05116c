"""Attacks 1 and 2 on the pages of help centers, in a real Chromium: hostile articles, names and descriptions are shown
by the desk itself, with its policy and without it, and nothing of them runs."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.desk import Desk
from tests.edges.docs_site.center import Center, open_center, path_of
from tests.edges.session.conftest import chromium
from tests.kit.hostile_html import payloads
from tests.security.test_01_html_in_a_browser import HOOKS, LINKS, TOUCH
from waypost.kit.html import to_text

__all__ = ["chromium"]

pytestmark = pytest.mark.anyio

ARTICLES = 8
HOSTILE = [text for text in payloads() if not any("\ud800" <= letter <= "\udfff" for letter in text)]
NAMES = ["<img src=x onerror=alert(1)>", '"><script>alert(2)</script>', "{{7*7}}{% raise %}", "javascript:alert(3)"]


async def hostile_center(desk: Desk) -> tuple[Center, list[str]]:
    """A site whose every word is hostile, and the paths of its pages."""
    center = await open_center(desk)
    shelf = await center.post(
        "/v1/collections",
        {"siteId": center.site["id"], "name": NAMES[0], "description": "<script>alert(4)</script>"},
        "collection",
    )
    category = await center.post(
        "/v1/categories", {"collectionId": shelf["id"], "name": NAMES[1], "description": NAMES[0]}, "category"
    )
    paths = ["/", path_of(shelf), path_of(category)]
    for number in range(ARTICLES):
        text = "\n".join(f"<div>{payload}</div>" for payload in HOSTILE[number::ARTICLES])
        name = f"{NAMES[number % len(NAMES)]} {number}"
        body = {"collectionId": shelf["id"], "categories": [category["id"]], "status": "published"}
        code = "<script>window.ran.push('code')</script><img src=x onerror=\"window.ran.push('code')\">"
        made = await center.article(name, text, keywords=[NAMES[number % 2]], code=code, **body)
        paths.append(path_of(made))
    await center.change(
        title=NAMES[1], description=NAMES[0], companyName=NAMES[1], homeLinkText=NAMES[0], includeMetadata=True,
        hasContactForm=True,
    )  # fmt: skip
    return center, [*paths, "/search?query=%3Cscript%3Ealert(5)%3C/script%3E", "/<script>alert(6)</script>"]


@pytest.mark.parametrize("has_policy", [True, False])
async def test_nothing_of_hostile_articles_runs(module_desk: Desk, chromium: Browser, has_policy: bool) -> None:
    assert len(HOSTILE) > 2000
    center, paths = await hostile_center(module_desk)
    context = await chromium.new_context(bypass_csp=not has_policy)
    context.set_default_timeout(60_000)
    page = await context.new_page()
    await page.add_init_script(HOOKS)
    seen: list[str] = []
    page.on("dialog", lambda dialog: seen.append(dialog.message))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("popup", lambda popup: seen.append(popup.url))
    own = f"{center.address}/"
    await page.route(
        "**/*",
        lambda route: route.continue_() if route.request.url.startswith(own) and not _leaves(route) else route.abort(),
    )
    shown = 0
    for path in paths:
        await page.goto(center.address + path, wait_until="domcontentloaded")
        shown += await page.evaluate(TOUCH)
        # A policy that stops a picture of an article is what it is for; scripts are not even tried.
        seen += [what for what in await page.evaluate("() => window.ran") if not _is_harmless(what)]
        seen += await page.evaluate(LINKS)
        assert seen == [], (path, seen[:5])
    assert shown > 2000
    await context.close()


def _leaves(route: object) -> bool:
    """Links of the articles that are touched lead nowhere: only what the test opens itself is fetched."""
    request = route.request  # type: ignore[attr-defined]
    return bool(request.is_navigation_request()) and request.frame.parent_frame is not None


def _is_harmless(what: str) -> bool:
    return what.startswith(("policy: img-src", "policy: frame-src", "policy: media-src"))


async def test_names_are_shown_as_they_were_written(module_desk: Desk) -> None:
    center, paths = await hostile_center(module_desk)
    for path in paths[:4]:
        text = await center.page(path)
        assert "<script>alert" not in text
        assert "onerror=alert(1)>" not in text.replace("&gt;", "")
        assert "ran.push" not in text
    assert "{{7*7}}" in to_text(await center.page(paths[1]))
