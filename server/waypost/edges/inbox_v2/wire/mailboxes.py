"""Mailboxes, folders and custom fields on the wire (spec: 11.1 to 11.3)."""

from __future__ import annotations

import msgspec

from waypost.domains.mailboxes import CustomField, Folder, Mailbox
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp


class MailboxOut(msgspec.Struct, frozen=True, rename="camel"):
    """A mailbox."""

    id: int
    name: str
    slug: str
    email: str
    created_at: str
    updated_at: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, mailbox: Mailbox, base_url: str) -> MailboxOut:
        """Render."""
        address = f"{base_url}/v2/mailboxes/{mailbox.id}"
        return cls(
            id=mailbox.id,
            name=mailbox.name,
            slug=mailbox.slug,
            email=mailbox.email,
            created_at=stamp(mailbox.created_at),
            updated_at=stamp(mailbox.updated_at),
            links={
                "self": Link(address),
                "folders": Link(f"{address}/folders/"),
                "fields": Link(f"{address}/fields/"),
            },
        )


class FolderOut(msgspec.Struct, frozen=True, rename="camel"):
    """A folder with its counts."""

    id: int
    name: str
    type: str
    user_id: int
    total_count: int
    active_count: int
    updated_at: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, folder: Folder, base_url: str) -> FolderOut:
        """Render. `userId` is 0 when the folder is shared (spec: 11.3)."""
        mailbox = f"{base_url}/v2/mailboxes/{folder.mailbox_id}"
        return cls(
            id=folder.id,
            name=folder.name,
            type=folder.type.value,
            user_id=folder.user_id or 0,
            total_count=folder.total_count,
            active_count=folder.active_count,
            updated_at=stamp(folder.updated_at),
            links={
                "conversations": Link(f"{base_url}/v2/conversations?folder={folder.id}&status=all"),
                "mailbox": Link(mailbox),
            },
        )


class FieldOptionOut(msgspec.Struct, frozen=True):
    """A choice of a dropdown."""

    id: int
    order: int
    label: str


class FieldOut(msgspec.Struct, frozen=True):
    """A custom field. `options` is empty for all but dropdowns."""

    id: int
    required: bool
    order: int
    type: str
    name: str
    options: list[FieldOptionOut]

    @classmethod
    def of(cls, field: CustomField) -> FieldOut:
        """Render."""
        options = [FieldOptionOut(option.id, option.position, option.label) for option in field.options]
        return cls(field.id, field.required, field.position, field.type.value, field.name, options)
