"""Mail that came back: linked to its reply, shown, and never believed without the reply's own id."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened
from waypost.domains import mail
from waypost.domains.mail import Bounce, FailedRecipient, Received, Verdict
from waypost.edges.mail_io.parse import parse_message

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example.org>"
SAID = "550 5.1.1 no such user"


class Answered:
    """A conversation with a reply that has left."""

    def __init__(self, post: Post, asked: Received, thread_id: int, message_id: str) -> None:
        self.post = post
        self.asked = asked
        self.thread_id = thread_id
        self.message_id = message_id

    async def bounce(self, kind: Any = "permanent", email: str = "jane@example.org", **changes: Any) -> Received:
        original = changes.pop("original", self.message_id)
        bounce = Bounce(kind, (FailedRecipient(email, "5.1.1", SAID),), original)
        raw = letter("Could not deliver.", sender=DAEMON, subject="Undelivered Mail", Return_Path="<>", **changes)
        return await self.post.take(raw, is_bounce=True, is_automatic=True, bounce=bounce)

    async def sent(self) -> dict[str, Any]:
        async with self.post.desk.connection() as connection:
            row = await connection.fetchrow("select * from sent_mail where thread_id = $1", self.thread_id)
        assert row is not None
        return dict(row)

    async def marked(self) -> dict[str, Any]:
        async with self.post.desk.connection() as connection:
            row = await connection.fetchrow(
                "select bounced_at, bounce_reason from customer_entry where account_id = $1 and value = $2",
                self.post.account.id,
                "jane@example.org",
            )
        assert row is not None
        return dict(row)

    async def retry(self) -> None:
        client = await self.post.client()
        path = f"/v2/conversations/{self.asked.conversation_id}/threads/{self.thread_id}/retry"
        answer = await client.post(path)
        assert answer.status_code == 204, answer.text

    async def changes(self) -> list[dict[str, Any]]:
        async with self.post.desk.connection() as connection:
            rows = await connection.fetch(
                "select data from event where account_id = $1 and type = 'customer.updated' order by id",
                self.post.account.id,
            )
        return [row["data"] for row in rows]

    async def facts(self) -> list[dict[str, Any]]:
        async with self.post.desk.connection() as connection:
            rows = await connection.fetch(
                "select data from event where account_id = $1 and type = 'convo.reply.bounced'", self.post.account.id
            )
        return [row["data"] for row in rows]


async def answered_by(desk: Desk, **reply: Any) -> Answered:
    post = await opened(desk)
    asked = await post.take(letter())
    customer = {"email": "jane@example.org"}
    thread_id = await post.reply(asked.conversation_id, customer=customer, status="closed", **reply)
    [message_id] = await post.sent_ids(asked.conversation_id)
    async with desk.connection() as connection:
        await connection.execute("update sent_mail set state = 'sent', sent_at = now() where thread_id = $1", thread_id)
    return Answered(post, asked, thread_id, message_id)


@pytest.fixture
async def answered(module_desk: Desk) -> Answered:
    return await answered_by(module_desk)


async def test_a_bounce_marks_its_reply_and_address_and_opens_the_conversation(answered: Answered) -> None:
    post = answered.post
    assert (await post.conversation(answered.asked.conversation_id))["status"] == "closed"
    received = await answered.bounce()

    assert received.conversation_id == answered.asked.conversation_id
    sent = await answered.sent()
    assert (sent["state"], sent["bounce_detail"]) == ("bounced", f"jane@example.org: 5.1.1 {SAID}")
    assert sent["bounced_at"] is not None
    assert (await answered.marked())["bounce_reason"] == f"jane@example.org: 5.1.1 {SAID}"
    thread = (await post.threads(answered.asked.conversation_id))[-1]
    assert (thread["type"], thread["createdBy"]["id"], thread["mail"]["isAutomatic"]) == ("note", 0, True)
    assert (await post.conversation(answered.asked.conversation_id))["status"] == "active"
    fact = {"thread_id": answered.thread_id, "detail": sent["bounce_detail"], "is_by_workflow": False}
    assert await answered.facts() == [fact]
    assert await post.may_answer(received) == "null-sender"
    assert await post.count() == 1

    # A second report of the same is kept, and is no news.
    await answered.bounce()
    assert len(await answered.facts()) == 1


async def test_what_came_back_is_sent_again_to_those_alone_whom_it_missed(module_desk: Desk) -> None:
    answered = await answered_by(module_desk, cc=["Boss@example.org", "aunt@example.org"])
    await answered.bounce(email="boss@example.org")
    sent = await answered.sent()
    assert (sent["state"], sent["refused"]) == ("bounced", [f"Boss@example.org: 5.1.1 {SAID}"])
    # The same report again changes nothing; one about somebody else counts.
    await answered.bounce(email="boss@example.org")
    await answered.bounce("temporary", email="aunt@example.org")
    assert len(await answered.facts()) == 2
    assert (await answered.sent())["bounce_detail"] == (
        f"Boss@example.org: 5.1.1 {SAID}; aunt@example.org: 5.1.1 {SAID}"
    )

    await answered.retry()
    sent = await answered.sent()
    assert (sent["state"], sent["remaining"]) == ("queued", ["Boss@example.org", "aunt@example.org"])
    # Late reports of the first try do not end the second.
    await answered.bounce(email="boss@example.org")
    sent = await answered.sent()
    assert (sent["state"], sent["refused"]) == ("queued", [])


async def test_a_reply_that_came_back_from_nobody_known_by_name_goes_to_all_again(answered: Answered) -> None:
    async with answered.post.desk.connection() as connection:
        await connection.execute("update sent_mail set state = 'failed' where thread_id = $1", answered.thread_id)
    await answered.bounce()
    assert (await answered.sent())["state"] == "bounced"
    await answered.retry()
    sent = await answered.sent()
    assert (sent["state"], sent["remaining"]) == ("queued", None)


async def test_a_mail_that_came_back_from_one_still_leaves_for_the_others(module_desk: Desk) -> None:
    answered = await answered_by(module_desk, cc=["boss@example.org"])
    async with module_desk.connection() as connection:
        await connection.execute(
            "update sent_mail set state = 'queued', remaining = '{boss@example.org}' where thread_id = $1",
            answered.thread_id,
        )
    await answered.bounce()
    sent = await answered.sent()
    assert (sent["state"], sent["remaining"]) == ("queued", ["boss@example.org"])
    assert sent["refused"] == [f"jane@example.org: 5.1.1 {SAID}"]
    assert len(await answered.facts()) == 1
    async with module_desk.transactions.open() as tx:
        await mail.note_taken(tx, answered.post.account.id, answered.thread_id, remaining=[], later="", refused=[])
    assert (await answered.sent())["state"] == "failed"


async def test_an_address_from_which_mail_comes_works_again(answered: Answered) -> None:
    await answered.bounce()
    await answered.post.take(letter(subject="I am here"))
    assert await answered.marked() == {"bounced_at": None, "bounce_reason": None}


async def test_neither_old_mail_nor_forged_mail_shows_that_an_address_works(answered: Answered) -> None:
    post = answered.post
    await answered.bounce()
    raw = letter(subject="Found in an archive")
    async with post.desk.transactions.open() as tx:
        arrival = mail.Arrival(key=post.key, is_imported=True)
        files = post.desk.parts.files
        await mail.receive(tx, files, post.account.id, post.mailbox.id, parse_message(raw), raw, arrival)
    await post.connect(trusted_authority="mx.acme.test")
    await post.take(letter(subject="Forged"), verdicts=(Verdict("mx.acme.test", dmarc="fail"),))
    assert (await answered.marked())["bounced_at"] is not None


async def test_a_marked_address_is_shown_and_counts_as_a_change_of_the_customer(answered: Answered) -> None:
    client = await answered.post.client()
    found = (await client.get("/v2/customers?query=(email:jane@example.org)")).json()["_embedded"]["customers"]
    path = f"/v2/customers/{found[0]['id']}"
    assert "bounce" not in found[0]["_embedded"]["emails"][0]
    before = await client.get(path)

    await answered.bounce()
    after = await client.get(path)
    [entry] = after.json()["_embedded"]["emails"]
    assert entry["bounce"]["reason"] == f"jane@example.org: 5.1.1 {SAID}"
    assert entry["bounce"]["at"] == after.json()["updatedAt"]
    assert after.headers["etag"] != before.headers["etag"]
    [listed] = (await client.get(f"{path}/emails")).json()["_embedded"]["emails"]
    assert listed == entry
    assert (await client.get(f"{path}/emails/{entry['id']}")).json()["bounce"] == entry["bounce"]
    assert await answered.changes() == [{"fields": ["emails"]}]
    for query, ids in (("bounced:true", [entry["id"]]), ("bounced:false", [])):
        hits = (await client.get(f"/v2/customers?query=({query} email:jane)")).json()["_embedded"]["customers"]
        assert [hit["_embedded"]["emails"][0]["id"] for hit in hits] == ids, query

    await answered.post.take(letter(subject="I am here"))
    del entry["bounce"]
    assert (await client.get(f"{path}/emails")).json()["_embedded"]["emails"] == [entry]
    assert await answered.changes() == [{"fields": ["emails"]}] * 2


async def test_the_mark_stays_with_the_address_and_goes_with_it(answered: Answered) -> None:
    await answered.bounce()
    client = await answered.post.client()
    found = (await client.get("/v2/customers?query=(email:jane@example.org)")).json()["_embedded"]["customers"]
    [entry] = found[0]["_embedded"]["emails"]
    path = f"/v2/customers/{found[0]['id']}/emails/{entry['id']}"
    assert (await client.put(path, json={"type": "home", "value": "Jane@example.org"})).status_code == 204
    assert (await client.get(path)).json()["bounce"] == entry["bounce"]
    changed = {"op": "replace", "path": "/emails", "value": [{"type": "work", "value": "jane@example.org"}]}
    assert (await client.patch(f"/v2/customers/{found[0]['id']}", json=[changed])).status_code == 204
    assert (await client.get(path)).json()["bounce"] == entry["bounce"]
    assert (await client.put(path, json={"type": "home", "value": "jane@example.net"})).status_code == 204
    assert "bounce" not in (await client.get(path)).json()


async def test_a_temporary_failure_marks_no_address_and_a_delay_nothing(answered: Answered) -> None:
    await answered.bounce("delayed")
    assert (await answered.sent())["state"] == "sent"
    assert (await answered.post.conversation(answered.asked.conversation_id))["status"] == "closed"
    await answered.bounce("temporary")
    assert (await answered.sent())["state"] == "bounced"
    assert (await answered.marked())["bounced_at"] is None


async def test_a_forged_bounce_marks_nothing(answered: Answered) -> None:
    invented = answered.post.signed_id(answered.asked, answered.thread_id + 1)
    for original in ("<made-up@acme.test>", invented, ""):
        await answered.bounce(original=original or None)
    # The reply's own id, and an address that it did not go to.
    await answered.bounce(email="boss@example.org")
    assert (await answered.sent())["state"] == "sent"
    assert (await answered.marked())["bounced_at"] is None
    assert await answered.facts() == []


async def test_a_bounce_that_is_about_nothing_known_is_a_conversation_of_its_own(answered: Answered) -> None:
    received = await answered.bounce(original="<made-up@acme.test>")
    assert received.outcome == "conversation"
    [thread] = await answered.post.threads(received.conversation_id)
    assert thread["mail"]["isAutomatic"] is True
    assert await answered.post.may_answer(received) == "null-sender"


async def test_a_bounce_in_the_standards_form_is_read_from_its_bytes(answered: Answered) -> None:
    raw = f"""\
