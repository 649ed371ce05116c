"""The rules of trying again and giving up, and the ids of events (spec: webhooks 7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from waypost.domains.webhooks import Attempt, DisabledReason, Profile, RetryPolicy, Webhook, WebhookState
from waypost.domains.webhooks.delivery import pause_s, reason_to_disable
from waypost.domains.webhooks.occurrences import of
from waypost.kit.events import Fact

NOW = datetime(2024, 1, 15, 9, 30, tzinfo=UTC)
FAILED = Attempt(number=1, started_at=NOW, duration_ms=5, request_headers={}, response_status=500)
WEBHOOK = Webhook(
    account_id=1, id=1, user_id=1, application_id=None, url="https://x.example/", events=["convo.created"],
    secret=b"", previous_secret=None, previous_secret_until=None, label="", notification=False, payload_version="V2",
    mailbox_ids=[], state=WebhookState.ENABLED, profile=Profile.SEED, retry_policy=RetryPolicy.EXTENDED,
    ordered=False, include_spam=False, disabled_reason=None, disabled_at=None, last_success_at=None,
    consecutive_failures=9, consecutive_discards=0, failing_since=NOW, paused_until=None, created_at=NOW,
    updated_at=NOW,
)  # fmt: skip


def fact(kind: str, fact_id: int = 7, **data: object) -> Fact:
    return Fact(1, fact_id, kind, NOW, "user", 3, "conversation", 10, 2, dict(data))


@pytest.mark.parametrize(
    ("policy", "days", "ends"), [("extended", 5, True), ("extended", 4, False), ("fast", 5, False)]
)
def test_five_days_of_failures_end_a_patient_subscription(policy: str, days: int, ends: bool) -> None:
    webhook = msgspec.structs.replace(WEBHOOK, retry_policy=RetryPolicy(policy))
    reason = reason_to_disable(webhook, FAILED, 0, NOW + timedelta(days=days))
    assert (reason is DisabledReason.FAILING) is ends


@pytest.mark.parametrize("made", range(1, 10))
def test_pauses_double_and_vary_by_a_tenth(made: int) -> None:
    seen = [pause_s(RetryPolicy.FAST, made, FAILED) for _ in range(200)]
    scheduled = 2.0 ** (made - 1)
    assert all(0.9 * scheduled <= pause <= 1.1 * scheduled for pause in seen)
    assert max(seen) - min(seen) > 0.1 * scheduled


def test_an_events_id_is_a_ulid_that_the_fact_decides() -> None:
    [event] = of(fact("convo.status", status="closed", previous="active"), is_part=False)
    again = of(fact("convo.status", status="closed", previous="active"), is_part=False)[0]
    other = of(fact("convo.status", 8, status="closed", previous="active"), is_part=False)[0]
    assert event.event_id == again.event_id != other.event_id
    assert event.event_id.startswith("evt_01HM")  # 2024-01-15
    assert len(event.event_id) == 30
    parts = of(fact("convo.tags", added=["a"], removed=["b"]), is_part=False)
    assert [part.name for part in parts] == ["convo.tags", "convo.tags.added", "convo.tags.removed"]
    assert len({part.event_id for part in parts}) == 3


@pytest.mark.parametrize(
    "told",
    [
        fact("convo.created", is_imported=True),
        fact("convo.created", is_draft=True),
        fact("convo.note.created", is_imported=True),
        fact("convo.draft.saved"),
        fact("convo.subject", previous="x"),
        fact("convo.tags", added=[], removed=[]),
        fact("customer.created", is_draft=True),
    ],
    ids=lambda told: told.type,
)
def test_facts_that_nobody_is_told_of(told: Fact) -> None:
    assert of(told, is_part=False) == []


def test_who_was_known_from_drafts_alone_is_made_known_with_the_first_that_is_sent() -> None:
    [event] = of(fact("customer.updated", fields=["is_draft"]), is_part=False)
    assert event.name == "customer.created"


def test_parts_of_a_beginning_are_not_told() -> None:
    assert of(fact("convo.note.created", thread_id=1), is_part=True) == []
