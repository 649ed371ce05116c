"""Addresses below /content: signed, expiring links to what browsers and mail programs fetch without a token.

A link names whom it was made for; whether they may still see the thing is asked again when it is followed. The edge
`content` serves what is named here; other edges make the links.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

import msgspec

from waypost.edges.base.context import Context
from waypost.kit import signed_links

PREFIX = "/content/"
#: For links in what is read at once: at least a day, and the same link for an hour, so that answers can be compared.
LIFETIME = timedelta(days=1)
LONGEST_IMAGE_ADDRESS = 4000


class AttachmentLink(msgspec.Struct, frozen=True, array_like=True):
    """A file, for a user who sees its conversation."""

    account_id: int
    attachment_id: int
    user_id: int


class ThreadLink(msgspec.Struct, frozen=True, array_like=True):
    """The text of a thread, for a user who sees its conversation."""

    account_id: int
    thread_id: int
    user_id: int


class ImageLink(msgspec.Struct, frozen=True, array_like=True):
    """A picture elsewhere, to be fetched by the desk instead of the reader's browser."""

    account_id: int
    url: str


class RatingLink(msgspec.Struct, frozen=True, array_like=True):
    """The customer's opinion of an answer."""

    account_id: int
    thread_id: int
    customer_id: int


Link = AttachmentLink | ThreadLink | ImageLink | RatingLink
_Kind = TypeVar("_Kind", AttachmentLink, ThreadLink, ImageLink, RatingLink)
#: The path below the prefix, which is the purpose of the signature as well.
_PURPOSES: dict[type[Link], str] = {
    AttachmentLink: "attachments",
    ThreadLink: "threads",
    ImageLink: "images",
    RatingLink: "ratings",
}


def address(key: bytes, content_url: str, link: Link, expires_at: datetime) -> str:
    """The whole address of a link. `content_url` is where content is served, without a slash at its end."""
    purpose = _PURPOSES[type(link)]
    return f"{content_url}{PREFIX}{purpose}/{signed_links.sign(key, f'content.{purpose}', link, expires_at)}"


def follow(key: bytes, token: str, kind: type[_Kind], now: datetime) -> _Kind:
    """What a token stands for. Raises signed_links.NotGenuine or signed_links.Expired."""
    return signed_links.verify(key, f"content.{_PURPOSES[kind]}", token, kind, now)


class ContentLinks:
    """Makes the links of one viewer, all with the same end."""

    def __init__(self, context: Context, account_id: int, user_id: int, now: datetime) -> None:
        self._key = context.secret_key
        self._content_url = context.content_address
        self._account_id = account_id
        self._user_id = user_id
        self._expires_at = now.replace(minute=0, second=0, microsecond=0) + LIFETIME + timedelta(hours=1)

    def attachment(self, attachment_id: int) -> str:
        """Where the viewer's browser gets a file; with `?inline=1` it shows what is harmless."""
        return self._address(AttachmentLink(self._account_id, attachment_id, self._user_id))

    def thread(self, thread_id: int) -> str:
        """Where the viewer's browser shows the text of a thread by itself; with `?images=on`, remote pictures too."""
        return self._address(ThreadLink(self._account_id, thread_id, self._user_id))

    def image(self, url: str) -> str | None:
        """Where a browser gets a remote picture through the desk; None for an address that is too long to be one."""
        return self._address(ImageLink(self._account_id, url)) if len(url) <= LONGEST_IMAGE_ADDRESS else None

    def _address(self, link: Link) -> str:
        return address(self._key, self._content_url, link, self._expires_at)
