"""Saved replies on the wire (spec: 11.5, 11.6, X12 to X14)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.mailboxes import SavedReply, SavedReplyChange
from waypost.edges.inbox_v2.body import Id
from waypost.edges.inbox_v2.hal import Link, Links


class SavedReplyIn(msgspec.Struct, rename="camel", kw_only=True):
    """A saved reply to be, or what to change of one. What is missing or null is not given; an empty text is none."""

    name: str | None = None
    text: str | None = None
    chat_text: str | None = None

    def to_command(self) -> SavedReplyChange:
        """Read."""
        return SavedReplyChange(
            name=UNSET if self.name is None else self.name,
            text=UNSET if self.text is None else self.text,
            chat_text=UNSET if self.chat_text is None else self.chat_text,
        )


class SavedReplyInMailboxIn(SavedReplyIn, rename="camel", kw_only=True):
    """A saved reply to be, with the mailbox that it is for."""

    mailbox_id: Id


class SavedReplyItemOut(msgspec.Struct, frozen=True, rename="camel"):
    """An entry of the bare list: how the texts begin, null where there is none."""

    id: int
    name: str
    preview: str | None
    chat_preview: str | None

    @classmethod
    def of(cls, reply: SavedReply) -> SavedReplyItemOut:
        """Render."""
        return cls(
            reply.id, reply.name, _preview(reply.text, reply.preview), _preview(reply.chat_text, reply.chat_preview)
        )


class SavedReplyListedOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of the HAL lists: the same with the texts themselves. `mailboxId` in lists over several mailboxes."""

    id: int
    mailbox_id: int | UnsetType = UNSET
    name: str
    preview: str | None
    chat_preview: str | None
    text: str | None
    chat_text: str | None
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, reply: SavedReply, base_url: str, *, with_mailbox: bool = False) -> SavedReplyListedOut:
        """Render."""
        return cls(
            id=reply.id,
            mailbox_id=reply.mailbox_id if with_mailbox else UNSET,
            name=reply.name,
            preview=_preview(reply.text, reply.preview),
            chat_preview=_preview(reply.chat_text, reply.chat_preview),
            text=reply.text or None,
            chat_text=reply.chat_text or None,
            links={"self": Link(address_of(reply, base_url))},
        )


class SavedReplyOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A saved reply. Only the texts that it has."""

    id: int
    mailbox_id: int
    name: str
    text: str | UnsetType = UNSET
    chat_text: str | UnsetType = UNSET
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, reply: SavedReply, base_url: str) -> SavedReplyOut:
        """Render."""
        return cls(
            id=reply.id,
            mailbox_id=reply.mailbox_id,
            name=reply.name,
            text=reply.text or UNSET,
            chat_text=reply.chat_text or UNSET,
            links={
                "self": Link(address_of(reply, base_url)),
                "mailbox": Link(f"{base_url}/v2/mailboxes/{reply.mailbox_id}"),
            },
        )


def address_of(reply: SavedReply, base_url: str) -> str:
    """Where a saved reply is."""
    return f"{base_url}/v2/mailboxes/{reply.mailbox_id}/saved-replies/{reply.id}"


def _preview(body: str, preview: str) -> str | None:
    # A text of pictures alone is there, and has no words to begin with.
    return preview if body else None
