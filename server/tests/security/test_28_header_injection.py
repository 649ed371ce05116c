"""28: nothing that anybody writes becomes a header field, a recipient or a second message: judged by what arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.desk import running_desk
from tests.edges.mail_io.talks import Server, Talk, begun, read, take
from waypost import worker
from waypost.domains.mailboxes import FromKind
from waypost.edges.mail_io import delivery

EVIL = "evil@example.com"
#: Ways to end a line, and what mail programs or libraries have taken for one.
ENDS = ["\r\n", "\n", "\r", "\r\n ", "\n\t", "\u2028", "\u2029", "\x0b", "\x0c", "\x85", "%0d%0a", "\\r\\n", "\x00\n"]
TEXTS = [f"Hello{end}Bcc: {EVIL}{end}{end}<b>body</b>" for end in ENDS] + [
    f"=?utf-8?q?Hello=0D=0ABcc:_{EVIL}?=",
    "=?utf-8?b?SGVsbG8NCkJjYzogZXZpbEBleGFtcGxlLmNvbQ==?=",
    f'Hello" <{EVIL}>, "x',
    f"Hello, {EVIL}",
    f"Hello; group: {EVIL};",
    f"Hello (comment\r\n) <{EVIL}>",
    "\r\n.\r\nMAIL FROM:<evil@example.com>\r\n",
    "\u202eBcc\u202c: x\r\nBcc: evil@example.com",
]
FIELDS = {
    "content-type", "date", "from", "in-reply-to", "message-id", "mime-version",
    "references", "reply-to", "subject", "to",
}  # fmt: skip
THREADING = {"in-reply-to", "references"}
AUTOMATIC = {"auto-submitted", "precedence", "x-auto-response-suppress"}


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="module")
async def talk(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory, server: Server
) -> AsyncIterator[Talk]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with running_desk(module_database_url, folder, smtp_url=server.url) as desk:
        made = await begun(desk)
        await made.desk.run_workers()
        yield made


async def arrived(talk: Talk, server: Server, expected: set[str], sender: str = "support@acme.test") -> None:
    """Everything that has arrived has these fields alone, goes to Jane or a user alone, and comes from its mailbox."""
    await talk.desk.run_workers()
    caught = [one for one in server.caught if one.mail_from in ("support@acme.test", "<>")]
    server.caught.clear()
    assert caught
    for one in caught:
        message = read(one.content)
        names = [name.lower() for name in message]
        assert sorted(names) == sorted(set(names))
        assert set(names) | THREADING == expected | THREADING
        assert "evil" not in f"{message['References']} {message['In-Reply-To']}"
        assert one.rcpt_tos == ["jane@example.org"]
        assert [address.addr_spec for address in message["To"].addresses] == ["jane@example.org"]
        assert [address.addr_spec for address in message["From"].addresses] == [sender]
        assert "\n" not in message["Subject"]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_no_source_of_a_reply_adds_a_field_or_a_recipient(talk: Talk, server: Server, text: str) -> None:
    address = f"/v2/conversations/{talk.id}"
    subject = {"op": "replace", "path": "/subject", "value": text}
    assert (await talk.client.patch(address, json=[subject])).status_code in (204, 422)
    found = (await talk.client.get(address)).json()
    names = [{"op": "replace", "path": f"/{name}", "value": text[:40]} for name in ("firstName", "lastName")]
    changed = await talk.client.patch(f"/v2/customers/{found['primaryCustomer']['id']}", json=names)
    assert changed.status_code in (204, 422)
    async with talk.desk.connection() as connection:
        shown = text.replace("\0", "")
        await connection.execute("update account_user set first_name = $1, phone = $1 where type = 'user'", shown)
        await connection.execute("update mailbox set name = $1", shown[:100])
        await connection.execute(
            "update thread set message_id = $1 where type = 'customer'", f"<question@example.org>{shown}"
        )
    for kind in (FromKind.USER, FromKind.CUSTOM):
        await talk.connect(
            from_kind=kind,
            from_name=shown,
            has_reply_addresses=True,
            signature="{%user.firstName%} {%user.phone%} {%mailbox.name%}",
        )
        await talk.reply(f"{text} {{%customer.firstName%}}")
    # A Message-ID that is none is left out.
    await arrived(talk, server, FIELDS)
    async with talk.desk.connection() as connection:
        await connection.execute("update thread set message_id = null where type = 'message'")


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_no_source_of_an_automatic_reply_does_either(
    talk: Talk, server: Server, text: str, request: pytest.FixtureRequest
) -> None:
    shown = text.replace("\0", "")
    await talk.connect(
        is_auto_reply_on=True, auto_reply_subject=shown, auto_reply_body=f"{shown} {{%customer.firstName%}}"
    )
    number = request.node.callspec.indices["text"]
    head = f"Message-ID: <auto-{number}@example.org>\nFrom: Jane <jane@example.org>\nSubject: Q{number}\n"
    async with talk.desk.connection() as connection:
        await connection.execute("delete from answer_budget")
    await take(talk.desk, talk.account, talk.mailbox, f"{head}\nHow?\n".encode())
    await arrived(talk, server, FIELDS | AUTOMATIC)
    await talk.connect(is_auto_reply_on=False)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.parametrize("place", ["to", "cc", "bcc"])
async def test_addresses_that_are_none_are_refused_or_held_back(
    talk: Talk, server: Server, text: str, place: str
) -> None:
    bad = f"a@example.org{text}"
    if place == "to":
        answer = await talk.client.post(f"/v2/conversations/{talk.id}/forwards", json={"to": [bad], "text": "Hello"})
    else:
        answer = await talk.client.post(f"/v2/conversations/{talk.id}/reply", json={"text": "Hello", place: [bad]})
    assert answer.status_code == 422, answer.text
    # However one got into the database: the mail fails as a whole, and says why.
    thread_id = await talk.reply("Hello")
    async with talk.desk.connection() as connection:
        column = {"to": "to_emails", "cc": "cc", "bcc": "bcc"}[place]
        await connection.execute(f"update thread set {column} = $2 where id = $1", thread_id, [bad.replace("\0", "")])
        await connection.execute("update conversation set cc = '{}', bcc = '{}', api_thread_count = 0")
    await talk.desk.run_workers()
    assert [one for one in server.caught if one.mail_from == "support@acme.test"] == []
    server.caught.clear()
    found = (await talk.client.get(f"/v2/conversations/{talk.id}/threads/{thread_id}")).json()
    assert found["delivery"]["state"] == "failed"
    assert "not a mail address" in found["delivery"]["error"]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
async def test_fields_of_notices_to_users_cannot_be_added_either(talk: Talk, server: Server, text: str) -> None:
    payload = {
        "account_id": talk.account.id,
        "to_name": text,
        "to_email": "jane@example.org",
        "subject": text,
        "html": text,
        "headers": {"List-Unsubscribe": f"<https://desk.example/{text}>"},
    }
    route = worker.mail_route(talk.desk.parts)
    await delivery.send_system_mail(route, payload)
    [caught] = server.caught
    server.caught.clear()
    message = read(caught.content)
    assert {name.lower() for name in message} == (FIELDS - THREADING - {"reply-to"}) | {
        "auto-submitted", "list-unsubscribe",
    }  # fmt: skip
    assert caught.rcpt_tos == ["jane@example.org"]
    assert message["Bcc"] is None
