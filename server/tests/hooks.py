"""Help for tests of webhooks: subscriptions to receivers that the test runs, and the clock that retries go by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.desk import Desk, desk_with

SECRET = "your-webhook-secret"
#: A desk that may send to the test's own receivers.
OPEN = {"outgoing_allow": ("127.0.0.0/8",), "allow_insecure_webhooks": True}


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2024, 1, 15, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def open_desk(**changes: Any) -> Any:
    """Decorator: the test's desk may send to the test's own receivers."""
    return desk_with(**OPEN, **changes)


async def subscribe(client: httpx.AsyncClient, url: str, *events: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v2/webhooks", json={"url": url, "events": list(events), "secret": SECRET, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def converse(client: httpx.AsyncClient, mailbox_id: int, **more: Any) -> int:
    """A conversation that a customer began; its id."""
    body = {
        "subject": "Need help with billing",
        "type": "email",
        "mailboxId": mailbox_id,
        "status": "active",
        "customer": {"email": "jane@example.com", "firstName": "Jane", "lastName": "Smith"},
        "threads": [{"type": "customer", "text": "I have a question about my bill."}],
        **more,
    }
    answer = await client.post("/v2/conversations", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def settle(desk: Desk, clock: Clock | None = None, *, seconds: float = 0) -> int:
    """Let time pass and do everything that is due then."""
    if clock is not None:
        clock.advance(seconds)
    return await desk.run_workers()
