"""Mail that came back: what a report of failed delivery does to the reply that it is about."""

from __future__ import annotations

from waypost.domains import conversations
from waypost.domains.accounts import Actor
from waypost.domains.mail import store_bounces
from waypost.domains.mail.models import Bounce, FailedRecipient
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

    A reply counts as bounced once anybody whom it went to could not be reached; an address that failed for good is
    marked until mail comes from it.
    """
    failed = [one for one in bounce.recipients if one.email.lower() in returned.recipients]
    if bounce.kind == "delayed" or not failed:
        return False
    detail = "; ".join(map(_told, failed))[:_LONGEST_DETAIL]
    is_news = await store_bounces.mark_mail(tx.connection, account_id, returned.thread_id, tx.now, detail)
    if bounce.kind == "permanent":
        for one in failed:
            await store_bounces.mark_address(tx.connection, account_id, one.email, tx.now, _told(one)[:_LONGEST_DETAIL])
    if is_news:
        desk = Actor.system(account_id)
        await conversations.note_bounce(
            tx, desk, returned.conversation_id, returned.thread_id, detail, reopens=returned.is_by_user
        )
    return is_news


def _told(one: FailedRecipient) -> str:
    said = " ".join(part for part in (one.status, " ".join(one.diagnostic.split())) if part)
    return f"{one.email}: {said}" if said else one.email
