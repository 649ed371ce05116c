"""The nouns of mail that comes in: a message before it is read, what became of it, and how far a folder was read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Channel = Literal["imap", "smtp", "lmtp", "http"]
IntakeState = Literal["waiting", "done", "failed"]


class Envelope(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a message beside its bytes.

    `note` says why the bytes are not the whole message (too large, or the server did not give them), in plain words.
    """

    mail_from: str = ""
    recipients: tuple[str, ...] = ()
    peer: str = ""
    folder: str = ""
    uid: int | None = None
    note: str = ""


class Preview(msgspec.Struct, frozen=True):
    """What a look at the header says, for finding a message that has not been read."""

    message_id: str = ""
    subject: str = ""
    sender: str = ""


class NewIntake(msgspec.Struct, frozen=True):
    """A message whose bytes are to be kept."""

    mailbox_id: int
    channel: Channel
    raw: bytes
    envelope: Envelope
    preview: Preview


class Intake(msgspec.Struct, frozen=True):
    """A message that was taken in, and what has become of it so far."""

    id: int
    mailbox_id: int
    channel: Channel
    storage_key: str
    size: int
    message_id: str
    subject: str
    sender: str
    envelope: Envelope
    received_at: datetime
    state: IntakeState
    due_at: datetime
    attempts: int
    last_error: str | None
    settled_at: datetime | None
    #: `conversation`, `thread`, `duplicate`, ... as `receive` says; None before.
    outcome: str | None
    conversation_id: int | None
    thread_id: int | None
    warnings: tuple[str, ...]


class IntakeFilter(msgspec.Struct, frozen=True):
    """Which messages are asked for; everything that is given has to agree."""

    mailbox_id: int | None = None
    message_id: str | None = None
    state: IntakeState | None = None


class Bookmark(msgspec.Struct, frozen=True):
    """How far a folder has been read: messages with a lower UID than `next_uid` are stored, or were not wanted.

    Not wanted is what is older than `since`, but only below `since_below`: what is put into the folder later is new,
    whatever its date.
    """

    mailbox_id: int
    folder: str
    source: str
    uid_validity: int | None
    next_uid: int
    since: datetime | None
    since_below: int


class FolderState(msgspec.Struct, frozen=True):
    """How the reading of a folder goes."""

    mailbox_id: int
    folder: str
    behind: int
    connected_at: datetime | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    failures: int
    last_error: str | None

    @property
    def is_failing(self) -> bool:
        """Whether the last try failed."""
        return self.failures > 0


class Settled(msgspec.Struct, frozen=True):
    """What became of a message that was taken in."""

    intake_id: int
    outcome: str
    conversation_id: int | None
    thread_id: int | None
    warnings: tuple[str, ...]
