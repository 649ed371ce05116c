"""Collections (spec: 4)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from waypost.domains.accounts import Actor
from waypost.domains.docs import (
    asset_removal,
    categories,
    errors,
    events,
    identities,
    indexing,
    policy,
    rights,
    store_articles,
    store_redirects,
)
from waypost.domains.docs import store_collections as store
from waypost.domains.docs.errors import COLLECTION_NAME_TAKEN
from waypost.domains.docs.identities import Identity
from waypost.domains.docs.ids import number_of
from waypost.domains.docs.models import Collection, Visibility
from waypost.domains.docs.shelving import ShelfChange, changed, check, new_fields
from waypost.domains.docs.sites import get_site, site_meant
from waypost.domains.docs.store_collections import CollectionSort
from waypost.kit.errors import NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

DESCRIPTION_LENGTH = 45


class CollectionChange(ShelfChange, frozen=True, kw_only=True):
    """What is to change of a collection, or what a new one is to be."""


async def list_collections(
    tx: Tx,
    actor: Actor,
    page: PageRequest,
    *,
    site_id: str | None = None,
    visibility: Visibility | None = None,
    order: tuple[CollectionSort, bool] = ("order", False),
) -> Page[Collection]:
    """A page of the account's collections, or of one site's. Raises NotFound for an unknown site."""
    policy.may_read(actor)
    if site_id is not None:
        await get_site(tx, actor, site_id)
    return await store.list_collections(tx.connection, actor.account_id, site_id, visibility, page, order)


async def get_collection(tx: Tx, actor: Actor, reference: str) -> Collection:
    """By id or number. Raises NotFound."""
    policy.may_read(actor)
    found = await store.find(tx.connection, actor.account_id, reference, number_of(reference))
    if found is None:
        raise NotFound("no such collection")
    return found


async def create_collection(
    tx: Tx,
    actor: Actor,
    site_id: str | None,
    wanted: CollectionChange,
    *,
    identity: Identity | None = None,
    uncategorized: Identity | None = None,
) -> Collection:
    """Make a collection with its Uncategorized category. Raises Forbidden, Invalid.

    `identity` and `uncategorized` are ids and numbers to be kept where they are free.
    """
    await rights.begin_managing(tx, actor)
    site = await site_meant(tx, actor, site_id)
    order = wanted.order
    if order is UNSET:
        order = await store.last_position(tx.connection, actor.account_id, site.id) + 1
    made = Collection(site_id=site.id, order=order, **new_fields(tx, actor, wanted))
    await _check(tx, actor, made)
    identity = identity or Identity()
    made = msgspec.structs.replace(
        made,
        id=await identities.id_for(tx, actor.account_id, identity.id),
        number=await identities.number_for(tx, actor.account_id, identity.number),
    )
    await store.insert(tx.connection, actor.account_id, made)
    tx.emit(actor, events.CollectionCreated(subject_id=made.number, id=made.id, site_id=site.id))
    await categories.make_uncategorized(tx, actor, made, uncategorized or Identity())
    return made


async def update_collection(tx: Tx, actor: Actor, collection_id: str, change: CollectionChange) -> Collection:
    """Change a collection. Raises NotFound, Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    before = await get_collection(tx, actor, collection_id)
    after, fields = changed(tx, actor, before, change)
    if not fields:
        return before
    await _check(tx, actor, after)
    await store.update(tx.connection, actor.account_id, after)
    tx.emit(actor, events.CollectionUpdated(subject_id=after.number, id=after.id, site_id=after.site_id, fields=fields))
    return after


async def delete_collection(tx: Tx, actor: Actor, collection_id: str) -> None:
    """Remove a collection with its categories, articles, and redirects to them. Raises NotFound, Forbidden."""
    await rights.begin_managing(tx, actor)
    gone = await get_collection(tx, actor, collection_id)
    articles = await store_articles.list_keys(tx.connection, actor.account_id, gone.id)
    shelves = await categories.keys_of(tx, actor.account_id, gone.id)
    for article_id, number in articles:
        what = events.ArticleDeleted(subject_id=number, id=article_id, site_id=gone.site_id, collection_id=gone.id)
        tx.emit(actor, what)
    for category_id, number in shelves:
        tx.emit(actor, events.CategoryDeleted(subject_id=number, id=category_id, collection_id=gone.id))
    article_ids = [article_id for article_id, _ in articles]
    await indexing.forget(tx, actor.account_id, gone.site_id, article_ids)
    await asset_removal.remove_later(tx, actor.account_id, article_ids)
    documents = [gone.id, *article_ids, *(category_id for category_id, _ in shelves)]
    await store_redirects.delete_to(tx.connection, actor.account_id, documents)
    await store.delete(tx.connection, actor.account_id, gone.id)
    tx.emit(actor, events.CollectionDeleted(subject_id=gone.number, id=gone.id, site_id=gone.site_id))


async def _check(tx: Tx, actor: Actor, wanted: Collection) -> None:
    check(wanted, DESCRIPTION_LENGTH)
    namesake = await store.find_name(tx.connection, actor.account_id, wanted.site_id, wanted.name)
    if namesake not in (None, wanted.id):
        raise errors.taken("name", COLLECTION_NAME_TAKEN)
