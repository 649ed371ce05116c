"""A host that serves content and nothing else, where the operator has given it one (`WAYPOST_CONTENT_URL`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypost.edges.base.content_links import PREFIX
from waypost.edges.base.context import Context
from waypost.edges.base.pipeline import plain_answer

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send


class ContentHost:
    """ASGI: under the host of content there is no sign-in, no API and no page of the desk, so that nothing that a
    browser might run there finds anything to take. Under other hosts requests pass through untouched."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        is_elsewhere = str(scope["type"]) == "http" and not scope["path"].startswith(PREFIX)
        if is_elsewhere and self.context.content_host and _host_of(scope) == self.context.content_host:
            await plain_answer(send, 404, "Nothing is here.")
            return
        await self.app(scope, receive, send)


def _host_of(scope: Scope) -> str:
    return next((value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"), "")
