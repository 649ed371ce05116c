"""Who may do what to users, teams and applications. Pure functions that raise Forbidden or return nothing."""

from __future__ import annotations

from waypost.domains.accounts.models import Actor, OAuthApplication, Role, Scope, User, UserType
from waypost.kit.errors import Forbidden


def may_administer(actor: Actor) -> None:
    """Owners, administrators and the system."""
    if not actor.is_administrator:
        raise Forbidden("administrators only")


def may_give_role(actor: Actor, role: Role) -> None:
    """Administrators give every role but owner, which only an owner gives."""
    may_administer(actor)
    if role is Role.OWNER and not _is_at_the_top(actor):
        raise Forbidden("only an owner makes owners")


def may_change_role(actor: Actor, user: User, role: Role) -> None:
    """As for giving; nobody changes their own role, and an owner's is changed by another owner only."""
    may_give_role(actor, role)
    _not_oneself(actor, user)
    if user.role is Role.OWNER and not _is_at_the_top(actor):
        raise Forbidden("only an owner changes an owner's role")


def may_remove(actor: Actor, user: User) -> None:
    """Shut out or delete: administrators, never themselves, and never an owner (who must hand over first)."""
    may_administer(actor)
    _not_oneself(actor, user)
    if user.role is Role.OWNER:
        raise Forbidden("the owner cannot be removed")


def may_update(actor: Actor, user: User) -> None:
    """Oneself, or administrators. An owner's details are the owner's: who holds the address can reset the password."""
    if actor.kind == "system" or (actor.kind == "user" and actor.user_id == user.id):
        return
    may_administer(actor)
    if user.role is Role.OWNER and not _is_at_the_top(actor):
        raise Forbidden("an owner's details are changed by owners")


def may_set_availability(actor: Actor, user: User) -> None:
    """One's own; owners and administrators others' too (spec: 11.8)."""
    if actor.kind == "user" and actor.user_id == user.id:
        return
    may_administer(actor)


def may_register_application(actor: Actor) -> None:
    """An application acts as somebody, so only people register one."""
    if actor.kind != "user":
        raise Forbidden("an application belongs to a user")


def may_administer_application(actor: Actor, application: OAuthApplication) -> None:
    """Rename or delete: its user, or administrators."""
    if not _is_of(actor, application):
        may_administer(actor)


def may_hold_secret(actor: Actor, application: OAuthApplication) -> None:
    """Its user only. Whoever holds the secret acts as that user, so an administrator must not get it."""
    if actor.kind != "system" and not _is_of(actor, application):
        raise Forbidden("only the user of an application gets its secret")


def may_see_mailbox(scope: Scope, mailbox_id: int) -> None:
    """A mailbox named by the caller that is not theirs is 403 (spec: 5.1)."""
    if scope.mailbox_ids is not None and mailbox_id not in scope.mailbox_ids:
        raise Forbidden("mailbox is out of reach")


def is_visible(user: User) -> bool:
    """Whether the user or team is shown under its id: not the platform's own actors, which have another address."""
    return user.type is not UserType.SYSTEM_USER


def _is_at_the_top(actor: Actor) -> bool:
    return actor.kind == "system" or actor.role is Role.OWNER


def _is_of(actor: Actor, application: OAuthApplication) -> bool:
    return actor.kind == "user" and actor.user_id == application.user_id


def _not_oneself(actor: Actor, user: User) -> None:
    if actor.kind == "user" and actor.user_id == user.id:
        raise Forbidden("not to oneself")
