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

VIEWER_FILES = ("vendor/swagger-ui.css", "vendor/swagger-ui-bundle.js", "vendor/oauth2-redirect.js")
REDIRECT_PATH = "/developers/oauth2-redirect"


@litestar.get("/developers")
async def show_explorer(context: Context, visitor: Visitor) -> Response[str]:
    """The explorer, or how to build its viewer when that was not done."""
    is_built = all(static_files.find(name) for name in VIEWER_FILES)
    return page(context, visitor, "developers.html", is_built=is_built, redirect_url=context.base_url + REDIRECT_PATH)


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
