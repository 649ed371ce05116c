"""Mail that came in, on the wire: what became of each message, and how the reading of folders goes. Waypost's own."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.mail import FolderState, Intake
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp


class ReceivedOut(msgspec.Struct, frozen=True, rename="camel"):
    """A message that came in. `outcome` and the ids of its place once it was read, `error` after a try that failed."""

    id: int
    channel: str
    state: str
    message_id: str
    subject: str
    sender: str
    size: int
    received_at: str
    attempts: int
    warnings: list[str]
    links: Links = msgspec.field(name="_links")
    mail_from: str | UnsetType = UNSET
    recipients: list[str] | UnsetType = UNSET
    folder: str | UnsetType = UNSET
    uid: int | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    conversation_id: int | UnsetType = UNSET
    thread_id: int | UnsetType = UNSET
    settled_at: str | UnsetType = UNSET
    next_attempt_at: str | UnsetType = UNSET
    error: str | UnsetType = UNSET

    @classmethod
    def of(cls, item: Intake, base_url: str) -> ReceivedOut:
        """Render."""
        mailbox = f"{base_url}/v2/mailboxes/{item.mailbox_id}"
        links = {"self": Link(f"{mailbox}/received/{item.id}"), "mailbox": Link(mailbox)}
        if item.conversation_id is not None:
            links["conversation"] = Link(f"{base_url}/v2/conversations/{item.conversation_id}")
        envelope = item.envelope
        return cls(
            id=item.id,
            channel=item.channel,
            state=item.state,
            message_id=item.message_id,
            subject=item.subject,
            sender=item.sender,
            size=item.size,
            received_at=stamp(item.received_at),
            attempts=item.attempts,
            warnings=list(item.warnings),
            links=links,
            mail_from=envelope.mail_from or UNSET,
            recipients=list(envelope.recipients) or UNSET,
            folder=envelope.folder or UNSET,
            uid=envelope.uid if envelope.uid is not None else UNSET,
            outcome=item.outcome if item.outcome is not None else UNSET,
            conversation_id=item.conversation_id if item.conversation_id is not None else UNSET,
            thread_id=item.thread_id if item.thread_id is not None else UNSET,
            settled_at=stamp(item.settled_at) if item.settled_at is not None else UNSET,
            next_attempt_at=stamp(item.due_at) if item.state == "waiting" else UNSET,
            error=item.last_error if item.last_error is not None else UNSET,
        )


class FolderOut(msgspec.Struct, frozen=True, rename="camel"):
    """How the reading of a folder goes. `error` and `failures` since the last success; `behind` at most so many."""

    folder: str
    is_failing: bool
    behind: int
    failures: int
    connected_at: str | None
    succeeded_at: str | None
    failed_at: str | None
    error: str | None

    @classmethod
    def of(cls, item: FolderState) -> FolderOut:
        """Render."""
        return cls(
            folder=item.folder,
            is_failing=item.is_failing,
            behind=item.behind,
            failures=item.failures,
            connected_at=stamp(item.connected_at) if item.connected_at is not None else None,
            succeeded_at=stamp(item.succeeded_at) if item.succeeded_at is not None else None,
            failed_at=stamp(item.failed_at) if item.failed_at is not None else None,
            error=item.last_error,
        )


class ReceivingOut(msgspec.Struct, frozen=True, rename="camel"):
    """How mail comes into a mailbox: what waits to be read, what could not be, and the folders that are fetched."""

    waiting: int
    failed: int
    folders: list[FolderOut]
    links: Links = msgspec.field(name="_links")


class RetriedOut(msgspec.Struct, frozen=True):
    """How many messages are read again."""

    retried: int
