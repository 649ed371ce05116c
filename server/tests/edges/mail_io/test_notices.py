"""Notices: from what happens to the mail that arrives, with the choices of those who get it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import Desk, running_desk
from tests.edges.mail_io.servers import Receiver, receiving
from tests.make import AccountMade
from waypost.domains import mail
from waypost.domains.mailboxes import Mailbox
from waypost.edges.mail_io.parse import parse_message


@dataclass
class Office:
    """A desk whose mail arrives somewhere, with a mailbox that all three people see, and one that the user does not."""

    desk: Desk
    account: AccountMade
    mailbox: Mailbox
    closed_off: Mailbox
    receiver: Receiver
    owner: httpx.AsyncClient

    async def begin(self, mailbox: Mailbox | None = None, **changes: Any) -> int:
        body = {
            "subject": "Printer on fire",
            "type": "email",
            "mailboxId": (mailbox or self.mailbox).id,
            "status": "active",
            "customer": {"email": "jane@example.com", "firstName": "Jane"},
            "threads": [{"type": "customer", "text": "It burns."}],
            **changes,
        }
        answer = await self.owner.post("/v2/conversations", json=body)
        assert answer.status_code == 201, answer.text
        made: int = answer.json()["id"]
        return made

    async def assign(self, conversation_id: int, user_id: int) -> None:
        operation = {"op": "replace", "path": "/assignTo", "value": user_id}
        answer = await self.owner.patch(f"/v2/conversations/{conversation_id}", json=operation)
        assert answer.status_code == 204, answer.text

    async def told(self) -> list[tuple[str, EmailMessage]]:
        """The notices that have arrived since the last call, with whom they reached."""
        await self.desk.run_workers()
        mails, self.receiver.mails = self.receiver.mails, []
        notices = []
        for envelope in mails:
            assert isinstance(envelope.content, bytes)
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            if str(message["Subject"]).startswith("[#"):
                assert isinstance(message, EmailMessage)
                notices.append((envelope.rcpt_tos[0], message))
        return notices


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.fixture
async def office(database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    receiver = Receiver()
    async with (
        receiving(receiver) as port,
        running_desk(database_url, tmp_path / "desk", smtp_url=f"smtp://127.0.0.1:{port}") as desk,
    ):
        account = await desk.make.account()
        mailbox = await desk.make.mailbox(account, users=[account.user])
        closed_off = await desk.make.mailbox(account, "Board")
        await desk.run_workers()
        yield Office(desk, account, mailbox, closed_off, receiver, await desk.client(account.owner))


async def test_whoever_is_assigned_is_told_and_nobody_else(office: Office) -> None:
    conversation_id = await office.begin()
    assert await office.told() == []
    await office.assign(conversation_id, office.account.user.id)
    [(to, message)] = await office.told()

    assert to == office.account.user.email
    assert message["Subject"] == "[#1] Printer on fire"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Olivia Owner assigned this conversation to you." in _text(message)
    await office.assign(conversation_id, office.account.owner.id)
    assert await office.told() == []


async def test_the_customers_answer_reaches_the_one_whose_conversation_it_is(office: Office) -> None:
    conversation_id = await office.begin(assignTo=office.account.user.id)
    await office.told()
    await office.owner.post(f"/v2/conversations/{conversation_id}/customer", json={"text": "<p>Still <b>burns</b></p>"})
    [(to, message)] = await office.told()

    assert to == office.account.user.email
    assert "Jane answered." in _text(message)
    assert "Still burns" in _text(message)


async def test_a_mention_is_told_to_those_who_see_the_mailbox(office: Office) -> None:
    mention = {"text": "@una and @adam, please look. Not @olivia herself."}
    conversation_id = await office.begin()
    await office.owner.post(f"/v2/conversations/{conversation_id}/notes", json=mention)
    told = await office.told()
    assert sorted(to for to, _ in told) == sorted([office.account.user.email, office.account.administrator.email])
    assert all("Olivia Owner mentioned you in a note." in _text(message) for _, message in told)

    hidden = await office.begin(office.closed_off)
    await office.owner.post(f"/v2/conversations/{hidden}/notes", json=mention)
    assert [to for to, _ in await office.told()] == [office.account.administrator.email]


async def test_choices_decide_and_are_ones_own(office: Office) -> None:
    account = office.account
    user = await office.desk.client(account.user)
    path = f"/v2/users/{account.user.id}/notifications"
    before = (await user.get(path)).json()
    assert before["userId"] == account.user.id
    assert before["email"]["assignedToMe"] is True
    assert before["email"]["newConversation"] is False

    assert (await user.put(path, json={"email": {"newConversation": True, "assignedToMe": False}})).status_code == 204
    assert (await user.get(path)).json()["email"] == {
        **before["email"],
        "newConversation": True,
        "assignedToMe": False,
    }
    conversation_id = await office.begin()
    await office.assign(conversation_id, account.user.id)
    told = await office.told()
    assert [to for to, _ in told] == [account.user.email]
    assert "Jane started a conversation." in _text(told[0][1])

    other = f"/v2/users/{account.administrator.id}/notifications"
    assert (await user.get(other)).status_code == 403
    assert (await user.put(other, json={"email": {}})).status_code == 403
    assert (await office.owner.get(path)).status_code == 200
    assert (await office.owner.get("/v2/users/999999/notifications")).status_code == 404


async def test_bad_choices_are_refused_whole(office: Office) -> None:
    path = f"/v2/users/{office.account.owner.id}/notifications"
    answer = await office.owner.put(path, json={"email": {"mentioned": False, "birthday": True, "x": True}})
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["_embedded"]["errors"]] == ["email.birthday", "email.x"]
    assert (await office.owner.put(path, json={"email": {"mentioned": "perhaps"}})).status_code == 422
    assert (await office.owner.put(path, json={})).status_code == 422
    assert (await office.owner.get(path)).json()["email"]["mentioned"] is True


async def test_imports_drafts_and_spam_are_told_to_nobody(office: Office) -> None:
    user = await office.desk.client(office.account.user)
    path = f"/v2/users/{office.account.user.id}/notifications"
    everything = dict.fromkeys((await user.get(path)).json()["email"], True)
    await user.put(path, json={"email": everything})
    await office.begin(imported=True)
    conversation_id = await office.begin()
    await office.owner.patch(
        f"/v2/conversations/{conversation_id}", json={"op": "replace", "path": "/status", "value": "spam"}
    )
    await office.owner.post(f"/v2/conversations/{conversation_id}/notes", json={"text": "@una"})
    draft = await office.begin()
    await office.owner.post(f"/v2/conversations/{draft}/reply", json={"text": "Not yet", "draft": True})
    assert [str(message["Subject"]) for _, message in await office.told()] == ["[#3] Printer on fire"]


async def test_what_people_write_is_text_in_the_mail(office: Office) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    conversation_id = await office.begin(
        subject=f"Hi {hostile}\r\nBcc: eve@example.com",
        customer={"email": "eve@example.com", "firstName": hostile},
        assignTo=office.account.user.id,
    )
    await office.owner.post(
        f"/v2/conversations/{conversation_id}/notes", json={"text": f"@una &lt;script&gt; {hostile}"}
    )
    told = await office.told()
    assert len(told) == 2
    for to, message in told:
        assert to == office.account.user.email
        assert message["Bcc"] is None
        html = message.get_body(("html",))
        assert html is not None
        content = html.get_content()
        assert "<img" not in content
        assert "<script" not in content


async def test_the_same_words_twice_are_two_mails(office: Office) -> None:
    conversation_id = await office.begin()
    for _ in range(2):
        await office.assign(conversation_id, office.account.user.id)
        await office.assign(conversation_id, office.account.owner.id)
    told = await office.told()
    assert len({str(message["Message-ID"]) for _, message in told}) == len(told) == 2


async def answered(office: Office, notice: EmailMessage, text: str) -> mail.Received:
    """The user's answer from a mail program, taken in by the mailbox."""
    raw = (
        f"From: {office.account.user.email}\r\nTo: {notice['Reply-To']}\r\nSubject: Re: {notice['Subject']}\r\n"
        f"Message-ID: <{text[:4]}@acme.test>\r\nIn-Reply-To: {notice['Message-ID']}\r\n"
        f"References: {notice['References']} {notice['Message-ID']}\r\n\r\n{text}\r\n\r\n"
        + "".join(f"> {line}\r\n" for line in _text(notice).splitlines())
    ).encode()
    return await _taken(office, raw)


