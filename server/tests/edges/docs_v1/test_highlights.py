"""What hits say about a query, as the pages of a help center show it."""

from __future__ import annotations

import pytest

from tests.edges.docs_v1.shelf import Shelf
from waypost.domains import docs
from waypost.domains.docs import SearchScope
from waypost.kit.paging import PageRequest

INVOICES = "<mark>Invoices</mark> &amp; more"
pytestmark = pytest.mark.anyio


async def marked(shelf: Shelf, query: str) -> tuple[str, str]:
    """Name and passage of the only hit."""
    scope = SearchScope(account_id=shelf.account.id, site_id=shelf.site["id"])
    async with shelf.desk.transactions.read() as tx:
        hits = await docs.search(tx, query, scope, PageRequest(1, 20))
        found = await docs.highlights(tx, scope, hits.corrected or query, hits.items)
    (only,) = found.values()
    return only


@pytest.mark.parametrize(
    ("query", "name", "text"),
    [
        ("invoice", INVOICES, "Each <mark>invoice</mark> is <mark>invoiced</mark> &lt;twice&gt;."),
        ("inv", INVOICES, "Each <mark>invoice</mark> is <mark>invoiced</mark> &lt;twice&gt;."),
        ('"is invoiced"', INVOICES, "Each <mark>invoice</mark> is <mark>invoiced</mark> &lt;twice&gt;."),
        ("the invoced", INVOICES, "Each <mark>invoice</mark> is <mark>invoiced</mark> &lt;twice&gt;."),
        ("more", "Invoices &amp; <mark>more</mark>", "Each invoice is invoiced &lt;twice&gt;."),
        ("twice", "Invoices &amp; more", "Each invoice is invoiced &lt;<mark>twice</mark>&gt;."),
    ],
)
async def test_forms_of_the_words_are_marked(shelf: Shelf, query: str, name: str, text: str) -> None:
    await shelf.article("Invoices & more", "<p>Each invoice is invoiced &lt;twice&gt;.</p>", status="published")

    assert await marked(shelf, query) == (name, text)


async def test_a_script_without_spaces_is_marked_where_it_stands(shelf: Shelf) -> None:
    await shelf.article("東京タワー", "<p>高い東京タワーへ行く。</p>")

    assert await marked(shelf, "タワー") == ("東京<mark>タワー</mark>", "高い東京<mark>タワー</mark>へ行く。")


async def test_stems_may_lose_their_beginning(shelf: Shelf) -> None:
    await shelf.client.put(f"/v1/sites/{shelf.site['id']}", json={"language": "german"})
    await shelf.desk.run_workers()
    await shelf.article("Häuser", "<p>Viele Häuser, ein Haus.</p>")

    assert await marked(shelf, "haus") == ("<mark>Häuser</mark>", "Viele <mark>Häuser</mark>, ein <mark>Haus</mark>.")


async def test_of_a_long_text_the_passage_is_shown_that_says_the_most(shelf: Shelf) -> None:
    dull = "Nothing of note stands here. " * 40
    await shelf.article("Long", f"<p>{dull} A badger once. {dull} The badger and the badger's den. {dull}</p>")

    _, text = await marked(shelf, "badger den")

    assert text.startswith("… ")
    assert "<mark>badger</mark> and the <mark>badger</mark>'s <mark>den</mark>" in text.replace("&#x27;", "'")
    assert len(text) < 800


async def test_a_letter_that_is_two_in_lower_case_moves_no_mark(shelf: Shelf) -> None:
    await shelf.article("İstanbul", "<p>İİİ İstanbul has a harbour.</p>")

    assert (await marked(shelf, "harbour"))[1] == "İİİ İstanbul has a <mark>harbour</mark>."
