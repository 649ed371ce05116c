"""A company for the published clients: what their feature lists take for granted, and credentials as they want them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.desk import Desk
from tests.make import AccountMade, Person
from waypost.domains import accounts, mailboxes
from waypost.domains.accounts import Dialect, OAuthApplication, applications, grants
from waypost.domains.mailboxes import FieldType, Mailbox

REDIRECT = "https://app.example.com/back"


@dataclass(frozen=True)
class Ground:
    """An account with two mailboxes, a field, a team, a property, and an application of its owner."""

    desk: Desk
    account: AccountMade
    support: Mailbox
    sales: Mailbox
    field_id: int
    team_id: int
    application: OAuthApplication
    secret: str
    http: httpx.AsyncClient

    @property
    def app_id(self) -> str:
        return self.application.client_id

    async def tokens(self, person: Person | None = None) -> dict[str, Any]:
        """Access and refresh token, as a user gets them who has consented to the application."""
        async with self.desk.transactions.open() as tx:
            code = await grants.issue_code(tx, self.application, (person or self.account.owner).id, None)
        answer = await self.http.post(
            "/v2/oauth2/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "client_id": self.app_id,
                "client_secret": self.secret,
            },
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What the desk itself says, to be compared with what a client made of it."""
        answer = await self.http.get(path, params=query or None)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def made(self, path: str, body: dict[str, Any]) -> int:
        """Make something; its id."""
        answer = await self.http.post(path, json=body)
        assert answer.status_code == 201, (path, answer.text)
        return int(answer.json()["id"])

    async def conversation(self, subject: str = "A question", email: str = "jane@example.com", **more: Any) -> int:
        """A conversation that a customer began."""
        thread = {"type": "customer", "text": f"<p>{subject}</p>", "customer": {"email": email}}
        body = {
            "subject": subject,
            "type": "email",
            "status": "active",
            "mailboxId": self.support.id,
            "customer": {"email": email, "firstName": "Jane", "lastName": "Smith"},
            "threads": [thread],
        }
        return await self.made("/v2/conversations", {**body, **more})

    async def workflow(self) -> int:
        """A manual workflow of the first mailbox that tags what it is run on."""
        body = {
            "mailboxId": self.support.id,
            "type": "manual",
            "name": "Escalate",
            "status": "active",
            "conditions": [],
            "actions": [{"type": "addTags", "tags": ["ran"]}],
        }
        return await self.made("/v2/workflows", body)

    async def thread_of(self, conversation_id: int) -> dict[str, Any]:
        """The newest thread of a conversation."""
        threads = (await self.get(f"/v2/conversations/{conversation_id}/threads"))["_embedded"]["threads"]
        return dict(threads[0])


async def ground(desk: Desk, dialect: Dialect = Dialect.PLATFORM) -> Ground:
    """A new company. Its application speaks the public service's dialect, as somebody who moves here would set it."""
    account = await desk.make.account()
    support = await desk.make.mailbox(account, name="General Support", users=[account.user])
    sales = await desk.make.mailbox(account, name="Sales")
    owner = account.owner.actor
    async with desk.transactions.open() as tx:
        field = await mailboxes.create_field(tx, owner, support.id, "Plan", FieldType.DROPDOWN, ["Premium", "Basic"])
        team = await accounts.create_team(tx, owner, "Tier 2", member_ids=[account.user.id])
        application, secret = await applications.register_application(tx, owner, "Client", REDIRECT, dialect)
    http = await desk.client(account.owner)
    made = Ground(desk, account, support, sales, field.id, team.id, application, secret, http)
    definition = {"type": "dropdown", "slug": "plan", "name": "Plan", "options": [{"label": "Premium"}]}
    answer = await http.post("/v2/customer-properties", json=definition)
    assert answer.status_code == 201, answer.text
    return made
