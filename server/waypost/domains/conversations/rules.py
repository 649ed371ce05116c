"""What a new thread does to its conversation: status, waiting, latest reply. Pure functions (spec: 7A.2)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from waypost.domains.conversations.models import NewThread, Status, ThreadState, ThreadType

#: Threads by which a customer speaks, and by which an agent answers the customer.
FROM_CUSTOMER = frozenset({ThreadType.CUSTOMER})
TO_CUSTOMER = frozenset({ThreadType.MESSAGE, ThreadType.FORWARD_CHILD})
#: Threads that make an unset status active (spec: 7A.2 `status`).
WAKING = FROM_CUSTOMER | TO_CUSTOMER

#: Threads of one conversation that may be made through the API (spec: 7.0).
MOST_API_THREADS = 100


class Standing(msgspec.Struct, frozen=True):
    """The part of a conversation that threads move."""

    status: Status
    latest_reply_from: str | None
    waiting_since: datetime | None


def written_by_customer(thread: NewThread) -> bool:
    """Whether the customer is its author: their messages, and chat lines that name no user (spec: 7.2)."""
    if thread.type in (ThreadType.CHAT, ThreadType.BEACON_CHAT):
        return thread.user_id is None and thread.customer is not None
    return thread.type in FROM_CUSTOMER


def state_of(thread: NewThread) -> ThreadState:
    """Only replies can be drafts."""
    is_draft = thread.is_draft and thread.type is ThreadType.MESSAGE
    return ThreadState.DRAFT if is_draft else ThreadState.PUBLISHED


def written_by_person(thread: NewThread) -> bool:
    """Whether a user stands behind it: what an automatic workflow writes is no user's reply (spec: reports 2.2)."""
    return not written_by_customer(thread) and thread.action_type != "workflow"


def leaves_by_mail(thread: NewThread, *, is_imported: bool) -> bool:
    """A published reply that was not merely imported is mailed (spec: 7.2), and so is what is forwarded."""
    return (
        thread.type in TO_CUSTOMER
        and state_of(thread) is ThreadState.PUBLISHED
        and not (is_imported or thread.is_imported)
    )


def after(before: Standing, thread: NewThread, at: datetime) -> Standing:
    """How the conversation stands once the thread is in. A draft moves nothing."""
    if state_of(thread) is ThreadState.DRAFT or thread.is_quiet:
        return before
    status = thread.status
    if status is None:
        # A workflow has an action of its own for that.
        is_waking = thread.type in WAKING and not thread.is_imported and thread.action_type == "default"
        is_waking = is_waking and not (before.status is Status.SPAM and _came_by_mail(thread))
        status = Status.ACTIVE if is_waking else before.status
    if written_by_customer(thread):
        since = before.waiting_since if before.latest_reply_from == "customer" and before.waiting_since else at
        standing = Standing(status, "customer", since)
    elif not written_by_person(thread):
        standing = Standing(status, before.latest_reply_from, before.waiting_since)
    elif thread.type in TO_CUSTOMER or thread.type in (ThreadType.CHAT, ThreadType.BEACON_CHAT):
        standing = Standing(status, "user", None)
    else:
        standing = Standing(status, before.latest_reply_from, before.waiting_since)
    return settled(standing)


def _came_by_mail(thread: NewThread) -> bool:
    """More mail of somebody whose mail is spam is spam; an agent's answer says that it is none."""
    return written_by_customer(thread) and thread.source_type == "email"


def settled(standing: Standing) -> Standing:
    """Nobody waits for an answer in a closed conversation or in spam."""
    if standing.status in (Status.CLOSED, Status.SPAM) and standing.waiting_since is not None:
        return Standing(standing.status, standing.latest_reply_from, None)
    return standing
