"""Attack 32: long text made to choke patterns, in every field and through every parser of the API.

Parsers are measured by how much longer four times the text takes, as in `test_32_choking_mail`. A field that steps back
over its text would need minutes; the guard of half a minute is far beyond what any takes on the slowest machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.desk import Desk
from tests.edges.inbox_v2.examples import prepared
from tests.security.company import Company, build
from tests.security.described import Operation, operations, with_value
from tests.security.test_32_choking_mail import LONG, MOST_GROWTH, SHORT, growth, repeated
from waypost.domains import customers
from waypost.domains.conversations.fields import check
from waypost.domains.conversations.labels import clean_tags
from waypost.domains.mail import own_words, signed_ids, subjects
from waypost.domains.mailboxes import CustomField, FieldType
from waypost.edges.inbox_v2.parameters import parse_moment
from waypost.kit import search_query
from waypost.kit.errors import WaypostError
from waypost.kit.html import clean_body, clean_name, has_markup, preview, text_to_html, to_text

pytestmark = pytest.mark.anyio

GUARD_S = 30
#: What leads a pattern astray: beginnings without an end, and long runs of what a pattern repeats.
SEEDS = [
    *("a@", "a.", "@", "<", "<a ", "<a href='", "&", "&#", "> ", "\n>", " \t", "-", "0", "1:", "2024-01-01T", "(", '"'),
    *("\\", "*", "a*", "[", "{", "OR ", ":", "/", "https://", "www.", "é", "\u0301", "\u200b", ",", ";", "'", "+4"),
]
BOOKED = {
    kind: CustomField(id=1, mailbox_id=1, name="x", type=kind, required=False, position=1, options=[])
    for kind in FieldType
}


def long(seed: str, size: int) -> str:
    return (seed * (size // len(seed) + 1))[:size]


PARSERS: dict[str, Callable[[str], Any]] = {
    "search": search_query.parse,
    "dates": parse_moment,
    "addresses": customers.is_email_address,
    "bodies": clean_body,
    "text of HTML": to_text,
    "HTML of text": text_to_html,
    "markup": has_markup,
    "previews": preview,
    "names": clean_name,
    "own words": own_words.above_quote,
    "subjects": subjects.keys_of,
    "signed ids": lambda text: signed_ids.read_token(b"key", text),
    "tags": lambda text: clean_tags([text]),
    **{f"fields: {kind.value}": lambda text, kind=kind: check(BOOKED[kind], text, "x") for kind in FieldType},
}


@pytest.mark.parametrize("parser", PARSERS)
def test_no_parser_steps_back_over_a_long_text(parser: str) -> None:
    def work(text: str) -> None:
        with contextlib.suppress(WaypostError):
            PARSERS[parser](text)

    for seed in SEEDS:
        # An end that fits nothing sends a pattern back to look for another way.
        assert growth(work, repeated(seed, LONG), repeated(seed, SHORT)) < MOST_GROWTH, seed


WRITES = [item for item in operations() if item.call.method in ("POST", "PUT", "PATCH") and item.fields]


@pytest.mark.parametrize("operation", WRITES, ids=lambda operation: operation.call.name)
async def test_no_field_chokes_on_as_much_text_as_a_body_may_hold(module_desk: Desk, operation: Operation) -> None:
    company: Company = await build(module_desk)
    client: httpx.AsyncClient = await module_desk.client(company.account.owner)
    free = [field for field in operation.fields if field.is_free]
    for number, field in enumerate(free):
        values, body = await prepared(client, company, operation.call)
        text = long(SEEDS[number % len(SEEDS)], 200_000)
        async with asyncio.timeout(GUARD_S):
            answer = await client.request(
                operation.call.method,
                operation.call.filled(values),
                content=json.dumps(with_value(body, field.place, text), ensure_ascii=False).encode(),
            )
        assert answer.status_code < 500, (field.name, answer.text[:500])


QUERIES = [
    *("(" * 3000, "(a OR " * 1000, "a " * 3900, "NOT " * 1900, "a:" * 3900, "*" * 7800, '"' * 7801, "\\" * 7801),
    *("[1 TO " * 1200, "(" * 1000 + "a" + ")" * 1000),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:6])
async def test_deep_and_endless_queries_are_refused_or_answered(module_desk: Desk, query: str) -> None:
    client = await module_desk.client((await module_desk.make.account()).owner)
    for path in ("/v2/conversations", "/v2/customers"):
        async with asyncio.timeout(GUARD_S):
            answer = await client.get(path, params={"query": query})
        assert answer.status_code in (200, 400, 414), answer.text[:500]
        if answer.status_code == 400:
            assert [error["path"] for error in answer.json()["_embedded"]["errors"]] == ["query"]
