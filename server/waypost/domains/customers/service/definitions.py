"""The properties that an account keeps about its customers: what they are called and what they may hold."""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.customers import events, policy, property_values
from waypost.domains.customers.changes import NewOption, NewProperty
from waypost.domains.customers.errors import DuplicateSlug
from waypost.domains.customers.models import PropertyDefinition, PropertyOption, PropertyType
from waypost.domains.customers.store import properties as store
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.tx import Tx


async def define_property(tx: Tx, actor: Actor, wanted: NewProperty) -> PropertyDefinition:
    """Define a property. Raises Invalid (also when there are 50 already), DuplicateSlug."""
    policy.may_define_properties(actor)
    problems: list[FieldError] = []
    checked = property_values.check_definition(wanted, problems)
    await store.lock_definitions(tx.connection, actor.account_id)
    known = await store.list_definitions(tx.connection, actor.account_id)
    if len(known) >= property_values.MOST_DEFINITIONS:
        most = property_values.MOST_DEFINITIONS
        problems.append(FieldError("slug", f"no more than {most} properties can be defined", "Size", wanted.slug))
    _refuse_foreign_options(known, None, wanted.options, checked.options, problems)
    if problems:
        raise Invalid(problems)
    made = await store.insert_definition(tx.connection, actor.account_id, checked)
    if made is None:
        raise DuplicateSlug(checked.slug)
    await store.put_options(tx.connection, actor.account_id, made, checked.options)
    tx.emit(actor, events.PropertyDefined(subject_id=made, slug=checked.slug))
    return msgspec.structs.replace(checked, id=made)


async def redefine_property(tx: Tx, actor: Actor, slug: str, name: str | None, options: list[NewOption]) -> None:
    """Another name and other options; type and slug stay. Options left out disappear with their values."""
    policy.may_administer_properties(actor)
    await store.lock_definitions(tx.connection, actor.account_id)
    known = await store.list_definitions(tx.connection, actor.account_id)
    definition = next((one for one in known if one.slug.lower() == slug.lower()), None)
    if definition is None:
        raise NotFound
    problems: list[FieldError] = []
    cleaned = property_values.check_name(name, problems)
    wanted = property_values.check_options(definition.type, options, problems)
    _refuse_foreign_options(known, definition, options, wanted, problems)
    if problems:
        raise Invalid(problems)
    if (definition.name, definition.options) == (cleaned, wanted):
        return
    await store.rename_definition(tx.connection, actor.account_id, definition.id, cleaned)
    if definition.type is PropertyType.DROPDOWN:
        await store.put_options(tx.connection, actor.account_id, definition.id, wanted)
    tx.emit(actor, events.PropertyRedefined(subject_id=definition.id, slug=definition.slug))


async def remove_property(tx: Tx, actor: Actor, slug: str) -> None:
    """Remove a property, its options and its values of all customers."""
    policy.may_administer_properties(actor)
    definition = await store.find_definition(tx.connection, actor.account_id, slug)
    if definition is None:
        raise NotFound
    await store.delete_definition(tx.connection, actor.account_id, definition.id)
    tx.emit(actor, events.PropertyRemoved(subject_id=definition.id, slug=definition.slug))


def _refuse_foreign_options(
    known: list[PropertyDefinition],
    own: PropertyDefinition | None,
    sent: list[NewOption],
    options: list[PropertyOption],
    problems: list[FieldError],
) -> None:
    """An option's id may not be that of another property's option."""
    foreign = {option.id for one in known if own is None or one.id != own.id for option in one.options}
    for option, wanted in zip(options, sent, strict=False):
        if option.id in foreign:
            problems.append(FieldError(f"{wanted.at}.id", "is another option's", "Identifier", wanted.id))
