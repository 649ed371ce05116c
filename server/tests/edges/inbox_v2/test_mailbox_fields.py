"""Looking after custom fields (a superset of E79), and what their values may be (spec: 7.6)."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.customer_calls import assert_refused
from tests.make import AccountMade
from waypost.domains.mailboxes import Mailbox

pytestmark = pytest.mark.anyio

NAUGHTY = Path(__file__).parents[2] / "data" / "hostile" / "naughty-strings.jsonl"


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


class Box:
    def __init__(self, desk: Desk, account: AccountMade, mailbox: Mailbox, client: httpx.AsyncClient) -> None:
        self.desk, self.account, self.mailbox, self.client = desk, account, mailbox, client
        self.path = f"/v2/mailboxes/{mailbox.id}/fields"

    async def add(self, **body: Any) -> dict[str, Any]:
        answer = await self.client.post(self.path, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def fields(self) -> list[dict[str, Any]]:
        listed = (await self.client.get(self.path)).json()
        found: list[dict[str, Any]] = listed["_embedded"]["fields"]
        return found

    async def conversation(self, **fields: Any) -> int:
        body = {
            "subject": "Question",
            "customer": {"email": "jane@example.com"},
            "mailboxId": self.mailbox.id,
            "type": "email",
            "status": "active",
            "threads": [{"type": "customer", "text": "Hello"}],
            "fields": [{"id": int(key.strip("_")), "value": value} for key, value in fields.items()],
        }
        answer = await self.client.post("/v2/conversations", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def put(self, conversation_id: int, field_id: int, value: Any) -> httpx.Response:
        path = f"/v2/conversations/{conversation_id}/fields"
        return await self.client.put(path, json={"fields": [{"id": field_id, "value": value}]})

    async def values(self, conversation_id: int) -> dict[int, tuple[str, str]]:
        found = (await self.client.get(f"/v2/conversations/{conversation_id}")).json()
        return {field["id"]: (field["value"], field["text"]) for field in found["customFields"]}

    async def found(self, field_id: int, value: str) -> list[int]:
        listed = await self.client.get("/v2/conversations", params={"customFieldsByIds": f"{field_id}:{value}"})
        return [item["id"] for item in listed.json()["_embedded"]["conversations"]]

    async def events(self) -> list[tuple[str, dict[str, Any]]]:
        async with self.desk.connection() as connection:
            rows = await connection.fetch(
                """select type, data from event where account_id = $1 and subject_id = $2
                   and type like 'custom-field.%' order by id""",
                self.account.id,
                self.mailbox.id,
            )
        return [(row["type"], row["data"]) for row in rows]


@pytest.fixture
async def box(desk: Desk) -> Box:
    account = await desk.make.account()
    mailbox = await desk.make.mailbox(account, users=[account.user])
    return Box(desk, account, mailbox, await desk.client(account.administrator))


async def test_an_administrator_adds_a_dropdown(box: Box) -> None:
    sent = {"name": "Plan", "type": "dropdown", "required": True, "options": [{"label": "Free"}, {"label": "Gold"}]}

    answer = await box.client.post(box.path, json=sent)

    assert answer.status_code == 201, answer.text
    body = answer.json()
    own = f"{box.desk.base_url}{box.path}/{body['id']}"
    assert answer.headers["location"] == own
    assert answer.headers["resource-id"] == str(body["id"])
    free, gold = (option["id"] for option in body["options"])
    assert body == {
        "id": body["id"],
        "required": True,
        "order": 1,
        "type": "dropdown",
        "name": "Plan",
        "options": [{"id": free, "order": 1, "label": "Free"}, {"id": gold, "order": 2, "label": "Gold"}],
        "_links": {
            "self": {"href": own},
            "mailbox": {"href": f"{box.desk.base_url}/v2/mailboxes/{box.mailbox.id}"},
        },
    }
    assert (await box.client.get(own)).json() == body
    bare = {key: value for key, value in body.items() if key != "_links"}
    assert await box.fields() == [bare]
    listed = (await box.client.get(f"/v2/mailboxes/{box.mailbox.id}/custom-fields")).json()
    assert listed["_embedded"]["fields"] == [bare]
    created = {"field_id": body["id"], "name": "Plan", "type": "dropdown"}
    assert await box.events() == [("custom-field.created", created)]


@pytest.mark.parametrize("kind", ["singleline", "multiline", "number", "date", "DATE"])
async def test_the_other_types_have_no_options(box: Box, kind: str) -> None:
    made = await box.add(name="Field", type=kind, options=[])

    assert (made["type"], made["options"], made["required"]) == (kind.lower(), [], False)
    refused = await box.client.post(box.path, json={"name": "x", "type": kind, "options": [{"label": "x"}]})
    assert_refused(refused, "options")


async def test_everything_that_is_wrong_is_named(box: Box) -> None:
    assert_refused(await box.client.post(box.path, json={}), "name", "type")
    sent: dict[str, Any] = {"name": " ", "type": "colour", "order": 0}
    assert_refused(await box.client.post(box.path, json=sent), "name", "type", "order")
    sent = {"name": "x" * 256, "type": "dropdown"}
    assert_refused(await box.client.post(box.path, json=sent), "name", "options")
    options: list[dict[str, Any]] = [{"label": "A"}, {"label": "a"}, {}, {"label": "C", "id": 7}, {"label": "x" * 256}]
    refused = await box.client.post(box.path, json={"name": "x", "type": "dropdown", "options": options})
    assert_refused(refused, "options[1].label", "options[2].label", "options[3].id", "options[4].label")
    many = [{"label": str(number)} for number in range(501)]
    assert_refused(await box.client.post(box.path, json={"name": "x", "type": "dropdown", "options": many}), "options")
    assert_refused(await box.client.post(box.path, json={"name": 1, "type": [], "required": "maybe"}),
                   "name", "type", "required")  # fmt: skip
    assert await box.fields() == []


async def test_a_mailbox_has_a_hundred_fields_at_most(box: Box) -> None:
    async with box.desk.connection() as connection:
        await connection.execute(
            """insert into custom_field (account_id, mailbox_id, name, type, position)
               select $1, $2, 'F' || g, 'number', g from generate_series(1, 100) g""",
            box.account.id,
            box.mailbox.id,
        )

    answer = await box.client.post(box.path, json={"name": "One more", "type": "number"})

    assert answer.status_code == 409
    assert "100" in answer.json()["message"]


async def test_only_what_is_given_changes(box: Box) -> None:
    made = await box.add(name="Plan", type="dropdown", options=[{"label": "Free"}, {"label": "Gold"}])
    own = f"{box.path}/{made['id']}"

    for change in ({"name": "Level"}, {"required": True}, {"type": "dropdown"}, {"name": None, "options": None}):
        assert (await box.client.put(own, json=change)).status_code == 204

    after = (await box.client.get(own)).json()
    assert (after["name"], after["required"], after["options"]) == ("Level", True, made["options"])
    kept = {"field_id": made["id"], "removed_option_ids": [], "emptied": 0}
    assert (await box.events())[1:] == [
        ("custom-field.updated", {**kept, "changed": ["name"]}),
        ("custom-field.updated", {**kept, "changed": ["required"]}),
    ]


async def test_the_type_is_fixed(box: Box) -> None:
    made = await box.add(name="Count", type="number")

    assert_refused(await box.client.put(f"{box.path}/{made['id']}", json={"type": "date"}), "type")


async def test_options_keep_their_ids_and_their_values(box: Box) -> None:
    made = await box.add(name="Plan", type="dropdown", options=[{"label": "Free"}, {"label": "Gold"}])
    free, gold = (option["id"] for option in made["options"])
    conversation = await box.conversation(**{f"_{made['id']}": "gold"})

    options = [{"id": gold, "label": "Platinum"}, {"label": "Silver"}, {"id": free, "label": "Free"}]
    assert (await box.client.put(f"{box.path}/{made['id']}", json={"options": options})).status_code == 204

    [field] = await box.fields()
    silver = field["options"][1]["id"]
    assert [(option["id"], option["order"], option["label"]) for option in field["options"]] == [
        (gold, 1, "Platinum"),
        (silver, 2, "Silver"),
        (free, 3, "Free"),
    ]
    assert silver not in (free, gold)
    assert await box.values(conversation) == {made["id"]: (str(gold), "Platinum")}
    assert await box.found(made["id"], "platinum") == await box.found(made["id"], str(gold)) == [conversation]
    assert await box.found(made["id"], "gold") == []
    backwards = [{**option, "order": 4 - option["order"]} for option in field["options"]]
    await box.client.put(f"{box.path}/{made['id']}", json={"options": backwards})
    assert [option["id"] for option in (await box.fields())[0]["options"]] == [free, silver, gold]


async def test_an_option_that_goes_takes_its_values_along(box: Box) -> None:
    made = await box.add(name="Plan", type="dropdown", options=[{"label": "Free"}, {"label": "Gold"}])
    free, gold = (option["id"] for option in made["options"])
    one, other = await box.conversation(**{f"_{made['id']}": free}), await box.conversation(**{f"_{made['id']}": gold})

    answer = await box.client.put(f"{box.path}/{made['id']}", json={"options": [{"id": gold, "label": "Gold"}]})

    assert answer.status_code == 204
    assert await box.values(one) == {}
    assert await box.values(other) == {made["id"]: (str(gold), "Gold")}
    assert await box.found(made["id"], "free") == []
    assert_refused(await box.put(one, made["id"], "Free"), "fields[0].value")
    assert (await box.events())[-1] == (
        "custom-field.updated",
        {"field_id": made["id"], "changed": ["options"], "removed_option_ids": [free], "emptied": 1},
    )
    assert_refused(await box.client.put(f"{box.path}/{made['id']}", json={"options": []}), "options")


async def test_a_field_that_goes_takes_its_values_along(box: Box) -> None:
    made, kept = await box.add(name="Gone", type="singleline"), await box.add(name="Kept", type="singleline")
    conversation = await box.conversation(**{f"_{made['id']}": "red", f"_{kept['id']}": "blue"})
    own = f"{box.path}/{made['id']}"

    assert (await box.client.delete(own)).status_code == 204

    assert (await box.client.delete(own)).status_code == 404
    assert (await box.client.put(own, json={"name": "x"})).status_code == 404
    assert (await box.client.get(own)).status_code == 404
    assert await box.values(conversation) == {kept["id"]: ("blue", "blue")}
    assert await box.found(made["id"], "red") == []
    assert [(field["id"], field["order"]) for field in await box.fields()] == [(kept["id"], 1)]
    assert_refused(await box.put(conversation, made["id"], "red"), "fields[0].id")
    gone = {"field_id": made["id"], "name": "Gone", "type": "singleline", "emptied": 1}
    assert (await box.events())[-1] == ("custom-field.deleted", gone)
    await box.desk.run_workers()
    trail = (await box.client.get("/v2/audit")).json()
    assert "custom-field.deleted" in json.dumps(trail)


async def test_a_field_is_put_in_its_place_and_the_others_close_up(box: Box) -> None:
    first, second, third = [(await box.add(name=name, type="number"))["id"] for name in ("a", "b", "c")]

    async def order() -> list[int]:
        fields = await box.fields()
        assert [field["order"] for field in fields] == list(range(1, len(fields) + 1))
        return [field["id"] for field in fields]

    assert await order() == [first, second, third]
    await box.client.put(f"{box.path}/{third}", json={"order": 1})
    assert await order() == [third, first, second]
    await box.client.put(f"{box.path}/{third}", json={"order": 99})
    assert await order() == [first, second, third]
    fourth = (await box.add(name="d", type="number", order=2))["id"]
    assert await order() == [first, fourth, second, third]


async def test_plain_users_read_and_administrators_write(box: Box) -> None:
    made = await box.add(name="Plan", type="number")
    user = await box.desk.client(box.account.user)
    own = f"{box.path}/{made['id']}"

    assert (await user.get(own)).status_code == 200
    assert (await user.post(box.path, json={"name": "x", "type": "number"})).status_code == 403
    assert (await user.put(own, json={"name": "x"})).status_code == 403
    assert (await user.delete(own)).status_code == 403
    assert [field["name"] for field in await box.fields()] == ["Plan"]


async def test_a_field_belongs_to_its_mailbox(box: Box) -> None:
    made = await box.add(name="Plan", type="number")
    other = await box.desk.make.mailbox(box.account)
    elsewhere = f"/v2/mailboxes/{other.id}/fields/{made['id']}"

    assert (await box.client.get(elsewhere)).status_code == 404
    assert (await box.client.put(elsewhere, json={"name": "x"})).status_code == 404
    assert (await box.client.delete(elsewhere)).status_code == 404


async def test_values_that_are_given_while_an_option_goes_do_not_outlive_it(box: Box) -> None:
    made = await box.add(name="Plan", type="dropdown", options=[{"label": "Free"}, {"label": "Gold"}])
    free, gold = (option["id"] for option in made["options"])
    conversations = [await box.conversation() for _ in range(12)]

    answers = await asyncio.gather(
        *(box.put(conversation, made["id"], free) for conversation in conversations[:6]),
        box.client.put(f"{box.path}/{made['id']}", json={"options": [{"id": gold, "label": "Gold"}]}),
        *(box.put(conversation, made["id"], "Free") for conversation in conversations[6:]),
    )

    assert {answer.status_code for answer in answers} <= {204, 422}
    assert answers[6].status_code == 204
    async with box.desk.connection() as connection:
        left = await connection.fetchval(
            "select count(*) from conversation_field where account_id = $1 and value = $2", box.account.id, str(free)
        )
    assert left == 0


async def test_values_that_are_given_while_a_field_goes_are_refused_or_go_too(box: Box) -> None:
    made = await box.add(name="Note", type="singleline")
    conversations = [await box.conversation() for _ in range(12)]

    answers = await asyncio.gather(
        *(box.put(conversation, made["id"], "x") for conversation in conversations[:6]),
        box.client.delete(f"{box.path}/{made['id']}"),
        *(box.put(conversation, made["id"], "x") for conversation in conversations[6:]),
    )

    assert {answer.status_code for answer in answers} <= {204, 422}
    assert answers[6].status_code == 204


VALUES: list[tuple[str, Any, str | None]] = [
    ("number", 7, "7"),
    ("number", "-7.50", "-7.50"),
    ("number", 0.5, "0.5"),
    ("number", 1e-7, "0.0000001"),
    ("number", 1e22, "10000000000000000000000"),
    ("number", " 12 ", "12"),
    ("number", "9" * 255, "9" * 255),
    ("number", "9" * 256, None),
    ("number", "1e5", None),
    ("number", "1,5", None),
    ("number", "1.", None),
    ("number", "\u0663", None),
    ("number", "seven", None),
    ("number", True, None),
    ("date", "2017-01-25", "2017-01-25"),
    ("date", "2024-02-29", "2024-02-29"),
    ("date", "2023-02-29", None),
    ("date", "2017-13-01", None),
    ("date", "0000-01-01", None),
    ("date", "20170125", None),
    ("date", "2017-1-5", None),
    ("date", "2017-01-25T10:00:00Z", None),
    ("date", "\u0662\u0660\u0661\u0667-01-25", None),
    ("singleline", "x" * 255, "x" * 255),
    ("singleline", "x" * 256, None),
    ("singleline", "two\r\nlines", "two lines"),
    ("singleline", 5, "5"),
    ("multiline", "x" * 15000, "x" * 15000),
    ("multiline", "x" * 15001, None),
    ("multiline", "two\nlines", "two\nlines"),
]


@pytest.mark.parametrize(("kind", "value", "kept"), VALUES, ids=lambda value: str(value)[:20])
async def test_values_fit_their_type(box: Box, kind: str, value: Any, kept: str | None) -> None:
    made = await box.add(name="Field", type=kind)
    conversation = await box.conversation()

    answer = await box.put(conversation, made["id"], value)

    if kept is None:
        assert_refused(answer, "fields[0].value")
        assert await box.values(conversation) == {}
    else:
        assert answer.status_code == 204, answer.text
        assert await box.values(conversation) == {made["id"]: (kept, kept)}


@pytest.mark.parametrize("kind", ["number", "date", "singleline", "multiline", "dropdown"])
@pytest.mark.parametrize("nothing", [None, "", "  ", "\u0000"], ids=repr)
async def test_nothing_clears_a_value(box: Box, kind: str, nothing: str | None) -> None:
    options = {"options": [{"label": "2017-01-25"}]} if kind == "dropdown" else {}
    made = await box.add(name="Field", type=kind, **options)
    conversation = await box.conversation()
    assert (await box.put(conversation, made["id"], "7" if kind == "number" else "2017-01-25")).status_code == 204

    assert (await box.put(conversation, made["id"], nothing)).status_code == 204

    assert await box.values(conversation) == {}


async def test_a_dropdown_takes_an_id_as_number_or_text_and_a_label_in_any_case(box: Box) -> None:
    made = await box.add(name="Plan", type="dropdown", options=[{"label": "Free"}])
    [option] = made["options"]
    conversation = await box.conversation()

    for value in (option["id"], str(option["id"]), "FREE", " free "):
        assert (await box.put(conversation, made["id"], value)).status_code == 204
        assert await box.values(conversation) == {made["id"]: (str(option["id"]), "Free")}
    assert_refused(await box.put(conversation, made["id"], "Gold"), "fields[0].value")
    assert_refused(await box.put(conversation, made["id"], float(option["id"]) + 0.5), "fields[0].value")


async def test_a_label_that_looks_like_another_options_id_does_not_stand_before_it(box: Box) -> None:
    made = await box.add(name="Plan", type="dropdown", options=[{"label": "Free"}, {"label": "Gold"}])
    free, gold = (option["id"] for option in made["options"])
    options = [{"id": free, "label": str(gold)}, {"id": gold, "label": "Gold"}]
    await box.client.put(f"{box.path}/{made['id']}", json={"options": options})
    conversation = await box.conversation()

    await box.put(conversation, made["id"], str(gold))

    assert await box.values(conversation) == {made["id"]: (str(gold), "Gold")}


async def test_naughty_strings_are_kept_or_refused_and_never_a_fault(box: Box) -> None:
    strings = [json.loads(line) for line in NAUGHTY.read_text(encoding="utf-8").splitlines()]
    made = {kind: (await box.add(name=kind, type=kind))["id"] for kind in ("singleline", "multiline", "number", "date")}
    dropdown = await box.add(name="Choice", type="dropdown", options=[{"label": "x"}])
    conversation = await box.conversation()
    for text in strings:
        own = f"{box.path}/{dropdown['id']}"
        answer = await box.client.put(own, json={"name": text, "options": [{"label": text}, {"label": "y"}]})
        assert answer.status_code in (204, 422), (text, answer.text)
        path = f"/v2/conversations/{conversation}/fields"
        answer = await box.client.put(path, json={"fields": [{"id": each, "value": text} for each in made.values()]})
        assert answer.status_code in (204, 422), (text, answer.text)
    for text in strings[::10]:
        answer = await box.client.get("/v2/conversations", params={"customFieldsByIds": f"{made['singleline']}:{text}"})
        assert answer.status_code in (200, 400), (text, answer.text)