async def _taken(office: Office, raw: bytes) -> mail.Received:
    arrival = mail.Arrival(key=office.desk.context.secret_key)
    async with office.desk.transactions.open() as tx:
        return await mail.receive(
            tx, office.desk.parts.files, office.account.id, office.mailbox.id, parse_message(raw), raw, arrival
        )


async def test_what_mail_servers_report_is_no_news_and_brings_no_notice_that_might_fail_too(office: Office) -> None:
    account = office.account
    user = await office.desk.client(account.user)
    chosen = {"email": {"newConversation": True, "userRepliedMine": True}}
    assert (await user.put(f"/v2/users/{account.user.id}/notifications", json=chosen)).status_code == 204
    conversation_id = await office.begin(assignTo=account.user.id)
    await office.told()
    sent = mail.new_message_id(office.desk.context.secret_key, account.id, conversation_id, 0, "acme.test")
    for place, original in enumerate((sent, "<unknown@acme.test>")):
        report = (
            "From: MAILER-DAEMON@mx.example.org\r\nReturn-Path: <>\r\nSubject: Undeliverable\r\n"
            f"Message-ID: <report-{place}@mx.example.org>\r\nX-Failed-Recipients: una@acme.test\r\n"
            f"In-Reply-To: {original}\r\n\r\nUndeliverable mail.\r\n"
        )
        received = await _taken(office, report.encode())
        assert received.outcome == ("thread" if original == sent else "conversation")
    assert await office.told() == []
    await _taken(office, b"From: jane@example.com\r\nMessage-ID: <asked@example.com>\r\nSubject: Hi\r\n\r\nHello\r\n")
    assert [to for to, _ in await office.told()] == [account.user.email]


