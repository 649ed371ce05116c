"""What a user may do and whether they still may: roles, status, mailboxes. Each change counts at once everywhere."""

from __future__ import annotations

from waypost.domains.accounts import events, policy, rights, store_applications, store_tokens
from waypost.domains.accounts import store_users as store
from waypost.domains.accounts.errors import LastOwner
from waypost.domains.accounts.models import Actor, Role, User, UserStatus
from waypost.domains.accounts.users import locked
from waypost.kit.db import Connection
from waypost.kit.errors import Conflict, Invalid
from waypost.kit.tx import Tx


async def change_role(tx: Tx, actor: Actor, user_id: int, role: Role) -> User:
    """Give another role; the same one again changes nothing. Raises NotFound, Forbidden, LastOwner."""
    owners = await store.lock_owners(tx, actor.account_id, user_id)
    before = await locked(tx, actor, user_id)
    policy.may_change_role(actor, before, role)
    if before.role is role:
        return before
    if before.role is Role.OWNER and owners == [user_id]:
        raise LastOwner
    after = await store.set_role(tx, actor.account_id, user_id, role)
    await rights.changed(tx, actor.account_id, user_id)
    previous = before.role.value if before.role else ""
    tx.emit(actor, events.UserRoleChanged(subject_id=user_id, role=role.value, previous=previous))
    return after


async def accept_invitation(tx: Tx, account_id: int, user_id: int) -> User:
    """An invited user becomes active. Raises NotFound, Conflict when they are not invited (any more).

    The caller has proven that it is them and sets their password.
    """
    actor = Actor(account_id=account_id, kind="user", user_id=user_id)
    before = await locked(tx, actor, user_id)
    if before.status is not UserStatus.INVITED:
        raise Conflict("user is not invited")
    after = await store.set_status(tx, account_id, user_id, UserStatus.ACTIVE)
    tx.emit(actor, events.UserActivated(subject_id=user_id))
    return after


async def deactivate_user(tx: Tx, actor: Actor, user_id: int) -> User:
    """Shut a user out: sessions and tokens end at once, applications of theirs stop (spec: 2.1). Repeating is fine."""
    before = await locked(tx, actor, user_id)
    policy.may_remove(actor, before)
    if before.status is UserStatus.DEACTIVATED:
        return before
    after = await store.set_status(tx, actor.account_id, user_id, UserStatus.DEACTIVATED)
    await _end_credentials(tx, actor.account_id, user_id)
    tx.emit(actor, events.UserDeactivated(subject_id=user_id))
    return after


async def reactivate_user(tx: Tx, actor: Actor, user_id: int) -> User:
    """Let a deactivated user back in; old sessions and tokens stay ended. Raises Conflict for an invited one."""
    before = await locked(tx, actor, user_id)
    policy.may_administer(actor)
    if before.status is UserStatus.ACTIVE:
        return before
    if before.status is not UserStatus.DEACTIVATED:
        raise Conflict("user has not accepted the invitation yet")
    after = await store.set_status(tx, actor.account_id, user_id, UserStatus.ACTIVE)
    await rights.changed(tx, actor.account_id, user_id)
    tx.emit(actor, events.UserActivated(subject_id=user_id))
    return after


async def delete_user(tx: Tx, actor: Actor, user_id: int) -> None:
    """Remove a user for good, with applications, keys and memberships. What they wrote stays under their name."""
    # Applications before the user: the order in which the token endpoint locks.
    await store_applications.lock_applications_of(tx, actor.account_id, user_id)
    before = await locked(tx, actor, user_id)
    policy.may_remove(actor, before)
    await store.set_status(tx, actor.account_id, user_id, UserStatus.DELETED)
    for application_id in await store_applications.delete_applications_of(tx, actor.account_id, user_id):
        await store_tokens.revoke_tokens_of_application(tx, actor.account_id, application_id)
        tx.emit(actor, events.ApplicationDeleted(subject_id=application_id))
    await store.forget_person(tx, actor.account_id, user_id)
    await store_tokens.revoke_api_keys_of(tx, actor.account_id, user_id)
    await _end_credentials(tx, actor.account_id, user_id)
    tx.emit(actor, events.UserDeleted(subject_id=user_id))


async def _end_credentials(tx: Tx, account_id: int, user_id: int) -> None:
    await store_tokens.revoke_tokens_of_user(tx, account_id, user_id)
    await store.end_sign_ins(tx, account_id, user_id)
    await rights.changed(tx, account_id, user_id)


async def grant_mailbox(tx: Tx, actor: Actor, user_id: int, mailbox_id: int) -> None:
    """Let a user see a mailbox; repeating is fine. Owners and administrators see all without it."""
    policy.may_administer(actor)
    await locked(tx, actor, user_id)
    is_new = await store.insert_mailbox_access(tx, actor.account_id, user_id, mailbox_id)
    if is_new is None:
        raise Invalid.one("mailboxId", "mailbox does not exist", "Unknown", mailbox_id)
    if is_new:
        await rights.changed(tx, actor.account_id, user_id)
        tx.emit(actor, events.MailboxGranted(subject_id=user_id, mailbox_id=mailbox_id))


async def revoke_mailbox(tx: Tx, actor: Actor, user_id: int, mailbox_id: int) -> None:
    """Hide a mailbox from a user; repeating is fine."""
    policy.may_administer(actor)
    await locked(tx, actor, user_id)
    if await store.delete_mailbox_access(tx, actor.account_id, user_id, mailbox_id):
        await rights.changed(tx, actor.account_id, user_id)
        tx.emit(actor, events.MailboxRevoked(subject_id=user_id, mailbox_id=mailbox_id))


async def actor_for_user(connection: Connection, account_id: int, user_id: int) -> Actor | None:
    """The active user with role and mailboxes; None for everybody else. One query."""
    return await store.find_actor(connection, account_id, user_id)
