"""Who may do what to workflows: pure rules."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.kit.errors import Forbidden


def may_manage(actor: Actor) -> None:
    """Only administrators make, change, order and switch workflows. Asked after the mailbox: others' do not exist."""
    if not actor.is_administrator:
        raise Forbidden


def may_file_under(actor: Actor, mailbox_id: int) -> None:
    """A mailbox that the caller names itself and cannot see is refused, not missing (spec: 5.1)."""
    if not actor.sees_mailbox(mailbox_id):
        raise Forbidden
