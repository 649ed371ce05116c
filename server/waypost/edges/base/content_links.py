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


def attachment_address(context: Context, account_id: int, attachment_id: int, user_id: int, now: datetime) -> str:
    """Where a user's browser gets a file; with `?inline=1` it shows what is harmless."""
    link = AttachmentLink(account_id, attachment_id, user_id)
    return address(context.secret_key, context.content_address, link, _end(now))


def thread_address(context: Context, account_id: int, thread_id: int, user_id: int, now: datetime) -> str:
    """Where a user's browser shows the text of a thread by itself, for a frame; with `?images=on`, remote pictures."""
    link = ThreadLink(account_id, thread_id, user_id)
    return address(context.secret_key, context.content_address, link, _end(now))


def image_address(context: Context, account_id: int, url: str, now: datetime) -> str | None:
    """Where a browser gets a remote picture through the desk; None for an address that is too long to be one."""
    if len(url) > LONGEST_IMAGE_ADDRESS:
        return None
    return address(context.secret_key, context.content_address, ImageLink(account_id, url), _end(now))


def _end(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + LIFETIME + timedelta(hours=1)
