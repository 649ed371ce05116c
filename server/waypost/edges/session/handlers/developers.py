"""The API explorer: the reference of the Inbox API with a way to try each call."""

from __future__ import annotations

import litestar
import msgspec
from litestar import MediaType, Response

from waypost.domains.accounts import explorer
from waypost.edges.base.context import Context
from waypost.edges.session import security, static_files
from waypost.edges.session.pages import page
from waypost.edges.session.visitors import SignedInVisitor, Visitor
from waypost.kit.errors import ErrorKind

VIEWER_FILES = ("vendor/swagger-ui.css", "vendor/swagger-ui-bundle.js", "vendor/oauth2-redirect.js")
#: For each kind of field error what it says and what to do.
KINDS: dict[ErrorKind, str] = {
    "NotEmpty": "The field must hold something: a text, or at least one item.",
    "NotNull": "The field has to be given.",
    "EnumValue": "The value is not one of those that the field takes.",
    "Size": "The text or the list is too long or too short, or the number too large or too small.",
    "Email": "The value is not an email address, or not one that can be used here.",
    "Date": "The value is not a date and time as ISO 8601 writes it, such as 2026-03-01T12:00:00Z.",
    "Number": "The value is not a number.",
    "Identifier": "The value is not an id.",
    "AccessDenied": "The thing with this id exists, but is out of the caller's reach.",
    "Unknown": "Nothing with this id or name exists, or it does not go together with the rest of the request.",
    "Type": "The value is of another type than the field, or not written as the field needs it.",
}
REDIRECT_PATH = "/developers/oauth2-redirect"


@litestar.get("/developers")
async def show_explorer(context: Context, visitor: Visitor) -> Response[str]:
    """The explorer, or how to build its viewer when that was not done."""
    is_built = all(static_files.find(name) for name in VIEWER_FILES)
    return page(context, visitor, "developers.html", is_built=is_built, redirect_url=context.base_url + REDIRECT_PATH)


@litestar.get("/developers/errors")
async def show_errors(context: Context, visitor: Visitor) -> Response[str]:
    """What the kinds of field errors mean; every error of the API links here (spec: 5.3)."""
    return page(context, visitor, "errors.html", kinds=KINDS)


@litestar.get(REDIRECT_PATH)
async def come_back(context: Context) -> Response[str]:
    """Where the consent page sends the explorer's window back to; a script hands the code over and closes it."""
    return page(context, None, "oauth2_redirect.html")


@litestar.post("/developers/token")
async def use_my_account(context: Context, signed_in: SignedInVisitor) -> Response[bytes]:
    """An access token for the signed-in user, good for an hour, for this page's script."""
    actor = signed_in.session.actor
    async with context.transactions.open() as tx:
        token = await explorer.token_for(tx, actor, context.base_url + REDIRECT_PATH)
    headers = security.page_headers(security.content_security_policy())
    return Response(
        msgspec.json.encode({"access_token": token.access_token, "expires_in": token.expires_in_s}),
        status_code=200,
        media_type=MediaType.JSON,
        headers=headers,
    )
