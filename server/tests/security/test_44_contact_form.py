"""44: the contact form as a source of spam; 27: as a bomb of automatic answers; 28: as a way into mail's headers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk, desk_with, running_desk
from tests.edges.docs_site.asking import conversations_of, opened, send, stamp_in, with_form
from tests.edges.docs_site.center import Center, open_center
from tests.edges.mail_io.talks import HERE, Server, Talk, read
from waypost.domains.mailboxes import Mailbox

pytestmark = pytest.mark.anyio
HOSTILE = Path(__file__).parents[1] / "data" / "hostile"
AUTOMATIC = {
    "is_auto_reply_on": True,
    "auto_reply_subject": "We have got it",
    "auto_reply_body": "<p>Hello {%customer.firstName%}, thank you.</p>",
}


@pytest.fixture
async def center(module_desk: Desk) -> Center:
    center = await open_center(module_desk)
    await with_form(center)
    return center


class Mailed:
    """A site whose mailbox sends by the test's server."""

    def __init__(self, center: Center, mailbox: Mailbox, server: Server) -> None:
        self.center = center
        self.server = server
        self.talk = Talk(center.desk, center.account, mailbox, None, 0)  # type: ignore[arg-type]

    async def sent(self) -> list[Any]:
        """What has left after all work is done."""
        await self.center.desk.run_workers()
        return self.server.caught


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def mailed(database_url: str, tmp_path: Path, server: Server) -> AsyncIterator[Mailed]:
    changes: dict[str, Any] = {**HERE, "smtp_url": server.url, "contact_limit": 0}
    async with running_desk(database_url, tmp_path / "desk", **changes) as desk:
        center = await open_center(desk)
        mailbox = await desk.make.mailbox(center.account, "Acme Support", "support@acme.test")
        await center.change(hasContactForm=True, mailboxId=mailbox.id)
        made = Mailed(center, mailbox, server)
        await made.talk.connect(**AUTOMATIC)
        yield made


async def test_a_peer_begins_six_conversations_and_then_waits(center: Center) -> None:
    answers = [await send(center, email=f"jane{number}@example.org") for number in range(8)]
    assert [answer.status_code for answer in answers] == [303] * 6 + [429] * 2
    refused = answers[-1]
    assert 0 < int(refused.headers["retry-after"]) <= 12 * 60 * 60
    assert "Please try again later" in refused.text
    assert "Where is it?" in refused.text
    assert len(await conversations_of(center)) == 6


async def test_many_at_once_are_counted_like_one_after_the_other(center: Center) -> None:
    answers = await asyncio.gather(*(send(center, email=f"jane{number}@example.org") for number in range(12)))
    assert sorted(answer.status_code for answer in answers) == [303] * 6 + [429] * 6
    assert len(await conversations_of(center)) == 6


async def test_what_is_refused_for_a_mistake_takes_nothing_from_the_budget(center: Center) -> None:
    for _ in range(10):
        assert (await send(center, email="no address")).status_code == 422
    assert (await send(center)).status_code == 303


@desk_with(contact_limit=2, trusted_proxies=("127.0.0.1",))
async def test_a_sender_has_a_budget_wherever_it_comes_from(desk: Desk) -> None:
    center = await open_center(desk)
    await with_form(center)
    statuses = []
    for number in range(4):
        center.visitor.headers["X-Forwarded-For"] = f"192.0.2.{number}"
        statuses.append((await send(center, email="Jane@Example.org", message=str(number))).status_code)
    assert statuses == [303, 303, 429, 429]
    center.visitor.headers["X-Forwarded-For"] = "192.0.2.9"
    assert (await send(center, email="tom@example.org")).status_code == 303


@desk_with(contact_limit=2, trusted_proxies=("127.0.0.1",))
async def test_the_addresses_of_one_network_of_ipv6_are_one_peer(desk: Desk) -> None:
    center = await open_center(desk)
    await with_form(center)
    statuses = []
    for number in range(4):
        center.visitor.headers["X-Forwarded-For"] = f"2001:db8:1:2:{number}::{number}"
        statuses.append((await send(center, email=f"jane{number}@example.org")).status_code)
    assert statuses == [303, 303, 429, 429]


@desk_with(contact_limit=2)
async def test_made_up_headers_do_not_make_another_peer(desk: Desk) -> None:
    center = await open_center(desk)
    await with_form(center)
    statuses = []
    for number in range(3):
        for name in ("X-Forwarded-For", "X-Real-IP", "CF-Connecting-IP", "Forwarded"):
            center.visitor.headers[name] = f"192.0.2.{number}"
        statuses.append((await send(center, email=f"jane{number}@example.org")).status_code)
    assert statuses == [303, 303, 429]


async def test_a_field_that_people_do_not_see_stops_programs(center: Center) -> None:
    answer = await send(center, company_fax="https://spam.example")
    assert answer.status_code == 422
    assert "A hidden field that has to stay empty was filled in" in answer.text
    assert "spam.example" not in answer.text
    assert (await send(center, stamp=stamp_in(answer.text))).status_code == 303


async def test_nobody_types_in_no_time(center: Center) -> None:
    stamp = stamp_in(await center.page("/contact"))
    answer = await send(center, stamp=stamp)
    assert answer.status_code == 422
    assert "quicker than anybody types" in answer.text
    # The same form goes on counting from when it was opened.
    assert stamp_in(answer.text) == stamp
    assert await conversations_of(center) == []


