"""An account to move, the import of it into a desk, and what is to be the same on both sides."""

from __future__ import annotations

from typing import Any

import httpx

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build, key_of, keyed
from tests.edges.docs_v1.test_files import png
from tests.make import AccountMade
from waypost.edges.docs_account import taking
from waypost.edges.docs_account.forecast import forecast
from waypost.edges.docs_account.importing import DocsImport
from waypost.edges.docs_account.source import Source
from waypost.edges.docs_account.summary import Summary
from waypost.edges.docs_account.taking import Choices

#: Of each thing: who made it is somebody else here, and the addresses are this desk's.
OTHERWISE = {"createdBy", "updatedBy", "modifiedBy", "publicUrl", "changeOrigin", "cname"}


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def source_for(target: Desk, base: str, key: str = "key", clock: Clock | None = None) -> Source:
    clock = clock or Clock()
    return Source(base, key, target.parts.outgoing.rules, sleep=clock.sleep, clock=lambda: clock.now)


def here(target: Desk, account: AccountMade) -> taking.Desk:
    return taking.Desk(
        transactions=target.transactions,
        actor=account.owner.actor,
        addresses=target.context.docs_addresses,
        file_base=target.context.content_address,
        secret_key=target.context.secret_key,
    )


async def move(
    target: Desk,
    account: AccountMade,
    base: str,
    key: str = "key",
    *,
    clock: Clock | None = None,
    summary: Summary | None = None,
    **choices: Any,
) -> Summary:
    """Run an import; waiting takes no time."""
    clock = clock or Clock()
    source = source_for(target, base, key, clock)
    summary = summary or Summary()
    try:
        taking_in = DocsImport(
            here(target, account), target.parts.files, source, Choices(**choices), summary=summary, sleep=clock.sleep
        )
        return await taking_in.run()
    finally:
        await source.close()


async def foresee(target: Desk, account: AccountMade, base: str, key: str, **choices: Any) -> Summary:
    source = source_for(target, base, key)
    try:
        return await forecast(here(target, account), source, Choices(**choices), Summary())
    finally:
        await source.close()


class Library(Shelf):
    """A shelf with everything on it that a help center has."""

    key: str
    names: dict[str, dict[str, Any]]


async def library(desk: Desk) -> Library:
    """A site with shelves, articles of all kinds, files, links, redirects; and a second, restricted one."""
    shelf = await build(desk)
    made = Library(desk, shelf.account, shelf.client, shelf.site, shelf.collection, shelf.category)
    made.key = await key_of(desk, shelf.account.owner)
    look = {"title": "Harbour Help", "description": "Answers", "linkColor": "#aa3300", "language": "french",
            "headerCode": "<meta name=a>", "hasContactForm": True, "contactEmail": "help@harbour.example"}  # fmt: skip
    assert (await made.client.put(f"/v1/sites/{made.site['id']}", json=look)).status_code == 200
    private = await made.post(
        "/v1/collections",
        {"siteId": made.site["id"], "name": "Staff", "visibility": "private", "order": 7, "description": "Not for all"},
        "collection",
    )
    by_hand = await made.post(
        "/v1/categories",
        {"collectionId": made.collection["id"], "name": "By hand", "defaultSort": "custom", "order": 3, "slug": "hand"},
        "category",
    )
    one = await made.article("One", "<p>Première</p>", status="published", keywords=["alpha", "beta"], slug="uno",
                             categories=[made.category["id"], by_hand["id"]])  # fmt: skip
    two = await made.article("Two", "<p>Second</p>", status="published", categories=[by_hand["id"]], code="<!-- c -->")
    three = await made.article("Three", "<p>Hidden</p>", collectionId=private["id"])
    files = {}
    for kind, name, data in (("image", "a shelf.png", png()), ("attachment", "list.txt", b"A list")):
        answer = await made.client.post(
            "/v1/assets/article", data={"articleId": one["id"], "assetType": kind}, files={"file": (name, data)}
        )
        assert answer.status_code == 201, answer.text
        files[kind] = httpx.URL(answer.json()["filelink"]).raw_path.decode()
    text = (
        f'<p id="top">See <a href="{two["publicUrl"]}#part">two</a>, <a href="/article/{three["number"]}">three</a>,'
        f' <a href="/category/{by_hand["number"]}-hand">by hand</a> and <a href="https://else.example/article/1">x</a>.</p>'
        f'<p><img src="{files["image"]}" alt="Shelf"> <a href="{files["attachment"]}">List</a></p>'
        '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>'
    )
    body = {"text": text, "related": [two["id"]]}
    assert (await made.client.put(f"/v1/articles/{one['id']}", json=body)).status_code == 200
    await made.client.put(f"/v1/articles/{two['id']}/drafts", json={"text": "<p>Second, better</p>"})
    await made.client.put(f"/v1/articles/{two['id']}/views", json={"count": 41})
    for mapping, target in (("/old", one["publicUrl"] + "#top"), ("/away", "https://else.example/x")):
        await made.post(
            "/v1/redirects", {"siteId": made.site["id"], "urlMapping": mapping, "redirect": target}, "redirect"
        )
    second = await made.post("/v1/sites", {"subDomain": f"{made.site['subDomain']}-b", "title": "Members"}, "site")
    locked = {"enabled": True, "callbackConfiguration": {"signInUrl": "https://members.example/in"}}
    assert (await made.client.put(f"/v1/sites/{second['id']}/restricted", json=locked)).status_code == 200
    made.names = {"one": one, "two": two, "three": three, "private": private, "by_hand": by_hand, "second": second}
    return made


async def owner_client(target: Desk, account: AccountMade) -> httpx.AsyncClient:
    return await keyed(target, account.owner)


async def listed(client: httpx.AsyncClient, path: str, name: str) -> list[dict[str, Any]]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()[name]["items"]
    return items


async def everything(client: httpx.AsyncClient) -> dict[str, Any]:
    """All that a client can read of an account's knowledge base, by kind and id, but for what is each desk's own."""
    found: dict[str, Any] = {
        "site": {},
        "collection": {},
        "category": {},
        "article": {},
        "redirect": {},
        "revision": {},
    }
    for site in await listed(client, "/v1/sites", "sites"):
        site["restricted"] = (await client.get(f"/v1/sites/{site['id']}/restricted")).json()
        found["site"][site["id"]] = site
        for item in await listed(client, f"/v1/redirects/site/{site['id']}", "redirects"):
            found["redirect"][item["id"]] = item
    for collection in await listed(client, "/v1/collections", "collections"):
        found["collection"][collection["id"]] = collection
        for item in await listed(client, f"/v1/collections/{collection['id']}/categories", "categories"):
            item["articles"] = [
                one["id"] for one in await listed(client, f"/v1/categories/{item['id']}/articles", "articles")
            ]
            found["category"][item["id"]] = item
        for item in await listed(client, f"/v1/collections/{collection['id']}/articles", "articles"):
            article = (await client.get(f"/v1/articles/{item['id']}")).json()["article"]
            article["draft"] = (await client.get(f"/v1/articles/{item['id']}?draft=true")).json()["article"]["text"]
            found["article"][item["id"]] = article
            found["revision"][item["id"]] = [
                (await client.get(f"/v1/revisions/{one['id']}")).json()["revision"]
                for one in await listed(client, f"/v1/articles/{item['id']}/revisions", "revisions")
            ]
    return found


def without(thing: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in OTHERWISE | set(names)}
