"""Who may do what to customers. Every user of an account sees and edits all of its customers, as on the platform."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.customers.errors import ConversationsInTheWay
from waypost.kit.errors import Forbidden, NotFound

#: More conversations than this are only deleted in the background (spec: 8.6).
MOST_DELETED_AT_ONCE = 100


def may_edit(actor: Actor, customer_id: int) -> None:
    """Users and the system edit any customer, a customer only themselves. Raises NotFound."""
    if actor.kind == "customer" and actor.customer_id != customer_id:
        raise NotFound


def may_delete(actor: Actor, total: int, visible: int, *, in_background: bool) -> None:
    """Only who sees all of a customer's conversations may delete them. Raises ConversationsInTheWay."""
    if actor.kind == "customer":
        raise Forbidden
    if visible < total or (total > MOST_DELETED_AT_ONCE and not in_background):
        raise ConversationsInTheWay


def may_edit_organizations(actor: Actor) -> None:
    """Any user may make, change and delete organizations. Raises Forbidden for customers."""
    if actor.kind == "customer":
        raise Forbidden


def may_merge(actor: Actor) -> None:
    """Any user: they see and edit all customers anyway. Raises Forbidden for customers."""
    if actor.kind == "customer":
        raise Forbidden


def may_define_properties(actor: Actor) -> None:
    """Any user may add a property. Raises Forbidden for customers."""
    if actor.kind == "customer":
        raise Forbidden


def may_administer_properties(actor: Actor) -> None:
    """Changing or removing a property touches all that have it: administrators only. Raises Forbidden."""
    if not actor.is_administrator:
        raise Forbidden
