"""Forms that were not sent from a page of ours change nothing."""

from __future__ import annotations

import httpx
import pytest
from litestar import Litestar

from tests.desk import Desk
from tests.edges.session.visit import PASSWORD, visiting, with_password
from waypost.edges.session.app import ROUTES
from waypost.edges.session.handlers.consent import PATH as CONSENT

VALUES = {"token": "some-token", "application_id": "1", "key_id": "1"}


def posts() -> list[str]:
    """The path of every route that changes something, from the route table itself."""
    paths = []
    for route in Litestar(route_handlers=ROUTES).routes:
        methods = set(getattr(route, "methods", ()))
        if methods - {"GET", "HEAD", "OPTIONS"}:
            parts = (
                VALUES[part[1:-1].split(":")[0]] if part.startswith("{") else part for part in route.path.split("/")
            )
            paths.append("/".join(parts))
    return sorted(paths)


def test_the_table_of_routes_is_read() -> None:
    assert {"/sign-in", "/sign-out", "/profile", CONSENT, "/developers/token"} <= set(posts())
    assert len(posts()) >= 20


async def test_without_the_token_of_the_page_every_route_refuses(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit, visiting(module_desk) as stranger:
        await visit.sign_in(owner)
        _, foreign = (await stranger.get("/sign-in")).form()
        for path in posts():
            for fields in ({}, {"csrf_token": ""}, {"csrf_token": "0" * 64}, {"csrf_token": foreign["csrf_token"]}):
                page = await visit.post(path, {**fields, "first_name": "Eve", "decision": "allow"})
                assert page.status == 403, (path, fields)
                assert page.answer.headers["content-type"].startswith("text/html")
        assert "Olivia" in (await visit.get("/")).text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_with_the_right_token_but_from_another_site_nothing_happens(
    module_desk: Desk, headers: dict[str, str]
) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        target, standing = (await visit.get("/profile")).form()
        page = await visit.post(target, {**standing, "first_name": "Eve"}, **headers)
        assert page.status == 403
        assert "Hello, Olivia" in (await visit.get("/")).text


async def test_programs_that_name_no_origin_still_need_the_token(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        target, standing = (await visit.get("/profile")).form()
        good = await visit.client.post(target, data={**standing, "first_name": "Olga"})
        assert good.status_code == 303
        assert "Hello, Olga" in (await visit.get("/")).text


async def test_only_urlencoded_forms_are_read(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        target, standing = (await visit.get("/sign-in")).form()
        fields = {**standing, "email": "a@example.com", "password": PASSWORD}
        for sent in (
            await visit.client.post(target, json=fields),
            await visit.client.post(target, files={name: (None, value) for name, value in fields.items()}),
            await visit.client.post(
                target, content=httpx.QueryParams(fields).__str__(), headers={"Content-Type": "text/plain"}
            ),
        ):
            assert sent.status_code == 403


async def test_a_token_of_one_browser_does_not_serve_another(module_desk: Desk) -> None:
    async with visiting(module_desk) as one, visiting(module_desk) as other:
        _, standing = (await one.get("/sign-in")).form()
        await other.get("/sign-in")
        page = await other.post("/sign-in", {**standing, "email": "a@example.com", "password": PASSWORD})
        assert page.status == 403


async def test_a_forms_cookie_that_is_not_signed_by_the_desk_is_replaced(module_desk: Desk) -> None:
    async with visiting(module_desk, cookies={"waypost_form": "planted.0000"}) as visit:
        page = await visit.get("/sign-in")
        assert page.answer.cookies["waypost_form"] != "planted.0000"


@pytest.mark.parametrize("body", [b"\xff\xfe%00%zz&&==", b"a=1&" * 2000, b"csrf_token=" + b"x" * 200_000])
async def test_broken_and_huge_forms_are_refused_without_a_fault(module_desk: Desk, body: bytes) -> None:
    async with visiting(module_desk) as visit:
        await visit.get("/sign-in")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await visit.client.post("/sign-in", content=body, headers=headers)
        assert answer.status_code == (413 if len(body) > 65536 else 403)


async def test_a_session_cookie_alone_is_no_credential_for_the_api(module_desk: Desk) -> None:
    owner = await with_password(module_desk, (await module_desk.make.account()).owner)
    async with visiting(module_desk) as visit:
        await visit.sign_in(owner)
        assert (await visit.client.get("/v2/users/me")).status_code == 401
        assert (await visit.client.post("/v2/customers", json={"firstName": "Eve"})).status_code == 401
