"""What a reply says as a mail: whose name, where answers go, the signature, variables, pictures."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from typing import Any

import pytest

from tests.edges.mail_io.talks import QUESTION, Server, Talk, read, take
from waypost.domains import mail
from waypost.domains.mailboxes import FromKind

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PICTURE = base64.b64encode(PNG).decode()


async def sent(talk: Talk, server: Server, text: str = "It is on its way.", **body: Any) -> EmailMessage:
    await talk.reply(text, **body)
    await talk.desk.run_workers()
    return read(server.replies[-1].content)


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("related", "html"))
    assert part is not None
    page = part if part.get_content_type() == "text/html" else next(iter(part.iter_parts()))
    return str(page.get_content())


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


async def stored(talk: Talk) -> dict[str, Any]:
    """The newest thread."""
    answer = await talk.client.get(f"/v2/conversations/{talk.id}/threads")
    threads = [one for one in answer.json()["_embedded"]["threads"] if one["type"] != "lineitem"]
    return dict(threads[0])


async def mail_ids(talk: Talk, conversation_id: int | None) -> list[str]:
    async with talk.desk.connection() as connection:
        rows = await connection.fetch(
            "select message_id from thread where conversation_id = $1 and message_id is not null", conversation_id
        )
    return [row["message_id"] for row in rows]


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (FromKind.USER, "", '"Olivia Owner (Acme Support)" <support@acme.test>'),
        (FromKind.MAILBOX, "", "Acme Support <support@acme.test>"),
        (FromKind.CUSTOM, "The Acme Team", "The Acme Team <support@acme.test>"),
        (FromKind.CUSTOM, "", "Acme Support <support@acme.test>"),
    ],
)
async def test_whose_name_stands_in_from(talk: Talk, server: Server, kind: FromKind, name: str, expected: str) -> None:
    await talk.connect(from_kind=kind, from_name=name)
    assert (await sent(talk, server))["From"] == expected


async def test_answers_go_to_a_signed_address_where_there_are_such(talk: Talk, server: Server) -> None:
    assert (await sent(talk, server))["Reply-To"] is None
    await talk.connect(has_reply_addresses=True)
    message = await sent(talk, server)
    [address] = message["Reply-To"].addresses
    token = mail.read_token(talk.desk.context.secret_key, address.addr_spec)
    assert token is not None
    assert (token.purpose, token.account_id, token.conversation_id) == ("reply", talk.account.id, talk.id)
    assert message["From"].addresses[0].addr_spec == "support@acme.test"


async def test_the_message_id_says_which_thread_it_is(talk: Talk, server: Server) -> None:
    message = await sent(talk, server)
    token = mail.read_token(talk.desk.context.secret_key, message["Message-ID"])
    assert token is not None
    assert token.thread_id == (await stored(talk))["id"]


async def test_ids_that_were_made_up_here_never_leave(talk: Talk, server: Server) -> None:
    raw = QUESTION.replace(b"Message-ID: <question@example.org>\n", b"").replace(b"Friday", b"Sunday")
    received = await take(talk.desk, talk.account, talk.mailbox, raw)
    assert received.conversation_id not in (None, talk.id)
    assert ".invalid" in (await mail_ids(talk, received.conversation_id))[0]
    client = talk.client
    for text in ("One", "Two"):
        answer = await client.post(f"/v2/conversations/{received.conversation_id}/reply", json={"text": text})
        assert answer.status_code == 201, answer.text
        await talk.desk.run_workers()
    first, second = (read(one.content) for one in server.replies)
    assert (first["In-Reply-To"], first["References"]) == (None, None)
    assert first["Subject"] == "Re: Where is my order?"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]


async def test_an_automatic_reply_names_no_id_that_was_made_up_here(talk: Talk, server: Server) -> None:
    await talk.desk.run_workers()
    await talk.connect(is_auto_reply_on=True, auto_reply_subject="Thanks", auto_reply_body="<p>We have got it.</p>")
    raw = QUESTION.replace(b"Message-ID: <question@example.org>\n", b"").replace(b"jane@", b"tom@")
    await take(talk.desk, talk.account, talk.mailbox, raw)
    await talk.desk.run_workers()
    [caught] = [one for one in server.caught if one.rcpt_tos == ["tom@example.org"]]
    assert (read(caught.content)["In-Reply-To"], read(caught.content)["References"]) == (None, None)


async def test_a_reply_is_no_automatic_mail_and_has_no_list_fields(talk: Talk, server: Server) -> None:
    message = await sent(talk, server)
    for name in ("Auto-Submitted", "Precedence", "X-Auto-Response-Suppress", "List-Unsubscribe", "List-Id"):
        assert message[name] is None


async def test_the_signature_leaves_and_is_not_stored(talk: Talk, server: Server) -> None:
    await talk.connect(
        signature="<p>{%user.firstName%} {%user.lastName%}<br>{%mailbox.name%}<br>{%user.phone,fallback=no phone%}</p>"
    )
    message = await sent(talk, server, "<p>It is <b>on its way</b>.</p>")
    assert "<p>Olivia Owner<br>Acme Support<br>no phone</p>" in html_of(message)
    assert text_of(message).split("\n-- \n")[1].split() == "Olivia Owner Acme Support no phone".split()
    assert "Olivia" not in (await stored(talk))["body"]


async def test_variables_are_filled_in_and_stored_as_they_left(talk: Talk, server: Server) -> None:
    message = await sent(
        talk,
        server,
        "<p>Dear {%customer.firstName%} {% customer.lastName %} of {%customer.company,fallback=your company%},"
        " about #{%conversation.number%} ({%conversation.subject%}): {%customer.jobTitle%}|{%nothing.known%}|"
        "{%nothing.known,fallback=x%}. {%user.fullName%}, {%mailbox.email%}</p>",
    )
    found = await talk.client.get(f"/v2/conversations/{talk.id}")
    number = found.json()["number"]
    expected = (
        f"Dear Jane Smith of your company, about #{number} (Where is my order?): ||x. Olivia Owner, support@acme.test"
    )
    assert expected in html_of(message)
    assert expected in (await stored(talk))["body"]
    assert found.json()["preview"] == expected


async def test_values_are_text_and_never_markup_or_variables(talk: Talk, server: Server) -> None:
    name = {"firstName": "<b>Eve</b>", "lastName": "{%user.email%}"}
    answer = await talk.client.get(f"/v2/conversations/{talk.id}")
    customer_id = answer.json()["primaryCustomer"]["id"]
    operations = [{"op": "replace", "path": f"/{key}", "value": value} for key, value in name.items()]
    assert (await talk.client.patch(f"/v2/customers/{customer_id}", json=operations)).status_code == 204
    await talk.connect(signature='<a href="{%customer.firstName%}">{%customer.fullName%}</a>')
    message = await sent(talk, server, "<p>Dear {%customer.firstName%} {%customer.lastName%}</p>")
    html = html_of(message)
    assert "<p>Dear &lt;b&gt;Eve&lt;/b&gt; {%user.email%}</p>" in html
    assert "<b>Eve" not in html
    assert talk.account.owner.email not in html


async def test_a_signature_cannot_be_made_a_script_by_a_value(talk: Talk, server: Server) -> None:
    answer = await talk.client.get(f"/v2/conversations/{talk.id}")
    address = f"/v2/customers/{answer.json()['primaryCustomer']['id']}"
    operation = {"op": "replace", "path": "/firstName", "value": "javascript:alert(1)"}
    assert (await talk.client.patch(address, json=[operation])).status_code == 204
    await talk.connect(signature='<a href="{%customer.firstName%}">Look</a>')
    assert "javascript" not in html_of(await sent(talk, server))


async def test_notes_and_drafts_keep_their_variables_until_they_leave(talk: Talk, server: Server) -> None:
    text = "<p>Dear {%customer.firstName%}</p>"
    await talk.client.post(f"/v2/conversations/{talk.id}/notes", json={"text": text})
    assert "{%customer.firstName%}" in (await stored(talk))["body"]
    thread_id = await talk.reply(text, draft=True)
    assert "{%customer.firstName%}" in (await stored(talk))["body"]
    address = f"/v2/conversations/{talk.id}/threads/{thread_id}/schedule"
    plan = {"scheduledFor": "2050-01-01T00:00:00Z", "unscheduleOnCustomerReply": True}
    assert (await talk.client.put(address, json=plan)).status_code == 204
    operation = {"op": "replace", "path": "/state", "value": "published"}
    assert (await talk.client.patch(address, json=operation)).status_code == 204
    await talk.desk.run_workers()
    assert "Dear Jane" in html_of(read(server.replies[0].content))
    assert "Dear Jane" in (await stored(talk))["body"]


async def test_a_first_mail_has_its_variables_filled_in_too(talk: Talk, server: Server) -> None:
    answer = await talk.client.post(
        "/v2/conversations",
        json={
            "subject": "Your order",
            "type": "email",
            "mailboxId": talk.mailbox.id,
            "status": "active",
            "customer": {"email": "tom@example.org", "firstName": "Tom"},
            "threads": [
                {"type": "reply", "customer": {"email": "tom@example.org"}, "text": "Hi {%customer.firstName%}"}
            ],
        },
    )
    await talk.desk.run_workers()
    message = read(server.replies[0].content)
    assert message["Subject"] == "Your order"
    assert message["In-Reply-To"] is None
    assert text_of(message).strip() == "Hi Tom"
    found = await talk.client.get(f"/v2/conversations/{answer.headers['resource-id']}")
    assert found.json()["preview"] == "Hi Tom"


async def test_pictures_in_the_text_become_parts_of_the_mail(talk: Talk, server: Server) -> None:
    message = await sent(
        talk,
        server,
        f'<p><img src="data:image/png;base64,{PICTURE}"><img src="data:image/png;base64,{PICTURE}">'
        '<img src="https://cdn.example.org/logo.png"></p>',
    )
    html = html_of(message)
    assert html.count("cid:") == 2
    assert "data:image" not in html
    assert 'src="https://cdn.example.org/logo.png"' in html
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content() == PNG
    assert picture["Content-ID"].strip("<>") in html
    assert picture.get_content_disposition() == "inline"
    assert list(message.iter_attachments()) == []


async def test_stored_pictures_shown_by_their_address_become_parts(talk: Talk, server: Server) -> None:
    file = {"fileName": "shot.png", "mimeType": "image/png", "data": PICTURE}
    await talk.client.post(f"/v2/conversations/{talk.id}/notes", json={"text": "See", "attachments": [file]})
    [kept] = (await stored(talk))["_embedded"]["attachments"]
    address = kept["_links"]["data"]["href"]
    other = address.replace(f"/conversations/{talk.id}/", f"/conversations/{talk.id + 1}/")
    message = await sent(talk, server, f'<p>Here: <img src="{address}"> and <img src="{other}"></p>')
    html = html_of(message)
    assert address not in html
    assert other in html
    [picture] = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content() == PNG
    assert picture["Content-ID"].strip("<>") in html


async def test_a_paused_mailbox_keeps_its_mail(talk: Talk, server: Server) -> None:
    await talk.connect(is_paused=True)
    await talk.reply()
    await talk.desk.run_workers()
    assert server.replies == []
    assert (await stored(talk))["delivery"]["error"] == "the mailbox is paused"
    await talk.connect(is_paused=False)
    await talk.make_due()
    await talk.desk.run_workers()
    assert len(server.replies) == 1


async def test_customers_are_asked_what_they_think_where_the_mailbox_asks(talk: Talk, server: Server) -> None:
    await talk.connect(are_ratings_on=True)
    message = await sent(talk, server)
    asked = [line for line in text_of(message).splitlines() if line.startswith(("Great:", "Okay:", "Not good:"))]
    links = [line.split()[-1] for line in asked]
    assert len(links) == 3
    for link in links:
        assert link in html_of(message)
        assert (await talk.client.get(link)).status_code == 200
    assert "Great" not in (await stored(talk))["body"]
    await talk.client.post(f"/v2/conversations/{talk.id}/forwards", json={"to": ["vendor@example.net"]})
    await talk.desk.run_workers()
    assert links[0].rpartition("/")[0] not in html_of(read(server.replies[-1].content))
    assert "Great" not in text_of(read(server.replies[-1].content))
