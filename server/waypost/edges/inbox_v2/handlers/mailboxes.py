"""Mailboxes, their folders and their custom fields: E77 to E80, X11."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.params import FromPath

from waypost.domains import mailboxes
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.wire.mailboxes import FieldOut, FolderOut, MailboxOut
from waypost.kit.paging import Page

PAGE_SIZE = 50
Paged = parameters.documented(*parameters.PAGING)


@hal.get("/v2/mailboxes", operation_class=Paged, tags=["Mailboxes"])
async def list_mailboxes(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[MailboxOut]:
    """List the mailboxes that the token's user may see."""
    values = parameters.read(request, *parameters.PAGING)
    wanted = values.page(PAGE_SIZE)
    values.done()
    page = await mailboxes.list_mailboxes(read, actor, wanted)
    base_url = hal.base_url(request)
    return hal.listing(request, "mailboxes", page, [MailboxOut.of(item, base_url) for item in page.items])


@hal.get("/v2/mailboxes/{mailbox_id:int}", tags=["Mailboxes"])
async def get_mailbox(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]
) -> MailboxOut:
    """Get a mailbox."""
    return MailboxOut.of(await mailboxes.get(read, actor, mailbox_id), hal.base_url(request))


@hal.get("/v2/mailboxes/{mailbox_id:int}/folders", operation_class=Paged, tags=["Mailboxes"])
async def list_folders(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]
) -> Listing[FolderOut]:
    """List the folders of a mailbox: the shared ones and the token's user's own."""
    values = parameters.read(request, *parameters.PAGING)
    wanted = values.page(PAGE_SIZE)
    values.done()
    folders = await mailboxes.list_folders(read, actor, mailbox_id)
    page = Page(folders[wanted.offset : wanted.offset + wanted.size], len(folders), wanted)
    base_url = hal.base_url(request)
    return hal.listing(request, "folders", page, [FolderOut.of(item, base_url) for item in page.items])


@hal.get(
    ["/v2/mailboxes/{mailbox_id:int}/fields", "/v2/mailboxes/{mailbox_id:int}/custom-fields"],
    operation_class=Paged,
    tags=["Mailboxes"],
)
async def list_fields(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int]
) -> Listing[FieldOut]:
    """List the custom fields of a mailbox."""
    values = parameters.read(request, *parameters.PAGING)
    wanted = values.page(PAGE_SIZE)
    values.done()
    fields = await mailboxes.list_fields(read, actor, mailbox_id)
    page = Page(fields[wanted.offset : wanted.offset + wanted.size], len(fields), wanted)
    return hal.listing(request, "fields", page, [FieldOut.of(item) for item in page.items])


ROUTES = [list_mailboxes, get_mailbox, list_folders, list_fields]
