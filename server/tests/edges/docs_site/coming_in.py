"""Visitors of a help center who come in by one of its doors, as tests act them out."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.edges.docs_site.center import BROWSER, Center
from tests.edges.docs_site.test_visitor_tokens import token
from tests.edges.session.visit import visiting, with_password
from tests.make import Person

PASSWORD = "open sesame 42"
SIGN_IN_URL = "https://id.example.com/in"


async def restrict(center: Center, **members: Any) -> dict[str, Any]:
    """Change what the site asks of its visitors; its restriction."""
    body = {"enabled": False, **members}
    answer = await center.client.put(f"/v1/sites/{center.site['id']}/restricted", json=body)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def by_callback(center: Center) -> str:
    """Have visitors sign in elsewhere; the secret."""
    made = await restrict(center, enabled=True, callbackConfiguration={"signInUrl": SIGN_IN_URL})
    secret: str = made["callbackConfiguration"]["sharedSecret"]
    return secret


def vouched(secret: str, email: str = "jane@example.org", **claims: Any) -> str:
    """A token of the company's."""
    return token({"sub": email, "exp": int(time.time()) + 600, **claims}, secret=secret)


async def another_visitor(center: Center) -> httpx.AsyncClient:
    """A browser that has no cookies yet."""
    visitor = await center.desk.visitor(center.host)
    visitor.headers["User-Agent"] = BROWSER
    return visitor


async def private_article(center: Center, name: str = "Hidden quokka", text: str = "<p>wombat burrow</p>") -> Any:
    """A published article in a private collection."""
    body = {"siteId": center.site["id"], "name": f"Vault of {name}", "visibility": "private"}
    vault = await center.post("/v1/collections", body, "collection")
    return await center.article(name, text, status="published", collectionId=vault["id"])


async def hand_over(center: Center, person: Person, to: str = "/", visitor: httpx.AsyncClient | None = None) -> str:
    """What the desk sends the browser back to, after the person has signed in there and agreed."""
    began = await (visitor or center.visitor).get("/sign-in", params={"to": to})
    assert began.status_code == 302, began.text
    parts = urlsplit(began.headers["location"])
    async with visiting(center.desk) as visit:
        await visit.sign_in(await with_password(center.desk, person))
        page = await visit.get(f"{parts.path}?{parts.query}")
        assert page.status == 200, page.text
        done = await visit.send(page, action="/docs/visit")
    assert done.status == 303
    return done.location


async def enter(center: Center, person: Person, to: str = "/", visitor: httpx.AsyncClient | None = None) -> None:
    """Come in as a user of the desk."""
    visitor = visitor or center.visitor
    parts = urlsplit(await hand_over(center, person, to, visitor))
    assert parts.netloc == center.host
    answer = await visitor.get(f"{parts.path}?{parts.query}")
    assert (answer.status_code, answer.headers["location"]) == (303, to), answer.text


async def unlock(
    center: Center, password: str = PASSWORD, to: str = "/", visitor: httpx.AsyncClient | None = None, **headers: str
) -> httpx.Response:
    """Send the form of the page that asks for the password."""
    return await (visitor or center.visitor).post(
        "/unlock", params={"to": to}, data={"password": password}, headers=headers
    )


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
