"""Every endpoint that the specification lists is there: E1 to E110 (spec: 1) and the extras X1 to X20 (spec: 14)."""

from __future__ import annotations

import httpx
import pytest

from tests.desk import Desk

pytestmark = pytest.mark.anyio

#: Number, method and path, as the specification lists them. X9 and X21 are no paths of their own.
ENDPOINTS = [
    tuple(line.split())
    for line in """
E1 GET /authentication/authorizeClientApplication
E2 POST /v2/oauth2/token
E3 GET /v2/conversations
E4 POST /v2/conversations
E5 GET /v2/conversations/{id}
E6 GET /v3/conversations/{id}
E7 PATCH /v2/conversations/{id}
E8 DELETE /v2/conversations/{id}
E9 PUT /v2/conversations/{id}/tags
E10 PUT /v2/conversations/{id}/fields
E11 PUT /v2/conversations/{id}/snooze
E12 DELETE /v2/conversations/{id}/snooze
E13 GET /v2/conversations/{id}/attachments/{id}/data
E14 GET /v2/conversations/{id}/attachments/{id}/file
E15 POST /v2/conversations/{id}/threads/{id}/attachments
E16 DELETE /v2/conversations/{id}/attachments/{id}
E17 GET /v2/conversations/{id}/threads
E18 GET /v3/conversations/{id}/threads
E19 POST /v2/conversations/{id}/reply
E20 POST /v2/conversations/{id}/notes
E21 POST /v2/conversations/{id}/phones
E22 POST /v2/conversations/{id}/chats
E23 POST /v2/conversations/{id}/customer
E24 PATCH /v2/conversations/{id}/threads/{id}
E25 GET /v2/conversations/{id}/threads/{id}/original-source
E26 PUT /v2/conversations/{id}/threads/{id}/schedule
E27 DELETE /v2/conversations/{id}/threads/{id}/schedule
E28 GET /v2/customers
E29 GET /v3/customers
E30 POST /v2/customers
E31 GET /v2/customers/{id}
E32 PUT /v2/customers/{id}
E33 PATCH /v2/customers/{id}
E34 DELETE /v2/customers/{id}
E35 GET /v2/customers/{id}/emails
E36 POST /v2/customers/{id}/emails
E37 PUT /v2/customers/{id}/emails/{id}
E38 DELETE /v2/customers/{id}/emails/{id}
E39 GET /v2/customers/{id}/phones
E40 POST /v2/customers/{id}/phones
E41 PUT /v2/customers/{id}/phones/{id}
E42 DELETE /v2/customers/{id}/phones/{id}
E43 GET /v2/customers/{id}/chats
E44 POST /v2/customers/{id}/chats
E45 PUT /v2/customers/{id}/chats/{id}
E46 DELETE /v2/customers/{id}/chats/{id}
E47 GET /v2/customers/{id}/social-profiles
E48 POST /v2/customers/{id}/social-profiles
E49 PUT /v2/customers/{id}/social-profiles/{id}
E50 DELETE /v2/customers/{id}/social-profiles/{id}
E51 GET /v2/customers/{id}/websites
E52 POST /v2/customers/{id}/websites
E53 PUT /v2/customers/{id}/websites/{id}
E54 DELETE /v2/customers/{id}/websites/{id}
E55 GET /v2/customers/{id}/address
E56 POST /v2/customers/{id}/address
E57 PUT /v2/customers/{id}/address
E58 DELETE /v2/customers/{id}/address
E59 PATCH /v2/customers/{id}/properties
E60 POST /v2/customers/{id}/social_profiles
E61 GET /v2/customer-properties
E62 POST /v2/customer-properties
E63 GET /v2/organizations
E64 POST /v2/organizations
E65 GET /v2/organizations/{id}
E66 PUT /v2/organizations/{id}
E67 DELETE /v2/organizations/{id}
E68 GET /v2/organizations/{id}/customers
E69 GET /v2/organizations/{id}/conversations
E70 GET /v2/organizations/properties
E71 POST /v2/organizations/properties
E72 GET /v2/organizations/properties/{slug}
E73 PUT /v2/organizations/properties/{slug}
E74 DELETE /v2/organizations/properties/{slug}
E75 PUT /v2/organizations/{id}/properties/{slug}
E76 DELETE /v2/organizations/{id}/properties/{slug}
E77 GET /v2/mailboxes
E78 GET /v2/mailboxes/{id}
E79 GET /v2/mailboxes/{id}/fields
E80 GET /v2/mailboxes/{id}/folders
E81 GET /v2/mailboxes/{id}/routing
E82 PUT /v2/mailboxes/{id}/routing
E83 GET /v2/mailboxes/{id}/saved-replies
E84 POST /v2/mailboxes/{id}/saved-replies
E85 GET /v2/mailboxes/{id}/saved-replies/{id}
E86 PUT /v2/mailboxes/{id}/saved-replies/{id}
E87 DELETE /v2/mailboxes/{id}/saved-replies/{id}
E88 GET /v2/mailboxes/{id}/saved_replies
E89 GET /v2/users
E90 GET /v2/users/{id}
E91 GET /v2/users/me
E92 GET /v2/users/status
E93 GET /v2/users/{id}/status
E94 PUT /v2/users/{id}/status
E95 GET /v3/system-users
E96 GET /v3/system-users/{id}
E97 GET /v2/teams
E98 GET /v2/teams/{id}
E99 GET /v2/teams/{id}/members
E100 GET /v2/tags
E101 GET /v2/tags/{id}
E102 GET /v2/workflows
E103 PATCH /v2/workflows/{id}
E104 POST /v2/workflows/{id}/run
E105 GET /v2/webhooks
E106 POST /v2/webhooks
E107 GET /v2/webhooks/{id}
E108 PUT /v2/webhooks/{id}
E109 DELETE /v2/webhooks/{id}
E110 GET /v2/ratings/{id}
X1 POST /v2/conversations/{id}/threads/reply
X2 POST /v2/conversations/{id}/threads/note
X3 DELETE /v2/conversations/{id}/tags
X4 POST /v2/conversations/{id}/tags
X5 PATCH /v2/conversations/{id}/fields
X6 PATCH /v2/conversations/{id}/snooze
X7 GET /v2/customers/{id}/conversations
X8 PUT /v2/customers/{id}/properties
X10 GET /v2/conversations/{id}/threads/{id}/source
X11 GET /v2/mailboxes/{id}/custom-fields
X12 GET /v2/saved-replies
X13 GET /v2/saved-replies/{id}
X13 PUT /v2/saved-replies/{id}
X13 DELETE /v2/saved-replies/{id}
X14 POST /v2/saved-replies
X15 GET /v2/customer-properties/{slug}
X16 PUT /v2/customer-properties/{slug}
X16 DELETE /v2/customer-properties/{slug}
X17 GET /v2/conversation-properties
X17 GET /v2/conversation-properties/{id}
X18 DELETE /v2/users/{id}
X19 GET /v2/conversations/{id}/attachments/{id}
X20 GET /v2/conversations/{id}/threads/{id}
""".strip().splitlines()
]
#: What an answer says of a path that nobody serves, or not by this method.
ABSENT = (404, 405, 501)
#: The two calls that need no token: what they say to a call without anything in it.
OPEN = {"E1": 400, "E2": 400}


