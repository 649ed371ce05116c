from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from waypost import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where this test's lines go. The configuration is the process's own, so it is put back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**before)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://waypost:s3cret-word@db.example:5432/waypost",
        "Authorization: Bearer s3cret-word",
        "Basic s3cret-word",
        "password=s3cret-word",
        '{"client_secret": "s3cret-word"}',
        "DETAIL:  Key (email)=(s3cret-word@acme.test) already exists.",
    ],
)
def test_secrets_inside_texts_are_taken_out(text: str) -> None:
    assert "s3cret" not in logs.clean(text)


@pytest.mark.parametrize(
    "text", ["ordinary words", "GET /v2/mailboxes", "2026-11-23T15:00:00Z", "a=b", "http://localhost:8000"]
)
def test_ordinary_texts_stay_as_they_are(text: str) -> None:
    assert logs.clean(text) == text


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_values_that_are_secret_by_their_name_are_hidden(stream: io.StringIO, log_format: str) -> None:
    logs.set_up(log_format, "debug", stream)
    log = structlog.get_logger("test")
    log.info("tried", password="s3cret", nested={"api_key": "s3cret", "list": [{"token": "s3cret"}]}, user_id=7)
    log.info("asked", path="/password/reset/" + "s3cret" * 6)
    assert "s3cret" not in stream.getvalue()
    assert "7" in stream.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_neither_variables_nor_addresses(stream: io.StringIO, log_format: str) -> None:
    logs.set_up(log_format, "info", stream)
    hidden_variable = "s3cret-in-a-variable"
    try:
        raise ValueError(f"refused for ann@acme.test{hidden_variable[:0]}")
    except ValueError:
        structlog.get_logger("test").exception("failed")
    assert "Traceback" in stream.getvalue()
    assert "s3cret-in-a-variable\n" not in stream.getvalue().replace('"s3cret-in-a-variable"', "")
    assert "ann@acme.test" not in stream.getvalue()


def test_libraries_write_the_same_lines(stream: io.StringIO) -> None:
    logs.set_up("json", "info", stream)
    logging.getLogger("some.library").warning("lost %s", "postgresql://u:s3cret@h/d")
    logging.getLogger("some.library").info("chatter")
    (line,) = lines(stream)
    assert (line["level"], line["logger"]) == ("warning", "some.library")
    assert "s3cret" not in line["event"]


def test_lines_below_the_level_are_left_out(stream: io.StringIO) -> None:
    logs.set_up("json", "warning", stream)
    log = structlog.get_logger("test")
    log.info("chatter")
    log.warning("trouble")
    assert [line["event"] for line in lines(stream)] == ["trouble"]
