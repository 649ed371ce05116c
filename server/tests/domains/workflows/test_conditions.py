"""Every condition with every operator on real rows, against a plain evaluator over what the API says of the same rows.

A dry run must agree with the plain evaluator, and a real run with the dry run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import running_desk
from tests.domains.workflows.plain import Seen, fits
from tests.office import Office, build
from waypost.domains import mailboxes
from waypost.domains.mailboxes import FieldType
from waypost.domains.workflows import catalog
from waypost.edges.mail_io.sink import MailSink
from waypost.kit.db import know_new_tables

pytestmark = pytest.mark.anyio

SOON = {"amount": 1, "unit": "minutes"}
LATER = {"amount": 40, "unit": "days"}


class World:
    """Conversations of many kinds in one mailbox, and all that rules may name."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.fields: dict[str, Any] = {}
        self.kinds: dict[Any, str] = {}
        self.team_id = 0
        self.seen: dict[int, Seen] = {}


async def furnish(office: Office) -> World:
    world, owner = World(office), office.account.owner
    async with office.desk.transactions.open() as tx:
        for kind in FieldType:
            labels = ["Gold", "Tin"] if kind is FieldType.DROPDOWN else None
            field = await mailboxes.create_field(tx, owner.actor, office.support.id, kind.value, kind, labels)
            world.fields[kind.value] = field
            world.kinds[field.id] = kind.value
        world.team_id = await tx.connection.fetchval(
            "insert into account_user (account_id, type, first_name) values ($1, 'team', 'Tier 2') returning id",
            office.account.id,
        )
    client = await office.client()
    for kind in ("text", "number", "date", "url"):
        world.kinds[kind] = kind
        await client.post("/v2/customer-properties", json={"type": kind, "slug": kind, "name": kind})
    made = await client.post(
        "/v2/customer-properties",
        json={"type": "dropdown", "slug": "dropdown", "name": "Choice", "options": [{"label": "A"}, {"label": "B"}]},
    )
    world.kinds["dropdown"] = "dropdown"
    world.fields["options"] = [option["id"] for option in made.json()["options"]]
    await _people(world)
    await _conversations(world)
    await office.desk.run_workers()
    await know_new_tables(office.desk.pool)
    await _look(world)
    return world


async def _people(world: World) -> None:
    client = await world.office.client()
    first = await client.post(
        "/v2/customers",
        json={
            "firstName": "Jane",
            "lastName": "Smith",
            "organization": "Acme Rockets",
            "emails": [
                {"type": "work", "value": "jane@example.com"},
                {"type": "home", "value": "smith@home.example"},
            ],
            "properties": [
                {"slug": "text", "value": "Very important"},
                {"slug": "number", "value": "42"},
                {"slug": "date", "value": "2025-02-03"},
                {"slug": "url", "value": "https://rockets.example/launch"},
                {"slug": "dropdown", "value": world.fields["options"][0]},
            ],
        },
    )
    assert first.status_code == 201, first.text
    await client.post(
        "/v2/customers", json={"firstName": "Jörg", "emails": [{"type": "work", "value": "joerg@example.org"}]}
    )


