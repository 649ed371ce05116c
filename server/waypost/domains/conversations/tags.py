"""Tags as things of their own: made, renamed, coloured, merged and deleted by administrators.

What is carried by many conversations is changed at once, and the conversations follow in the background.
"""

from __future__ import annotations

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.conversations import colors, events, labels, policy, store_labels, store_tags
from waypost.domains.conversations.models import TagSummary
from waypost.kit import jobs
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.tx import Transactions, Tx

RETAG_JOB = "tags.retag"
REINDEX_JOB = "tags.reindex"
#: More conversations than this follow in the background; this many take less than a second.
MOST_AT_ONCE = 300
BATCH = 200


async def tag_version(tx: Tx, actor: Actor, tag_id: int, *, hold: bool = False) -> int | None:
    """How often it has changed, None where there is none; with `hold` it stays so until the end of `tx`."""
    return await store_tags.version(tx.connection, actor.account_id, tag_id, hold=hold)


async def create_tag(tx: Tx, actor: Actor, name: str, color: str = colors.NONE) -> TagSummary:
    """Make a tag. Raises Forbidden, Invalid, NameTaken."""
    policy.may_administer_tags(actor)
    clean, kept = _checked(name, color)
    tag_id = await store_tags.insert(tx.connection, actor.account_id, clean, labels.slug_of(clean), kept, tx.now)
    tx.emit(actor, events.TagCreated(subject_id=tag_id, name=clean))
    return await labels.get_tag(tx, actor, tag_id)


async def update_tag(
    tx: Tx,
    actor: Actor,
    tag_id: int,
    name: str | msgspec.UnsetType = msgspec.UNSET,
    color: str | msgspec.UnsetType = msgspec.UNSET,
) -> None:
    """Give a tag another name or colour; what is UNSET stays. Nothing changed emits nothing.

    Raises Forbidden, NotFound, Invalid, NameTaken.
    """
    await store_tags.lock(tx.connection, actor.account_id, [tag_id])
    before = await labels.get_tag(tx, actor, tag_id)
    policy.may_administer_tags(actor)
    clean, kept = _checked(
        before.name if name is msgspec.UNSET else name, before.color if color is msgspec.UNSET else color
    )
    if (clean, kept) == (before.name, before.color):
        return
    is_renamed = clean != before.name
    if is_renamed and before.conversation_count > MOST_AT_ONCE:
        await store_tags.index_by_batch(tx.connection)
        await jobs.enqueue(tx, REINDEX_JOB, {"account_id": actor.account_id, "tag_id": tag_id})
    slug = labels.slug_of(clean) if is_renamed else before.slug
    await store_tags.update(tx.connection, actor.account_id, tag_id, clean, slug, kept, tx.now)
    tx.emit(actor, events.TagUpdated(subject_id=tag_id, name=clean, previous_name=before.name))


def _checked(name: str, color: str) -> tuple[str, str]:
    names, errors = labels.clean_tags([name], "name")
    errors = [FieldError("name", error.message, error.kind, error.rejected) for error in errors]
    kept = colors.check(color)
    if isinstance(kept, FieldError):
        errors.append(kept)
    if errors or isinstance(kept, FieldError):
        raise Invalid(errors)
    return names[0], kept


async def delete_tag(tx: Tx, actor: Actor, tag_id: int) -> bool:
    """Remove a tag, from all conversations too. False when a job will have done so. Raises Forbidden, NotFound."""
    return await _replace(tx, actor, [tag_id], None)


async def merge_tags(tx: Tx, actor: Actor, tag_id: int, others: list[int], path: str = "tagIds") -> bool:
    """Put this tag in the place of others, which are no more. False when a job will have done so.

    Raises Forbidden, NotFound, Invalid with every tag that does not exist.
    """
    wanted = list(dict.fromkeys(others))
    found = await store_tags.lock(tx.connection, actor.account_id, [tag_id, *wanted])
    if tag_id not in found:
        raise NotFound
    policy.may_administer_tags(actor)
    errors = [
        FieldError(f"{path}[{index}]", "cannot be merged into itself", "Unknown", other)
        if other == tag_id
        else FieldError(f"{path}[{index}]", "tag does not exist", "Unknown", other)
        for index, other in enumerate(others)
        if other == tag_id or other not in found
    ]
    if errors:
        raise Invalid(errors)
    await store_tags.touch(tx.connection, actor.account_id, tag_id, tx.now)
    return await _replace(tx, actor, wanted, tag_id)


async def _replace(tx: Tx, actor: Actor, ids: list[int], into_id: int | None) -> bool:
    connection, account_id = tx.connection, actor.account_id
    if not await store_tags.lock(connection, account_id, ids):
        raise NotFound
    policy.may_administer_tags(actor)
    found = await store_tags.carrying(connection, account_id, ids, 0, MOST_AT_ONCE + 1)
    if len(found) > MOST_AT_ONCE:
        payload = {"account_id": account_id, "tag_ids": ids, "into_id": into_id, "user_id": actor.user_id}
        await jobs.enqueue(tx, RETAG_JOB, payload, dedupe_key=f"{RETAG_JOB}:{ids[0]}:{into_id}")
        return False
    await _move(tx, account_id, found, ids, into_id)
    await _finish(tx, actor, ids, into_id)
    return True


async def _move(tx: Tx, account_id: int, conversations: list[int], ids: list[int], into_id: int | None) -> None:
    await store_tags.index_by_batch(tx.connection)
    await store_tags.retag(tx.connection, account_id, conversations, ids, into_id)
    await store_tags.rebuild(tx.connection, account_id, conversations)


async def _finish(tx: Tx, actor: Actor, ids: list[int], into_id: int | None) -> None:
    names = await store_tags.lock(tx.connection, actor.account_id, ids)
    await store_tags.delete(tx.connection, actor.account_id, ids)
    for tag_id in names:
        tx.emit(actor, events.TagDeleted(subject_id=tag_id, name=names[tag_id], into_id=into_id))
    if into_id is not None:
        name = (await store_labels.names_of_tags(tx.connection, actor.account_id, [into_id])).get(into_id)
        if name is not None:
            tx.emit(actor, events.TagUpdated(subject_id=into_id, name=name, previous_name=name))


async def carry_out_retagging(transactions: Transactions, actor: Actor, ids: list[int], into_id: int | None) -> None:
    """Take the tags off all conversations, batch by batch, then remove them; may be called again."""
    while True:
        async with transactions.open() as tx:
            names = await store_tags.lock(tx.connection, actor.account_id, [*ids, *([into_id] if into_id else [])])
            if into_id is not None and into_id not in names:
                # The one that was to take their place is gone: they stay as they are.
                return
            found = await store_tags.carrying(tx.connection, actor.account_id, ids, 0, BATCH)
            if found:
                await _move(tx, actor.account_id, found, ids, into_id)
            else:
                await _finish(tx, actor, ids, into_id)
                return


async def reindex(transactions: Transactions, account_id: int, tag_id: int) -> None:
    """Make the search documents of all conversations with a tag anew, batch by batch; may be called again."""
    beyond = 0
    while True:
        async with transactions.open() as tx:
            found = await store_tags.carrying(tx.connection, account_id, [tag_id], beyond, BATCH)
            if not found:
                return
            await store_tags.rebuild(tx.connection, account_id, found)
            beyond = found[-1]
