"""The error pages of an edge for people, behind a real port."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, get
from litestar.exceptions import HTTPException, MethodNotAllowedException, PermissionDeniedException

from tests.desk import HOST, PLAIN
from waypost.edges.base.error_pages import WORDS, ErrorPage, ErrorPages
from waypost.edges.base.pipeline import Pipeline
from waypost.kit import errors
from waypost.server import HttpServer


class Lost(errors.NotFound):
    """A kind of a small edge, with words of its own."""


class Hidden(errors.Forbidden):
    """A kind that this edge does not speak of."""


class Unheard(errors.WaypostError):
    """A kind that no edge knows: a fault."""


RAISED: dict[str, Exception] = {
    "not-found": errors.NotFound("secret"),
    "hidden": Hidden("secret"),
    "moved": errors.Moved(7),
    "conflict": errors.InProgress("secret"),
    "changed": errors.Changed("secret"),
    "invalid": errors.TooDear(2),
    "too-large": errors.TooLarge("secret"),
    "throttled": errors.Throttled("secret", 30),
    "busy": errors.Busy("secret"),
    "full": errors.StorageFull("secret"),
    "lost": Lost("secret"),
    "unheard": Unheard("secret"),
    "fault": ZeroDivisionError("secret"),
    "framework": PermissionDeniedException("secret"),
    "method": MethodNotAllowedException("secret", headers={"Allow": "GET", "X-Inside": "secret"}),
    "teapot": HTTPException("secret", status_code=418),
}


def render(request: Request[Any, Any, Any], error: ErrorPage) -> Response[str]:
    text = f"{error.status}|{error.title}|{error.text}|{error.reference}|{request.url.path}"
    return Response(text, status_code=error.status, media_type="text/html")


PAGES = ErrorPages(render, words={404: ("Not on this shelf", "Look elsewhere.")}, statuses={errors.Forbidden: 404})


def on_lost(request: Request[Any, Any, Any], _: Lost) -> Response[str]:
    return PAGES.answer(request, 404, "Ask at the desk.", title="Lost", headers={"X-Lost": "yes"})


@get("/{kind:str}")
async def fail(kind: str) -> str:
    raise RAISED[kind]


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar([fail], exception_handlers=PAGES.handlers | {Lost: on_lost}, openapi_config=None)
    async with HttpServer(HOST, 0) as server:
        await server.start(Pipeline(app))
        async with httpx.AsyncClient(base_url=f"http://{HOST}:{server.port}", verify=PLAIN) as client:
            yield client


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("not-found", 404),
        ("hidden", 404),
        ("moved", 404),
        ("conflict", 409),
        ("changed", 409),
        ("invalid", 400),
        ("too-large", 413),
        ("throttled", 429),
        ("busy", 503),
        ("full", 503),
        ("unheard", 500),
        ("fault", 500),
        ("framework", 403),
        ("method", 405),
        ("teapot", 400),
    ],
)
async def test_each_kind_has_its_status_and_shows_nothing_of_the_inside(
    client: httpx.AsyncClient, kind: str, status: int
) -> None:
    answer = await client.get(f"/{kind}")
    shown, title, text, reference, path = answer.text.split("|")
    assert (answer.status_code, shown, path) == (status, str(status), f"/{kind}")
    assert (title, text) == (("Not on this shelf", "Look elsewhere.") if status == 404 else WORDS[status])
    assert re.fullmatch(r"[0-9a-f-]{36}", reference)
    assert "secret" not in answer.text + str(answer.headers)


async def test_a_page_says_when_to_try_again_and_what_is_allowed(client: httpx.AsyncClient) -> None:
    assert (await client.get("/throttled")).headers["retry-after"] == "30"
    assert (await client.get("/method")).headers["allow"] == "GET"


async def test_the_nearest_kind_has_the_word(client: httpx.AsyncClient) -> None:
    answer = await client.get("/lost")
    assert (answer.status_code, answer.headers["x-lost"]) == (404, "yes")
    assert answer.text.startswith("404|Lost|Ask at the desk.|")


def test_a_status_without_words_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r"\[410\]"):
        ErrorPages(render, statuses={errors.NotFound: 410})
