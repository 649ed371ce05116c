"""Who is at work: a user's status for e-mail and for chats (spec: 11.8). Automatic routing passes over who is away."""

from __future__ import annotations

import re

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import events, policy
from waypost.domains.accounts import store_availability as store
from waypost.domains.accounts.models import (
    Actor,
    Availability,
    ChatStatus,
    CustomStatus,
    EmailStatus,
    Scope,
    StatusSource,
)
from waypost.domains.accounts.users import locked
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.text import clean_name, clean_text
from waypost.kit.tx import Tx

TEXT_LIMIT = 100
EMOJI_LIMIT = 32
EMOJI_NAME_LIMIT = 64
MOST_MAILBOXES = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class ChatChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be so for chats; what is UNSET stays. Statuses by mailbox are the whole of them."""

    status: ChatStatus | UnsetType = UNSET
    mailbox_statuses: dict[int, ChatStatus] | UnsetType = UNSET


async def list_all(tx: Tx, scope: Scope, page: PageRequest) -> Page[Availability]:
    """One page of everybody's availability, users by name."""
    return await store.list_all(tx, scope, page)


async def get(tx: Tx, scope: Scope, user_id: int) -> Availability:
    """A user's availability; teams have none. Raises NotFound."""
    found = await store.find(tx, scope, user_id)
    if found is None:
        raise NotFound("no such user")
    return found


async def set_status(
    tx: Tx,
    actor: Actor,
    user_id: int,
    status: EmailStatus,
    custom: CustomStatus | None = None,
    chat: ChatChange | None = None,
) -> None:
    """Say that a user is there or away, and under which words (None: none). The same again changes nothing.

    Raises NotFound, Forbidden for others' status unless an administrator's, Invalid.
    """
    user = await locked(tx, actor, user_id)
    policy.may_set_availability(actor, user)
    before = await get(tx, Scope(actor.account_id, actor.user_id, None), user_id)
    errors: list[FieldError] = []
    custom = _custom(custom, errors)
    chat = chat or ChatChange()
    chat_status = before.chat_status if chat.status is UNSET else chat.status
    by_mailbox = before.chat_mailbox_statuses
    if chat.mailbox_statuses is not UNSET:
        by_mailbox = await _by_mailbox(tx, actor, user_id, chat.mailbox_statuses, errors)
    if errors:
        raise Invalid(errors)
    changed = [
        part
        for part, is_other in (
            ("status", status is not before.status),
            ("customStatus", custom != before.custom),
            ("chat", (chat_status, by_mailbox) != (before.chat_status, before.chat_mailbox_statuses)),
        )
        if is_other
    ]
    if not changed:
        return
    after = Availability(
        user_id=user_id,
        status=status,
        custom=custom,
        performed_by_user_id=actor.user_id or None,
        source=StatusSource.UI if actor.kind == "user" and actor.application_id is None else StatusSource.API,
        updated_at=tx.now,
        chat_status=chat_status,
        chat_mailbox_statuses=by_mailbox,
    )
    await store.put(tx, actor.account_id, after)
    tx.emit(
        actor,
        events.UserStatusChanged(
            subject_id=user_id,
            status=status.value,
            previous=before.status.value,
            chat_status=chat_status.value,
            changed=changed,
        ),
    )


def _custom(sent: CustomStatus | None, errors: list[FieldError]) -> CustomStatus | None:
    if sent is None:
        return None
    text = clean_name(sent.text, limit=TEXT_LIMIT)
    if not text:
        errors.append(FieldError("customStatus.text", "may not be empty", "NotEmpty"))
    elif len(sent.text.strip()) > TEXT_LIMIT:
        errors.append(FieldError("customStatus.text", f"size must be between 1 and {TEXT_LIMIT}", "Size", sent.text))
    # Signs are made of several characters, some of which are invisible: none is taken out of them.
    emoji = _CONTROL.sub("", clean_text(sent.emoji)).strip()
    if len(emoji) > EMOJI_LIMIT:
        errors.append(FieldError("customStatus.emoji", f"size must be between 0 and {EMOJI_LIMIT}", "Size", emoji))
    name = clean_name(sent.emoji_name, limit=EMOJI_NAME_LIMIT)
    if len(sent.emoji_name.strip()) > EMOJI_NAME_LIMIT:
        message = f"size must be between 0 and {EMOJI_NAME_LIMIT}"
        errors.append(FieldError("customStatus.emojiName", message, "Size", sent.emoji_name))
    return CustomStatus(text, emoji, name)


async def _by_mailbox(
    tx: Tx, actor: Actor, user_id: int, wanted: dict[int, ChatStatus], errors: list[FieldError]
) -> dict[int, ChatStatus]:
    """Statuses in single mailboxes, which the user must see; one the caller does not see is as unknown."""
    if len(wanted) > MOST_MAILBOXES:
        errors.append(FieldError("chat.mailboxStatuses", f"size must be between 0 and {MOST_MAILBOXES}", "Size"))
        return {}
    seen = await store.mailboxes_of(tx, actor.account_id, user_id, list(wanted))
    for mailbox_id, status in wanted.items():
        path = f"chat.mailboxStatuses.{mailbox_id}"
        if mailbox_id not in seen or not actor.sees_mailbox(mailbox_id):
            errors.append(FieldError(path, "mailbox does not exist", "Unknown", mailbox_id))
        elif status is ChatStatus.CUSTOM:
            errors.append(
                FieldError(path, "must be one of 'unavailable', 'available', 'assign'", "EnumValue", "custom")
            )
    return dict(sorted(wanted.items()))
