"""What creates and changes conversations and threads, as clients send it (spec: 7.2, 7A.2).

Optional keys may be null, which means "not given"; unknown keys are ignored (spec: 3).
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from waypost.domains import customers
from waypost.domains.conversations import (
    ConversationType,
    CustomerReference,
    NewAttachment,
    NewConversation,
    NewThread,
    Status,
    ThreadType,
    UsedAttachment,
)
from waypost.domains.customers import CustomerProfile
from waypost.edges.inbox_v2.body import Id, Int64, Required
from waypost.edges.inbox_v2.parameters import parse_moment
from waypost.kit.errors import FieldError, Invalid

MOST_THREADS_READ = 1000
_EMPTY = "may not be empty"


class StatusIn(Enum):
    """Statuses that a caller may name for a thread; `open` is active, `all` is no change (spec: 7A.2)."""

    ACTIVE = "active"
    ALL = "all"
    CLOSED = "closed"
    OPEN = "open"
    PENDING = "pending"
    SPAM = "spam"


class NewStatusIn(Enum):
    """Statuses that a conversation may begin with (spec: 7.2)."""

    ACTIVE = "active"
    CLOSED = "closed"
    PENDING = "pending"
    OPEN = "open"


class TypeIn(Enum):
    """Kinds of threads that a caller may add."""

    CHAT = "chat"
    CUSTOMER = "customer"
    NOTE = "note"
    PHONE = "phone"
    REPLY = "reply"


THREAD_TYPES = {
    TypeIn.CHAT: ThreadType.CHAT,
    TypeIn.CUSTOMER: ThreadType.CUSTOMER,
    TypeIn.NOTE: ThreadType.NOTE,
    TypeIn.PHONE: ThreadType.PHONE,
    TypeIn.REPLY: ThreadType.MESSAGE,
}


def status_of(name: StatusIn | None) -> Status | None:
    """The status that a word stands for; None for no change."""
    if name is None or name is StatusIn.ALL:
        return None
    return Status.ACTIVE if name is StatusIn.OPEN else Status(name.value)


class EmailIn(msgspec.Struct, rename="camel"):
    """An address as an object, which one client sends in place of the plain text."""

    email: str | None = None
    value: str | None = None


class CustomerIn(msgspec.Struct, rename="camel"):
    """A customer by id, or by e-mail with what is known."""

    id: Int64 | None = None
    email: str | None = None
    emails: list[EmailIn | str] | None = None
    first_name: str | None = None
    last_name: str | None = None
    first: str | None = None
    last: str | None = None
    photo_url: str | None = None
    photo_type: str | None = None
    job_title: str | None = None
    location: str | None = None
    background: str | None = None
    age: str | int | None = None
    gender: str | None = None
    organization: str | None = None
    phone: str | None = None

    def to_reference(self) -> CustomerReference:
        """Whom it names; the id wins over the address (spec: 7.2)."""
        profile = CustomerProfile(
            first_name=self.first_name or self.first or None,
            last_name=self.last_name or self.last or None,
            photo_url=self.photo_url or None,
            photo_type=self.photo_type or None,
            job_title=self.job_title or None,
            location=self.location or None,
            background=self.background or None,
            age=str(self.age) if self.age not in (None, "") else None,
            gender=self.gender or None,
            organization=self.organization or None,
            phone=self.phone or None,
        )
        email = self.email or next((_plain(address) for address in self.emails or []), None)
        return CustomerReference(id=self.id or None, email=email, profile=profile)


def _plain(address: EmailIn | str) -> str:
    return address if isinstance(address, str) else (address.email or address.value or "")


class AttachmentIn(msgspec.Struct, rename="camel"):
    """A file as base64. `filename` is what one client sends for `fileName`."""

    mime_type: Annotated[str, Meta(min_length=1, max_length=255)]
    data: str
    file_name: str | None = None
    filename: str | None = None

    def to_attachment(self, path: str, errors: list[FieldError]) -> NewAttachment:
        """Decode; mistakes go to `errors`."""
        name = self.file_name or self.filename or ""
        if not name.strip():
            errors.append(FieldError(f"{path}fileName", _EMPTY, "NotEmpty"))
        data = b""
        try:
            data = base64.b64decode("".join(self.data.split()), validate=True)
        except (binascii.Error, ValueError):
            errors.append(FieldError(f"{path}data", "is not base64", "Type"))
        return NewAttachment(name, self.mime_type.strip(), data)


class FieldIn(msgspec.Struct):
    """A custom field's value; numbers are accepted for texts."""

    id: Id
    value: str | int | float | bool | None = None

    def to_pair(self) -> tuple[int, str]:
        """(field id, value as text; empty clears)."""
        if self.value is None:
            return self.id, ""
        if isinstance(self.value, bool):
            return self.id, str(self.value).lower()
        if isinstance(self.value, float):
            # As digits, never as 1e-07: that is no decimal to a reader.
            return self.id, format(Decimal(repr(self.value)), "f")
        return self.id, str(self.value)


