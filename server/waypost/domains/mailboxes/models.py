"""The nouns of mailboxes: the mailbox, its folders, custom fields and saved replies."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NewType

import msgspec

MailboxId = NewType("MailboxId", int)
FolderId = NewType("FolderId", int)
FieldId = NewType("FieldId", int)
SavedReplyId = NewType("SavedReplyId", int)


class Mailbox(msgspec.Struct, frozen=True):
    """An address that customers write to, and everything filed under it (spec: 11.1)."""

    id: int
    name: str
    slug: str
    email: str
    created_at: datetime
    updated_at: datetime


class FolderType(Enum):
    """What a folder gathers. Folders are views: a conversation's status and assignee decide where it shows."""

    UNASSIGNED = "open"
    MINE = "mytickets"
    DRAFTS = "drafts"
    ASSIGNED = "assigned"
    CLOSED = "closed"
    SPAM = "spam"


class Folder(msgspec.Struct, frozen=True):
    """A folder with its kept counts (spec: 11.3). `user_id` is None when it is shared."""

    id: int
    mailbox_id: int
    type: FolderType
    name: str
    user_id: int | None
    total_count: int
    active_count: int
    updated_at: datetime


class FieldType(Enum):
    """What a custom field holds."""

    DROPDOWN = "dropdown"
    SINGLELINE = "singleline"
    MULTILINE = "multiline"
    NUMBER = "number"
    DATE = "date"


class FieldOption(msgspec.Struct, frozen=True):
    """One choice of a dropdown."""

    id: int
    position: int
    label: str


class CustomField(msgspec.Struct, frozen=True):
    """A field that the conversations of one mailbox have (spec: 11.2)."""

    id: int
    mailbox_id: int
    name: str
    type: FieldType
    required: bool
    position: int
    options: list[FieldOption]


class SavedReply(msgspec.Struct, frozen=True):
    """A text to answer with (spec: 11.5). Texts are sanitised HTML, empty where there is none."""

    id: int
    mailbox_id: int
    name: str
    text: str
    chat_text: str
    preview: str
    chat_preview: str


class AssignmentMethod(Enum):
    """Who is next: in turn, or who has the fewest active conversations (spec: 11.4)."""

    ROUND_ROBIN = "round_robin"
    BALANCED = "balanced"


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """How a mailbox hands out its conversations (spec: 11.4).

    `assignment_limit` is how many active and pending conversations of the mailbox a user may have to be given another
    one. `last_place` is the place in the rotation of who got the last one, 0 when there is none.
    """

    mailbox_id: int
    is_enabled: bool
    enabled_at: datetime | None
    assignment_limit: int
    method: AssignmentMethod
    last_place: int


class Candidate(msgspec.Struct, frozen=True):
    """Somebody who works in a mailbox: the place in its rotation (0: none), and what there is to do already.

    `active_count` counts active conversations, `count` pending ones too. `reason` says why nothing is given to them.
    """

    user_id: int
    place: int
    active_count: int
    count: int
    reason: str | None
