"""Teams and their members: E97 to E99."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.params import FromPath

from waypost.domains import accounts
from waypost.domains.accounts import scope_of
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.wire.teams import TeamOut
from waypost.edges.inbox_v2.wire.users import UserOut

PAGE_SIZE = 50
Paged = parameters.documented(*parameters.PAGING)


@hal.get("/v2/teams", operation_class=Paged, tags=["Teams"])
async def list_teams(request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency) -> Listing[TeamOut]:
    """List the teams of the account by name."""
    values = parameters.read(request, *parameters.PAGING)
    wanted = values.page(PAGE_SIZE)
    values.done()
    page = await accounts.list_teams(read, scope_of(actor), wanted)
    base_url = hal.base_url(request)
    return hal.listing(request, "teams", page, [TeamOut.of(item, base_url) for item in page.items])


@hal.get("/v2/teams/{team_id:int}", tags=["Teams"])
async def get_team(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, team_id: FromPath[int]
) -> TeamOut:
    """Get a team."""
    return TeamOut.of(await accounts.get_team(read, scope_of(actor), team_id), hal.base_url(request))


@hal.get("/v2/teams/{team_id:int}/members", operation_class=Paged, tags=["Teams"])
async def list_team_members(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, team_id: FromPath[int]
) -> Listing[UserOut]:
    """List the users in a team by name."""
    values = parameters.read(request, *parameters.PAGING)
    wanted = values.page(PAGE_SIZE)
    values.done()
    page = await accounts.list_team_members(read, scope_of(actor), team_id, wanted)
    base_url = hal.base_url(request)
    return hal.listing(request, "users", page, [UserOut.of(item, base_url) for item in page.items])


ROUTES = [list_teams, get_team, list_team_members]
