"""The demo's help centers: one with articles of real knowledge bases and some views to go by, and small ones in other
languages."""

from __future__ import annotations

import gzip
from zlib import crc32

import msgspec

from waypost.demo.abroad import CENTERS_ABROAD, CenterAbroad
from waypost.demo.stage import Stage
from waypost.domains import docs
from waypost.domains.docs import (
    Addresses,
    ArticleChange,
    ArticleStatus,
    CategoryChange,
    CollectionChange,
    SiteFields,
    SiteLook,
)
from waypost.kit.tx import Tx

SUB_DOMAIN = "help"
TITLE = "Help Center"
#: What each collection is about, at most 45 characters (spec: docs-api 4).
_DESCRIPTIONS = {
    "Arduino": "Boards, the IDE, the cloud and your account",
    "Web analytics": "Set-up, dashboards, goals and integrations",
    "Office troubleshooting": "Fixes for Outlook, Teams, Excel and more",
}
_MOST_VIEWS = 900


def _credit(work: str, address: str, authors: str, licence: str, path: str) -> str:
    """What the licence asks for, below an article: who wrote it, where it is from, and that it was changed."""
    return (
        f'<p><small>From <a href="{address}">{work}</a>, by {authors} and contributors, '
        f'<a href="https://creativecommons.org/licenses/{path}/4.0/">{licence} 4.0</a>; without its pictures.</small></p>'
    )


#: By the source of an article; the data's NOTICE.md says more.
_CREDITS = {
    "arduino": _credit(
        "the Arduino Help Center", "https://github.com/arduino/help-center-content", "Arduino", "CC BY-SA", "by-sa"
    ),
    "plausible": _credit(
        "the Plausible docs", "https://github.com/plausible/docs", "Plausible Analytics", "CC BY-SA", "by-sa"
    ),
    "microsoft-support": _credit(
        "Office support", "https://github.com/MicrosoftDocs/OfficeDocs-Support", "Microsoft", "CC BY", "by"
    ),
}


class DemoArticle(msgspec.Struct, frozen=True):
    """One article of the data file."""

    source: str
    path: str
    collection: str
    category: str
    title: str
    html: str


def articles() -> list[DemoArticle]:
    """All of them, in the order of the file."""
    from waypost.demo.material import data_dir

    decode = msgspec.json.Decoder(DemoArticle).decode
    with gzip.open(data_dir() / "articles.jsonl.gz", "rb") as lines:
        return [decode(line) for line in lines]


def addresses_of(addresses: Addresses) -> list[str]:
    """Where the demo's help centers are."""
    names = [SUB_DOMAIN, *(center.sub_domain for center in CENTERS_ABROAD)]
    return [addresses.base_of(SiteFields(sub_domain=name, language="simple")) for name in names]


async def make_help_centers(tx: Tx, stage: Stage, addresses: Addresses) -> None:
    """All of them, in the owner's name."""
    await make_help_center(tx, stage, addresses)
    for center in CENTERS_ABROAD:
        await _make_abroad(tx, stage, addresses, center)


async def make_help_center(tx: Tx, stage: Stage, addresses: Addresses) -> None:
    """The site with its collections, categories and articles, in the owner's name."""
    fields = SiteFields(
        sub_domain=SUB_DOMAIN,
        language="english",
        has_contact_form=True,
        mailbox=str(next(iter(stage.mailboxes.values())).id),
        look=SiteLook(
            title=TITLE, company_name=TITLE, description="Answers to what people ask most.", include_metadata=True
        ),
    )
    site = await docs.create_site(tx, stage.owner, addresses, fields)
    collections: dict[str, str] = {}
    categories: dict[tuple[str, str], str] = {}
    for item in articles():
        if item.collection not in collections:
            wanted = CollectionChange(name=item.collection, description=_DESCRIPTIONS.get(item.collection))
            collections[item.collection] = (await docs.create_collection(tx, stage.owner, site.id, wanted)).id
        shelf = collections[item.collection]
        key = (shelf, item.category)
        if item.category and key not in categories:
            order = 1 + sum(known == shelf for known, _ in categories)
            category = CategoryChange(name=item.category, order=order)
            categories[key] = (await docs.create_category(tx, stage.owner, shelf, category)).id
        change = ArticleChange(
            collection_id=shelf,
            name=item.title,
            text=item.html + _CREDITS[item.source],
            status=ArticleStatus.PUBLISHED,
            categories=[categories[key]] if item.category else None,
        )
        made = await docs.create_article(tx, stage.owner, change, "import")
        views = crc32(item.path.encode()) % _MOST_VIEWS
        if views:
            await docs.insight.note_view(tx, stage.owner.account_id, made.article.id, views)


async def _make_abroad(tx: Tx, stage: Stage, addresses: Addresses, center: CenterAbroad) -> None:
    fields = SiteFields(
        sub_domain=center.sub_domain,
        language=center.language,
        has_contact_form=True,
        mailbox=str(next(iter(stage.mailboxes.values())).id),
        look=SiteLook(
            title=center.title, company_name=center.title, description=center.description, include_metadata=True
        ),
    )
    site = await docs.create_site(tx, stage.owner, addresses, fields)
    collection = CollectionChange(name=center.collection, description=center.description)
    shelf = (await docs.create_collection(tx, stage.owner, site.id, collection)).id
    categories: dict[str, str] = {}
    for item in center.articles:
        if item.category not in categories:
            category = CategoryChange(name=item.category, order=len(categories) + 1)
            categories[item.category] = (await docs.create_category(tx, stage.owner, shelf, category)).id
        change = ArticleChange(
            collection_id=shelf,
            name=item.name,
            text=item.html,
            status=ArticleStatus.PUBLISHED,
            categories=[categories[item.category]],
            keywords=list(item.keywords),
        )
        made = await docs.create_article(tx, stage.owner, change, "import")
        await docs.insight.note_view(tx, stage.owner.account_id, made.article.id, 1 + crc32(item.name.encode()) % 90)
