"""A thread shown by itself, by its signed link."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from tests.desk import Desk
from tests.edges.content.messages import PNG, Part, downloads_of, mail, received, view_of
from tests.edges.inbox_v2.office import Office, open_office
from tests.hooks import Clock, desk_with
from tests.make import Person
from waypost.domains.accounts import Actor, deactivate_user, revoke_mailbox
from waypost.edges.base.content_links import ContentLinks

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(module_desk: Desk) -> Office:
    return await open_office(module_desk)


@pytest.fixture
async def browser(module_desk: Desk) -> httpx.AsyncClient:
    return await module_desk.client()


async def of_person(office: Office, person: Person, thread_id: int) -> str:
    """The link to a thread that somebody would get."""
    context = office.desk.context
    return ContentLinks(context, office.account.id, person.id, context.transactions.clock()).thread(thread_id)


async def test_the_link_shows_the_message_without_a_token(office: Office, browser: httpx.AsyncClient) -> None:
    thread = await received(office, "<p>Hello <b>there</b></p><script>alert(1)</script>")

    answer = await browser.get(view_of(thread))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<div class="message" dir="auto"><p>Hello <b>there</b></p>' in answer.text
    assert "<script" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src ")
    assert "script-src" not in policy
    assert policy.endswith("; sandbox allow-popups allow-popups-to-escape-sandbox")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert f"frame-ancestors {office.desk.base_url};" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert "set-cookie" not in answer.headers


async def test_every_picture_is_ours_or_away(office: Office, browser: httpx.AsyncClient) -> None:
    html = '<p>x<img src="cid:pic@x"><img src="https://t.example/open.gif" alt="T"></p>'
    thread = await received(office, html, Part(PNG, "image/png", "a.png", "pic@x"))

    closed = (await browser.get(view_of(thread))).text
    assert re.findall(r'src="([^"]*)"', closed) == [downloads_of(thread)[0] + "?inline=1"]
    assert "1 picture from elsewhere is not shown" in closed
    assert 'href="?images=on"' in closed
    assert "t.example" not in closed
    opened = (await browser.get(view_of(thread) + "?images=on")).text
    assert "t.example" not in opened
    assert opened.count(f'src="{office.desk.base_url}/content/images/') == 1
    assert "from elsewhere" not in opened
    for value in ("off", "1", "ON", ""):
        assert "/content/images/" not in (await browser.get(f"{view_of(thread)}?images={value}")).text


async def test_the_link_follows_the_rights_of_whom_it_was_made_for(office: Office, browser: httpx.AsyncClient) -> None:
    thread = await received(office, "<p>Hello</p>")
    user, owner = office.account.user, office.account.owner.actor
    link = await of_person(office, user, thread["id"])
    assert (await browser.get(link)).status_code == 404
    async with office.desk.transactions.open() as tx:
        from waypost.domains.accounts import grant_mailbox

        await grant_mailbox(tx, owner, user.id, office.mailbox.id)
    assert (await browser.get(link)).status_code == 200
    async with office.desk.transactions.open() as tx:
        await revoke_mailbox(tx, owner, user.id, office.mailbox.id)
    assert (await browser.get(link)).status_code == 404

    admin = await of_person(office, office.account.administrator, thread["id"])
    assert (await browser.get(admin)).status_code == 200
    async with office.desk.transactions.open() as tx:
        await deactivate_user(tx, Actor.system(office.account.id), office.account.administrator.id)
    assert (await browser.get(admin)).status_code == 404


async def test_drafts_of_others_and_deleted_conversations_are_not_shown(
    office: Office, browser: httpx.AsyncClient
) -> None:
    conversation_id = await office.start()
    draft = await office.add(conversation_id, "reply", text="Secret draft", draft=True)
    own = await of_person(office, office.account.owner, draft)
    assert (await browser.get(own)).status_code == 200
    assert (await browser.get(await of_person(office, office.account.administrator, draft))).status_code == 404

    await office.client.delete(f"/v2/conversations/{conversation_id}")

    assert (await browser.get(own)).status_code == 404


async def test_the_link_leads_into_the_conversation_that_it_was_merged_into(
    office: Office, browser: httpx.AsyncClient
) -> None:
    thread = await received(office, "<p>Moving on</p>")
    survivor = await office.start()
    came = int(thread["_links"]["self"]["href"].split("/")[-3])
    merged = await office.client.post(f"/v2/conversations/{survivor}/merge", json={"conversationIds": [came]})
    assert merged.status_code < 300, merged.text

    assert "Moving on" in (await browser.get(view_of(thread))).text


async def test_another_companys_user_sees_nothing_by_any_link(office: Office, browser: httpx.AsyncClient) -> None:
    thread = await received(office, "<p>Hello</p>")
    other = await open_office(office.desk)

    for account, person in ((office.account, other.account.owner), (other.account, other.account.owner)):
        now = office.desk.transactions.clock()
        link = ContentLinks(office.desk.context, account.id, person.id, now).thread(thread["id"])
        assert (await browser.get(link)).status_code == 404


async def test_lists_and_single_reads_have_the_same_links(office: Office) -> None:
    thread = await received(office, "<p>Hello</p>", Part(b"x", "text/plain", "a.txt"))
    conversation_id = int(thread["_links"]["self"]["href"].split("/")[-3])

    listed = (await office.threads(conversation_id))[0]
    assert listed["_links"]["view"] == thread["_links"]["view"]
    links = listed["_embedded"]["attachments"][0]["_links"]
    assert links["download"] == thread["_embedded"]["attachments"][0]["_links"]["download"]
    attachment = thread["_embedded"]["attachments"][0]
    single = await office.get(f"/v2/conversations/{conversation_id}/attachments/{attachment['id']}")
    assert single["_links"]["download"]["href"].startswith(f"{office.desk.base_url}/content/attachments/")


@desk_with(clock=Clock())
async def test_links_stay_the_same_for_an_hour_and_end_after_a_day(desk: Desk) -> None:
    clock: Clock = desk.transactions.clock  # type: ignore[assignment]
    office, browser = await open_office(desk), await desk.client()
    first = view_of(await received(office, "<p>Hello</p>"))
    thread_id = int((await office.threads((await office.listed())[0]))[0]["id"])

    clock.advance(60)
    assert await of_person(office, office.account.owner, thread_id) == first
    clock.advance(24 * 3600 - 60)
    assert (await browser.get(first)).status_code == 200
    clock.advance(3600)
    ended = await browser.get(first)
    assert ended.status_code == 410
    assert "This link has expired" in ended.text


@pytest.mark.parametrize(
    ("sender", "told"),
    [
        ("Ann <ann@xn--pypal-4ve.com>", "written with letters that look like others: <bdi>p\u0430ypal.com</bdi>."),
        ('"help@bank.example" <eve@attacker.example>', "name shows another address: <bdi>help@bank.example</bdi>."),
        ("=?utf-8?q?Ann_=E2=80=AEknaB?= <ann@example.org>", "removed from the sender's name."),
    ],
)
async def test_what_is_deceiving_about_the_sender_stands_above_the_message(
    office: Office, browser: httpx.AsyncClient, sender: str, told: str
) -> None:
    made = await office.mail(mail("<p>Pay here</p>").replace("Jane <jane@example.com>", sender))
    thread = await office.get(f"/v2/conversations/{made.conversation_id}/threads/{made.thread_id}")

    page = unescape((await browser.get(view_of(thread))).text)

    above, _, _ = page.partition('<div class="message"')
    assert '<p class="bar is-warning" lang="en"><strong>Take care:</strong>' in above
    assert told in above


async def test_nothing_is_told_of_an_honest_sender(office: Office, browser: httpx.AsyncClient) -> None:
    thread = await received(office, "<p>Pay here</p>")

    assert "Take care" not in (await browser.get(view_of(thread))).text
