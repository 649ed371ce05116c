"""Whether an article has helped: one vote for each browser, that may think again."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, Literal

import litestar
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.params import FromPath

from waypost.domains import docs
from waypost.domains.docs import ReadArticle, path_of
from waypost.edges.base.context import Context, ContextDependency, TxDependency
from waypost.edges.docs_site import budgets, forms, policy, render
from waypost.edges.docs_site.paths import number_in
from waypost.edges.docs_site.reader import Reader, ReaderDependency
from waypost.kit import secrets
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.tx import Tx

#: Not of the family `waypost_…`: it says nothing about who somebody is, so pages are the same with it.
COOKIE = "help_voter"
_COOKIE_AGE_S = 365 * 24 * 60 * 60
_COOKIE_BYTES = 16
_VALUE = re.compile(r"[A-Za-z0-9_-]{22}")
_DIGEST_BYTES = 16
_OPINIONS: dict[str, Literal["helpful", "unhelpful"]] = {"yes": "helpful", "no": "unhelpful"}


@litestar.post("/article/{reference:str}/vote")
async def vote(
    request: Request[Any, Any, Any],
    context: ContextDependency,
    tx: TxDependency,
    reader: ReaderDependency,
    reference: FromPath[str],
) -> Response[Any]:
    """Count a vote: answers the script with JSON, and everybody else with a page that thanks."""
    form = await forms.read_small_form(request)
    forms.refuse_foreign(request)
    found = await _article(tx, reader, reference)
    said = form.text("helpful")
    if said not in _OPINIONS:
        raise Invalid([FieldError("helpful", "must be yes or no", "EnumValue", said)])
    await budgets.take_vote(context, request, reader.account_id, found.article.id)
    known = request.cookies.get(COOKIE) or ""
    voter = known if _VALUE.fullmatch(known) else secrets.new_token(_COOKIE_BYTES)
    digest = _voter(context, reader.account_id, found.article.id, voter)
    await docs.insight.vote(tx, reader.account_id, found.article.id, _OPINIONS[said], digest)
    answer = _answer(request, found, said)
    if voter != known:
        answer.set_cookie(_cookie(context, voter))
    return answer


@litestar.get("/article/{reference:str}/vote")
async def show_thanks(
    request: Request[Any, Any, Any], read: TxDependency, reader: ReaderDependency, reference: FromPath[str]
) -> Response[Any]:
    """Thanks for a vote, with ways to go on, and to think again."""
    found = await _article(read, reader, reference)
    said = request.query_params.get("helpful") or ""
    if said not in _OPINIONS:
        return render.redirect(_path(found), status=302)
    article, shelf = found.article, found.collection
    related = await docs.reading.list_related(read, reader.audience, found)
    return render.page(
        reader,
        "voted.html",
        title=reader.t.vote_thanks_title,
        crumbs=[(shelf.name, path_of("collection", shelf.number, shelf.slug)), (article.name, _path(found))],
        robots="noindex",
        article=article,
        said=said,
        related=related,
    )


async def _article(tx: Tx, reader: Reader, reference: str) -> ReadArticle:
    found = await docs.reading.find_article(tx, reader.audience, number_in("article", reference))
    if found is None:
        raise NotFound
    return found


def _path(found: ReadArticle) -> str:
    return path_of("article", found.article.number, found.article.slug)


def _answer(request: Request[Any, Any, Any], found: ReadArticle, said: str) -> Response[Any]:
    if "application/json" not in request.headers.get("accept", ""):
        return render.redirect(f"{_path(found)}/vote?helpful={said}", status=303)
    sent = policy.headers(policy.BARE, render.PRIVATE)
    return Response({"helpful": said == "yes"}, status_code=200, headers=sent, media_type="application/json")


def _voter(context: Context, account_id: int, article_id: str, cookie: str) -> bytes:
    """Of each article another, so that votes of one browser cannot be put together."""
    text = f"waypost.vote:{account_id}:{article_id}:{cookie}"
    return hmac.digest(context.secret_key, text.encode(), hashlib.sha256)[:_DIGEST_BYTES]


def _cookie(context: Context, value: str) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=_COOKIE_AGE_S,
        path="/",
        httponly=True,
        secure=context.is_https,
        samesite="lax",
    )


ROUTES = [vote, show_thanks]
