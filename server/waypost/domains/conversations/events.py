"""What happens to conversations. The names are the platform's webhook events where it has one."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from waypost.kit.events import Event


class ConversationEvent(Event, frozen=True, kw_only=True):
    """About one conversation; seen by those who see its mailbox."""

    NAME: ClassVar[str] = ""
    SUBJECT: ClassVar[str] = "conversation"


class Created(ConversationEvent, frozen=True, kw_only=True):
    """A conversation began."""

    NAME: ClassVar[str] = "convo.created"

    number: int
    status: str
    customer_id: int
    is_imported: bool = False
    #: Whether it was to have nobody, whatever the mailbox says (spec: 7.2 `assignTo`).
    stays_unassigned: bool = False
    is_draft: bool = False
    #: Whether the caller wants the mailbox's automatic reply to leave (spec: 7.2 `autoReply`).
    auto_reply: bool = False


class StatusChanged(ConversationEvent, frozen=True, kw_only=True):
    """The status is another one now. `thread_id` names the reply or message that changed it, if one did."""

    NAME: ClassVar[str] = "convo.status"

    status: str
    previous: str
    thread_id: int | None = None
    is_imported: bool = False


class Assigned(ConversationEvent, frozen=True, kw_only=True):
    """Assigned to a user or team, or to nobody (None)."""

    NAME: ClassVar[str] = "convo.assigned"

    assignee_id: int | None
    previous_id: int | None


class Moved(ConversationEvent, frozen=True, kw_only=True):
    """Moved to another mailbox."""

    NAME: ClassVar[str] = "convo.moved"

    mailbox_id: int
    previous_mailbox_id: int


class SubjectChanged(ConversationEvent, frozen=True, kw_only=True):
    """The subject was edited."""

    NAME: ClassVar[str] = "convo.subject"

    previous: str


class CustomerChanged(ConversationEvent, frozen=True, kw_only=True):
    """It belongs to another customer now."""

    NAME: ClassVar[str] = "convo.customer"

    customer_id: int
    previous_id: int


class TagsChanged(ConversationEvent, frozen=True, kw_only=True):
    """Tags were put on or taken off."""

    NAME: ClassVar[str] = "convo.tags"

    added: list[str]
    removed: list[str]
    is_imported: bool = False


class FieldsChanged(ConversationEvent, frozen=True, kw_only=True):
    """Custom fields got other values."""

    NAME: ClassVar[str] = "convo.custom-fields"

    field_ids: list[int]


class Snoozed(ConversationEvent, frozen=True, kw_only=True):
    """Put to sleep until then."""

    NAME: ClassVar[str] = "convo.snoozed"

    until: datetime


class Unsnoozed(ConversationEvent, frozen=True, kw_only=True):
    """Woke up: by hand, by the clock, or because the customer wrote."""

    NAME: ClassVar[str] = "convo.unsnoozed"

    because: str


class Published(ConversationEvent, frozen=True, kw_only=True):
    """A draft conversation was sent."""

    NAME: ClassVar[str] = "convo.published"


class Deleted(ConversationEvent, frozen=True, kw_only=True):
    """Gone from every list."""

    NAME: ClassVar[str] = "convo.deleted"

    number: int


class Merged(ConversationEvent, frozen=True, kw_only=True):
    """Others were merged into it. `number` is its own, `merged_numbers` are theirs in the order of the ids."""

    NAME: ClassVar[str] = "convo.merged"

    number: int
    merged_conversation_ids: list[int]
    merged_numbers: list[int]


class TookIn(ConversationEvent, frozen=True, kw_only=True):
    """One of those that were merged into it, for its timeline."""

    NAME: ClassVar[str] = "convo.merged.from"

    conversation_id: int
    number: int


class MergedAway(ConversationEvent, frozen=True, kw_only=True):
    """It lives on in the survivor, whose number this is."""

    NAME: ClassVar[str] = "convo.merged.into"

    survivor_id: int
    number: int


class ThreadCreated(ConversationEvent, frozen=True, kw_only=True):
    """A thread was added: the base of the four below, which say what kind."""

    thread_id: int
    type: str
    #: Whether it has to leave by mail.
    deliver: bool = False
    is_imported: bool = False


class CustomerReplied(ThreadCreated, frozen=True, kw_only=True):
    """The customer wrote."""

    NAME: ClassVar[str] = "convo.customer.reply.created"


class AgentReplied(ThreadCreated, frozen=True, kw_only=True):
    """A reply to the customer was published."""

    NAME: ClassVar[str] = "convo.agent.reply.created"


class NoteCreated(ThreadCreated, frozen=True, kw_only=True):
    """A private note."""

    NAME: ClassVar[str] = "convo.note.created"


class PhoneCreated(ThreadCreated, frozen=True, kw_only=True):
    """A call was written down."""

    NAME: ClassVar[str] = "convo.phone.created"


class ChatCreated(ThreadCreated, frozen=True, kw_only=True):
    """A line of a chat."""

    NAME: ClassVar[str] = "convo.chat.created"


class DraftSaved(ThreadCreated, frozen=True, kw_only=True):
    """A draft was kept; nothing leaves."""

    NAME: ClassVar[str] = "convo.draft.saved"


class Forwarded(ThreadCreated, frozen=True, kw_only=True):
    """It was forwarded to somebody outside; what they answer stands in a conversation of its own."""

    NAME: ClassVar[str] = "convo.forwarded"


class ReplyTakenBack(ConversationEvent, frozen=True, kw_only=True):
    """A reply was called back before it left; it is a draft again."""

    NAME: ClassVar[str] = "convo.reply.undone"

    thread_id: int


class ReplyFailed(ConversationEvent, frozen=True, kw_only=True):
    """A reply will not reach everybody that it was for. `user_id` wrote it, `error` has the server's words."""

    NAME: ClassVar[str] = "convo.reply.failed"

    thread_id: int
    user_id: int | None
    error: str
    is_by_workflow: bool = False


