"""The search for articles (spec: 3.3): all words, the last as a beginning too, phrases as they stand, slips
forgiven."""

from __future__ import annotations

import html
import re
from itertools import product

import asyncpg
import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.docs import policy, store_search, words
from waypost.domains.docs import store_collections as collections
from waypost.domains.docs.ids import number_of
from waypost.domains.docs.models import ArticleStatus, Hit, Hits, Visibility
from waypost.domains.docs.sites import get_site
from waypost.kit.errors import NotFound
from waypost.kit.paging import PageRequest
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

EVERYTHING = "*"
LONGEST_QUERY = 1000
#: More hits are sorted by their titles alone.
MOST_RANKED = 50
_MOST_WORDS, _MOST_PHRASES = 16, 4
_MOST_CORRECTED, _MOST_TRIES = 3, 2
_SIMILAR_WORDS = 12
_PHRASE = re.compile(r'"([^"]*)"')


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


class Terms(msgspec.Struct, frozen=True):
    """A query cut into words and phrases."""

    words: list[str]
    phrases: list[str]

    @classmethod
    def of(cls, query: str) -> Terms:
        """Read a query; what is no word is passed over."""
        query = clean_text(query)[:LONGEST_QUERY]
        phrases = [" ".join(words.words_of(found)) for found in _PHRASE.findall(query)]
        rest = words.words_of(_PHRASE.sub(" ", query))
        return cls(list(dict.fromkeys(rest))[:_MOST_WORDS], [one for one in phrases if one][:_MOST_PHRASES])


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
    if query.strip() == EVERYTHING:
        statement = store_search.everything_sql(is_public=scope.is_public)
        rows = await tx.connection.fetch(statement, *scope.values, page.size, page.offset)
        count = store_search.count_sql(is_public=scope.is_public, is_everything=True)
        total = await tx.connection.fetchval(count, *scope.values)
        return Hits(items=[_hit(row) for row in rows], total=total, request=page)
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


async def highlights(tx: Tx, scope: SearchScope, query: str, hits: list[Hit]) -> dict[str, tuple[str, str]]:
    """For each hit its name and what it says about the query, as HTML with `<mark>` around what was found."""
    made = await _queries(tx, Terms.of(query), scope)
    tsquery = _any_of(made)
    if not tsquery:
        return {}
    ids = [hit.id for hit in hits]
    rows = await tx.connection.fetch(store_search.HEADLINES, scope.account_id, made[0][0], ids, tsquery)
    return {row["id"]: (_marked(row["name"]), _marked(row["text"])) for row in rows}


async def find_similar(tx: Tx, scope: SearchScope, article_id: str, most: int = 5) -> list[Hit]:
    """The articles of the scope that say the most of what this one says: for pages, where it names none itself."""
    rows = await tx.connection.fetch(store_search.SIMILAR_WORDS, scope.account_id, article_id, _SIMILAR_WORDS)
    told = [row["word"] for row in rows if row["word"].isalpha()]
    if not told:
        return []
    tsquery = " | ".join(f"'{word}'" for word in told)
    found = await tx.connection.fetch(
        store_search.similar_sql(is_public=scope.is_public), *scope.values, tsquery, article_id, most
    )
    return [_hit(row) for row in found]


async def _find(tx: Tx, terms: Terms, scope: SearchScope, page: PageRequest) -> Hits:
    tsquery = _any_of(await _queries(tx, terms, scope))
    if not tsquery:
        return Hits(items=[], total=0, request=page)
    statement = store_search.find_sql(is_public=scope.is_public)
    rows = await tx.connection.fetch(statement, *scope.values, tsquery, MOST_RANKED, page.size, page.offset)
    total = rows[0]["total"] if rows else 0
    if not rows and page.offset:
        count = store_search.count_sql(is_public=scope.is_public)
        total = await tx.connection.fetchval(count, *scope.values, tsquery)
    return Hits(items=[_hit(row) for row in rows], total=total, request=page)


async def _queries(tx: Tx, terms: Terms, scope: SearchScope) -> list[tuple[str, str]]:
    """The query in each of the languages of the scope's sites."""
    if not terms.words and not terms.phrases:
        return []
    is_last = [index == len(terms.words) - 1 for index in range(len(terms.words))]
    place = (scope.account_id, scope.site_id)
    rows = await tx.connection.fetch(store_search.QUERY, *place, terms.words, is_last, terms.phrases)
    return [(row["language"], row["query"]) for row in rows]


def _any_of(made: list[tuple[str, str]]) -> str:
    """One query for all languages; empty where it asks for nothing."""
    return " | ".join(f"({text})" for _, text in made if text)


async def _nearly(tx: Tx, terms: Terms, scope: SearchScope) -> list[Terms]:
    """The query with the words that nobody has written exchanged for those that are nearly the same."""
    place = (scope.account_id, scope.site_id)
    known = {row["word"] for row in await tx.connection.fetch(store_search.KNOWN, *place, terms.words)}
    options: list[list[str]] = []
    corrected = 0
    for index, word in enumerate(terms.words):
        is_strange = word not in known and words.is_known(word) and corrected < _MOST_CORRECTED
        near = await _near(tx, place, word) if is_strange else []
        corrected += bool(near)
        is_last = index == len(terms.words) - 1
        if near and is_last and await tx.connection.fetchval(store_search.BEGINNINGS, *place, word):
            # Perhaps only the beginning of what is still being typed.
            near.insert(0, word)
        options.append(near or [word])
    tries = [Terms(list(chosen), terms.phrases) for chosen in product(*options) if list(chosen) != terms.words]
    return tries[:_MOST_TRIES]


async def _near(tx: Tx, place: tuple[int, str | None], word: str) -> list[str]:
    """The words that are one slip away, or two in long words; the likeliest first."""
    rows: list[asyncpg.Record] = await tx.connection.fetch(store_search.NEAR, *place, words.traces_of(word))
    most = 1 if len(word) < 8 else 2
    ranked = sorted((words.slips(word, row["word"]), -row["articles"], row["word"]) for row in rows)
    return [other for apart, _, other in ranked if apart <= most and other != word][:2]


def _hit(row: asyncpg.Record) -> Hit:
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


def _marked(text: str) -> str:
    return html.escape(text).replace("\x02", "<mark>").replace("\x03", "</mark>")
