"""Articles: made, changed, drafted, viewed, deleted (spec: 3)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor
from waypost.domains.docs import article_checks as checks
from waypost.domains.docs import (
    asset_removal,
    errors,
    events,
    identities,
    indexing,
    insight,
    policy,
    rights,
    store_categories,
    store_redirects,
)
from waypost.domains.docs import store_articles as store
from waypost.domains.docs.article_checks import ArticleChange
from waypost.domains.docs.identities import Identity
from waypost.domains.docs.ids import new_id, number_of, slug_of
from waypost.domains.docs.models import Article, ArticleStatus, ArticleText, Author, Collection, Revision
from waypost.domains.docs.sites import get_site
from waypost.domains.docs.texts import Prepared, prepare
from waypost.kit.errors import NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

Origin = Literal["api", "web", "import"]
MOST_VIEWS_AT_ONCE = 1_000_000_000


async def get_article(tx: Tx, actor: Actor, reference: str) -> ArticleText:
    """By id or number. Raises NotFound."""
    policy.may_read(actor)
    found = await store.find(tx.connection, actor.account_id, reference, number_of(reference))
    if found is None:
        raise NotFound("no such article")
    return found


async def find_article_by_name(tx: Tx, actor: Actor, collection_id: str, name: str) -> ArticleText | None:
    """The article of that name in a collection, whatever its case."""
    policy.may_read(actor)
    found = await store.find_name(tx.connection, actor.account_id, collection_id, name)
    return await store.find(tx.connection, actor.account_id, found) if found else None


async def create_article(
    tx: Tx, actor: Actor, wanted: ArticleChange, origin: Origin = "api", *, identity: Identity | None = None
) -> ArticleText:
    """Make an article, with this id and number where they are free. Raises Forbidden, Invalid."""
    await rights.begin_editing(tx, actor)
    collection, name, text = await checks.check_new(tx, actor, wanted)
    status = wanted.status if wanted.status is not UNSET else ArticleStatus.NOT_PUBLISHED
    is_published = status is ArticleStatus.PUBLISHED
    user_id = actor.user_id or None
    article = Article(
        id="",
        site_id=collection.site_id,
        collection_id=collection.id,
        number=0,
        slug=slug_of((wanted.slug if wanted.slug is not UNSET else "") or name),
        status=status,
        has_draft=False,
        name=name,
        keywords=checks.keywords_of(wanted),
        view_count=0,
        most_views=0,
        author=Author(created_by=user_id, updated_by=user_id, created_at=tx.now, updated_at=tx.now),
        last_published_at=tx.now if is_published else None,
    )
    category_ids = await checks.categories_of(tx, actor, collection.id, wanted)
    related_ids = await checks.related_of(tx, actor, article, wanted)
    identity = identity or Identity()
    article = msgspec.structs.replace(
        article,
        id=await identities.id_for(tx, actor.account_id, identity.id),
        number=await identities.number_for(tx, actor.account_id, identity.number),
    )
    prepared = await prepare(text)
    made = ArticleText(
        article=article,
        text=prepared.html,
        draft=None,
        category_ids=[],
        related_ids=[],
        change_origin=origin,
        code=wanted.code or None if wanted.code is not UNSET else None,
    )
    await store.insert(tx.connection, actor.account_id, made, prepared)
    await store_categories.put_memberships(tx.connection, actor.account_id, article.id, category_ids)
    await store.put_related(tx.connection, actor.account_id, article.id, related_ids)
    await _index(tx, actor, article, prepared.plain)
    tx.emit(actor, events.ArticleCreated(**_about(article)))
    if is_published:
        await _keep_revision(tx, actor, article.id, prepared.html)
        tx.emit(actor, events.ArticlePublished(**_about(article)))
    return await get_article(tx, actor, article.id)


async def update_article(
    tx: Tx,
    actor: Actor,
    article_id: str,
    change: ArticleChange,
    origin: Origin = "api",
    *,
    keeps_revision: bool = True,
) -> ArticleText:
    """Change an article; what is UNSET stays. A new published text becomes a revision, unless the caller brings its
    own. Raises NotFound, Forbidden, Invalid."""
    await rights.begin_editing(tx, actor)
    before = await get_article(tx, actor, article_id)
    collection, after, text = await checks.check_change(tx, actor, before, change)
    fields = checks.changed_fields(before, after, is_text_changed=text is not None)
    memberships = await _memberships(tx, actor, before, collection, change)
    if memberships is not None:
        fields.append("categories")
    related = None
    if change.related is not UNSET:
        related = await checks.related_of(tx, actor, after.article, change)
        if related != before.related_ids:
            fields.append("related")
    if not fields:
        return before
    if await _write(tx, actor, before, after, text, origin) and keeps_revision:
        await _keep_revision(tx, actor, before.article.id, text.html if text is not None else before.text)
    if memberships is not None:
        await store_categories.put_memberships(tx.connection, actor.account_id, before.article.id, memberships)
    if related is not None:
        await store.put_related(tx.connection, actor.account_id, before.article.id, related)
    _announce(tx, actor, before.article, after.article, fields)
    return await get_article(tx, actor, before.article.id)


async def _write(
    tx: Tx, actor: Actor, before: ArticleText, after: ArticleText, text: Prepared | None, origin: Origin
) -> bool:
    """The article, its text, index and draft; whether visitors see a text that they did not see before."""
    old, one = before.article, after.article
    is_published = one.status is ArticleStatus.PUBLISHED
    is_new_to_public = is_published and (old.status is not ArticleStatus.PUBLISHED or text is not None)
    one = msgspec.structs.replace(
        one,
        author=msgspec.structs.replace(one.author, updated_by=actor.user_id or None, updated_at=tx.now),
        last_published_at=tx.now if is_new_to_public else one.last_published_at,
    )
    connection, account_id = tx.connection, actor.account_id
    if one.site_id != old.site_id:
        await indexing.forget(tx, account_id, old.site_id, [one.id])
        await store.move_to_site(connection, account_id, one.id, one.site_id)
    await store.update(connection, account_id, msgspec.structs.replace(after, article=one, change_origin=origin))
    if text is not None:
        await store.set_text(connection, account_id, one.id, text)
    is_found_otherwise = (one.name, one.keywords, one.status, one.site_id) != (
        old.name, old.keywords, old.status, old.site_id,
    )  # fmt: skip
    if text is not None or is_found_otherwise:
        plain = text.plain if text is not None else await store.plain_of(connection, account_id, one.id)
        await _index(tx, actor, one, plain)
    if is_new_to_public:
        # spec: 3.9. What is published now takes the place of what was being prepared.
        await store.set_draft(connection, account_id, one.id, None)
    return is_new_to_public


async def _memberships(
    tx: Tx, actor: Actor, before: ArticleText, collection: Collection, change: ArticleChange
) -> list[str] | None:
    """The categories that the article is to be in, Uncategorized if in no other; None where they stay."""
    has_moved = collection.id != before.article.collection_id
    if change.categories is UNSET and not has_moved:
        return None
    wanted = await checks.categories_of(tx, actor, collection.id, change)
    return wanted if has_moved or set(wanted) != set(before.category_ids) else None


async def save_draft(tx: Tx, actor: Actor, article_id: str, text: str | UnsetType) -> None:
    """Keep a text beside the published one. Raises NotFound, Forbidden, Invalid."""
    await rights.begin_editing(tx, actor)
    found = await get_article(tx, actor, article_id)
    checks.check_text(text)
    assert text is not UNSET
    draft = (await prepare(text)).html
    if await store.set_draft(tx.connection, actor.account_id, found.article.id, draft):
        tx.emit(actor, events.DraftSaved(**_about(found.article)))


async def delete_draft(tx: Tx, actor: Actor, article_id: str) -> None:
    """Drop the draft, if there is one. Raises NotFound, Forbidden."""
    await rights.begin_editing(tx, actor)
    found = await get_article(tx, actor, article_id)
    if await store.set_draft(tx.connection, actor.account_id, found.article.id, None):
        tx.emit(actor, events.DraftDeleted(**_about(found.article)))


async def add_views(tx: Tx, actor: Actor, article_id: str, count: int) -> None:
    """Count views that somebody else has counted. Raises NotFound, Forbidden, Invalid."""
    policy.may_edit_articles(actor, await rights.level_of(tx, actor))
    found = await get_article(tx, actor, article_id)
    if not 1 <= count <= MOST_VIEWS_AT_ONCE:
        errors.raise_any([errors.invalid("count", count)])
    await insight.note_view(tx, actor.account_id, found.article.id, count)


async def delete_article(tx: Tx, actor: Actor, article_id: str) -> None:
    """Remove an article with its draft, revisions, and redirects to it. Raises NotFound, Forbidden."""
    await rights.begin_editing(tx, actor)
    gone = (await get_article(tx, actor, article_id)).article
    await indexing.forget(tx, actor.account_id, gone.site_id, [gone.id])
    await store_redirects.delete_to(tx.connection, actor.account_id, [gone.id])
    await asset_removal.remove_later(tx, actor.account_id, [gone.id])
    await store.delete(tx.connection, actor.account_id, gone.id)
    tx.emit(actor, events.ArticleDeleted(**_about(gone)))


async def list_revisions(tx: Tx, actor: Actor, article_id: str, page: PageRequest) -> Page[Revision]:
    """An article's published texts, newest first. Raises NotFound."""
    found = await get_article(tx, actor, article_id)
    return await store.list_revisions(tx.connection, actor.account_id, found.article.id, page)


