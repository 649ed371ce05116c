"""`If-Match`: a change that only counts if the thing is still as the caller has read it (RFC 9110, 13.1.1).

A tag is `"conversation-12-5.<digest of the body>"`: what it is of, its id, its version, and then what only a read
compares. The check locks the row in the transaction of the change, so nobody can come in between.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Request
from litestar.di import Provide

from waypost.domains import conversations, customers, mailboxes
from waypost.domains.accounts import Actor, scope_of
from waypost.domains.customers import organizations
from waypost.edges.base import context
from waypost.kit.errors import Changed
from waypost.kit.tx import Tx

#: Where the version of what is read stands in the scope, for the gate to put it into the tag.
VERSION = "waypost.version"
#: Paths of single things, which carry a tag whenever they are read.
SINGLE = re.compile(r"/(\d+|me|file|data|address)$")
CHANGED = "The resource has changed since it was read"
NO_VERSION = "If-Match cannot be used with this call"
_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_TAG = re.compile(r'(?:W/)?"([^"]*)"')

#: (tx, actor, the ids in the path, whether to lock, whether for deletion) -> version, None for what is not there.
Lookup = Callable[[Tx, Actor, dict[str, Any], bool, bool], Awaitable[int | None]]


async def _thread(tx: Tx, actor: Actor, ids: dict[str, Any], hold: bool, _: bool) -> int | None:
    return await conversations.thread_version(tx, actor, ids["conversation_id"], ids["thread_id"], hold=hold)


async def _conversation(tx: Tx, actor: Actor, ids: dict[str, Any], hold: bool, _: bool) -> int | None:
    return await conversations.version(tx, actor, ids["conversation_id"], hold=hold)


async def _customer(tx: Tx, actor: Actor, ids: dict[str, Any], hold: bool, for_deletion: bool) -> int | None:
    return await customers.version(tx, scope_of(actor), ids["customer_id"], hold=hold, for_deletion=for_deletion)


async def _organization(tx: Tx, actor: Actor, ids: dict[str, Any], hold: bool, for_deletion: bool) -> int | None:
    return await organizations.version(
        tx, scope_of(actor), ids["organization_id"], hold=hold, for_deletion=for_deletion
    )


async def _saved_reply(tx: Tx, actor: Actor, ids: dict[str, Any], hold: bool, _: bool) -> int | None:
    return await mailboxes.saved_replies.version(tx, actor, ids["saved_reply_id"], hold=hold)


async def _tag(tx: Tx, actor: Actor, ids: dict[str, Any], hold: bool, _: bool) -> int | None:
    return await conversations.tag_version(tx, actor, ids["tag_id"], hold=hold)


#: By the placeholder of the path, the narrower thing first: what it is called in tags, and where its version is.
VERSIONED: dict[str, tuple[str, Lookup]] = {
    "thread_id": ("thread", _thread),
    "conversation_id": ("conversation", _conversation),
    "customer_id": ("customer", _customer),
    "organization_id": ("organization", _organization),
    "saved_reply_id": ("saved-reply", _saved_reply),
    "tag_id": ("tag", _tag),
}


async def _versions(tx: Tx, request: Request[Any, Any, Any], *, hold: bool = False) -> list[str] | None:
    """Of everything with a version that the path leads through, the narrowest first; None when something is not there.

    An empty list where nothing on the path has a version.
    """
    actor, ids = context.provide_actor(request), request.path_params
    found = []
    for placeholder, (name, lookup) in VERSIONED.items():
        if placeholder in ids:
            version = await lookup(tx, actor, ids, hold, request.method == "DELETE")
            if version is None:
                return None
            found.append(f"{name}-{ids[placeholder]}-{version}")
    return found


async def check(tx: Tx, request: Request[Any, Any, Any]) -> None:
    """Raise Changed unless the request's If-Match, if it has one, names a version that is the present one.

    What is not there, or not for this caller, is left to the handler to be not found.
    """
    asked = request.headers.get("if-match")
    if asked is None or request.method not in _WRITES:
        return
    present = await _versions(tx, request, hold=True)
    if present == []:
        raise Changed(NO_VERSION)
    if present is None or asked.strip() == "*":
        return
    if not {tag.rpartition(".")[0] for tag in _TAG.findall(asked)} & set(present):
        raise Changed(CHANGED)


_base_tx = asynccontextmanager(context.provide_tx)
_base_read = asynccontextmanager(context.provide_read)


async def provide_tx(request: Request[Any, Any, Any]) -> AsyncIterator[Tx]:
    """Dependency `tx` of this edge: the request's transaction, in which its precondition holds."""
    async with _base_tx(request) as tx:
        await check(tx, request)
        yield tx


async def provide_read(request: Request[Any, Any, Any]) -> AsyncIterator[Tx]:
    """Dependency `read` of this edge. The version is read before the body: a tag may be too old, never too new."""
    async with _base_read(request) as tx:
        # Calls that only try something out change nothing, but nobody shall think that they looked at the header.
        await check(tx, request)
        scope: Any = request.scope
        if request.method == "GET" and SINGLE.search(scope["path"]) and (found := await _versions(tx, request)):
            scope[VERSION] = found[0].encode()
        yield tx


DEPENDENCIES = {"tx": Provide(provide_tx), "read": Provide(provide_read)}
