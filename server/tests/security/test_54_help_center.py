"""Attack 54 on the pages of help centers: nobody who may not see something learns of it by any page, list or feed.

Everything that is private carries the mark, in names, addresses, texts and descriptions. A crawler reads all that a
visitor can come by: every link, every number, every redirect, searches, feeds.
"""

from __future__ import annotations

import html
import re
from collections import deque
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.desk import Desk
from tests.edges.docs_site.center import Center, open_center, path_of
from tests.edges.docs_site.coming_in import (
    PASSWORD,
    another_visitor,
    by_callback,
    enter,
    restrict,
    unlock,
    vouched,
)
from tests.edges.docs_v1.test_files import png

pytestmark = pytest.mark.anyio

MARK = "zxqvmark"
_ADDRESSES = re.compile(r"""(?:href|src|action|content)=["']([^"']+)["']|<(?:loc|link|id|guid)[^>]*>([^<]+)<""")
QUERIES = (MARK, MARK[:5], "zxqvmork", "*", "wombat", f'"{MARK} wombat"', "Shown")


class House:
    """A site with something of everything, and what must not be known of it."""

    def __init__(self, center: Center) -> None:
        self.center = center
        self.numbers: list[int] = []
        self.secrets = [MARK]
        self.paths = ["/", "/sitemap.xml", "/atom.xml", "/rss.xml", "/robots.txt", "/contact", "/sign-out", "/unlock"]

    async def fill(self) -> None:
        center, post = self.center, self.center.post
        site = {"siteId": center.site["id"]}
        vault = await post(
            "/v1/collections",
            {**site, "name": f"Vault {MARK}", "visibility": "private", "description": MARK},
            "collection",
        )
        shut = {"collectionId": center.collection["id"], "name": f"Shut {MARK}", "visibility": "private"}
        shut_category = await post("/v1/categories", shut, "category")
        vault_category = await post("/v1/categories", {"collectionId": vault["id"], "name": MARK}, "category")
        hidden = [
            await self._article("in a private collection", collectionId=vault["id"], categories=[vault_category["id"]]),
            await self._article("in a private category", categories=[shut_category["id"]]),
            await self._article("not published", status="notpublished"),
            # Between others in the order of the category: neither's neighbour may be it.
            await self._article("beside others", status="notpublished", categories=[center.category["id"]]),
        ]
        file = await center.client.post(
            "/v1/assets/article",
            data={"articleId": hidden[0]["id"], "assetType": "image"},
            files={"file": (f"{MARK}.png", png())},
        )
        asset = file.json()["filelink"]
        await center.client.put(
            f"/v1/articles/{hidden[0]['id']}", json={"text": f'<p>{MARK} wombat</p><img src="{urlsplit(asset).path}">'}
        )
        names = ("Shown A", "Shown B", "Shown C")
        links = "".join(f'<a href="/article/{one["number"]}">there</a> ' for one in hidden)
        for name in names:
            shown = await center.article(
                name,
                f"<p>wombat {links}</p>",
                status="published",
                categories=[center.category["id"], shut_category["id"]],
                related=[one["id"] for one in hidden],
            )
            draft = {"text": f"<p>{MARK}</p>"}
            await center.client.put(f"/v1/articles/{shown['id']}/drafts", json=draft)
            self.numbers.append(shown["number"])
        things = [vault, shut_category, vault_category, *hidden]
        for index, thing in enumerate(things):
            body = {**site, "urlMapping": f"/old/{index}", "redirect": thing["publicUrl"]}
            await post("/v1/redirects", body, "redirect")
            chain = {**site, "urlMapping": f"/older/{index}", "redirect": f"{center.address}/old/{index}"}
            await post("/v1/redirects", chain, "redirect")
            self.paths += [f"/old/{index}", f"/old/{index}/", f"/older/{index}?a=b"]
            self.secrets.append(thing["id"])
            self.numbers.append(thing["number"])
            self.paths.append(path_of(thing))
        self.secrets.append(asset.split("/")[-2])
        self.asset = urlsplit(asset).path
        for number in range(1, max(self.numbers) + 3):
            self.paths += [
                f"/{kind}/{number}{slug}" for kind in ("article", "category", "collection") for slug in ("", "-x")
            ]
        for query in QUERIES:
            self.paths += [f"/search?query={query}", f"/search/ajax?query={query}"]

    async def _article(self, name: str, **members: Any) -> dict[str, Any]:
        text, keywords = f"<p>{MARK} wombat</p>", [MARK, "wombat"]
        return await self.center.article(
            f"{MARK} {name}", text, **{"status": "published", "keywords": keywords, **members}
        )

    async def crawl(self, visitor: httpx.AsyncClient) -> dict[str, str]:
        """All that the visitor can read, header and body, by path."""
        waiting, read = deque(self.paths), dict[str, str]()
        while waiting:
            path = waiting.popleft()
            if path in read:
                continue
            answer = await visitor.get(path)
            sent = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items() if name != "set-cookie")
            read[path] = f"{answer.status_code}\n{sent}\n\n{answer.text}"
            found = [one or other for one, other in _ADDRESSES.findall(answer.text)]
            for address in [*found, answer.headers.get("location", "")]:
                parts = urlsplit(urljoin(f"{self.center.address}{path}", html.unescape(address)))
                if parts.netloc == self.center.host and not parts.path.startswith("/_static/"):
                    waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
        return read

    def leaks(self, read: dict[str, str]) -> list[tuple[str, str]]:
        """Where something stands that the path itself has not said."""
        found = []
        for path, text in read.items():
            # A page may say again what it was asked for.
            asked = text.replace(path, "").replace(html.escape(path), "")
            asked = re.sub(rf'value="[^"]*{MARK}[^"]*"|<title>[^<]*</title>', "", asked) if "query=" in path else asked
            found += [(path, secret) for secret in self.secrets if secret in asked and secret not in path]
        return found


