"""Whether a received message may be answered by a program: not to loop, and not to be used for flooding others."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import msgspec

from waypost.domains.mail import store_answering
from waypost.kit.tx import Tx

#: One address gets so many automatic answers of an account in a window, whatever it writes.
MOST_PER_ADDRESS = 1
#: A mailbox gives so many in a window: forged mail from thousands of addresses is no busy day.
MOST_PER_MAILBOX = 300
WINDOW = timedelta(hours=1)


class MayAnswer(msgspec.Struct, frozen=True):
    """Whether an automatic answer may leave. `reason` is a stable word where it may not, and empty where it may.

    `no-address`, `null-sender`, `own-message`, `own-address`, `list`, `automatic`, `no-reply`, `spam`, `forged`,
    `not-received` (nothing is known of how it came in: imported, or no mail), `is-spam` (the conversation's status),
    `answered-before`, `address-budget`, `mailbox-budget`.
    """

    is_allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.is_allowed


async def may_answer(tx: Tx, account_id: int, thread_id: int) -> MayAnswer:
    """Whether the customer's message `thread_id` may be answered automatically, now. A yes is a promise to do so.

    Call it in the transaction that makes or queues the answer, after everything else that could stop it: a yes takes
    from the budgets (once per conversation, one per address and hour, 300 per mailbox and hour), a rollback gives it
    back. Asked again for the same conversation the answer is no. Two transactions that ask at once are told one after
    the other.
    """
    found = await store_answering.question(tx.connection, account_id, thread_id)
    if found is None:
        return MayAnswer(False, "not-received")
    if found.unanswerable:
        return MayAnswer(False, found.unanswerable)
    if found.is_spam:
        return MayAnswer(False, "is-spam")
    return await may_write(tx, account_id, found.conversation_id, found.mailbox_id, found.address)


async def may_write(tx: Tx, account_id: int, conversation_id: int, mailbox_id: int, address: str) -> MayAnswer:
    """The same for an automatic mail that a caller of the API has asked for: only the budgets speak against it."""
    if not await store_answering.claim_conversation(tx.connection, account_id, conversation_id, tx.now):
        return MayAnswer(False, "answered-before")
    budgets = (
        (f"address {_unnamed(address)}", MOST_PER_ADDRESS, "address-budget"),
        (f"mailbox {mailbox_id}", MOST_PER_MAILBOX, "mailbox-budget"),
    )
    for name, most, reason in budgets:
        if not await store_answering.take(tx.connection, account_id, name, most, tx.now, WINDOW):
            return MayAnswer(False, reason)
    return MayAnswer(True)


def _unnamed(address: str) -> str:
    """Counted without being kept: the address may be erased."""
    return hashlib.sha256(address.lower().encode()).hexdigest()[:32]
