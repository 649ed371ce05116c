"""Articles, revisions and search hits on the wire (spec: 3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.docs import (
    Article,
    ArticleChange,
    ArticleStatus,
    ArticleText,
    Hit,
    Revision,
    path_of,
)
from waypost.edges.docs_v1.envelope import Listing
from waypost.edges.docs_v1.members import RELOAD, Member, Members

_TEXT = (Member("text", "text", "The article, as HTML or plain text; scripts are removed.", is_required=True),)
MEMBERS = (
    Member("collectionId", "text", "The collection that it is in.", is_required=True, aliases=("collection_id",)),
    Member("name", "text", "What it is called, once in its collection.", is_required=True),
    *_TEXT,
    Member("status", "text", "Whether visitors see it.", choices=("published", "notpublished")),
    Member("slug", "text", "What stands in its address behind the number."),
    Member("categories", "texts", "Ids of categories of the collection."),
    Member("related", "texts", "Ids of articles of the same site."),
    Member("keywords", "texts", "Words by which it is found as by its name."),
    Member("code", "text", "Kept and returned; never shown."),
    RELOAD,
)
DRAFT_MEMBERS = _TEXT
VIEW_MEMBERS = (Member("count", "number", "How many views to add; 1 unless said."),)
UPLOAD_MEMBERS = (
    Member("key", "text", "The key, where no header carries it."),
    Member("collectionId", "text", "The collection that it is in.", is_required=True, aliases=("collection_id",)),
    Member("file", "file", "An HTML, text or Markdown file.", is_required=True),
    Member("name", "text", "What it is called; the file's name unless said."),
    Member("slug", "text", "What stands in its address behind the number."),
    Member("categoryId", "text", "A category of the collection."),
    Member("type", "text", "What the file is, where its name does not tell.", choices=("html", "text", "markdown")),
    Member("status", "text", "Whether visitors see it.", choices=("published", "notpublished")),
    RELOAD,
)
#: What documents print as the default (spec: 3.8).
_OTHER_STATUSES = {"unpublished": ArticleStatus.NOT_PUBLISHED}


class ArticleRefOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An article as lists show it."""

    id: str
    number: int
    collection_id: str
    slug: str
    status: str
    has_draft: bool
    name: str
    public_url: str
    popularity: float
    keywords: list[str] | None
    view_count: int
    created_by: int | None
    updated_by: int | None
    created_at: datetime
    updated_at: datetime
    last_published_at: datetime | None

    @classmethod
    def of(cls, article: Article, bases: dict[str, str]) -> ArticleRefOut:
        """Render."""
        return cls(**_fields(article, bases))


class ArticleOut(ArticleRefOut, frozen=True, rename="camel", kw_only=True):
    """A whole article."""

    text: str
    categories: list[str] | None
    related: list[str] | None
    change_origin: str
    code: str | None

    @classmethod
    def of_text(cls, found: ArticleText, bases: dict[str, str], *, is_draft: bool = False) -> ArticleOut:
        """Render; `is_draft` shows the draft, if there is one."""
        return cls(
            **_fields(found.article, bases),
            text=found.draft if is_draft and found.draft is not None else found.text,
            categories=found.category_ids or None,
            related=found.related_ids or None,
            change_origin=found.change_origin,
            code=found.code,
        )


def _fields(article: Article, bases: dict[str, str]) -> dict[str, Any]:
    return {
        "id": article.id,
        "number": article.number,
        "collection_id": article.collection_id,
        "slug": article.slug,
        "status": article.status.value,
        "has_draft": article.has_draft,
        "name": article.name,
        "public_url": bases[article.site_id] + path_of("article", article.number, article.slug),
        "popularity": article.popularity,
        "keywords": article.keywords or None,
        "view_count": article.view_count,
        "created_by": article.author.created_by,
        "updated_by": article.author.updated_by,
        "created_at": article.author.created_at,
        "updated_at": article.author.updated_at,
        "last_published_at": article.last_published_at,
    }


class ArticleBody(msgspec.Struct, frozen=True):
    """One article in its envelope."""

    article: ArticleOut


class ArticleList(msgspec.Struct, frozen=True):
    """A page of articles."""

    articles: Listing[ArticleRefOut]


class HitOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An article that a search has found (spec: 3.3)."""

    id: str
    collection_id: str
    category_ids: list[str]
    slug: str
    name: str
    preview: str
    url: str
    docs_url: str
    public_url: str
    admin_url: str
    number: int
    status: str
    visibility: str

    @classmethod
    def of(cls, hit: Hit, bases: dict[str, str]) -> HitOut:
        """Render."""
        path = path_of("article", hit.number, hit.slug)
        address = bases[hit.site_id] + path
        return cls(
            id=hit.id,
            collection_id=hit.collection_id,
            category_ids=hit.category_ids,
            slug=hit.slug,
            name=hit.name,
            preview=hit.preview,
            url=path,
            docs_url=address,
            public_url=address,
            admin_url=f"/docs/{hit.collection_id}/article/{hit.id}",
            number=hit.number,
            status=hit.status.value,
            visibility=hit.visibility.value,
        )


class HitList(msgspec.Struct, frozen=True):
    """A page of hits."""

    articles: Listing[HitOut]


class PersonOut(msgspec.Struct, frozen=True, rename="camel"):
    """Who wrote a revision."""

    id: int | None
    first_name: str
    last_name: str


class RevisionRefOut(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A revision; its text only where it is asked for alone."""

    id: str
    article_id: str
    text: str | UnsetType = UNSET
    created_by: PersonOut
    created_at: datetime

    @classmethod
    def of(cls, revision: Revision) -> RevisionRefOut:
        """Render."""
        return cls(
            id=revision.id,
            article_id=revision.article_id,
            text=UNSET if revision.text is None else revision.text,
            created_by=PersonOut(revision.user_id, revision.first_name, revision.last_name),
            created_at=revision.created_at,
        )


class RevisionBody(msgspec.Struct, frozen=True):
    """One revision in its envelope."""

    revision: RevisionRefOut


class RevisionList(msgspec.Struct, frozen=True):
    """A page of revisions."""

    revisions: Listing[RevisionRefOut]


def change_of(members: Members) -> ArticleChange:
    """What a body wants of an article."""
    slug = members.text("slug")
    found = ArticleChange(
        collection_id=members.text("collectionId"),
        name=members.text("name"),
        text=members.text("text"),
        status=members.choice("status", ArticleStatus, _OTHER_STATUSES),
        slug=slug,
        categories=members.texts("categories"),
        related=members.texts("related"),
        keywords=members.texts("keywords"),
        code=members.nullable_text("code"),
    )
    members.done()
    return found


def upload_of(members: Members, name: str, text: str) -> ArticleChange:
    """What a form with a file wants of an article; `name` is what the file suggests."""
    category = members.text("categoryId")
    given = members.text("name")
    found = ArticleChange(
        collection_id=members.text("collectionId"),
        name=name if given is UNSET else given,
        text=text,
        status=members.choice("status", ArticleStatus, _OTHER_STATUSES),
        slug=members.text("slug"),
        categories=UNSET if category is UNSET else [category],
    )
    members.done()
    return found
