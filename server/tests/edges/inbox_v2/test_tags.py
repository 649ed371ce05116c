"""Tags: E100, E101 (spec: 11.11), and what administers them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.office import Office, open_office, refused
from waypost.domains.conversations import tags

pytestmark = pytest.mark.anyio

NAUGHTY = Path(__file__).parents[2] / "data" / "hostile" / "naughty-strings.jsonl"


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    """One desk for the module: every test works in an account of its own."""
    return module_desk


@pytest.fixture
async def office(desk: Desk) -> Office:
    return await open_office(desk)


async def make(office: Office, name: str, **body: Any) -> int:
    answer = await office.client.post("/v2/tags", json={"name": name, **body})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def names(office: Office, conversation_id: int) -> list[str]:
    return [tag["name"] for tag in (await office.conversation(conversation_id))["tags"]]


async def spread(office: Office, tag: str, count: int) -> None:
    """Put a tag on so many conversations more."""
    async with office.desk.connection() as connection:
        await connection.execute(
            "with made as ("
            " insert into conversation (account_id, number, mailbox_id, type, status, subject, primary_customer_id,"
            " source_type, source_via, created_at, modified_at, user_updated_at)"
            " select c.account_id, 5000 + n, c.mailbox_id, 'email', 'closed', 'Bulk', c.primary_customer_id,"
            " 'api', 'customer', now(), now(), now() from generate_series(1, $3) n,"
            " (select * from conversation where account_id = $1 order by id limit 1) c returning id)"
            " insert into conversation_tag select $1, made.id, tag.id from made, tag"
            " where tag.account_id = $1 and tag.name = $2",
            *(office.account.id, tag, count),
        )
        # As the database does by itself some time after a load; until then it takes the tables for empty.
        await connection.execute("analyze conversation, conversation_search, conversation_tag")


async def test_a_tag_has_every_key_and_three_carriers_of_its_id(desk: Desk, office: Office) -> None:
    answer = await office.client.post("/v2/tags", json={"name": "  V.I.P.\tCustomers ", "color": "BLUE"})

    assert answer.status_code == 201
    made = answer.json()
    address = f"{desk.base_url}/v2/tags/{made['id']}"
    assert (answer.headers["resource-id"], answer.headers["location"]) == (str(made["id"]), address)
    assert made == {
        "id": made["id"],
        "slug": "v-i-p-customers",
        "name": "v.i.p. customers",
        "color": "blue",
        "createdAt": made["createdAt"],
        "updatedAt": made["createdAt"],
        "ticketCount": 0,
        "_links": {"self": {"href": address}},
    }
    assert await office.get(f"/v2/tags/{made['id']}") == made
    assert (await office.get("/v2/tags"))["_embedded"]["tags"] == [made]


async def test_the_list_is_by_name_and_in_pages_of_fifty(office: Office) -> None:
    for number in range(51):
        await make(office, f"t{number:02}")

    first, second = [await office.get(f"/v2/tags?page={page}") for page in (1, 2)]

    assert first["page"] == {"size": 50, "totalElements": 51, "totalPages": 2, "number": 1}
    assert [tag["name"] for tag in (*first["_embedded"]["tags"], *second["_embedded"]["tags"])] == [
        f"t{number:02}" for number in range(51)
    ]


@pytest.mark.parametrize(
    ("sent", "listed", "shown"),
    [
        (None, "none", "#929499"),
        ("none", "none", "#929499"),
        ("", "none", "#929499"),
        ("Red", "red", "#d6455d"),
        ("grey", "gray", "#929499"),
        ("#1292EE", "#1292ee", "#1292ee"),
        ("#abc", "#aabbcc", "#aabbcc"),
    ],
)
async def test_colours_are_names_or_hex_and_conversations_show_hex(
    office: Office, sent: str | None, listed: str, shown: str
) -> None:
    tag_id = await make(office, "vip", color=sent)
    conversation_id = await office.start(tags=["vip"])

    assert (await office.get(f"/v2/tags/{tag_id}"))["color"] == listed
    assert (await office.conversation(conversation_id))["tags"] == [
        {"id": tag_id, "color": shown, "tag": "vip", "name": "vip", "slug": "vip"}
    ]


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, {"name"}),
        ({"name": None}, {"name"}),
        ({"name": ""}, {"name"}),
        ({"name": "  \t "}, {"name"}),
        ({"name": "x" * 61}, {"name"}),
        ({"name": "x" * 10_000}, {"name"}),
        ({"name": 7}, {"name"}),
        ({"name": "x", "color": "url(https://example.com)"}, {"color"}),
        ({"name": "x", "color": "#12345"}, {"color"}),
        ({"name": "x", "color": "red;background:url(x)"}, {"color"}),
        ({"name": "x", "color": 7}, {"color"}),
        ({"name": "", "color": "x"}, {"name"}),
        ({"name": " ", "color": "x"}, {"name", "color"}),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_bad_tags_name_what_is_wrong(office: Office, method: str, body: Any, paths: set[str]) -> None:
    tag_id = await make(office, "vip")
    path = "/v2/tags" if method == "POST" else f"/v2/tags/{tag_id}"

    answer = await office.client.request(method, path, json=body)

    assert answer.status_code == 422, answer.text
    assert set(refused(answer)) == paths
    assert len(answer.content) < 3000
    assert [tag["name"] for tag in (await office.get("/v2/tags"))["_embedded"]["tags"]] == ["vip"]


@pytest.mark.parametrize(("length", "status"), [(60, 204), (61, 422), (10_000, 422)])
async def test_conversations_carry_no_longer_names(office: Office, length: int, status: int) -> None:
    conversation_id = await office.start()

    for method in ("PUT", "POST"):
        answer = await office.client.request(
            method, f"/v2/conversations/{conversation_id}/tags", json={"tags": ["ok", "x" * length]}
        )
        assert answer.status_code == status
        if status == 422:
            assert set(refused(answer)) == {"tags[1]"}


async def test_a_name_is_taken_once(office: Office) -> None:
    vip, pro = await make(office, "vip"), await make(office, "pro")

    answers = [
        await office.client.post("/v2/tags", json={"name": " VIP "}),
        await office.client.put(f"/v2/tags/{pro}", json={"name": "vip"}),
        await office.client.patch(f"/v2/tags/{pro}", json={"name": "Vip"}),
    ]

    for answer in answers:
        assert (answer.status_code, refused(answer)) == (409, {"name": "tag already exists"})
    as_php = {"User-Agent": "Help Scout PHP API Client/3.0"}
    assert (await office.client.post("/v2/tags", json={"name": "vip"}, headers=as_php)).status_code == 400
    assert (await office.get(f"/v2/tags/{vip}"))["name"] == "vip"


async def test_one_of_many_who_make_the_same_tag_makes_it(office: Office) -> None:
    answers = await asyncio.gather(*(office.client.post("/v2/tags", json={"name": "vip"}) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


@pytest.mark.parametrize(
    ("method", "body", "name", "color"),
    [
        ("PUT", {"name": " New ", "color": "red"}, "new", "red"),
        ("PUT", {"name": "new"}, "new", "none"),
        ("PATCH", {"name": "New"}, "new", "blue"),
        ("PATCH", {"color": "#FFF"}, "old", "#ffffff"),
        ("PATCH", {"color": None}, "old", "none"),
        ("PATCH", {}, "old", "blue"),
        ("PATCH", {"op": "replace", "path": "/name", "value": "new"}, "new", "blue"),
        ("PATCH", [{"op": "replace", "path": "/color", "value": "red"}], "old", "red"),
        ("PATCH", [{"op": "remove", "path": "/color"}, {"op": "add", "path": "/name", "value": "new"}], "new", "none"),
    ],
)
async def test_names_and_colours_change(office: Office, method: str, body: Any, name: str, color: str) -> None:
    tag_id = await make(office, "old", color="blue")

    answer = await office.client.request(method, f"/v2/tags/{tag_id}", json=body)

    assert (answer.status_code, answer.content) == (204, b"")
    found = await office.get(f"/v2/tags/{tag_id}")
    assert (found["name"], found["slug"], found["color"]) == (name, name, color)
    facts = await office.facts("tag.updated")
    assert [fact["data"] for fact in facts] == (
        [{"name": name, "previous_name": "old"}] if (name, color) != ("old", "blue") else []
    )


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ([{"op": "replace", "path": "/id", "value": 1}], {"[0].path"}),
        ([{"op": "move", "path": "/name", "value": "x"}], {"[0].op"}),
        ([{"op": "remove", "path": "/name"}], {"[0].op"}),
        ([{"op": "replace", "path": "/name", "value": 7}], {"[0].value"}),
        ([{"op": "test", "path": "/name", "value": "x"}], {"[0].op"}),
        ({"name": 7, "color": []}, {"name", "color"}),
        ({"accountId": 1}, {"op"}),
    ],
)
async def test_bad_changes_name_what_is_wrong(office: Office, body: Any, paths: set[str]) -> None:
    """Attack 48."""
    tag_id = await make(office, "old")

    answer = await office.client.patch(f"/v2/tags/{tag_id}", json=body)

    assert (answer.status_code, set(refused(answer))) == (422, paths)
    assert (await office.get(f"/v2/tags/{tag_id}"))["name"] == "old"


async def test_a_renamed_tag_is_found_by_its_new_name_alone(office: Office) -> None:
    conversation_id = await office.start(tags=["old"])
    [tag] = (await office.get("/v2/tags"))["_embedded"]["tags"]

    await office.client.patch(f"/v2/tags/{tag['id']}", json={"name": "brand new"})

    assert await names(office, conversation_id) == ["brand new"]
    for query, found in (
        ("tag=brand new", True), ("query=(tag:\"brand new\")", True), ("query=(tag:brand-new)", True),
        ("query=brand", True), ("tag=old", False), ("query=(tag:old)", False),
    ):  # fmt: skip
        assert await office.listed(query) == ([conversation_id] if found else []), query
    assert (await office.get(f"/v2/tags/{tag['id']}"))["ticketCount"] == 1


async def test_deleting_takes_a_tag_off_everything(office: Office) -> None:
    conversation_id = await office.start(tags=["gone", "kept"])
    gone = next(tag["id"] for tag in (await office.get("/v2/tags"))["_embedded"]["tags"] if tag["name"] == "gone")

    answer = await office.client.delete(f"/v2/tags/{gone}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await office.client.delete(f"/v2/tags/{gone}")).status_code == 404
    assert (await office.client.get(f"/v2/tags/{gone}")).status_code == 404
    assert await names(office, conversation_id) == ["kept"]
    assert await office.listed("query=(tag:gone)") == []
    assert await office.listed("query=(tag:kept)") == [conversation_id]
    [fact] = await office.facts("tag.deleted")
    assert (fact["subject_id"], fact["data"]) == (gone, {"name": "gone", "into_id": None})
    # The same name again is another tag.
    await office.client.put(f"/v2/conversations/{conversation_id}/tags", json={"tags": ["gone"]})
    assert (await office.conversation(conversation_id))["tags"][0]["id"] != gone


async def test_merging_puts_one_tag_in_the_place_of_others(office: Office) -> None:
    first, second = await office.start(tags=["a", "b"]), await office.start(tags=["c"])
    ids = {tag["name"]: tag["id"] for tag in (await office.get("/v2/tags"))["_embedded"]["tags"]}

    answer = await office.client.post(f"/v2/tags/{ids['a']}/merge", json={"tagIds": [ids["b"], ids["c"], ids["b"]]})

    assert (answer.status_code, answer.content) == (204, b"")
    assert await names(office, first) == await names(office, second) == ["a"]
    [tag] = (await office.get("/v2/tags"))["_embedded"]["tags"]
    assert (tag["id"], tag["ticketCount"]) == (ids["a"], 2)
    assert sorted(await office.listed("query=(tag:a)")) == sorted(await office.listed("tag=a")) == [first, second]
    assert await office.listed("query=(tag:b)") == await office.listed("query=(tag:c)") == []
    facts = await office.facts("tag.deleted", "tag.updated")
    assert [(fact["type"], fact["subject_id"], fact["data"].get("into_id")) for fact in facts] == [
        ("tag.deleted", ids["b"], ids["a"]),
        ("tag.deleted", ids["c"], ids["a"]),
        ("tag.updated", ids["a"], None),
    ]


@pytest.mark.parametrize("body", [{}, {"tagIds": []}, {"tagIds": [999_999]}, {"tagIds": ["x"]}, {"tagId": 999_999}])
async def test_bad_merges_name_what_is_wrong(office: Office, body: Any) -> None:
    tag_id = await make(office, "a")

    answer = await office.client.post(f"/v2/tags/{tag_id}/merge", json=body)
    into_itself = await office.client.post(f"/v2/tags/{tag_id}/merge", json={"tagIds": [tag_id]})

    assert answer.status_code == into_itself.status_code == 422
    assert next(iter(refused(answer))).startswith("tagId")
    assert refused(into_itself) == {"tagIds[0]": "cannot be merged into itself"}


async def test_another_companys_tags_do_not_exist(desk: Desk, office: Office) -> None:
    """Attack 17."""
    stranger = await open_office(desk)
    own, foreign = await make(office, "own"), await make(stranger, "foreign")

    answer = await office.client.post(f"/v2/tags/{own}/merge", json={"tagIds": [foreign]})

    assert (answer.status_code, refused(answer)) == (422, {"tagIds[0]": "tag does not exist"})
    assert (await stranger.get(f"/v2/tags/{foreign}"))["name"] == "foreign"


async def test_only_administrators_administer_tags(desk: Desk, office: Office) -> None:
    a, b = await make(office, "a"), await make(office, "b")
    user = await desk.make.user(office.account, mailboxes=[office.mailbox])
    client, administrator = await desk.client(user), await desk.client(office.account.administrator)

    async def status(who: httpx.AsyncClient, method: str, path: str, body: Any = None) -> int:
        return (await who.request(method, path, json=body)).status_code

    calls: list[tuple[str, str, Any]] = [
        ("POST", "/v2/tags", {"name": "x"}),
        ("PUT", f"/v2/tags/{a}", {"name": "x2"}),
        ("PATCH", f"/v2/tags/{a}", {"name": "x3"}),
        ("POST", f"/v2/tags/{a}/merge", {"tagIds": [b]}),
        ("DELETE", f"/v2/tags/{a}", None),
    ]
    assert [await status(client, *call) for call in calls] == [403] * 5
    assert [await status(administrator, *call) for call in calls] == [201, 204, 204, 204, 204]
    assert await status(client, "GET", "/v2/tags") == 200
    conversation_id = await office.start()
    assert await status(client, "PUT", f"/v2/conversations/{conversation_id}/tags", {"tags": ["own"]}) == 204


async def test_awkward_names_come_back_as_sent_or_are_refused(office: Office) -> None:
    conversation_id = await office.start()
    lines = NAUGHTY.read_text(encoding="utf-8").splitlines()
    taken = set()
    for name in [json.loads(line) for line in lines]:
        wanted = " ".join(name.replace("\0", "").split()).lower()
        answer = await office.client.post("/v2/tags", json={"name": name})
        if not 1 <= len(wanted) <= 60:
            assert (answer.status_code, set(refused(answer))) == (422, {"name"}), name
            continue
        assert answer.status_code == (409 if wanted in taken else 201), (name, answer.text)
        taken.add(wanted)
        if answer.status_code == 201:
            assert answer.json()["name"] == wanted
            color = await office.client.patch(f"/v2/tags/{answer.json()['id']}", json={"color": name})
            assert color.status_code == (204 if wanted == "none" else 422), name
    put = await office.client.put(f"/v2/conversations/{conversation_id}/tags", json={"tags": sorted(taken)[:100]})
    assert put.status_code == 204
    assert set(await names(office, conversation_id)) == set(sorted(taken)[:100])


@pytest.mark.parametrize("what", ["rename", "merge", "delete"])
async def test_tags_of_many_conversations_follow_in_the_background(desk: Desk, office: Office, what: str) -> None:
    first = await office.start(tags=["old"])
    tag_id = (await office.get("/v2/tags"))["_embedded"]["tags"][0]["id"]
    other = await make(office, "other")
    await spread(office, "old", tags.MOST_AT_ONCE)
    total = tags.MOST_AT_ONCE + 1

    async def found(query: str) -> int:
        return int((await office.get(f"/v2/conversations?status=all&limit=1&{query}"))["page"]["totalElements"])

    if what == "rename":
        answer = await office.client.patch(f"/v2/tags/{tag_id}", json={"name": "new"})
        assert (answer.status_code, await found("tag=new")) == (204, total)
    elif what == "merge":
        answer = await office.client.post(f"/v2/tags/{other}/merge", json={"tagIds": [tag_id]})
    else:
        answer = await office.client.delete(f"/v2/tags/{tag_id}")
    if what != "rename":
        assert (answer.status_code, answer.content) == (202, b"")
    await desk.run_workers()

    expected = {"rename": "new", "merge": "other", "delete": None}[what]
    assert await names(office, first) == ([expected] if expected else [])
    assert await found("query=(tag:old)") == 0
    if expected:
        assert await found(f"query=(tag:{expected})") == await found(f"tag={expected}") == total
    tallied = {tag["name"]: tag["ticketCount"] for tag in (await office.get("/v2/tags"))["_embedded"]["tags"]}
    assert (
        tallied
        == {
            "rename": {"new": total, "other": 0},
            "merge": {"other": total},
            "delete": {"other": 0},
        }[what]
    )
    assert len(await office.facts("tag.deleted")) == (what != "rename")


async def test_tagging_while_tags_are_merged_loses_no_tag(office: Office) -> None:
    started = [await office.start() for _ in range(6)]
    a, b = await make(office, "a"), await make(office, "b")

    answers = await asyncio.gather(
        *(office.client.put(f"/v2/conversations/{key}/tags", json={"tags": ["b"]}) for key in started[:3]),
        office.client.post(f"/v2/tags/{a}/merge", json={"tagIds": [b]}),
        *(office.client.put(f"/v2/conversations/{key}/tags", json={"tags": ["b"]}) for key in started[3:]),
    )

    assert {answer.status_code for answer in answers} == {204}
    for key in started:
        assert await names(office, key) in (["a"], ["b"])
