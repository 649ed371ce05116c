"""Users and the platform's own actors: E89 to E91, E95, E96, X18."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request
from litestar.params import FromPath

from waypost.domains import accounts
from waypost.domains.accounts import scope_of
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.parameters import Query
from waypost.edges.inbox_v2.wire.users import SystemUserOut, UserOut
from waypost.kit.errors import Forbidden

PAGE_SIZE = 50
EMAIL = Query("email", "text", "Only the user with exactly this address, whatever its case.")
MAILBOX = Query("mailbox", "integer", "Only users who see this mailbox.", ("mailboxId",))
FILTERS = (*parameters.PAGING, EMAIL, MAILBOX)


@hal.get("/v2/users", operation_class=parameters.documented(*FILTERS), tags=["Users"])
async def list_users(request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency) -> Listing[UserOut]:
    """List the users of the account by name, invited ones too."""
    values = parameters.read(request, *FILTERS)
    wanted = values.page(PAGE_SIZE)
    values.done()
    # An address holds no blank: it is the `+` of one that was not encoded.
    email = (values["email"] or "").strip().replace(" ", "+") or None
    page = await accounts.list_users(read, scope_of(actor), wanted, email=email, mailbox_id=values["mailbox"])
    base_url = hal.base_url(request)
    return hal.listing(request, "users", page, [UserOut.of(item, base_url) for item in page.items])


@hal.get("/v2/users/me", tags=["Users"])
async def get_me(request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency) -> UserOut:
    """Get the user that the token acts as."""
    user = await accounts.get_user(read, scope_of(actor), actor.user_id)
    return UserOut.of(user, hal.base_url(request), company_id=actor.account_id)


@hal.get("/v2/users/{user_id:int}", tags=["Users"])
async def get_user(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, user_id: FromPath[int]
) -> UserOut:
    """Get a user, or a team: they share one id space."""
    return UserOut.of(await accounts.get_user(read, scope_of(actor), user_id), hal.base_url(request))


@litestar.delete("/v2/users/{user_id:int}", tags=["Users"])
async def delete_user(read: TxDependency, actor: ActorDependency, user_id: FromPath[int]) -> None:
    """Refused: users are removed in the product, never by an integration (spec: X18)."""
    await accounts.get_user(read, scope_of(actor), user_id)
    raise Forbidden("users are not removed through the API")


@hal.get("/v3/system-users", operation_class=parameters.documented(*parameters.PAGING), tags=["Users"])
async def list_system_users(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[SystemUserOut]:
    """List the actors that the platform itself writes and changes things as."""
    values = parameters.read(request, *parameters.PAGING)
    wanted = values.page(PAGE_SIZE)
    values.done()
    page = await accounts.list_system_users(read, scope_of(actor), wanted)
    base_url = hal.base_url(request)
    return hal.listing(request, "system_users", page, [SystemUserOut.of(item, base_url) for item in page.items])


@hal.get("/v3/system-users/{user_id:int}", tags=["Users"])
async def get_system_user(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, user_id: FromPath[int]
) -> SystemUserOut:
    """Get one of the platform's own actors."""
    return SystemUserOut.of(await accounts.get_system_user(read, scope_of(actor), user_id), hal.base_url(request))


ROUTES = [list_users, get_me, get_user, delete_user, list_system_users, get_system_user]
