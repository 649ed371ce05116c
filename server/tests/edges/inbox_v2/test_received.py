"""Where is my mail: what came into a mailbox, what became of it, and having it read again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.mail_io.incoming import letter, subjects, take_in
from tests.make import AccountMade
from waypost.domains import mail
from waypost.domains.mail import Bookmark, Envelope, store_folders
from waypost.domains.mailboxes import Mailbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def account(module_desk: Desk) -> AccountMade:
    return await module_desk.make.account()


@pytest.fixture
async def mailbox(module_desk: Desk, account: AccountMade) -> Mailbox:
    return await module_desk.make.mailbox(account, users=[account.user])


async def _list(desk: Desk, account: AccountMade, mailbox: Mailbox, **query: Any) -> list[dict[str, Any]]:
    client = await desk.client(account.user)
    answer = await client.get(f"/v2/mailboxes/{mailbox.id}/received", params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["page"]["totalElements"] == len(body["_embedded"]["received"])
    return list(body["_embedded"]["received"])


async def _fail(desk: Desk, mailbox: Mailbox) -> None:
    async with desk.connection() as connection:
        await connection.execute(
            "update mail_intake set state = 'failed', attempts = 3, last_error = 'Fault: words' where mailbox_id = $1",
            mailbox.id,
        )


async def test_a_mail_is_found_by_its_id_before_and_after_it_was_read(
    module_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    envelope = Envelope(mail_from="a@b.test", recipients=("c@d.test",), folder="INBOX", uid=4, peer="mx.test")
    await take_in(module_desk, account, mailbox, letter(1), envelope=envelope)
    await take_in(module_desk, account, mailbox, letter(2))
    (waiting,) = await _list(module_desk, account, mailbox, messageId="1@example.org")
    base = module_desk.base_url
    own = f"{base}/v2/mailboxes/{mailbox.id}/received/{waiting['id']}"
    assert waiting == {
        "id": waiting["id"],
        "channel": "http",
        "state": "waiting",
        "messageId": "<1@example.org>",
        "subject": "Letter 1",
        "sender": "ann1@example.org",
        "size": len(letter(1)),
        "receivedAt": waiting["receivedAt"],
        "nextAttemptAt": waiting["receivedAt"],
        "attempts": 0,
        "warnings": [],
        "mailFrom": "a@b.test",
        "recipients": ["c@d.test"],
        "folder": "INBOX",
        "uid": 4,
        "_links": {"self": {"href": own}, "mailbox": {"href": f"{base}/v2/mailboxes/{mailbox.id}"}},
    }
    await module_desk.run_workers()
    (done,) = await _list(module_desk, account, mailbox, messageId="<1@example.org>", state="done")
    assert (done["state"], done["outcome"]) == ("done", "conversation")
    assert done["_links"]["conversation"]["href"] == f"{base}/v2/conversations/{done['conversationId']}"
    assert {"threadId", "settledAt"} <= done.keys()
    assert not {"nextAttemptAt", "error"} & done.keys()
    client = await module_desk.client(account.user)
    assert (await client.get(f"/v2/mailboxes/{mailbox.id}/received/{done['id']}")).json() == done
    assert await _list(module_desk, account, mailbox, messageId="3@example.org") == []
    assert [item["subject"] for item in await _list(module_desk, account, mailbox)] == ["Letter 2", "Letter 1"]


async def test_what_failed_is_listed_and_read_again_by_administrators(
    module_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    await take_in(module_desk, account, mailbox, letter(1), letter(2))
    await _fail(module_desk, mailbox)
    failed = await _list(module_desk, account, mailbox, state="failed")
    assert [(item["attempts"], item["error"]) for item in failed] == [(3, "Fault: words")] * 2
    path = f"/v2/mailboxes/{mailbox.id}/received"
    user, owner = await module_desk.client(account.user), await module_desk.client(account.owner)
    assert (await user.post(f"{path}/{failed[1]['id']}/retry")).status_code == 403
    assert (await user.post(f"{path}/retry")).status_code == 403
    assert (await owner.post(f"{path}/{failed[1]['id']}/retry")).status_code == 204
    await module_desk.run_workers()
    assert await subjects(module_desk, mailbox) == ["Letter 1"]
    assert (await owner.post(f"{path}/{failed[1]['id']}/retry")).status_code == 409
    again = await owner.post(f"{path}/retry")
    assert (again.status_code, again.json()) == (200, {"retried": 1})
    await module_desk.run_workers()
    assert await subjects(module_desk, mailbox) == ["Letter 1", "Letter 2"]


async def test_the_status_tells_of_folders_in_words(module_desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    await take_in(module_desk, account, mailbox, letter(1))
    async with module_desk.transactions.open() as tx:
        bookmark = Bookmark(mailbox.id, "INBOX", "u@h:143", 7, 5, None, 1)
        await store_folders.put(tx.connection, account.id, bookmark, tx.now)
        await mail.folders.advance(tx, account.id, bookmark, 12)
        await mail.folders.note_failure(tx, account.id, (mailbox.id, "INBOX"), "the server is away")
    client = await module_desk.client(account.user)
    told = (await client.get(f"/v2/mailboxes/{mailbox.id}/received/status")).json()
    (folder,) = told["folders"]
    assert (told["waiting"], told["failed"]) == (1, 0)
    assert folder == {
        "folder": "INBOX",
        "isFailing": True,
        "behind": 12,
        "failures": 1,
        "connectedAt": folder["connectedAt"],
        "succeededAt": None,
        "failedAt": folder["failedAt"],
        "error": "the server is away",
    }
    assert told["_links"]["received"]["href"].endswith(f"/v2/mailboxes/{mailbox.id}/received")


async def test_foreign_mailboxes_and_bad_values_are_told_as_such(
    module_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    await take_in(module_desk, account, mailbox, letter(1))
    (item,) = await _list(module_desk, account, mailbox)
    hidden = await module_desk.make.mailbox(account)
    client = await module_desk.client(account.user)
    for path in ("", "/status", f"/{item['id']}"):
        assert (await client.get(f"/v2/mailboxes/{hidden.id}/received{path}")).status_code == 404
    assert (await client.get(f"/v2/mailboxes/{mailbox.id}/received/{2**40}")).status_code == 404
    bad = await client.get(f"/v2/mailboxes/{mailbox.id}/received", params={"state": "lost"})
    assert bad.status_code == 400
    assert bad.json()["_embedded"]["errors"][0]["path"] == "state"