async def get_revision(tx: Tx, actor: Actor, revision_id: str) -> Revision:
    """One published text as it was. Raises NotFound."""
    policy.may_read(actor)
    found = await store.find_revision(tx.connection, actor.account_id, revision_id)
    if found is None:
        raise NotFound("no such revision")
    return found


async def restore_revision(tx: Tx, actor: Actor, revision_id: str) -> ArticleText:
    """Make a text of before the text again; of a published article, that is a revision of its own."""
    found = await get_revision(tx, actor, revision_id)
    return await update_article(tx, actor, found.article_id, ArticleChange(text=found.text or ""), "web")


async def _index(tx: Tx, actor: Actor, article: Article, plain: str) -> None:
    language = (await get_site(tx, actor, article.site_id)).fields.language
    await indexing.index(
        tx.connection,
        actor.account_id,
        article.site_id,
        article.id,
        (article.name, article.keywords, plain),
        language,
        is_published=article.status is ArticleStatus.PUBLISHED,
    )


async def _keep_revision(tx: Tx, actor: Actor, article_id: str, html: str) -> None:
    revision = store.new_revision(new_id(tx.now), article_id, html, actor.user_id or None, tx.now)
    await store.add_revision(tx.connection, actor.account_id, revision)


class _About(msgspec.Struct):
    subject_id: int
    id: str
    site_id: str
    collection_id: str


def _about(article: Article) -> dict[str, Any]:
    return msgspec.structs.asdict(_About(article.number, article.id, article.site_id, article.collection_id))


def _announce(tx: Tx, actor: Actor, before: Article, after: Article, fields: list[str]) -> None:
    tx.emit(actor, events.ArticleUpdated(**_about(after), fields=fields))
    if before.status is not after.status:
        is_published = after.status is ArticleStatus.PUBLISHED
        kind = events.ArticlePublished if is_published else events.ArticleUnpublished
        tx.emit(actor, kind(**_about(after)))