async def house_of(desk: Desk) -> House:
    made = House(await open_center(desk))
    await made.fill()
    return made


async def test_an_anonymous_crawl_finds_nothing_private(module_desk: Desk) -> None:
    house = await house_of(module_desk)

    read = await house.crawl(house.center.visitor)

    assert sum("Shown A" in text for text in read.values()) > 5
    assert house.leaks(read) == []


async def test_what_is_private_is_answered_like_what_is_not_there(module_desk: Desk) -> None:
    house = await house_of(module_desk)
    visitor = house.center.visitor
    missing = f"/article/{max(house.numbers) + 100}-x"
    like = await visitor.get(missing)

    for path in [one for one in house.paths if MARK in one and "query=" not in one] + ["/old/0", "/older/3"]:
        answer = await visitor.get(path)
        assert answer.status_code == like.status_code == 404, path
        assert answer.text.replace(path, "") == like.text.replace(missing, ""), path
        assert set(answer.headers) == set(like.headers)


async def test_those_whom_a_company_lets_in_see_what_is_public_and_no_more(module_desk: Desk) -> None:
    house = await house_of(module_desk)
    secret = await by_callback(house.center)
    await house.center.visitor.get("/authcallback", params={"token": vouched(secret)})

    read = await house.crawl(house.center.visitor)

    assert "Shown A" in read["/"]
    assert house.leaks(read) == []


async def test_a_password_for_a_whole_site_opens_nothing_private(module_desk: Desk) -> None:
    house = await house_of(module_desk)
    await restrict(house.center, enabled=True, authentication="PASSWORD", password=PASSWORD)
    await unlock(house.center)

    read = await house.crawl(house.center.visitor)

    assert "Shown A" in read["/"]
    assert house.leaks(read) == []


@pytest.mark.parametrize("kind", ["CALLBACK", "PASSWORD"])
async def test_a_restricted_site_tells_strangers_nothing_at_all(module_desk: Desk, kind: str) -> None:
    house = await house_of(module_desk)
    house.secrets += ["Shown", "wombat", "Guide", "Basics"]
    await house.crawl(house.center.visitor)
    if kind == "CALLBACK":
        await by_callback(house.center)
    else:
        await restrict(house.center, enabled=True, authentication="PASSWORD", password=PASSWORD)

    read = await house.crawl(await another_visitor(house.center))

    assert house.leaks(read) == []


async def test_a_user_sees_what_is_private_and_nothing_that_is_not_published(module_desk: Desk) -> None:
    house = await house_of(module_desk)
    await enter(house.center, house.center.account.user)

    read = await house.crawl(house.center.visitor)

    # The crawl can find what it looks for.
    assert f"{MARK} in a private collection" in "".join(read.values())
    for text in read.values():
        assert f"{MARK} not published" not in text
        assert f"{MARK} beside others" not in text
    # And nobody after them is answered from what was made for them.
    assert house.leaks(await house.crawl(await another_visitor(house.center))) == []


async def test_a_visit_of_one_companys_site_opens_nothing_of_anothers(module_desk: Desk) -> None:
    house, stranger = await house_of(module_desk), await open_center(module_desk, "Strangers")
    await enter(stranger, stranger.account.owner)
    await restrict(stranger, password=PASSWORD)
    await unlock(stranger)
    for name, value in dict(stranger.visitor.cookies).items():
        house.center.visitor.cookies.set(name, value)

    assert house.leaks(await house.crawl(house.center.visitor)) == []


async def test_another_companys_numbers_and_hosts_lead_nowhere(module_desk: Desk) -> None:
    house, stranger = await house_of(module_desk), await open_center(module_desk, "Strangers")

    for path in house.paths:
        answer = await stranger.visitor.get(path)
        assert house.leaks({path: answer.text}) == []
        assert "Shown A" not in answer.text
        assert house.center.host not in answer.headers.get("location", "")


async def test_a_file_of_a_private_article_is_fetched_by_its_address_alone(module_desk: Desk) -> None:
    # docs/decisions/0026: its address cannot be guessed, and no page that strangers read holds it (see above).
    house = await house_of(module_desk)

    assert (await house.center.visitor.get(house.asset)).status_code == 200
    for changed in (house.asset.replace(MARK, "other"), house.asset[:-40] + "0" * 40):
        assert (await house.center.visitor.get(changed)).status_code == 404
