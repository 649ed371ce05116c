"""Who looks at a page: a signed-in user, or a browser that is known only by a cookie for its forms."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection

from waypost.domains.accounts import User, get_user, scope_of, sessions
from waypost.edges.base.context import Context, context_of
from waypost.edges.base.cookies import read_cookie
from waypost.kit import secrets
from waypost.kit.errors import WaypostError

SESSION_MAX_AGE_S = int(sessions.LIFETIME.total_seconds())
FORM_MAX_AGE_S = 24 * 60 * 60


class SignInNeeded(WaypostError):
    """The page is for signed-in users."""


class Visitor(msgspec.Struct, frozen=True):
    """The browser behind a request. `session` and `user` are both set, or neither.

    `csrf_token` is bound to the session, or to the forms cookie of a browser that is not signed in.
    """

    ip: str
    user_agent: str
    csrf_token: str
    session: sessions.Session | None = None
    user: User | None = None
    #: Cookies that the answer brings: one for forms to a browser that has none, or the session's with a later end.
    new_form_cookie: str | None = None
    extended_token: str | None = None


class SignedInVisitor(msgspec.Struct, frozen=True):
    """A visitor who is signed in."""

    visitor: Visitor
    session: sessions.Session
    user: User

    @property
    def ip(self) -> str:
        """The peer's network address."""
        return self.visitor.ip


async def visitor_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor:
    """Who asks; looked up once a request."""
    known: Visitor | None = connection.scope.get("waypost.visitor")  # type: ignore[assignment]
    if known is None:
        known = await _recognise(connection)
        connection.scope["waypost.visitor"] = known  # type: ignore[typeddict-unknown-key]
    return known


async def provide_visitor(request: Request[Any, Any, Any]) -> Visitor:
    """Dependency `visitor`."""
    return await visitor_of(request)


async def provide_signed_in(visitor: Visitor) -> SignedInVisitor:
    """Dependency `signed_in`: others are sent to the sign-in page."""
    if visitor.session is None or visitor.user is None:
        raise SignInNeeded
    return SignedInVisitor(visitor, visitor.session, visitor.user)


async def _recognise(connection: ASGIConnection[Any, Any, Any, Any]) -> Visitor:
    context = context_of(connection)
    ip = connection.client.host if connection.client else ""
    agent = connection.headers.get("user-agent", "")
    token = read_cookie(connection, context, "session")
    session = await _session(context, token) if token else None
    if session is None:
        known = read_cookie(connection, context, "form")
        form_cookie = known if _is_ours(context, known) else _form_cookie(context)
        csrf_token = _mac(context.secret_key, "form-token", form_cookie)
        return Visitor(ip, agent, csrf_token, new_form_cookie=None if form_cookie == known else form_cookie)
    # The log's line of this request names the user.
    connection.scope["waypost.actor"] = session.actor  # type: ignore[typeddict-unknown-key]
    async with context.transactions.read() as read:
        user = await get_user(read, scope_of(session.actor), session.actor.user_id)
    csrf_token = _mac(session.csrf_secret, "session-token", "")
    extended = token if await _extend(context, session) else None
    return Visitor(ip, agent, csrf_token, session=session, user=user, extended_token=extended)


async def _session(context: Context, token: str) -> sessions.Session | None:
    async with context.transactions.read() as read:
        return await sessions.authenticate_session(read.connection, token, read.now)


async def _extend(context: Context, session: sessions.Session) -> bool:
    """Let a session in use live on, every few minutes; the cookie has to follow."""
    if not sessions.is_due(session, context.transactions.clock()):
        return False
    async with context.transactions.open() as tx:
        await sessions.extend(tx, session)
    return True


def _form_cookie(context: Context) -> str:
    nonce = secrets.new_token(18)
    return f"{nonce}.{_mac(context.secret_key, 'form-cookie', nonce)}"


def _is_ours(context: Context, value: str) -> bool:
    # Signed, so that a cookie planted from a neighbouring host name is not taken.
    nonce, _, signature = value.partition(".")
    expected = _mac(context.secret_key, "form-cookie", nonce)
    return bool(nonce) and secrets.same(signature.encode("utf-8", "replace"), expected.encode())


def _mac(key: bytes, purpose: str, text: str) -> str:
    return hmac.new(key, f"{purpose}:{text}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
