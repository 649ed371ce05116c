from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from tests.domains.accounts.make import Desk, person
from waypost.domains import accounts
from waypost.domains.accounts import (
    AddressTaken,
    LastOwner,
    NewUser,
    Role,
    User,
    UserPatch,
    UserStatus,
    UserType,
    details,
    scope_of,
)
from waypost.kit.errors import Invalid, NotFound
from waypost.kit.paging import PageRequest

ALL = PageRequest(1, 50)


async def listed(desk: Desk, **filters: object) -> list[str]:
    async with desk.transactions.read() as tx:
        page = await accounts.list_users(tx, scope_of(desk.owner), ALL, **filters)  # type: ignore[arg-type]
    return [user.first_name for user in page.items]


async def stored(desk: Desk, user_id: int) -> User:
    async with desk.transactions.read() as tx:
        return await accounts.get_user(tx, scope_of(desk.owner), user_id)


# ---------------------------------------------------------------- making


async def test_a_new_account_has_an_owner_a_workflow_user_and_a_counter(desk: Desk) -> None:
    assert desk.owner.role is Role.OWNER
    assert desk.owner.mailbox_ids is None
    async with desk.transactions.read() as tx:
        page = await accounts.list_system_users(tx, scope_of(desk.owner), ALL)
        count = await tx.connection.fetchval(
            "select conversation_number from account_counter where account_id = $1", desk.account_id
        )
    assert [user.name for user in page.items] == ["Workflow"]
    assert count == 0
    assert await desk.facts() == ["account.created", "user.created"]


async def test_a_new_user_has_the_least_rights(desk: Desk) -> None:
    user = await desk.user("Ann", timezone="Europe/Vienna")
    assert (user.role, user.status, user.type) == (Role.USER, UserStatus.ACTIVE, UserType.USER)
    assert user.timezone == "Europe/Vienna"
    assert (await desk.actor("Bob")).mailbox_ids == frozenset()


@pytest.mark.parametrize("status", [UserStatus.ACTIVE, UserStatus.INVITED, UserStatus.DEACTIVATED])
async def test_an_address_belongs_to_one_user_whatever_its_case_and_account(desk: Desk, status: UserStatus) -> None:
    other = await Desk.new(desk.transactions)
    new = person("Ann", email="ann@example.com")
    async with desk.transactions.open() as tx:
        if status is UserStatus.INVITED:
            await accounts.invite_user(tx, desk.owner, new)
        else:
            user = await accounts.create_user(tx, desk.owner, new)
            if status is UserStatus.DEACTIVATED:
                await accounts.deactivate_user(tx, desk.owner, user.id)
    with pytest.raises(AddressTaken):
        await other.user("Ann", email="ANN@example.com")


async def test_the_address_of_a_deleted_user_is_free(desk: Desk) -> None:
    user = await desk.user("Ann", email="ann@example.com")
    async with desk.transactions.open() as tx:
        await accounts.delete_user(tx, desk.owner, user.id)
    assert (await desk.user("Ann", email="ann@example.com")).id != user.id


async def test_of_two_users_made_at_once_with_one_address_one_is(desk: Desk) -> None:
    outcomes = await asyncio.gather(
        *[desk.user("Ann", email="ann@example.com") for _ in range(4)], return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["AddressTaken"] * 3 + ["User"]


async def test_mentions_are_made_up_and_differ(desk: Desk) -> None:
    users = await asyncio.gather(*[desk.user("Ann Marie") for _ in range(3)])
    assert sorted(user.mention for user in users) == ["annmarie", "annmarie2", "annmarie3"]
    assert (await desk.user("李", email="li@example.com")).mention == "李"
    assert (await desk.user("***", email="star@example.com")).mention == "star"


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("email", "", "NotEmpty"),
        ("email", "no address", "Email"),
        ("email", "two@example.com, three@example.com", "Email"),
        ("email", "Name <a@example.com>", "Email"),
        ("email", "a@example", "Email"),
        ("email", "@example.com", "Email"),
        ("email", "a" * 250 + "@example.com", "Email"),
        ("email", "a@example.com\r\nBcc: b@example.com", "Type"),
        ("first_name", " ", "NotEmpty"),
        ("first_name", "x" * 41, "Size"),
        ("last_name", "a\x00b", "Type"),
        ("last_name", "\ud800", "Type"),
        ("timezone", "Mars/Olympus", "EnumValue"),
        ("timezone", "../../etc/passwd", "EnumValue"),
        ("photo_url", "javascript:alert(1)", "Type"),
        ("mention", "two words", "Type"),
    ],
)
def test_bad_details_are_refused(field: str, value: str, kind: str) -> None:
    good = {"email": "ann@example.com", "first_name": "Ann"}
    for sent in (NewUser(**{**good, field: value}), UserPatch(**{field: value})):  # type: ignore[arg-type]
        with pytest.raises(Invalid) as refused:
            details.check(sent)
        assert [error.kind for error in refused.value.errors] == [kind]


