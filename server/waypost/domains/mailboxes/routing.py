"""How the conversations of a mailbox find somebody by themselves: the settings, and who is next (spec: 11.4).

Handing out is done by conversations, a later domain, with `candidates` and `choose` in its hand.
"""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.mailboxes import events, store
from waypost.domains.mailboxes import store_routing as routing
from waypost.domains.mailboxes.models import AssignmentMethod, Candidate, Routing
from waypost.kit.db import Connection
from waypost.kit.errors import FieldError, Forbidden, Invalid, NotFound
from waypost.kit.tx import Tx

LEAST_LIMIT, MOST_LIMIT = 1, 100
MOST_USERS = 500
#: What a mailbox has before anybody has set it.
DEFAULT_LIMIT = 10


class RoutingState(msgspec.Struct, frozen=True):
    """The settings, and everybody in the mailbox: those in the rotation first, in its order."""

    routing: Routing
    rotation: list[Candidate]


async def get(tx: Tx, actor: Actor, mailbox_id: int) -> RoutingState:
    """The routing of a visible mailbox. Raises NotFound."""
    if await store.find(tx.connection, scope_of(actor), mailbox_id) is None:
        raise NotFound
    found = await routing.find(tx.connection, actor.account_id, mailbox_id) or _unset(mailbox_id)
    return RoutingState(found, await routing.people(tx.connection, actor.account_id, mailbox_id))


async def put(
    tx: Tx,
    actor: Actor,
    mailbox_id: int,
    *,
    is_enabled: bool,
    assignment_limit: int,
    method: AssignmentMethod,
    user_ids: list[int],
) -> None:
    """Set it anew. The same again changes nothing and emits nothing. Raises NotFound, Forbidden, Invalid.

    Switched on, it is about conversations that come from then on.
    """
    if await store.find(tx.connection, scope_of(actor), mailbox_id) is None:
        raise NotFound
    if not actor.is_administrator:
        raise Forbidden
    connection, account_id = tx.connection, actor.account_id
    wanted = list(dict.fromkeys(user_ids))
    errors = _mistakes(is_enabled, assignment_limit, user_ids)
    if not errors:
        members = {person.user_id for person in await routing.people(connection, account_id, mailbox_id)}
        errors = [
            FieldError(f"userIds[{index}]", "user is not a member of the mailbox", "Unknown", user_id)
            for index, user_id in enumerate(user_ids)
            if user_id not in members
        ]
    if errors:
        raise Invalid(errors)
    await routing.ensure(connection, account_id, mailbox_id, DEFAULT_LIMIT, tx.now)
    before = await routing.lock(connection, account_id, mailbox_id)
    held = await routing.user_ids(connection, account_id, mailbox_id)
    now = (is_enabled, assignment_limit, method, wanted)
    if before is not None and now == (before.is_enabled, before.assignment_limit, before.method, held):
        return
    await routing.put(connection, account_id, mailbox_id, is_enabled, assignment_limit, method, tx.now)
    await routing.put_users(connection, account_id, mailbox_id, wanted)
    tx.emit(
        actor,
        events.RoutingUpdated(
            subject_id=mailbox_id,
            scope_id=mailbox_id,
            state="enabled" if is_enabled else "disabled",
            assignment_limit=assignment_limit,
            assignment_method=method.value,
            user_ids=wanted,
        ),
    )


async def lock(connection: Connection, account_id: int, mailbox_id: int) -> Routing | None:
    """The settings, if any, kept from changing; whoever hands out conversations of the mailbox holds them."""
    return await routing.lock(connection, account_id, mailbox_id)


async def enabled(connection: Connection, account_id: int, mailbox_ids: list[int]) -> dict[int, Routing]:
    """The settings of those of the mailboxes that route."""
    return await routing.enabled(connection, account_id, mailbox_ids)


async def of_user(connection: Connection, account_id: int, user_id: int) -> list[int]:
    """The mailboxes that route, and have the user in their rotation."""
    return await routing.of_user(connection, account_id, user_id)


async def candidates(connection: Connection, account_id: int, mailbox_id: int) -> list[Candidate]:
    """Who is eligible now, in the order of the rotation."""
    people = await routing.people(connection, account_id, mailbox_id)
    return [person for person in people if person.reason is None]


async def note_last(connection: Connection, account_id: int, mailbox_id: int, user_id: int) -> None:
    """Remember who got the last conversation."""
    await routing.set_last(connection, account_id, mailbox_id, user_id)


def choose(
    method: AssignmentMethod, able: list[Candidate], last_place: int, not_user_id: int | None = None
) -> Candidate | None:
    """Who of the able gets the next conversation.

    In turn: the first behind `last_place`, and from the beginning again. Balanced: who has the fewest active ones, in
    turn among equals.
    """
    in_turn = sorted(
        (person for person in able if person.user_id != not_user_id),
        key=lambda person: (person.place <= last_place, person.place),
    )
    if method is AssignmentMethod.BALANCED:
        in_turn.sort(key=lambda person: person.active_count)
    return in_turn[0] if in_turn else None


def _unset(mailbox_id: int) -> Routing:
    return Routing(
        mailbox_id=mailbox_id,
        is_enabled=False,
        enabled_at=None,
        assignment_limit=DEFAULT_LIMIT,
        method=AssignmentMethod.ROUND_ROBIN,
        last_place=0,
    )


def _mistakes(is_enabled: bool, limit: int, user_ids: list[int]) -> list[FieldError]:
    errors = []
    if not LEAST_LIMIT <= limit <= MOST_LIMIT:
        message = f"must be between {LEAST_LIMIT} and {MOST_LIMIT}"
        errors.append(FieldError("assignmentLimit", message, "Number", limit))
    if is_enabled and not user_ids:
        errors.append(FieldError("userIds", "may not be empty", "NotEmpty"))
    if len(user_ids) > MOST_USERS:
        errors.append(FieldError("userIds", f"size must be between 0 and {MOST_USERS}", "Size"))
    return errors
