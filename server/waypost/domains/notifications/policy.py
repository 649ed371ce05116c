"""Who is told of what: pure functions over an event, its conversation, and a reader of it."""

from __future__ import annotations

import re

from waypost.domains.accounts import Actor
from waypost.domains.notifications.models import Occasion, Reader, Talk
from waypost.kit.errors import Forbidden

#: A handle behind an `@` that does not stand inside a word or an address.
_MENTION = re.compile(r"(?<![\w.@/-])@([a-z0-9][a-z0-9_.-]{0,49})", re.IGNORECASE)
_CUSTOMER = (
    Occasion.CUSTOMER_REPLIED_MINE,
    Occasion.CUSTOMER_REPLIED_UNASSIGNED,
    Occasion.CUSTOMER_REPLIED_OTHER,
)
_USER = (Occasion.USER_REPLIED_MINE, Occasion.USER_REPLIED_UNASSIGNED, Occasion.USER_REPLIED_OTHER)


def may_choose(actor: Actor, user_id: int) -> None:
    """One's own choices; administrators those of all. Raises Forbidden."""
    if actor.user_id != user_id and not actor.is_administrator:
        raise Forbidden("somebody else's notifications")


def mentions_in(text: str) -> frozenset[str]:
    """The handles that a text mentions, in lower case."""
    return frozenset(found[1].rstrip(".-_").lower() for found in _MENTION.finditer(text))


def occasion_for(
    reader: Reader, event_type: str, talk: Talk, mentioned: frozenset[str], author_id: int | None = None
) -> Occasion | None:
    """The first occasion that the event is for the reader and that they want to be told of."""
    found = _occasions(reader, event_type, talk, mentioned, author_id)
    return next((each for each in found if reader.wants(each)), None)


def _occasions(
    reader: Reader, event_type: str, talk: Talk, mentioned: frozenset[str], author_id: int | None
) -> list[Occasion]:
    match event_type:
        case "convo.created":
            return [*_assigned(reader, talk, to_other=False), Occasion.NEW_CONVERSATION]
        case "convo.assigned":
            return _assigned(reader, talk, to_other=True)
        case "convo.customer.reply.created":
            return [_replied(reader, talk, _CUSTOMER)]
        case "convo.note.created":
            is_mentioned = reader.mention.lower() in mentioned or bool(reader.team_mentions & mentioned)
            return [*([Occasion.MENTIONED] if is_mentioned else []), _replied(reader, talk, _USER)]
        case "convo.agent.reply.created":
            return [_replied(reader, talk, _USER)]
        case "convo.reply.failed" | "convo.reply.bounced":
            is_mine = reader.user_id in (author_id, talk.assignee_id) or talk.assignee_id in reader.team_ids
            return [Occasion.REPLY_FAILED] if is_mine else []
    return []


def _assigned(reader: Reader, talk: Talk, *, to_other: bool) -> list[Occasion]:
    if talk.assignee_id is None:
        return []
    if talk.assignee_id == reader.user_id:
        return [Occasion.ASSIGNED_TO_ME]
    if talk.assignee_id in reader.team_ids:
        return [Occasion.ASSIGNED_TO_MY_TEAM]
    return [Occasion.ASSIGNED_TO_OTHER] if to_other else []


def _replied(reader: Reader, talk: Talk, occasions: tuple[Occasion, Occasion, Occasion]) -> Occasion:
    mine, unassigned, other = occasions
    if talk.assignee_id is None:
        return unassigned
    is_mine = talk.assignee_id == reader.user_id or talk.assignee_id in reader.team_ids
    return mine if is_mine else other
