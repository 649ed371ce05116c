"""Webhook subscriptions over HTTP (spec: 11.13; webhooks 4, 5, 9)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.desk import Desk, desk_with
from tests.make import AccountMade
from waypost.domains.accounts import Dialect
from waypost.domains.webhooks import MASK, SPELLINGS

pytestmark = pytest.mark.anyio

PATH = "/v2/webhooks"
URL = "https://yourapp.com/helpscout-webhook"
SENT: dict[str, Any] = {
    "url": URL,
    "events": ["convo.assigned", "convo.created", "convo.status", "customer.created"],
    "secret": "your-webhook-secret",
    "payloadVersion": "V2",
    "label": "Main App Webhook",
}


@pytest.fixture
async def account(module_desk: Desk) -> AccountMade:
    return await module_desk.make.account()


@pytest.fixture
async def client(module_desk: Desk, account: AccountMade) -> httpx.AsyncClient:
    return await module_desk.client(account.owner)


def refused(answer: httpx.Response, *paths: str, status: int = 422) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["message"] == "Validation failed"
    assert [error["path"] for error in answer.json()["_embedded"]["errors"]] == list(paths)


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post(PATH, json={**SENT, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_the_seeds_example(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json=SENT)

    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["resource-id"] == str(body["id"])
    assert answer.headers["location"].endswith(f"/v2/webhooks/{body['id']}")
    assert answer.headers["content-type"] == "application/hal+json"
    assert {key: body[key] for key in ("url", "events", "state", "label", "payloadVersion", "notification")} == {
        "url": URL,
        "events": SENT["events"],
        "state": "enabled",
        "label": "Main App Webhook",
        "payloadVersion": "V2",
        "notification": False,
    }
    assert body["mailboxIds"] == []
    assert body["createdAt"].endswith("Z")
    assert (body["profile"], body["retryPolicy"], body["ordered"], body["includeSpam"]) == (
        "seed",
        "fast",
        False,
        False,
    )
    assert "disabledReason" not in body
    found = (await client.get(f"{PATH}/{body['id']}")).json()
    assert found == {**body, "secret": SENT["secret"]}
    assert SENT["secret"] not in answer.text


async def test_the_list_is_a_page_under_webhooks(client: httpx.AsyncClient) -> None:
    empty = (await client.get(PATH)).json()
    assert (empty["_embedded"], empty["page"]["totalElements"], empty["page"]["size"]) == ({"webhooks": []}, 0, 50)
    ids = [(await made(client))["id"] for _ in range(3)]
    listed = (await client.get(PATH, params={"limit": 2, "page": 2})).json()
    assert [item["id"] for item in listed["_embedded"]["webhooks"]] == ids[2:]
    assert listed["page"] == {"size": 2, "totalElements": 3, "totalPages": 2, "number": 2}
    refused(await client.get(PATH, params={"page": "x"}), "page", status=400)


async def test_everything_missing_or_wrong_is_named(module_desk: Desk, client: httpx.AsyncClient) -> None:
    refused(await client.post(PATH, json={}), "url", "events", "secret")
    wrong = {
        "url": "x",
        "events": ["convo.created", "convo.exploded"],
        "secret": "s" * 41,
        "label": "l" * 256,
        "payloadVersion": "V3",
        "mailboxIds": [999_999],
        "state": "asleep",
        "profile": "other",
        "retryPolicy": "never",
    }
    refused(
        await client.post(PATH, json=wrong),
        "url", "events[1]", "secret", "label", "payloadVersion", "mailboxIds[0]", "state", "profile", "retryPolicy",
    )  # fmt: skip
    refused(await client.post(PATH, json={**SENT, "events": []}), "events")
    refused(await client.post(PATH, json={**SENT, "url": None, "secret": ""}), "url", "secret")
    refused(
        await client.post(PATH, json={**SENT, "events": "convo.created", "mailboxIds": ["x"], "notification": "x"}),
        "events", "notification", "mailboxIds[0]",
    )  # fmt: skip
    assert (await client.get(PATH)).json()["page"]["totalElements"] == 0


async def test_a_secret_is_not_sent_back_with_its_refusal(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json={**SENT, "secret": "hush" * 11})
    refused(answer, "secret")
    assert "hush" not in answer.text


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:127.0.0.1]/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://user:password@hooks.example/",
        "https://hooks.example:22/",
        "ftp://hooks.example/",
        "hooks.example",
        "https://" + "h" * 250 + ".example/",
    ],
)
async def test_addresses_that_may_not_be_called_are_refused(client: httpx.AsyncClient, url: str) -> None:
    refused(await client.post(PATH, json={**SENT, "url": url}), "url")
    webhook = await made(client)
    refused(await client.put(f"{PATH}/{webhook['id']}", json={**SENT, "url": url}), "url")
    refused(await client.patch(f"{PATH}/{webhook['id']}", json={"url": url}), "url")


@desk_with(outgoing_allow=("127.0.0.1:9000", "hooks.internal"), allow_insecure_webhooks=True)
async def test_settings_allow_addresses_of_ones_own(desk: Desk) -> None:
    client = await desk.client((await desk.make.account()).owner)
    await made(client, url="http://127.0.0.1:9000/hook")
    await made(client, url="http://hooks.internal:1234/hook")
    refused(await client.post(PATH, json={**SENT, "url": "http://127.0.0.1:9001/hook"}), "url")


async def test_every_spelling_of_every_event_is_taken_and_kept_as_given(client: httpx.AsyncClient) -> None:
    names = list(SPELLINGS)
    webhook = await made(client, events=[*names, "convo.created"])
    assert webhook["events"] == names
    listed = (await client.get(f"{PATH}/events")).json()["_embedded"]["events"]
    assert sorted(spelling for event in listed for spelling in (event["name"], *event["aliases"])) == sorted(names)
    by_name = {event["name"]: event for event in listed}
    assert by_name["satisfaction.ratings.received"]["aliases"] == ["satisfaction.ratings"]
    assert by_name["convo.created"]["isLimitedByMailboxes"] is True
    assert by_name["customer.created"]["isLimitedByMailboxes"] is False
    assert all(event["description"] and event["group"] for event in listed)


async def test_the_catalogue_holds_every_name_of_the_specification() -> None:
    assert set(SPELLINGS) == set(
        """convo.assigned convo.created convo.deleted convo.merged convo.moved convo.status convo.tags.added
        convo.tags.removed convo.customer.reply.created convo.agent.reply.created convo.note.created customer.created
        customer.updated customer.deleted satisfaction.ratings.received beacon.chat.created
        beacon.chat.customer.reply.created survey.response.received tag.created tag.updated tag.deleted convo.tags
        convo.custom-fields satisfaction.ratings beacon.chat.customer.replied message.survey.response.received
        beacon.chat.agent.replied beacon.chat.assigned beacon.chat.unassigned beacon.chat.ended organization.created
        organization.updated organization.deleted user.status.changed helpscout.test""".split()
    )


async def test_an_old_payload_version_becomes_the_present_one(client: httpx.AsyncClient) -> None:
    assert [(await made(client, payloadVersion=version))["payloadVersion"] for version in ("V1", "v2", None)] == (
        ["V2"] * 3
    )


async def test_the_profile_is_the_dialect_of_whoever_subscribes(module_desk: Desk, account: AccountMade) -> None:
    platform = await module_desk.client(await module_desk.make.token(account.owner, Dialect.PLATFORM))
    seed = await module_desk.client(account.owner)
    php = {"User-Agent": "Help Scout PHP API Client/3.0 (PHP 8)"}
    header = {"X-HelpScout-Webhook-Profile": "platform"}
    profiles = [
        (await asking.post(PATH, json={**SENT, **body}, headers=headers)).json()["profile"]
        for asking, headers, body in (
            (seed, {}, {}),
            (platform, {}, {}),
            (seed, php, {}),
            (seed, header, {}),
            (platform, {"X-HelpScout-Webhook-Profile": "seed"}, {}),
            (seed, {}, {"profile": "platform"}),
            (seed, header, {"profile": "seed"}),
        )
    ]
    assert profiles == ["seed", "platform", "platform", "platform", "seed", "platform", "platform"]
    refused(await seed.post(PATH, json=SENT, headers={"X-HelpScout-Webhook-Profile": "both"}), "profile")
    refused(await platform.post(PATH, json={}), "url", "events", "secret", status=400)


async def test_replacing_keeps_what_the_platform_does_not_know_and_the_secret(
    module_desk: Desk, account: AccountMade, client: httpx.AsyncClient
) -> None:
    mailbox = await module_desk.make.mailbox(account)
    webhook = await made(
        client, mailboxIds=[mailbox.id], notification=True, profile="platform", retryPolicy="extended", ordered=True
    )
    path = f"{PATH}/{webhook['id']}"

    answer = await client.put(path, json={"url": URL + "/2", "events": ["tag.created"]})

    assert (answer.status_code, answer.content) == (204, b"")
    after = (await client.get(path)).json()
    assert (after["url"], after["events"], after["label"]) == (URL + "/2", ["tag.created"], "")
    assert (after["mailboxIds"], after["notification"]) == ([], False)
    assert (after["profile"], after["retryPolicy"], after["ordered"]) == ("platform", "extended", True)
    assert after["secret"] == SENT["secret"]
    assert (await client.put(path, json={**SENT, "secret": MASK})).status_code == 204
    assert (await client.get(path)).json()["secret"] == SENT["secret"]
    assert (await client.put(path, json={**SENT, "secret": "another"})).status_code == 204
    assert (await client.get(path)).json()["secret"] == "another"
    refused(await client.put(path, json={"secret": "x"}), "url", "events")


async def test_parts_are_changed_by_operations_or_an_object(client: httpx.AsyncClient) -> None:
    webhook = await made(client)
    path = f"{PATH}/{webhook['id']}"
    operations = [
        {"op": "replace", "path": "/label", "value": "Other"},
        {"op": "replace", "path": "/events", "value": ["tag.created"]},
        {"op": "replace", "path": "/ordered", "value": True},
    ]
    assert (await client.patch(path, json=operations)).status_code == 204
    assert (await client.patch(path, json={"op": "replace", "path": "/state", "value": "disabled"})).status_code == 204
    after = (await client.get(path)).json()
    assert (after["label"], after["events"], after["ordered"], after["url"]) == ("Other", ["tag.created"], True, URL)
    assert (after["state"], after["disabledReason"]) == ("disabled", "requested")
    assert after["disabledAt"].endswith("Z")
    assert (await client.patch(path, json={"state": "enabled", "label": None})).status_code == 204
    after = (await client.get(path)).json()
    assert (after["state"], after["label"]) == ("enabled", "")
    assert "disabledReason" not in after
    assert (await client.patch(path, json=[{"op": "remove", "path": "/events"}])).status_code == 422
    wrong = [
        {"op": "replace", "path": "/secrets", "value": 1},
        {"op": "replace", "path": "/label", "value": 1},
    ]
    refused(
        await client.patch(path, json=wrong),
        "[0].path", "[1].value",
    )  # fmt: skip
    refused(await client.patch(path, json={"events": [1], "ordered": "x"}), "events[0]", "ordered")
    assert (await client.patch(path, json="x")).status_code == 400


async def test_ending_one(client: httpx.AsyncClient) -> None:
    path = f"{PATH}/{(await made(client))['id']}"
    answer = await client.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.delete(path)).status_code == 404
    assert (await client.get(path)).status_code == 404
    assert (await client.put(path, json=SENT)).status_code == 404


async def test_the_secret_is_shown_to_the_application_that_made_it_alone(
    module_desk: Desk, account: AccountMade, client: httpx.AsyncClient
) -> None:
    webhook = await made(client)
    path = f"{PATH}/{webhook['id']}"
    assert (await client.get(path)).json()["secret"] == SENT["secret"]
    assert (await client.get(PATH)).json()["_embedded"]["webhooks"][0]["secret"] == MASK
    administrator = await module_desk.client(account.administrator)
    other = await module_desk.client(await module_desk.make.token(account.owner, Dialect.PLATFORM))
    for somebody in (administrator, other):
        answer = await somebody.get(path)
        assert answer.json()["secret"] == MASK
        assert SENT["secret"] not in answer.text
    async with module_desk.connection() as connection:
        row = await connection.fetchrow("select * from webhook where id = $1", webhook["id"])
        assert SENT["secret"] not in repr(dict(row))


async def test_a_new_secret_is_shown_once_and_the_old_one_signs_for_a_day(client: httpx.AsyncClient) -> None:
    path = f"{PATH}/{(await made(client))['id']}"
    answer = await client.post(f"{path}/secret/rotate")
    assert answer.status_code == 200, answer.text
    assert answer.json()["secret"] not in ("", SENT["secret"])
    assert len(answer.json()["secret"]) <= 40
    assert answer.json()["previousSecretUntil"].endswith("Z")
    chosen = await client.post(f"{path}/secret/rotate", json={"secret": "chosen"})
    assert chosen.json()["secret"] == "chosen"
    refused(await client.post(f"{path}/secret/rotate", json={"secret": "s" * 41}), "secret")
    refused(await client.post(f"{path}/secret/rotate", json={"secret": 1}), "secret")


async def test_an_account_has_fifty_at_most(client: httpx.AsyncClient) -> None:
    for _ in range(50):
        await made(client)
    answer = await client.post(PATH, json=SENT)
    assert (answer.status_code, answer.json()["message"]) == (409, "An account has at most 50 webhooks")


async def test_users_manage_their_own_and_administrators_all(module_desk: Desk, account: AccountMade) -> None:
    mailbox = await module_desk.make.mailbox(account)
    user, administrator = await module_desk.client(account.user), await module_desk.client(account.administrator)
    own, foreign = await made(user), await made(administrator)

    assert [item["id"] for item in (await user.get(PATH)).json()["_embedded"]["webhooks"]] == [own["id"]]
    assert (await user.get(f"{PATH}/{foreign['id']}")).status_code == 404
    assert (await user.delete(f"{PATH}/{foreign['id']}")).status_code == 404
    assert (await administrator.get(PATH)).json()["page"]["totalElements"] == 2
    assert (await administrator.get(f"{PATH}/{own['id']}")).status_code == 200
    # A mailbox that the caller names and may not see is forbidden (spec: 5.1).
    assert (await user.post(PATH, json={**SENT, "mailboxIds": [mailbox.id]})).status_code == 403


async def test_what_happens_to_webhooks_is_in_the_audit_trail_without_secrets(
    module_desk: Desk, account: AccountMade, client: httpx.AsyncClient
) -> None:
    webhook = await made(client)
    await client.patch(f"{PATH}/{webhook['id']}", json={"label": "New", "secret": "other-secret"})
    await client.patch(f"{PATH}/{webhook['id']}", json={"label": "New", "secret": "other-secret"})
    await client.post(f"{PATH}/{webhook['id']}/secret/rotate")
    await client.delete(f"{PATH}/{webhook['id']}")
    async with module_desk.connection() as connection:
        rows = await connection.fetch(
            "select type, data from event where account_id = $1 and subject_kind = 'webhook' order by id", account.id
        )
    assert [row["type"] for row in rows] == [
        "webhook.created", "webhook.updated", "webhook.secret_rotated", "webhook.deleted",
    ]  # fmt: skip
    assert rows[1]["data"]["changed"] == ["label", "secret"]
    assert "other-secret" not in repr(rows)