async def test_all_bad_details_are_named_at_once(desk: Desk) -> None:
    alternate_emails = ["ok@example.com", "bad"]
    new = NewUser(email="x", first_name="", timezone="x", alternate_emails=alternate_emails)
    paths = ["email", "firstName", "timezone", "alternateEmails[1]"]
    async with desk.transactions.open() as tx:
        for verb in (accounts.create_user, accounts.invite_user):
            with pytest.raises(Invalid) as made:
                await verb(tx, desk.owner, new)
            assert [error.path for error in made.value.errors] == paths
        patch = UserPatch(timezone="x", alternate_emails=alternate_emails)
        with pytest.raises(Invalid) as changed:
            await accounts.update_user(tx, desk.owner, desk.owner.user_id, patch)
    assert [error.path for error in changed.value.errors] == paths[2:]


# ---------------------------------------------------------------- changing


async def test_a_change_touches_what_it_names_only(desk: Desk) -> None:
    before = await desk.user("Ann", job_title="Lead")
    async with desk.transactions.open() as tx:
        after = await accounts.update_user(tx, desk.owner, before.id, UserPatch(last_name="Other", phone=""))
    assert after == msgspec.structs.replace(before, last_name="Other")
    assert (await desk.facts("user.updated")) == ["user.updated"]


async def test_changing_nothing_says_nothing(desk: Desk) -> None:
    before = await desk.user("Ann")
    async with desk.transactions.open() as tx:
        assert await accounts.update_user(tx, desk.owner, before.id, UserPatch(first_name="Ann")) == before
    assert await desk.facts("user.updated") == []


async def test_an_address_cannot_be_changed_to_a_taken_one(desk: Desk) -> None:
    ann, ben = await desk.user("Ann"), await desk.user("Ben")
    async with desk.transactions.open() as tx:
        with pytest.raises(AddressTaken):
            await accounts.update_user(tx, desk.owner, ann.id, UserPatch(email=ben.email.upper()))
        # The transaction is still usable.
        await accounts.update_user(tx, desk.owner, ann.id, UserPatch(phone="1"))
    assert (await stored(desk, ann.id)).email == ann.email


async def test_role_status_and_account_are_no_details() -> None:
    for struct in (NewUser, UserPatch):
        assert not {"role", "status", "account_id", "type", "id", "password_hash"} & set(struct.__struct_fields__)


async def test_a_new_address_ends_links_mailed_to_the_old_one(desk: Desk) -> None:
    user = await desk.user("Ann")
    pool = desk.transactions.pool
    await pool.execute(
        """insert into one_time_token (digest, account_id, user_id, purpose, expires_at)
           values ('x', $1, $2, 'password_reset', now() + interval '1 hour')""",
        desk.account_id,
        user.id,
    )
    async with desk.transactions.open() as tx:
        await accounts.update_user(tx, desk.owner, user.id, UserPatch(email="new@example.com"))
    assert await pool.fetchval("select count(*) from one_time_token") == 0


# ---------------------------------------------------------------- roles


async def test_a_role_is_changed_and_counts_at_once(desk: Desk) -> None:
    agent = await desk.actor()
    async with desk.transactions.open() as tx:
        await accounts.change_role(tx, desk.owner, agent.user_id, Role.ADMIN)
        actor = await accounts.actor_for_user(tx.connection, desk.account_id, agent.user_id)
    assert actor is not None
    assert actor.is_administrator
    assert actor.mailbox_ids is None
    assert await desk.facts("user.role") == ["user.role"]


async def test_the_last_owner_stays_one(desk: Desk) -> None:
    async with desk.transactions.open() as tx:
        with pytest.raises(LastOwner):
            await accounts.change_role(tx, accounts.Actor.system(desk.account_id), desk.owner.user_id, Role.USER)


async def test_an_owner_can_hand_over(desk: Desk) -> None:
    heir = await desk.actor("Hera", Role.ADMIN)
    async with desk.transactions.open() as tx:
        await accounts.change_role(tx, desk.owner, heir.user_id, Role.OWNER)
    heir = msgspec.structs.replace(heir, role=Role.OWNER)
    async with desk.transactions.open() as tx:
        await accounts.change_role(tx, heir, desk.owner.user_id, Role.USER)
    assert (await stored(desk, desk.owner.user_id)).role is Role.USER


