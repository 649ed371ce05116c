"""Rules for mail that is imported: it is old, it is known or not, and some of it is the company's own."""

from __future__ import annotations

from waypost.domains.mail import finding, receiving, store_imported
from waypost.domains.mail.models import ReceivedMessage
from waypost.kit.tx import Tx


async def known_digests(tx: Tx, account_id: int, mailbox_id: int, digests: list[str]) -> set[str]:
    """Those of these messages (by the SHA-256 of their bytes) that were taken into the mailbox before."""
    return await store_imported.known_digests(tx.connection, account_id, mailbox_id, digests)


async def foresee(tx: Tx, account_id: int, mailbox_id: int, message: ReceivedMessage) -> bool | None:
    """What `receive` would make of a message: True for a thread of a conversation that is there, False for a new one,
    None for a duplicate. Changes nothing."""
    identity = finding.identity_of(message)
    if await store_imported.is_known(tx.connection, account_id, mailbox_id, message.message_id, identity):
        return None
    at = min(message.sent_at or tx.now, tx.now)
    found = await receiving.find_conversation(tx, account_id, mailbox_id, message, at)
    return found is not None


def subject_window_s() -> float:
    """How long after the last word, in seconds, a subject alone makes a message an answer."""
    return finding.SUBJECT_WINDOW.total_seconds()


def identity_of(message: ReceivedMessage) -> str:
    """What must agree beside the Message-ID for two messages to be the same one."""
    return finding.identity_of(message)
