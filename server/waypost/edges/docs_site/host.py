"""Which host is whose: requests to the host of a help center go to its pages, all others to the desk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from litestar import Request

from waypost.domains import docs
from waypost.domains.docs import SiteStatus
from waypost.edges.base.context import Context
from waypost.edges.base.pipeline import plain_answer, without_body
from waypost.edges.docs_site import errors, render
from waypost.edges.docs_site.access import may_be_known
from waypost.edges.docs_site.app import build_router
from waypost.edges.docs_site.centers import HelpCenters
from waypost.edges.docs_site.feed_documents import CLOSED_TO_ROBOTS
from waypost.edges.docs_site.kept import Place
from waypost.edges.docs_site.marks import GENERATION, IS_HEAD, PLACE, VIEWED
from waypost.edges.docs_site.views import is_person
from waypost.kit.errors import Busy

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Send

#: Files of the knowledge base are served on every host.
FILES = "/docs/assets/"
_NUMERIC = re.compile(r"(?:[\d.]+|\[[0-9a-f:.]*\])(?::\d+)?")
_HOST = re.compile(r"[a-z0-9.-]{1,253}(?::\d{1,5})?")


class HelpCenterHost:
    """ASGI: the pages of a site on its own host, where there is no API and no page of the desk."""

    def __init__(self, app: ASGIApp, context: Context, centers: HelpCenters) -> None:
        self.app = app
        self.context = context
        self.centers = centers
        self.router = build_router(context, centers)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """One request."""
        if str(scope["type"]) != "http" or scope["path"].startswith(FILES):
            await self.app(scope, receive, send)
            return
        host, cookies, known, accepted = _asked(scope)
        kept = self.centers.kept
        place = kept.find_host(host)
        if place is None and self._is_desks(host, scope["path"]):
            await self.app(scope, receive, send)
            return
        is_read = scope["method"] in ("GET", "HEAD") and not scope["query_string"]
        if is_read and place is not None and place.site is not None:
            page = kept.find((place.site.id, scope["path"]))
            if page is not None and not may_be_known(cookies):
                status, headers, body = page.answer(known, accepted)
                await send({"type": "http.response.start", "status": status, "headers": headers})
                shown = b"" if scope["method"] == "HEAD" else body
                await send({"type": "http.response.body", "body": shown, "more_body": False})
                if page.article_id is not None:
                    self._count(scope, page.account_id, page.article_id)
                return
        await self._serve(host, place, scope, receive, send)

    async def _serve(self, host: str, place: Place | None, scope: Any, receive: Receive, send: Send) -> None:
        """Anything that is not kept."""
        scope[GENERATION] = self.centers.kept.generation
        if place is None:
            try:
                place = await self._look_up(host)
            except Busy:
                await self._say(503, scope, receive, send)
                return
        site = place.site
        if site is None and not self._is_below_domain(host):
            await self.app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET", IS_HEAD: True}, without_body(send)
        if site is None or site.fields.status is not SiteStatus.ACTIVE or not site.fields.has_public_site:
            if site is not None and scope["path"] == "/robots.txt":
                # A missing one would say that crawlers are welcome.
                await plain_answer(send, 200, CLOSED_TO_ROBOTS)
                return
            await self._say(404, scope, receive, send)
        elif site.fields.cname and _name(host) != site.fields.cname.lower():
            await self._move(self.context.docs_addresses.base_of(site.fields), scope, receive, send)
        else:
            scope[PLACE] = place
            await self.router(scope, receive, send)
            viewed = scope.get(VIEWED)
            if viewed is not None:
                self._count(scope, *viewed)

    async def _look_up(self, host: str) -> Place:
        kept = self.centers.kept
        generation = kept.generation
        found = None
        if _HOST.fullmatch(host):
            async with self.context.transactions.read() as tx:
                found = await docs.find_site_by_host(tx, self.context.docs_addresses, host)
        place = Place(*found) if found is not None else Place()
        kept.keep_host(host, place, generation)
        return place

    def _is_desks(self, host: str, path: str) -> bool:
        """Whether a host is the desk's own without a look at the database."""
        desk = urlsplit(self.context.base_url).netloc.lower()
        if host in ("", desk, self.context.content_host) or _NUMERIC.fullmatch(host):
            return True
        # Those who ask whether the process lives come by any name, and must not depend on the database.
        return path == "/healthz" and not self._is_below_domain(host)

    def _is_below_domain(self, host: str) -> bool:
        return _name(host).endswith("." + _name(self.context.docs_domain.lower()))

    def _count(self, scope: Any, account_id: int, article_id: str) -> None:
        if IS_HEAD not in scope and is_person(scope):
            self.centers.views.note(account_id, article_id)

    async def _say(self, status: int, scope: Any, receive: Receive, send: Send) -> None:
        answer = errors.nothing_here(status)
        await answer.to_asgi_response(None, Request(scope))(scope, receive, send)

    async def _move(self, base: str, scope: Any, receive: Receive, send: Send) -> None:
        """The site's pages are on its own host name (spec: 11.1)."""
        path = scope["raw_path"].decode("latin-1") or "/"
        query = scope["query_string"].decode("latin-1")
        answer = render.redirect(base + path + (f"?{query}" if query else ""))
        await answer.to_asgi_response(None, Request(scope))(scope, receive, send)


def _asked(scope: Any) -> tuple[str, str, bytes, bytes]:
    """Host, cookies, the tags that the browser knows, and the encodings that it takes."""
    host = cookies = ""
    known = accepted = b""
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1").lower().rstrip(".")
        elif name == b"cookie":
            cookies += value.decode("latin-1") + ";"
        elif name == b"if-none-match":
            known = value
        elif name == b"accept-encoding":
            accepted = value
    return host, cookies, known, accepted


def _name(host: str) -> str:
    """A host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
