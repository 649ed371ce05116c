"""What customers think of answers: one rating for each thread and customer, which may be changed (spec: 11.14)."""

from __future__ import annotations

from datetime import datetime, timedelta

from waypost.domains import customers
from waypost.domains.accounts import Actor, scope_of
from waypost.domains.conversations import events, locking, store_ratings, store_writes
from waypost.domains.conversations.models import Answer, Grade, Rating
from waypost.kit.errors import Conflict, Forbidden, Invalid, NotFound
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

COMMENTS_LIMIT = 2000
#: How long after rating customers may change their mind.
CHANGEABLE_FOR = timedelta(days=7)


class RatingFinal(Conflict):
    """The customer rated this a while ago; it stays."""


async def rate(tx: Tx, actor: Actor, thread_id: int, grade: Grade, comments: str = "") -> Rating:
    """Note what the customer who acts thinks of a reply to them; whoever calls has made sure who that is.

    Rating it again changes the rating; the same again changes nothing and emits nothing. Comments are plain text, no
    markup. Raises Forbidden for others than customers, NotFound for a thread that was not an agent's answer to this
    customer, Invalid for comments of more than 2,000 characters, RatingFinal for another rating more than seven days
    after the first, Unavailable while the conversation is locked.
    """
    if actor.kind != "customer":
        raise Forbidden
    account_id = actor.account_id
    text = clean_text(comments).replace("\r\n", "\n").strip()
    if len(text) > COMMENTS_LIMIT:
        raise Invalid.one("comments", f"size must be between 0 and {COMMENTS_LIMIT}", "Size", comments)
    customer_id, conversation_id = await _rateable(tx, actor, thread_id)
    conversation = await locking.lock(tx, actor, conversation_id)
    before = await store_ratings.find_of(tx.connection, account_id, thread_id, customer_id)
    if before is not None and (before.grade, before.comments) != (grade, text) and not may_change(before, tx.now):
        raise RatingFinal
    changed = await store_ratings.put(tx.connection, account_id, thread_id, customer_id, grade, text, tx.now)
    rating = await store_ratings.find_of(tx.connection, account_id, thread_id, customer_id)
    if rating is None:
        raise NotFound
    if changed is not None:
        await store_writes.touch(tx.connection, account_id, conversation.id, tx.now)
        tx.emit(
            actor,
            events.Rated(
                subject_id=conversation.id,
                scope_id=conversation.mailbox_id,
                rating_id=rating.id,
                thread_id=thread_id,
                rating=grade.value,
                customer_id=customer_id,
                user_id=rating.user.id if rating.user is not None else None,
            ),
        )
    return rating


def may_change(rating: Rating, now: datetime) -> bool:
    """Whether the customer can still rate anew."""
    return now < rating.created_at + CHANGEABLE_FOR


async def get_answer(tx: Tx, actor: Actor, thread_id: int) -> Answer:
    """What the customer who acts is asked about. Raises NotFound as rate does."""
    await _rateable(tx, actor, thread_id)
    found = await store_ratings.find_answer(tx.connection, actor.account_id, thread_id)
    if found is None:
        raise NotFound
    return found


async def _rateable(tx: Tx, actor: Actor, thread_id: int) -> tuple[int, int]:
    """Who the customer is by now, and the conversation of an answer to them. Raises NotFound."""
    customer_id = await customers.current_id(tx, actor.account_id, actor.customer_id)
    if customer_id is None:
        raise NotFound
    conversation_id = await store_ratings.find_rateable(tx.connection, actor.account_id, thread_id, customer_id)
    if conversation_id is None:
        raise NotFound
    return customer_id, conversation_id


async def find_own_rating(tx: Tx, actor: Actor, thread_id: int) -> Rating | None:
    """What the customer who acts thinks of a thread, if they have said so."""
    customer_id = await customers.current_id(tx, actor.account_id, actor.customer_id)
    if customer_id is None:
        return None
    return await store_ratings.find_of(tx.connection, actor.account_id, thread_id, customer_id)


async def get_rating(tx: Tx, actor: Actor, rating_id: int) -> Rating:
    """A rating, for those who see the conversation's mailbox. Raises NotFound."""
    found = await store_ratings.find(tx.connection, scope_of(actor), rating_id)
    if found is None:
        raise NotFound
    return found
