"""Collections (spec: 4)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor
from waypost.domains.docs import categories, errors, events, indexing, policy, rights, store_articles, store_redirects
from waypost.domains.docs import store_collections as store
from waypost.domains.docs.errors import COLLECTION_NAME_TAKEN
from waypost.domains.docs.ids import new_id, number_of, slug_of
from waypost.domains.docs.models import Author, Collection, Visibility
from waypost.domains.docs.sites import get_site, site_meant
from waypost.domains.docs.store_collections import CollectionSort
from waypost.kit.errors import FieldError, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.text import clean_name
from waypost.kit.tx import Tx

NAME_LENGTH = 255
DESCRIPTION_LENGTH = 45


class CollectionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a collection, or what a new one is to be; what is UNSET stays, or has its default."""

    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    order: int | UnsetType = UNSET
    description: str | UnsetType | None = UNSET


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


async def create_collection(tx: Tx, actor: Actor, site_id: str | None, wanted: CollectionChange) -> Collection:
    """Make a collection with its Uncategorized category. Raises Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    site = await site_meant(tx, actor, site_id)
    name = clean_name(wanted.name, NAME_LENGTH + 1) if wanted.name is not UNSET else ""
    order = wanted.order
    if order is UNSET:
        order = await store.last_position(tx.connection, actor.account_id, site.id) + 1
    user_id = actor.user_id or None
    made = Collection(
        id=new_id(tx.now),
        site_id=site.id,
        number=0,
        slug=slug_of((wanted.slug if wanted.slug is not UNSET else "") or name),
        visibility=wanted.visibility if wanted.visibility is not UNSET else Visibility.PUBLIC,
        order=order,
        name=name,
        description=(wanted.description or None) if wanted.description is not UNSET else None,
        article_count=0,
        published_article_count=0,
        author=Author(created_by=user_id, updated_by=user_id, created_at=tx.now, updated_at=tx.now),
    )
    await _check(tx, actor, made)
    made = msgspec.structs.replace(made, number=await rights.next_number(tx, actor.account_id))
    await store.insert(tx.connection, actor.account_id, made)
    tx.emit(actor, events.CollectionCreated(subject_id=made.number, id=made.id, site_id=site.id))
    await categories.make_uncategorized(tx, actor, made)
    return made


async def update_collection(tx: Tx, actor: Actor, collection_id: str, change: CollectionChange) -> Collection:
    """Change a collection. Raises NotFound, Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    before = await get_collection(tx, actor, collection_id)
    after = before
    if change.name is not UNSET:
        after = msgspec.structs.replace(after, name=clean_name(change.name, NAME_LENGTH + 1))
    if change.slug is not UNSET:
        after = msgspec.structs.replace(after, slug=slug_of(change.slug or after.name))
    if change.visibility is not UNSET:
        after = msgspec.structs.replace(after, visibility=change.visibility)
    if change.order is not UNSET:
        after = msgspec.structs.replace(after, order=change.order)
    if change.description is not UNSET:
        after = msgspec.structs.replace(after, description=change.description or None)
    fields = [name for name in CollectionChange.__struct_fields__ if getattr(before, name) != getattr(after, name)]
    if not fields:
        return before
    await _check(tx, actor, after)
    author = msgspec.structs.replace(after.author, updated_by=actor.user_id or None, updated_at=tx.now)
    after = msgspec.structs.replace(after, author=author)
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
    documents = [gone.id, *article_ids, *(category_id for category_id, _ in shelves)]
    await store_redirects.delete_to(tx.connection, actor.account_id, documents)
    await store.delete(tx.connection, actor.account_id, gone.id)
    tx.emit(actor, events.CollectionDeleted(subject_id=gone.number, id=gone.id, site_id=gone.site_id))


async def _check(tx: Tx, actor: Actor, wanted: Collection) -> None:
    found: list[FieldError] = []
    if not wanted.name:
        found.append(errors.required("name"))
    elif len(wanted.name) > NAME_LENGTH:
        found.append(errors.too_long("name"))
    if len(wanted.description or "") > DESCRIPTION_LENGTH:
        found.append(errors.too_long("description"))
    if not -(2**31) <= wanted.order < 2**31:
        found.append(errors.invalid("order", wanted.order))
    errors.raise_any(found)
    namesake = await store.find_name(tx.connection, actor.account_id, wanted.site_id, wanted.name)
    if namesake not in (None, wanted.id):
        raise errors.taken("name", COLLECTION_NAME_TAKEN)
