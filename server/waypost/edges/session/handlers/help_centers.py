"""Letting a help center, which lies on another host, know who is signed in here (docs/decisions/0033).

Tokens go to the site's own address and nowhere else.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import litestar
import msgspec
from litestar import Request, Response

from waypost.domains import docs
from waypost.domains.docs import Site
from waypost.edges.base.context import Context
from waypost.edges.base.help_centers import ARRIVAL, VISIT, safe_path
from waypost.edges.session.forms import Form
from waypost.edges.session.pages import page, redirect
from waypost.edges.session.visitors import SignedInVisitor
from waypost.kit.errors import NotFound

_STATE = re.compile(r"[A-Za-z0-9_-]{43}")


class Way(msgspec.Struct, frozen=True):
    """Which help center asks, for which browser, and where it goes on to."""

    site: Site
    base: str
    state: str
    to: str


@litestar.get(VISIT)
async def ask_visit(context: Context, signed_in: SignedInVisitor, request: Request[Any, Any, Any]) -> Response[str]:
    """Name the help center, and who would be signed in there."""
    way = await _way(context, signed_in, request.query_params)
    return page(
        context,
        signed_in,
        "visit.html",
        form_target=way.base,
        title=way.site.fields.look.title,
        host=way.base.partition("://")[2],
        back=way.base + way.to,
        fields={"site": way.site.id, "state": way.state, "to": way.to},
        user=signed_in.user,
    )


@litestar.post(VISIT)
async def visit(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Send the browser to the help center with a token that counts for it alone, once."""
    way = await _way(context, signed_in, form.fields)
    async with context.transactions.read() as read:
        token = await docs.visits.hand_over(read, context.secret_key, signed_in.session, way.site.id, way.state)
    return redirect(f"{way.base}{ARRIVAL}?{urlencode({'token': token, 'to': way.to})}")


async def _way(context: Context, signed_in: SignedInVisitor, parameters: Any) -> Way:
    """What is asked for. Raises NotFound for another company's site, and for what no help center asks."""
    state = parameters.get("state", "")
    if not _STATE.fullmatch(state):
        raise NotFound("not asked by a help center")
    async with context.transactions.read() as read:
        site = await docs.get_site(read, signed_in.session.actor, parameters.get("site", "").replace("\x00", ""))
    return Way(site, context.docs_addresses.base_of(site.fields), state, safe_path(parameters.get("to", "")))
