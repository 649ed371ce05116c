"""Taking in a help center that was elsewhere: what became of each of its things, and the past that they bring along."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor
from waypost.domains.docs import events, identities, rights, store_articles, store_assets, store_origins
from waypost.domains.docs.article_checks import ArticleChange
from waypost.domains.docs.articles import get_article, update_article
from waypost.domains.docs.models import ArticleText, Asset
from waypost.domains.docs.store_origins import History, Origin
from waypost.domains.docs.texts import prepare
from waypost.kit.tx import Tx

MOST_VIEWS = 1_000_000_000


class OriginKind(Enum):
    """What has been taken in."""

    SITE = "site"
    COLLECTION = "collection"
    CATEGORY = "category"
    ARTICLE = "article"
    REVISION = "revision"
    REDIRECT = "redirect"
    FILE = "file"


class PastRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A text that an article had, with its id at the source."""

    origin_id: str
    text: str
    user_id: int | None
    created_at: datetime


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """What an article brings along beside its text. Without `has_revisions` its text becomes a revision as always."""

    history: History
    draft: str | UnsetType | None = UNSET
    #: Oldest first; those that are here already are not among them.
    revisions: list[PastRevision] = []
    has_revisions: bool = False
    #: To be added to those that were counted here.
    views: int = 0


async def begin_taking_in(tx: Tx, actor: Actor, largest_number: int = 0) -> None:
    """Check the right, let one writer at a time go on, and keep the numbers that are to come. Raises Forbidden."""
    await rights.begin_managing(tx, actor)
    await identities.reserve(tx, actor.account_id, largest_number)


async def find_origin(tx: Tx, actor: Actor, kind: OriginKind, origin_id: str) -> Origin | None:
    """What has become of a thing; nothing else is made of it before this transaction ends. Raises Forbidden."""
    await rights.begin_managing(tx, actor)
    return await store_origins.find(tx.connection, actor.account_id, kind.value, origin_id)


async def list_origins(tx: Tx, actor: Actor, kind: OriginKind) -> dict[str, Origin]:
    """What has become of all things of a kind, by their ids at the source. Raises Forbidden."""
    await rights.begin_managing(tx, actor)
    return await store_origins.list_all(tx.connection, actor.account_id, kind.value)


async def note_origin(tx: Tx, actor: Actor, kind: OriginKind, origin_id: str, origin: Origin) -> None:
    """Remember what has become of a thing. Raises Forbidden."""
    await rights.begin_managing(tx, actor)
    await store_origins.put(tx.connection, actor.account_id, kind.value, origin_id, origin, tx.now)


async def known_revisions(tx: Tx, actor: Actor, origin_ids: list[str]) -> set[str]:
    """Which of these revisions of a source are here already. Raises Forbidden."""
    await rights.begin_managing(tx, actor)
    return await store_origins.known_revisions(tx.connection, actor.account_id, origin_ids)


async def is_number_free(tx: Tx, actor: Actor, number: int) -> bool:
    """Whether a thing with that number could keep it. Raises Forbidden."""
    await rights.begin_managing(tx, actor)
    return await identities.is_free(tx, actor.account_id, number)


async def find_asset(tx: Tx, actor: Actor, asset_id: str) -> Asset | None:
    """A file of the account, if it is still there. Raises Forbidden."""
    await rights.begin_managing(tx, actor)
    found = await store_assets.find(tx.connection, asset_id)
    return found if found is not None and found.account_id == actor.account_id else None


async def set_times(tx: Tx, actor: Actor, kind: OriginKind, local_id: str, history: History) -> None:
    """Have a site, collection, category or redirect be as old as it was at the source. Raises Forbidden."""
    await rights.begin_managing(tx, actor)
    await store_origins.set_times(tx.connection, actor.account_id, kind.value, local_id, _possible(history, tx.now))


async def settle_article(tx: Tx, actor: Actor, article_id: str, change: ArticleChange, past: Past) -> ArticleText:
    """Make an article what it is at the source, with its draft, revisions, views and times.
    Raises NotFound, Forbidden, Invalid."""
    await rights.begin_managing(tx, actor)
    made = await update_article(tx, actor, article_id, change, "import", keeps_revision=not past.has_revisions)
    connection, account_id, one = tx.connection, actor.account_id, made.article
    if past.draft is not UNSET:
        await _prepare_draft(tx, actor, made, past.draft)
    for revision in past.revisions:
        await _keep(tx, actor, one.id, revision)
    if past.views:
        await store_origins.add_views(connection, account_id, one.id, min(past.views, MOST_VIEWS))
    await store_origins.set_article_times(connection, account_id, one.id, _possible(past.history, tx.now))
    return await get_article(tx, actor, one.id)


async def _prepare_draft(tx: Tx, actor: Actor, made: ArticleText, text: str | None) -> None:
    """What is being prepared beside the text, unless it is the same."""
    draft = (await prepare(text)).html if text is not None else None
    if draft == made.text:
        draft = None
    one = made.article
    if await store_articles.set_draft(tx.connection, actor.account_id, one.id, draft):
        about = (one.number, one.id, one.site_id, one.collection_id)
        kind = events.DraftSaved if draft is not None else events.DraftDeleted
        tx.emit(actor, kind(subject_id=about[0], id=about[1], site_id=about[2], collection_id=about[3]))


async def _keep(tx: Tx, actor: Actor, article_id: str, past: PastRevision) -> None:
    revision_id = await identities.id_for(tx, actor.account_id, past.origin_id)
    html = (await prepare(past.text)).html
    at = min(past.created_at, tx.now)
    revision = store_articles.new_revision(revision_id, article_id, html, past.user_id, at)
    await store_articles.add_revision(tx.connection, actor.account_id, revision)
    await note_origin(tx, actor, OriginKind.REVISION, past.origin_id, Origin(local_id=revision_id))


def _possible(history: History, now: datetime) -> History:
    """None of it later than now, and nothing changed before it was made."""
    created = min(history.created_at, now) if history.created_at else None
    updated = min(history.updated_at, now) if history.updated_at else created
    if created and updated and updated < created:
        updated = created
    published = min(history.last_published_at, now) if history.last_published_at else None
    return History(created_at=created, updated_at=updated, last_published_at=published)
