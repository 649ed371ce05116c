"""Collections and categories on their way here, in the order of the source."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains import docs
from waypost.domains.docs import (
    CategoryChange,
    CollectionChange,
    DefaultSort,
    Identity,
    Origin,
    OriginKind,
    Visibility,
)
from waypost.edges.docs_account.places import Placed
from waypost.edges.docs_account.survey import mark_of
from waypost.edges.docs_account.taking import Taking, distinct, history, reason_of
from waypost.edges.docs_account.wire import CategoryIn, CollectionIn
from waypost.kit.errors import NotFound, WaypostError
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx

_LONGEST_DESCRIPTION = {"collection": 45, "category": 1000}
_SORTS = {sort.value: sort for sort in DefaultSort} | {"manual": DefaultSort.CUSTOM}
_MOST_CATEGORIES = 10_000


async def take_collections(taking: Taking) -> None:
    """Make or change all collections, each with its Uncategorized."""
    first = {one.collection_id: one for one in taking.found.categories if one.is_uncategorized}
    for one in taking.found.collections:
        where = f"collection {one.number or one.id} ({one.name[:60]})"
        taking.summary.collections.read += 1
        site_id = taking.places.sites.get(one.site_id)
        if site_id is None:
            taking.summary.fail(where, "its site is not here")
        else:
            try:
                await _take_collection(taking, one, site_id, first.get(one.id), where)
            except WaypostError as error:
                taking.summary.fail(where, reason_of(error))
        taking.told()


async def take_categories(taking: Taking) -> None:
    """Make or change all categories."""
    for one in taking.found.categories:
        where = f"category {one.number or one.id} ({one.name[:60]})"
        taking.summary.categories.read += 1
        collection = taking.places.by_id.get(one.collection_id)
        if collection is None:
            taking.summary.fail(where, "its collection is not here")
        else:
            try:
                await _take_category(taking, one, collection, where)
            except WaypostError as error:
                taking.summary.fail(where, reason_of(error))
        taking.told()


async def _take_collection(
    taking: Taking, one: CollectionIn, site_id: str, uncategorized: CategoryIn | None, where: str
) -> None:
    actor, mark, count = taking.actor, mark_of(one), taking.summary.collections
    change = CollectionChange(
        slug=one.slug or UNSET,
        visibility=_visibility(taking, one.visibility, where),
        order=_order(one.order),
        description=_described(taking, "collection", one.description, where),
    )
    async with taking.desk.transactions.open() as tx:
        origin = await docs.find_origin(tx, actor, OriginKind.COLLECTION, one.id)
        here = await _collection(tx, taking, origin)
        if here is not None and origin is not None and origin.mark == mark:
            count.unchanged += 1
        elif here is not None:
            of = here.id
            made, name = await distinct(
                one.name,
                lambda name: docs.update_collection(tx, actor, of, msgspec.structs.replace(change, name=name)),
            )
            here = made
            count.changed += 1
            _told_name(taking, where, one.name, name)
        else:
            made, name = await distinct(
                one.name,
                lambda name: docs.create_collection(
                    tx,
                    actor,
                    site_id,
                    msgspec.structs.replace(change, name=name),
                    identity=Identity(id=one.id, number=one.number),
                    uncategorized=Identity(id=uncategorized.id, number=uncategorized.number) if uncategorized else None,
                ),
            )
            here = made
            count.created += 1
            _told_name(taking, where, one.name, name)
            _told_number(taking, where, one.number, here.number)
            if uncategorized is not None:
                await _note_uncategorized(tx, taking, here.id, uncategorized)
        if origin is None or origin.mark != mark or origin.local_id != here.id:
            await docs.set_times(tx, actor, OriginKind.COLLECTION, here.id, history(one.created_at, one.updated_at))
            await docs.note_origin(tx, actor, OriginKind.COLLECTION, one.id, Origin(local_id=here.id, mark=mark))
    placed = Placed(id=here.id, site_id=here.site_id, kind="collection", number=here.number, slug=here.slug)
    taking.places.put(one.id, one.number, placed)


async def _note_uncategorized(tx: Tx, taking: Taking, collection_id: str, one: CategoryIn) -> None:
    page = await docs.list_categories(tx, taking.actor, collection_id, PageRequest(1, _MOST_CATEGORIES))
    made = next(category for category in page.items if category.is_uncategorized)
    await docs.note_origin(tx, taking.actor, OriginKind.CATEGORY, one.id, Origin(local_id=made.id))


async def _take_category(taking: Taking, one: CategoryIn, collection: Placed, where: str) -> None:
    actor, mark, count = taking.actor, mark_of(one), taking.summary.categories
    sort = _SORTS.get(one.default_sort or "", UNSET)
    change = CategoryChange(
        slug=one.slug or UNSET,
        visibility=_visibility(taking, one.visibility, where),
        order=_order(one.order),
        default_sort=sort,
        description=_described(taking, "category", one.description, where),
    )
    async with taking.desk.transactions.open() as tx:
        origin = await docs.find_origin(tx, actor, OriginKind.CATEGORY, one.id)
        here = await _category(tx, taking, origin)
        if here is not None and origin is not None and origin.mark == mark:
            count.unchanged += 1
        elif here is not None and here.is_uncategorized:
            here = await docs.update_category(tx, actor, here.id, msgspec.structs.replace(change, slug=UNSET))
            # It was made with its collection.
            is_new = origin is not None and not origin.mark
            count.created += is_new
            count.changed += not is_new
        elif here is not None:
            of = here.id
            made, name = await distinct(
                one.name, lambda name: docs.update_category(tx, actor, of, msgspec.structs.replace(change, name=name))
            )
            here = made
            count.changed += 1
            _told_name(taking, where, one.name, name)
        else:
            made, name = await distinct(
                one.name,
                lambda name: docs.create_category(
                    tx,
                    actor,
                    collection.id,
                    msgspec.structs.replace(change, name=name),
                    identity=Identity(id=one.id, number=one.number),
                ),
            )
            here = made
            count.created += 1
            _told_name(taking, where, one.name, name)
        if origin is None or origin.mark != mark or origin.local_id != here.id:
            _told_number(taking, where, one.number, here.number)
            await docs.set_times(tx, actor, OriginKind.CATEGORY, here.id, history(one.created_at, one.updated_at))
            await docs.note_origin(tx, actor, OriginKind.CATEGORY, one.id, Origin(local_id=here.id, mark=mark))
    placed = Placed(id=here.id, site_id=here.site_id, kind="category", number=here.number, slug=here.slug)
    taking.places.put(one.id, one.number, placed)


async def _collection(tx: Tx, taking: Taking, origin: Origin | None) -> docs.Collection | None:
    if origin is None:
        return None
    try:
        return await docs.get_collection(tx, taking.actor, origin.local_id)
    except NotFound:
        return None


async def _category(tx: Tx, taking: Taking, origin: Origin | None) -> docs.Category | None:
    if origin is None:
        return None
    try:
        return await docs.get_category(tx, taking.actor, origin.local_id)
    except NotFound:
        return None


def _visibility(taking: Taking, text: str | None, where: str) -> Visibility:
    """What is not known to be public is not."""
    if text in (None, "public", "private"):
        return Visibility(text or "public")
    taking.summary.note(where, f"its visibility {str(text)[:40]} is not known: it is private")
    return Visibility.PRIVATE


def _order(order: int | None) -> int | UnsetType:
    return order if order is not None and -(2**31) <= order < 2**31 else UNSET


def _described(taking: Taking, kind: str, text: str | None, where: str) -> str | None:
    longest = _LONGEST_DESCRIPTION[kind]
    if text is not None and len(text) > longest:
        taking.summary.note(where, f"its description is cut to {longest} characters")
    return text[:longest] if text else None


def _told_name(taking: Taking, where: str, wanted: str, name: str) -> None:
    if name != wanted[: len(name)] or len(name) < len(wanted.strip()):
        taking.summary.note(where, f"it is called {name} here")


def _told_number(taking: Taking, where: str, wanted: int | None, number: int) -> None:
    if wanted is not None and wanted != number:
        taking.summary.note(where, f"its number is taken: it has {number} here, and its old address leads elsewhere")
