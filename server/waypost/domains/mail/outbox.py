"""What people do with mail that is on its way: call a reply back, send a failed one again, see how it stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec

from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.mail import store_sending
from waypost.domains.mail.sending import SEND_JOB
from waypost.kit.errors import Conflict
from waypost.kit.jobs import enqueue
from waypost.kit.tx import Tx


class Delivery(msgspec.Struct, frozen=True):
    """How the mail of a thread stands. `at` is when it leaves while it is queued, else when that state came about.

    `error` is the last server's words, also while it is tried again.
    """

    state: Literal["queued", "sent", "failed", "bounced", "undone"]
    at: datetime
    error: str | None


async def deliveries(tx: Tx, actor: Actor, thread_ids: Iterable[int]) -> dict[int, Delivery]:
    """How the mails of threads that the actor sees stand, by the thread's id; nothing for those that do not leave."""
    wanted = list(thread_ids)
    if not wanted:
        return {}
    rows = await store_sending.deliveries(tx.connection, actor.account_id, wanted)
    return {row["thread_id"]: Delivery(row["state"], row["at"], row["error"]) for row in rows}


async def undo(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> None:
    """Call a reply back before it leaves: it is a draft again. Also one that no server has taken yet.

    Raises NotFound; Forbidden for another user's, unless an administrator asks; Conflict when it has left or may have.
    """
    await conversations.hold_reply(tx, actor, conversation_id, thread_id)
    # Named before the log is read, if need be: whoever queues it meets this note, and then sees a draft.
    name = f"<undone-{actor.account_id}-{thread_id}@invalid>"
    if not await store_sending.call_back(tx.connection, actor.account_id, conversation_id, thread_id, name, tx.now):
        raise Conflict("the reply has left")
    await conversations.take_back(tx, actor, conversation_id, thread_id)


async def retry(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> None:
    """Send a reply again that failed or came back: to those whom it has not reached, under the same Message-ID.

    One that waits for its next try is tried at once. Raises NotFound, Forbidden as `undo`, Conflict when it has left.
    """
    await conversations.hold_reply(tx, actor, conversation_id, thread_id)
    note = await store_sending.state_of(tx.connection, actor.account_id, conversation_id, thread_id)
    state = note["state"] if note is not None else "queued"
    if state not in ("queued", "failed", "bounced"):
        raise Conflict("the reply has left")
    if note is not None and state != "queued":
        unreached = [text.partition(": ")[0] for text in note["refused"]] + list(note["remaining"] or ())
        await store_sending.retry(
            tx.connection, actor.account_id, conversation_id, thread_id, tx.now, list(dict.fromkeys(unreached)) or None
        )
    await enqueue(tx, SEND_JOB, {"account_id": actor.account_id, "thread_id": thread_id})
    await conversations.note_retried_reply(tx, actor, conversation_id, thread_id, has_failed=state != "queued")
