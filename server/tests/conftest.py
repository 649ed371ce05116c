"""Fixtures of the whole suite. What belongs to one concern lives in a module of its own and is imported here."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.database import (  # noqa: F401 - pytest finds hooks and fixtures by their names here
    anyio_backend,
    database_url,
    empty_database_url,
    module_database_url,
    postgres,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_unconfigure,
)
from tests.desk import desk, module_desk  # noqa: F401
from tests.edges.mail_io.dovecot import dovecot, module_dovecot  # noqa: F401
from tests.office import office  # noqa: F401


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Commands and servers configure the log of the whole process: each test leaves it as it found it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
