"""Attacks 9 to 14 and 46: webhooks that lead inside, answers that never end, and signatures that do not hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.desk import Desk
from tests.hooks import SECRET
from waypost.domains.webhooks import Profile
from waypost.edges.hooks_out import signing

pytestmark = pytest.mark.anyio

URLS = [json.loads(line) for line in (Path(__file__).parents[1] / "data/hostile/ssrf-urls.jsonl").open()]
#: Of those, the ones that name another's public machine; nothing is wrong with them but where they are from.
PUBLIC = [url for url in URLS if url.startswith("https://") and "0.0.0.0" not in url]


async def test_no_subscription_leads_inside(module_desk: Desk) -> None:
    client = await module_desk.client((await module_desk.make.account()).owner)
    for url in URLS:
        answer = await client.post("/v2/webhooks", json={"url": url, "events": ["convo.created"], "secret": SECRET})
        if url in PUBLIC:
            assert answer.status_code == 201, (url, answer.text)
        else:
            assert answer.status_code == 422, (url, answer.text)
            assert [error["path"] for error in answer.json()["_embedded"]["errors"]] == ["url"]


@pytest.mark.parametrize("profile", list(Profile))
def test_a_signature_holds_for_its_bytes_its_secret_and_its_form_alone(profile: Profile) -> None:
    body = b'{"id":123,"name":"Jos\\u00e9"}'
    signed = signing.signature(profile, SECRET, body)
    others = [
        signing.signature(profile, "another", body),
        signing.signature(profile, SECRET, json.dumps(json.loads(body)).encode()),
        signing.signature(next(other for other in Profile if other is not profile), SECRET, body),
        signed.upper(),
    ]
    assert signed not in others


def test_what_is_signed_names_the_moment_and_the_event() -> None:
    signed = signing.standard_signature([SECRET], "evt_1", 1_700_000_000, b"{}")
    assert signed != signing.standard_signature([SECRET], "evt_2", 1_700_000_000, b"{}")
    assert signed != signing.standard_signature([SECRET], "evt_1", 1_700_000_001, b"{}")
