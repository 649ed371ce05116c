"""Categories, and Uncategorized, which every collection has (spec: 5)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor
from waypost.domains.docs import errors, events, identities, policy, rights, store_collections, store_redirects
from waypost.domains.docs import store_categories as store
from waypost.domains.docs.errors import CATEGORY_NAME_TAKEN
from waypost.domains.docs.identities import Identity
from waypost.domains.docs.ids import number_of
from waypost.domains.docs.models import Category, Collection, DefaultSort
from waypost.domains.docs.shelving import ShelfChange, changed, check, new_fields
from waypost.domains.docs.store_categories import CategorySort
from waypost.kit.errors import FieldError, Invalid, NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

DESCRIPTION_LENGTH = 1000
UNCATEGORIZED = "Uncategorized"
UNCATEGORIZED_ORDER = 10_000


class CategoryChange(ShelfChange, frozen=True, kw_only=True):
    """What is to change of a category, or what a new one is to be."""

    default_sort: DefaultSort | UnsetType = UNSET


async def list_categories(
    tx: Tx, actor: Actor, collection_id: str, page: PageRequest, order: tuple[CategorySort, bool] = ("order", False)
) -> Page[Category]:
    """A page of a collection's categories, Uncategorized among them. Raises NotFound."""
    policy.may_read(actor)
    found = await store_collections.find(tx.connection, actor.account_id, collection_id, number_of(collection_id))
    if found is None:
        raise NotFound("no such collection")
    return await store.list_categories(tx.connection, actor.account_id, found.id, page, order)


async def get_category(tx: Tx, actor: Actor, reference: str) -> Category:
    """By id or number. Raises NotFound."""
    policy.may_read(actor)
    found = await store.find(tx.connection, actor.account_id, reference, number_of(reference))
    if found is None:
        raise NotFound("no such category")
    return found


async def keys_of(tx: Tx, account_id: int, collection_id: str) -> list[tuple[str, int]]:
    """Ids and numbers of a collection's categories."""
    found = await store.keys_of(tx.connection, account_id, collection_id)
    return [(category_id, number) for category_id, number, _ in found]


async def make_uncategorized(tx: Tx, actor: Actor, collection: Collection, identity: Identity) -> None:
    """The category that a new collection begins with."""
    wanted = CategoryChange(name=UNCATEGORIZED, order=UNCATEGORIZED_ORDER)
    await _insert(tx, actor, _new(tx, actor, collection, wanted, is_uncategorized=True), identity)


async def create_category(
    tx: Tx, actor: Actor, collection_id: str | None, wanted: CategoryChange, *, identity: Identity | None = None
) -> Category:
    """Make a category, with this id and number where they are free. Raises Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    found: list[FieldError] = []
    collection = None
    if not collection_id:
        found.append(errors.required("collectionId"))
    else:
        collection = await store_collections.find(tx.connection, actor.account_id, collection_id)
        if collection is None:
            found.append(errors.not_found("collectionId"))
    if wanted.name is UNSET or not wanted.name.strip():
        found.append(errors.required("name"))
    errors.raise_any(found)
    assert collection is not None
    made = _new(tx, actor, collection, wanted, is_uncategorized=False)
    await _check(tx, actor, made)
    return await _insert(tx, actor, made, identity or Identity())


async def update_category(tx: Tx, actor: Actor, category_id: str, change: CategoryChange) -> Category:
    """Change a category. Raises NotFound, Forbidden, Invalid; name and slug of Uncategorized stay."""
    await rights.begin_managing(tx, actor)
    before = await get_category(tx, actor, category_id)
    after, fields = changed(tx, actor, before, change)
    if not fields:
        return before
    if before.is_uncategorized:
        fixed = [name for name in ("name", "slug") if name in fields]
        errors.raise_any([FieldError(name, f"{name} of Uncategorized cannot change", "Unknown") for name in fixed])
    await _check(tx, actor, after)
    await store.update(tx.connection, actor.account_id, after)
    _emit_updated(tx, actor, after.id, after.number, after.collection_id, fields)
    return after


async def reorder_categories(tx: Tx, actor: Actor, collection_id: str, positions: dict[str, int]) -> None:
    """Move the named categories of a collection; others stay. Raises NotFound, Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    collection = await store_collections.find(tx.connection, actor.account_id, collection_id, number_of(collection_id))
    if collection is None:
        raise NotFound("no such collection")
    known = {category_id for category_id, _ in await keys_of(tx, actor.account_id, collection.id)}
    if not positions.keys() <= known:
        raise Invalid([errors.not_found("categories")])
    if any(not -(2**31) <= order < 2**31 for order in positions.values()):
        raise Invalid([errors.invalid("order")])
    author = (actor.user_id or None, tx.now)
    for category_id, number in await store.reorder(tx.connection, actor.account_id, positions, author):
        _emit_updated(tx, actor, category_id, number, collection.id, ["order"])


