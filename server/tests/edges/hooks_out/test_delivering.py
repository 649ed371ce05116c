"""Attempts, retries and what ends them, by a clock that the tests move (spec: webhooks 7)."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import receiver as receivers
from tests.desk import Desk, running_desk
from tests.edges.mail_io import servers
from tests.hooks import OPEN, SECRET, Clock, converse, settle, subscribe
from tests.make import AccountMade
from tests.receiver import Answer, Request, receiving
from waypost.domains.mailboxes import Mailbox
from waypost.domains.webhooks import Profile
from waypost.edges.hooks_out import signing
from waypost.kit import safe_http

pytestmark = pytest.mark.anyio


class Line:
    """A desk, somebody who subscribes, and the tags by whose creation things happen."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        account: AccountMade,
        mailbox: Mailbox,
        client: httpx.AsyncClient,
        post: servers.Receiver,
    ) -> None:
        self.desk, self.clock, self.account, self.mailbox, self.client = desk, clock, account, mailbox, client
        self.post = post

    async def happen(self) -> int:
        """One event, convo.created; the conversation's id."""
        return await converse(self.client, self.mailbox.id)

    async def pass_time(self, seconds: float) -> None:
        await settle(self.desk, self.clock, seconds=seconds)

    async def webhook(self, webhook_id: int) -> dict[str, Any]:
        return dict((await self.client.get(f"/v2/webhooks/{webhook_id}")).json())

    async def deliveries(self, webhook_id: int, **query: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(f"/v2/webhooks/{webhook_id}/deliveries", params=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["_embedded"]["deliveries"])

    async def attempts(self, delivery: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.client.get(delivery["_links"]["attempts"]["href"])
        return list(answer.json()["_embedded"]["attempts"])


@pytest.fixture
async def line(database_url: str, tmp_path: Path) -> AsyncIterator[Line]:
    random.seed(7)
    clock = Clock()
    post = servers.Receiver()
    async with (
        servers.receiving(post) as port,
        running_desk(
            database_url, tmp_path / "desk", clock=clock, smtp_url=f"smtp://127.0.0.1:{port}?security=none", **OPEN
        ) as desk,
    ):
        account = await desk.make.account()
        mailbox = await desk.make.mailbox(account)
        client = await desk.client(account.owner)
        async with desk.connection() as connection:
            # Tests pass through more days than a token lives.
            await connection.execute("update oauth_token set expires_at = '2100-01-01'")
        yield Line(desk, clock, account, mailbox, client, post)


def raw(status: str, *headers: str) -> Answer:
    lines = "".join(f"{header}\r\n" for header in headers)
    return lambda _: receivers.raw(f"HTTP/1.1 {status}\r\n{lines}Content-Length: 0\r\n\r\n".encode())


async def test_ten_attempts_on_the_schedule_with_the_same_bytes(line: Line) -> None:
    async with receiving(500) as receiver:
        webhook = await subscribe(line.client, receiver.url, "convo.created")
        await line.happen()
        await line.pass_time(0)
        assert len(receiver.requests) == 1
        for number in range(9):
            scheduled = 2.0**number
            await line.pass_time(scheduled * 0.89)
            assert len(receiver.requests) == number + 1, "too early"
            await line.pass_time(scheduled * 0.22)
            assert len(receiver.requests) == number + 2, "too late"
        [delivery] = await line.deliveries(webhook["id"])
        assert (delivery["state"], delivery["attempts"]) == ("discarded", 10)
        assert "nextAttemptAt" not in delivery
        await line.pass_time(100_000)

    assert len(receiver.requests) == 10
    assert len({request.body for request in receiver.requests}) == 1
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert [request.headers["x-helpscout-attempt"] for request in receiver.requests] == [str(n) for n in range(1, 11)]
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == 10
    attempts = await line.attempts(delivery)
    assert [attempt["number"] for attempt in attempts] == list(range(1, 11))
    assert {attempt["responseStatus"] for attempt in attempts} == {500}
    assert attempts[0]["responseBody"] == "ok"
    assert attempts[0]["requestBody"].encode() == receiver.requests[0].body
    shown = attempts[0]["requestHeaders"]
    assert shown["X-HelpScout-Signature"] == receiver.requests[0].headers["x-helpscout-signature"]
    assert SECRET not in repr(attempts)


async def test_the_patient_schedule_lasts_for_days(line: Line) -> None:
    async with receiving(503) as receiver:
        await subscribe(line.client, receiver.url, "convo.created", retryPolicy="extended")
        await line.happen()
        await line.pass_time(0)
        for pause in (5, 300, 1800, 7200, 18000, 36000, 36000, 86400, 86400):
            before = len(receiver.requests)
            await line.pass_time(pause * 0.89)
            assert len(receiver.requests) == before
            await line.pass_time(pause * 0.22)
            assert len(receiver.requests) == before + 1
        assert len(receiver.requests) == 10


async def test_a_receiver_may_ask_for_more_time_but_not_for_ever(line: Line) -> None:
    async with (
        receiving(raw("429 Slow", "Retry-After: 60")) as slow,
        receiving(raw("503 Away", "Retry-After: 999999")) as away,
        receiving(raw("503 Now", "Retry-After: 0")) as hasty,
    ):
        for receiver in (slow, away, hasty):
            await subscribe(line.client, receiver.url, "convo.created")
        await line.happen()
        await line.pass_time(0)
        await line.pass_time(1.2)
        assert [len(receiver.requests) for receiver in (slow, away, hasty)] == [1, 1, 2]
        await line.pass_time(60)
        assert [len(receiver.requests) for receiver in (slow, away)] == [2, 1]
        await line.pass_time(3600)
        assert len(away.requests) == 2


async def test_gone_switches_off_at_once(line: Line) -> None:
    async with receiving(410) as receiver:
        webhook = await subscribe(line.client, receiver.url, "convo.created")
        await line.happen()
        await line.happen()
        await line.pass_time(0)
        await line.pass_time(3600)
        assert len(receiver.requests) <= 4
        seen = len(receiver.requests)
        after = await line.webhook(webhook["id"])
        assert (after["state"], after["disabledReason"]) == ("disabled", "the receiver answered 410 Gone")
        await line.pass_time(3600)
        assert len(receiver.requests) == seen


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
async def test_all_but_2xx_is_tried_again(line: Line, status: int) -> None:
    answers = iter([status])
    async with receiving(lambda _: next(answers, 204)) as receiver:
        webhook = await subscribe(line.client, receiver.url, "convo.created")
        await line.happen()
        await line.pass_time(0)
        await line.pass_time(1.2)
        assert [delivery["state"] for delivery in await line.deliveries(webhook["id"])] == ["delivered"]
        assert len(receiver.requests) == 2


async def test_ten_discarded_in_a_row_switch_it_off_and_tell_its_user(line: Line) -> None:
    async with receiving(500) as receiver:
        webhook = await subscribe(line.client, receiver.url, "convo.created", label="Billing <sync>")
        for _ in range(10):
            await line.happen()
        for _ in range(200):
            await line.pass_time(31)
            if (await line.webhook(webhook["id"]))["state"] == "disabled":
                break
        after = await line.webhook(webhook["id"])
        assert after["state"] == "disabled"
        assert after["disabledReason"] == "ten events in a row were discarded"
        assert after["consecutiveFailures"] >= 100
        async with line.desk.connection() as connection:
            types = [row["type"] for row in await connection.fetch(
                "select type from event where subject_kind = 'webhook' order by id"
            )]  # fmt: skip
        assert types == ["webhook.created", "webhook.failing", "webhook.disabled"]
        [mail] = line.post.mails
        assert mail.rcpt_tos == [line.account.owner.email]
        text = bytes(mail.content or b"").decode()
        assert "A webhook has been switched off" in text
        assert SECRET not in text


async def test_what_waits_is_kept_for_72_hours_and_sent_when_it_is_switched_on(line: Line) -> None:
    answers = iter([500, 500])
    async with receiving(lambda _: next(answers, 200)) as receiver:
        kept = await subscribe(line.client, receiver.url, "convo.created")
        lost = await subscribe(line.client, receiver.url + "/lost", "convo.created")
        await line.happen()
        await line.pass_time(0)
        for webhook in (kept, lost):
            await line.client.patch(f"/v2/webhooks/{webhook['id']}", json={"state": "disabled"})
        await line.happen()
        await line.pass_time(3600 * 71)
        await clean_up(line.desk)
        assert len(receiver.requests) == 2
        await line.client.patch(f"/v2/webhooks/{kept['id']}", json={"state": "enabled"})
        await line.pass_time(0)
        assert len(receiver.requests) == 3
        after = await line.webhook(kept["id"])
        assert (after["state"], after["consecutiveFailures"]) == ("enabled", 0)
        # What happens while a subscription is off is not for it.
        assert [delivery["state"] for delivery in await line.deliveries(kept["id"])] == ["delivered"]
        await line.pass_time(3600 * 2)
        await clean_up(line.desk)
        await line.client.patch(f"/v2/webhooks/{lost['id']}", json={"state": "enabled"})
        await line.pass_time(0)
        assert [delivery["state"] for delivery in await line.deliveries(lost["id"])] == ["cancelled"]


async def clean_up(desk: Desk) -> None:
    from waypost.domains.webhooks import sending

    async with desk.transactions.open() as tx:
        await sending.clean_up(tx)


async def test_the_log_is_kept_for_thirty_days(line: Line) -> None:
    async with receiving() as receiver:
        webhook = await subscribe(line.client, receiver.url, "convo.created")
        await line.happen()
        await line.pass_time(0)
        await line.pass_time(86400 * 29)
        await clean_up(line.desk)
        assert len(await line.deliveries(webhook["id"])) == 1
        await line.pass_time(86400 * 2)
        await clean_up(line.desk)
        assert await line.deliveries(webhook["id"]) == []


async def test_an_ordered_subscription_waits_for_what_failed_of_the_same_thing(line: Line) -> None:
    failing = iter([500])

    def answer(request: Request) -> int:
        return next(failing, 200) if request.event == "convo.note.created" else 200

    async with receiving(answer) as receiver:
        await subscribe(line.client, receiver.url, "convo.note.created", "convo.status", "convo.created", ordered=True)
        first = await line.happen()
        await line.pass_time(0)
        await line.client.post(f"/v2/conversations/{first}/notes", json={"text": "A"})
        await line.client.patch(
            f"/v2/conversations/{first}", json={"op": "replace", "path": "/status", "value": "closed"}
        )
        await line.happen()
        await line.pass_time(0)
        # The other conversation does not wait.
        assert receiver.events == ["convo.created", "convo.note.created", "convo.created"]
        await line.pass_time(1.2)
        assert receiver.events[3:] == ["convo.note.created", "convo.status"]


async def test_an_ordered_subscription_waits_ten_minutes_at_most(line: Line) -> None:
    async with receiving(lambda request: 500 if request.event == "convo.note.created" else 200) as receiver:
        await subscribe(
            line.client, receiver.url, "convo.note.created", "convo.status", ordered=True, retryPolicy="extended"
        )
        conversation_id = await line.happen()
        await line.client.post(f"/v2/conversations/{conversation_id}/notes", json={"text": "A"})
        await line.client.patch(
            f"/v2/conversations/{conversation_id}", json={"op": "replace", "path": "/status", "value": "closed"}
        )
        await line.pass_time(0)
        await line.pass_time(590)
        assert "convo.status" not in receiver.events
        await line.pass_time(20)
        assert receiver.events.count("convo.status") == 1


async def test_without_that_option_nothing_waits(line: Line) -> None:
    async with receiving(lambda request: 500 if request.event == "convo.note.created" else 200) as receiver:
        await subscribe(line.client, receiver.url, "convo.note.created", "convo.status")
        conversation_id = await line.happen()
        await line.client.post(f"/v2/conversations/{conversation_id}/notes", json={"text": "A"})
        await line.client.patch(
            f"/v2/conversations/{conversation_id}", json={"op": "replace", "path": "/status", "value": "closed"}
        )
        await line.pass_time(0)
        assert receiver.events == ["convo.note.created", "convo.status"]


async def test_one_things_events_come_in_order_and_four_at_once_at_most(line: Line) -> None:
    async with receiving() as receiver:
        await subscribe(line.client, receiver.url, "convo.created", "convo.note.created")
        ids = [await line.happen() for _ in range(6)]
        for number in range(4):
            for conversation_id in ids:
                await line.client.post(f"/v2/conversations/{conversation_id}/notes", json={"text": str(number)})
        await line.pass_time(0)
    assert receiver.most_open <= 4
    for conversation_id in ids:
        texts = [
            request.json["data"]["thread"]["body"]
            for request in receiver.requests
            if request.event == "convo.note.created" and request.json["data"]["conversationId"] == conversation_id
        ]
        assert texts == ["0", "1", "2", "3"]


async def test_changes_of_a_customer_within_two_seconds_are_one_event(line: Line) -> None:
    async with receiving() as receiver:
        await subscribe(line.client, receiver.url, "customer.updated", "customer.deleted")
        made = (await line.client.post("/v2/customers", json={"firstName": "Jane"})).json()
        path = f"/v2/customers/{made['id']}"
        await line.client.patch(path, json=[{"op": "replace", "path": "/lastName", "value": "Smith"}])
        await line.pass_time(1)
        await line.client.patch(path, json=[{"op": "replace", "path": "/jobTitle", "value": "Chief"}])
        await line.pass_time(0)
        assert receiver.requests == []
        await line.pass_time(3)
        [request] = receiver.requests
        data = request.json["data"]
        assert data["changedFields"] == ["jobTitle", "lastName"]
        assert (data["lastName"], data["jobTitle"]) == ("Smith", "Chief")
        assert {"phones", "properties", "updatedAt"} <= set(data)
        await line.client.patch(path, json=[{"op": "replace", "path": "/jobTitle", "value": "Other"}])
        await line.client.delete(path)
        await line.pass_time(3)
        assert receiver.events[1:] == ["customer.deleted"]


async def test_both_secrets_sign_for_a_day_after_a_change(line: Line) -> None:
    async with receiving() as receiver:
        webhook = await subscribe(line.client, receiver.url, "convo.created")
        rotated = await line.client.post(f"/v2/webhooks/{webhook['id']}/secret/rotate", json={"secret": "new"})
        assert rotated.status_code == 200
        await line.happen()
        await line.pass_time(0)
        await line.pass_time(86_401)
        await line.happen()
        await line.pass_time(0)
    during, after = receiver.requests
    assert during.headers["x-helpscout-signature"] == signing.signature(Profile.SEED, "new", during.body)
    assert during.headers["x-helpscout-signature-256"] == signing.signature_256(["new", SECRET], during.body)
    assert len(during.headers["webhook-signature"].split(" ")) == 2
    assert after.headers["x-helpscout-signature-256"] == signing.signature_256(["new"], after.body)


async def test_a_user_who_leaves_takes_the_subscriptions_along_until_they_are_taken_over(line: Line) -> None:
    from waypost.domains import accounts

    async with receiving() as receiver:
        administrator = await line.desk.client(line.account.administrator)
        webhook = await subscribe(administrator, receiver.url, "convo.created")
        async with line.desk.transactions.open() as tx:
            await accounts.deactivate_user(tx, line.account.owner.actor, line.account.administrator.id)
        await line.pass_time(0)
        await line.happen()
        await line.pass_time(0)
        assert receiver.requests == []
        assert (await line.webhook(webhook["id"]))["disabledReason"] == "the user it belongs to is not active"
        await line.client.patch(f"/v2/webhooks/{webhook['id']}", json={"state": "enabled"})
        await line.happen()
        await line.pass_time(0)
        assert receiver.events == ["convo.created"]


HOSTILE: list[tuple[str, Answer, str]] = [
    ("hangs", lambda _: receivers.hang, "timeout"),
    ("drips", lambda _: receivers.drip, "timeout"),
    ("lies about length", raw("200 OK", "Content-Length: 99"), "protocol"),
    ("sends a header of megabytes", raw("200 OK", "X: " + "x" * 100_000), "too-large"),
    ("talks nonsense", lambda _: receivers.raw(b"\x00\x01\x02\r\n\r\n"), "protocol"),
    ("closes at once", lambda _: receivers.raw(b""), "connect"),
]


@pytest.mark.parametrize(("answer", "error"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
async def test_each_misbehaviour_ends_in_a_state_that_says_so(
    line: Line, monkeypatch: pytest.MonkeyPatch, answer: Answer, error: str
) -> None:
    # The receiver's patience is tested with the real limit elsewhere; nobody waits for ten seconds here.
    monkeypatch.setattr(safe_http, "TOTAL_S", 0.5)
    async with receiving(answer) as hostile, receiving() as honest:
        bad = await subscribe(line.client, hostile.url, "convo.created")
        good = await subscribe(line.client, honest.url, "convo.created")
        await line.happen()
        await line.pass_time(0)
        assert [delivery["state"] for delivery in await line.deliveries(good["id"])] == ["delivered"]
        [delivery] = await line.deliveries(bad["id"], state="failed")
        [attempt] = await line.attempts(delivery)
        assert (attempt["error"], attempt.get("responseStatus")) == (error, None)
        assert attempt["errorDetail"]
        assert (await line.webhook(bad["id"]))["consecutiveFailures"] == 1


async def test_a_stream_without_end_is_cut_and_its_status_counts(line: Line) -> None:
    async with receiving(lambda _: receivers.stream) as flood:
        webhook = await subscribe(line.client, flood.url, "convo.created")
        await line.happen()
        await line.pass_time(0)
        [delivery] = await line.deliveries(webhook["id"])
        [attempt] = await line.attempts(delivery)
        assert (delivery["state"], len(attempt["responseBody"])) == ("delivered", 4096)


async def test_redirects_are_failures(line: Line) -> None:
    async with receiving() as inside, receiving(raw("302 Found", f"Location: {'http://127.0.0.1:1/'}")) as outside:
        webhook = await subscribe(line.client, outside.url, "convo.created")
        await line.happen()
        await line.pass_time(0)
        [delivery] = await line.deliveries(webhook["id"])
        [attempt] = await line.attempts(delivery)
        assert (delivery["state"], attempt["responseStatus"]) == ("failed", 302)
        assert inside.requests == []


async def test_an_address_that_turns_private_is_recorded_as_blocked(line: Line) -> None:
    async with receiving() as receiver:
        webhook = await subscribe(line.client, receiver.url, "convo.created")
        async with line.desk.connection() as connection:
            await connection.execute("update webhook set url = 'http://169.254.169.254/' where id = $1", webhook["id"])
        await line.happen()
        await line.pass_time(0)
        [delivery] = await line.deliveries(webhook["id"])
        [attempt] = await line.attempts(delivery)
        assert (delivery["state"], attempt["error"]) == ("failed", "blocked-address")


async def test_a_receiver_that_fails_is_left_alone_for_a_while(line: Line) -> None:
    async with receiving(500) as receiver:
        await subscribe(line.client, receiver.url, "convo.created")
        for _ in range(12):
            await line.happen()
        await line.pass_time(0)
        # The circuit opens after five quick failures; four were under way when the first one failed.
        assert len(receiver.requests) == 5
        await line.pass_time(29)
        assert len(receiver.requests) == 5
        await line.pass_time(2)
        assert len(receiver.requests) == 10
