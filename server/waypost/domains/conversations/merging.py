"""Merging conversations: several become one, and the others point to it from then on (spec: 5.1, 7.3)."""

from __future__ import annotations

from collections.abc import Iterable

from waypost.domains import customers
from waypost.domains.accounts import Actor
from waypost.domains.conversations import events, labels, locking, rules, store_labels, store_merging
from waypost.domains.conversations.models import State
from waypost.domains.conversations.store_writes import Locked
from waypost.kit.errors import FieldError, Invalid, NotFound, Unavailable
from waypost.kit.html import preview
from waypost.kit.tx import Tx

MOST_MERGED_AT_ONCE = 50


async def merge(tx: Tx, actor: Actor, conversation_id: int, others: list[int], path: str = "conversationIds") -> None:
    """Put the threads, files, tags, copies and field values of other conversations into this one.

    It keeps its number, customer, mailbox, assignee, status and snooze. Customers of the others get copies of what is
    answered from now on. The others are gone from every list; reading one leads here for 60 days. Those that were
    merged into it before are passed over, so a call may be repeated. Raises NotFound, Invalid with every conversation
    that is out of reach, Unavailable for a locked one and for more threads than one conversation may hold.
    """
    wanted = list(dict.fromkeys(others))
    reach = locking.reach(actor)
    found = await store_merging.lock_several(tx.connection, reach, [conversation_id, *wanted])
    survivor = found.get(conversation_id)
    if survivor is None:
        raise NotFound
    done = await store_merging.merged_already(tx.connection, actor.account_id, wanted, conversation_id)
    _check(survivor, others, found.keys() | done, path)
    merged = [found[other] for other in wanted if other not in done]
    if any(conversation.is_busy for conversation in [survivor, *merged]):
        raise Unavailable("Conversation is locked")
    # What the API added counts as before; a conversation beyond the bound could not be answered any more.
    if merged and sum(item.api_thread_count for item in [survivor, *merged]) > rules.MOST_API_THREADS:
        raise Unavailable("Conversation has reached the maximum number of threads")
    if merged:
        await _merge(tx, actor, survivor, merged)


def _check(survivor: Locked, others: list[int], known: Iterable[int], path: str) -> None:
    errors = [
        FieldError(f"{path}[{index}]", "conversation does not exist", "Unknown", other)
        if other != survivor.id
        else FieldError(f"{path}[{index}]", "cannot be merged into itself", "Unknown", other)
        for index, other in enumerate(others)
        if other == survivor.id or other not in known
    ]
    if survivor.state == State.DRAFT.value:
        errors.append(
            FieldError("conversationId", "a draft cannot take in others", "EnumValue", survivor.id, source="PATH")
        )
    if errors:
        raise Invalid(errors)


async def _merge(tx: Tx, actor: Actor, survivor: Locked, merged: list[Locked]) -> None:
    connection, account_id = tx.connection, actor.account_id
    ids = [conversation.id for conversation in merged]
    await store_merging.move_threads(connection, account_id, ids, survivor.id)
    tags = await store_merging.tags_of_several(connection, account_id, ids)
    filled = await store_merging.fill_fields(connection, account_id, ids, survivor.id)
    said = await store_merging.said(connection, account_id, survivor.id)
    cc, bcc = await _copies(tx, actor, survivor, merged)
    gathered = store_merging.Gathered(cc, bcc, preview(said.newest or ""), said.latest_reply_from, said.waiting_since)
    await store_merging.take_over(connection, account_id, ids, survivor.id, gathered, tx.now)
    await store_merging.mark_merged(connection, account_id, ids, survivor.id, tx.now)
    _announce(tx, actor, survivor, merged)
    if tags:
        current = await store_labels.tags_of(connection, account_id, survivor.id)
        await labels.change_tags(tx, actor, survivor.id, survivor.mailbox_id, sorted({*current.values(), *tags}))
        await store_merging.drop_tags(connection, account_id, ids)
    if filled:
        tx.emit(actor, events.FieldsChanged(subject_id=survivor.id, scope_id=survivor.mailbox_id, field_ids=filled))


async def _copies(tx: Tx, actor: Actor, survivor: Locked, merged: list[Locked]) -> tuple[list[str], list[str]]:
    """Whom answers are copied to: everybody who was in one of the conversations, each once."""
    people = await customers.load_people(
        tx.connection, actor.account_id, {item.primary_customer_id for item in [survivor, *merged]}
    )
    own = people[survivor.primary_customer_id].email
    askers = [people[item.primary_customer_id].email for item in merged]
    cc = _each_once([*survivor.cc, *(address for item in merged for address in item.cc), *askers], [own])
    bcc = _each_once([*survivor.bcc, *(address for item in merged for address in item.bcc)], [own, *cc])
    return cc, bcc


def _each_once(addresses: list[str], others: list[str]) -> list[str]:
    known = {address.lower() for address in others}
    found = []
    for address in addresses:
        if address and address.lower() not in known:
            known.add(address.lower())
            found.append(address)
    return found


def _announce(tx: Tx, actor: Actor, survivor: Locked, merged: list[Locked]) -> None:
    tx.emit(
        actor,
        events.Merged(
            subject_id=survivor.id,
            scope_id=survivor.mailbox_id,
            number=survivor.number,
            merged_conversation_ids=[conversation.id for conversation in merged],
            merged_numbers=[conversation.number for conversation in merged],
        ),
    )
    for conversation in merged:
        tx.emit(
            actor,
            events.TookIn(
                subject_id=survivor.id,
                scope_id=survivor.mailbox_id,
                conversation_id=conversation.id,
                number=conversation.number,
            ),
        )
        tx.emit(
            actor,
            events.MergedAway(
                subject_id=conversation.id,
                scope_id=conversation.mailbox_id,
                survivor_id=survivor.id,
                number=survivor.number,
            ),
        )
