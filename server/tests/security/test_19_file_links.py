"""Attack 19: addresses of files that can be guessed, changed, or used for ever and by anybody."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.desk import Desk, desk_with
from tests.edges.content.messages import Part, downloads_of, received
from tests.edges.inbox_v2.office import Office, open_office
from tests.hooks import Clock
from waypost.domains.accounts import Role as AccountRole
from waypost.domains.accounts import change_role, deactivate_user
from waypost.edges.base.content_links import AttachmentLink, address

pytestmark = pytest.mark.anyio

SECRET = b"the secret file"


class Filed:
    """A file that arrived by mail, its id, and the owner's link to it."""

    def __init__(self, office: Office, attachment_id: int, link: str) -> None:
        self.office = office
        self.id = attachment_id
        self.link = link

    def for_user(self, user_id: int, *, account_id: int | None = None, key: bytes | None = None) -> str:
        context = self.office.desk.context
        link = AttachmentLink(account_id or self.office.account.id, self.id, user_id)
        end = context.transactions.clock() + timedelta(hours=1)
        return address(key or context.secret_key, context.content_address, link, end)


async def filed(desk: Desk) -> Filed:
    office = await open_office(desk)
    thread = await received(office, "<p>x</p>", Part(SECRET, "application/octet-stream"))
    return Filed(office, thread["_embedded"]["attachments"][0]["id"], downloads_of(thread)[0])


@pytest.fixture
async def file(module_desk: Desk) -> Filed:
    return await filed(module_desk)


@pytest.fixture
async def browser(module_desk: Desk) -> httpx.AsyncClient:
    return await module_desk.client()


async def test_ids_names_and_keys_of_files_are_no_addresses(file: Filed, browser: httpx.AsyncClient) -> None:
    async with file.office.desk.connection() as connection:
        key = await connection.fetchval("select storage_key from attachment where id = $1", file.id)
    for path in (f"/content/attachments/{file.id}", f"/content/{key}", f"/files/{key}", f"/{key}", f"/static/x/{key}"):
        answer = await browser.get(path)
        assert answer.status_code == 404, path
        assert SECRET not in answer.content


async def test_no_changed_link_opens_anything(file: Filed, browser: httpx.AsyncClient) -> None:
    start, _, token = file.link.rpartition("/")
    assert (await browser.get(file.link)).content == SECRET
    for place in range(0, len(token), 3):
        other = "A" if token[place] != "A" else "B"
        answer = await browser.get(f"{start}/{token[:place]}{other}{token[place + 1 :]}")
        assert answer.status_code == 404
        assert SECRET not in answer.content
    forged = file.for_user(file.office.account.owner.id, key=b"guessed key of thirty-two bytes!")
    assert (await browser.get(forged)).status_code == 404


async def test_a_link_opens_what_its_user_sees_and_nothing_else(file: Filed, browser: httpx.AsyncClient) -> None:
    stranger = (await open_office(file.office.desk)).account
    account = file.office.account
    assert (await browser.get(file.for_user(account.administrator.id))).content == SECRET
    for link in (
        file.for_user(account.user.id),
        file.for_user(stranger.owner.id),
        file.for_user(stranger.owner.id, account_id=stranger.id),
        file.for_user(0),
    ):
        assert (await browser.get(link)).status_code == 404


async def test_a_link_ends_with_the_rights_of_its_user(file: Filed, browser: httpx.AsyncClient) -> None:
    account = file.office.account
    link = file.for_user(account.administrator.id)
    async with file.office.desk.transactions.open() as tx:
        await change_role(tx, account.owner.actor, account.administrator.id, AccountRole.USER)
    assert (await browser.get(link)).status_code == 404
    async with file.office.desk.transactions.open() as tx:
        await change_role(tx, account.owner.actor, account.administrator.id, AccountRole.ADMIN)
    assert (await browser.get(link)).status_code == 200
    async with file.office.desk.transactions.open() as tx:
        await deactivate_user(tx, account.owner.actor, account.administrator.id)
    assert (await browser.get(link)).status_code == 404


@desk_with(clock=Clock())
async def test_a_link_ends_after_a_day(desk: Desk) -> None:
    clock: Clock = desk.transactions.clock  # type: ignore[assignment]
    file, browser = await filed(desk), await desk.client()
    assert (await browser.get(file.link)).content == SECRET

    clock.advance(25 * 3600)

    ended = await browser.get(file.link)
    assert ended.status_code == 410
    assert SECRET not in ended.content


async def test_links_do_not_get_into_the_log(
    file: Filed, browser: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    token = file.link.rpartition("/")[2]
    for path in (file.link, file.link + "?inline=1", file.link + "/more", file.link[:-1]):
        await browser.get(path)

    assert token[:-1] not in capsys.readouterr().out
