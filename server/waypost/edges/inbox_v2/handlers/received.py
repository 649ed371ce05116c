"""Where is my mail: what came into a mailbox and what became of it. Waypost's own; the platform has none."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request
from litestar.params import FromPath

from waypost.domains import mail
from waypost.domains.mail import IntakeFilter
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Link, Listing
from waypost.edges.inbox_v2.parameters import Query
from waypost.edges.inbox_v2.wire.received import FolderOut, ReceivedOut, ReceivingOut, RetriedOut

PAGE_SIZE = 50
TAGS = ["Received mail"]
PATH = "/v2/mailboxes/{mailbox_id:int}/received"
QUERIES = (
    Query("messageId", "text", "Only the message with this Message-ID, with angle brackets or without."),
    Query("state", "choice", "Only those.", choices=("waiting", "done", "failed")),
    *parameters.PAGING,
)


@hal.get(PATH, operation_class=parameters.documented(*QUERIES), tags=TAGS)
async def list_received(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]
) -> Listing[ReceivedOut]:
    """List the messages that came into a mailbox, newest first, and what became of them."""
    values = parameters.read(request, *QUERIES)
    message_id = mail.intake.message_id_of(values["messageId"] or "")
    wanted = IntakeFilter(mailbox_id=mailbox_id, message_id=message_id, state=values["state"] or None)
    page = values.page(PAGE_SIZE)
    values.done()
    found = await mail.intake.list_received(read, actor, wanted, page)
    base_url = hal.base_url(request)
    return hal.listing(request, "received", found, [ReceivedOut.of(item, base_url) for item in found.items])


@hal.get(PATH + "/{received_id:int}", tags=TAGS)
async def get_received(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    mailbox_id: FromPath[int],
    received_id: FromPath[int],
) -> ReceivedOut:
    """Get a message that came in."""
    found = await mail.intake.get_received(read, actor, mailbox_id, received_id)
    return ReceivedOut.of(found, hal.base_url(request))


@litestar.post(PATH + "/{received_id:int}/retry", status_code=204, tags=TAGS)
async def retry_one(
    tx: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int], received_id: FromPath[int]
) -> None:
    """Read a message again that could not be read, or that waits. Administrators only."""
    await mail.intake.retry_one(tx, actor, mailbox_id, received_id)


@hal.post(PATH + "/retry", status_code=200, tags=TAGS)
async def retry_all(tx: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]) -> RetriedOut:
    """Read again all messages of a mailbox that could not be read, or that wait. Administrators only."""
    return RetriedOut(await mail.intake.retry(tx, actor, mailbox_id))


@hal.get(PATH + "/status", tags=TAGS)
async def get_status(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]
) -> ReceivingOut:
    """Tell how mail comes into a mailbox: what waits, what failed, and how the reading of its folders goes."""
    folders = await mail.folders.list_states(read, actor, mailbox_id)
    waiting, failed = (await mail.folders.counts(read, actor, [mailbox_id])).get(mailbox_id, (0, 0))
    own = f"{hal.base_url(request)}/v2/mailboxes/{mailbox_id}/received"
    links = {"self": Link(f"{own}/status"), "received": Link(own)}
    return ReceivingOut(waiting, failed, [FolderOut.of(item) for item in folders], links)


ROUTES = [list_received, get_received, retry_one, retry_all, get_status]
