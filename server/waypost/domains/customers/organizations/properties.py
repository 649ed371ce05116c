"""What an account keeps about its organizations: definitions as for customers, and the values of one organization."""

from __future__ import annotations

from waypost.domains.accounts import Actor, Scope, scope_of
from waypost.domains.customers import policy, property_values
from waypost.domains.customers.changes import NewOption, NewProperty
from waypost.domains.customers.models import PropertyDefinition
from waypost.domains.customers.organizations import service, store
from waypost.domains.customers.property_kinds import OF_ORGANIZATIONS
from waypost.domains.customers.service import definitions
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.tx import Tx

TABLES = OF_ORGANIZATIONS.tables


async def list_property_definitions(tx: Tx, scope: Scope) -> list[PropertyDefinition]:
    """All properties that the account keeps about its organizations."""
    return await TABLES.list_definitions(tx.connection, scope.account_id)


async def get_property_definition(tx: Tx, scope: Scope, slug: str) -> PropertyDefinition:
    """One of them. Raises NotFound."""
    definition = await TABLES.find_definition(tx.connection, scope.account_id, slug)
    if definition is None:
        raise NotFound
    return definition


async def define_property(tx: Tx, actor: Actor, wanted: NewProperty) -> PropertyDefinition:
    """Define a property. Raises Invalid (also when there are 50 already), DuplicateSlug."""
    return await definitions.define_property(tx, actor, wanted, OF_ORGANIZATIONS)


async def redefine_property(tx: Tx, actor: Actor, slug: str, name: str | None, options: list[NewOption]) -> None:
    """Another name and other options; type and slug stay. Options left out disappear with their values."""
    await definitions.redefine_property(tx, actor, slug, name, options, OF_ORGANIZATIONS)


async def remove_property(tx: Tx, actor: Actor, slug: str) -> None:
    """Remove a property, its options and its values of all organizations."""
    await definitions.remove_property(tx, actor, slug, OF_ORGANIZATIONS)


async def set_property(tx: Tx, actor: Actor, organization_id: int, slug: str, value: str | int | None) -> None:
    """Give an organization a property's value; that of a dropdown is the exact label of an option (spec: E75).

    Raises NotFound for an unknown organization or slug, Invalid.
    """
    policy.may_edit_organizations(actor)
    if not await store.lock(tx.connection, actor.account_id, organization_id):
        raise NotFound
    definition = await get_property_definition(tx, scope_of(actor), slug)
    if value is None:
        raise Invalid.one("value", "may not be null", "NotNull")
    problems: list[FieldError] = []
    checked = property_values.check_value(definition, value, "value", problems, exact_labels=True)
    if problems:
        raise Invalid(problems)
    if await TABLES.put_values(tx.connection, actor.account_id, organization_id, {definition.id: checked}):
        await _touch(tx, actor, organization_id)


async def unset_property(tx: Tx, actor: Actor, organization_id: int, slug: str) -> None:
    """Take a property's value away. Raises NotFound where there is none."""
    policy.may_edit_organizations(actor)
    if not await store.lock(tx.connection, actor.account_id, organization_id):
        raise NotFound
    definition = await get_property_definition(tx, scope_of(actor), slug)
    if not await TABLES.delete_values(tx.connection, actor.account_id, organization_id, [definition.id]):
        raise NotFound
    await _touch(tx, actor, organization_id)


async def _touch(tx: Tx, actor: Actor, organization_id: int) -> None:
    await service.touch(tx, actor, await service.get(tx, scope_of(actor), organization_id), "properties")
