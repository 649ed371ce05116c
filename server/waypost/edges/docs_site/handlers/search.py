"""The search page, and suggestions while somebody types (spec: 11.2)."""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Any
from urllib.parse import urlencode

import litestar
import msgspec
import structlog
from litestar import Request, Response

from waypost.domains import docs
from waypost.domains.docs import Collection, Hit, Hits, path_of
from waypost.edges.base.context import Context, ContextDependency, TxDependency
from waypost.edges.docs_site import budgets, policy, render
from waypost.edges.docs_site.reader import Reader, ReaderDependency
from waypost.edges.docs_site.views import is_person
from waypost.kit.db import DATABASE_ERRORS
from waypost.kit.errors import Busy
from waypost.kit.paging import PageRequest
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

log = structlog.get_logger(__name__)

RESULTS = 20
SUGGESTIONS = 6
#: So many articles about a subject are enough.
FEW = 2
MOST_WORDS = 4
SHORT_WORD = 3
POPULAR = 6
LAST_PAGE = 500
LONGEST_QUERY = 500
#: Between the names of what an article lies in.
BETWEEN = " \u203a "
_MARK = re.compile(r"<mark>(.*?)</mark>", re.DOTALL)


class Result(msgspec.Struct, frozen=True):
    """A hit as it is shown. `title` and `text` are safe HTML, `place` are the names of what it lies in."""

    path: str
    title: str
    text: str
    place: list[str]
    is_private: bool


class Suggestion(msgspec.Struct, frozen=True):
    """An article that may be meant; `title` in parts, each with whether it is what was typed."""

    title: list[tuple[str, bool]]
    url: str
    place: str


class Suggestions(msgspec.Struct, frozen=True):
    """What there is for what was typed so far, and how much of it in all."""

    results: list[Suggestion]
    total: int


@litestar.get("/search")
async def show_results(
    request: Request[Any, Any, Any], context: ContextDependency, reader: ReaderDependency
) -> Response[Any]:
    """What is found, a page at a time, in all collections or in one."""
    query = _query(request)
    if query:
        await budgets.take_search(context, request, reader.account_id)
    async with context.transactions.read() as read:
        answer, total = await _results(request, read, reader, query)
    # After that connection has been given back: searches that each hold one and wait for another would never end.
    is_first = _page_number(request) == 1 and "waypost.is_head" not in request.scope
    if query and is_first and is_person(request.scope):
        await _count(context, reader, query, total)
    return answer


