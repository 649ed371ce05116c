"""The properties that an account keeps about customers and organizations: their names, and what they may hold."""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.customers import policy, property_values
from waypost.domains.customers.changes import NewOption, NewProperty
from waypost.domains.customers.errors import DuplicateSlug
from waypost.domains.customers.models import PropertyDefinition, PropertyOption, PropertyType
from waypost.domains.customers.property_kinds import OF_CUSTOMERS, PropertyKind
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.tx import Tx


async def define_property(
    tx: Tx, actor: Actor, wanted: NewProperty, kind: PropertyKind = OF_CUSTOMERS
) -> PropertyDefinition:
    """Define a property. Raises Invalid (also when there are 50 already), DuplicateSlug."""
    policy.may_define_properties(actor)
    problems: list[FieldError] = []
    checked = property_values.check_definition(wanted, problems, kind.limits)
    await kind.tables.lock_definitions(tx.connection, actor.account_id)
    known = await kind.tables.list_definitions(tx.connection, actor.account_id)
    if len(known) >= property_values.MOST_DEFINITIONS:
        most = property_values.MOST_DEFINITIONS
        problems.append(FieldError("slug", f"no more than {most} properties can be defined", "Size", wanted.slug))
    _refuse_foreign_options(known, None, wanted.options, checked.options, problems)
    if problems:
        raise Invalid(problems)
    made = await kind.tables.insert_definition(tx.connection, actor.account_id, checked)
    if made is None:
        raise DuplicateSlug(checked.slug)
    await kind.tables.put_options(tx.connection, actor.account_id, made, checked.options)
    tx.emit(actor, kind.defined(subject_id=made, slug=checked.slug))
    return msgspec.structs.replace(checked, id=made)


async def redefine_property(
    tx: Tx,
    actor: Actor,
    slug: str,
    name: str | None,
    options: list[NewOption],
    kind: PropertyKind = OF_CUSTOMERS,
) -> None:
    """Another name and other options; type and slug stay. Options left out disappear with their values."""
    policy.may_administer_properties(actor)
    await kind.tables.lock_definitions(tx.connection, actor.account_id)
    known = await kind.tables.list_definitions(tx.connection, actor.account_id)
    definition = next((one for one in known if one.slug.lower() == slug.lower()), None)
    if definition is None:
        raise NotFound
    problems: list[FieldError] = []
    cleaned = property_values.check_name(name, problems)
    options = property_values.with_known_ids(options, definition)
    wanted = property_values.check_options(definition.type, options, problems, kind.limits)
    _refuse_foreign_options(known, definition, options, wanted, problems)
    if problems:
        raise Invalid(problems)
    if (definition.name, definition.options) == (cleaned, wanted):
        return
    await kind.tables.rename_definition(tx.connection, actor.account_id, definition.id, cleaned)
    if definition.type is PropertyType.DROPDOWN:
        await kind.tables.put_options(tx.connection, actor.account_id, definition.id, wanted)
    tx.emit(actor, kind.redefined(subject_id=definition.id, slug=definition.slug))


async def remove_property(tx: Tx, actor: Actor, slug: str, kind: PropertyKind = OF_CUSTOMERS) -> None:
    """Remove a property, its options and all its values."""
    policy.may_administer_properties(actor)
    definition = await kind.tables.find_definition(tx.connection, actor.account_id, slug)
    if definition is None:
        raise NotFound
    await kind.tables.delete_definition(tx.connection, actor.account_id, definition.id)
    tx.emit(actor, kind.removed(subject_id=definition.id, slug=definition.slug))


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
