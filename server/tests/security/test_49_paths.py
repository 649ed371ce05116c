"""Attack 49: paths in the names of files, in keys and in addresses. Names from outside never become paths: files lie
under keys that the desk makes up, and what is served is looked up, not opened by its name."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.edges.content.messages import Part, received
from tests.edges.docs_site.center import open_center, path_of
from tests.edges.inbox_v2.office import Office, open_office

pytestmark = pytest.mark.anyio

MADE = Path(__file__).parents[1] / "data" / "mail" / "made" / "mail-attachment-names.eml"
NAMES = [
    "../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "C:\\Windows\\win.ini", "\\\\server\\share\\x",
    "....//....//x",
    "%2e%2e%2fetc%2fpasswd", "..%c0%afetc", "a/../../b.txt", "nul", "CON.txt", ".htaccess", "..", ".", "", "a\0.png",
    "x" * 5000 + ".txt", "file:///etc/passwd", "|id", "$(id)", "`id`", "a;b&c", "-rf", "~/.ssh/id_rsa",
]  # fmt: skip
KEY = re.compile(r"\d+/attachments/[0-9a-f]{2}/[0-9a-f]{32}")


@pytest.fixture(scope="module")
async def office(module_desk: Desk) -> Office:
    return await open_office(module_desk)


def stored(desk: Desk) -> set[Path]:
    """Every file below the data folder, and beside it."""
    folder = desk.parts.settings.data_dir
    return {path.relative_to(folder.parent) for path in folder.parent.rglob("*") if path.is_file()}


async def check(office: Office, names: list[str]) -> None:
    for name in names:
        assert name, names
        assert not set(name) & set('/\\:\0|<>"?*\r\n'), name
        assert not name.startswith("."), name
        assert len(name.encode()) <= 255
    async with office.desk.connection() as connection:
        keys = await connection.fetch("select storage_key from attachment where account_id = $1", office.account.id)
    assert all(KEY.fullmatch(row["storage_key"]) for row in keys)


async def test_no_name_of_a_file_becomes_a_path(office: Office) -> None:
    before = stored(office.desk)
    conversation_id = await office.start()
    data = base64.b64encode(b"x").decode()
    files = [{"fileName": name or " ", "mimeType": "text/plain", "data": data} for name in NAMES if name.strip()]
    note = await office.add(conversation_id, "notes", attachments=files)
    thread = await office.get(f"/v2/conversations/{conversation_id}/threads/{note}")
    kept = [item["filename"] for item in thread["_embedded"]["attachments"]]
    assert len(kept) == len(files)
    by_mail = await received(
        office, "<p>x</p>", *(Part(b"x", "text/plain", name) for name in NAMES if "\0" not in name)
    )
    kept += [item["filename"] for item in by_mail["_embedded"]["attachments"]]

    await check(office, kept)
    new = stored(office.desk) - before
    assert new
    assert all(re.search(r"/files/\d+/[a-z_]+/[0-9a-f]{2}/[0-9a-f]{32}$", "/" + path.as_posix()) for path in new), new


async def test_the_made_mail_of_hostile_names_is_stored_under_harmless_ones(office: Office) -> None:
    made = await office.mail(MADE.read_bytes().decode("utf-8", "surrogateescape").replace("\r\n", "\n"))
    thread = await office.get(f"/v2/conversations/{made.conversation_id}/threads/{made.thread_id}")
    names = [item["filename"] for item in thread["_embedded"]["attachments"]]

    assert len(names) > 10
    await check(office, names)


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/../../../config.py", "/static/x/..%2f..%2fconfig.py", "/static/x/%2e%2e/%2e%2e/config.py",
        "/static/x//etc/passwd", "/static/..%5c..%5cconfig.py", "/static/x/base.css%00.png", "/static/x/.env",
        "/content/attachments/..%2f..%2fsecret.key", "/content/../secret.key",
        "/content/images/file%3a%2f%2f%2fetc%2fpasswd",
        "/content/threads/%2e%2e", "/content/ratings/..%2f..%2fx/great", "/v2/conversations/..%2f1/attachments/1/file",
    ],
)  # fmt: skip
async def test_no_address_leads_out_of_what_is_served(office: Office, path: str) -> None:
    client = await office.desk.client()
    answer = await client.get(path)

    assert answer.status_code in (400, 401, 404), path
    assert "root:" not in answer.text
    assert "BadSetting" not in answer.text
    key = (office.desk.parts.settings.data_dir / "secret.key").read_text()
    assert key not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/_static/x/../../../config.py", "/_static/x/..%2f..%2fconfig.py", "/_static/x/%2e%2e%2fapp.py",
        "/_static/x/.css",
        "/_static/x//etc/passwd", "/_static/x/..%5c..%5cconfig.py", "/_static/x/site.css%00.png",
        "/_static/x/templates%2fbase.html", "/article/1-..%2f..%2fsecret", "/category/..%2f1", "/collection/%2e%2e",
        "/docs/assets/..%2f..%2f/images/x/secret.key", "/..%2fsecret.key", "//etc/passwd", "/\\..\\secret.key",
    ],
)  # fmt: skip
async def test_no_address_leads_out_of_a_help_center(module_desk: Desk, path: str) -> None:
    center = await open_center(module_desk)
    answer = await center.visitor.get(path)

    assert answer.status_code in (301, 400, 404), path
    for text in ("root:", "BadSetting", "{% extends", "def build_router"):
        assert text not in answer.text
    assert (module_desk.parts.settings.data_dir / "secret.key").read_text() not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "../help.localhost", "help.localhost/../x", "help.localhost@evil.example", "help\tx.localhost",
        "%2e%2e.localhost",
        "help.localhost.evil.example", "..localhost", ".localhost", "help..localhost",
        "'; drop table docs_site;--.localhost",
        "x" * 5000, "[help].localhost", "help.localhost:99999999", "help.localhost:8000:8000",
    ],
)  # fmt: skip
async def test_no_name_of_a_host_leads_to_a_site_that_it_does_not_name(module_desk: Desk, host: str) -> None:
    center = await open_center(module_desk)
    await center.change(title="Only here", subDomain=f"only-{center.site['subDomain']}")
    client = await module_desk.client()
    answer = await client.get("/", headers={"Host": host})

    assert answer.status_code in (200, 302, 303, 400, 404, 414, 431), host
    assert "Only here" not in answer.text


async def test_what_a_host_says_is_in_no_link_of_the_pages(module_desk: Desk) -> None:
    center = await open_center(module_desk)
    article = await center.article("Refunds", status="published")
    forged = {"Host": f"{center.host.partition(':')[0]}:1234", "X-Forwarded-Host": "evil.example"}
    text = (await center.visitor.get(path_of(article), headers=forged)).text

    assert "1234" not in text
    assert "evil.example" not in text
    assert f'rel="canonical" href="{article["publicUrl"]}"' in text