From: {DAEMON}
To: support@acme.test
Return-Path: <>
Subject: Undelivered Mail Returned to Sender
Message-ID: <report-{answered.thread_id}@mx.example.org>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; jane@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; {SAID}

--b
Content-Type: text/rfc822-headers

Message-ID: {answered.message_id}
From: support@acme.test
To: jane@example.org

--b--
"""
    received = await answered.post.take(raw.replace("\n", "\r\n").encode())
    assert received.conversation_id == answered.asked.conversation_id
    assert (await answered.sent())["bounce_detail"] == f"jane@example.org: 5.1.1 {SAID}"


async def test_a_bounce_of_what_a_workflow_has_sent_is_a_note_in_its_conversation(answered: Answered) -> None:
    post, conversation_id = answered.post, answered.asked.conversation_id
    sent = mail.new_message_id(post.key, post.account.id, conversation_id or 0, 0, "acme.test", serial=9)
    received = await answered.bounce(original=sent)
    assert (received.outcome, received.conversation_id) == ("thread", conversation_id)
    thread = (await post.threads(conversation_id))[-1]
    assert (thread["type"], thread["mail"]["isAutomatic"]) == ("note", True)
    # What a mail program passes on to the desk again is the desk's own.
    raw = letter(sender="desk@desk.test", message_id=sent, Auto_Submitted="auto-generated")
    assert (await post.take(raw)).outcome == "own"
