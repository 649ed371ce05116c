"""Who a visitor of a help center is, and what that lets them see."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request

from waypost.domains.docs import Site
from waypost.kit.errors import WaypostError


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor may see. `name` is set for those who are signed in; answers about a restricted site are nobody
    else's."""

    may_see_private: bool = False
    name: str | None = None
    is_restricted: bool = False


class Elsewhere(WaypostError):
    """The visitor is to go somewhere else first: to sign in. `location` is a path or an address."""

    def __init__(self, location: str, status: int = 302) -> None:
        super().__init__(location)
        self.location = location
        self.status = status


def may_be_known(cookies: str) -> bool:
    """Whether a request with this Cookie header may be somebody's whom we know: it is not answered from memory."""
    return "waypost_" in cookies


async def access_of(_request: Request[Any, Any, Any], _account_id: int, _site: Site) -> Access:
    """Who asks a site. Raises Elsewhere for those who have to sign in before they see anything."""
    return Access()
