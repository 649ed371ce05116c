"""Mailboxes, their folders and their custom fields: E77 to E80, X11, and the administration of fields."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody
from msgspec import UnsetType

from waypost.domains import mailboxes
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.wire.channels_in import Patch, read_mailbox_patch
from waypost.edges.inbox_v2.wire.mailboxes import (
    CustomFieldIn,
    FieldOut,
    FieldWithLinksOut,
    FolderOut,
    MailboxOut,
    address_of_field,
)
from waypost.kit.paging import Page

PAGE_SIZE = 50
FIELDS = "/v2/mailboxes/{mailbox_id:int}/fields"
FIELD = FIELDS + "/{field_id:int}"
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


@litestar.patch("/v2/mailboxes/{mailbox_id:int}", status_code=204, tags=["Mailboxes"])
async def patch_mailbox(
    tx: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int], data: JSONBody[Patch]
) -> None:
    """Change the name or the address of a mailbox, by operations or by an object. Administrators only."""
    await mailboxes.get(tx, actor, mailbox_id)
    wanted = read_mailbox_patch(data)
    name = None if isinstance(wanted.name, UnsetType) else wanted.name
    email = None if isinstance(wanted.email, UnsetType) else wanted.email
    await mailboxes.channel.rename(tx, actor, mailbox_id, name=name, email=email)


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
    [FIELDS, "/v2/mailboxes/{mailbox_id:int}/custom-fields"],
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


@hal.get(FIELD, tags=["Mailboxes"])
async def get_field(
    request: Request[Any, Any, Any],
    read: TxDependency,
    actor: ActorDependency,
    mailbox_id: FromPath[int],
    field_id: FromPath[int],
) -> FieldWithLinksOut:
    """Get a custom field."""
    found = await mailboxes.fields.get(read, actor, mailbox_id, field_id)
    return FieldWithLinksOut.of(found, hal.base_url(request))


@hal.post(FIELDS, tags=["Mailboxes"])
async def create_field(
    request: Request[Any, Any, Any],
    tx: TxDependency,
    actor: ActorDependency,
    mailbox_id: FromPath[int],
    data: JSONBody[CustomFieldIn],
) -> Response[FieldWithLinksOut]:
    """Add a custom field to a mailbox. Administrators only."""
    made = await mailboxes.fields.add(tx, actor, mailbox_id, data.to_command())
    base_url = hal.base_url(request)
    body = FieldWithLinksOut.of(made, base_url)
    return hal.created(body, resource_id=made.id, location=address_of_field(made, base_url))


@litestar.put(FIELD, status_code=204, tags=["Mailboxes"])
async def update_field(
    tx: TxDependency,
    actor: ActorDependency,
    mailbox_id: FromPath[int],
    field_id: FromPath[int],
    data: JSONBody[CustomFieldIn],
) -> None:
    """Change a custom field; options that are left out disappear with their values. Administrators only."""
    await mailboxes.fields.update(tx, actor, mailbox_id, field_id, data.to_command())


@litestar.delete(FIELD, status_code=204, tags=["Mailboxes"])
async def delete_field(
    tx: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int], field_id: FromPath[int]
) -> None:
    """Remove a custom field with everything that conversations have in it. Administrators only."""
    await mailboxes.fields.delete(tx, actor, mailbox_id, field_id)


ROUTES = [
    list_mailboxes,
    get_mailbox,
    patch_mailbox,
    list_folders,
    list_fields,
    get_field,
    create_field,
    update_field,
    delete_field,
]
