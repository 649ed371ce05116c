"""Every kind of page that holds articles is right HTML, and can be used by everybody."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.edges.docs_site.center import Center, path_of
from tests.edges.docs_site.page_checks import check_pages

pytestmark = pytest.mark.anyio

TEXT = """
<h1>One</h1><p>See <a href="#two">below</a> and <code>this</code>.</p><h4 id="two">Two</h4><p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="></p>
<h4 id="two">Two again</h4><pre><code>a very long line of code that does not fit into any window of a phone at all</code></pre>
<h2 id="content">Three</h2><table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>
<h3></h3><blockquote><p>Quoted</p></blockquote><ul><li>One</li></ul><h2>1. Four &amp; five</h2><p>End</p>
"""  # noqa: E501


async def test_pages_are_right_and_can_be_used(center: Center, chromium: Browser) -> None:
    await center.change(hasContactForm=True, includeMetadata=True, description="Answers.")
    empty = await center.post("/v1/collections", {"siteId": center.site["id"], "name": "Empty"}, "collection")
    long = await center.article("All about refunds", TEXT, status="published", categories=[center.category["id"]])
    other = await center.article("Refunds abroad", TEXT, status="published", categories=[center.category["id"]])
    await center.article("In no category", status="published", related=[long["id"]])
    paths = ["/", "/nowhere", *map(path_of, (center.collection, empty, center.category, long, other))]

    await check_pages(chromium, center, [*paths, path_of(center.category) + "?sort=name"])


async def test_an_empty_site_is_right_too(center: Center, chromium: Browser) -> None:
    await check_pages(chromium, center, ["/", path_of(center.collection), path_of(center.category)])
