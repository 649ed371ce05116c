"""The two calls: give tokens (E2), take a token back (RFC 7009)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import litestar
import msgspec
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from litestar import MediaType, Request, Response

from waypost.domains import accounts
from waypost.domains.accounts import OAuthApplication, Refusal, Tokens, grants
from waypost.edges.base.context import context_of
from waypost.edges.oauth2 import errors, throttle, wire
from waypost.edges.oauth2.documentation import ERRORS, RevocationOperation, TokenOperation
from waypost.edges.oauth2.wire import Call, TokenOut
from waypost.kit.tx import Tx

Grant = Callable[[Tx, OAuthApplication, Call], Awaitable[Tokens | Refusal]]
GRANTS: dict[str, Grant] = {
    "client_credentials": lambda tx, application, _: grants.client_credentials(tx, application),
    "authorization_code": lambda tx, application, call: grants.exchange_code(
        tx, application, call.code, call.code_verifier
    ),
    "refresh_token": lambda tx, application, call: grants.refresh(tx, application, call.refresh_token),
}


@litestar.post(
    "/v2/oauth2/token",
    status_code=200,
    tags=["OAuth 2.0"],
    operation_class=TokenOperation,
    responses=ERRORS,
    exception_handlers=errors.EXCEPTION_HANDLERS,
)
async def issue_token(request: Request[Any, Any, Any]) -> Response[TokenOut]:
    """Get an access token: by client credentials, for a code, or for a refresh token."""
    call, used_basic = await _read(request)
    if not call.grant_type:
        raise errors.missing_grant_type()
    grant = GRANTS.get(call.grant_type)
    if grant is None:
        raise errors.unknown_grant_type()
    # Opened here and not as a dependency: a throttled or misspelt call must not cost a connection.
    async with context_of(request).transactions.open() as tx:
        application = await accounts.check_secret(tx.connection, call.client_id, call.client_secret)
        outcome = Refusal.CLIENT if application is None else await grant(tx, application, call)
    # Outside of the transaction: a refusal has withdrawn tokens, which must be kept.
    if isinstance(outcome, Refusal):
        raise errors.refused(outcome, used_basic=used_basic)
    body = TokenOut(
        refresh_token=outcome.refresh_token or msgspec.UNSET,
        token_type="bearer",  # noqa: S106 (a word of the protocol)
        access_token=outcome.access_token,
        expires_in=outcome.expires_in_s,
    )
    return Response(body, headers=errors.NO_STORE)


@litestar.post(
    "/v2/oauth2/revoke",
    status_code=200,
    tags=["OAuth 2.0"],
    operation_class=RevocationOperation,
    responses=ERRORS,
    media_type=MediaType.TEXT,
    exception_handlers=errors.EXCEPTION_HANDLERS,
)
async def revoke_token(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Withdraw an access token, or a refresh token with all that descends from it. Unknown tokens are fine."""
    call, used_basic = await _read(request)
    async with context_of(request).transactions.open() as tx:
        application = await accounts.check_secret(tx.connection, call.client_id, call.client_secret)
        if application is not None:
            await grants.revoke(tx, application, call.token)
    if application is None:
        raise errors.refused(Refusal.CLIENT, used_basic=used_basic)
    return Response(b"", headers=errors.NO_STORE)


async def _read(request: Request[Any, Any, Any]) -> tuple[Call, bool]:
    """The parameters, and whether the client named itself in the header; counted against the limit."""
    query: bytes = request.scope["query_string"]
    try:
        call = wire.read_call(request.headers.get("content-type", ""), await request.body(), query)
    except wire.Unreadable as error:
        raise errors.malformed() from error
    used_basic = False
    if not call.client_id and not call.client_secret:
        client_id, client_secret = _read_basic(request)
        used_basic = client_id != ""
        call = msgspec.structs.replace(call, client_id=client_id, client_secret=client_secret)
    wait_s = throttle.take(call.client_id, request.client.host if request.client else "")
    if wait_s is not None:
        raise errors.throttled(wait_s)
    return call, used_basic


def _read_basic(request: Request[Any, Any, Any]) -> tuple[str, str]:
    try:
        client_id, client_secret = extract_basic_authorization(request.headers)
    except ValueError:  # text that is not UTF-8
        return "", ""
    return client_id or "", client_secret or ""