class ThreadFields(msgspec.Struct, rename="camel", kw_only=True):
    """What every new thread may say."""

    customer: CustomerIn | None = None
    user: Int64 | None = None
    cc: list[EmailIn | str] | None = None
    bcc: list[EmailIn | str] | None = None
    attachments: list[AttachmentIn | Int64] | None = None
    imported: bool | None = None
    created_at: str | None = None
    draft: bool | None = None


class ThreadIn(ThreadFields, rename="camel", kw_only=True):
    """A thread of a new conversation."""

    type: TypeIn
    text: Required

    def to_command(self, path: str, errors: list[FieldError], *, imported: bool, now: datetime) -> NewThread:
        """Read; mistakes go to `errors`, with the path of this thread."""
        kind = THREAD_TYPES[self.type]
        for index, attachment in enumerate(self.attachments or []):
            if isinstance(attachment, int):
                # Only files of the same conversation can be named, and it has none yet.
                at = f"{path}attachments[{index}]"
                errors.append(FieldError(at, "attachment does not exist", "Unknown", attachment))
        return _thread(self, kind, self.text, path, errors, imported=imported, now=now, keeps_time=True)


def _thread(
    sent: ThreadFields,
    kind: ThreadType,
    text: str,
    path: str,
    errors: list[FieldError],
    *,
    imported: bool,
    now: datetime,
    keeps_time: bool = False,
) -> NewThread:
    if not text.strip():
        errors.append(FieldError(f"{path}text", _EMPTY, "NotEmpty"))
    files: list[NewAttachment] = []
    uses: list[UsedAttachment] = []
    for index, attachment in enumerate(sent.attachments or []):
        if isinstance(attachment, int):
            uses.append(UsedAttachment(attachment, f"{path}attachments[{index}]"))
        else:
            files.append(attachment.to_attachment(f"{path}attachments[{index}].", errors))
    is_imported = bool(sent.imported) or imported
    return NewThread(
        type=kind,
        body=text,
        customer=sent.customer.to_reference() if sent.customer is not None else None,
        user_id=sent.user or None,
        cc=_addresses(sent.cc, f"{path}cc", errors),
        bcc=_addresses(sent.bcc, f"{path}bcc", errors),
        attachments=files,
        used_attachments=uses,
        is_draft=bool(sent.draft),
        is_imported=is_imported,
        created_at=_moment(sent.created_at, f"{path}createdAt", errors, now) if is_imported or keeps_time else None,
    )


def _addresses(sent: list[EmailIn | str] | None, path: str, errors: list[FieldError]) -> list[str] | None:
    if sent is None:
        return None
    found: list[str] = []
    for index, item in enumerate(sent):
        address = _plain(item).strip()
        if not customers.is_email_address(address):
            errors.append(FieldError(f"{path}[{index}]", "not a well-formed email address", "Email", address))
        elif address.lower() not in (known.lower() for known in found):
            found.append(address)
    return found


def _moment(text: str | None, path: str, errors: list[FieldError], now: datetime) -> datetime | None:
    """A past moment; mistakes go to `errors`."""
    if not text:
        return None
    moment = parse_moment(text)
    if moment is None:
        errors.append(FieldError(path, "malformed date", "Date", text))
    elif moment > now:
        errors.append(FieldError(path, "must not be in the future", "Date", text))
        return None
    return moment


