"""In which order articles are found, and that the right ones are among the first (spec: docs-api 3.3)."""

from __future__ import annotations

import asyncio

import pytest

from tests.edges.docs_v1.shelf import Shelf
from tests.edges.docs_v1.test_search import names
from waypost.domains import docs
from waypost.domains.docs import SearchScope
from waypost.kit.paging import PageRequest

pytestmark = pytest.mark.anyio

#: A small help center: what titles promise and what texts say besides.
GUIDE = {
    "Reset your password": "Open the sign-in page, choose Forgotten, and follow the link in the mail that you get.",
    "Change your e-mail address": "Type the new address. You need your password to confirm it.",
    "Turn on two-step sign-in": "Scan the code with an authenticator app. Keep the recovery codes by the password.",
    "Download an invoice": "Every invoice is under Billing. Invoices are sent on the first day of a month.",
    "Change your payment card": "Under Billing, choose the card. The next invoice is charged to it.",
    "Refunds": "A refund reaches your card within a week. Ask for it within a month of the invoice.",
    "Connect a printer": "Printers that speak AirPrint are found at once. Others need the driver of their maker.",
    "Labels come out blank": "Thermal paper has one side that prints. Turn the roll; the printer needs no ink.",
    "Export your data": "The export holds orders, customers and labels as CSV files in an archive.",
    "Import customers from a file": "CSV files with a header row are read. Other columns are kept as notes.",
    "What is a workspace": "A workspace holds shops, people and labels. Each workspace has its own billing.",
    "If your shop does not appear": "Connect the shop again. A shop needs an owner; the shop is hidden from others.",
    "About webhooks": "A webhook calls your server. Webhooks are signed; each webhook is tried for a day.",
    "Lieferscheine drucken": "Wählen Sie die Aufträge und drucken Sie die Lieferscheine mit einem Klick.",
    "送り状を印刷する": "注文を選んで、印刷ボタンを押してください。プリンターが必要です。",
}
#: Words that a title says, or a text; in other forms, cut, mistaken, in a row.
MEANT = [
    ("password", "Reset your password"),
    ("how do I reset my password", "Reset your password"),
    ("forgotten sign", "Reset your password"),
    ("change email", "Change your e-mail address"),
    ("two step", "Turn on two-step sign-in"),
    ("authenticator", "Turn on two-step sign-in"),
    ("invoices", "Download an invoice"),
    ("inv", "Download an invoice"),
    ("paymnet card", "Change your payment card"),
    ("refnd", "Refunds"),
    ("card refunded", "Refunds"),
    ("conect printers", "Connect a printer"),
    ("thermal", "Labels come out blank"),
    ('"turn the roll"', "Labels come out blank"),
    ("exporting", "Export your data"),
    ("csv header", "Import customers from a file"),
    ("what is a work", "What is a workspace"),
    ("if your", "If your shop does not appear"),
    ("shop", "If your shop does not appear"),
    ("web", "About webhooks"),
    ("lieferscheine", "Lieferscheine drucken"),
    ("印刷する", "送り状を印刷する"),
]


async def test_what_is_meant_is_among_the_first_three(shelf: Shelf) -> None:
    for title, text in GUIDE.items():
        await shelf.article(title, f"<p>{text}</p>", status="published")

    missed = {}
    for query, title in MEANT:
        found = await names(shelf, query)
        if title not in found[:3]:
            missed[query] = found

    assert not missed


