"""The grammar of the query language, without any field's meaning."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from waypost.kit.errors import BadParameter
from waypost.kit.search_query import (
    And,
    Clause,
    Everything,
    Group,
    Limits,
    Node,
    Not,
    Or,
    Phrase,
    Range,
    Stray,
    Word,
    names_field,
    parse,
)


def shown(node: Node) -> str:
    """A tree as short text: fields, values and structure, no places."""
    match node:
        case Clause():
            field = f"{node.field}:" if node.field else ""
            return field + shown_value(node.value)
        case Group():
            return f"{node.field}<{shown(node.child)}>"
        case Not():
            return f"not({shown(node.child)})"
        case And():
            return f"and({', '.join(map(shown, node.children))})"
        case Or():
            return f"or({', '.join(map(shown, node.children))})"
    return "everything"


def shown_value(value: Any) -> str:
    match value:
        case Word():
            return str(value.pattern.text)
        case Phrase():
            return f'"{value.pattern.text}"'
        case Stray():
            return f"stray({value.text})"
        case Range():
            ends = "[" if value.includes_low else "{", "]" if value.includes_high else "}"
            return f"{ends[0]}{value.low}..{value.high}{ends[1]}"
    raise AssertionError(value)


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        # precedence (spec: 12.5, last lines)
        ("a:1 OR b:2 AND c:3", "or(a:1, and(b:2, c:3))"),
        ("a:1 AND b:2 OR c:3", "or(and(a:1, b:2), c:3)"),
        ("NOT a:1 AND b:2", "and(not(a:1), b:2)"),
        ("a:1 b:2 OR c:3 d:4", "or(and(a:1, b:2), and(c:3, d:4))"),
        ("(a:1 OR b:2) AND c:3", "and(or(a:1, b:2), c:3)"),
        ("NOT (a:1 OR b:2)", "not(or(a:1, b:2))"),
        # operators
        ("a:1 && b:2 || c:3", "or(and(a:1, b:2), c:3)"),
        ("-a:1", "not(a:1)"),
        ("!a:1", "not(a:1)"),
        ("+a:1", "a:1"),
        ("NOT NOT a:1", "a:1"),
        ("-!-a:1", "not(a:1)"),
        ("NOT -a", "a"),
        ("a and b or not c", "and(a, and, b, or, not, c)"),
        ("ANDy ORb NOTx TO", "and(ANDy, ORb, NOTx, TO)"),
        (r"\AND \NOT", "and(AND, NOT)"),
        ('"AND" OR "NOT"', 'or("AND", "NOT")'),
        ("(a:1)AND(b:2)", "and(a:1, b:2)"),
        ("(a)(b)c(d)", "and(a, b, c, d)"),
        ("NOT(a)", "not(a)"),
        ("a\tAND\n b", "and(a, b)"),
        # values
        ("tag:fire", "tag:fire"),
        ("customerIds: 29418", "customerIds:29418"),
        ("createdAt:2024-01-01T00:00:00Z", "createdAt:2024-01-01T00:00:00Z"),
        ("email:jane+news@example.com", "email:jane+news@example.com"),
        (r'subject:"say \"hi\" \\ there"', r'subject:"say "hi" \ there"'),
        (r"a\:b", "a:b"),
        (r"tag:a\ b", "tag:a b"),
        (r"x\(y\)", "x(y)"),
        ("C++ c# 50% don't a/b hello!", "and(C++, c#, 50%, don't, a/b, hello!)"),
        ("https://x.org/?a=b:c", "https://x.org/?a=b:c"),
        ("5:30 #12", "and(5:30, #12)"),
        ('"a b"~2 c', 'and("a b", c)'),
        ('""', '""'),
        ("*", "everything"),
        ("*:*", "everything"),
        ("a:*", "a:*"),
        ("", "everything"),
        ("  \t ", "everything"),
        # ranges
        ("n:[1 TO 2]", "n:[1..2]"),
        ("n:{1 TO 2}", "n:{1..2}"),
        ("n:[ NOW/YEAR  TO  NOW/YEAR+1YEAR }", "n:[NOW/YEAR..NOW/YEAR+1YEAR}"),
        ("n:[* TO *]", "n:[None..None]"),
        ('n:["2024-01-01" TO *]', "n:[2024-01-01..None]"),
        # groups
        ("a:(1 OR 2)", "a<or(a:1, a:2)>"),
        ('a:(x "y z" -w)', 'a<and(a:x, a:"y z", not(a:w))>'),
        ("a:(x (y OR [1 TO 2]))", "a<and(a:x, or(a:y, a:[1..2]))>"),
        ("a:(https://x)", "a<a:https://x>"),
        ("a:(b:)c", "and(a<a:b:>, c)"),
        # closed silently at the end
        ("(a:1 AND (b:2 OR c:3)", "and(a:1, or(b:2, c:3))"),
        ("((a", "a"),
        ("a:(1 OR 2", "a<or(a:1, a:2)>"),
        ('tag:"no end', 'tag:"no end"'),
        ('("no end)', '"no end)"'),
        # behind a colon no value may stand; whether that is an error depends on the field
        ("note:", "note:stray()"),
        ("(note:)", "note:stray()"),
        ("note:-5", "note:stray(-5)"),
        ("note: -5", "and(note:stray(), not(5))"),
        ("note: AND b", "and(note:stray(), b)"),
        ("note:OR", "note:stray(OR)"),
    ],
)
def test_reads(query: str, tree: str) -> None:
    assert shown(parse(query)) == tree


@pytest.mark.parametrize(
    ("query", "character"),
    [
        ("a)", 2),
        ("(", 2),
        ("()", 2),
        ("a AND", 6),
        ("AND a", 1),
        ("a OR OR b", 6),
        ("NOT", 4),
        ("-", 2),
        ("a - b", 4),
        ("[1 TO 2]", 1),
        ("n:[1 TO 2", 10),
        ("n:[1 2]", 6),
        ("n:[TO 2]", 4),
        ("n:[1 TO ]", 9),
        ("n:[(1) TO 2]", 4),
        ("tag:vip]", 8),
        ("a}", 2),
        ('tag:vip"x"', 8),
        ('"a""b"', 4),
        ("a\\", 2),
        ('"a\\', 3),
        ('"a"^2', 4),
        ("ab\x00c", 3),
        ("a\ud800", 2),
    ],
)
def test_a_syntax_error_names_its_place(query: str, character: int) -> None:
    with pytest.raises(BadParameter) as refused:
        parse(query)
    (error,) = refused.value.errors
    assert error.path == "query"
    assert error.source == "QUERY"
    assert error.message.startswith(f"malformed query at character {character}: ")


def test_what_is_asked_is_bounded() -> None:
    assert parse("x" * 4096)
    assert parse(" ".join(["x"] * 100))
    assert parse("(" * 20 + "x")
    for query in ("x" * 4097, " ".join(["x"] * 101), "(" * 21 + "x", "a:(" + "(" * 20 + "x", "t:(" + "x " * 101):
        with pytest.raises(BadParameter) as refused:
            parse(query)
        assert refused.value.errors[0].kind == "Size"


def test_places_point_at_values() -> None:
    node = parse('tag: "vip" AND (number:12)')
    assert isinstance(node, And)
    assert [child.place for child in node.children if isinstance(child, Clause)] == [5, 23]


def test_a_field_is_found_wherever_it_stands() -> None:
    assert names_field(parse("a OR (b -Status:closed)"), "status")
    assert names_field(parse("STATUS:(open OR closed)"), "status")
    assert not names_field(parse('subject:status "status:open" x-status:1'), "status")


ADVERSARIAL = {
    "open parentheses": "(",
    "pairs": "(a)",
    "words": "a ",
    "blanks": " \t",
    "not": "NOT ",
    "minus": "-",
    "or": "a OR ",
    "colons": "a:",
    "quotes": '"a" ',
    "open quote": '"' + "a",
    "escaped quotes": '\\"',
    "backslashes": "\\\\",
    "stars": "*",
    "wildcards": "*?",
    "ranges": "a:[1 TO 2] ",
    "groups": "a:(b ",
    "tildes": '"a"~1 ',
}


def calls(query: str) -> int:
    """How many functions are called to parse this, the text being as long and deep as it likes."""
    counted = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal counted
        counted += 1

    sys.setprofile(count)
    try:
        parse(query, Limits(length=10**9, clauses=10**9, nesting=60))
    except BadParameter:
        pass
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("part", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_work_grows_with_the_length_only(part: str) -> None:
    assert calls(part * 600) <= 2.1 * calls(part * 300) + 200


@pytest.mark.parametrize("part", ADVERSARIAL.values(), ids=ADVERSARIAL)
def test_a_megabyte_is_refused_unread(part: str) -> None:
    with pytest.raises(BadParameter) as refused:
        parse((part * 2**20)[: 2**20])
    assert refused.value.errors[0].kind == "Size"


@seed(12)
@settings(max_examples=500, deadline=None)
@given(st.text(st.one_of(st.sampled_from('aAB:"()[]{}\\*?-+!~^&|/ \t#%_.TONRD1'), st.characters()), max_size=60))
def test_any_text_is_read_or_refused_with_its_place(query: str) -> None:
    try:
        assert shown(parse(query))
    except BadParameter as refused:
        (error,) = refused.errors
        place = int(error.message.removeprefix("malformed query at character ").split(":")[0])
        assert 1 <= place <= len(query) + 1


def test_everything_is_no_clause() -> None:
    assert parse("*") == Everything()
