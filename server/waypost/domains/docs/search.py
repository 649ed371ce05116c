"""The search for articles (spec: 3.3): all words, the last as a beginning too, phrases as they stand, slips
forgiven."""

from __future__ import annotations

from itertools import product

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.docs import policy, store_search, words
from waypost.domains.docs import store_collections as collections
from waypost.domains.docs.ids import number_of
from waypost.domains.docs.models import ArticleStatus, Hit, Hits, Visibility
from waypost.domains.docs.sites import get_site
from waypost.domains.docs.terms import Terms, ask
from waypost.kit.db import planned_by_indexes
from waypost.kit.errors import NotFound
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx

EVERYTHING = "*"
#: More hits are ranked by their titles and main words alone.
MOST_RANKED = 50
_MOST_CORRECTED, _MOST_TRIES = 3, 2
_SIMILAR_WORDS = 12


class SearchScope(msgspec.Struct, frozen=True, kw_only=True):
    """Among which articles is searched. `is_public` leaves those that a visitor may see (spec: 11.4)."""

    account_id: int
    site_id: str | None = None
    collection_id: str | None = None
    status: ArticleStatus | None = None
    visibility: Visibility | None = None
    is_public: bool = False

    @property
    def values(self) -> tuple[object, ...]:
        """The first parameters of every statement."""
        return (
            self.account_id,
            self.site_id,
            self.collection_id,
            self.status.value if self.status else None,
            self.visibility.value if self.visibility else None,
        )


async def search_articles(tx: Tx, actor: Actor, query: str, scope: SearchScope, page: PageRequest) -> Hits:
    """Search as a user. Raises NotFound for a site or collection that is not there."""
    policy.may_read(actor)
    if scope.site_id is not None:
        await get_site(tx, actor, scope.site_id)
    if scope.collection_id is not None:
        found = await collections.find(
            tx.connection, actor.account_id, scope.collection_id, number_of(scope.collection_id)
        )
        if found is None:
            raise NotFound("no such collection")
        scope = msgspec.structs.replace(scope, collection_id=found.id)
    return await search(tx, query, scope, page)


async def search(tx: Tx, query: str, scope: SearchScope, page: PageRequest) -> Hits:
    """Search within a scope. What finds nothing is tried again with words that are nearly the same."""
    async with planned_by_indexes(tx.connection):
        if query.strip() == EVERYTHING:
            return await _everything(tx, scope, page)
        terms = Terms.of(query)
        hits = await _find(tx, terms, scope, page)
        if hits.total or not terms.words:
            return hits
        for other in await _nearly(tx, terms, scope):
            hits = await _find(tx, other, scope, page)
            if hits.total:
                phrases = [f'"{phrase}"' for phrase in other.phrases]
                return msgspec.structs.replace(hits, corrected=" ".join([*other.words, *phrases]))
        return hits


async def find_similar(tx: Tx, scope: SearchScope, article_id: str, most: int = 5) -> list[Hit]:
    """The articles of the scope that say the most of what this one says: for pages, where it names none itself."""
    async with planned_by_indexes(tx.connection):
        known = await tx.connection.fetchrow(store_search.SIMILAR_WORDS, scope.account_id, article_id, _SIMILAR_WORDS)
        told = [word for word in known["words"] if word.isalpha()] if known else []
        if not known or not told:
            return []
        statement = store_search.similar_sql(is_public=scope.is_public)
        any_of = " | ".join(f"'{word}'" for word in told)
        found = await tx.connection.fetch(statement, *scope.values, any_of, known["number"], most)
    return [_hit(row) for row in found]


async def _everything(tx: Tx, scope: SearchScope, page: PageRequest) -> Hits:
    statement = store_search.everything_sql(is_public=scope.is_public)
    rows = await tx.connection.fetch(statement, *scope.values, page.size, page.offset)
    count = store_search.count_sql(is_public=scope.is_public, is_everything=True)
    total = await tx.connection.fetchval(count, *scope.values)
    return Hits(items=[_hit(row) for row in rows], total=total, request=page)


async def _find(tx: Tx, terms: Terms, scope: SearchScope, page: PageRequest) -> Hits:
    asked = await ask(tx, terms, scope.account_id, scope.site_id)
    if asked is None:
        return Hits(items=[], total=0, request=page)
    statement = store_search.find_sql(is_public=scope.is_public)
    wanted = (asked.every, asked.any_of, asked.spoken)
    rows = await tx.connection.fetch(statement, *scope.values, *wanted, MOST_RANKED, page.size, page.offset)
    total = rows[0]["total"] if rows else 0
    if not rows and page.offset:
        count = store_search.count_sql(is_public=scope.is_public)
        total = await tx.connection.fetchval(count, *scope.values, asked.every)
    return Hits(items=[_hit(row) for row in rows], total=total, request=page)


async def _nearly(tx: Tx, terms: Terms, scope: SearchScope) -> list[Terms]:
    """The query with the words that nobody has written exchanged for those that are nearly the same."""
    place = (scope.account_id, scope.site_id)
    known = {row["word"]: row for row in await tx.connection.fetch(store_search.KNOWN, *place, terms.words)}
    strange = [word for word in terms.words if words.is_known(word) and not known[word]["is_known"]]
    near = await _near(tx, place, strange) if strange else {}
    for word in list(near)[_MOST_CORRECTED:]:
        del near[word]
    options = []
    for word in terms.words:
        others = near.get(word, [word])
        if word in near and word == terms.words[-1] and known[word]["is_begun"]:
            # Perhaps only the beginning of what is still being typed.
            others = [word, *others]
        options.append(others)
    tries = [Terms(list(chosen), terms.phrases) for chosen in product(*options) if list(chosen) != terms.words]
    return tries[:_MOST_TRIES]


async def _near(tx: Tx, place: tuple[int, str | None], typed: list[str]) -> dict[str, list[str]]:
    """For each word those that are one slip away, or two in long words; the likeliest first."""
    traces = [" ".join(words.traces_of(word)) for word in typed]
    ranked: dict[str, list[tuple[int, int, str]]] = {word: [] for word in typed}
    for row in await tx.connection.fetch(store_search.NEAR, *place, typed, traces):
        word, other = row["typed"], row["word"]
        apart = words.slips(word, other)
        if apart <= (1 if len(word) < 8 else 2) and other != word:
            ranked[word].append((apart, -row["articles"], other))
    return {word: [other for _, _, other in sorted(found)[:2]] for word, found in ranked.items() if found}


def _hit(row: store_search.Row) -> Hit:
    return Hit(
        id=row["id"],
        site_id=row["site_id"],
        collection_id=row["collection_id"],
        category_ids=list(row["categories"]),
        number=row["number"],
        slug=row["slug"],
        name=row["name"],
        preview=row["preview"],
        status=ArticleStatus(row["status"]),
        visibility=Visibility(row["visibility"]),
    )
