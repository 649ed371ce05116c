"""How articles are shown, for those who look at their links."""

from __future__ import annotations

from urllib.parse import urlsplit

from waypost.domains.docs import Pages
from waypost.edges.base.context import Context
from waypost.edges.base.outline import CALLOUTS, outlined


def pages_of(context: Context) -> Pages:
    """The pages of this desk's help centers."""
    hosts = {urlsplit(address).netloc.lower() for address in (context.base_url, context.content_address)}
    return Pages(
        addresses=context.docs_addresses,
        hosts=frozenset(hosts),
        shown=lambda text: outlined(text, dict.fromkeys(CALLOUTS, "")).html,
    )
