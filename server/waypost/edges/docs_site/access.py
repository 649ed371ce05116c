"""Who a visitor of a help center is, and what that lets them see (docs/decisions/0033)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec
from litestar import Request

from waypost.domains.docs import Site, visits
from waypost.edges.base.context import Context, context_of
from waypost.edges.base.cookies import read_cookie
from waypost.edges.base.help_centers import ARRIVAL
from waypost.kit.errors import WaypostError

SIGN_IN, SIGN_OUT, UNLOCK, CALLBACK = "/sign-in", "/sign-out", "/unlock", "/authcallback"
#: The pages of the doors themselves: no redirect of a site takes their place.
DOORS = frozenset({SIGN_IN, ARRIVAL, SIGN_OUT, UNLOCK, CALLBACK})
#: What programs ask of any site; each says for itself that a restricted one holds nothing for them.
_FOR_PROGRAMS = frozenset({"/robots.txt", "/sitemap.xml", "/atom.xml", "/rss.xml", "/favicon.ico"})
#: Which cookie a visit is kept in.
COOKIES = {visits.Kind.USER: "docs_user", visits.Kind.CALLBACK: "docs_guest", visits.Kind.PASSWORD: "docs_key"}
_MOST_CHARACTERS = 200


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor may see. `name` and `email` are set for those who are signed in; answers about a restricted site
    are nobody else's.

    `is_admitted` is False for those who see nothing but the doors of a restricted site.
    """

    may_see_private: bool = False
    name: str | None = None
    email: str = ""
    is_restricted: bool = False
    is_admitted: bool = True
    #: A user of the desk, who also reads the team's notes in articles.
    is_team: bool = False
    #: Whether there is something to sign out of.
    is_known: bool = False
    #: Whether a password would show more.
    may_unlock: bool = False


class Elsewhere(WaypostError):
    """The visitor is to go somewhere else first: to sign in. `location` is a path or an address."""

    def __init__(self, location: str, status: int = 302) -> None:
        super().__init__(location)
        self.location = location
        self.status = status


def may_be_known(cookies: str) -> bool:
    """Whether a request with this Cookie header may be somebody's whom we know: it is not answered from memory."""
    return "waypost_" in cookies


async def access_of(request: Request[Any, Any, Any], account_id: int, site: Site) -> Access:
    """Who asks a site. Raises Elsewhere for those who have to sign in before they see anything."""
    context = context_of(request)
    tokens = list(tokens_of(request, context).values())
    async with context.transactions.read() as read:
        gate = await visits.gate_of(read, account_id, site.id)
        known = await visits.find_visits(read, account_id, site.id, tokens)
    access = decide(gate, known)
    path = request.scope["path"]
    if not access.is_admitted and path not in DOORS and path not in _FOR_PROGRAMS:
        raise Elsewhere(_way_in(gate, _asked_for(request)), 302 if request.method == "GET" else 303)
    return access


def decide(gate: visits.Gate, known: list[visits.Visit]) -> Access:
    """What visits open on a site that asks this of its visitors."""
    by_kind = {visit.kind: visit for visit in known}
    user, guest = by_kind.get(visits.Kind.USER), by_kind.get(visits.Kind.CALLBACK)
    has_key = gate.has_password and visits.Kind.PASSWORD in by_kind
    # A password that all readers of a site have opens the site, and nothing that is marked private on it.
    key_is_for_site = gate.is_restricted and not gate.sign_in_url
    is_guest = guest is not None and gate.is_restricted and bool(gate.sign_in_url)
    is_admitted = not gate.is_restricted or user is not None or is_guest or (has_key and key_is_for_site)
    may_see_private = user is not None or (is_admitted and has_key and not key_is_for_site)
    named = user or (guest if is_guest else None)
    return Access(
        may_see_private=may_see_private,
        name=named.name if named is not None else None,
        email=named.email if named is not None else "",
        is_restricted=gate.is_restricted,
        is_admitted=is_admitted,
        is_team=user is not None,
        is_known=user is not None or is_guest or has_key,
        may_unlock=gate.has_password and not has_key and user is None,
    )


def tokens_of(request: Request[Any, Any, Any], context: Context) -> dict[visits.Kind, str]:
    """The tokens that the browser holds."""
    held = {kind: read_cookie(request, context, name) for kind, name in COOKIES.items()}
    return {kind: token for kind, token in held.items() if token and len(token) <= _MOST_CHARACTERS}


def _way_in(gate: visits.Gate, asked_for: str) -> str:
    """Where those who are nobody yet are sent."""
    if not gate.sign_in_url:
        return f"{UNLOCK}?{urlencode({'to': asked_for})}" if gate.has_password else SIGN_IN
    parts = urlsplit(gate.sign_in_url)
    # The address may have a query of its own, which stays as it is.
    query = [parts.query] if parts.query else []
    return urlunsplit(parts._replace(query="&".join([*query, f"returnTo={quote(asked_for, safe='')}"])))


def _asked_for(request: Request[Any, Any, Any]) -> str:
    if request.method != "GET":
        return "/"
    query = request.scope["query_string"].decode("latin-1")
    path: str = request.scope["raw_path"].decode("latin-1").partition("?")[0] or "/"
    return f"{path}?{query}" if query else path
