"""Who may read the audit trail."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.kit.errors import Forbidden


def may_read(actor: Actor) -> None:
    """Owners and administrators. Raises Forbidden."""
    if not actor.is_administrator:
        raise Forbidden("administrators only")
