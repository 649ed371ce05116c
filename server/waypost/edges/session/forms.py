"""What a page's form sends: read, bounded, and refused unless it comes from one of our own pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from waypost.domains.accounts import sessions
from waypost.edges.base.context import Context, context_of
from waypost.edges.session.visitors import visitor_of
from waypost.kit import secrets
from waypost.kit.errors import Conflict, Forbidden, Invalid, Throttled, TooLarge
from waypost.kit.tx import Tx

FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM_BYTES = 64 * 1024
#: What is too large is read on so far, so that the refusal gets through.
MAX_READ_BYTES = 1024 * 1024
MAX_FIELDS = 50

Result = TypeVar("Result")


class Form(msgspec.Struct, frozen=True):
    """The fields of a form that was sent from one of our pages."""

    fields: dict[str, str]

    def text(self, name: str, longest: int = 1000) -> str:
        """A field without blanks around it, cut off where it is absurdly long."""
        return self.fields.get(name, "").replace("\x00", "").strip()[:longest]

    def secret(self, name: str) -> str:
        """A field as it is: blanks belong to a password."""
        return self.fields.get(name, "")


class Problem(msgspec.Struct, frozen=True):
    """Why a form was not carried out, for the page that shows it again."""

    status: int
    message: str
    #: Field name to what is wrong with it.
    fields: dict[str, str] = {}
    retry_after_s: int | None = None


class ForgedForm(Forbidden):
    """A form that was not sent from one of our pages, or from one that is too old."""


async def refuse_forged(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of every route: what changes something must come from one of our pages. Raises ForgedForm, TooLarge."""
    if connection.scope.get("method") in ("GET", "HEAD", "OPTIONS"):
        return
    request: Request[Any, Any, Any] = Request(connection.scope, receive=connection.receive)
    # Before any refusal: an answer to a request that was not read to its end may not reach the browser.
    body = await _bounded_body(request)
    if not _is_from_here(request):
        raise ForgedForm("The form was sent from another site.")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != FORM_TYPE:
        raise ForgedForm("The form was not sent by one of this desk's pages.")
    fields = _parse(body)
    sent = fields.pop("csrf_token", "")
    visitor = await visitor_of(request)
    if not secrets.same(sent.encode("utf-8", "replace"), visitor.csrf_token.encode()):
        raise ForgedForm("This page was open for too long, or was sent from elsewhere.")
    connection.scope["waypost.form"] = Form(fields)  # type: ignore[typeddict-unknown-key]


def provide_form(request: Request[Any, Any, Any]) -> Form:
    """Dependency `form`: what the guard has let through."""
    form: Form = request.scope["waypost.form"]  # type: ignore[typeddict-item]
    return form


async def _bounded_body(request: Request[Any, Any, Any]) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= MAX_FORM_BYTES:
            chunks.append(chunk)
        elif size > MAX_READ_BYTES:
            break
    if size > MAX_FORM_BYTES:
        raise TooLarge
    return b"".join(chunks)


def _parse(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise ForgedForm("The form has too many fields.") from None


def _is_from_here(request: Request[Any, Any, Any]) -> bool:
    """Browsers say where a form comes from; programs that say nothing still need the token."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    # The browser writes Host and Origin itself; the other site can choose neither. A proxy may have changed Host.
    ours = {request.headers.get("host", ""), urlsplit(context_of(request).base_url).netloc} - {""}
    return origin is None or urlsplit(origin).netloc in ours


async def in_transaction(context: Context, action: Callable[[Tx], Awaitable[Result]]) -> Result:
    """Run one verb in a transaction of its own."""
    async with context.transactions.open() as tx:
        return await action(tx)


async def attempt(work: Awaitable[Result]) -> Result | Problem:
    """Carry a form out, or say why not in words for the page. Everything else goes on to the error pages."""
    try:
        return await work
    except Invalid as error:
        fields = {_field_name(each.path): _sentence(each.message) for each in error.errors}
        return Problem(422, "Please look at the marked fields.", fields)
    except sessions.SignInRefused:
        return Problem(422, "")
    except Throttled as error:
        return Problem(429, _wait(error.retry_after_s), retry_after_s=error.retry_after_s)
    except Conflict as error:
        fields = {_field_name(each.path): _sentence(each.message) for each in error.errors}
        return Problem(409, "Please look at the marked fields." if fields else _sentence(error.message), fields)


def _field_name(path: str) -> str:
    """The core names fields as the API does: `firstName` is `first_name` in a form."""
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: "_" + found[0].lower(), path)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def _wait(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return f"Too many tries. Please wait {'a minute' if minutes <= 1 else f'{minutes} minutes'}, then try again."
