"""Tags and custom field values of conversations: E9, E10, X3 to X5."""

from __future__ import annotations

import re

from waypost.domains import mailboxes
from waypost.domains.accounts import Actor
from waypost.domains.conversations import colors, events, fields, locking, store_labels, store_writes
from waypost.domains.conversations.models import TagSummary
from waypost.domains.mailboxes import CustomField
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

TAG_LIMIT = 60
MOST_TAGS = 100
_NOT_IN_SLUG = re.compile(r"[^\w]+")


def clean_tags(names: list[str], path: str = "tags") -> tuple[list[str], list[FieldError]]:
    """Trimmed, lower-case, each once (spec: 7.6), and every name that is refused."""
    cleaned: dict[str, None] = {}
    errors: list[FieldError] = []
    if len(names) > MOST_TAGS:
        return [], [FieldError(path, f"size must be between 0 and {MOST_TAGS}", "Size")]
    for index, name in enumerate(names):
        text = " ".join(clean_text(name).split()).lower()
        if not text:
            errors.append(FieldError(f"{path}[{index}]", "may not be empty", "NotEmpty", name))
        elif len(text) > TAG_LIMIT:
            errors.append(FieldError(f"{path}[{index}]", f"size must be between 1 and {TAG_LIMIT}", "Size", name))
        else:
            cleaned[text] = None
    return list(cleaned), errors


def slug_of(name: str) -> str:
    """A tag's name as a part of addresses."""
    return _NOT_IN_SLUG.sub("-", name).strip("-") or "tag"


async def ensure_tags(tx: Tx, actor: Actor, names: list[str]) -> dict[str, int]:
    """Ids of tags by clean name; those that do not exist are created."""
    if not names:
        return {}
    found = await store_labels.tag_ids(tx.connection, actor.account_id, names)
    missing = sorted(name for name in names if name not in found)
    if missing:
        slugs = [slug_of(name) for name in missing]
        for tag_id, name in await store_labels.ensure_tags(tx.connection, actor.account_id, missing, slugs):
            tx.emit(actor, events.TagCreated(subject_id=tag_id, name=name))
        found = await store_labels.tag_ids(tx.connection, actor.account_id, names)
    return found


async def put_tags(tx: Tx, actor: Actor, conversation_id: int, names: list[str]) -> None:
    """Make these the conversation's tags. The same set again changes nothing and emits nothing."""
    wanted, errors = clean_tags(names)
    if errors:
        raise Invalid(errors)
    conversation = await locking.lock(tx, actor, conversation_id)
    await change_tags(tx, actor, conversation.id, conversation.mailbox_id, wanted)


async def add_tags(tx: Tx, actor: Actor, conversation_id: int, names: list[str], *, is_imported: bool = False) -> None:
    """Put these tags on too; those that are on already change nothing. Raises NotFound, Invalid.

    `is_imported`: they come with mail that is imported, of which nobody is told.
    """
    wanted, errors = clean_tags(names)
    if errors:
        raise Invalid(errors)
    conversation = await locking.lock(tx, actor, conversation_id)
    current = list((await store_labels.tags_of(tx.connection, actor.account_id, conversation_id)).values())
    known = {name.lower() for name in current}
    whole = [*current, *(name for name in wanted if name not in known)]
    if len(whole) > MOST_TAGS:
        raise Invalid([FieldError("tags", f"size must be between 0 and {MOST_TAGS}", "Size")])
    await change_tags(
        tx, actor, conversation.id, conversation.mailbox_id, [name.lower() for name in whole], is_imported=is_imported
    )


async def take_tags(tx: Tx, actor: Actor, conversation_id: int, names: list[str] | None) -> None:
    """Take these tags off, or (None) all of them."""
    conversation = await locking.lock(tx, actor, conversation_id)
    current = await store_labels.tags_of(tx.connection, actor.account_id, conversation_id)
    gone = {name.strip().lower() for name in names} if names is not None else set(current.values())
    kept = [name for name in current.values() if name.lower() not in gone]
    await change_tags(tx, actor, conversation.id, conversation.mailbox_id, kept)


