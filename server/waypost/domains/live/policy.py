"""Who may see which fact of the log. Pure functions."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.kit.events import Fact

#: What everybody in the account may learn of, as far as it is not bound to a mailbox out of their reach: all of these
#: can be read by everybody as well. Other facts (users' rights, applications, keys, sign-ins) are for administrators.
_SHARED = (
    "convo.",
    "customer.",
    "tag.",
    "organization.",
    "mailbox.",
    "custom-field.",
    "saved-reply.",
    "satisfaction.",
    "workflow.",
    "user.status.",
    "beacon.",
)
#: A draft is there for its writer alone (spec: 7A.1).
_PRIVATE = frozenset({"convo.draft.saved", "convo.thread.scheduled"})


def may_see(actor: Actor, fact: Fact) -> bool:
    """Whether the fact may be told to the actor: it is of their account and of nothing that they could not read."""
    if fact.account_id != actor.account_id:
        return False
    if not fact.type.startswith(_SHARED):
        return actor.is_administrator
    if fact.type in _PRIVATE and (fact.actor_kind, fact.actor_id) != (actor.kind, actor.user_id):
        return False
    return fact.scope_id is None or any(actor.sees_mailbox(mailbox_id) for mailbox_id in _mailboxes(fact))


def _mailboxes(fact: Fact) -> list[int]:
    """The mailbox that the fact belongs to; of a move both, so that it shows where the conversation leaves."""
    previous = fact.data.get("previous_mailbox_id")
    return [mailbox_id for mailbox_id in (fact.scope_id, previous) if isinstance(mailbox_id, int)]
