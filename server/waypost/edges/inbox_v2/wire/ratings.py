"""Ratings (spec: 11.14)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.conversations import Person, Rating
from waypost.edges.inbox_v2.hal import Link, Links
from waypost.edges.inbox_v2.wire.times import stamp


class RaterOut(msgspec.Struct, frozen=True, rename="camel"):
    """The customer who rated, with names spelled as customers have them."""

    id: int
    first_name: str
    last_name: str
    email: str
    photo_url: str


class RatedUserOut(msgspec.Struct, frozen=True, rename="camel"):
    """The user whose reply was rated."""

    id: int
    first_name: str
    last_name: str
    email: str


class RatingOut(msgspec.Struct, frozen=True, rename="camel"):
    """A rating. `user` is absent when who wrote the reply is not known."""

    id: int
    thread_id: int
    conversation_id: int
    conversation_number: int
    mailbox_id: int
    rating: str
    comments: str
    customer: RaterOut
    created_at: str
    modified_at: str
    links: Links = msgspec.field(name="_links")
    user: RatedUserOut | UnsetType = UNSET

    @classmethod
    def of(cls, item: Rating, base_url: str) -> RatingOut:
        """Render."""
        customer, user = item.customer, item.user
        links = {
            "self": Link(f"{base_url}/v2/ratings/{item.id}"),
            "conversation": Link(f"{base_url}/v2/conversations/{item.conversation_id}"),
            "mailbox": Link(f"{base_url}/v2/mailboxes/{item.mailbox_id}"),
            "customer": Link(f"{base_url}/v2/customers/{customer.id}"),
        }
        if user is not None:
            links["user"] = Link(f"{base_url}/v2/users/{user.id}")
        return cls(
            id=item.id,
            thread_id=item.thread_id,
            conversation_id=item.conversation_id,
            conversation_number=item.conversation_number,
            mailbox_id=item.mailbox_id,
            rating=item.grade.value,
            comments=item.comments,
            customer=RaterOut(customer.id, customer.first, customer.last, customer.email, customer.photo_url),
            created_at=stamp(item.created_at),
            modified_at=stamp(item.modified_at),
            links=links,
            user=_user(user),
        )


def _user(user: Person | None) -> RatedUserOut | UnsetType:
    return RatedUserOut(user.id, user.first, user.last, user.email) if user is not None else UNSET
