"""Definitions are checked completely when they are written: each mistake with its place (spec: 5.3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from tests.office import NOTE, Office, build, errors_of

pytestmark = pytest.mark.anyio

CONDITION = "conditions[0].any[0]"
BAD_CONDITIONS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {"field": "must be one of"}),
    ({"field": "weather", "operator": "is", "value": "x"}, {"field": "must be one of"}),
    ({"field": "subject", "operator": "is like", "value": "x"}, {"operator": "must be one of"}),
    ({"field": "status", "operator": "contains", "value": "x"}, {"operator": "must be one of"}),
    ({"field": "subject", "operator": "contains"}, {"value": "must be a string"}),
    ({"field": "subject", "operator": "contains", "value": "  "}, {"value": "may not be empty"}),
    ({"field": "subject", "operator": "contains", "value": "x" * 501}, {"value": "size must be between 1 and 500"}),
    ({"field": "subject", "operator": "contains", "value": []}, {"value": "may not be empty"}),
    ({"field": "subject", "operator": "contains", "value": ["a", 7]}, {"value[1]": "must be a string"}),
    ({"field": "subject", "operator": "matches", "value": "("}, {"value": "is not a regular expression"}),
    ({"field": "body", "operator": "notMatches", "value": "(a{1000}){1000}"}, {"value": "is not a regular expression"}),
    ({"field": "tags", "operator": "matches", "value": ["a", "[z"]}, {"value[1]": "is not a regular expression"}),
    ({"field": "status", "operator": "is", "value": "open"}, {"value": "must be one of 'active'"}),
    ({"field": "type", "operator": "is", "value": ["email", "fax"]}, {"value[1]": "must be one of 'chat'"}),
    ({"field": "event", "operator": "is", "value": "sunrise"}, {"value": "must be one of 'newConversation'"}),
    ({"field": "assignee", "operator": "is", "value": 999_999_999}, {"value": "user does not exist"}),
    ({"field": "assignee", "operator": "is", "value": "me"}, {"value": "invalid identifier"}),
    ({"field": "user", "operator": "is", "value": None}, {"value": "invalid identifier"}),
    ({"field": "mailbox", "operator": "is", "value": 999_999_999}, {"value": "mailbox does not exist"}),
    ({"field": "attachments", "operator": "is", "value": "yes"}, {"value": "must be true or false"}),
    ({"field": "createdAt", "operator": "longerAgoThan", "value": 3}, {"value": "must be an object"}),
    (
        {"field": "createdAt", "operator": "longerAgoThan", "value": {"amount": 0, "unit": "years"}},
        {"value.unit": "must be one of 'minutes'", "value.amount": "must be a whole number"},
    ),
    ({"field": "createdAt", "operator": "before", "value": "soon"}, {"value": "malformed date"}),
    ({"field": "dayOfWeek", "operator": "is", "value": "someday"}, {"value": "must be one of 'monday'"}),
    (
        {"field": "hour", "operator": "between", "value": {"from": 9, "to": 25}},
        {"value.to": "must be a whole hour between 0 and 24"},
    ),
    ({"field": "hour", "operator": "between", "value": {"from": 9, "to": 9}}, {"value.to": "must be another hour"}),
    (
        {"field": "hour", "operator": "between", "value": {"from": 9, "to": 17}, "timezone": "Mars/Olympus"},
        {"timezone": "time zone does not exist"},
    ),
    ({"field": "customField", "operator": "is", "value": "x"}, {"fieldId": "may not be null"}),
    (
        {"field": "customField", "operator": "is", "value": "x", "fieldId": 999_999_999},
        {"fieldId": "custom field does not exist"},
    ),
    ({"field": "customerProperty", "operator": "is", "value": "x"}, {"slug": "may not be empty"}),
    (
        {"field": "customerProperty", "operator": "is", "value": "x", "slug": "nope"},
        {"slug": "customer property does not exist"},
    ),
]
BAD_ACTIONS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {"type": "must be one of 'assign'"}),
    ({"type": "explode"}, {"type": "must be one of 'assign'"}),
    ({"type": "assign"}, {"assignTo": "is needed"}),
    ({"type": "assign", "assignTo": 999_999_999}, {"assignTo": "user does not exist"}),
    ({"type": "addTags"}, {"tags": "may not be empty"}),
    ({"type": "addTags", "tags": ["ok", " ", "x" * 61]}, {"tags[1]": "may not be empty", "tags[2]": "size must be"}),
    ({"type": "removeTags", "tags": []}, {"tags": "may not be empty"}),
    ({"type": "changeStatus", "status": "open"}, {"status": "must be one of 'active'"}),
    ({"type": "changeSubject", "subject": " "}, {"subject": "may not be empty"}),
    ({"type": "changeSubject", "subject": "x" * 999}, {"subject": "size must be between 1 and 998"}),
    ({"type": "setField", "value": "x"}, {"fieldId": "may not be null"}),
    ({"type": "setField", "fieldId": 999_999_999, "value": "x"}, {"fieldId": "custom field does not exist"}),
    ({"type": "addNote", "text": "<p> </p>"}, {"text": "may not be empty"}),
    ({"type": "addNote", "text": "Hi {{customer.shoeSize}}"}, {"text": "variables must be one of"}),
    ({"type": "reply"}, {"text": "may not be empty"}),
    ({"type": "emailCustomer", "text": "Hello"}, {"subject": "may not be empty"}),
    ({"type": "notify", "text": "Hello"}, {"to": "may not be empty"}),
    ({"type": "notify", "text": "Hello", "to": [999_999_999]}, {"to[0]": "user does not exist"}),
    ({"type": "forward"}, {"email": "may not be empty"}),
    ({"type": "forward", "email": "nobody at all"}, {"email": "not a well-formed email address"}),
    ({"type": "forward", "email": "a@example.com\r\nBcc: b@example.com"}, {"email": "not a well-formed email address"}),
    ({"type": "move"}, {"mailboxId": "may not be null"}),
    ({"type": "move", "mailboxId": 999_999_999}, {"mailboxId": "mailbox does not exist"}),
]


@pytest.fixture(scope="module")
async def office(module_desk: Desk) -> Office:
    return await build(module_desk)


async def told(office: Office, **changes: Any) -> dict[str, str]:
    body = {"mailboxId": office.support.id, "type": "automatic", "name": "Rule", **changes}
    answer = await (await office.client()).post("/v2/workflows", json=body)
    assert answer.status_code == 422, answer.text
    return errors_of(answer)


@pytest.mark.parametrize(("condition", "expected"), BAD_CONDITIONS, ids=lambda item: str(item)[:80])
async def test_a_bad_condition_is_named_with_its_place(
    office: Office,
    condition: dict[str, Any],
    expected: dict[str, str],
) -> None:
    found = await told(office, conditions=[{"any": [condition]}], actions=[NOTE])

    assert set(found) == {f"{CONDITION}.{path}" for path in expected}
    for path, message in expected.items():
        assert found[f"{CONDITION}.{path}"].startswith(message)


@pytest.mark.parametrize(("action", "expected"), BAD_ACTIONS, ids=lambda item: str(item)[:80])
async def test_a_bad_action_is_named_with_its_place(
    office: Office,
    action: dict[str, Any],
    expected: dict[str, str],
) -> None:
    condition = {"field": "subject", "operator": "contains", "value": "x"}
    found = await told(office, conditions=[{"any": [condition]}], actions=[NOTE, action])

    assert set(found) == {f"actions[1].{path}" for path in expected}
    for path, message in expected.items():
        assert found[f"actions[1].{path}"].startswith(message)


async def test_every_mistake_is_told_at_once(office: Office) -> None:
    found = await told(
        office,
        type="sometimes",
        status="invalid",
        name=" ",
        conditions=[{"any": []}, {"any": [{"field": "subject", "operator": "contains", "value": ""}]}],
        actions=[{"type": "delete"}, {"type": "move", "mailboxId": office.support.id}],
    )

    assert set(found) == {
        "type",
        "status",
        "name",
        "conditions[0].any",
        "conditions[1].any[0].value",
        "actions[0].type",
        "actions[1].mailboxId",
    }


async def test_what_is_missing_altogether_is_told(office: Office) -> None:
    client = await office.client()

    nothing = await client.post("/v2/workflows", json={})
    bare = await client.post("/v2/workflows", json={"mailboxId": office.support.id})
    automatic = await told(office, actions=[NOTE])
    elsewhere = await client.post("/v2/workflows", json={"mailboxId": 999_999_999, "type": "manual"})

    assert errors_of(nothing) == {"mailboxId": "may not be null"}
    assert set(errors_of(bare)) == {"type", "name", "actions"}
    assert automatic == {"conditions": "may not be empty"}
    assert {"mailboxId", "name", "actions"} <= set(errors_of(elsewhere))


async def test_bounds_hold(office: Office) -> None:
    condition = {"field": "subject", "operator": "contains", "value": "x"}

    many = await told(office, conditions=[{"any": [condition] * 31}], actions=[NOTE])
    busy = await told(office, conditions=[{"any": [condition]}], actions=[NOTE] * 21)
    long = await told(office, name="x" * 256, conditions=[{"any": [condition]}], actions=[NOTE])
    manual = await told(
        office,
        type="manual",
        conditions=[{"any": [condition, {"field": "event", "operator": "is", "value": "note"}]}],
        actions=[NOTE],
    )

    assert many == {"conditions": "size must be between 0 and 30"}
    assert busy == {"actions": "size must be between 1 and 20"}
    assert set(long) == {"name"}
    assert set(manual) == {"conditions[0].any[1].field"}


async def test_things_of_another_company_do_not_exist(office: Office) -> None:
    stranger = await office.desk.make.account("Strangers")
    mailbox = await office.desk.make.mailbox(stranger)

    found = await told(
        office,
        conditions=[
            {"any": [{"field": "mailbox", "operator": "is", "value": mailbox.id}]},
            {"any": [{"field": "assignee", "operator": "is", "value": stranger.owner.id}]},
        ],
        actions=[
            {"type": "notify", "to": [stranger.owner.id], "text": "x"},
            {"type": "assign", "assignTo": stranger.user.id},
            {"type": "move", "mailboxId": mailbox.id},
        ],
    )

    assert set(found) == {
        "conditions[0].any[0].value",
        "conditions[1].any[0].value",
        "actions[0].to[0]",
        "actions[1].assignTo",
        "actions[2].mailboxId",
    }
