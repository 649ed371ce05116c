"""Pausing a mailbox's mail, its names and addresses, and who may do any of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.channel_calls import IMAP, SECRETS, Box, new_box
from tests.edges.inbox_v2.customer_calls import assert_refused
from waypost.kit.errors import Conflict

pytestmark = pytest.mark.anyio


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def box(desk: Desk) -> Box:
    return await new_box(desk)


# ---------------------------------------------------------------- pausing, aliases, names


async def test_pausing_and_resuming_twice_is_done_once(box: Box) -> None:
    for action, paused in (("pause", True), ("pause", True), ("resume", False), ("resume", False)):
        assert (await box.client.post(f"{box.path}/{action}")).status_code == 204
        assert (await box.get())["paused"] is paused
    assert await box.changes() == [["paused"], ["paused"]]


async def test_aliases_are_added_listed_and_removed(box: Box) -> None:
    added = await box.client.post(f"{box.path}/aliases", json={"email": f"Ä+{box.mailbox.id}@Example.com"})
    again = await box.client.post(f"{box.path}/aliases", json={"email": f"ä+{box.mailbox.id}@example.com"})
    email = f"Ä+{box.mailbox.id}@example.com"
    assert (added.status_code, added.json()["email"], again.json()["email"]) == (201, email, email)
    own = added.headers["location"]
    assert own.endswith(f"/aliases/%C3%84+{box.mailbox.id}@example.com")

    listed = (await box.client.get(f"{box.path}/aliases")).json()
    assert listed["_embedded"]["aliases"] == [{"email": email, "_links": {"self": {"href": own}}}]

    assert (await box.client.delete(own)).status_code == 204
    assert (await box.client.delete(own)).status_code == 404
    assert (await box.get())["aliases"] == []
    assert await box.changes() == [["aliases"], ["aliases"]]


async def test_an_address_reaches_one_mailbox_of_the_whole_installation(box: Box) -> None:
    other = await box.desk.make.mailbox(box.account, "Sales")
    stranger = await box.desk.make.account("Strangers")
    foreign = await box.desk.make.mailbox(stranger)
    alias = f"shared{box.mailbox.id}@example.com"
    theirs = await box.desk.client(stranger.owner)
    assert (await theirs.post(f"/v2/mailboxes/{foreign.id}/channel/aliases", json={"email": alias})).status_code == 201

    for taken in (other.email.upper(), foreign.email, alias, alias.upper()):
        answers = (
            await box.client.post(f"{box.path}/aliases", json={"email": taken}),
            await box.patch({"aliases": ["fine@example.com", taken]}),
            await box.client.patch(f"/v2/mailboxes/{box.mailbox.id}", json={"email": taken}),
        )
        for answer, path in zip(answers, ("email", "aliases[1]", "email"), strict=True):
            assert_refused(answer, path, status=409)
            assert "Strangers" not in answer.text
    for answer in (
        await box.client.post(f"{box.path}/aliases", json={"email": box.mailbox.email.upper()}),
        await box.patch({"aliases": [box.mailbox.email]}),
    ):
        assert answer.status_code == 422
    assert await box.changes() == []


async def test_a_new_mailbox_gets_no_address_that_reaches_another(box: Box) -> None:
    alias = f"first{box.mailbox.id}@example.com"
    await box.change(aliases=[alias])
    stranger = await box.desk.make.account("Strangers")
    for account, email in ((box.account, box.mailbox.email.upper()), (box.account, alias), (stranger, alias)):
        with pytest.raises(Conflict, match="reaches another mailbox"):
            await box.desk.make.mailbox(account, email=email)


async def test_two_who_take_the_same_address_at_once_do_not_both_get_it(box: Box) -> None:
    boxes = [box.mailbox, *[await box.desk.make.mailbox(box.account) for _ in range(4)]]
    body = {"email": f"wanted{box.mailbox.id}@example.com"}
    answers = await asyncio.gather(
        *(box.client.post(f"/v2/mailboxes/{one.id}/channel/aliases", json=body) for one in boxes)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_changes_at_the_same_time_lose_nothing(box: Box) -> None:
    emails = [f"many{n}.{box.mailbox.id}@example.com" for n in range(8)]
    await asyncio.gather(
        *(box.client.post(f"{box.path}/aliases", json={"email": email}) for email in emails),
        box.patch({"undoSeconds": 11}),
        box.patch({"signature": "Bye"}),
    )
    found = await box.get()
    assert sorted(found["aliases"]) == sorted(emails)
    assert (found["undoSeconds"], found["signature"]) == (11, "Bye")


async def test_a_mailbox_is_renamed_and_gets_another_address(box: Box) -> None:
    path, email = f"/v2/mailboxes/{box.mailbox.id}", f"new{box.mailbox.id}@Example.com"
    assert (await box.client.patch(path, json={"name": " Help\r\ndesk ", "email": email})).status_code == 204
    found = (await box.client.get(path)).json()
    assert (found["name"], found["email"]) == ("Help desk", f"new{box.mailbox.id}@example.com")

    assert (
        await box.client.patch(path, json=[{"op": "replace", "path": "/name", "value": "Help desk"}])
    ).status_code == 204
    assert await box.changes() == [["name", "email"]]

    assert_refused(await box.client.patch(path, json={"name": " "}), "name")
    assert_refused(await box.client.patch(path, json={"name": "x" * 256}), "name")
    assert_refused(await box.client.patch(path, json={"email": "x"}), "email")
    assert_refused(await box.client.patch(path, json={"email": None}), "email")
    assert_refused(await box.client.patch(path, json=[{"op": "replace", "path": "/slug", "value": "x"}]), "[0].path")


async def test_an_alias_becomes_the_address_only_after_it_is_removed(box: Box) -> None:
    alias = f"next{box.mailbox.id}@example.com"
    await box.change(aliases=[alias])
    path = f"/v2/mailboxes/{box.mailbox.id}"
    answer = await box.client.patch(path, json={"email": alias})
    assert_refused(answer, "email", status=409)
    assert "remove that first" in answer.text
    await box.change(aliases=[])
    assert (await box.client.patch(path, json={"email": alias})).status_code == 204


# ---------------------------------------------------------------- rights


CALLS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PUT", "", {}),
    ("PATCH", "", {"signature": "x"}),
    ("POST", "/test", {}),
    ("POST", "/pause", None),
    ("POST", "/resume", None),
    ("POST", "/dkim", {"algorithm": "ed25519"}),
    ("POST", "/inbound-key", None),
    ("DELETE", "/inbound-key", None),
    ("GET", "/aliases", None),
    ("POST", "/aliases", {"email": "mine@example.com"}),
    ("DELETE", "/aliases/mine@example.com", None),
]


async def test_those_who_work_in_the_mailbox_may_not_see_or_change_how_it_is_connected(box: Box) -> None:
    member = await box.desk.make.user(box.account, mailboxes=[box.mailbox])
    client = await box.desk.client(member)
    for method, path, body in [*CALLS, ("PATCH", "/..", {"name": "x"})]:
        where = box.path + path if path != "/.." else f"/v2/mailboxes/{box.mailbox.id}"
        answer = await client.request(method, where, json=body)
        assert answer.status_code == 403, (method, path, answer.text)
    assert await box.changes() == []


async def test_for_all_others_there_is_no_such_mailbox(box: Box) -> None:
    stranger = await box.desk.make.account("Strangers")
    for who in (box.account.user, stranger.owner):
        client = await box.desk.client(who)
        for method, path, body in CALLS:
            answer = await client.request(method, box.path + path, json=body)
            assert answer.status_code == 404, (method, path, answer.text)


async def test_the_owner_may(box: Box) -> None:
    client = await box.desk.client(box.account.owner)
    assert (await client.get(box.path)).status_code == 200


async def test_changes_stand_in_the_audit_trail_without_what_they_are(box: Box) -> None:
    await box.change(incoming=IMAP, signature="between us")
    await box.desk.run_workers()
    owner = await box.desk.client(box.account.owner)
    trail = (await owner.get("/v2/audit?type=mailbox.updated")).text
    assert '"changed":["incoming","signature"]' in trail.replace(" ", "")
    assert not any(word in trail for word in ("imap.example.com", "me@example.com", "between us", *SECRETS))
