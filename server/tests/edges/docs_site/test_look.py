"""A site's own look: colours that can be read, logo and icons, style sheet, code of its own (spec: 6, 11.5)."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.async_api import Browser

from tests.edges.docs_site.center import Center, links_of, path_of
from tests.edges.docs_site.page_checks import check_pages
from waypost.domains.docs import SiteLook
from waypost.edges.docs_site import look

pytestmark = pytest.mark.anyio

COLOURS = ("#000", "#ffffff", "#777777", "#ff0000", "#ffff00", "#1a6dd4", "#0f0", "#c0ffee", "#2b2b2b")
MEMBERS = ("pageBgColor", "headerBgColor", "navTextColor", "navActiveColor", "linkColor", "articleTextColor")


def test_every_text_can_be_read_on_every_ground() -> None:
    for color, ground in itertools.product(COLOURS, COLOURS):
        assert look.contrast(look.readable(color, ground), ground) >= 4.5, (color, ground)
    assert look.readable("#123456", "#ffffff") == "#123456"
    assert round(look.contrast("#000", "#fff"), 2) == 21


def test_a_site_without_colours_has_no_sheet_of_its_own() -> None:
    assert look.style_of(SiteLook(title="Help")) == ""


@pytest.mark.parametrize("shift", [2, 5])
async def test_pages_can_be_read_in_any_colours(center: Center, chromium: Browser, shift: int) -> None:
    colours = itertools.cycle(COLOURS[shift:] + COLOURS[:shift])
    await center.change(**dict(zip(MEMBERS, colours, strict=False)), hasContactForm=True)
    article = await center.article(
        "Refunds",
        "<h2>One</h2><p><a href='/x'>Text</a></p><blockquote>[!TIP] x</blockquote><h2>Two</h2><p>Text</p>",
        status="published",
        categories=[center.category["id"]],
    )
    await center.article("Other", status="published", categories=[center.category["id"]])
    paths = ["/", *map(path_of, (center.collection, center.category, article))]
    await check_pages(chromium, center, paths)


async def test_logo_icons_and_links_are_the_sites_own(center: Center) -> None:
    await center.change(
        logoUrl="https://cdn.example/logo.png", logoWidth=120, logoHeight=40, favIconUrl="https://cdn.example/i.ico",
        touchIconUrl="https://cdn.example/t.png", homeUrl="https://www.example", homeLinkText="Help home",
        styleSheetUrl="https://cdn.example/own.css", description="All about it.", companyName="Example Ltd",
    )  # fmt: skip
    page = await center.page("/")
    for part in (
        '<img src="https://cdn.example/logo.png" alt="Help" width="120" height="40">',
        '<link rel="icon" href="https://cdn.example/i.ico">',
        '<link rel="apple-touch-icon" href="https://cdn.example/t.png">',
        '<link rel="stylesheet" href="https://cdn.example/own.css">',
        '<a class="brand" href="https://www.example">',
        '<a href="/" aria-current="page">Help home</a>',
        '<meta name="description" content="All about it.">',
        "Example Ltd",
    ):
        assert part in page, part
    assert page.index("site.css") < page.index("own.css")
    policy = (await center.visitor.get("/")).headers["content-security-policy"]
    assert "style-src 'self' https://cdn.example;" in policy
    icon = await center.visitor.get("/favicon.ico")
    assert (icon.status_code, icon.headers["location"]) == (302, "https://cdn.example/i.ico")


async def test_without_a_home_link_the_title_leads_home(center: Center) -> None:
    await center.change(homeUrl="https://www.example")
    assert '<a class="brand" href="/">' in await center.page("/")


async def test_code_of_the_site_opens_its_policy_and_no_other(center: Center) -> None:
    article = await center.article("Refunds", status="published")
    before = (await center.visitor.get("/")).headers["content-security-policy"]
    assert "'unsafe-inline'" not in before.replace("style-src-attr 'unsafe-inline'", "")
    await center.change(headerCode="<script>window.own = 1</script>")
    for path in ("/", path_of(article), "/nowhere"):
        answer = await center.visitor.get(path)
        head = answer.text[: answer.text.index("</head>")]
        assert "<script>window.own = 1</script>" in head
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self' 'unsafe-inline'" in policy
        assert "object-src 'none'" in policy
        assert "base-uri 'none'" in policy
    static = re.search(r'href="(/_static/[^"]*site\.css)"', answer.text)
    assert static is not None
    assert "script-src" not in (await center.visitor.get(static[1])).headers["content-security-policy"]
    nobody = await center.desk.visitor(f"nobody.{center.desk.context.docs_domain}")
    assert "script-src" not in (await nobody.get("/")).headers["content-security-policy"]


async def test_metadata_is_there_where_the_site_wants_it(center: Center) -> None:
    article = await center.article(
        "Refunds </script> & more", "<p>Within 14 days.</p>", status="published", categories=[center.category["id"]]
    )
    assert "og:title" not in await center.page(path_of(article))
    assert "ld+json" not in await center.page(path_of(article))
    await center.change(includeMetadata=True)
    page = await center.page(path_of(article))
    assert '<meta property="og:title" content="Refunds &lt;/script&gt; &amp; more">' in page
    assert f'<meta property="og:url" content="{article["publicUrl"]}">' in page
    data = page[page.index("ld+json") : page.index("</head>")]
    assert data.count("</script>") == 1
    for part in ('"BreadcrumbList"', '"TechArticle"', '"dateModified"', "\\u003c/script\\u003e"):
        assert part in data, part
    assert '"WebSite"' in await center.page("/")


async def test_home_lists_articles_where_the_site_wants_that(center: Center) -> None:
    article = await center.article("Refunds", "<p>Within 14 days.</p>", status="published")
    await center.change(homePageContent="articles")
    page = await center.page("/")
    assert "Within 14 days" in page
    assert path_of(article) in links_of(page)
    assert 'class="category-list"' not in page


@pytest.mark.parametrize(
    ("language", "tag", "word"),
    [
        ("german", "de", "Startseite"), ("french", "fr", "Accueil"), ("spanish", "es", "Inicio"),
        ("italian", "it", "Articoli più letti"), ("dutch", "nl", "Populaire artikelen"),
        ("portuguese", "pt", "Artigos populares"), ("japanese", "ja", "よく読まれている記事"),
        ("arabic", "ar", "Popular articles"),
    ],
)  # fmt: skip
async def test_the_words_are_in_the_sites_language(center: Center, language: str, tag: str, word: str) -> None:
    await center.article("Refunds", status="published")
    await center.change(language=language)
    page = await center.page("/") + await center.page("/nowhere", 404)
    direction = "rtl" if tag == "ar" else "ltr"
    assert f'<html lang="{tag}" dir="{direction}">' in page
    assert word in page
