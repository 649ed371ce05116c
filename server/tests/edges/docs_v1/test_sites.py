"""Sites and their restrictions over HTTP (spec: docs-api 6, 7)."""

from __future__ import annotations

import base64

import pytest

from tests.edges.docs_v1.shelf import UNKNOWN, Shelf, assert_refused

pytestmark = pytest.mark.anyio

FIELDS = {
    "id", "status", "subDomain", "cname", "hasPublicSite", "companyName", "homePageContent", "title", "description",
    "metaDescription", "logoUrl", "logoWidth", "logoHeight", "favIconUrl", "touchIconUrl", "homeUrl", "homeLinkText",
    "bgColor", "pageBgColor", "headerBgColor", "navTextColor", "navActiveColor", "linkColor", "articleTextColor",
    "hasContactForm", "mailboxId", "contactEmail", "styleSheetUrl", "headerCode", "includeMetadata", "language",
    "createdBy", "updatedBy", "createdAt", "updatedAt",
}  # fmt: skip


async def test_the_seeds_site(shelf: Shelf) -> None:
    body = {
        "subDomain": f"{shelf.site['subDomain']}-two", "companyName": "Example Corp", "title": "Example Support Center",
        "homeUrl": "https://example.com", "homeLinkText": "Back to Example", "hasContactForm": True,
        "mailboxId": "52404efc4566740003092640", "logoUrl": "https://cdn.company.com/logo.png", "logoWidth": 200,
        "logoHeight": "50", "bgColor": "#ffffff", "description": "Help", "contactEmail": "support@company.com",
        "color": "#123", "includeMetadata": "true",
    }  # fmt: skip
    answer = await shelf.client.post("/v1/sites", json=body)

    assert answer.status_code == 201, answer.text
    made = answer.json()["site"]
    assert set(made) == FIELDS
    assert answer.headers["location"] == f"{shelf.desk.base_url}/v1/sites/{made['id']}"
    expected = {
        **body, "logoHeight": 50, "includeMetadata": True, "pageBgColor": "#ffffff", "headerBgColor": "#123",
        "metaDescription": "Help", "status": "active", "hasPublicSite": True, "homePageContent": "categories",
        "cname": None, "language": "english",
    }  # fmt: skip
    del expected["color"]
    assert {name: made[name] for name in expected} == expected
    assert (await shelf.get(f"/v1/sites/{made['id']}"))["site"] == made
    listed = (await shelf.get("/v1/sites"))["sites"]
    assert ({item["id"] for item in listed["items"]}, listed["count"]) == ({shelf.site["id"], made["id"]}, 2)


@pytest.mark.parametrize("value", [85, "85"])
async def test_a_mailbox_of_digits_is_a_number(shelf: Shelf, value: object) -> None:
    path = f"/v1/sites/{shelf.site['id']}"
    changed = (await shelf.client.put(f"{path}?reload=1", json={"mailboxId": value})).json()["site"]
    assert changed["mailboxId"] == 85
    changed = (await shelf.client.put(f"{path}?reload=1", json={"mailboxId": None})).json()["site"]
    assert changed["mailboxId"] is None


