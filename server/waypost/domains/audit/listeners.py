"""The subscriber of the event log that writes the trail."""

from __future__ import annotations

import msgspec

from waypost.domains.audit import store
from waypost.domains.audit.models import FIRST_DIGEST, Entry
from waypost.kit.events import Fact
from waypost.kit.tx import Tx

NAME = "audit"

# The trail cannot be changed, so nothing goes into it that must be forgotten one day: it says that a subject was
# edited, not what it said. All other facts hold ids and words of the platform's own.
_ORGANIZATION = frozenset({"name", "domains"})  # a sole trader's are a person's
_CONTENT = {
    "convo.subject": frozenset({"previous"}),
    "organization.created": _ORGANIZATION,
    "organization.updated": _ORGANIZATION,
    "organization.deleted": _ORGANIZATION,
}


async def on_facts(tx: Tx, facts: list[Fact]) -> None:
    """Append one entry a fact, chained per account."""
    ends = await store.last(tx.connection, list({fact.account_id for fact in facts}))
    entries = []
    for fact in facts:
        last_id, last_digest = ends.get(fact.account_id, (0, FIRST_DIGEST))
        entry = _entry(fact, last_id + 1, last_digest)
        ends[fact.account_id] = (entry.id, entry.digest)
        entries.append(entry)
    await store.insert(tx.connection, entries)


def _entry(fact: Fact, entry_id: int, previous: bytes) -> Entry:
    content = _CONTENT.get(fact.type, frozenset())
    bare = Entry(
        account_id=fact.account_id,
        id=entry_id,
        event_id=fact.id,
        at=fact.at,
        type=fact.type,
        actor_kind=fact.actor_kind,
        actor_id=fact.actor_id,
        subject_kind=fact.subject_kind,
        subject_id=fact.subject_id,
        data={name: value for name, value in fact.data.items() if name not in content},
        digest=b"",
    )
    return msgspec.structs.replace(bare, digest=bare.digest_after(previous))