async def test_of_many_hits_titles_come_first_then_what_says_a_word_often(shelf: Shelf) -> None:
    for number in range(60):
        await shelf.article(f"Article {number:02}", f"<p>Of a lantern, and of {'much else ' * 90}</p>")
    viewed = (await shelf.get("/v1/search/articles?query=lantern&pageSize=100"))["articles"]["items"][40]
    await shelf.client.put(f"/v1/articles/{viewed['id']}/views", json={"count": 9})
    await shelf.article("Often", f"<p>{'lantern and all else that is ' * 9}</p>")
    await shelf.article("Lantern shelves", "<p>text</p>")
    await shelf.article("Lanterns", "<p>text</p>")

    pages = [
        (await shelf.get(f"/v1/search/articles?query=lantern&pageSize=20&page={n}"))["articles"] for n in (1, 2, 3, 4)
    ]
    found = [item["name"] for page in pages for item in page["items"]]

    assert {page["count"] for page in pages} == {63}
    assert found[:4] == ["Lanterns", "Lantern shelves", "Often", viewed["name"]]
    assert len(found) == len(set(found)) == 63
    assert found[4:] == sorted(found[4:])


async def test_a_title_that_says_the_words_in_a_row_is_meant(shelf: Shelf) -> None:
    await shelf.article("Boards and the update of tools", "<p>text</p>")
    await shelf.article("Tools that update boards", "<p>text</p>")
    wanted = await shelf.article("Update boards with the tools", "<p>text</p>")

    assert (await names(shelf, "update boa"))[:2] == ["Tools that update boards", wanted["name"]]
    assert (await names(shelf, "boards with the tools"))[0] == wanted["name"]


async def test_what_visitors_find_follows_every_change_of_what_they_may_see(shelf: Shelf) -> None:
    one = await shelf.article("Marmot", status="published", categories=[shelf.category["id"]])
    private = await shelf.post(
        "/v1/collections", {"siteId": shelf.site["id"], "name": "P", "visibility": "private"}, "collection"
    )
    scope = SearchScope(account_id=shelf.account.id, site_id=shelf.site["id"], is_public=True)

    async def is_found() -> bool:
        async with shelf.desk.transactions.read() as tx:
            hits = await docs.search(tx, "marmot", scope, PageRequest(1, 20))
            everything = await docs.search(tx, "*", scope, PageRequest(1, 20))
        assert hits.total == len(hits.items) == everything.total
        return hits.total == 1

    async def after(path: str, **change: object) -> bool:
        answer = await shelf.client.put(f"/v1/{path}", json=change)
        assert answer.status_code == 200, answer.text
        return await is_found()

    article, category = f"articles/{one['id']}", f"categories/{shelf.category['id']}"
    collection = f"collections/{shelf.collection['id']}"
    assert await is_found()
    assert not await after(category, visibility="private")
    assert await after(category, visibility="public")
    assert not await after(collection, visibility="private")
    assert await after(collection, visibility="public")
    assert not await after(article, status="notpublished")
    assert await after(article, status="published")
    assert not await after(article, collectionId=private["id"])
    assert await after(f"collections/{private['id']}", visibility="public")
    assert await after(article, collectionId=shelf.collection["id"], categories=[shelf.category["id"]])
    assert not await after(category, visibility="private")
    deleted = await shelf.client.delete(f"/v1/{category}")
    assert deleted.status_code == 204
    # In no other category it is uncategorized now, which is public.
    assert await is_found()


async def test_a_view_waits_for_nobody_who_changes_the_article(shelf: Shelf) -> None:
    one = await shelf.article("Otter one")
    two = await shelf.article("Otter two")
    held = "select number from docs_entry where account_id = $1 and number = $2 for update"

    async with shelf.desk.transactions.open() as writer:
        await writer.connection.execute(held, shelf.account.id, two["number"])
        async with asyncio.timeout(10), shelf.desk.transactions.open() as tx:
            await docs.insight.note_view(tx, shelf.account.id, two["id"], 5)
    assert await names(shelf, "otter") == [one["name"], two["name"]]
    async with shelf.desk.transactions.open() as tx:
        await docs.insight.note_view(tx, shelf.account.id, two["id"])

    assert await names(shelf, "otter") == [two["name"], one["name"]]
    assert (await shelf.get(f"/v1/articles/{two['id']}"))["article"]["viewCount"] == 6