@pytest.mark.parametrize(
    ("members", "name", "error"),
    [
        ({"title": None}, "title", "title is required"),
        ({"subDomain": None}, "subDomain", "subDomain is required"),
        ({"subDomain": "a b"}, "subDomain", "subDomain is invalid"),
        ({"subDomain": "ab"}, "subDomain", "subDomain is invalid"),
        ({"cname": "not a host"}, "cname", "cname is invalid"),
        ({"cname": "localhost"}, "cname", "cname is invalid"),
        ({"bgColor": "red"}, "pageBgColor", "pageBgColor is invalid"),
        ({"linkColor": "#12"}, "linkColor", "linkColor is invalid"),
        ({"logoUrl": "javascript:alert(1)"}, "logoUrl", "logoUrl is invalid"),
        ({"styleSheetUrl": "/style.css"}, "styleSheetUrl", "styleSheetUrl is invalid"),
        ({"homePageContent": "news"}, "homePageContent", "homePageContent is invalid"),
        ({"status": "gone"}, "status", "status is invalid"),
        ({"contactEmail": "nobody"}, "contactEmail", "contactEmail is invalid"),
        ({"logoWidth": -1}, "logoWidth", "logoWidth is invalid"),
        ({"hasContactForm": "perhaps"}, "hasContactForm", "hasContactForm is invalid"),
        ({"language": "klingon"}, "language", "language is invalid"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_refused_sites(shelf: Shelf, members: dict[str, object], name: str, error: str) -> None:
    body = {"subDomain": f"{shelf.site['subDomain']}-new", "title": "New", **members}

    assert_refused(await shelf.client.post("/v1/sites", json=body), 400, error, **{name: error})


async def test_hosts_are_taken_once_over_the_server(shelf: Shelf) -> None:
    body = {"subDomain": shelf.site["subDomain"].upper(), "title": "Thief"}
    error = "Subdomain is already in use"
    assert_refused(await shelf.client.post("/v1/sites", json=body), 400, error, subDomain=error)

    host = f"{shelf.site['subDomain']}.example.com"
    path = f"/v1/sites/{shelf.site['id']}"
    assert (await shelf.client.put(path, json={"cname": host})).status_code == 200
    body = {"subDomain": f"{shelf.site['subDomain']}-new", "title": "Thief", "cname": host}
    assert_refused(await shelf.client.post("/v1/sites", json=body), 400, "cname is already in use",
                   cname="cname is already in use")  # fmt: skip
    made = await shelf.article("A")
    assert made["publicUrl"].startswith(f"http://{host}/article/")


async def test_an_update_without_a_sub_domain_keeps_the_rest(shelf: Shelf) -> None:
    answer = await shelf.client.put(f"/v1/sites/{shelf.site['id']}?reload=true", json={"title": "Other"})

    changed = answer.json()["site"]
    assert {name for name in FIELDS if changed[name] != shelf.site[name]} <= {"title", "updatedAt"}
    assert changed["title"] == "Other"


async def test_a_deleted_site_takes_everything_along(shelf: Shelf) -> None:
    article = await shelf.article("A", status="published")

    answer = await shelf.client.delete(f"/v1/sites/{shelf.site['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    for path in (f"sites/{shelf.site['id']}", f"collections/{shelf.collection['id']}", f"articles/{article['id']}"):
        assert_refused(await shelf.client.get(f"/v1/{path}"), 404, "Resource not found")
    assert_refused(await shelf.client.delete(f"/v1/sites/{UNKNOWN}"), 404, "Resource not found")


async def test_a_site_that_was_never_restricted(shelf: Shelf) -> None:
    never = {"enabled": False, "authentication": None, "callbackConfiguration": None}

    assert await shelf.get(f"/v1/sites/{shelf.site['id']}/restricted") == never
    assert_refused(await shelf.client.get(f"/v1/sites/{UNKNOWN}/restricted"), 404, "Resource not found")


@pytest.mark.parametrize("name", ["restricted", "restrictions"])
async def test_the_secret_is_made_once_and_kept(shelf: Shelf, name: str) -> None:
    path = f"/v1/sites/{shelf.site['id']}/{name}"
    body = {
        "enabled": True,
        "authentication": "CALLBACK",
        "callbackConfiguration": {"signInUrl": "https://example.com/in", "sharedSecret": "mine"},
        "emails": ["ignored@example.com"],
    }

    first = (await shelf.client.put(path, json=body)).json()
    off = (await shelf.client.put(path, json={"enabled": False})).json()
    again = (await shelf.client.put(path, json={"enabled": True})).json()

    secret = first["callbackConfiguration"]["sharedSecret"]
    assert len(base64.b64decode(secret)) == 32
    callback = {"signInUrl": "https://example.com/in", "sharedSecret": secret}
    assert first == again == {"enabled": True, "authentication": "CALLBACK", "callbackConfiguration": callback}
    assert off == {**first, "enabled": False}
    assert await shelf.get(path) == again
    async with shelf.desk.connection() as connection:
        sealed = await connection.fetchval(
            "select secret_sealed from docs_restriction where site_id = $1", shelf.site["id"]
        )
    assert secret.encode() not in sealed


@pytest.mark.parametrize(
    ("body", "name", "error"),
    [
        ({}, "enabled", "enabled is required"),
        ({"enabled": True}, "callbackConfiguration.signInUrl", "callbackConfiguration.signInUrl is required"),
        (
            {"enabled": True, "callbackConfiguration": {"signInUrl": "/in"}},
            "callbackConfiguration.signInUrl",
            "callbackConfiguration.signInUrl is invalid",
        ),
        ({"enabled": True, "authentication": "SAML"}, "authentication", "authentication is invalid"),
        ({"enabled": True, "callbackConfiguration": "x"}, "callbackConfiguration", "callbackConfiguration is invalid"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_refused_restrictions(shelf: Shelf, body: object, name: str, error: str) -> None:
    answer = await shelf.client.put(f"/v1/sites/{shelf.site['id']}/restricted", json=body)

    assert_refused(answer, 400, error, **{name: error})


async def test_a_password_is_kept_and_never_answered(shelf: Shelf) -> None:
    path = f"/v1/sites/{shelf.site['id']}/restricted"

    set_one = (await shelf.client.put(path, json={"enabled": False, "password": "open sesame 42"})).json()
    kept = (await shelf.client.put(path, json={"enabled": True, "authentication": "PASSWORD"})).json()
    read = await shelf.get(path)
    gone = (await shelf.client.put(path, json={"enabled": False, "password": None})).json()

    never = {"enabled": False, "authentication": None, "callbackConfiguration": None}
    assert set_one == {**never, "hasPassword": True}
    assert kept == read == {**never, "enabled": True, "authentication": "PASSWORD", "hasPassword": True}
    assert gone == never


async def test_a_password_takes_the_place_of_the_address_to_sign_in_at(shelf: Shelf) -> None:
    path = f"/v1/sites/{shelf.site['id']}/restricted"
    callback = {"signInUrl": "https://example.com/in"}
    first = (await shelf.client.put(path, json={"enabled": True, "callbackConfiguration": callback})).json()

    body = {"enabled": True, "authentication": "PASSWORD", "password": "open sesame 42"}
    changed = (await shelf.client.put(path, json=body)).json()

    secret = first["callbackConfiguration"]["sharedSecret"]
    assert (changed["authentication"], changed["hasPassword"]) == ("PASSWORD", True)
    assert changed["callbackConfiguration"] == {"signInUrl": "", "sharedSecret": secret}


@pytest.mark.parametrize(
    ("body", "name", "error"),
    [
        ({"enabled": False, "password": "short"}, "password", "Use at least 10 characters."),
        ({"enabled": False, "password": "aaaaaaaaaaaa"}, "password", "Use more than three different characters."),
        ({"enabled": False, "password": ["a"]}, "password", "password is invalid"),
        (
            {"enabled": True, "authentication": "PASSWORD"},
            "callbackConfiguration.signInUrl",
            "callbackConfiguration.signInUrl is required",
        ),
        (
            {"enabled": True, "password": ""},
            "callbackConfiguration.signInUrl",
            "callbackConfiguration.signInUrl is required",
        ),
    ],
)
async def test_refused_passwords(shelf: Shelf, body: object, name: str, error: str) -> None:
    answer = await shelf.client.put(f"/v1/sites/{shelf.site['id']}/restricted", json=body)

    assert_refused(answer, 400, error, **{name: error})
