"""How a mailbox is connected to mail, for administrators. Waypost's own; the platform has no such calls."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from waypost.domains import mailboxes
from waypost.domains.mailboxes import ChannelMeans
from waypost.edges.base.context import ActorDependency, Context, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import body, hal, preconditions
from waypost.edges.inbox_v2.hal import Collection
from waypost.edges.inbox_v2.wire import channels as wire
from waypost.edges.inbox_v2.wire import channels_in
from waypost.edges.inbox_v2.wire.channels import (
    AliasOut,
    ChannelOut,
    CheckOut,
    DkimOut,
    InboundKeyOut,
    alias_address,
)
from waypost.edges.inbox_v2.wire.channels_in import AliasIn, ChannelIn, CheckIn, DkimKeyIn, Patch

TAGS = ["Mailboxes"]
PATH = "/v2/mailboxes/{mailbox_id:int}/channel"
ALIASES = PATH + "/aliases"


@hal.get(PATH, tags=TAGS)
async def get_channel(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    mailbox_id: FromPath[int],
) -> ChannelOut:
    """Get how a mailbox is connected to mail. Administrators only; secrets are not shown."""
    found = await mailboxes.channel.get(read, actor, means_of(context), mailbox_id)
    return ChannelOut.of(found, hal.base_url(request))


@litestar.put(PATH, status_code=204, tags=TAGS)
async def replace_channel(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    mailbox_id: FromPath[int],
    data: JSONBody[ChannelIn],
) -> None:
    """Set anew how a mailbox is connected to mail. Secrets that are left out stay. Administrators only."""
    await mailboxes.channel.replace(tx, actor, means_of(context), mailbox_id, data.to_command())


@litestar.patch(PATH, status_code=204, tags=TAGS)
async def patch_channel(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    mailbox_id: FromPath[int],
    data: JSONBody[Patch],
) -> None:
    """Change parts of it, by operations or by an object of the fields to change. Administrators only."""
    # Whose mailbox it is comes first: what is wrong with a body is not told about another's.
    await mailboxes.channel.get(tx, actor, means_of(context), mailbox_id)
    await mailboxes.channel.change(tx, actor, means_of(context), mailbox_id, channels_in.read_patch(data))


@hal.post(PATH + "/test", status_code=200, tags=TAGS)
async def check_channel(
    request: Request[Any, Any, Any], actor: ActorDependency, context: ContextDependency, mailbox_id: FromPath[int]
) -> CheckOut:
    """Try a mailbox's servers step by step, as stored or as the body says. Nothing is stored. Administrators only."""
    said: CheckIn = body.read_optional(request, CheckIn)
    # Not the request's own connection: servers may take their time, and it would be held all the while.
    async with context.transactions.read() as tx:
        await preconditions.check(tx, request)
        channel = await mailboxes.channel.wanted(tx, actor, means_of(context), mailbox_id, said.to_command())
    is_all = said.incoming is UNSET and said.outgoing is UNSET
    report = await context.check_channel(
        actor.account_id,
        channel,
        incoming=is_all or said.incoming is not UNSET,
        outgoing=is_all or said.outgoing is not UNSET,
    )
    return CheckOut.of(mailbox_id, report, hal.base_url(request))


@litestar.post(PATH + "/pause", status_code=204, tags=TAGS)
async def pause_channel(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, mailbox_id: FromPath[int]
) -> None:
    """Neither fetch nor send a mailbox's mail until it is resumed. Administrators only."""
    await mailboxes.channel.pause(tx, actor, means_of(context), mailbox_id)


@litestar.post(PATH + "/resume", status_code=204, tags=TAGS)
async def resume_channel(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, mailbox_id: FromPath[int]
) -> None:
    """Fetch and send a mailbox's mail again. Administrators only."""
    await mailboxes.channel.resume(tx, actor, means_of(context), mailbox_id)


@hal.post(PATH + "/dkim", status_code=200, tags=TAGS)
async def make_dkim_key(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    mailbox_id: FromPath[int],
) -> DkimOut:
    """Make a new key to sign a mailbox's mail with; answers the DNS record to publish. Administrators only."""
    said: DkimKeyIn = body.read_optional(request, DkimKeyIn)
    made = await mailboxes.channel.make_dkim_key(
        tx,
        actor,
        means_of(context),
        mailbox_id,
        domain=said.domain,
        selector=said.selector,
        algorithm=said.algorithm,
    )
    return DkimOut.of(made)


@hal.post(PATH + "/inbound-key", status_code=200, tags=TAGS)
async def make_inbound_key(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, mailbox_id: FromPath[int]
) -> InboundKeyOut:
    """Make a new key for posting mail to a mailbox; the one before ends. Shown this once. Administrators only."""
    return InboundKeyOut(await mailboxes.channel.make_inbound_key(tx, actor, means_of(context), mailbox_id))


@litestar.delete(PATH + "/inbound-key", status_code=204, tags=TAGS)
async def delete_inbound_key(
    tx: TxDependency, actor: ActorDependency, context: ContextDependency, mailbox_id: FromPath[int]
) -> None:
    """Take no more mail that is posted to a mailbox. Administrators only."""
    await mailboxes.channel.remove_inbound_key(tx, actor, means_of(context), mailbox_id)


@hal.get(ALIASES, tags=TAGS)
async def list_aliases(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    mailbox_id: FromPath[int],
) -> Collection[AliasOut]:
    """List the further addresses that reach a mailbox. Administrators only."""
    found = await mailboxes.channel.get(read, actor, means_of(context), mailbox_id)
    base_url = hal.base_url(request)
    return hal.collection(request, {"aliases": [AliasOut.of(mailbox_id, alias, base_url) for alias in found.aliases]})


@hal.post(ALIASES, tags=TAGS)
async def add_alias(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    mailbox_id: FromPath[int],
    data: JSONBody[AliasIn],
) -> Response[AliasOut]:
    """Add an address that reaches a mailbox. Administrators only."""
    alias = await mailboxes.channel.add_alias(tx, actor, means_of(context), mailbox_id, data.email)
    base_url = hal.base_url(request)
    return hal.created(
        AliasOut.of(mailbox_id, alias, base_url),
        resource_id=wire.quoted(alias),
        location=alias_address(mailbox_id, alias, base_url),
    )


@litestar.delete(ALIASES + "/{alias:str}", status_code=204, tags=TAGS)
async def remove_alias(
    tx: TxDependency,
    actor: ActorDependency,
    context: ContextDependency,
    mailbox_id: FromPath[int],
    alias: FromPath[str],
) -> None:
    """Remove an address from a mailbox. Administrators only."""
    await mailboxes.channel.remove_alias(tx, actor, means_of(context), mailbox_id, alias)


def means_of(context: Context) -> ChannelMeans:
    """What the verbs need of the desk."""
    return ChannelMeans(context.secret_key, context.outgoing)


ROUTES = [
    get_channel,
    replace_channel,
    patch_channel,
    check_channel,
    pause_channel,
    resume_channel,
    make_dkim_key,
    make_inbound_key,
    delete_inbound_key,
    list_aliases,
    add_alias,
    remove_alias,
]