async def change_tags(
    tx: Tx, actor: Actor, conversation_id: int, mailbox_id: int, wanted: list[str], *, is_imported: bool = False
) -> None:
    """The change itself, on a locked conversation, from clean names."""
    connection, account_id = tx.connection, actor.account_id
    current = await store_labels.tags_of(connection, account_id, conversation_id)
    ids = await ensure_tags(tx, actor, wanted)
    added = {name: tag_id for name, tag_id in ids.items() if tag_id not in current}
    removed = {tag_id: name for tag_id, name in current.items() if tag_id not in ids.values()}
    if not added and not removed:
        return
    if added:
        await store_labels.put_tags(connection, account_id, conversation_id, list(added.values()))
    if removed:
        await store_labels.take_tags(connection, account_id, conversation_id, list(removed))
    await store_writes.touch(connection, account_id, conversation_id, tx.now)
    tx.emit(
        actor,
        events.TagsChanged(
            subject_id=conversation_id,
            scope_id=mailbox_id,
            added=sorted(added),
            removed=sorted(removed.values()),
            is_imported=is_imported,
        ),
    )


async def put_first_tags(tx: Tx, actor: Actor, conversation_id: int, mailbox_id: int, names: list[str]) -> None:
    """Tag a conversation that is just being made: its times stay as they are."""
    ids = await ensure_tags(tx, actor, names)
    await store_labels.put_tags(tx.connection, actor.account_id, conversation_id, list(ids.values()))
    tx.emit(actor, events.TagsChanged(subject_id=conversation_id, scope_id=mailbox_id, added=sorted(ids), removed=[]))


async def put_fields(
    tx: Tx, actor: Actor, conversation_id: int, values: list[tuple[int, str]], *, only_these: bool = True
) -> None:
    """Set custom fields. Fields not named are cleared, unless `only_these` is False (X5). Raises Invalid."""
    conversation = await locking.lock(tx, actor, conversation_id)
    known = await mailboxes.fields.hold(tx, actor.account_id, conversation.mailbox_id)
    checked, errors = fields.check_all(known, values)
    if errors:
        raise Invalid(errors)
    current = await store_labels.fields_of(tx.connection, actor.account_id, conversation_id)
    changed = {field_id: value for field_id, value in checked.items() if value and current.get(field_id) != value}
    cleared = [
        field_id for field_id in current if checked.get(field_id) == "" or (only_these and field_id not in checked)
    ]
    if changed:
        await store_labels.put_fields(tx.connection, actor.account_id, conversation_id, changed)
    if cleared:
        await store_labels.clear_fields(tx.connection, actor.account_id, conversation_id, cleared)
    if changed or cleared:
        await store_writes.touch(tx.connection, actor.account_id, conversation_id, tx.now)
        tx.emit(
            actor,
            events.FieldsChanged(
                subject_id=conversation_id, scope_id=conversation.mailbox_id, field_ids=sorted([*changed, *cleared])
            ),
        )


async def forget_values(tx: Tx, actor: Actor, field: CustomField, option_ids: list[int] | None) -> int:
    """A field or some of its options are going: take the values away, in the same transaction."""
    return await store_labels.empty_field(tx.connection, actor.account_id, field.id, option_ids)


async def list_tags(tx: Tx, actor: Actor, page: PageRequest) -> Page[TagSummary]:
    """The account's tags by name."""
    return await store_labels.list_tags(tx.connection, actor.account_id, page)


async def get_tag(tx: Tx, actor: Actor, tag_id: int) -> TagSummary:
    """One tag. Raises NotFound."""
    found = await store_labels.find_tag(tx.connection, actor.account_id, tag_id)
    if found is None:
        raise NotFound
    return found


async def set_tag_color(tx: Tx, actor: Actor, name: str, color: str) -> None:
    """Give a tag a colour, by name or hex, created if need be. Raises Invalid."""
    kept = colors.check(color)
    if isinstance(kept, FieldError):
        raise Invalid([kept])
    await ensure_tags(tx, actor, [name.strip().lower()])
    await store_labels.set_color(tx.connection, actor.account_id, name.strip(), kept)
