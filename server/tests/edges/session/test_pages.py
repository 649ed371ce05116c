"""What holds for every page: headers, error pages, static files, no way to set the desk up from the web."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from litestar import Litestar

from tests.desk import Desk, desk_with
from tests.edges.session.visit import Page, Visit, visiting, with_password
from waypost.edges.session import static_files
from waypost.edges.session.app import ROUTES
from waypost.kit.errors import ErrorKind

PUBLIC = [
    "/",
    "/sign-in",
    "/password/forgot",
    "/developers",
    "/developers/oauth2-redirect",
    "/nowhere",
    "/password/reset/x",
]


def gets() -> list[str]:
    """Every page without a parameter in its path, from the route table itself."""
    routes = [
        route.path for route in Litestar(route_handlers=ROUTES).routes if "GET" in set(getattr(route, "methods", ()))
    ]
    return sorted(path for path in routes if "{" not in path)


@desk_with(is_demo=True)
async def test_every_page_has_the_strict_headers(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    paths = sorted({*gets(), *PUBLIC, "/profile/apps/999999", "/outbox/nothing", "/static/x/base.css.map"})
    assert len(paths) > 15
    async with visiting(desk) as stranger, visiting(desk) as visit:
        await visit.sign_in(owner)
        for path in paths:
            for each in (stranger, visit):
                check_headers(await each.get(path))


def check_headers(page: Page) -> None:
    headers = page.answer.headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy, page.answer.url
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "text/html; charset=utf-8"


@desk_with(is_demo=True)
async def test_no_page_has_scripts_styles_or_files_from_elsewhere_in_it(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        await visit.sign_in(owner)
        for path in {*gets(), *PUBLIC}:
            page = await visit.get(path)
            tree = page.tree
            assert not tree.css("style"), path
            assert not tree.css("[style]"), path
            assert not [
                node for node in tree.css("script") if not (node.attributes.get("src") or "").startswith("/static/")
            ]
            assert not [
                node for node in tree.css("link") if not (node.attributes.get("href") or "").startswith("/static/")
            ]
            assert not re.search(r"\son[a-z]+=", page.answer.text), path


@pytest.mark.parametrize(
    "path", ["/setup", "/install", "/installer", "/admin", "/tools.php", "/debug", "/register", "/sign-up", "/.env"]
)
async def test_no_desk_is_set_up_from_the_web(module_desk: Desk, path: str) -> None:
    async with visiting(module_desk) as visit:
        page = await visit.get(path)
        assert page.status == 404
        assert (await visit.client.post(path, data={"email": "eve@evil.example"})).status_code == 404


async def test_error_pages_are_html_with_the_reference_of_the_log(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        page = await visit.get("/nowhere", Accept="application/json")
        assert page.status == 404
        assert page.title == "No path leads here"
        assert re.search(r"Reference [0-9a-f-]{36}", page.text)
        wrong_method = Page(await visit.client.delete("/profile"))
        assert wrong_method.status == 405
        assert wrong_method.answer.headers["content-type"].startswith("text/html")


async def test_a_fault_shows_a_reference_and_nothing_else(desk: Desk) -> None:
    owner = await with_password(desk, (await desk.make.account()).owner)
    async with visiting(desk) as visit:
        await visit.sign_in(owner)
        async with desk.connection() as connection:
            await connection.execute("alter table oauth_application rename to oauth_application_gone")
        page = await visit.get("/profile/apps")
        assert page.status == 500
        assert re.search(r"Reference [0-9a-f-]{36}", page.text)
        assert "oauth_application" not in page.answer.text
        check_headers(page)


async def test_static_files_are_kept_for_ever_under_the_address_of_their_content(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        (address,) = {
            node.attributes["href"] or "" for node in (await visit.get("/sign-in")).tree.css("link[rel=stylesheet]")
        }
        answer = await visit.client.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "text/css; charset=utf-8"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.text == (static_files.FOLDER / "base.css").read_text()
        plain = await visit.client.get(address, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == answer.content
        known = await visit.client.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        old = await visit.client.get("/static/0000000000000000/base.css")
        assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/../static_files.py",
        "/static/x/%2e%2e/static_files.py",
        "/static/x/..%2fstatic_files.py",
        "/static/x/vendor/.gitignore",
        "/static/x//etc/passwd",
        "/static/x/%2fetc%2fpasswd",
        "/static/x/vendor",
        "/static/x/base.css%00.svg",
        "/static/x/" + "a" * 3000 + ".css",
    ],
)
async def test_nothing_but_static_files_is_served_as_one(module_desk: Desk, path: str) -> None:
    async with visiting(module_desk) as visit:
        assert (await visit.client.get(path)).status_code == 404


def test_a_changed_static_file_gets_another_address(tmp_path: Path, swap_folder: Callable[[Path], None]) -> None:
    swap_folder(tmp_path)
    (tmp_path / "a.css").write_text("one")
    first = static_files.address("a.css")
    (tmp_path / "a.css").write_text("two, which is longer")
    second = static_files.address("a.css")
    assert first != second
    found = static_files.find("a.css")
    assert found is not None
    assert found.packed is not None
    assert gzip.decompress(found.packed) == b"two, which is longer"
    assert static_files.address("gone.css") == "/static/missing/gone.css"


@pytest.fixture
def swap_folder(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    return lambda folder: monkeypatch.setattr(static_files, "FOLDER", folder)


async def test_a_desk_without_the_viewer_says_how_to_build_it(
    module_desk: Desk, tmp_path: Path, swap_folder: Callable[[Path], None]
) -> None:
    swap_folder(tmp_path)
    async with visiting(module_desk) as visit:
        page = await visit.get("/developers")
        assert page.status == 200
        assert "The viewer is not built yet." in page.text
        assert "npm run build" in page.text


async def test_every_kind_of_field_error_is_explained_where_errors_link_to(module_desk: Desk) -> None:
    async with visiting(module_desk) as visit:
        page = await visit.get("/developers/errors")
        assert page.status == 200
        for kind in get_args(ErrorKind):
            assert page.tree.css_first(f"#{kind}") is not None, kind


async def test_the_welcome_page_shows_what_runs_here(desk: Desk) -> None:
    async with visiting(desk) as visit:
        page = await visit.get("/")
        assert "Sign in" in page.text
        assert f"{desk.base_url}/v2" in page.text
        assert "Outbox" not in page.text
        await check_links(visit, page)


async def check_links(visit: Visit, page: Page) -> None:
    for node in page.tree.css("a[href^='/']"):
        href = node.attributes["href"] or ""
        assert (await visit.client.get(href)).status_code in (200, 302), href
