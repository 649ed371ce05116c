"""Each test gets a company of its own on the module's desk."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.edges.docs_v1.shelf import Shelf, build


@pytest.fixture
async def shelf(module_desk: Desk) -> Shelf:
    return await build(module_desk)
