"""What forwards a conversation, and what answers that."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from waypost.domains import customers
from waypost.domains.conversations import CreatedForward, NewForward
from waypost.edges.inbox_v2.body import Int64
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.conversations_in import AttachmentIn, EmailIn
from waypost.edges.inbox_v2.wire.times import stamp
from waypost.kit.errors import FieldError, Invalid

MOST_PEOPLE = 50
MOST_FILES = 50
People = Annotated[list[EmailIn | str], Meta(max_length=MOST_PEOPLE)]


class ForwardIn(msgspec.Struct, rename="camel", kw_only=True):
    """Who gets it. Without `threadId` all that was said is forwarded; `includeAttachments` is true by default."""

    to: Annotated[list[EmailIn | str], Meta(min_length=1, max_length=MOST_PEOPLE)]
    cc: People | None = None
    bcc: People | None = None
    text: str | None = None
    thread_id: Int64 | None = None
    include_attachments: bool | None = None
    attachments: Annotated[list[AttachmentIn], Meta(max_length=MOST_FILES)] | None = None

    def to_command(self) -> NewForward:
        """Read. Raises Invalid with every mistake of content."""
        errors: list[FieldError] = []
        files = [
            item.to_attachment(f"attachments[{index}].", errors) for index, item in enumerate(self.attachments or [])
        ]
        command = NewForward(
            to=_addresses(self.to, "to", errors),
            cc=_addresses(self.cc or [], "cc", errors),
            bcc=_addresses(self.bcc or [], "bcc", errors),
            comment=self.text or "",
            thread_id=self.thread_id,
            has_attachments=self.include_attachments is not False,
            attachments=files,
        )
        if errors:
            raise Invalid(errors)
        return command


def _addresses(sent: list[EmailIn | str], path: str, errors: list[FieldError]) -> list[str]:
    found: dict[str, str] = {}
    for index, item in enumerate(sent):
        address = (item if isinstance(item, str) else item.email or item.value or "").strip()
        if not customers.is_email_address(address):
            errors.append(FieldError(f"{path}[{index}]", "not a well-formed email address", "Email", address))
        found.setdefault(address.lower(), address)
    return list(found.values())


class CreatedForwardOut(msgspec.Struct, frozen=True, rename="camel"):
    """The thread that tells of it, and the conversation that answers come into."""

    id: int
    type: str
    status: str
    state: str
    created_at: str
    linked_conversation_id: int
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, made: CreatedForward, base_url: str) -> CreatedForwardOut:
        """Render."""
        links = {
            "self": Link(f"{base_url}/v2/conversations/{made.conversation_id}/threads/{made.thread_id}"),
            "linkedConversation": Link(f"{base_url}/v2/conversations/{made.linked_conversation_id}"),
        }
        return cls(
            made.thread_id,
            "forwardparent",
            made.status,
            "published",
            stamp(made.created_at),
            made.linked_conversation_id,
            links,
        )