class ConversationIn(msgspec.Struct, rename="camel", kw_only=True):
    """A conversation to be started."""

    subject: Annotated[str, Meta(min_length=1, max_length=998)]
    type: ConversationType
    mailbox_id: Id
    status: NewStatusIn
    customer: CustomerIn
    threads: Annotated[list[ThreadIn], Meta(min_length=1, max_length=MOST_THREADS_READ)]
    assign_to: Int64 | UnsetType | None = UNSET
    auto_reply: bool | None = None
    imported: bool | None = None
    created_at: str | None = None
    closed_at: str | None = None
    tags: list[str] | None = None
    fields: list[FieldIn] | None = None
    user: Int64 | None = None
    cc: list[EmailIn | str] | None = None
    bcc: list[EmailIn | str] | None = None

    def to_command(self, now: datetime) -> NewConversation:
        """Read. Raises Invalid with every mistake of content."""
        errors: list[FieldError] = []
        if not self.subject.strip():
            errors.append(FieldError("subject", _EMPTY, "NotEmpty"))
        imported = bool(self.imported)
        threads = [
            thread.to_command(f"threads[{index}].", errors, imported=imported, now=now)
            for index, thread in enumerate(self.threads)
        ]
        cc, bcc = _addresses(self.cc, "cc", errors), _addresses(self.bcc, "bcc", errors)
        if threads and threads[0].cc is None and cc:
            threads[0] = msgspec.structs.replace(threads[0], cc=cc)
        if threads and threads[0].bcc is None and bcc:
            threads[0] = msgspec.structs.replace(threads[0], bcc=bcc)
        status = Status.ACTIVE if self.status is NewStatusIn.OPEN else Status(self.status.value)
        closed_at = _moment(self.closed_at, "closedAt", errors, now)
        command = NewConversation(
            subject=self.subject,
            type=self.type,
            mailbox_id=self.mailbox_id,
            status=status,
            customer=self.customer.to_reference(),
            threads=threads,
            assignee=self.assign_to,
            is_imported=imported,
            created_at=_moment(self.created_at, "createdAt", errors, now),
            closed_at=closed_at if imported and status is Status.CLOSED else None,
            tags=self.tags or [],
            fields=[field.to_pair() for field in self.fields or []],
            user_id=self.user or None,
            has_auto_reply=bool(self.auto_reply),
        )
        if errors:
            raise Invalid(errors)
        return command


class NewThreadIn(ThreadFields, rename="camel", kw_only=True):
    """A thread for a conversation that exists. `type` counts on `/reply` alone, as the seed has it."""

    text: Required
    type: str | None = None
    status: StatusIn | None = None
    assign_to: Int64 | UnsetType | None = UNSET
    #: What the text was made from (spec: 7A.0).
    saved_reply_id: Int64 | None = None

    def to_command(self, kind: TypeIn, now: datetime, *, may_choose: bool = False) -> NewThread:
        """Read as a thread of this kind. Raises Invalid with every mistake of content."""
        errors: list[FieldError] = []
        if may_choose and self.type:
            if self.type == "message":
                kind = TypeIn.REPLY
            elif self.type in TypeIn._value2member_map_:
                kind = TypeIn(self.type)
            else:
                names = ", ".join(repr(choice.value) for choice in TypeIn)
                errors.append(FieldError("type", f"must be one of {names}", "EnumValue", self.type))
        thread = _thread(self, THREAD_TYPES[kind], self.text, "", errors, imported=False, now=now)
        if errors:
            raise Invalid(errors)
        return msgspec.structs.replace(
            thread,
            status=status_of(self.status),
            assignee=self.assign_to if kind is TypeIn.REPLY else UNSET,
            saved_reply_id=self.saved_reply_id or None,
        )


class FieldsIn(msgspec.Struct):
    """The custom field values that a conversation shall have; they must be said."""

    fields: list[FieldIn]


class SnoozeIn(msgspec.Struct, rename="camel"):
    """Until when to sleep."""

    snoozed_until: str
    unsnooze_on_customer_reply: bool | None = None


class ScheduleIn(msgspec.Struct, rename="camel"):
    """When to send a draft."""

    scheduled_for: str
    unschedule_on_customer_reply: bool
    send_as_creator: bool | None = None


def moment_of(text: str, path: str) -> datetime:
    """A date-time that must be there. Raises Invalid."""
    moment = parse_moment(text)
    if moment is None:
        raise Invalid.one(path, "malformed date", "Date", text)
    return moment


class NewAttachmentIn(AttachmentIn, rename="camel"):
    """A file for a thread that exists."""

    def to_command(self) -> NewAttachment:
        """Read. Raises Invalid."""
        errors: list[FieldError] = []
        attachment = self.to_attachment("", errors)
        if errors:
            raise Invalid(errors)
        return attachment
