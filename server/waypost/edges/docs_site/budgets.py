"""How often somebody may search, vote and write: counted for each network address, and for each address that is given
as the sender's. A limit protects the desk; one that cannot be counted refuses nobody."""

from __future__ import annotations

import hashlib
from typing import Any

from litestar import Request

from waypost.edges.base.context import Context
from waypost.edges.docs_site.forms import peer_of
from waypost.kit.errors import Throttled
from waypost.kit.rate_limit import WindowLimits

#: In ten minutes. Typing asks for suggestions a few times a second, and whole offices share an address.
MOST_SEARCHES = 1_500
MOST_VOTES = 60
#: In twelve hours, of one network address on one article, whatever cookies it brings or loses.
MOST_VOTES_ON_ONE = 20


async def take_search(context: Context, request: Request[Any, Any, Any], account_id: int) -> None:
    """Count a search. Raises Throttled."""
    await _take(context.docs_limits, account_id, f"search {peer_of(request)}", MOST_SEARCHES)


async def take_vote(context: Context, request: Request[Any, Any, Any], account_id: int, article_id: str) -> None:
    """Count a vote. Raises Throttled."""
    peer = peer_of(request)
    await _take(context.docs_limits, account_id, f"vote {peer}", MOST_VOTES)
    await _take(context.contact_limits, account_id, f"vote {peer} {article_id}", MOST_VOTES_ON_ONE)


async def take_message(context: Context, request: Request[Any, Any, Any], account_id: int, email: str) -> None:
    """Count a message that is about to become a conversation (security: 44). Raises Throttled."""
    limit = context.contact_limit
    digest = hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]
    await _take(context.contact_limits, account_id, f"message {peer_of(request)}", limit)
    await _take(context.contact_limits, account_id, f"message from {digest}", limit)


async def _take(windows: WindowLimits, account_id: int, name: str, limit: int) -> None:
    verdict = await windows.take(name, account_id, limit)
    if verdict.retry_after_s is not None:
        raise Throttled("too often", verdict.retry_after_s)
