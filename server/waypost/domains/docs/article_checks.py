"""What a new or changed article has to be, and what it refers to (spec: 3.8, 3.9)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor
from waypost.domains.docs import errors, store_articles, store_categories, store_collections
from waypost.domains.docs.errors import ARTICLE_NAME_TAKEN
from waypost.domains.docs.ids import slug_of
from waypost.domains.docs.models import Article, ArticleStatus, ArticleText, Collection
from waypost.domains.docs.texts import MOST_CHARACTERS, Prepared, prepare
from waypost.kit.errors import FieldError
from waypost.kit.text import clean_name
from waypost.kit.tx import Tx

NAME_LENGTH = 255
MOST_KEYWORDS, KEYWORD_LENGTH = 25, 80
MOST_RELATED = 100
MOST_CODE = 100_000


class ArticleChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of an article, or what a new one is to be; what is UNSET stays, or has its default."""

    collection_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    status: ArticleStatus | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    #: None: only Uncategorized.
    categories: list[str] | UnsetType | None = UNSET
    related: list[str] | UnsetType | None = UNSET
    keywords: list[str] | UnsetType | None = UNSET
    code: str | UnsetType | None = UNSET


async def check_new(tx: Tx, actor: Actor, wanted: ArticleChange) -> tuple[Collection, str, str]:
    """The collection, name and text of an article to be. Raises Invalid."""
    found: list[FieldError] = []
    collection = None
    if wanted.collection_id is UNSET or not wanted.collection_id:
        found.append(errors.required("collectionId"))
    else:
        collection = await store_collections.find(tx.connection, actor.account_id, wanted.collection_id)
        if collection is None:
            found.append(errors.not_found("collectionId"))
    name = clean_name(wanted.name, NAME_LENGTH + 1) if wanted.name is not UNSET else ""
    found += _check_name(name) + _text_errors(wanted.text) + _other_errors(wanted)
    errors.raise_any(found)
    assert collection is not None
    assert wanted.text is not UNSET
    await _refuse_namesake(tx, actor, collection.id, name, None)
    return collection, name, wanted.text


async def check_change(
    tx: Tx, actor: Actor, before: ArticleText, change: ArticleChange
) -> tuple[Collection, ArticleText, Prepared | None]:
    """The collection and the article as they will be, and the text if it is another one. Raises Invalid."""
    found: list[FieldError] = []
    old = before.article
    collection_id = change.collection_id if change.collection_id is not UNSET else old.collection_id
    collection = await store_collections.find(tx.connection, actor.account_id, collection_id)
    if collection is None:
        found.append(errors.not_found("collectionId"))
    name = clean_name(change.name, NAME_LENGTH + 1) if change.name is not UNSET else old.name
    found += _check_name(name) + _other_errors(change)
    if change.text is not UNSET:
        found += _text_errors(change.text)
    errors.raise_any(found)
    assert collection is not None
    if name.lower() != old.name.lower() or collection.id != old.collection_id:
        await _refuse_namesake(tx, actor, collection.id, name, old.id)
    article = msgspec.structs.replace(
        old,
        name=name,
        site_id=collection.site_id,
        collection_id=collection.id,
        status=change.status if change.status is not UNSET else old.status,
        slug=slug_of(change.slug or name) if change.slug is not UNSET else old.slug,
        keywords=keywords_of(change) if change.keywords is not UNSET else old.keywords,
    )
    code = (change.code or None) if change.code is not UNSET else before.code
    text = await prepare(change.text) if change.text is not UNSET else None
    if text is not None and text.html == before.text:
        text = None
    return collection, msgspec.structs.replace(before, article=article, code=code), text


def changed_fields(before: ArticleText, after: ArticleText, *, is_text_changed: bool) -> list[str]:
    """The names of what will be another than before."""
    names = ("name", "collection_id", "status", "slug", "keywords")
    fields = [name for name in names if getattr(before.article, name) != getattr(after.article, name)]
    return fields + ["text"] * is_text_changed + ["code"] * (before.code != after.code)


def check_text(text: str | UnsetType) -> None:
    """A text must hold something, and be no longer than an article may. Raises Invalid."""
    errors.raise_any(_text_errors(text))


def keywords_of(change: ArticleChange) -> list[str]:
    """Each once, without blanks around."""
    wanted = change.keywords if change.keywords is not UNSET and change.keywords else []
    return list(dict.fromkeys(word for raw in wanted if (word := clean_name(raw, KEYWORD_LENGTH + 1))))


async def categories_of(tx: Tx, actor: Actor, collection_id: str, change: ArticleChange) -> list[str]:
    """The categories that are meant, or Uncategorized. Raises Invalid for others' and for Uncategorized itself."""
    keys = await store_categories.keys_of(tx.connection, actor.account_id, collection_id)
    uncategorized = next(category_id for category_id, _, is_uncategorized in keys if is_uncategorized)
    wanted = change.categories if change.categories is not UNSET and change.categories else []
    if uncategorized in wanted:
        errors.raise_any([errors.invalid("categories", uncategorized)])
    if not set(wanted) <= {category_id for category_id, _, _ in keys}:
        errors.raise_any([errors.not_found("categories")])
    return list(dict.fromkeys(wanted)) or [uncategorized]


async def related_of(tx: Tx, actor: Actor, article: Article, change: ArticleChange) -> list[str]:
    """The related articles that are meant, but not the article itself. Raises Invalid for those of other sites."""
    wanted = list(dict.fromkeys(change.related if change.related is not UNSET and change.related else []))
    if len(wanted) > MOST_RELATED:
        errors.raise_any([errors.too_long("related")])
    known = await store_articles.known_of_site(tx.connection, actor.account_id, article.site_id, wanted)
    if not set(wanted) <= known | {article.id}:
        errors.raise_any([errors.not_found("related")])
    return [other for other in wanted if other != article.id]


async def _refuse_namesake(tx: Tx, actor: Actor, collection_id: str, name: str, article_id: str | None) -> None:
    namesake = await store_articles.find_name(tx.connection, actor.account_id, collection_id, name)
    if namesake not in (None, article_id):
        raise errors.taken("name", ARTICLE_NAME_TAKEN)


def _check_name(name: str) -> list[FieldError]:
    if not name:
        return [errors.required("name")]
    return [errors.too_long("name")] if len(name) > NAME_LENGTH else []


def _text_errors(text: str | UnsetType) -> list[FieldError]:
    if text is UNSET or not text.strip():
        return [errors.required("text")]
    return [errors.too_long("text")] if len(text) > MOST_CHARACTERS else []


def _other_errors(change: ArticleChange) -> list[FieldError]:
    found = []
    keywords = keywords_of(change)
    if len(keywords) > MOST_KEYWORDS or any(len(word) > KEYWORD_LENGTH for word in keywords):
        found.append(errors.too_long("keywords"))
    if change.code is not UNSET and len(change.code or "") > MOST_CODE:
        found.append(errors.too_long("code"))
    return found


__all__ = [
    "ArticleChange",
    "ArticleStatus",
    "categories_of",
    "changed_fields",
    "check_change",
    "check_new",
    "check_text",
    "keywords_of",
    "related_of",
]
