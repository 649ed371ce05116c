"""Properties of organizations on the wire: E70 to E76, and what is shared with X15 to X17 (spec: 8.10, 9, 10)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import Caller, assert_refused, caller_on
from waypost.domains.mailboxes import FieldType, create_field

pytestmark = pytest.mark.anyio
NAUGHTY = Path(__file__).parents[2] / "data" / "hostile" / "naughty-strings.jsonl"
PATH = "/v2/organizations/properties"
TIER = {"type": "dropdown", "slug": "tier", "name": "Tier", "options": [{"label": "Silver"}, {"label": "Gold"}]}


@pytest.fixture
async def caller(module_desk: Desk) -> Caller:
    return await caller_on(module_desk)


async def define(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = await caller.client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def organization(caller: Caller) -> str:
    answer = await caller.client.post("/v2/organizations", json={"name": "Corp"})
    return f"/v2/organizations/{answer.json()['id']}"


async def values(caller: Caller, own: str) -> list[dict[str, Any]]:
    body = (await caller.client.get(f"{own}?includeProperties=true")).json()
    held: list[dict[str, Any]] = body["_embedded"]["properties"]
    return held


async def test_a_definition_is_made_listed_and_read(caller: Caller) -> None:
    answer = await caller.client.post(PATH, json=TIER)
    body = answer.json()
    own = f"{caller.desk.base_url}{PATH}/tier"

    assert (answer.status_code, answer.headers["Location"], answer.headers["Resource-ID"]) == (201, own, "tier")
    assert [option["label"] for option in body["options"]] == ["Silver", "Gold"]
    assert all(len(option["id"]) == 36 for option in body["options"])
    assert {key: body[key] for key in ("type", "slug", "name", "_links")} == {
        "type": "dropdown", "slug": "tier", "name": "Tier", "_links": {"self": {"href": own}},
    }  # fmt: skip
    assert (await caller.client.get(f"{PATH}/tier")).json() == body
    assert (await caller.client.get(f"{PATH}/TIER%20")).json() == body
    plain = await define(caller, type="text", slug="region", name="Region")
    assert "options" not in plain
    listed = (await caller.client.get(PATH)).json()
    assert listed == {
        "_embedded": {"organization-properties": [body, plain]},
        "_links": {"self": {"href": f"{caller.desk.base_url}{PATH}"}},
    }


async def test_definitions_of_customers_and_organizations_are_apart(caller: Caller) -> None:
    await define(caller, **TIER)

    assert (await caller.client.get("/v2/customer-properties/tier")).status_code == 404
    same = await caller.client.post("/v2/customer-properties", json=TIER)
    assert same.status_code == 201
    await define(caller, type="text", slug="email", name="Reserved for customers only")


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ({}, ["type", "slug", "name"]),
        ({"type": "money", "slug": "x", "name": "x"}, ["type"]),
        ({"type": "text", "slug": "x" * 121, "name": "x"}, ["slug"]),
        ({"type": "text", "slug": "not a slug", "name": "x"}, ["slug"]),
        ({"type": "text", "slug": "x", "name": "x" * 101}, ["name"]),
        ({"type": "dropdown", "slug": "x", "name": "x", "options": [{"label": "x" * 101}]}, ["options[0].label"]),
        ({"type": "dropdown", "slug": "x", "name": "x", "options": [{"label": ""}, {}]},
         ["options[0].label", "options[1].label"]),
        ({"type": "dropdown", "slug": "x", "name": "x", "options": [{"label": "a"}, {"label": "a"}]},
         ["options[1].label"]),
        ({"type": "dropdown", "slug": "x", "name": "x", "options": [{"label": "a", "id": "7"}]}, ["options[0].id"]),
        ({"type": "dropdown", "slug": "x", "name": "x", "options": [{"label": str(n)} for n in range(101)]},
         ["options"]),
    ],
)  # fmt: skip
async def test_bad_definitions_are_refused_with_all_that_is_wrong(
    caller: Caller, body: dict[str, Any], bad: list[str]
) -> None:
    assert_refused(await caller.client.post(PATH, json=body), *bad)


async def test_a_slug_is_given_once_and_fifty_in_all(caller: Caller) -> None:
    for number in range(50):
        await define(caller, type="text", slug=f"s{number}" if number else "x" * 120, name="x" * 100)
    php = await caller.desk.client(caller.account.owner, **{"User-Agent": "Help Scout PHP API Client/3.0"})

    assert_refused(await caller.client.post(PATH, json={"type": "text", "slug": "new", "name": "x"}), "slug")
    assert (await caller.client.delete(f"{PATH}/s49")).status_code == 204
    taken = {"type": "text", "slug": "S1", "name": "x"}
    assert_refused(await caller.client.post(PATH, json=taken), "slug", status=409)
    assert_refused(await php.post(PATH, json=taken), "slug", status=400)


@pytest.mark.parametrize(
    ("type_", "fine", "bad"),
    [
        ("text", ["gold", "", "x" * 255], ["x" * 256]),
        ("number", ["42", 42, "-7"], ["4.2", "x", "", str(2**63)]),
        ("date", ["2024-02-29"], ["2023-02-29", "29.02.2024", ""]),
        ("url", ["https://example.com/?q=1"], ["javascript:alert(1)", "example.com"]),
        ("dropdown", ["Gold", "Silver"], ["gold", "Bronze", ""]),
    ],
)
async def test_values_are_judged_by_type(caller: Caller, type_: str, fine: list[Any], bad: list[Any]) -> None:
    own = await organization(caller)
    await define(caller, **{**TIER, "type": type_})
    for value in fine:
        answer = await caller.client.put(f"{own}/properties/tier", json={"value": value})
        assert (answer.status_code, answer.content) == (204, b""), value
        assert await values(caller, own) == [
            {"type": type_, "slug": "tier", "name": "Tier", "value": str(value), "text": str(value)}
        ]
    held = await values(caller, own)
    for value in [*bad, None, [1], {"a": 1}]:
        assert_refused(await caller.client.put(f"{own}/properties/tier", json={"value": value}), "value")
    assert_refused(await caller.client.put(f"{own}/properties/tier", json={}), "value")
    assert await values(caller, own) == held


async def test_an_options_id_is_no_label(caller: Caller) -> None:
    own = await organization(caller)
    made = await define(caller, **TIER)

    answer = await caller.client.put(f"{own}/properties/tier", json={"value": made["options"][0]["id"]})

    assert_refused(answer, "value")


async def test_unknown_slugs_and_values_are_not_found(caller: Caller) -> None:
    own = await organization(caller)
    await define(caller, **TIER)

    assert (await caller.client.put(f"{own}/properties/none", json={"value": "x"})).status_code == 404
    assert (await caller.client.delete(f"{own}/properties/none")).status_code == 404
    assert (await caller.client.delete(f"{own}/properties/tier")).status_code == 404
    assert (await caller.client.put("/v2/organizations/999999/properties/tier", json={"value": "x"})).status_code == 404
    for method in ("GET", "PUT", "DELETE"):
        assert (await caller.client.request(method, f"{PATH}/none", json={"name": "x"})).status_code == 404


async def test_a_value_is_taken_away_once(caller: Caller) -> None:
    own = await organization(caller)
    await define(caller, **TIER)
    await caller.client.put(f"{own}/properties/TIER", json={"value": "Gold"})

    gone = await caller.client.delete(f"{own}/properties/tier")

    assert (gone.status_code, gone.content) == (204, b"")
    assert await values(caller, own) == []
    assert (await caller.client.delete(f"{own}/properties/tier")).status_code == 404


@pytest.mark.parametrize("path", [PATH, "/v2/customer-properties"])
async def test_options_left_out_go_with_their_values_and_others_keep_theirs(caller: Caller, path: str) -> None:
    of_organizations = path == PATH
    made = (await caller.client.post(path, json=TIER)).json()
    owners = []
    for number, label in enumerate(("Silver", "Gold")):
        if of_organizations:
            answer = await caller.client.post("/v2/organizations", json={"name": f"n{number}"})
            owner = f"/v2/organizations/{answer.json()['id']}"
            assert (await caller.client.put(f"{owner}/properties/tier", json={"value": label})).status_code == 204
        else:
            owner = f"/v2/customers/{await caller.customer(firstName='Jane')}"
            operation = [{"op": "replace", "path": "/tier", "value": label}]
            assert (await caller.client.patch(f"{owner}/properties", json=operation)).status_code == 204
        owners.append(owner)

    # As a client sends it that knows labels only.
    body = {"name": "Level", "type": "text", "slug": "other", "options": [{"label": "Platinum"}, {"label": "Gold"}]}
    answer = await caller.client.put(f"{path}/tier", json=body)

    assert (answer.status_code, answer.content) == (204, b"")
    after = (await caller.client.get(f"{path}/tier")).json()
    assert (after["type"], after["slug"], after["name"]) == ("dropdown", "tier", "Level")
    assert [option["label"] for option in after["options"]] == ["Platinum", "Gold"]
    assert after["options"][1]["id"] == made["options"][1]["id"]
    assert await values(caller, owners[0]) == []
    assert [(held["name"], held["text"]) for held in await values(caller, owners[1])] == [("Level", "Gold")]


async def test_an_option_is_renamed_by_its_id(caller: Caller) -> None:
    own = await organization(caller)
    made = await define(caller, **TIER)
    await caller.client.put(f"{own}/properties/tier", json={"value": "Gold"})
    options = [{"id": made["options"][1]["id"], "label": "Platinum"}, {"label": "Gold"}]

    assert (await caller.client.put(f"{PATH}/tier", json={"name": "Tier", "options": options})).status_code == 204

    assert [held["value"] for held in await values(caller, own)] == ["Platinum"]


async def test_a_definition_goes_with_its_values(caller: Caller) -> None:
    own = await organization(caller)
    await define(caller, **TIER)
    await caller.client.put(f"{own}/properties/tier", json={"value": "Gold"})

    assert (await caller.client.delete(f"{PATH}/tier")).status_code == 204

    assert await values(caller, own) == []
    assert (await caller.client.delete(f"{PATH}/tier")).status_code == 404


async def test_plain_users_define_and_set_but_do_not_change_definitions(caller: Caller) -> None:
    client = await caller.desk.client(caller.account.user)
    own = await organization(caller)

    assert (await client.post(PATH, json=TIER)).status_code == 201
    assert (await client.put(f"{own}/properties/tier", json={"value": "Gold"})).status_code == 204
    assert (await client.put(f"{PATH}/tier", json={"name": "x", "options": []})).status_code == 403
    assert (await client.delete(f"{PATH}/tier")).status_code == 403
    assert [held["value"] for held in await values(caller, own)] == ["Gold"]


async def test_changes_of_properties_are_told_and_audited_without_their_content(caller: Caller) -> None:
    own = await organization(caller)
    await define(caller, **TIER)
    for _ in range(2):
        await caller.client.put(f"{own}/properties/tier", json={"value": "Gold"})
    await caller.desk.run_workers()

    entries = (await caller.client.get("/v2/audit?limit=100")).json()["_embedded"]
    kept = [(entry["type"], entry["data"]) for entry in next(iter(entries.values()))]
    wanted = {"organization.created", "organization.updated", "organization_property.created"}
    assert sorted(((type_, data) for type_, data in kept if type_ in wanted), key=lambda entry: entry[0]) == [
        ("organization.created", {}),
        ("organization.updated", {"fields": ["properties"]}),
        ("organization_property.created", {"slug": "tier"}),
    ]


async def test_custom_fields_of_all_visible_mailboxes_are_listed(caller: Caller) -> None:
    una = caller.account.user
    seen = await caller.desk.make.mailbox(caller.account, "Seen", users=[una])
    hidden = await caller.desk.make.mailbox(caller.account, "Hidden")
    async with caller.desk.transactions.open() as tx:
        owner = caller.account.owner.actor
        plan = await create_field(tx, owner, seen.id, "Plan", FieldType.DROPDOWN, ["Free", "Paid"], required=True)
        note = await create_field(tx, owner, hidden.id, "Note", FieldType.SINGLELINE)
    client = await caller.desk.client(una)
    path, base = "/v2/conversation-properties", caller.desk.base_url

    everything = (await caller.client.get(path)).json()
    visible = (await client.get(path)).json()

    assert [item["name"] for item in everything["_embedded"]["conversation-properties"]] == ["Plan", "Note"]
    [item] = visible["_embedded"]["conversation-properties"]
    assert item == {
        "id": plan.id,
        "name": "Plan",
        "type": "dropdown",
        "required": True,
        "order": 1,
        "options": [{"id": option.id, "order": option.position, "label": option.label} for option in plan.options],
        "mailboxId": seen.id,
        "_links": {
            "self": {"href": f"{base}{path}/{plan.id}"},
            "mailbox": {"href": f"{base}/v2/mailboxes/{seen.id}"},
        },
    }
    assert visible["_links"] == {"self": {"href": f"{base}{path}"}}
    assert (await client.get(f"{path}/{plan.id}")).json() == item
    assert (await client.get(f"{path}/{note.id}")).status_code == 404
    assert (await caller.client.get(f"{path}/{note.id}")).json()["mailboxId"] == hidden.id


async def test_blanks_at_the_end_of_a_path_do_not_count(caller: Caller) -> None:
    for path in ("/v2/customer-properties", "/v2/conversation-properties", PATH, "/v2/organizations"):
        plain = (await caller.client.get(path)).json()
        for end in ("%20", "%20%20", "/", "/%20"):
            answer = await caller.client.get(path + end)
            assert answer.status_code == 200, path + end
            assert answer.json()["_embedded"] == plain["_embedded"]


async def test_strings_that_break_others_are_names_labels_and_values_or_refused(caller: Caller) -> None:
    texts = [json.loads(line) for line in NAUGHTY.read_text(encoding="utf-8").splitlines() if line.strip()]
    texts = [text if isinstance(text, str) else next(iter(text.values())) for text in texts]
    own = await organization(caller)
    await define(caller, type="text", slug="free", name="Free")
    await define(caller, **TIER)
    for text in texts:
        answer = await caller.client.put(f"{own}/properties/free", json={"value": text})
        assert answer.status_code in (204, 422), text
        if answer.status_code == 204:
            assert (await values(caller, own))[0]["value"] == text.replace("\0", "")
        answer = await caller.client.put(f"{PATH}/tier", json={"name": text, "options": [{"label": text}]})
        assert answer.status_code in (204, 422), text
        if answer.status_code == 204:
            shown = (await caller.client.get(f"{PATH}/tier")).json()
            assert (shown["name"], shown["options"][0]["label"]) == (text.replace("\0", ""),) * 2
        slug = await caller.client.post(PATH, json={"type": "text", "slug": text, "name": "x"})
        assert slug.status_code in (201, 409, 422), text