@pytest.mark.parametrize("stamp", ["x", "x" * 8000, "AAAA", "\u00e9", "%00"])
async def test_a_stamp_cannot_be_made_up_nor_last_for_ever(center: Center, stamp: str) -> None:
    answer = await send(center, stamp=stamp)
    assert answer.status_code == 422
    assert "open for a long time" in answer.text
    # The fresh form is as good as any, once it is old enough.
    assert stamp_in(answer.text) != stamp


async def test_a_form_of_yesterday_is_given_again_with_all_that_was_typed(center: Center) -> None:
    answer = await send(center, stamp=await opened(center, ago_s=25 * 60 * 60), stampless="")
    assert answer.status_code == 303
    from waypost.edges.docs_site.handlers.contact import PURPOSE, Stamp
    from waypost.kit import signed_links

    now = center.desk.transactions.clock()
    old = Stamp(center.account.id, center.site["id"], int(now.timestamp()) - 90_000, b"x")
    expired = signed_links.sign(center.desk.context.secret_key, PURPOSE, old, now - timedelta(hours=1))
    answer = await send(center, stamp=expired)
    assert answer.status_code == 422
    assert "Where is it?" in answer.text


async def test_forged_addresses_are_not_bombed_with_automatic_answers(mailed: Mailed) -> None:
    for number in range(5):
        answer = await send(mailed.center, email="victim@example.org", message=f"Buy this {number}")
        assert answer.status_code == 303
    caught = await mailed.sent()
    assert [one.rcpt_tos for one in caught] == [["victim@example.org"]]
    assert b"Buy this" not in caught[0].content
    assert b"Where is it" not in caught[0].content


@pytest.mark.parametrize("email", ["no-reply@example.org", "MAILER-DAEMON@example.org", "bounces+x@example.org"])
async def test_addresses_that_nobody_reads_are_not_answered_by_a_program(mailed: Mailed, email: str) -> None:
    assert (await send(mailed.center, email=email)).status_code == 303
    assert await mailed.sent() == []


async def test_a_reply_leaves_from_the_mailbox_and_holds_nothing_that_was_not_meant(mailed: Mailed) -> None:
    typed = {
        "name": "Jane\r\nBcc: all@acme.test\r\n\r\n<b>Smith</b>",
        "subject": "Hello\r\nBcc: all@acme.test\nX-Spam: no\r\n\r\nbody\u2028Cc: x@y.example",
        "message": "Hello\r\n.\r\nMAIL FROM:<x@y.example>",
    }
    files = [("files", ('a"\r\nContent-Type: text/html.txt', b"x", "text/html; name=x"))]
    assert (await send(mailed.center, files=files, **typed)).status_code == 303
    [made] = await conversations_of(mailed.center)
    client = await mailed.center.desk.client(mailed.center.account.owner)
    replied = await client.post(f"/v2/conversations/{made['id']}/reply", json={"text": "It is on its way."})
    assert replied.status_code == 201
    automatic, reply = sorted(await mailed.sent(), key=lambda one: one.mail_from or "")

    assert automatic.rcpt_tos == reply.rcpt_tos == ["jane@example.org"]
    assert reply.mail_from == "support@acme.test"
    for one in (automatic, reply):
        message = read(one.content)
        assert message["Bcc"] is None
        assert message["Cc"] is None
        assert message["X-Spam"] is None
        assert len(message.get_all("To", [])) == 1
    assert "support@acme.test" in read(reply.content)["From"]
    assert "Hello Bcc: all@acme.test" in read(reply.content)["Subject"]


async def test_slow_senders_of_large_forms_leave_room_for_others(center: Center) -> None:
    head = (
        f"POST /contact HTTP/1.1\r\nHost: {center.host}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {30 * 1024 * 1024}\r\n\r\n--x\r\n"
    )
    port = int(center.host.rpartition(":")[2])
    first, second = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    for _, writer in (first, second):
        writer.write(head.encode())
        await writer.drain()
    # One of the two is waited for; the other is told at once, and so learns that there is no room.
    waiting = [asyncio.create_task(reader.readline()) for reader, _ in (first, second)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result().split()[1] for task in done] == [b"503"]
    # Ordinary messages go on.
    assert (await send(center)).status_code == 303
    for task in waiting:
        task.cancel()
    for _, writer in (first, second):
        writer.close()


def strings() -> list[str]:
    found: list[str] = []
    for file in sorted(HOSTILE.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            record = json.loads(line or '""')
            if isinstance(record, dict):
                record = next((value for value in record.values() if isinstance(value, str)), "")
            if record and isinstance(record, str):
                found.append(record)
    return found


@desk_with(contact_limit=0)
async def test_hostile_input_in_every_field_is_no_fault_and_no_html(desk: Desk) -> None:
    center = await open_center(desk)
    await with_form(center)
    hostile = strings()
    assert len(hostile) > 300
    together = [" ".join(hostile[at : at + 12]) for at in range(0, len(hostile), 12)]
    for number, text in enumerate(together):
        name = text.encode("utf-8", "replace").decode()[:60]
        answer = await send(
            center,
            name=name,
            subject=name,
            message=text.encode("utf-8", "replace").decode(),
            email=f"jane{number}@example.org" if number % 3 else name,
            files=[("files", (name.replace("\x00", ""), text.encode("utf-8", "replace"), "image/svg+xml"))],
        )
        assert answer.status_code in (303, 400, 422), (number, answer.status_code)
        lowered = answer.text.lower()
        assert lowered.count("<script") == (0 if answer.status_code == 303 else lowered.count("<script src=")), number
        assert "<img" not in lowered, number
    for made in await conversations_of(center):
        [thread] = made["_embedded"]["threads"]
        assert "<img" not in thread["body"].lower()
        assert "<script" not in thread["body"].lower()