async def call(client: httpx.AsyncClient, method: str, path: str) -> int:
    """The status of a call without credentials, which a path that exists asks for before anything else."""
    address = path.replace("{id}", "1").replace("{slug}", "plan")
    content = "{}" if method in ("POST", "PUT", "PATCH") else None
    headers = {"Content-Type": "application/json"} if content else {}
    return (await client.request(method, address, content=content, headers=headers)).status_code


def test_the_list_is_complete() -> None:
    numbers = [number for number, _, _ in ENDPOINTS]
    assert numbers[:110] == [f"E{number}" for number in range(1, 111)]
    extras = [f"X{number}" for number in range(1, 21) if number != 9]
    assert list(dict.fromkeys(numbers[110:])) == extras


async def test_every_endpoint_is_there(module_desk: Desk) -> None:
    client = await module_desk.client()
    assert await call(client, "GET", "/v2/no-such-thing") == 404, "else nothing below proves anything"
    seen = [(number, method, path, await call(client, method, path)) for number, method, path in ENDPOINTS]

    absent = {number for number, _, _, status in seen if status in ABSENT}
    assert sorted(absent) == []
    unguarded = [
        (number, method, path, status) for number, method, path, status in seen if status != OPEN.get(number, 401)
    ]
    assert unguarded == []
