"""Teams: named groups of users that conversations are assigned to. A team stands in one id space with the users."""

from __future__ import annotations

from collections.abc import Iterable

from waypost.domains.accounts import details, events, policy, store_users
from waypost.domains.accounts import store_teams as store
from waypost.domains.accounts.models import Actor, NewUser, Scope, User, UserType
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

_NAME_LENGTH = 60


async def create_team(
    tx: Tx, actor: Actor, name: str, *, member_ids: Iterable[int] = (), mention: str = "", timezone: str = "UTC"
) -> User:
    """A team; an empty mention is made up from the name. Raises Forbidden, Invalid."""
    policy.may_administer(actor)
    name = name.strip()
    details.check_name("name", name, _NAME_LENGTH)
    await store_users.lock_account(tx, actor.account_id)
    taken = await store_users.list_mentions(tx, actor.account_id)
    new = NewUser(
        email="",
        first_name=name,
        timezone=timezone,
        mention=details.mention_for(mention or name, "team", taken),
    )
    team = await store_users.insert_user(tx, actor.account_id, new, kind=UserType.TEAM)
    tx.emit(actor, events.TeamCreated(subject_id=team.id))
    await set_team_members(tx, actor, team.id, member_ids)
    return team


async def set_team_members(tx: Tx, actor: Actor, team_id: int, member_ids: Iterable[int]) -> None:
    """Make these users, and no others, the team. Raises NotFound, Forbidden, Invalid for ids that are no users."""
    policy.may_administer(actor)
    if await store.lock_team(tx, actor.account_id, team_id) is None:
        raise NotFound("no such team")
    wanted = set(member_ids)
    unknown = wanted - await store.find_users_among(tx, actor.account_id, sorted(wanted))
    if unknown:
        raise Invalid([FieldError("members", "user does not exist", "Unknown", one) for one in sorted(unknown)])
    present = await store.list_member_ids(tx, actor.account_id, team_id)
    added, removed = sorted(wanted - present), sorted(present - wanted)
    if added or removed:
        await store.change_members(tx, actor.account_id, team_id, added, removed)
        tx.emit(actor, events.TeamMembersChanged(subject_id=team_id, added=added, removed=removed))


async def get_team(tx: Tx, scope: Scope, team_id: int) -> User:
    """A team. Raises NotFound."""
    team = await store.find_team(tx, scope, team_id)
    if team is None:
        raise NotFound("no such team")
    return team


async def list_teams(tx: Tx, scope: Scope, page: PageRequest) -> Page[User]:
    """Teams by name."""
    return await store.list_teams(tx, scope, page)


async def list_team_members(tx: Tx, scope: Scope, team_id: int, page: PageRequest) -> Page[User]:
    """The users in a team by name, invited ones too. Raises NotFound."""
    await get_team(tx, scope, team_id)
    return await store.list_members(tx, scope, team_id, page)
