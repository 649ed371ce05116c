"""A desk that may send to the test's own receivers, and whose mail has somewhere to go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.desk import Desk, running_desk
from tests.edges.mail_io import servers
from tests.hooks import OPEN


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A running desk for this test alone."""
    async with servers.receiving(servers.Receiver()) as port:
        smtp_url = f"smtp://127.0.0.1:{port}?security=none"
        async with running_desk(database_url, tmp_path / "desk", smtp_url=smtp_url, **OPEN) as running:
            yield running
