"""Who may do what in the knowledge base (spec: 10). Pure functions that raise or return nothing."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.docs.models import Level
from waypost.kit.errors import Forbidden


def may_read(actor: Actor) -> None:
    """Users and the system. What visitors see is a matter of queries of their own. Raises Forbidden."""
    if actor.kind == "customer":
        raise Forbidden("users only")


def may_edit_articles(actor: Actor, level: Level) -> None:
    """Raises Forbidden."""
    may_read(actor)
    if level is Level.READ:
        raise Forbidden("may not edit articles")


def may_manage(actor: Actor, level: Level) -> None:
    """Sites, collections, categories, redirects, restrictions and the site's own files. Raises Forbidden."""
    may_read(actor)
    if level is not Level.MANAGE:
        raise Forbidden("may not change sites, collections and categories")


def may_give_rights(actor: Actor) -> None:
    """Owners, administrators and the system. Raises Forbidden."""
    if not actor.is_administrator:
        raise Forbidden("administrators only")
