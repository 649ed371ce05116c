"""Mailboxes, folders and custom fields on the wire (spec: 11.1 to 11.3)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from waypost.domains.mailboxes import CustomField, FieldChange, Folder, Mailbox, OptionChange
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


class FieldWithLinksOut(msgspec.Struct, frozen=True):
    """A custom field under its own address."""

    id: int
    required: bool
    order: int
    type: str
    name: str
    options: list[FieldOptionOut]
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, field: CustomField, base_url: str) -> FieldWithLinksOut:
        """Render."""
        bare = FieldOut.of(field)
        links = {
            "self": Link(address_of_field(field, base_url)),
            "mailbox": Link(f"{base_url}/v2/mailboxes/{field.mailbox_id}"),
        }
        return cls(bare.id, bare.required, bare.order, bare.type, bare.name, bare.options, links)


def address_of_field(field: CustomField, base_url: str) -> str:
    """Where a custom field is."""
    return f"{base_url}/v2/mailboxes/{field.mailbox_id}/fields/{field.id}"


class CustomFieldOptionIn(msgspec.Struct):
    """A choice of a dropdown to be. One that is there already is named by its id; `order` moves it."""

    label: str | None = None
    id: int | None = None
    order: int | None = None


class CustomFieldIn(msgspec.Struct, kw_only=True):
    """A custom field to be, or what to change of one. What is missing or null is not given."""

    name: str | None = None
    type: str | None = None
    required: bool | None = None
    order: int | None = None
    options: list[CustomFieldOptionIn] | None = None

    def to_command(self) -> FieldChange:
        """Read."""
        return FieldChange(
            name=UNSET if self.name is None else self.name,
            type=UNSET if self.type is None else self.type,
            required=UNSET if self.required is None else self.required,
            position=UNSET if self.order is None else self.order,
            options=UNSET if self.options is None else self._options(self.options),
        )

    @staticmethod
    def _options(sent: list[CustomFieldOptionIn]) -> list[OptionChange]:
        # Where none says its `order`, the list is the order.
        places = sorted(
            (index + 1 if option.order is None else option.order, index) for index, option in enumerate(sent)
        )
        return [
            OptionChange(sent[index].label or "", sent[index].id or None, f"options[{index}]") for _, index in places
        ]
