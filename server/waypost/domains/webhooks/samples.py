"""Made-up events for tests of receivers: nothing in them is anybody's."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from waypost.domains.accounts import User, UserStatus, UserType
from waypost.domains.conversations import (
    Conversation,
    Grade,
    Person,
    Rating,
    Tag,
    TagSummary,
    Thread,
    ThreadState,
    ThreadType,
)
from waypost.domains.customers import Customer, Entry, EntryKind, Gender
from waypost.domains.webhooks.material import Material
from waypost.domains.webhooks.models import Webhook
from waypost.domains.webhooks.names import SPELLINGS
from waypost.domains.webhooks.occurrences import Occurrence

_CONVERSATION, _THREAD, _CUSTOMER, _USER, _TAG, _RATING = 12345, 54321, 456, 789, 9150, 98765
_JANE = Person(_CUSTOMER, "customer", "Jane", "Smith", "jane@example.com", "")
_JOHN = Person(_USER, "user", "John", "Agent", "john@example.com", "")
_KINDS = {"rating": "conversation", "chat": "conversation", "survey": "customer", "test": "webhook"}
_DATA: dict[str, dict[str, Any]] = {
    "convo.assigned": {"assignee_id": _USER, "previous_id": None},
    "convo.status": {"status": "closed", "previous": "active"},
    "convo.moved": {"mailbox_id": 123, "previous_mailbox_id": 124},
    "convo.merged": {"merged_conversation_ids": [12346]},
    "convo.custom-fields": {"field_ids": []},
    "customer.updated": {"fields": ["job_title"]},
    "satisfaction.ratings.received": {"rating_id": _RATING},
    "user.status.changed": {"status": "active"},
}  # fmt: skip
_NAMED = {"name": "Example Corp", "domains": ["example.com"], "added": ["urgent"], "removed": ["urgent"]}


def sample(webhook: Webhook, name: str, now: datetime) -> tuple[Occurrence, Material]:
    """An event of the kind and all that it is about."""
    group = SPELLINGS[name].group
    kind = _KINDS.get(group, group)
    ids = {"conversation": _CONVERSATION, "customer": _CUSTOMER, "user": _USER, "tag": _TAG, "webhook": webhook.id}
    event = Occurrence(
        account_id=webhook.account_id,
        name=name,
        fact_id=secrets.randbelow(2**53),
        at=now,
        actor_kind="user",
        actor_id=_USER,
        resource_kind=kind,
        resource_id=ids.get(kind, 1),
        mailbox_id=None,
        data={"thread_id": _THREAD, **_NAMED, **_DATA.get(name, {})},
    )
    thread = _thread(name, now)
    return event, Material(
        conversations={_CONVERSATION: _conversation(now)},
        threads={_THREAD: thread},
        threads_of={_CONVERSATION: [thread]},
        customers={_CUSTOMER: _customer(now)},
        tags={_TAG: TagSummary(_TAG, "urgent", "urgent", "#929499", now, now, 1)},
        users={_USER: _user(now)},
        ratings={_RATING: _rating(now)},
    )


def _conversation(now: datetime) -> Conversation:
    return Conversation(
        id=_CONVERSATION, number=67890, thread_count=1, type="email", folder_id=0, status="active", state="published",
        subject="Need help with billing", preview="I have a question about my recent bill.", mailbox_id=123,
        assignee=None, created_by=_JANE, primary_customer=_JANE, closed_by=None, created_at=now, closed_at=None,
        user_updated_at=now, modified_at=now, waiting_since=now, latest_reply_from="customer", source_type="email",
        source_via="customer", cc=[], bcc=[], tags=[Tag(_TAG, "#929499", "urgent", "urgent")], fields=[], snooze=None,
        next_send_at=None, next_send_by_user_id=None, next_send_unschedule=False,
    )  # fmt: skip


def _thread(name: str, now: datetime) -> Thread:
    by_customer = name not in ("convo.agent.reply.created", "convo.note.created")
    kinds = {"convo.agent.reply.created": ThreadType.MESSAGE, "convo.note.created": ThreadType.NOTE}
    return Thread(
        id=_THREAD, conversation_id=_CONVERSATION, type=kinds.get(name, ThreadType.CUSTOMER), status="active",
        state=ThreadState.PUBLISHED, action_type="default", action_text=None, action_entities=None,
        body="Thank you for your help!", source_type="email", source_via="customer" if by_customer else "user",
        customer=_JANE, created_by=_JANE if by_customer else _JOHN, assignee=None, saved_reply_id=0, to=[], cc=[],
        bcc=[], created_at=now, opened_at=None, linked_conversation_id=None, schedule=None, has_source=False,
        attachments=[],
    )  # fmt: skip


def _customer(now: datetime) -> Customer:
    return Customer(
        id=_CUSTOMER, first_name="Jane", last_name="Smith", gender=Gender.UNKNOWN, job_title="Marketing Manager",
        location=None, organization=None, photo_type=None, photo_url=None, age=None, background=None, is_draft=False,
        conversation_count=1, created_at=now, updated_at=now,
        entries=[Entry(789, EntryKind.EMAIL, "work", "jane@example.com")], properties=[], address=None,
    )  # fmt: skip


def _rating(now: datetime) -> Rating:
    comments = "Excellent support, very helpful!"
    return Rating(_RATING, _THREAD, _CONVERSATION, 67890, 123, Grade.GREAT, comments, _JANE, _JOHN, now, now)


def _user(now: datetime) -> User:
    return User(
        id=_USER, type=UserType.USER, role=None, status=UserStatus.ACTIVE, first_name="John", last_name="Agent",
        email="john@example.com", timezone="UTC", photo_url="", job_title="", phone="", mention="john",
        alternate_emails=[], created_at=now, updated_at=now,
    )  # fmt: skip
