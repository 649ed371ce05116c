"""Mail that came back: what a report of failed delivery does to the reply that it is about."""

from __future__ import annotations

import msgspec

from waypost.domains import conversations, customers
from waypost.domains.accounts import Actor
from waypost.domains.mail import events, store_bounces
from waypost.domains.mail.models import Bounce, FailedRecipient
from waypost.domains.mail.signed_ids import read_token
from waypost.domains.mail.store_bounces import Returned
from waypost.kit.tx import Tx

_LONGEST_DETAIL = 1000


async def returned_mail(tx: Tx, account_id: int, bounce: Bounce | None) -> Returned | None:
    """The reply that a bounce is about, locked: one whose Message-ID, which only its recipients know, it gives."""
    if bounce is None or not bounce.original_message_id:
        return None
    return await store_bounces.returned(tx.connection, account_id, bounce.original_message_id)


async def note(tx: Tx, account_id: int, returned: Returned, bounce: Bounce) -> bool:
    """Note that a reply did not arrive; whether that is news. Delays are no failures, and others' addresses no matter.

    A reply counts as bounced once anybody whom it went to could not be reached, and is sent again to those alone. While
    it still leaves for others it stays on its way. An address that failed for good is marked until mail comes from it.
    """
    failed = [one for one in bounce.recipients if one.email.lower() in returned.recipients]
    if bounce.kind == "delayed" or not failed:
        return False
    detail = "; ".join(map(_told, failed))[:_LONGEST_DETAIL]
    is_news = await _mark(tx, account_id, returned, failed)
    if bounce.kind == "permanent":
        for one in failed:
            await customers.note_bounced_address(tx, account_id, one.email, _told(one)[:_LONGEST_DETAIL])
    if is_news:
        desk = Actor.system(account_id)
        await conversations.note_bounce(
            tx,
            desk,
            returned.conversation_id,
            returned.thread_id,
            detail,
            reopens=returned.is_by_user,
            is_by_workflow=returned.is_by_workflow,
        )
    return is_news


def note_letter(tx: Tx, key: bytes, account_id: int, bounce: Bounce) -> None:
    """Say in the log that a mail beside the replies came back for good: whoever wrote it knows whom it was for."""
    sent = read_token(key, bounce.original_message_id or "")
    if sent is None or (sent.account_id, sent.purpose, sent.thread_id) != (account_id, "reply", 0) or not sent.serial:
        return
    if bounce.kind == "permanent" and bounce.recipients:
        failed = {one.email.lower(): _told(one)[:_LONGEST_DETAIL] for one in bounce.recipients}
        tx.emit(
            Actor.system(account_id),
            events.LetterReturned(subject_id=sent.conversation_id, serial=sent.serial, failed=failed),
        )


async def _mark(tx: Tx, account_id: int, returned: Returned, failed: list[FailedRecipient]) -> bool:
    held = await store_bounces.lock_mail(tx.connection, account_id, returned.thread_id)
    # Nobody is known to have got it: then it is everybody who gets it again.
    is_for_all = held is not None and held["state"] in ("failed", "bounced") and not held["refused"]
    if held is None or (is_for_all and held["state"] == "bounced"):
        return False
    known = {text.partition(": ")[0].lower() for text in held["refused"]}
    if held["state"] == "queued":
        # Whoever has yet to get it is not whom this is about, but the try before.
        known |= returned.recipients.keys() if held["remaining"] is None else {one.lower() for one in held["remaining"]}
    fresh = {one.email.lower(): one for one in failed if one.email.lower() not in known}
    if not fresh:
        return False
    refused = [
        _told(msgspec.structs.replace(one, email=returned.recipients[email]))[:_LONGEST_DETAIL]
        for email, one in fresh.items()
    ]
    await store_bounces.mark_mail(
        tx.connection,
        account_id,
        returned.thread_id,
        tx.now,
        "; ".join(refused)[:_LONGEST_DETAIL],
        [] if is_for_all else refused,
    )
    return True


def _told(one: FailedRecipient) -> str:
    said = " ".join(part for part in (one.status, " ".join(one.diagnostic.split())) if part)
    return f"{one.email}: {said}" if said else one.email
