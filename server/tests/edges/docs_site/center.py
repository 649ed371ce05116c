"""A help center under test: the shelf of the Docs API's tests, and a visitor of its site.

    async def test_shows_an_article(center: Center) -> None:
        article = await center.article("Refunds", "<p>Within 14 days.</p>", status="published")
        answer = await center.visitor.get(path_of(article))

`center.client` writes by the Docs API, `center.visitor` reads the pages (with a browser's User-Agent, by the site's
host); `center.address` is what a real browser opens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Center(Shelf):
    """A shelf whose site has visitors."""

    visitor: httpx.AsyncClient

    @property
    def host(self) -> str:
        return f"{self.site['subDomain']}.{self.desk.context.docs_domain}"

    @property
    def address(self) -> str:
        """The site's, as browsers resolve it: every name below localhost is this machine."""
        return f"http://{self.host}"

    async def change(self, **members: Any) -> None:
        """Set members of the site."""
        answer = await self.client.put(f"/v1/sites/{self.site['id']}", json=members)
        assert answer.status_code == 200, answer.text

    async def page(self, path: str, status: int = 200) -> str:
        """The HTML of a page."""
        answer = await self.visitor.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.text


async def open_center(desk: Desk, name: str = "Acme") -> Center:
    """A company with a site, a collection and a category, and a visitor."""
    desk.context.docs_domain = f"localhost:{urlsplit(desk.base_url).port}"
    shelf = await build(desk, name)
    visitor = await desk.visitor(f"{shelf.site['subDomain']}.{desk.context.docs_domain}")
    visitor.headers["User-Agent"] = BROWSER
    return Center(shelf.desk, shelf.account, shelf.client, shelf.site, shelf.collection, shelf.category, visitor)


def path_of(thing: dict[str, Any]) -> str:
    """The path of a collection, category or article, as the API gives its address."""
    return urlsplit(thing["publicUrl"]).path


def links_of(page: str) -> list[str]:
    """Where the page's links lead."""
    return re.findall(r'<a\b[^>]*?\shref="([^"]*)"', page)
