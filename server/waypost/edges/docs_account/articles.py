"""Articles on their way here: first all get their places, so that they can link to each other, then their texts."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from msgspec import UNSET

from waypost.domains import docs
from waypost.domains.docs import ArticleChange, ArticleStatus, Identity, Origin, OriginKind, Past, PastRevision
from waypost.edges.docs_account.places import Placed
from waypost.edges.docs_account.revisions import Revisions
from waypost.edges.docs_account.source import NotGiven, SourceError
from waypost.edges.docs_account.survey import mark_of
from waypost.edges.docs_account.taking import Taking, distinct, history, reason_of
from waypost.edges.docs_account.texts import Texts
from waypost.edges.docs_account.wire import ArticleIn, ArticleRefIn
from waypost.kit.errors import NotFound, WaypostError
from waypost.kit.tx import Tx

#: So many articles in a row that cannot be read say that something is wrong with the source.
MOST_FAILURES_IN_A_ROW = 20
_MOST_KEYWORDS, _KEYWORD_LENGTH = 25, 80
_MOST_RELATED = 100
_NOTHING_YET = "<p>…</p>"


class _Place(msgspec.Struct, frozen=True):
    """An article and its place: its id here, and what is known of an earlier run."""

    ref: ArticleRefIn
    placed: Placed
    name: str
    origin: Origin
    is_new: bool
    where: str


class Articles:
    """All articles of one import."""

    def __init__(self, taking: Taking) -> None:
        self._taking = taking
        self._texts = Texts(taking.source.base, taking.places, taking.files, taking.summary)
        self._revisions = Revisions(taking, self._texts)
        #: The collections of the categories that may be named: not of Uncategorized.
        self._shelves = {one.id: one.collection_id for one in taking.found.categories if not one.is_uncategorized}

    async def take(self) -> None:
        """Place and fill all of them. Raises SourceError where the source cannot be read any more."""
        places = []
        for ref in self._taking.found.articles:
            where = f"article {ref.number or ref.id} ({ref.name[:60]})"
            self._taking.summary.articles.read += 1
            collection = self._taking.places.by_id.get(ref.collection_id)
            if collection is None:
                self._taking.summary.fail(where, "its collection is not here")
                continue
            try:
                places.append(await self._place(ref, collection, where))
            except WaypostError as error:
                self._taking.summary.fail(where, reason_of(error))
        failed = 0
        for place in places:
            try:
                await self._fill(place)
                failed = 0
            except (NotGiven, WaypostError) as error:
                if isinstance(error, SourceError) and not isinstance(error, NotGiven):
                    raise
                failed += 1
                self._taking.summary.fail(place.where, reason_of(error))
                if failed == MOST_FAILURES_IN_A_ROW:
                    raise SourceError(f"{failed} articles in a row cannot be read; the last one: {error}") from error
            self._taking.told()

    async def _place(self, ref: ArticleRefIn, collection: Placed, where: str) -> _Place:
        """The article here, made without its text if it is new: it is not published before it is whole."""
        taking, actor = self._taking, self._taking.actor
        async with taking.desk.transactions.open() as tx:
            origin = await docs.find_origin(tx, actor, OriginKind.ARTICLE, ref.id)
            here, name = await _article(tx, taking, origin), ref.name
            is_new = here is None
            if here is None:
                made, name = await distinct(
                    ref.name,
                    lambda name: docs.create_article(
                        tx,
                        actor,
                        ArticleChange(
                            collection_id=collection.id, name=name, text=_NOTHING_YET, slug=ref.slug or UNSET
                        ),
                        "import",
                        identity=Identity(id=ref.id, number=ref.number),
                    ),
                )
                here, origin = made, Origin(local_id=made.article.id)
                await docs.note_origin(tx, actor, OriginKind.ARTICLE, ref.id, origin)
                taking.summary.articles.created += 1
                if name != ref.name.strip():
                    taking.summary.note(where, f"it is called {name} here")
                if ref.number is not None and here.article.number != ref.number:
                    number = here.article.number
                    taking.summary.note(
                        where, f"its number is taken: it has {number} here, and its old address leads elsewhere"
                    )
        one = here.article
        assert origin is not None
        placed = Placed(id=one.id, site_id=collection.site_id, kind="article", number=one.number, slug=one.slug)
        taking.places.put(ref.id, ref.number, placed)
        return _Place(ref, placed, one.name if not is_new else name, origin, is_new, where)

    async def _fill(self, place: _Place) -> None:
        """Make the article what it is at the source, if it is another there than when it was last taken in."""
        taking, ref, mark = self._taking, place.ref, mark_of(place.ref)
        views = max((ref.view_count or 0) - place.origin.views, 0)
        is_same = place.origin.mark == mark and not ref.has_draft and not taking.choices.is_full
        if is_same:
            if views:
                async with taking.desk.transactions.open() as tx:
                    past = Past(history=history(None, None), views=views)
                    await docs.settle_article(tx, taking.actor, place.placed.id, ArticleChange(), past)
                    origin = msgspec.structs.replace(place.origin, views=ref.view_count or 0)
                    await docs.note_origin(tx, taking.actor, OriginKind.ARTICLE, ref.id, origin)
            taking.summary.articles.unchanged += 1
            return
        path = f"/articles/{quote(ref.id, safe='')}"
        article = await taking.source.one(path, "article", ArticleIn)
        draft = None
        if article.has_draft:
            draft = (await taking.source.one(f"{path}?draft=true", "article", ArticleIn)).text
        is_published = article.status == "published"
        text = article.text or ""
        if not text.strip() and not is_published:
            text, draft = draft or "", None
        text, is_whole = await self._texts.rewritten(text, place.placed, place.where)
        if draft is not None:
            draft, has_all = await self._texts.rewritten(draft, place.placed, place.where)
            is_whole = is_whole and has_all
        revisions = await self._revisions.of(article.id, place.placed, place.where)
        await self._settle(place, article, (text, draft), revisions, Origin(
            local_id=place.placed.id, mark=mark if is_whole else "", views=max(place.origin.views, ref.view_count or 0)
        ))  # fmt: skip

    async def _settle(
        self,
        place: _Place,
        article: ArticleIn,
        texts: tuple[str, str | None],
        revisions: list[PastRevision] | None,
        origin: Origin,
    ) -> None:
        taking, actor = self._taking, self._taking.actor
        collection = taking.places.by_id.get(article.collection_id)
        past = Past(
            history=history(article.created_at, article.updated_at, article.last_published_at),
            draft=texts[1],
            revisions=revisions or [],
            has_revisions=revisions is not None,
            views=origin.views - place.origin.views,
        )
        async with taking.desk.transactions.open() as tx:
            before = await docs.get_article(tx, actor, place.placed.id)

            async def settled(name: str) -> docs.ArticleText:
                change = self._change(article, place, name, texts[0])
                if collection is not None:
                    change = msgspec.structs.replace(change, collection_id=collection.id)
                return await docs.settle_article(tx, actor, place.placed.id, change, past)

            # A name that is another here because it was taken stays so.
            wanted = place.name if place.is_new else article.name
            after, name = await distinct(wanted, settled)
            await docs.note_origin(tx, actor, OriginKind.ARTICLE, article.id, origin)
        if not place.is_new:
            is_changed = (before.text, before.draft, _told(before)) != (after.text, after.draft, _told(after))
            taking.summary.articles.changed += is_changed
            taking.summary.articles.unchanged += not is_changed
            if is_changed and name != article.name.strip():
                taking.summary.note(place.where, f"it is called {name} here")
        taking.summary.revisions += len(revisions or [])

    def _change(self, article: ArticleIn, place: _Place, name: str, text: str) -> ArticleChange:
        known = self._taking.places.by_id
        categories = [
            known[one].id
            for one in article.categories or []
            if one in known and self._shelves.get(one) == article.collection_id
        ]
        related = [
            known[one].id
            for one in article.related or []
            if one in known and one != article.id and known[one].site_id == place.placed.site_id
        ][:_MOST_RELATED]
        keywords = [word for word in article.keywords or [] if 0 < len(word) <= _KEYWORD_LENGTH][:_MOST_KEYWORDS]
        if len(keywords) < len(article.keywords or []):
            self._taking.summary.note(place.where, "some of its keywords are left out: they are too many or too long")
        return ArticleChange(
            name=name,
            text=text,
            slug=article.slug or UNSET,
            status=ArticleStatus.PUBLISHED if article.status == "published" else ArticleStatus.NOT_PUBLISHED,
            categories=categories or None,
            related=related or None,
            keywords=keywords,
            code=article.code or None,
        )


async def _article(tx: Tx, taking: Taking, origin: Origin | None) -> docs.ArticleText | None:
    if origin is None:
        return None
    try:
        return await docs.get_article(tx, taking.actor, origin.local_id)
    except NotFound:
        return None


def _told(found: docs.ArticleText) -> tuple[object, ...]:
    """What of an article people would notice to be another."""
    one = found.article
    return (
        one.name, one.slug, one.status, one.keywords, one.collection_id, found.category_ids, found.related_ids,
        found.code,
    )  # fmt: skip
