"""A host of its own for content: links lead there, and nothing else is served there."""

from __future__ import annotations

import pytest

from tests.desk import Desk, desk_with
from tests.edges.content.messages import received, view_of
from tests.edges.content.test_ratings import ask
from tests.edges.inbox_v2.office import open_office

pytestmark = pytest.mark.anyio

CONTENT = "https://content.desk-files.example"
with_host = desk_with(content_url=CONTENT + "/")


@with_host
async def test_links_lead_to_the_host_and_the_policy_names_it(desk: Desk) -> None:
    office = await open_office(desk)
    thread = await received(office, '<p>x<img src="https://t.example/x.png"></p>')
    link = view_of(thread)
    assert link.startswith(CONTENT + "/content/threads/")
    browser = await desk.client(Host="content.desk-files.example")

    answer = await browser.get(link.removeprefix(CONTENT) + "?images=on")

    assert answer.status_code == 200
    assert f'src="{CONTENT}/content/images/' in answer.text
    policy = answer.headers["content-security-policy"]
    assert f"img-src {CONTENT}/content/ data:;" in policy
    assert f"frame-ancestors {desk.base_url} {CONTENT};" in policy


@with_host
async def test_nothing_but_content_is_served_there(desk: Desk) -> None:
    office = await open_office(desk)
    token = office.client.headers["authorization"]
    there = await desk.client(Host="content.desk-files.example", Authorization=token)
    shouted = await desk.client(Host="Content.Desk-Files.example")
    for path in (
        "/",
        "/sign-in",
        "/v2/conversations",
        "/v2/oauth2/token",
        "/static/x/base.css",
        "/healthz",
        "/contents",
    ):
        for client in (there, shouted):
            answer = await client.get(path)
            assert (answer.status_code, answer.text) == (404, "Nothing is here."), path
            assert "set-cookie" not in answer.headers
    assert (await (await desk.client()).get("/sign-in")).status_code == 200
    assert (await office.client.get("/v2/conversations")).status_code == 200


@with_host
async def test_ratings_are_given_there(desk: Desk) -> None:
    asked = await ask(desk)
    browser = await desk.client(Host="content.desk-files.example")
    path = asked.page.removeprefix(CONTENT)
    assert (await browser.post(path, data={"grade": "great"})).status_code == 200
    assert (await asked.rating() or {})["rating"] == "great"


async def test_without_one_everything_is_served_under_the_desks_address(module_desk: Desk) -> None:
    asked = await ask(module_desk)
    assert asked.links.great.startswith(module_desk.base_url + "/content/ratings/")
    assert (await (await module_desk.client()).get("/sign-in")).status_code == 200