async def delete_category(tx: Tx, actor: Actor, category_id: str) -> None:
    """Remove a category; articles in no other become Uncategorized. Raises NotFound, Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    gone = await get_category(tx, actor, category_id)
    if gone.is_uncategorized:
        raise Invalid([FieldError("id", "Uncategorized cannot be deleted", "Unknown")])
    rest = await store.keys_of(tx.connection, actor.account_id, gone.collection_id)
    uncategorized = next(other_id for other_id, _, is_uncategorized in rest if is_uncategorized)
    await store.delete(tx.connection, actor.account_id, gone.id, uncategorized)
    await store_redirects.delete_to(tx.connection, actor.account_id, [gone.id])
    what = events.CategoryDeleted(subject_id=gone.number, id=gone.id, collection_id=gone.collection_id)
    tx.emit(actor, what)


async def place_articles(tx: Tx, actor: Actor, category_id: str, article_ids: list[str]) -> None:
    """Order a category's articles by hand, for its `custom` sort; ids of others are passed over.
    Raises NotFound, Forbidden."""
    await rights.begin_editing(tx, actor)
    category = await get_category(tx, actor, category_id)
    await store.place_articles(tx.connection, actor.account_id, category.id, article_ids)
    _emit_updated(tx, actor, category.id, category.number, category.collection_id, ["articles"])


def _new(tx: Tx, actor: Actor, collection: Collection, wanted: CategoryChange, *, is_uncategorized: bool) -> Category:
    return Category(
        collection_id=collection.id,
        site_id=collection.site_id,
        order=wanted.order if wanted.order is not UNSET else 1,
        default_sort=wanted.default_sort if wanted.default_sort is not UNSET else DefaultSort.POPULARITY,
        is_uncategorized=is_uncategorized,
        **new_fields(tx, actor, wanted),
    )


async def _insert(tx: Tx, actor: Actor, made: Category, identity: Identity) -> Category:
    made = msgspec.structs.replace(
        made,
        id=await identities.id_for(tx, actor.account_id, identity.id),
        number=await identities.number_for(tx, actor.account_id, identity.number),
    )
    await store.insert(tx.connection, actor.account_id, made)
    what = events.CategoryCreated(subject_id=made.number, id=made.id, collection_id=made.collection_id)
    tx.emit(actor, what)
    return made


async def _check(tx: Tx, actor: Actor, wanted: Category) -> None:
    check(wanted, DESCRIPTION_LENGTH)
    namesake = await store.find_name(tx.connection, actor.account_id, wanted.collection_id, wanted.name)
    if namesake not in (None, wanted.id):
        raise errors.taken("name", CATEGORY_NAME_TAKEN)


def _emit_updated(tx: Tx, actor: Actor, category_id: str, number: int, collection_id: str, fields: list[str]) -> None:
    what = events.CategoryUpdated(subject_id=number, id=category_id, collection_id=collection_id, fields=fields)
    tx.emit(actor, what)