async def _conversations(world: World) -> None:
    office, client = world.office, await world.office.client()
    file = {"fileName": "a.txt", "mimeType": "text/plain", "data": "aGVsbG8="}
    ids = world.fields
    option = ids["dropdown"].options[0].id
    bodies: list[dict[str, Any]] = [
        {
            "subject": "Refund for order 1234",
            "customer": {"email": "jane@example.com"},
            "threads": [
                {"type": "customer", "text": "I want my money back, please", "cc": ["boss@example.com"]},
                {"type": "note", "text": "Secret plan"},
            ],
            "tags": ["vip", "money back"],
            "fields": [
                {"id": ids["singleline"].id, "value": "Big Customer"},
                {"id": ids["number"].id, "value": "10.5"},
                {"id": ids["date"].id, "value": "2025-06-01"},
                {"id": ids["dropdown"].id, "value": str(option)},
                {"id": ids["multiline"].id, "value": "one\ntwo"},
            ],
        },
        {
            "subject": "Straße nach Köln",
            "customer": {"email": "joerg@example.org"},
            "threads": [{"type": "customer", "text": "Wo ist die Straße?", "attachments": [file]}],
            "assignTo": office.user.id,
            "status": "pending",
            "fields": [{"id": ids["number"].id, "value": "-3"}],
        },
        {
            "subject": "Call",
            "type": "phone",
            "customer": {"email": "jane@example.com"},
            "threads": [{"type": "phone", "text": "She called about a refund"}],
            "assignTo": world.team_id,
            "status": "closed",
            "tags": ["vip"],
        },
        {
            "subject": "From us",
            "customer": {"email": "joerg@example.org"},
            "threads": [{"type": "reply", "text": "Hello from us"}],
        },
        {
            "subject": "Long ago",
            "customer": {"email": "jane@example.com"},
            "createdAt": (datetime.now(UTC) - timedelta(days=20)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "threads": [{"type": "customer", "text": "Still waiting"}],
        },
    ]
    for body in bodies:
        answer = await client.post(
            "/v2/conversations", json={"type": "email", "status": "active", "mailboxId": office.support.id, **body}
        )
        assert answer.status_code == 201, answer.text
        world.seen[answer.json()["id"]] = None  # type: ignore[assignment]
    first, second, *_ = world.seen
    reply = await client.post(f"/v2/conversations/{first}/reply", json={"text": "Done", "status": "active"})
    async with office.desk.connection() as connection:
        await connection.execute(
            "insert into rating (account_id, thread_id, customer_id, rating, comments, created_at, modified_at) "
            "select account_id, id, customer_id, 'great', 'Very good', now(), now() from thread where id = $1",
            reply.json()["id"],
        )
    snooze = {"snoozedUntil": "2090-01-01T00:00:00Z", "unsnoozeOnCustomerReply": True}
    await client.put(f"/v2/conversations/{second}/snooze", json=snooze)
    await client.post(f"/v2/conversations/{second}/reply", json={"text": "We look into it", "status": "pending"})
    await client.patch(f"/v2/conversations/{first}", json=[{"op": "replace", "path": "/status", "value": "pending"}])


async def _look(world: World) -> None:
    client = await world.office.client()
    for conversation_id in world.seen:
        conversation = (await client.get(f"/v2/conversations/{conversation_id}")).json()
        threads = (await client.get(f"/v2/conversations/{conversation_id}/threads?limit=100")).json()
        customer = (await client.get(f"/v2/customers/{conversation['primaryCustomer']['id']}")).json()
        world.seen[conversation_id] = Seen(
            conversation, threads["_embedded"]["threads"], customer, world.office.support.email
        )


@pytest.fixture(scope="module")
async def world(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Users are told by mail of what is assigned to them, so there is somewhere for it to go."""
    folder = tmp_path_factory.mktemp("desk")
    async with (
        MailSink(folder / "sink") as sink,
        running_desk(module_database_url, folder / "desk", smtp_url=sink.url) as desk,
    ):
        yield await furnish(await build(desk))


def values_of(world: World, field: str, operator: str) -> list[Any]:
    """Values that some of the world's conversations have, and some that none has."""
    office, ids = world.office, world.fields
    if operator in ("matches", "notMatches"):
        return ["order [0-9]+", "^(vip|jane)", "stra.e", r"\bplan\b|acme", "nothing at all", ["zzz", "re.+d"]]
    if operator in ("longerAgoThan", "withinLast"):
        return [SOON, {"amount": 10, "unit": "days"}, {"amount": 1, "unit": "hours"}, LATER]
    if field in ("createdAt", "lastCustomerReplyAt", "lastUserReplyAt", "statusChangedAt", "waitingSince"):
        yesterday = datetime.now(UTC) - timedelta(days=1)
        return ["2001-01-01", "2090-01-01T00:00:00Z", yesterday.strftime("%Y-%m-%dT%H:%M:%S+00:00")]
    known: dict[str, list[Any]] = {
        "customerName": ["Jane Smith", "jörg", "smith", "jane", ["x", "SMITH"]],
        "customerEmail": ["example.com", "smith@home.example", "JANE@", ".org", "nobody"],
        "organization": ["acme rockets", "rockets", "ACME", "z"],
        "to": ["joerg@example.org", "example", "jane@", ".com"],
        "cc": ["boss@example.com", "boss", "example.com", "z"],
        "subject": ["refund", "Straße nach Köln", "refund for  ORDER 1234", "call", "us", ["From", "long"]],
        "body": ["money back", "secret plan", "straße", "we look into it", "refund", "please", "still waiting"],
        "tags": ["vip", "money back", ["nope", "vip"], "money"],
        "type": ["email", "phone", ["chat", "phone"], "chat"],
        "status": ["active", ["closed", "pending"], "spam"],
        "assignee": [None, office.user.id, world.team_id, [None, office.user.id]],
        "user": [office.account.owner.id, office.user.id, [office.user.id, office.account.owner.id]],
        "mailbox": [office.support.id, [office.sales.id, office.support.id], office.sales.id],
        "attachments": [True, False],
        "snoozed": [True, False],
        "rating": ["great", ["okay", "great"], "not_good"],
        "ratingComments": ["very good", "very", "good", "z"],
        "dayOfWeek": [*catalog.DAYS, list(catalog.DAYS[:5])],
        "hour": [{"from": 0, "to": 12}, {"from": 12, "to": 24}, {"from": 22, "to": 6}, {"from": 6, "to": 22}],
        "customField singleline": ["Big Customer", "big", "customer", "z"],
        "customField multiline": ["one two", "one", "two", "z"],
        "customField number": [10.5, "-3", 0, [1, "10.5"]],
        "customField date": ["2025-06-01", "2025-05-31", "2026-01-01"],
        "customField dropdown": [str(ids["dropdown"].options[0].id), ids["dropdown"].options[1].id],
        "customerProperty text": ["very important", "very", "important", "z"],
        "customerProperty url": ["https://rockets.example/launch", "https://", "launch", "rockets"],
        "customerProperty number": [42, 41, "43"],
        "customerProperty date": ["2025-02-03", "2025-02-04", "2024-01-01"],
        "customerProperty dropdown": [ids["options"][0], ids["options"][1]],
    }
    return known[field]


def pairs() -> list[tuple[str, str]]:
    """Every field with every operator of its kind; fields that name something by each type of it."""
    found = [
        (field, operator)
        for field, kind in catalog.FIELDS.items()
        if field != catalog.EVENT
        for operator in catalog.OPERATORS[kind]
    ]
    for types, field in (
        (catalog.KIND_OF_FIELD_TYPE, "customField"),
        (catalog.KIND_OF_PROPERTY_TYPE, "customerProperty"),
    ):
        found += [(f"{field} {name}", operator) for name, kind in types.items() for operator in catalog.OPERATORS[kind]]
    return found


def condition_of(world: World, field: str, operator: str, value: Any) -> dict[str, Any]:
    field, _, name = field.partition(" ")
    condition: dict[str, Any] = {"field": field, "operator": operator}
    if operator not in ("isSet", "isNotSet"):
        condition["value"] = value
    if field == "customField":
        condition["fieldId"] = world.fields[name].id
    elif field == "customerProperty":
        condition["slug"] = name
    elif field in ("dayOfWeek", "hour"):
        condition["timezone"] = "Asia/Kathmandu"
    return condition


async def matched(world: World, rule: list[dict[str, Any]]) -> set[int]:
    client = await world.office.client()
    answer = await client.post(
        "/v2/workflows/dry-run",
        json={
            "mailboxId": world.office.support.id,
            "type": "manual",
            "conditions": rule,
            "actions": [{"type": "addTags", "tags": ["seen"]}],
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["examined"] == len(world.seen)
    return {trial["conversationId"] for trial in answer.json()["_embedded"]["conversations"]}


@pytest.mark.parametrize("field", sorted({field for field, _ in pairs()}))
async def test_every_operator_finds_what_a_plain_reading_finds(world: World, field: str) -> None:
    found_some = False
    for operator in [operator for one, operator in pairs() if one == field]:
        for value in values_of(world, field, operator):
            rule = [{"any": [condition_of(world, field, operator, value)]}]
            now = datetime.now(UTC)
            expected = {one for one, seen in world.seen.items() if fits(rule, seen, world.kinds, now)}
            assert await matched(world, rule) == expected, rule
            found_some = found_some or 0 < len(expected) < len(world.seen)
    assert found_some or field in ("dayOfWeek", "hour", "mailbox", "to")


async def test_random_rules_agree_with_a_plain_evaluator_and_a_real_run_with_the_dry_run(world: World) -> None:
    options = pairs()

    @st.composite
    def conditions(draw: st.DrawFn) -> dict[str, Any]:
        field, operator = draw(st.sampled_from(options))
        return condition_of(world, field, operator, draw(st.sampled_from(values_of(world, field, operator))))

    groups = st.lists(st.lists(conditions(), min_size=1, max_size=3).map(lambda any_of: {"any": any_of}), max_size=3)
    tried: list[list[dict[str, Any]]] = []

    @settings(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(groups)
    def collect(rule: list[dict[str, Any]]) -> None:
        tried.append(rule)

    collect()
    client = await world.office.client()
    for index, rule in enumerate(tried):
        now = datetime.now(UTC)
        expected = {one for one, seen in world.seen.items() if fits(rule, seen, world.kinds, now)}
        assert await matched(world, rule) == expected, rule
        if index % 6:
            continue
        made = await client.post(
            "/v2/workflows",
            json={
                "mailboxId": world.office.support.id,
                "type": "manual",
                "status": "active",
                "name": "Real",
                "conditions": rule,
                # Every conversation stays as it is, so that the next rule meets the same rows.
                "actions": [{"type": "removeTags", "tags": ["never there"]}],
            },
        )
        path = f"/v2/workflows/{made.json()['id']}"
        dry = (await client.post(f"{path}/dry-run")).json()["_embedded"]["conversations"]
        assert (await client.post(f"{path}/run", json={"conversationIds": list(world.seen)})).status_code == 204
        await world.office.desk.run_workers()
        real = (await client.get(f"{path}/runs?limit=100")).json()["_embedded"]["runs"]
        assert {run["conversationId"] for run in real if run["outcome"] == "done"} == expected
        assert {run["conversationId"] for run in real if run["outcome"] == "skipped"} == set(world.seen) - expected
        told = {trial["conversationId"]: trial["conditions"] for trial in dry}
        for run in real:
            if run["outcome"] == "done":
                assert run["conditions"] == told[run["conversationId"]]
