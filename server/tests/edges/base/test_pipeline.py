"""The layer around every request."""

from __future__ import annotations

import pytest

from tests.desk import Desk

pytestmark = pytest.mark.anyio


async def test_methods_that_clients_make_up_are_one_label_of_metrics(module_desk: Desk) -> None:
    visitor = await module_desk.visitor("localhost")
    for method in ("WOMBAT", "WOMBATS"):
        assert (await visitor.request(method, "/v2/users/me")).status_code in (400, 401, 404, 405, 501)
    metrics = (await visitor.get("/metrics")).text
    assert "WOMBAT" not in metrics
    assert 'method="other"' in metrics
