"""How customers come to be: by name, or by an address that writes in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.customers import content, events
from waypost.domains.customers.changes import (
    AddEntry,
    CustomerProfile,
    NewCustomer,
    SetAddress,
)
from waypost.domains.customers.models import Customer, CustomerBrief, EntryKind, Gender
from waypost.domains.customers.organizations import linking
from waypost.domains.customers.service import writing
from waypost.domains.customers.service.draft import Draft
from waypost.domains.customers.store import entries as entry_store
from waypost.domains.customers.store import people
from waypost.domains.customers.store.properties import CUSTOMER_TABLES
from waypost.kit.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

_LONGEST_EMAIL = 255
#: A customer found may be deleted, and its address taken anew, between two looks; not over and over.
_TRIES = 5


async def create(tx: Tx, actor: Actor, wanted: NewCustomer) -> Customer:
    """Make a customer. Raises Invalid with every bad field, DuplicateEmail if somebody has one of the addresses."""
    if actor.kind == "customer":
        raise Forbidden
    definitions = []
    if wanted.properties:
        definitions = await CUSTOMER_TABLES.list_definitions(tx.connection, actor.account_id)
    draft = Draft(None, definitions)
    if not (wanted.first_name or wanted.last_name or wanted.entries):
        draft.problems.append(FieldError("firstName", "may not be empty", "NotEmpty"))
    for name, path in content.FIELD_PATHS.items():
        value = getattr(wanted, name)
        if value is not None and not (name == "organization" and wanted.organization_id is not None):
            draft.set_field(name, value, path)
    for entry in wanted.entries:
        draft.apply(AddEntry(entry=entry, at=entry.value_at))
    if wanted.address is not None:
        draft.apply(SetAddress(address=wanted.address))
    for change in wanted.properties:
        draft.apply(change)
    customer_id = await writing.write_new(tx, actor, draft)
    found = await people.find(tx.connection, scope_of(actor), customer_id)
    if found is None:
        raise NotFound
    return found[1]


async def find_or_create_by_email(tx: Tx, actor: Actor, email: str, profile: CustomerProfile) -> Customer:
    """The customer with that address; somebody unknown is made from the profile, for somebody known it is ignored.

    Of any number of parallel calls for one address, one makes the customer and all return it; it cannot be deleted
    until the transaction ends. The form of the address is not judged, nor are the profile's limits: what does not fit
    is cut, because mail must not be refused for it. Callers that can refuse ask `is_email_address` and
    `check_profile` first. Raises Invalid for an address that is empty or longer than 255 characters.
    """
    address = _checked(email)
    scope = scope_of(actor)
    for _ in range(_TRIES):
        found = await people.find_by_email(tx.connection, scope, address, keep=True)
        if found is not None:
            return found
        await _make_with_email(tx, actor, address, profile)
    raise Conflict("customer keeps changing")


async def keep_by_email(tx: Tx, actor: Actor, email: str, profile: CustomerProfile) -> int:
    """The id of the customer that `find_or_create_by_email` returns, for callers who need no more of it."""
    address = _checked(email)
    held = tx.memory.get(_held(actor.account_id, address))
    if isinstance(held, int):
        return held
    for _ in range(_TRIES):
        found = await people.keep_by_email(tx.connection, actor.account_id, address)
        if found is None:
            found = await _make_with_email(tx, actor, address, profile)
        if found is not None:
            return found
    raise Conflict("customer keeps changing")


async def hold_by_emails(tx: Tx, account_id: int, emails: Iterable[str]) -> None:
    """Look up many at once for `keep_by_email`. For transactions that neither delete nor merge customers."""
    # The database's lower case of other letters may be another one.
    asked = {clean_text(email).strip().lower() for email in emails if email.isascii()}
    found = await people.hold_by_emails(tx.connection, account_id, sorted(asked))
    tx.memory.update({_held(account_id, email): customer_id for email, customer_id in found.items()})


def _held(account_id: int, address: str) -> tuple[str, int, str]:
    return "customer by email", account_id, address.lower()


async def keep(tx: Tx, actor: Actor, customer_id: int) -> CustomerBrief:
    """A customer to whom something is about to be tied; cannot be deleted until the transaction ends.

    Raises NotFound for one who is not there, or no longer.
    """
    kept = await people.keep(tx.connection, actor.account_id, customer_id)
    if kept is None:
        raise NotFound
    return kept


async def publish(tx: Tx, actor: Actor, customer_id: int) -> None:
    """Note that a customer is no longer known from drafts alone. Does nothing for one who was not a draft."""
    if await people.publish(tx.connection, actor.account_id, customer_id, tx.now):
        tx.emit(actor, events.CustomerUpdated(subject_id=customer_id, fields=["is_draft"]))


def _checked(email: str) -> str:
    address = clean_text(email).strip()
    if not address or len(address) > _LONGEST_EMAIL:
        raise Invalid.one("email", "not a well-formed email address", "Email", email)
    return address


async def _make_with_email(tx: Tx, actor: Actor, address: str, profile: CustomerProfile) -> int | None:
    fields, phone = content.fitted(profile)
    organization_id = None
    if fields["organization"]:
        organization_id = await linking.by_name(tx, actor, fields["organization"])
    else:
        organization_id = await linking.by_addresses(tx, actor.account_id, [address])
    row = _row(fields, organization_id, is_draft=profile.is_draft)
    made = await people.insert_with_email(tx.connection, actor.account_id, row, tx.now, address, "work")
    if made is None:
        return None
    if phone:
        entry = entry_store.EntryRow(EntryKind.PHONE, "work", phone)
        await entry_store.insert(tx.connection, actor.account_id, made, [entry])
    tx.emit(actor, events.CustomerCreated(subject_id=made, is_draft=profile.is_draft))
    return made


def _row(fields: dict[Any, Any], organization_id: int | None, *, is_draft: bool) -> people.CustomerRow:
    return people.CustomerRow(
        first_name=fields["first_name"] or "",
        last_name=fields["last_name"] or "",
        gender=fields["gender"] or Gender.UNKNOWN,
        job_title=fields["job_title"],
        location=fields["location"],
        organization_id=organization_id,
        photo_type=fields["photo_type"],
        photo_url=fields["photo_url"],
        age=fields["age"],
        background=fields["background"],
        is_draft=is_draft,
    )
