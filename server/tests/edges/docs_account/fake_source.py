"""A small server that speaks the Docs API as its owner likes: with limits, faults and lies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.receiver import Answer, Request, Writer, raw

SITE, SHELF, LAST = "5f0000000000000000000001", "5f0000000000000000000002", "5f0000000000000000000003"
Say = Callable[[Request], bytes | None]


def article_id(number: int) -> str:
    return f"5f00000000000000000001{number:02x}"


def said(body: Any, status: int = 200, **headers: str) -> bytes:
    """An answer; a body that is bytes goes out as it is."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\nConnection: close\r\n{more}\r\n".encode() + data


def page(name: str, items: list[Any], number: int = 1, pages: int = 1) -> bytes:
    return said({name: {"page": number, "pages": pages, "count": len(items), "items": items}})


class FakeSource:
    """A site with one collection and articles of given texts. `first` may answer instead."""

    def __init__(self, *texts: str, first: Say = lambda _: None, site: dict[str, Any] | None = None) -> None:
        self.first = first
        self.site = {"id": SITE, "subDomain": "quirks", "title": "Quirks", **(site or {})}
        self.collections = [{"id": SHELF, "siteId": SITE, "number": 501, "name": "Shelf"}]
        self.categories = [
            {"id": LAST, "collectionId": SHELF, "number": 502, "slug": "uncategorized", "name": "Uncategorized"}
        ]
        self.articles: list[dict[str, Any]] = [
            {
                "id": article_id(number), "number": 600 + number, "collectionId": SHELF, "slug": f"a-{number}",
                "status": "published", "name": f"Article {number}", "text": text, "categories": [LAST],
                "updatedAt": "2024-03-01T10:00:00Z", "createdAt": "2023-03-01T10:00:00Z",
            }
            for number, text in enumerate(texts)
        ]  # fmt: skip
        self.redirects: list[dict[str, Any]] = []
        self.asked: list[str] = []

    @property
    def answer(self) -> Answer:
        def decide(request: Request) -> Writer:
            self.asked.append(request.path)
            first = self.first(request)
            return raw(self.say(request.path) if first is None else first)

        return decide

    def say(self, path: str) -> bytes:
        path = path.partition("?")[0]
        if path == "/v1/sites":
            return page("sites", [self.site])
        if path == f"/v1/sites/{SITE}/restricted":
            return said({"enabled": False, "authentication": None, "callbackConfiguration": None})
        if path.startswith("/v1/redirects/site/"):
            return page("redirects", self.redirects)
        if path == "/v1/collections":
            return page("collections", self.collections)
        if path.endswith("/categories"):
            return page("categories", self.categories)
        if path == f"/v1/collections/{SHELF}/articles":
            return page("articles", [{k: v for k, v in one.items() if k != "text"} for one in self.articles])
        if found := re.fullmatch(r"/v1/articles/(\w+)", path):
            return said({"article": next(one for one in self.articles if one["id"] == found[1])})
        if path.endswith("/revisions"):
            return page("revisions", [])
        return said({"code": 404, "error": "Resource not found"}, 404)
