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


class MailboxUpdated(Event, frozen=True, kw_only=True):
    """A mailbox has another name, or its mail is set up otherwise; `changed` names what, never what it is now."""

    NAME: ClassVar[str] = "mailbox.updated"
    SUBJECT: ClassVar[str] = "mailbox"

    changed: list[str]


class CustomFieldCreated(Event, frozen=True, kw_only=True):
    """A mailbox got a custom field."""

    NAME: ClassVar[str] = "custom-field.created"
    SUBJECT: ClassVar[str] = "mailbox"

    field_id: int
    name: str
    type: str


class CustomFieldUpdated(Event, frozen=True, kw_only=True):
    """A custom field was changed; `changed` names what. `emptied` conversations lost their value with an option."""

    NAME: ClassVar[str] = "custom-field.updated"
    SUBJECT: ClassVar[str] = "mailbox"

    field_id: int
    changed: list[str]
    removed_option_ids: list[int]
    emptied: int


class CustomFieldDeleted(Event, frozen=True, kw_only=True):
    """A custom field is gone; `emptied` conversations had a value in it."""

    NAME: ClassVar[str] = "custom-field.deleted"
    SUBJECT: ClassVar[str] = "mailbox"

    field_id: int
    name: str
    type: str
    emptied: int


class RoutingUpdated(Event, frozen=True, kw_only=True):
    """A mailbox hands out its conversations in another way, or does not any more."""

    NAME: ClassVar[str] = "mailbox.routing.updated"
    SUBJECT: ClassVar[str] = "mailbox"

    state: str
    assignment_limit: int
    assignment_method: str
    user_ids: list[int]


class SavedReplyEvent(Event, frozen=True, kw_only=True):
    """About a saved reply; seen by those who see its mailbox."""

    NAME: ClassVar[str] = ""
    SUBJECT: ClassVar[str] = "saved-reply"

    mailbox_id: int


class SavedReplyCreated(SavedReplyEvent, frozen=True, kw_only=True):
    """A mailbox got a saved reply."""

    NAME: ClassVar[str] = "saved-reply.created"


class SavedReplyUpdated(SavedReplyEvent, frozen=True, kw_only=True):
    """A saved reply was edited; `changed` names what, without the texts."""

    NAME: ClassVar[str] = "saved-reply.updated"

    changed: list[str]


class SavedReplyDeleted(SavedReplyEvent, frozen=True, kw_only=True):
    """A saved reply is offered no more."""

    NAME: ClassVar[str] = "saved-reply.deleted"