class ReplyRetried(ConversationEvent, frozen=True, kw_only=True):
    """Somebody has sent a reply that failed on its way again."""

    NAME: ClassVar[str] = "convo.reply.retried"

    thread_id: int


class AutoReplied(ConversationEvent, frozen=True, kw_only=True):
    """The mailbox's automatic reply to the customer's message has left."""

    NAME: ClassVar[str] = "convo.auto-reply.sent"

    thread_id: int


class ReplyBounced(ConversationEvent, frozen=True, kw_only=True):
    """A reply came back: a server says that it reached some of its recipients not. `detail` has the server's words."""

    NAME: ClassVar[str] = "convo.reply.bounced"

    thread_id: int
    detail: str
    is_by_workflow: bool = False


class Rated(ConversationEvent, frozen=True, kw_only=True):
    """A customer said what they think of a reply, or something else than before. `user_id` wrote the reply."""

    NAME: ClassVar[str] = "satisfaction.ratings.received"

    rating_id: int
    thread_id: int
    rating: str
    customer_id: int
    user_id: int | None


class ThreadEdited(ConversationEvent, frozen=True, kw_only=True):
    """A thread's text was changed."""

    NAME: ClassVar[str] = "convo.thread.edited"

    thread_id: int


class ThreadHidden(ConversationEvent, frozen=True, kw_only=True):
    """A thread was hidden or shown again."""

    NAME: ClassVar[str] = "convo.thread.hidden"

    thread_id: int
    hidden: bool


class ThreadScheduled(ConversationEvent, frozen=True, kw_only=True):
    """A draft got a time to go out, or (None) lost it."""

    NAME: ClassVar[str] = "convo.thread.scheduled"

    thread_id: int
    scheduled_for: datetime | None


class AttachmentAdded(ConversationEvent, frozen=True, kw_only=True):
    """A file was added to a thread."""

    NAME: ClassVar[str] = "convo.attachment.added"

    thread_id: int
    attachment_id: int


class AttachmentDeleted(ConversationEvent, frozen=True, kw_only=True):
    """A file was taken off a thread."""

    NAME: ClassVar[str] = "convo.attachment.deleted"

    thread_id: int
    attachment_id: int


class TagCreated(Event, frozen=True, kw_only=True):
    """A tag came into being."""

    NAME: ClassVar[str] = "tag.created"
    SUBJECT: ClassVar[str] = "tag"

    name: str


class TagUpdated(Event, frozen=True, kw_only=True):
    """A tag has another name or colour, or stands for others from now on."""

    NAME: ClassVar[str] = "tag.updated"
    SUBJECT: ClassVar[str] = "tag"

    name: str
    previous_name: str


class TagDeleted(Event, frozen=True, kw_only=True):
    """A tag is gone. `into_id` is the one that took its place, if it was merged."""

    NAME: ClassVar[str] = "tag.deleted"
    SUBJECT: ClassVar[str] = "tag"

    name: str
    into_id: int | None = None
