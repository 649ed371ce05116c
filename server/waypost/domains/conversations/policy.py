"""Who may do what to conversations: pure rules over an actor and what is at hand."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.kit.errors import Forbidden, NotFound


def may_file_under(actor: Actor, mailbox_id: int) -> None:
    """Starting or moving a conversation: 403, because the caller named the mailbox itself (spec: 5.1)."""
    if not actor.sees_mailbox(mailbox_id):
        raise Forbidden


def may_see(actor: Actor, mailbox_id: int) -> None:
    """Reading or changing one: what is outside the caller's mailboxes does not exist for it."""
    if not actor.sees_mailbox(mailbox_id):
        raise NotFound


def may_edit_threads(actor: Actor) -> None:
    """Only administrators edit or hide threads (spec: 7A.3)."""
    if not actor.is_administrator:
        raise Forbidden


def may_administer_tags(actor: Actor) -> None:
    """Tags belong to the whole account; putting one on a conversation needs no more than seeing it."""
    if not actor.is_administrator:
        raise Forbidden


def may_delete(actor: Actor) -> None:
    """Plain users do not delete conversations (spec: 7.5 `403 when the user's role may not delete`)."""
    if not actor.is_administrator:
        raise Forbidden
