"""Messages of a help center's visitors: what becomes of them, and what does not."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build
from waypost.domains import docs
from waypost.domains.accounts import Actor
from waypost.domains.conversations import NewAttachment
from waypost.domains.docs import Site, contact
from waypost.domains.docs.contact import Message
from waypost.domains.mailboxes import Mailbox
from waypost.kit.errors import Invalid, NotFound

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MESSAGE = Message(
    name="Jane van Dam", email="jane@example.org", subject="Where is it?", text="Hello,\n\nwhere?\nJane", form=b"1"
)


class Form:
    """A site with a form, and the mailbox behind it."""

    def __init__(self, shelf: Shelf, mailbox: Mailbox) -> None:
        self.shelf = shelf
        self.mailbox = mailbox

    async def site(self, **changes: Any) -> Site:
        answer = await self.shelf.client.put(f"/v1/sites/{self.shelf.site['id']}", json=changes)
        assert answer.status_code == 200, answer.text
        async with self.shelf.desk.transactions.read() as tx:
            return await docs.get_site(tx, Actor.system(self.shelf.account.id), self.shelf.site["id"])

    async def write(self, message: Message = MESSAGE, site: Site | None = None) -> dict[str, Any]:
        site = site or await self.site()
        async with self.shelf.desk.transactions.open() as tx:
            made = await contact.write(tx, self.shelf.desk.parts.files, self.shelf.account.id, site, message)
        client = await self.shelf.desk.client(self.shelf.account.owner)
        found: dict[str, Any] = (await client.get(f"/v2/conversations/{made}?embed=threads")).json()
        return found

    async def mailbox_of(self, site: Site) -> int | None:
        way = await self.way_of(site)
        return way.mailbox_id if way else None

    async def way_of(self, site: Site) -> contact.Way | None:
        async with self.shelf.desk.transactions.read() as tx:
            return await contact.way_of(tx, self.shelf.account.id, site)


@pytest.fixture
async def form(module_desk: Desk) -> Form:
    shelf = await build(module_desk)
    made = Form(shelf, await module_desk.make.mailbox(shelf.account))
    await made.site(hasContactForm=True, mailboxId=made.mailbox.id)
    return made


async def test_a_message_begins_a_conversation_as_a_mail_would(form: Form) -> None:
    file = NewAttachment("../notes.txt", "text/plain", b"Hello")
    made = await form.write(msgspec.structs.replace(MESSAGE, attachments=[file]))

    assert (made["type"], made["status"], made["state"]) == ("email", "active", "published")
    assert made["subject"] == "Where is it?"
    assert made["mailboxId"] == form.mailbox.id
    assert made["source"] == {"type": "docs", "via": "customer"}
    assert made["primaryCustomer"]["email"] == "jane@example.org"
    assert (made["primaryCustomer"]["first"], made["primaryCustomer"]["last"]) == ("Jane", "van Dam")
    assert made["createdBy"]["type"] == "customer"
    [thread] = made["_embedded"]["threads"]
    assert (thread["type"], thread["source"]) == ("customer", {"type": "docs", "via": "customer"})
    assert thread["body"] == "<p>Hello,</p><p>where?<br>Jane</p>"
    assert [one["filename"] for one in thread["_embedded"]["attachments"]] == ["notes.txt"]


async def test_what_is_typed_is_text_and_nothing_else(form: Form) -> None:
    hostile = '<script>alert(1)</script> <b>bold</b> &amp; {%user.firstName%} <img src="https://t.example/x.png">'
    made = await form.write(
        msgspec.structs.replace(
            MESSAGE, name="<b>Jane</b>\r\nBcc: x@y.example", subject="Hi\r\nBcc: all@acme.test\u202e", text=hostile
        )
    )

    [thread] = made["_embedded"]["threads"]
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;bold&lt;/b&gt; &amp;amp; {%user.firstName%}" in thread["body"]
    )
    assert "<img" not in thread["body"]
    assert made["subject"] == "Hi Bcc: all@acme.test"
    assert "\n" not in made["primaryCustomer"]["first"] + made["primaryCustomer"]["last"]


async def test_somebody_known_is_found_and_nothing_of_them_changes(form: Form) -> None:
    first = await form.write()
    again = await form.write(
        msgspec.structs.replace(MESSAGE, name="Some Body", email="JANE@example.org", subject="Re: Where is it?")
    )

    assert again["id"] != first["id"]
    assert again["primaryCustomer"]["id"] == first["primaryCustomer"]["id"]
    assert again["primaryCustomer"]["first"] == "Jane"
    assert again["threads"] == first["threads"] == 1


@pytest.mark.parametrize(
    ("change", "field", "kind"),
    [
        ({"name": " \u200b "}, "name", "NotEmpty"),
        ({"name": "x" * 81}, "name", "Size"),
        ({"email": ""}, "email", "NotEmpty"),
        ({"email": "jane"}, "email", "Email"),
        ({"email": "jane@example.org\r\nBcc: x@y.example"}, "email", "Email"),
        ({"subject": ""}, "subject", "NotEmpty"),
        ({"subject": "x" * 251}, "subject", "Size"),
        ({"text": "\r\n\r\n"}, "message", "NotEmpty"),
        ({"text": "x" * 50_001}, "message", "Size"),
        ({"attachments": [NewAttachment("a.txt", "", b"x")] * 4}, "files", "Size"),
        ({"attachments": [NewAttachment("a.txt", "", b"x" * (10 * 1024 * 1024 + 1))]}, "files", "Size"),
        ({"attachments": [NewAttachment("a.exe", "", b"x")]}, "files", "Type"),
        ({"attachments": [NewAttachment("a.txt", "", b"MZ\x90")]}, "files", "Type"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused_by_its_field(
    form: Form, change: dict[str, Any], field: str, kind: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await form.write(msgspec.structs.replace(MESSAGE, **change))
    assert [(error.path, error.kind) for error in refused.value.errors] == [(field, kind)]


async def test_the_companys_own_addresses_write_to_nobody(form: Form) -> None:
    with pytest.raises(Invalid) as refused:
        await form.write(msgspec.structs.replace(MESSAGE, email=form.mailbox.email.upper()))
    assert [(error.path, error.kind) for error in refused.value.errors] == [("email", "Identifier")]


async def test_the_same_message_of_the_same_form_is_known_again(form: Form) -> None:
    site = await form.site()

    async def send(message: Message) -> bool:
        async with form.shelf.desk.transactions.open() as tx:
            if await contact.was_written(tx, form.shelf.account.id, message):
                return False
            await contact.write(tx, form.shelf.desk.parts.files, form.shelf.account.id, site, message)
            return True

    assert sorted(await asyncio.gather(*(send(MESSAGE) for _ in range(4)))) == [False, False, False, True]
    assert await send(msgspec.structs.replace(MESSAGE, form=b"2"))
    assert await send(msgspec.structs.replace(MESSAGE, text="Another"))


async def test_a_mailbox_is_meant_by_id_slug_or_address(form: Form) -> None:
    sales = await form.shelf.desk.make.mailbox(form.shelf.account, "Sales")
    for value in (sales.id, str(sales.id), sales.slug, sales.email.upper()):
        assert await form.mailbox_of(await form.site(mailboxId=value)) == sales.id
    contact_address = {"mailboxId": None, "contactEmail": sales.email}
    assert await form.mailbox_of(await form.site(**contact_address)) == sales.id


async def test_an_address_of_no_mailbox_gets_letters_where_no_mailbox_is_there(form: Form) -> None:
    away = contact.Way(email="help@elsewhere.example")
    for changes, way in (
        ({"mailboxId": None, "contactEmail": "help@elsewhere.example"}, away),
        ({"mailboxId": "5214c77c45667acd25394b51"}, away),
        ({"mailboxId": form.mailbox.id}, contact.Way(mailbox_id=form.mailbox.id)),
        (
            {"mailboxId": "5214c77c45667acd25394b51", "contactEmail": form.mailbox.email},
            contact.Way(mailbox_id=form.mailbox.id),
        ),
        ({"mailboxId": None, "contactEmail": "a,b@elsewhere.example"}, None),
        ({"contactEmail": "help@elsewhere.example", "hasContactForm": False}, None),
    ):
        assert await form.way_of(await form.site(**changes)) == way


async def test_without_a_form_or_a_mailbox_nobody_is_written_to(form: Form) -> None:
    stranger = await form.shelf.desk.make.mailbox(await form.shelf.desk.make.account())
    for changes in (
        {"mailboxId": stranger.id},
        {"mailboxId": stranger.slug},
        {"mailboxId": "5214c77c45667acd25394b51"},
        {"mailboxId": None},
        {"mailboxId": form.mailbox.id, "hasContactForm": False},
    ):
        site = await form.site(**changes)
        assert await form.way_of(site) is None
        with pytest.raises(NotFound):
            await form.write(site=site)