async def test_two_owners_who_demote_each_other_leave_one(desk: Desk) -> None:
    other = await desk.actor("Otto", Role.OWNER)

    async def demote(by: accounts.Actor, whom: accounts.Actor) -> None:
        async with desk.transactions.open() as tx:
            await accounts.change_role(tx, by, whom.user_id, Role.USER)

    outcomes = await asyncio.gather(demote(desk.owner, other), demote(other, desk.owner), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["LastOwner", "NoneType"]


# ---------------------------------------------------------------- coming and going


async def test_an_invited_user_can_do_nothing_before_accepting(desk: Desk) -> None:
    async with desk.transactions.open() as tx:
        user = await accounts.invite_user(tx, desk.owner, person("Ivy"))
        assert await accounts.actor_for_user(tx.connection, desk.account_id, user.id) is None
        accepted = await accounts.accept_invitation(tx, desk.account_id, user.id)
        assert await accounts.actor_for_user(tx.connection, desk.account_id, user.id) is not None
    assert accepted.status is UserStatus.ACTIVE
    assert await desk.facts("user.") == ["user.created", "user.invited", "user.activated"]


async def test_a_deactivated_user_is_nobody_until_reactivated(desk: Desk) -> None:
    agent = await desk.actor("Ann")
    pool = desk.transactions.pool
    await pool.execute(
        """insert into session (digest, account_id, user_id, csrf_secret, expires_at)
           values ('x', $1, $2, 'y', now() + interval '1 day')""",
        desk.account_id,
        agent.user_id,
    )
    async with desk.transactions.open() as tx:
        for _ in range(2):
            await accounts.deactivate_user(tx, desk.owner, agent.user_id)
        assert await accounts.actor_for_user(tx.connection, desk.account_id, agent.user_id) is None
    assert await pool.fetchval("select count(*) from session") == 0
    assert "Ann" not in await listed(desk)
    assert "Ann" in await listed(desk, with_deactivated=True)
    # What they wrote still has an author.
    assert (await stored(desk, agent.user_id)).status is UserStatus.DEACTIVATED
    async with desk.transactions.open() as tx:
        await accounts.reactivate_user(tx, desk.owner, agent.user_id)
        assert await accounts.actor_for_user(tx.connection, desk.account_id, agent.user_id) is not None
    assert await desk.facts("user.deactivated") == ["user.deactivated"]


async def test_a_deleted_user_leaves_nothing_that_lets_in(desk: Desk) -> None:
    agent = await desk.actor("Ann")
    mailbox_id = await desk.mailbox()
    application, secret = await desk.application(agent)
    async with desk.transactions.open() as tx:
        await accounts.grant_mailbox(tx, desk.owner, agent.user_id, mailbox_id)
        await accounts.create_team(tx, desk.owner, "Tier 1", member_ids=[agent.user_id])
        _, key = await accounts.create_api_key(tx, agent, "docs")
    async with desk.transactions.open() as tx:
        await accounts.delete_user(tx, desk.owner, agent.user_id)
    async with desk.transactions.open() as tx:
        assert await accounts.authenticate_api_key(tx.connection, key) is None
        assert await accounts.check_secret(tx.connection, application.client_id, secret) is None
        with pytest.raises(NotFound):
            await accounts.get_user(tx, scope_of(desk.owner), agent.user_id)
        with pytest.raises(NotFound):
            await accounts.reactivate_user(tx, desk.owner, agent.user_id)
        for table in ("mailbox_user", "team_member"):
            assert await tx.connection.fetchval(f"select count(*) from {table}") == 0


async def test_mailbox_access_is_given_once_and_only_to_what_exists(desk: Desk) -> None:
    agent = await desk.actor()
    other = await Desk.new(desk.transactions)
    mailbox_id, foreign_id = await desk.mailbox(), await other.mailbox()
    async with desk.transactions.open() as tx:
        for _ in range(2):
            await accounts.grant_mailbox(tx, desk.owner, agent.user_id, mailbox_id)
        for wrong in (foreign_id, 999_999):
            with pytest.raises(Invalid):
                await accounts.grant_mailbox(tx, desk.owner, agent.user_id, wrong)
        actor = await accounts.actor_for_user(tx.connection, desk.account_id, agent.user_id)
        for _ in range(2):
            await accounts.revoke_mailbox(tx, desk.owner, agent.user_id, mailbox_id)
    assert actor is not None
    assert actor.mailbox_ids == frozenset({mailbox_id})
    assert await desk.facts("user.mailbox") == ["user.mailbox.granted", "user.mailbox.revoked"]


async def test_nobody_is_found_across_accounts(desk: Desk) -> None:
    other = await Desk.new(desk.transactions)
    stranger = other.owner.user_id
    async with desk.transactions.open() as tx:
        assert await accounts.actor_for_user(tx.connection, desk.account_id, stranger) is None
        for verb in (accounts.deactivate_user, accounts.reactivate_user, accounts.delete_user):
            with pytest.raises(NotFound):
                await verb(tx, desk.owner, stranger)
        with pytest.raises(NotFound):
            await accounts.change_role(tx, desk.owner, stranger, Role.USER)
        with pytest.raises(NotFound):
            await accounts.update_user(tx, desk.owner, stranger, UserPatch(phone="1"))


@pytest.mark.parametrize(
    ("first", "last", "initials"),
    [("John", "Agent", "JA"), ("Tier 2", "", "T2"), ("Cher", "", "C"), ("Anna", "Anna", "AA"), ("", "", "")],
)
def test_initials(first: str, last: str, initials: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    user = User(
        id=1,
        type=UserType.USER,
        role=Role.USER,
        status=UserStatus.ACTIVE,
        first_name=first,
        last_name=last,
        email="",
        timezone="UTC",
        photo_url="",
        job_title="",
        phone="",
        mention="",
        alternate_emails=[],
        created_at=moment,
        updated_at=moment,
    )
    assert user.initials == initials
