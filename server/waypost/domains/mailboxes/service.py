"""The verbs and queries of mailboxes."""

from __future__ import annotations

import secrets

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.mailboxes import channel, events, fields, store, store_addresses
from waypost.domains.mailboxes.models import CustomField, FieldType, Folder, FolderType, Mailbox
from waypost.kit.errors import Forbidden, Invalid, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

#: Ids have fewer.
_DIGITS = 19
_SHARED_FOLDERS: list[tuple[FolderType, str, int | None, int]] = [
    (FolderType.UNASSIGNED, "Unassigned", None, 1),
    (FolderType.DRAFTS, "Drafts", None, 3),
    (FolderType.ASSIGNED, "Assigned", None, 4),
    (FolderType.CLOSED, "Closed", None, 5),
    (FolderType.SPAM, "Spam", None, 6),
]


async def list_mailboxes(tx: Tx, actor: Actor, page: PageRequest) -> Page[Mailbox]:
    """The mailboxes that the actor may see."""
    return await store.list_mailboxes(tx.connection, scope_of(actor), page)


async def get(tx: Tx, actor: Actor, mailbox_id: int) -> Mailbox:
    """One visible mailbox. Raises NotFound."""
    found = await store.find(tx.connection, scope_of(actor), mailbox_id)
    if found is None:
        raise NotFound
    return found


async def list_folders(tx: Tx, actor: Actor, mailbox_id: int) -> list[Folder]:
    """The folders of a visible mailbox with their kept counts: shared ones and the actor's own."""
    await get(tx, actor, mailbox_id)
    return await store.list_folders(tx.connection, actor.account_id, mailbox_id, actor.user_id)


async def list_fields(tx: Tx, actor: Actor, mailbox_id: int) -> list[CustomField]:
    """The custom fields of a visible mailbox."""
    await get(tx, actor, mailbox_id)
    return await store.list_fields(tx.connection, actor.account_id, [mailbox_id])


async def list_all_fields(tx: Tx, actor: Actor) -> list[CustomField]:
    """The custom fields of all mailboxes that the actor may see (spec: 10)."""
    scope = scope_of(actor)
    visible = await ids_of(tx, actor.account_id) if scope.mailbox_ids is None else scope.mailbox_ids
    return await store.list_fields(tx.connection, actor.account_id, list(visible))


async def get_field(tx: Tx, actor: Actor, field_id: int) -> CustomField:
    """A custom field of a visible mailbox. Raises NotFound."""
    for field in await list_all_fields(tx, actor):
        if field.id == field_id:
            return field
    raise NotFound


async def create(tx: Tx, actor: Actor, name: str, email: str) -> Mailbox:
    """Set up a mailbox with the usual folders.

    Raises Forbidden for plain users, Invalid for bad names or addresses, Conflict for an address that reaches another
    mailbox of the account, or is an alias anywhere.
    """
    if not actor.is_administrator:
        raise Forbidden
    name, email = clean_text(name).strip(), clean_text(email).strip()
    if not name:
        raise Invalid.one("name", "may not be empty", "NotEmpty")
    if "@" not in email:
        raise Invalid.one("email", "not a well-formed email address", "Email", email)
    await channel.require_new(tx, actor, email)
    made = await store.insert(tx.connection, actor.account_id, name, secrets.token_hex(8), email)
    await store.insert_folders(tx.connection, actor.account_id, made.id, _SHARED_FOLDERS)
    tx.emit(actor, events.MailboxCreated(subject_id=made.id, scope_id=made.id, name=made.name, email=made.email))
    return made


async def ensure_personal_folders(tx: Tx, account_id: int, user_id: int, mailbox_ids: list[int] | None) -> None:
    """Give a user the folder `Mine` in the mailboxes (None: all of them) where it is missing."""
    await store.add_personal_folders(tx.connection, account_id, user_id, mailbox_ids)


async def create_field(
    tx: Tx,
    actor: Actor,
    mailbox_id: int,
    name: str,
    kind: FieldType,
    labels: list[str] | None = None,
    *,
    required: bool = False,
) -> CustomField:
    """Add a custom field to a mailbox; `labels` are the choices of a dropdown. Raises NotFound, Forbidden, Invalid."""
    wanted = fields.FieldChange(
        name=name, type=kind.value, required=required, options=[fields.OptionChange(label) for label in labels or []]
    )
    return await fields.add(tx, actor, mailbox_id, wanted)


async def exists(tx: Tx, actor: Actor, mailbox_id: int) -> bool:
    """Whether the actor sees a mailbox of this id."""
    return await store.find(tx.connection, scope_of(actor), mailbox_id) is not None


async def ids_of(tx: Tx, account_id: int) -> list[int]:
    """All mailboxes of the account."""
    return await store.all_ids(tx.connection, account_id)


async def find_meant(tx: Tx, account_id: int, reference: str) -> int | None:
    """The mailbox that somebody means by its id, its slug, its address or one of its aliases; its id."""
    text = clean_text(reference).strip()
    is_number = text.isascii() and text.isdigit() and len(text) < _DIGITS
    return await store_addresses.find_meant(tx.connection, account_id, int(text) if is_number else None, text)
