"""What happens to mailboxes."""

from __future__ import annotations

from typing import ClassVar

from waypost.kit.events import Event


class MailboxCreated(Event, frozen=True, kw_only=True):
    """A mailbox was set up."""

    NAME: ClassVar[str] = "mailbox.created"
    SUBJECT: ClassVar[str] = "mailbox"

    name: str
    email: str


class CustomFieldCreated(Event, frozen=True, kw_only=True):
    """A mailbox got a custom field."""

    NAME: ClassVar[str] = "custom-field.created"
    SUBJECT: ClassVar[str] = "mailbox"

    field_id: int
    name: str
    type: str
