"""The page on which customers say what they think of an answer.

Following a link only shows the page, with the grade of the link chosen: whatever reads mail before a person does opens
links, and must rate nothing. The button sends it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import litestar
from litestar import Request, Response
from litestar.params import FromPath

from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.conversations import COMMENTS_LIMIT, Answer, Grade, Rating
from waypost.edges.base.content_links import RatingLink, follow
from waypost.edges.base.context import Context, ContextDependency, TxDependency
from waypost.edges.content import pages
from waypost.edges.content.throttle import Throttle
from waypost.kit.errors import NotFound, TooLarge
from waypost.kit.tx import Tx

#: Far more than the longest comment in any script, percent-encoded.
MOST_FORM_BYTES = 32 * 1024
_MOST_FIELDS = 10


@litestar.get("/ratings/{token:str}")
async def show_rating(context: ContextDependency, read: TxDependency, token: FromPath[str]) -> Response[str]:
    """The page without a grade chosen, or with the one given before."""
    return await _ask(context, read, token, None)


@litestar.get("/ratings/{token:str}/{grade:str}")
async def show_grade(
    context: ContextDependency, read: TxDependency, token: FromPath[str], grade: FromPath[str]
) -> Response[str]:
    """The page with the grade of the link chosen. Nothing is recorded."""
    chosen = _grade(grade)
    if chosen is None:
        raise NotFound
    return await _ask(context, read, token, chosen)


@litestar.post("/ratings/{token:str}", status_code=200)
async def record(
    request: Request[Any, Any, Any], context: ContextDependency, tx: TxDependency, token: FromPath[str]
) -> Response[str]:
    """Record what the customer thinks, and thank them."""
    link = follow(context.secret_key, token, RatingLink, tx.now)
    throttle: Throttle = request.app.state.ratings_throttle
    throttle.take(token, request.client.host if request.client else "")
    form = await _form(request)
    customer = Actor.for_customer(link.account_id, link.customer_id)
    answer = await conversations.get_answer(tx, customer, link.thread_id)
    before = await conversations.find_own_rating(tx, customer, link.thread_id)
    chosen, comments = _grade(form.get("grade", "")), form.get("comments", "").replace("\r\n", "\n").strip()
    if before is not None and not conversations.may_change(before, tx.now):
        return _page(answer, token, before, None, tx.now)
    fault = _fault(chosen, comments)
    if chosen is None or fault:
        return _page(answer, token, before, chosen, tx.now, comments=comments, fault=fault)
    await conversations.rate(tx, customer, link.thread_id, chosen, comments)
    return pages.page("thanks.html", answer=answer, token=token, grade=chosen.value)


async def _ask(context: Context, read: Tx, token: str, chosen: Grade | None) -> Response[str]:
    link = follow(context.secret_key, token, RatingLink, read.now)
    customer = Actor.for_customer(link.account_id, link.customer_id)
    answer = await conversations.get_answer(read, customer, link.thread_id)
    before = await conversations.find_own_rating(read, customer, link.thread_id)
    return _page(answer, token, before, chosen, read.now)


def _page(
    answer: Answer,
    token: str,
    before: Rating | None,
    chosen: Grade | None,
    now: datetime,
    *,
    comments: str | None = None,
    fault: str = "",
) -> Response[str]:
    """The question; or, when the rating is final, what it was."""
    if before is not None and not conversations.may_change(before, now):
        return pages.page("rated.html", answer=answer, rating=before)
    grade = chosen or (before.grade if before is not None else None)
    if comments is None:
        comments = before.comments if before is not None else ""
    return pages.page(
        "rating.html",
        status=422 if fault else 200,
        answer=answer,
        token=token,
        before=before,
        grade=grade.value if grade is not None else "",
        comments=comments,
        fault=fault,
        limit=COMMENTS_LIMIT,
    )


def _fault(chosen: Grade | None, comments: str) -> str:
    if chosen is None:
        return "Please choose one of the three."
    if len(comments) > COMMENTS_LIMIT:
        return f"Your comment has {len(comments):,} characters; there is room for {COMMENTS_LIMIT:,}."
    return ""


def _grade(text: str) -> Grade | None:
    return next((grade for grade in Grade if grade.value == text), None)


async def _form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of the form. Raises TooLarge; a body that is no form has no fields."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_FORM_BYTES:
            raise TooLarge
        chunks.append(chunk)
    try:
        text = b"".join(chunks).decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}
