"""Rendering of pages: templates, the headers around them, and keeping what everybody sees."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from waypost.domains.docs import path_of
from waypost.edges.docs_site import policy, static_files, structured
from waypost.edges.docs_site.kept import KeptPage, KeptPages
from waypost.edges.docs_site.look import style_of
from waypost.edges.docs_site.marks import GENERATION, VIEWED
from waypost.edges.docs_site.words import shortened

if TYPE_CHECKING:
    from litestar.types import Receive, Scope, Send

    from waypost.edges.docs_site.reader import Reader

#: Browsers and proxies may hold the page, but ask each time whether it is still the same.
PUBLIC = "public, no-cache"
PRIVATE = "private, no-store"

environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
    cache_size=200,
)
environment.globals.update(static=static_files.address, path_of=path_of, moment=structured.moment)
environment.filters["shortened"] = shortened


class Answer:
    """ASGI: one answer."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self._status = status
        self._headers = headers
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - names of the standard
        """Send it."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


class Rendered(Response[bytes]):
    """A page on its way out: answers 304 to those who have it, and is kept where everybody sees the same."""

    def __init__(
        self, reader: Reader, body: bytes, status: int, headers: dict[str, str], viewed: str | None, *, is_kept: bool
    ) -> None:
        super().__init__(body, status_code=status, headers=headers, media_type=MediaType.HTML)
        self._reader = reader
        self._viewed = viewed
        self._is_kept = is_kept

    def to_asgi_response(self, app: Any, request: Any, **given: Any) -> Any:
        """As the framework asks for it."""
        made = super().to_asgi_response(app, request, **given)
        sent = [(name, value) for name, value in made.encode_headers() if name != b"content-length"]
        account_id, scope = self._reader.account_id, request.scope
        page = KeptPage.of(account_id, made.status_code, sent, self.content, self._viewed)
        scope[VIEWED] = (account_id, self._viewed) if self._viewed else None
        if self._is_kept and not scope["query_string"]:
            kept: KeptPages = request.app.state.kept
            kept.keep((self._reader.site.id, scope["path"]), page, scope[GENERATION])
        asked = (request.headers.get("if-none-match", ""), request.headers.get("accept-encoding", ""))
        return Answer(*page.answer(asked[0].encode("latin-1"), asked[1].encode("latin-1")))


def page(  # noqa: PLR0913 - a page has that many parts
    reader: Reader,
    template: str,
    *,
    title: str,
    status: int = 200,
    description: str = "",
    canonical: str | None = None,
    crumbs: Sequence[tuple[str, str]] = (),
    cache: bool = False,
    viewed: str | None = None,
    more_headers: dict[str, str] | None = None,
    robots: str = "",
    data: Sequence[structured.Data | None] = (),
    picture: str = "",
    **values: Any,
) -> Response[bytes]:
    """A page of a site. `title` is what it is called (the site's name is added), `canonical` its one path.

    `cache` says that everybody who is not known gets to see the same under this path, until the knowledge base changes;
    whoever is signed in, and visitors of restricted sites, always get a page of their own. `viewed` is the id of the
    article that is shown, to be counted. `crumbs` are the pages above this one, name and path, without the home page.
    """
    style, digest = _style(reader)
    is_kept = cache and reader.is_anybody and status == 200
    if reader.is_restricted or status >= 400:
        robots = "noindex"
    text = environment.get_template(template).render(
        reader=reader,
        site=reader.site,
        look=reader.site.fields.look,
        t=reader.t,
        title=title,
        description=description,
        canonical=reader.base + canonical if canonical is not None else "",
        path=canonical,
        crumbs=crumbs,
        style=style,
        picture=picture or reader.site.fields.look.logo_url or "",
        data=structured.script([structured.trail(reader, crumbs, title, canonical), *data]) if canonical else "",
        robots=robots,
        **values,
    )
    sent = policy.headers(policy.content_policy(reader.site, digest), PUBLIC if is_kept else PRIVATE)
    sent["Vary"] = "Accept-Encoding, Cookie"
    if robots:
        sent["X-Robots-Tag"] = robots
    return Rendered(reader, text.encode(), status, sent | (more_headers or {}), viewed, is_kept=is_kept)


def bare_page(title: str, text: str, status: int) -> Response[bytes]:
    """A page of no site."""
    body = environment.get_template("bare.html").render(title=title, text=text)
    sent = policy.headers(policy.BARE, PRIVATE) | {"X-Robots-Tag": "noindex"}
    return Response(body.encode(), status_code=status, headers=sent, media_type=MediaType.HTML)


def redirect(
    location: str, status: int = 301, cache: str | None = None, cookies: Sequence[Cookie] = ()
) -> Response[bytes]:
    """Send the visitor to another page."""
    sent = policy.headers(policy.BARE, cache or (PUBLIC if status == 301 else PRIVATE)) | {"Location": location}
    return Response(b"", status_code=status, headers=sent, media_type=MediaType.HTML, cookies=list(cookies))


def _style(reader: Reader) -> tuple[Markup, str]:
    """The site's colours as a style sheet, and its digest for the policy."""
    sheet = style_of(reader.site.fields.look)
    return Markup(sheet), _digest(sheet)  # noqa: S704 - made of checked colours alone


@lru_cache(maxsize=256)
def _digest(sheet: str) -> str:
    return base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode() if sheet else ""
