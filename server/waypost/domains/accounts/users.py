"""Accounts and users: making them, changing their details, and reading them. Rights and status: `membership`."""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import details as rules
from waypost.domains.accounts import events, policy
from waypost.domains.accounts import store_users as store
from waypost.domains.accounts.models import (
    Account,
    Actor,
    NewUser,
    Role,
    Scope,
    SystemUser,
    User,
    UserPatch,
    UserStatus,
    UserType,
)
from waypost.kit.errors import NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

WORKFLOW_USER = "Workflow"  # spec: 11.9
_ACCOUNT_NAME_LENGTH = 200

_LISTED = [UserStatus.ACTIVE, UserStatus.INVITED]  # spec: 11.7
_LISTED_WITH_DEACTIVATED = [*_LISTED, UserStatus.DEACTIVATED]


async def create_account(tx: Tx, name: str, owner: NewUser, *, password_hash: str | None = None) -> Account:
    """A company's desk with its owner and the system user that workflows act as. Raises Invalid, AddressTaken."""
    rules.check(owner)
    rules.check_name("name", name, _ACCOUNT_NAME_LENGTH)
    account_id = await store.insert_account(tx, name.strip())
    by = Actor.system(account_id)
    tx.emit(by, events.AccountCreated(subject_id=account_id))
    made = await _insert(tx, by, owner, Role.OWNER, UserStatus.ACTIVE, password_hash)
    await store.insert_user(
        tx, account_id, NewUser(email="", first_name=WORKFLOW_USER, mention=""), kind=UserType.SYSTEM_USER
    )
    return Account(account_id, name.strip(), made)


async def list_accounts(tx: Tx) -> list[tuple[int, str]]:
    """Id and name of every account. For who runs the installation; nobody's credential reaches further than one."""
    return await store.list_accounts(tx)


async def create_user(
    tx: Tx, actor: Actor, new: NewUser, role: Role = Role.USER, *, password_hash: str | None = None
) -> User:
    """An active user. Without a password they sign in after a password reset only. Raises Invalid, AddressTaken."""
    policy.may_give_role(actor, role)
    rules.check(new)
    return await _insert(tx, actor, new, role, UserStatus.ACTIVE, password_hash)


async def invite_user(tx: Tx, actor: Actor, new: NewUser, role: Role = Role.USER) -> User:
    """A user who is listed, but cannot do anything before accepting. Sending the invitation is the caller's."""
    policy.may_give_role(actor, role)
    rules.check(new)
    return await _insert(tx, actor, new, role, UserStatus.INVITED, None)


async def _insert(
    tx: Tx, actor: Actor, new: NewUser, role: Role, status: UserStatus, password_hash: str | None
) -> User:
    if not new.mention:
        await store.lock_account(tx, actor.account_id)
        taken = await store.list_mentions(tx, actor.account_id)
        new = msgspec.structs.replace(new, mention=rules.mention_for(new.first_name, new.email.split("@")[0], taken))
    user = await store.insert_user(tx, actor.account_id, new, role=role, status=status, password_hash=password_hash)
    made = events.UserInvited if status is UserStatus.INVITED else events.UserCreated
    tx.emit(actor, made(subject_id=user.id, role=role.value))
    return user


async def update_user(tx: Tx, actor: Actor, user_id: int, patch: UserPatch) -> User:
    """Change details. What stands there already changes nothing. Raises NotFound, Forbidden, Invalid, AddressTaken."""
    before = await locked(tx, actor, user_id)
    policy.may_update(actor, before)
    rules.check(patch)
    changed = [
        name
        for name, value in msgspec.structs.asdict(patch).items()
        if value is not msgspec.UNSET and value != getattr(before, name)
    ]
    if not changed:
        return before
    after = await store.update_user(tx, actor.account_id, user_id, patch)
    if "email" in changed:
        # A reset link that went to the old address must not open the user any more.
        await store.end_mailed_links(tx, actor.account_id, user_id)
    tx.emit(actor, events.UserUpdated(subject_id=user_id, changed=changed))
    return after


async def locked(tx: Tx, actor: Actor, user_id: int) -> User:
    """The user, kept from changing until the transaction ends. Raises NotFound."""
    user = await store.lock_user(tx, actor.account_id, user_id)
    if user is None:
        raise NotFound("no such user")
    return user


async def get_user(tx: Tx, scope: Scope, user_id: int) -> User:
    """A user or a team that is not deleted. Raises NotFound."""
    user = await store.find_user(tx, scope, user_id)
    if user is None or not policy.is_visible(user):
        raise NotFound("no such user")
    return user


async def load_users(tx: Tx, account_id: int, ids: list[int]) -> dict[int, User]:
    """Users, teams and actors of the platform for the desk itself (webhooks), whatever has become of them."""
    found = await store.load_users(tx.connection, account_id, ids) if ids else []
    return {user.id: user for user in found}


async def list_users(
    tx: Tx,
    scope: Scope,
    page: PageRequest,
    *,
    email: str | None = None,
    mailbox_id: int | None = None,
    with_deactivated: bool = False,
) -> Page[User]:
    """Users by name, invited too; with a mailbox, those who see it. Raises Forbidden for one out of reach."""
    if mailbox_id is not None:
        policy.may_see_mailbox(scope, mailbox_id)
    statuses = _LISTED_WITH_DEACTIVATED if with_deactivated else _LISTED
    return await store.list_users(tx, scope, statuses, email, mailbox_id, page)


async def list_system_users(tx: Tx, scope: Scope, page: PageRequest) -> Page[SystemUser]:
    """The platform's own actors (spec: 11.9)."""
    return await store.list_system_users(tx, scope, page)


async def platform_actor(tx: Tx, account_id: int) -> Actor:
    """The system, acting as the account's system user, so that what it does has a name (spec: 11.9)."""
    page = await store.list_system_users(tx, Scope(account_id, 0, None), PageRequest(1, 1))
    return Actor(account_id=account_id, kind="system", user_id=page.items[0].id if page.items else 0)


async def get_system_user(tx: Tx, scope: Scope, user_id: int) -> SystemUser:
    """One of the platform's own actors. Raises NotFound."""
    user = await store.find_system_user(tx, scope, user_id)
    if user is None:
        raise NotFound("no such system user")
    return user
