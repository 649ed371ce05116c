"""Automatic routing: a subscriber of the event log that gives waiting conversations to whose turn it is (spec: 11.4).

Facts decide who waits: what is new, given up, reopened or moved here, since the mailbox routes. They also say when
somebody may be able to take more. Who gets what is decided on what is so now, under the locks of the mailbox's routing
and of the conversation. A fact that is told twice therefore changes nothing the second time.
"""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import Actor, platform_actor
from waypost.domains.conversations import events, locking, store_routing, store_writes
from waypost.domains.conversations.models import State, Status
from waypost.domains.mailboxes import Candidate, routing
from waypost.kit.events import Fact
from waypost.kit.tx import Tx

NAME = "routing"

#: Beyond what everybody together can take: entries that turn out to be settled do not hold up those behind them.
SPARE = 50
_OPEN = (Status.ACTIVE.value, Status.PENDING.value)
_ABOUT_CONVERSATIONS = frozenset(
    {"convo.created", "convo.published", "convo.assigned", "convo.status", "convo.moved", "convo.deleted",
     "convo.merged.into"}
)  # fmt: skip
_ABOUT_USERS = frozenset(
    {"user.status.changed", "user.activated", "user.role", "user.mailbox.granted", "user.deactivated", "user.deleted"}
)
_ABOUT_ROUTING = "mailbox.routing.updated"


async def on_facts(tx: Tx, facts: list[Fact]) -> None:
    """Let conversations wait, and give away what can be given."""
    by_account: dict[int, list[Fact]] = {}
    for fact in facts:
        if fact.type in _ABOUT_CONVERSATIONS or fact.type in _ABOUT_USERS or fact.type == _ABOUT_ROUTING:
            by_account.setdefault(fact.account_id, []).append(fact)
    for account_id, told in sorted(by_account.items()):
        for mailbox_id in sorted(await _take_in(tx, account_id, told)):
            await hand_out(tx, account_id, mailbox_id)


async def _take_in(tx: Tx, account_id: int, facts: list[Fact]) -> set[int]:
    """Bring the queue up to date; the routing mailboxes in which somebody may be given something now."""
    named = {mailbox_id for fact in facts for mailbox_id in _mailboxes_of(fact)}
    enabled = await routing.enabled(tx.connection, account_id, sorted(named))
    touched: set[int] = set()
    for fact in facts:
        if fact.type in _ABOUT_USERS and fact.subject_id is not None:
            touched.update(await routing.of_user(tx.connection, account_id, fact.subject_id))
        elif fact.type == _ABOUT_ROUTING and fact.scope_id is not None and fact.scope_id not in enabled:
            await store_routing.clear(tx.connection, account_id, fact.scope_id)
        else:
            touched.update(mailbox_id for mailbox_id in _mailboxes_of(fact) if mailbox_id in enabled)
            since = enabled[fact.scope_id].enabled_at if fact.scope_id in enabled else None
            if since is not None and fact.at >= since and fact.subject_id is not None and _begins_to_wait(fact):
                await store_routing.enter(
                    tx.connection, account_id, fact.subject_id, fact.scope_id or 0, fact.at, _giver_away(fact)
                )
    return touched


def _mailboxes_of(fact: Fact) -> list[int]:
    """The mailboxes in which the fact may change who can be given what."""
    if fact.type in _ABOUT_USERS:
        return []
    named = [fact.scope_id, fact.data.get("previous_mailbox_id")]
    return [mailbox_id for mailbox_id in named if mailbox_id]


def _begins_to_wait(fact: Fact) -> bool:
    """Whether the fact makes a conversation one that wants somebody; the queue checks that nobody has it."""
    data = fact.data
    match fact.type:
        case "convo.created":
            return not data.get("is_imported") and not data.get("stays_unassigned")
        case "convo.assigned":
            return data["assignee_id"] is None
        case "convo.status":
            return data["status"] in _OPEN and data["previous"] not in _OPEN
        case "convo.published" | "convo.moved":
            return True
        case _:
            return False


def _giver_away(fact: Fact) -> int | None:
    """From whom a conversation was taken: it does not come back to them by itself."""
    previous: int | None = fact.data["previous_id"] if fact.type == "convo.assigned" else None
    return previous


async def hand_out(tx: Tx, account_id: int, mailbox_id: int) -> int:
    """Give waiting conversations to those who can take them, longest waiting first; how many were given."""
    connection = tx.connection
    settings = await routing.lock(connection, account_id, mailbox_id)
    if settings is None or not settings.is_enabled:
        return 0
    await store_routing.drop_settled(connection, account_id, mailbox_id)
    able = await routing.candidates(connection, account_id, mailbox_id)
    room = sum(settings.assignment_limit - person.count for person in able)
    if not room:
        return 0
    actor, last_place, given = await platform_actor(tx, account_id), settings.last_place, 0
    ids = [person.user_id for person in able]
    for conversation_id, declined_by in await store_routing.waiting(
        connection, account_id, mailbox_id, ids, room + SPARE
    ):
        person = routing.choose(settings.method, able, last_place, declined_by)
        if person is None or not await _give(tx, actor, conversation_id, mailbox_id, person.user_id):
            continue
        given, last_place = given + 1, person.place
        able = _with_one_more(able, person, settings.assignment_limit)
        await routing.note_last(connection, account_id, mailbox_id, person.user_id)
    return given


def _with_one_more(able: list[Candidate], person: Candidate, limit: int) -> list[Candidate]:
    """Who is able once the person has got one more. It counts as active, as most are that wait."""
    after = msgspec.structs.replace(person, count=person.count + 1, active_count=person.active_count + 1)
    rest = [other for other in able if other is not person]
    return [*rest, after] if after.count < limit else rest


async def _give(tx: Tx, actor: Actor, conversation_id: int, mailbox_id: int, user_id: int) -> bool:
    """Assign a conversation that still waits. One that is being merged keeps its place in the queue."""
    conversation = await locking.lock_for_clock(tx, actor, conversation_id)
    if conversation is not None and conversation.is_busy:
        return False
    await store_routing.leave(tx.connection, actor.account_id, conversation_id)
    if conversation is None or not _waits(conversation, mailbox_id):
        return False
    await store_routing.assign(tx.connection, actor.account_id, conversation_id, user_id, tx.now)
    tx.emit(
        actor,
        events.Assigned(
            subject_id=conversation_id, scope_id=conversation.mailbox_id, assignee_id=user_id, previous_id=None
        ),
    )
    return True


def _waits(conversation: store_writes.Locked, mailbox_id: int) -> bool:
    return (
        conversation.assignee_id is None
        and conversation.mailbox_id == mailbox_id
        and conversation.state == State.PUBLISHED.value
        and conversation.status.value in _OPEN
    )
