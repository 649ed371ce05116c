"""The verbs and queries of organizations. Every user of an account sees and edits all of them, as with customers."""

from __future__ import annotations

import asyncpg

from waypost.domains.accounts import Actor, Scope, scope_of
from waypost.domains.customers import events, policy
from waypost.domains.customers.organizations import content, linking, listing, search_upkeep, store
from waypost.domains.customers.organizations.errors import DuplicateName
from waypost.domains.customers.organizations.models import (
    Organization,
    OrganizationFields,
    OrganizationOrder,
    OrganizationRow,
)
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx


async def get(tx: Tx, scope: Scope, organization_id: int) -> Organization:
    """An organization. Raises NotFound."""
    found = await store.find(tx.connection, scope, organization_id)
    if found is None:
        raise NotFound
    return found


async def version(
    tx: Tx, scope: Scope, organization_id: int, *, hold: bool = False, for_deletion: bool = False
) -> int | None:
    """How often it has changed, None where there is none; with `hold` it stays so until the end of `tx`."""
    return await store.version(tx.connection, scope.account_id, organization_id, hold=hold, for_deletion=for_deletion)


async def list_organizations(
    tx: Tx, scope: Scope, order: OrganizationOrder, request: PageRequest
) -> Page[Organization]:
    """One page with the exact total (spec: E63)."""
    items, total = await listing.list_page(tx.connection, scope, order, request)
    return Page(items, total, request)


async def create(tx: Tx, actor: Actor, fields: OrganizationFields) -> Organization:
    """Make an organization; customers with addresses in its domains are linked in the background.

    Raises Invalid with every bad field, DuplicateName.
    """
    policy.may_edit_organizations(actor)
    wanted = _checked(fields)
    made = await store.insert(tx.connection, actor.account_id, wanted, tx.now)
    if made is None:
        raise DuplicateName(wanted.name)
    tx.emit(actor, events.OrganizationCreated(subject_id=made, name=wanted.name, domains=wanted.domains))
    await linking.request(tx, actor.account_id, made, wanted.domains)
    return await get(tx, scope_of(actor), made)


async def overwrite(tx: Tx, actor: Actor, organization_id: int, fields: OrganizationFields) -> None:
    """Put these in the place of all fields but the logo; what is not given is cleared (spec: E66).

    What changes nothing emits nothing. Raises NotFound, Invalid with every bad field, DuplicateName.
    """
    policy.may_edit_organizations(actor)
    if not await store.lock(tx.connection, actor.account_id, organization_id):
        raise NotFound
    before = await get(tx, scope_of(actor), organization_id)
    wanted = _checked(fields)
    changed = [name for name in OrganizationRow.__struct_fields__ if getattr(wanted, name) != getattr(before, name)]
    if not changed:
        return
    if await store.name_is_taken(tx.connection, actor.account_id, organization_id, wanted.name):
        raise DuplicateName(wanted.name)
    try:
        await store.update(tx.connection, actor.account_id, organization_id, wanted, tx.now)
    except asyncpg.UniqueViolationError as error:  # somebody took the name between the look and the writing
        raise DuplicateName(wanted.name) from error
    tx.emit(
        actor,
        events.OrganizationUpdated(
            subject_id=organization_id, fields=changed, name=wanted.name, domains=wanted.domains
        ),
    )
    if "name" in changed:
        await search_upkeep.request(tx, actor.account_id, organization_id, before.customer_count)
    gained = [domain for domain in wanted.domains if domain not in before.domains]
    await linking.request(tx, actor.account_id, organization_id, gained)


async def delete(tx: Tx, actor: Actor, organization_id: int) -> None:
    """Delete an organization; its customers stay, unlinked. Raises NotFound.

    It is gone at once for everybody. Where it has many customers, the last of them are unlinked in the background.
    """
    policy.may_edit_organizations(actor)
    is_there, is_deleted = await store.lock_for_deletion(tx.connection, actor.account_id, organization_id)
    if not is_there or is_deleted:
        raise NotFound
    before = await get(tx, scope_of(actor), organization_id)
    await store.hide(tx.connection, actor.account_id, organization_id, tx.now)
    tx.emit(actor, events.OrganizationDeleted(subject_id=organization_id, name=before.name, domains=before.domains))
    await linking.unlink_first(tx, actor, organization_id)


def _checked(fields: OrganizationFields) -> OrganizationRow:
    problems: list[FieldError] = []
    wanted = content.check_fields(fields, problems)
    if problems:
        raise Invalid(problems)
    return wanted


async def touch(tx: Tx, actor: Actor, organization: Organization, changed: str) -> None:
    """Note that something that hangs on an organization is another than before."""
    await store.touch(tx.connection, actor.account_id, organization.id, tx.now)
    tx.emit(
        actor,
        events.OrganizationUpdated(
            subject_id=organization.id, fields=[changed], name=organization.name, domains=organization.domains
        ),
    )
