"""Each test gets a help center of its own on the module's desk."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.edges.docs_site.center import Center, open_center
from tests.edges.session.conftest import chromium

__all__ = ["chromium"]


@pytest.fixture
async def center(module_desk: Desk) -> Center:
    return await open_center(module_desk)
