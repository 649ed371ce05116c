"""What clients do that no documentation shows: each a request as the client sends it, and what it reads of the answer.

They are programs on public code hosts that no registry reached here has. `server/tests/contract/test_differences.py`
has what they do differently from each other; here is what only one of them does.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.clients.ground import Ground, ground
from tests.desk import Desk
from waypost.domains.accounts import Dialect

pytestmark = pytest.mark.anyio


@pytest.fixture
async def here(module_desk: Desk) -> Ground:
    return await ground(module_desk, Dialect.SEED)


async def send(here: Ground, method: str, path: str, body: Any = None, status: int = 204, **headers: str) -> Any:
    """One request; its body as the client parses it."""
    content = None if body is None else json.dumps(body)
    answer = await here.http.request(method, path, content=content, headers=headers)
    assert answer.status_code == status, (method, path, answer.text)
    return answer.json() if answer.content else None


async def customer_of(here: Ground, conversation: int) -> int:
    return int((await here.get(f"/v2/conversations/{conversation}"))["primaryCustomer"]["id"])


# ---------------------------------------------------------------- better-reports/HelpScoutSharp


async def test_sharp_reads_plain_integers_where_there_is_nothing(here: Ground) -> None:
    conversation = await here.conversation()

    told = await here.get(f"/v2/conversations/{conversation}")
    thread = await here.thread_of(conversation)

    for document, names in ((told, ("closedBy", "folderId")), (thread, ("savedReplyId",))):
        for name in names:
            assert type(document.get(name, 0)) is int, "null is refused"
    assert "assignee" not in told or told["assignee"]["id"] > 0


async def test_sharp_ends_a_path_in_an_encoded_blank(here: Ground) -> None:
    told = await send(here, "GET", "/v2/customer-properties%20", status=200)

    assert [item["slug"] for item in told["_embedded"]["customer-properties"]] == ["plan"]


async def test_sharp_reads_the_company_of_the_tokens_user(here: Ground) -> None:
    assert type((await here.get("/v2/users/me"))["companyId"]) is int


# ---------------------------------------------------------------- drewburchfield/help-scout-mcp-server


async def test_mcp_joins_its_parts_and_escapes_quotes(here: Ground) -> None:
    found = await here.conversation('They say "hi"')
    await here.conversation("Another one")
    query = '((subject:"say \\"hi\\"") AND (createdAt:[2024-01-01T00:00:00Z TO *]))'

    told = await here.get("/v2/conversations", query=query, size=50, page=1, sortField="mailboxId", status="all")

    assert [item["id"] for item in told["_embedded"]["conversations"]] == [found]
    assert told["page"]["size"] == 50


async def test_mcp_pages_customers_by_cursor(here: Ground) -> None:
    for number in range(51):
        await here.made("/v2/customers", {"firstName": f"Jane {number}"})

    first = await here.get("/v3/customers")
    second = await send(here, "GET", first["_links"]["next"]["href"], status=200)

    assert [len(page["_embedded"]["customers"]) for page in (first, second)] == [50, 1]
    assert "cursor=" in first["_links"]["next"]["href"]
    assert "next" not in second["_links"]


async def test_mcp_takes_a_files_name_from_its_header(here: Ground) -> None:
    conversation = await here.conversation()
    file = {"fileName": "Übersicht.txt", "mimeType": "text/plain", "data": "aGVsbG8="}
    await here.made(f"/v2/conversations/{conversation}/notes", {"text": "See", "attachments": [file]})
    [attachment] = (await here.thread_of(conversation))["_embedded"]["attachments"]

    answer = await here.http.get(f"/v2/conversations/{conversation}/attachments/{attachment['id']}/file")

    assert "filename*=UTF-8''%C3%9Cbersicht.txt" in answer.headers["content-disposition"]
    assert 'filename="' in answer.headers["content-disposition"]


# ---------------------------------------------------------------- Velocity-BPA/n8n-nodes-helpscout


async def test_velocitys_node_takes_tags_away_and_lists_a_customers_conversations(here: Ground) -> None:
    conversation = await here.conversation(tags=["vip", "gold"])
    path = f"/v2/conversations/{conversation}/tags"

    await send(here, "DELETE", path, {"tags": ["vip"]})
    assert [tag["tag"] for tag in (await here.get(f"/v2/conversations/{conversation}"))["tags"]] == ["gold"]
    await send(here, "DELETE", path)
    assert (await here.get(f"/v2/conversations/{conversation}"))["tags"] == []
    listed = await here.get(f"/v2/customers/{await customer_of(here, conversation)}/conversations", pageSize=10)
    assert [item["id"] for item in listed["_embedded"]["conversations"]] == [conversation]
    assert listed["page"]["size"] == 10


# ---------------------------------------------------------------- stephendolan and CLBarajas/helpscout-cli


async def test_sd_adds_a_tag_by_reading_names_and_writing_them_back(here: Ground) -> None:
    conversation = await here.conversation(tags=["vip"])
    path = f"/v2/conversations/{conversation}"
    names = [tag["name"] for tag in (await here.get(path))["tags"]]

    await send(here, "PUT", f"{path}/tags", {"tags": [*names, "gold"]})

    assert sorted(tag["name"] for tag in (await here.get(path))["tags"]) == ["gold", "vip"]


async def test_clb_changes_one_key_of_a_saved_reply_and_reads_a_team(here: Ground) -> None:
    path = f"/v2/mailboxes/{here.support.id}/saved-replies"
    made = await here.made(path, {"name": "Welcome", "text": "<p>Hello</p>"})

    await send(here, "PUT", f"{path}/{made}", {"name": "Hello"})

    told = await here.get(f"{path}/{made}")
    assert (told["name"], told["text"]) == ("Hello", "<p>Hello</p>")
    assert (await here.get(f"/v2/teams/{here.team_id}"))["name"] == "Tier 2"


# ---------------------------------------------------------------- mobilelocker/helpscout-cli


async def test_ml_has_paths_of_its_own_for_replies_and_notes(here: Ground) -> None:
    conversation = await here.conversation()

    for word, kind in (("reply", "message"), ("note", "note")):
        answer = await here.http.post(f"/v2/conversations/{conversation}/threads/{word}", json={"text": "Hello"})
        assert (answer.status_code, answer.headers["resource-id"].isdigit()) == (201, True)
        assert (await here.thread_of(conversation))["type"] == kind


async def test_ml_changes_several_things_with_a_plain_object(here: Ground) -> None:
    conversation = await here.conversation()
    body = {
        "status": "closed", "subject": "Renamed", "assignTo": here.account.owner.id, "mailboxId": here.sales.id,
        "tags": ["vip"],
    }  # fmt: skip

    await send(here, "PATCH", f"/v2/conversations/{conversation}", body)

    told = await here.get(f"/v2/conversations/{conversation}")
    assert (told["status"], told["subject"], told["mailboxId"]) == ("closed", "Renamed", here.sales.id)
    assert (told["assignee"]["id"], [tag["tag"] for tag in told["tags"]]) == (here.account.owner.id, ["vip"])


async def test_ml_shows_the_message_of_a_refused_token_request(here: Ground) -> None:
    sent = {
        "grant_type": "authorization_code", "client_id": here.app_id, "client_secret": here.secret, "code": "used",
        "redirect_uri": "https://app.example.com/back",
    }  # fmt: skip
    answer = await here.http.post("/v2/oauth2/token", data=sent)

    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid code")


# ---------------------------------------------------------------- wavyx/hscli


async def test_hscli_names_the_content_type_of_json_patch(here: Ground) -> None:
    conversation = await here.conversation()
    kind = {"Content-Type": "application/json-patch+json"}
    note = await here.made(f"/v2/conversations/{conversation}/notes", {"text": "Note"})

    operation = {"op": "replace", "path": "/mailboxId", "value": here.sales.id}
    await send(here, "PATCH", f"/v2/conversations/{conversation}", operation, **kind)
    operation = {"op": "replace", "path": "/text", "value": "Better"}
    await send(here, "PATCH", f"/v2/conversations/{conversation}/threads/{note}", operation, **kind)

    assert (await here.get(f"/v2/conversations/{conversation}"))["mailboxId"] == here.sales.id
    assert (await here.thread_of(conversation))["body"] == "Better"


async def test_hscli_leaves_types_out_and_replaces_a_whole_collection(here: Ground) -> None:
    customer = await here.made("/v2/customers", {"firstName": "Jane"})

    for collection, value, kind in (
        ("emails", "jane@example.com", "work"),
        ("phones", "+43 1", "work"),
        ("chats", "jane", "other"),
        ("social-profiles", "@jane", "other"),
    ):
        made = await send(here, "POST", f"/v2/customers/{customer}/{collection}", {"value": value}, 201)
        assert (made["type"], made["value"]) == (kind, value)
    operation = {"op": "replace", "path": "/emails", "value": [{"type": "home", "value": "j@example.com"}]}
    await send(here, "PATCH", f"/v2/customers/{customer}", [operation])
    [entry] = (await here.get(f"/v2/customers/{customer}/emails"))["_embedded"]["emails"]
    assert (entry["type"], entry["value"]) == ("home", "j@example.com")


# ---------------------------------------------------------------- operator-kit/hs-cli


async def test_opk_starts_a_conversation_with_short_names_and_objects_as_copies(here: Ground) -> None:
    body = {
        "subject": "Hello", "type": "email", "status": "active", "mailboxId": here.support.id,
        "customer": {"email": "jane@example.com", "first": "Jane", "last": "Smith"},
        "threads": [{"type": "customer", "text": "Hello"}],
    }  # fmt: skip
    conversation = await here.made("/v2/conversations", body)
    reply = {"text": "Hello", "cc": [{"email": "cc@example.com"}], "to": ["other@example.com"]}

    await here.made(f"/v2/conversations/{conversation}/reply", reply)

    thread = await here.thread_of(conversation)
    assert (thread["cc"], thread["to"]) == (["cc@example.com"], ["jane@example.com"])
    customer = await here.get(f"/v2/customers/{await customer_of(here, conversation)}")
    assert (customer["firstName"], customer["lastName"]) == ("Jane", "Smith")


async def test_opk_uses_other_verbs_for_tags_fields_and_snoozes(here: Ground) -> None:
    conversation = await here.conversation(tags=["old"])
    path = f"/v2/conversations/{conversation}"

    await send(here, "POST", f"{path}/tags", {"tags": ["vip"]})
    await send(here, "PATCH", f"{path}/fields", {"fields": [{"id": here.field_id, "value": "Premium"}]})
    await send(here, "PATCH", f"{path}/snooze", {"snoozedUntil": "2050-01-01T00:00:00Z"})

    told = await here.get(path)
    assert [tag["name"] for tag in told["tags"]] == ["vip"]
    assert told["customFields"][0]["text"] == "Premium"
    assert told["snooze"]["unsnoozeOnCustomerReply"] is True


async def test_opk_reads_what_others_have_elsewhere(here: Ground) -> None:
    fields = await here.get(f"/v2/mailboxes/{here.support.id}/custom-fields")
    assert [field["id"] for field in fields["_embedded"]["fields"]] == [here.field_id]
    assert (await here.get("/v2/customer-properties/plan"))["name"] == "Plan"
    everywhere = (await here.get("/v2/conversation-properties"))["_embedded"]["conversation-properties"]
    assert [(item["id"], item["name"]) for item in everywhere] == [(here.field_id, "Plan")]
    assert (await here.get(f"/v2/conversation-properties/{here.field_id}"))["id"] == here.field_id
    await send(here, "DELETE", f"/v2/users/{here.account.user.id}", status=403)


async def test_opk_takes_properties_away_from_organizations(here: Ground) -> None:
    one = await here.made("/v2/organizations", {"name": "Example Corp", "domain": "example.com"})
    await send(here, "POST", "/v2/organizations/properties", {"type": "text", "slug": "tier", "name": "Tier"}, 201)
    await send(here, "PUT", f"/v2/organizations/{one}/properties/tier", {"value": "gold"})
    told = await here.get(f"/v2/organizations/{one}", includeProperties="true")
    assert [item["value"] for item in told["_embedded"]["properties"]] == ["gold"]

    await send(here, "DELETE", f"/v2/organizations/{one}/properties/tier")
    await send(here, "DELETE", "/v2/organizations/properties/tier")
    await send(here, "DELETE", f"/v2/organizations/{one}")
    await send(here, "GET", f"/v2/organizations/{one}", status=404)


# ---------------------------------------------------------------- robinbetts/HelpScoutNet


async def test_rb_misspells_a_network(here: Ground) -> None:
    customer = await here.made("/v2/customers", {"firstName": "Jane"})
    path = f"/v2/customers/{customer}/social-profiles"

    made = await send(here, "POST", path, {"type": "forsquare", "value": "@jane"}, 201)

    assert made["type"] == "foursquare"
