"""A message's HTML as it is shown by itself: pictures by our own links or not at all, quotes folded away."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

import msgspec

from waypost.domains.conversations import Attachment
from waypost.edges.content.folding import fold
from waypost.kit.html import sanitise_with

#: Where pictures stop being shown; no letter has so many.
MOST_REMOTE_PICTURES = 200
# In clean HTML every `<` begins a tag.
_OWN_COLOURS = re.compile(r'<[^>]* (?:style="[^">]*(?:color|background)|bgcolor="|color=")', re.IGNORECASE)


class Shown(msgspec.Struct, frozen=True):
    """A message ready to be shown. `blocked` pictures from elsewhere were left out; `is_coloured` ones bring colours
    of their own, which are meant for white paper."""

    body: str
    blocked: int
    is_coloured: bool


def show(
    body: str,
    attachments: list[Attachment],
    *,
    file_address: Callable[[int], str],
    picture_address: Callable[[str], str | None] | None,
) -> Shown:
    """The stored HTML of a message for its own page.

    `file_address` gives the link to a file of the message, `picture_address` the one that a remote picture is fetched
    by; without it remote pictures stay away.
    """
    by_content_id = {_bare(item.content_id): item.id for item in attachments if item.content_id}
    remote: set[str] = set()
    shown: set[str] = set()

    def rewrite(element: str, attribute: str, value: str) -> str | None:
        if (element, attribute) != ("img", "src"):
            return value
        address = value.strip()
        scheme = address.partition(":")[0].lower()
        if scheme == "data":
            return value
        if scheme == "cid":
            file_id = by_content_id.get(_bare(unquote(address[4:])))
            return None if file_id is None else f"{file_address(file_id)}?inline=1"
        remote.add(address)
        if picture_address is None or len(shown) >= MOST_REMOTE_PICTURES:
            return None
        made = picture_address(f"https:{address}" if address.startswith("//") else address)
        if made is not None:
            shown.add(address)
        return made

    clean = sanitise_with(body, rewrite)
    return Shown(fold(clean), len(remote - shown), bool(_OWN_COLOURS.search(clean)))


def _bare(content_id: str | None) -> str:
    return (content_id or "").strip().strip("<>").lower()