async def _results(request: Request[Any, Any, Any], read: Tx, reader: Reader, query: str) -> tuple[Response[Any], int]:
    number, within = _page_number(request), _collection(request, reader)
    request_page = PageRequest(number, RESULTS)
    hits = Hits(items=[], total=0, request=request_page)
    if query:
        hits = await _search(read, reader, query, within, request_page)
    page = render.page(
        reader,
        "search.html",
        title=reader.t.fill("results_title", query=query) if query else reader.t.search,
        robots="noindex",
        query=query,
        corrected=hits.corrected,
        results=await _shown(read, reader, hits.corrected or query, hits.items),
        total=hits.total,
        within=within,
        between=BETWEEN,
        number=number,
        last=max(1, min(LAST_PAGE, -(-hits.total // RESULTS))),
        address=_addresses(query, within),
        popular=[] if hits.items else await docs.reading.list_popular(read, reader.audience, POPULAR),
    )
    return page, hits.total


@litestar.get(["/search/suggest", "/search/ajax"])
async def suggest(
    request: Request[Any, Any, Any], context: ContextDependency, read: TxDependency, reader: ReaderDependency
) -> Response[Suggestions]:
    """Articles for what has been typed so far; with `any=1` also those that say some of it, as for the subject of a
    message. Nothing of it is counted as a search."""
    query = _query(request)
    found = Suggestions([], 0)
    if query:
        await budgets.take_search(context, request, reader.account_id)
        hits = await _search(read, reader, query, None, PageRequest(1, SUGGESTIONS))
        if request.query_params.get("any") == "1":
            hits = await _with_kindred(read, reader, query, hits)
        shown = await _shown(read, reader, hits.corrected or query, hits.items, with_texts=False)
        found = Suggestions(
            [Suggestion(_parts(one.title), one.path, BETWEEN.join(one.place)) for one in shown], hits.total
        )
    cache = "private, max-age=30" if reader.is_anybody else "private, no-store"
    sent = policy.headers(policy.BARE, cache) | {"X-Robots-Tag": "noindex"}
    return Response(found, headers=sent, media_type="application/json")


async def _search(read: Tx, reader: Reader, query: str, within: Collection | None, page: PageRequest) -> Hits:
    scope = msgspec.structs.replace(reader.search_scope, collection_id=within.id if within else None)
    return await docs.search(read, query, scope, page)


async def _with_kindred(read: Tx, reader: Reader, query: str, hits: Hits) -> Hits:
    """The hits and, where they are few, articles that hold some of the longer words; most of them first."""
    if len(hits.items) > FEW:
        return hits
    longest = sorted(set(query.lower().split()), key=len, reverse=True)[:MOST_WORDS]
    found: dict[str, Hit] = {hit.id: hit for hit in hits.items}
    times: Counter[str] = Counter()
    for word in [word for word in longest if len(word) > SHORT_WORD]:
        for hit in (await _search(read, reader, word, None, PageRequest(1, SUGGESTIONS))).items:
            found.setdefault(hit.id, hit)
            times[hit.id] += 1
    own = {hit.id for hit in hits.items}
    items = sorted(found.values(), key=lambda hit: (hit.id not in own, -times[hit.id]))[:SUGGESTIONS]
    return Hits(items=items, total=len(items), request=hits.request)


async def _shown(read: Tx, reader: Reader, query: str, hits: list[Hit], *, with_texts: bool = True) -> list[Result]:
    marked = await docs.highlights(read, reader.search_scope, query, hits, with_texts=with_texts)
    shelves = {one.id: one for one in reader.collections}
    names = await docs.reading.names_of_categories(
        read, reader.audience, [one for hit in hits for one in hit.category_ids]
    )
    results = []
    for hit in hits:
        title, text = marked.get(hit.id, (html.escape(hit.name), html.escape(hit.preview)))
        shelf = shelves.get(hit.collection_id)
        place = [shelf.name] if shelf else []
        place += [names[one] for one in hit.category_ids if one in names][:1]
        is_private = hit.visibility is docs.Visibility.PRIVATE
        results.append(Result(path_of("article", hit.number, hit.slug), title, text, place, is_private))
    return results


async def _count(context: Context, reader: Reader, query: str, total: int) -> None:
    try:
        async with context.transactions.open() as tx:
            await docs.insight.note_search(tx, reader.account_id, reader.site.id, query, total)
    except (*DATABASE_ERRORS, Busy) as error:
        # What was found is worth more than that it was counted.
        log.warning("search.not_counted", account_id=reader.account_id, error=repr(error))


def _query(request: Request[Any, Any, Any]) -> str:
    return clean_text(request.query_params.get("query") or "").strip()[:LONGEST_QUERY]


def _page_number(request: Request[Any, Any, Any]) -> int:
    text = request.query_params.get("page") or ""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    return min(max(1, number), LAST_PAGE)


def _collection(request: Request[Any, Any, Any], reader: Reader) -> Collection | None:
    """One that the reader sees; any other is as if none had been asked for."""
    wanted = request.query_params.get("collectionId") or ""
    return next((one for one in reader.collections if wanted in (one.id, str(one.number))), None)


def _addresses(query: str, within: Collection | None) -> Any:
    """For the template: where another page or another collection of the same search is."""

    def address(page: int = 1, collection: Collection | None = within, everywhere: bool = False) -> str:
        fields = {"query": query}
        if collection is not None and not everywhere:
            fields["collectionId"] = collection.id
        if page > 1:
            fields["page"] = str(page)
        return f"/search?{urlencode(fields)}"

    return address


def _parts(title: str) -> list[tuple[str, bool]]:
    """Safe HTML with marks as plain texts, so that a script makes no HTML of it."""
    parts, position = [], 0
    for found in _MARK.finditer(title):
        parts += [(html.unescape(title[position : found.start()]), False), (html.unescape(found[1]), True)]
        position = found.end()
    parts.append((html.unescape(title[position:]), False))
    return [part for part in parts if part[0]]


ROUTES = [show_results, suggest]
