"""Wildcards."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from waypost.kit.search_query import ANY_RUN, Clause, Pattern, Word, parse
from waypost.kit.search_query.patterns import Shape


def pattern_of(query: str) -> Pattern:
    node = parse(query)
    assert isinstance(node, Clause)
    assert isinstance(node.value, Word)
    return node.value.pattern


@pytest.mark.parametrize(
    ("query", "shape"),
    [
        ("abc", "whole"),
        (r"a\*", "whole"),
        ("abc*", "beginning"),
        ("abc**", "beginning"),
        ("*abc", "ending"),
        ("t:*", "any"),
        ("t:***", "any"),
        ("a?c", "mixed"),
        ("*b*", "mixed"),
        ("?", "mixed"),
    ],
)
def test_shape(query: str, shape: Shape) -> None:
    assert pattern_of(query).shape == shape


@pytest.mark.parametrize(
    ("query", "like"),
    [("100%", r"100\%"), ("a_b*", r"a\_b%"), (r"\\dir?", r"\\dir_"), (r"\*\?", "*?"), (r"x\%", r"x\%")],
)
def test_only_wildcards_are_wildcards_in_like(query: str, like: str) -> None:
    assert Pattern.of(*pattern_of("x" + query).parts).like() == "x" + like


PARTS = st.lists(st.one_of(st.text("aB%_", min_size=1, max_size=2), st.sampled_from("*?").map(lambda s: s)), max_size=8)


@seed(12)
@settings(max_examples=500, deadline=None)
@given(PARTS, st.text("abAB%_", max_size=8))
def test_matches_as_a_regular_expression_would(parts: list[str], text: str) -> None:
    query = "t:" + ("".join(parts) or "*")
    expected = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in query.removeprefix("t:"))
    assert pattern_of(query).matches(text) == bool(re.fullmatch(expected, text, re.IGNORECASE))


def test_many_wildcards_do_not_take_many_tries() -> None:
    assert not Pattern.of(*(ANY_RUN, "a") * 2000, "b").matches("a" * 2000)
