"""Forwarding a conversation to somebody outside."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edges.mail_io.talks import Server, Talk, read, take

FILE = {"fileName": "offer.txt", "mimeType": "text/plain", "data": "b2ZmZXI="}


async def forward(talk: Talk, **body: Any) -> Any:
    body = {"to": ["vendor@example.net"], "text": "Can you help?", **body}
    return await talk.client.post(f"/v2/conversations/{talk.id}/forwards", json=body)


async def threads(talk: Talk, conversation_id: int) -> list[dict[str, Any]]:
    answer = await talk.client.get(f"/v2/conversations/{conversation_id}/threads")
    return [one for one in answer.json()["_embedded"]["threads"] if one["type"] != "lineitem"]


async def test_a_conversation_is_forwarded_with_a_comment_and_its_files(talk: Talk, server: Server) -> None:
    await talk.reply("It is <b>late</b>.", attachments=[FILE])
    await talk.client.post(f"/v2/conversations/{talk.id}/notes", json={"text": "They are difficult"})
    await talk.reply("A draft of mine", draft=True)
    await talk.desk.run_workers()
    before = (await talk.client.get(f"/v2/conversations/{talk.id}")).json()

    own = {**FILE, "fileName": "own.txt"}
    answer = await forward(talk, cc=["boss@example.net"], bcc=["hidden@example.net"], attachments=[own])
    await talk.desk.run_workers()

    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["type"], made["state"]) == ("forwardparent", "published")
    assert answer.headers["resource-id"] == str(made["id"])
    assert answer.headers["location"] == made["_links"]["self"]["href"]
    caught = server.replies[-1]
    message = read(caught.content)
    assert sorted(caught.rcpt_tos) == ["boss@example.net", "hidden@example.net", "vendor@example.net"]
    assert message["To"] == "vendor@example.net"
    assert message["Cc"] == "boss@example.net"
    assert b"hidden@example.net" not in message.as_bytes()
    assert message["Subject"] == "Fwd: Where is my order?"
    assert message["In-Reply-To"] is None
    html = message.get_body(("html",))
    assert html is not None
    text = html.get_content()
    assert text.index("Can you help?") < text.index("It is <b>late</b>.") < text.index("It was to come on Friday.")
    assert "Jane Smith &lt;jane@example.org&gt;" in text
    assert talk.account.owner.email not in text
    assert "difficult" not in text
    assert "draft of mine" not in text
    assert sorted(part.get_filename() or "" for part in message.iter_attachments()) == ["offer.txt", "own.txt"]
    after = (await talk.client.get(f"/v2/conversations/{talk.id}")).json()
    assert after["status"] == before["status"]
    assert after["primaryCustomer"] == before["primaryCustomer"]


async def test_both_conversations_lead_to_each_other_and_answers_stay_apart(talk: Talk, server: Server) -> None:
    made = (await forward(talk)).json()
    await talk.desk.run_workers()
    child_id = made["linkedConversationId"]
    parent = next(one for one in await threads(talk, talk.id) if one["type"] == "forwardparent")
    [child] = await threads(talk, child_id)
    assert (parent["id"], parent["linkedConversationId"]) == (made["id"], child_id)
    assert (child["type"], child["linkedConversationId"]) == ("forwardchild", talk.id)
    assert parent["to"] == child["to"] == ["vendor@example.net"]
    assert "Can you help?" in parent["body"]
    assert child["delivery"]["state"] == "sent"
    assert "delivery" not in parent
    found = (await talk.client.get(f"/v2/conversations/{child_id}")).json()
    assert found["primaryCustomer"]["email"] == "vendor@example.net"
    assert (found["status"], found["assignee"]["id"]) == ("pending", talk.account.owner.id)
    sent = read(server.replies[-1].content)
    answer = "Message-ID: <v1@example.net>\nFrom: vendor@example.net\nTo: support@acme.test\nSubject: Re: x\n"
    raw = f"{answer}In-Reply-To: {sent['Message-ID']}\n\nWe can.\n".encode()
    received = await take(talk.desk, talk.account, talk.mailbox, raw)
    assert received.conversation_id == child_id


async def test_one_thread_is_forwarded_and_without_files_where_so_asked(talk: Talk, server: Server) -> None:
    thread_id = await talk.reply("Only this", attachments=[FILE])
    await talk.desk.run_workers()
    assert (await forward(talk, threadId=thread_id, includeAttachments=False, text=None)).status_code == 201
    await talk.desk.run_workers()
    message = read(server.replies[-1].content)
    html = message.get_body(("html",))
    assert html is not None
    assert "Only this" in html.get_content()
    assert "Friday" not in html.get_content()
    assert list(message.iter_attachments()) == []


async def test_variables_are_filled_in_in_the_comment_alone(talk: Talk, server: Server) -> None:
    head = b"Message-ID: <q2@example.org>\nFrom: jane@example.org\nIn-Reply-To: <question@example.org>\n"
    await take(talk.desk, talk.account, talk.mailbox, head + b"\n{%user.email%}\n")
    await forward(talk, text="From {%user.firstName%}")
    await talk.desk.run_workers()
    html = read(server.replies[-1].content).get_body(("html",))
    assert html is not None
    assert "From Olivia" in html.get_content()
    assert "{%user.email%}" in html.get_content()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"to": []}, "to"),
        ({"to": None}, "to"),
        ({"to": ["no address"]}, "to[0]"),
        ({"to": ["a@example.org\r\nBcc: b@example.org"]}, "to[0]"),
        ({"cc": ["a@example.org, b@example.org"]}, "cc[0]"),
        ({"bcc": ["<"]}, "bcc[0]"),
        ({"threadId": 10**12}, "threadId"),
        ({"threadId": "x"}, "threadId"),
        ({"attachments": [{"fileName": "", "mimeType": "a/b", "data": "?"}]}, "attachments[0].fileName"),
    ],
)
async def test_bad_forwards_are_refused_and_nothing_leaves(
    talk: Talk, server: Server, body: dict[str, Any], path: str
) -> None:
    answer = await forward(talk, **body)
    assert answer.status_code == 422, answer.text
    assert path in answer.text
    await talk.desk.run_workers()
    assert server.replies == []
    assert len(await threads(talk, talk.id)) == 1


async def test_notes_and_drafts_cannot_be_forwarded(talk: Talk) -> None:
    note = await talk.client.post(f"/v2/conversations/{talk.id}/notes", json={"text": "Between us"})
    draft = await talk.reply("A draft", draft=True)
    for thread_id in (int(note.headers["resource-id"]), draft):
        assert (await forward(talk, threadId=thread_id)).status_code == 422
