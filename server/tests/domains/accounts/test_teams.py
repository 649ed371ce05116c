from __future__ import annotations

import pytest

from tests.domains.accounts.make import Desk
from waypost.domains import accounts
from waypost.domains.accounts import UserType, scope_of
from waypost.kit.errors import Forbidden, Invalid, NotFound
from waypost.kit.paging import PageRequest

ALL = PageRequest(1, 50)


async def members(desk: Desk, team_id: int) -> list[str]:
    async with desk.transactions.read() as tx:
        page = await accounts.list_team_members(tx, scope_of(desk.owner), team_id, ALL)
    assert page.total == len(page.items)
    return [user.first_name for user in page.items]


async def test_a_team_shares_the_id_space_of_users(desk: Desk) -> None:
    async with desk.transactions.open() as tx:
        team = await accounts.create_team(tx, desk.owner, " Tier 1 ")
        assert await accounts.get_user(tx, scope_of(desk.owner), team.id) == team
        assert await accounts.get_team(tx, scope_of(desk.owner), team.id) == team
        with pytest.raises(NotFound):
            await accounts.get_team(tx, scope_of(desk.owner), desk.owner.user_id)
    assert (team.type, team.first_name, team.role, team.initials, team.mention) == (
        UserType.TEAM,
        "Tier 1",
        None,
        "T1",
        "tier1",
    )


async def test_two_teams_may_have_one_name_but_not_one_mention(desk: Desk) -> None:
    async with desk.transactions.open() as tx:
        mentions = [(await accounts.create_team(tx, desk.owner, "Tier 1")).mention for _ in range(2)]
    assert mentions == ["tier1", "tier12"]


async def test_members_become_exactly_those_named(desk: Desk) -> None:
    ann, ben, cid = [await desk.user(name) for name in ("Ann", "Ben", "Cid")]
    async with desk.transactions.open() as tx:
        team = await accounts.create_team(tx, desk.owner, "Tier 1", member_ids=[ben.id, ann.id, ann.id])
    assert await members(desk, team.id) == ["Ann", "Ben"]
    async with desk.transactions.open() as tx:
        for _ in range(2):
            await accounts.set_team_members(tx, desk.owner, team.id, [cid.id, ben.id])
    assert await members(desk, team.id) == ["Ben", "Cid"]
    assert await desk.facts("team") == ["team.created", "team.members", "team.members"]


async def test_a_deactivated_member_is_not_shown_but_returns(desk: Desk) -> None:
    ann = await desk.user("Ann")
    async with desk.transactions.open() as tx:
        team = await accounts.create_team(tx, desk.owner, "Tier 1", member_ids=[ann.id])
        await accounts.deactivate_user(tx, desk.owner, ann.id)
    assert await members(desk, team.id) == []
    async with desk.transactions.open() as tx:
        await accounts.reactivate_user(tx, desk.owner, ann.id)
    assert await members(desk, team.id) == ["Ann"]


async def test_only_users_of_the_account_are_members(desk: Desk) -> None:
    other = await Desk.new(desk.transactions)
    async with desk.transactions.open() as tx:
        team = await accounts.create_team(tx, desk.owner, "Tier 1")
        for wrong in (team.id, other.owner.user_id, 999_999):
            with pytest.raises(Invalid):
                await accounts.set_team_members(tx, desk.owner, team.id, [desk.owner.user_id, wrong])
    assert await members(desk, team.id) == []


async def test_teams_are_made_by_administrators(desk: Desk) -> None:
    agent = await desk.actor()
    async with desk.transactions.open() as tx:
        team = await accounts.create_team(tx, desk.owner, "Tier 1")
        with pytest.raises(Forbidden):
            await accounts.create_team(tx, agent, "Tier 2")
        with pytest.raises(Forbidden):
            await accounts.set_team_members(tx, agent, team.id, [agent.user_id])
        for name in ("", " ", "x" * 61, "a\x00b"):
            with pytest.raises(Invalid):
                await accounts.create_team(tx, desk.owner, name)


async def test_a_team_of_another_account_does_not_exist(desk: Desk) -> None:
    other = await Desk.new(desk.transactions)
    async with desk.transactions.open() as tx:
        team = await accounts.create_team(tx, desk.owner, "Tier 1")
        with pytest.raises(NotFound):
            await accounts.set_team_members(tx, other.owner, team.id, [])
        with pytest.raises(NotFound):
            await accounts.list_team_members(tx, scope_of(other.owner), team.id, ALL)
        assert (await accounts.list_teams(tx, scope_of(other.owner), ALL)).items == []
        assert (await accounts.list_teams(tx, scope_of(desk.owner), ALL)).items == [team]
