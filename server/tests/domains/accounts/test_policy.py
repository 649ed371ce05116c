"""Who may do what. Policies are pure, so the whole matrix is tried without a database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from waypost.domains.accounts import Actor, Dialect, OAuthApplication, Role, User, UserStatus, UserType, policy
from waypost.kit.errors import Forbidden

OWNER, ADMIN, USER = Role.OWNER, Role.ADMIN, Role.USER
MYSELF, SOMEONE = 1, 2
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def actor(role: Role) -> Actor:
    return Actor(account_id=1, kind="user", user_id=MYSELF, role=role)


def user(role: Role, user_id: int = SOMEONE) -> User:
    return User(
        id=user_id,
        type=UserType.USER,
        role=role,
        status=UserStatus.ACTIVE,
        first_name="A",
        last_name="B",
        email="a@example.com",
        timezone="UTC",
        photo_url="",
        job_title="",
        phone="",
        mention="",
        alternate_emails=[],
        created_at=MOMENT,
        updated_at=MOMENT,
    )


def application(user_id: int) -> OAuthApplication:
    return OAuthApplication(
        account_id=1,
        id=1,
        user_id=user_id,
        name="Sync",
        client_id="0" * 32,
        redirect_url="",
        dialect=Dialect.SEED,
        created_at=MOMENT,
    )


def is_allowed(check: Callable[[], None]) -> bool:
    try:
        check()
    except Forbidden:
        return False
    return True


@pytest.mark.parametrize(("giver", "allowed"), [(OWNER, {OWNER, ADMIN, USER}), (ADMIN, {ADMIN, USER}), (USER, set())])
def test_only_owners_make_owners(giver: Role, allowed: set[Role]) -> None:
    def may(role: Role) -> bool:
        return is_allowed(lambda: policy.may_give_role(actor(giver), role))

    assert set(filter(may, Role)) == allowed


@pytest.mark.parametrize(("doer", "allowed"), [(OWNER, {OWNER, ADMIN, USER}), (ADMIN, {ADMIN, USER}), (USER, set())])
def test_only_owners_change_an_owners_role(doer: Role, allowed: set[Role]) -> None:
    def may(before: Role) -> bool:
        return is_allowed(lambda: policy.may_change_role(actor(doer), user(before), USER))

    assert set(filter(may, Role)) == allowed


@pytest.mark.parametrize("role", list(Role))
def test_nobody_changes_their_own_role_or_removes_themselves(role: Role) -> None:
    me = user(role, MYSELF)

    def may(to: Role) -> bool:
        return is_allowed(lambda: policy.may_change_role(actor(role), me, to))

    assert not any(map(may, Role))
    assert not is_allowed(lambda: policy.may_remove(actor(role), me))


@pytest.mark.parametrize(("doer", "allowed"), [(OWNER, {ADMIN, USER}), (ADMIN, {ADMIN, USER}), (USER, set())])
def test_an_owner_is_never_removed(doer: Role, allowed: set[Role]) -> None:
    def may(role: Role) -> bool:
        return is_allowed(lambda: policy.may_remove(actor(doer), user(role)))

    assert set(filter(may, Role)) == allowed


def test_not_even_the_system_removes_an_owner() -> None:
    assert not is_allowed(lambda: policy.may_remove(Actor.system(1), user(OWNER)))


@pytest.mark.parametrize(("doer", "allowed"), [(OWNER, {OWNER, ADMIN, USER}), (ADMIN, {ADMIN, USER}), (USER, set())])
def test_administrators_change_details_but_not_an_owners(doer: Role, allowed: set[Role]) -> None:
    # With an owner's address an administrator could reset the owner's password.
    def may(role: Role) -> bool:
        return is_allowed(lambda: policy.may_update(actor(doer), user(role)))

    assert set(filter(may, Role)) == allowed


@pytest.mark.parametrize("role", list(Role))
def test_everybody_changes_their_own_details(role: Role) -> None:
    assert is_allowed(lambda: policy.may_update(actor(role), user(role, MYSELF)))


@pytest.mark.parametrize("role", list(Role))
def test_a_secret_is_for_the_applications_user_alone(role: Role) -> None:
    assert is_allowed(lambda: policy.may_hold_secret(actor(role), application(MYSELF)))
    assert not is_allowed(lambda: policy.may_hold_secret(actor(role), application(SOMEONE)))


@pytest.mark.parametrize(("role", "allowed"), [(OWNER, True), (ADMIN, True), (USER, False)])
def test_administrators_remove_anybodys_application(role: Role, *, allowed: bool) -> None:
    assert is_allowed(lambda: policy.may_administer_application(actor(role), application(SOMEONE))) is allowed


def test_a_customer_may_do_nothing_here() -> None:
    # Ids of customers and users may be equal.
    customer = Actor.for_customer(1, SOMEONE)
    for check in (
        lambda: policy.may_administer(customer),
        lambda: policy.may_update(customer, user(USER)),
        lambda: policy.may_register_application(customer),
        lambda: policy.may_administer_application(customer, application(SOMEONE)),
        lambda: policy.may_hold_secret(customer, application(0)),
    ):
        assert not is_allowed(check)
