"""An article, with what helps to find one's way in it and from it."""

from __future__ import annotations

import asyncio
from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import docs
from waypost.domains.docs import ReadArticle, path_of
from waypost.edges.base.context import ContextDependency, TxDependency
from waypost.edges.base.outline import CALLOUTS, Outlined, first_picture, outlined
from waypost.edges.docs_site import render, structured
from waypost.edges.docs_site.paths import canonical, number_in
from waypost.edges.docs_site.reader import Reader, ReaderDependency
from waypost.kit.errors import NotFound

# Above this, the work would hold up everybody else.
_SHORT = 50_000


@litestar.get("/article/{reference:str}")
async def show_article(
    request: Request[Any, Any, Any],
    read: TxDependency,
    reader: ReaderDependency,
    context: ContextDependency,
    reference: FromPath[str],
) -> Response[Any]:
    """A published article (spec: 11.6)."""
    found = await docs.reading.find_article(read, reader.audience, number_in("article", reference))
    if found is None:
        raise NotFound
    article, audience = found.article, reader.audience
    path = canonical(request, path_of("article", article.number, article.slug))
    category = found.categories[0] if found.categories else None
    before, after = None, None
    if category is not None:
        before, after = await docs.reading.find_neighbours(read, audience, category, article.id)
    related = await docs.reading.list_related(read, audience, found)
    linked = await docs.current_links(
        read,
        reader.account_id,
        context.docs_addresses,
        reader.site.id,
        found.text,
        number=article.number,
        may_see_private=reader.may_see_private,
    )
    text = await _outlined(reader, linked)
    return render.page(
        reader,
        "article.html",
        title=article.name,
        description=found.preview,
        canonical=path,
        crumbs=_crumbs(found),
        cache=True,
        viewed=article.id if reader.name is None else None,
        article=article,
        found=found,
        text=text.html,
        outline=text.headings,
        updated_at=article.last_published_at or article.author.updated_at,
        related=related,
        data=[structured.article(reader, found, path)],
        picture=first_picture(found.text),
        before=before,
        after=after,
    )


async def _outlined(reader: Reader, text: str) -> Outlined:
    names = {kind: getattr(reader.t, f"callout_{kind}") for kind in CALLOUTS}
    if len(text) > _SHORT:
        return await asyncio.to_thread(outlined, text, names)
    return outlined(text, names)


def _crumbs(found: ReadArticle) -> list[tuple[str, str]]:
    shelf = found.collection
    crumbs = [(shelf.name, path_of("collection", shelf.number, shelf.slug))]
    category = found.categories[0] if found.categories else None
    if category is not None and not category.is_uncategorized:
        crumbs.append((category.name, path_of("category", category.number, category.slug)))
    return crumbs


ROUTES = [show_article]
