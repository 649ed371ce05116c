"""Attack 32: regular expressions that people write take time that grows with the text, and with nothing else."""

from __future__ import annotations

import time

import pytest

from waypost.domains.workflows import patterns

HOSTILE = [
    r"(a+)+$",
    r"(a|aa)+b$",
    r"(a*)*b",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"(.*)(.*)(.*)(.*)(.*)(.*)x",
    r"(?:a?){50}a{50}",
    r"([^b]|a)*b.{20}c",
]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_no_expression_takes_for_ever(pattern: str) -> None:
    text = "a" * 1_000_000 + "!"
    started = time.process_time()

    patterns.matches(pattern, text)

    # Linear engines need some hundredths of a second; those that step back would need longer than the universe has.
    assert time.process_time() - started < 5


@pytest.mark.parametrize("pattern", ["(", "[", "a**", r"(a)\1", "(?=a)", "(a{1000}){1000}", "(?<x>a", "\\"])
def test_what_cannot_be_read_is_refused_and_matches_nothing(pattern: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the engine's own words)
        patterns.compiled(pattern)
    assert not patterns.matches(pattern, "a" * 10)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("refund|money", "My REFUND", True),
        ("^my", "My refund", True),
        ("^refund$", "My refund", False),
        (r"order \d{4}", "Order 1234", True),
        ("köln", "KÖLN", True),
        ("😀", "so 😀", True),
        ("a", "\x00a", True),
    ],
)
def test_expressions_find_a_place_anywhere_in_either_case(pattern: str, text: str, expected: bool) -> None:
    assert patterns.matches(pattern, text) is expected
