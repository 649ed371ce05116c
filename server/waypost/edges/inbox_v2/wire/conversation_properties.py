"""A custom field outside its mailbox on the wire (spec: 10)."""

from __future__ import annotations

import msgspec

from waypost.domains.mailboxes import CustomField
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.mailboxes import FieldOptionOut, FieldOut


class ConversationPropertyOut(msgspec.Struct, frozen=True, rename="camel"):
    """A custom field, and the mailbox whose conversations have it."""

    id: int
    name: str
    type: str
    required: bool
    order: int
    options: list[FieldOptionOut]
    mailbox_id: int
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, field: CustomField, base_url: str) -> ConversationPropertyOut:
        """Render."""
        shown = FieldOut.of(field)
        links = {
            "self": Link(f"{base_url}/v2/conversation-properties/{field.id}"),
            "mailbox": Link(f"{base_url}/v2/mailboxes/{field.mailbox_id}"),
        }
        return cls(
            shown.id, shown.name, shown.type, shown.required, shown.order, shown.options, field.mailbox_id, links
        )
