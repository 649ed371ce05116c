"""What holds for content before any route: its links stay out of the log, and a host of its own serves nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypost.edges.base.content_links import PREFIX
from waypost.edges.base.context import Context
from waypost.edges.base.pipeline import plain_answer, without_body

#: Files of the knowledge base (edges/docs_v1/handlers/assets.py), which are content as well.
DOCS_FILES = "/docs/assets/"

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send


class ContentHost:
    """ASGI: under the host of content (`WAYPOST_CONTENT_URL`) there is no sign-in, no API and no page of the desk, so
    that nothing that a browser might run there finds anything to take."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if str(scope["type"]) == "http":
            if scope["path"].startswith(PREFIX):
                # Whoever reads the log must not be able to follow a link.
                kind = scope["path"].removeprefix(PREFIX).partition("/")[0][:20]
                scope["waypost.logged_path"] = f"{PREFIX}{kind}/…"  # type: ignore[typeddict-unknown-key]
                if scope.get("method") == "HEAD":
                    as_get: Any = {**scope, "method": "GET"}
                    await self.app(as_get, receive, without_body(send))
                    return
            elif self._is_closed(scope):
                await plain_answer(send, 404, "Nothing is here.")
                return
        await self.app(scope, receive, send)

    def _is_closed(self, scope: Scope) -> bool:
        """Whether the request is for the host of content, but for nothing that is served there."""
        is_content_host = bool(self.context.content_host) and _host_of(scope) == self.context.content_host
        return is_content_host and not scope["path"].startswith(DOCS_FILES)


def _host_of(scope: Scope) -> str:
    return next((value.decode("latin-1").lower() for name, value in scope["headers"] if name == b"host"), "")