async def test_a_notice_can_be_answered_and_the_answer_goes_where_the_notice_says(office: Office) -> None:
    conversation_id = await office.begin(assignTo=office.account.user.id)
    await office.told()
    await office.owner.post(f"/v2/conversations/{conversation_id}/customer", json={"text": "Still burns"})
    await office.owner.post(f"/v2/conversations/{conversation_id}/notes", json={"text": "@una is it theirs?"})
    (_, message), (_, note) = await office.told()
    assert message["Reply-To"] == office.mailbox.email
    assert message["Message-ID"] != note["Message-ID"]
    assert message["References"] == note["References"]
    assert _text(message).startswith(mail.ANSWER_LINE)
    assert "Answer this mail to reply to the customer." in _text(message)
    assert "Answer this mail to add a note that the customer does not see." in _text(note)

    await answered(office, message, "Pour water on it.")
    await answered(office, note, "Theirs, I think.")
    threads = (await office.owner.get(f"/v2/conversations/{conversation_id}/threads")).json()["_embedded"]["threads"]
    found = {thread["type"]: thread for thread in threads if thread["createdBy"]["id"] == office.account.user.id}
    assert found["message"]["body"] == "Pour water on it."
    assert found["note"]["body"] == "Theirs, I think."

    await office.desk.run_workers()
    [sent] = [one for one in office.receiver.mails if one.rcpt_tos == ["jane@example.com"]]
    assert isinstance(sent.content, bytes)
    left = email.message_from_bytes(sent.content, policy=email.policy.default)
    assert isinstance(left, EmailMessage)
    assert _text(left).strip() == "Pour water on it."
    token = mail.read_token(office.desk.context.secret_key, left["Message-ID"])
    assert token is not None
    assert (token.purpose, token.conversation_id) == ("reply", conversation_id)
