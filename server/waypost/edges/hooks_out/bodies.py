"""The bytes of a body, made once for each delivery, and kept within their limit (spec: webhooks 5, 6.1, 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from waypost.domains.webhooks import Material, Occurrence, Profile, Webhook
from waypost.edges.hooks_out import platform, seed
from waypost.edges.hooks_out.times import stamp

API_VERSION = "V2"
LIMIT = 1024 * 1024
#: How much of each text is left, step by step, until the body fits.
_STEPS = (256 * 1024, 64 * 1024, 16 * 1024, 4096, 512)
_encode = msgspec.json.Encoder().encode


class Composer:
    """Makes bodies. `base_url` is asked each time, so that links follow the desk's address."""

    def __init__(self, base_url: Callable[[], str]) -> None:
        self._base_url = base_url

    def __call__(self, webhook: Webhook, spelling: str, event: Occurrence, material: Material) -> bytes | None:
        """The body that the subscription gets for the event; None when there is nothing to tell any more."""
        inner = self._inner(webhook, event, material)
        if inner is None or webhook.profile is Profile.PLATFORM:
            return inner
        envelope = {
            "timestamp": stamp(event.at),
            "webhook": {"id": webhook.id, "url": webhook.url},
            "eventType": spelling,
            "data": msgspec.Raw(inner),
            "id": event.event_id,
            "sequence": event.fact_id,
            "apiVersion": API_VERSION,
        }
        return _encode(envelope)

    def _inner(self, webhook: Webhook, event: Occurrence, material: Material) -> bytes | None:
        key = (webhook.profile, webhook.notification, event.name, event.fact_id, event.resource_id)
        if key not in material.rendered:
            built = self._built(webhook, event, material)
            material.rendered[key] = b"" if built is None else fitting(built, event, self._base_url())
        return material.rendered[key] or None

    def _built(self, webhook: Webhook, event: Occurrence, material: Material) -> dict[str, Any] | None:
        if webhook.notification:
            return platform.notification(event, self._base_url())
        if webhook.profile is Profile.PLATFORM:
            return platform.resource(event, material, self._base_url())
        return seed.data(event, material)


def fitting(built: dict[str, Any], event: Occurrence, base_url: str) -> bytes:
    """The encoded document, with long texts cut and marked where it would be larger than the limit."""
    encoded = _encode(built)
    # The envelope around it is small, but not nothing.
    limit = LIMIT - 4096
    for length in _STEPS:
        if len(encoded) <= limit:
            return encoded
        _cut(built, length)
        encoded = _encode(built)
    threads = built.get("_embedded", {}).get("threads", [])
    while len(encoded) > limit and threads:
        # The oldest go first; all of them are at the address in `_links.threads`.
        built["truncated"] = True
        del threads[len(threads) // 2 :]
        encoded = _encode(built)
    return encoded if len(encoded) <= limit else _encode(platform.notification(event, base_url))


def _cut(value: Any, length: int) -> None:
    """Cut every thread's text to so many characters, in place."""
    if isinstance(value, list):
        for item in value:
            _cut(item, length)
    elif isinstance(value, dict):
        for item in value.values():
            _cut(item, length)
        if isinstance(body := value.get("body"), str) and len(body) > length:
            value.update(body=body[:length], truncated=True)
