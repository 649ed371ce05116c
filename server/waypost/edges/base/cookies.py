"""Cookies of one host, which scripts cannot read."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from waypost.edges.base.context import Context


def cookie_name(context: Context, name: str) -> str:
    """With TLS the browser itself makes sure that a `__Host-` cookie comes from this host only, and over TLS."""
    return f"__Host-waypost_{name}" if context.is_https else f"waypost_{name}"


def cookie(context: Context, name: str, value: str, max_age_s: int) -> Cookie:
    """A cookie for this host that scripts cannot read. An age of 0 takes it away."""
    return Cookie(
        key=cookie_name(context, name),
        value=value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        secure=context.is_https,
        samesite="lax",
    )


def read_cookie(connection: ASGIConnection[Any, Any, Any, Any], context: Context, name: str) -> str:
    """The cookie's value, or nothing."""
    return connection.cookies.get(cookie_name(context, name)) or ""
