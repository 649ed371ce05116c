"""What queries find among customers (spec: 12.4, 12.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.domains.search_desk import NOW, SearchDesk, opened
from waypost.domains.customers import search
from waypost.kit.errors import BadParameter
from waypost.kit.search_query import parse


@pytest.fixture(scope="module")
def desk(module_database_url: str) -> Iterator[SearchDesk]:
    with opened(module_database_url) as desk:
        desk.customer("Stranger", "Smith", "jane@example.com", "eve@example.com", organization="Acme")
        desk.open_account()
        january = datetime(2024, 1, 31, 23, 59, 59, tzinfo=UTC)
        desk.customer("Jane", "Smith", "jane@example.com", "Jane+News@Example.com", updated_at=january)
        desk.customer(
            *("José María", "Smithers-Jones", "jose@mail.example.org"),
            organization="Acme Tools",
            job_title="Head of Support",
            location="São Paulo",
            phones=("+1 (555) 123-4567",),
        )
        desk.customer("Bo", "O'Brien", "bo_b%x@x.example", "b.o@mail.example.org", phones=("555 99", "0044 20 7946"))
        desk.customer("100% Real", "Nobody", created_at=datetime(2014, 5, 5, tzinfo=UTC))
        yield desk


JANE, JOSE, BO, NOBODY = "Jane", "José María", "Bo", "100% Real"
ALL = {JANE, JOSE, BO, NOBODY}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # The examples of spec: 12.5, by number.
        pytest.param('(email:"jane@example.com")', {JANE}, id="6"),
        pytest.param('(firstName:"Jane" AND lastName:Smi*)', {JANE}, id="26"),
        pytest.param("(modifiedAt:[2024-01-01 TO 2024-01-31])", {JANE}, id="27"),
        pytest.param('(email:"jane+news@example.com")', {JANE}, id="30"),
        # names
        ("lastName:smith", {JANE}),
        ("lastName:smith*", {JANE, JOSE}),
        ("lastName:*jones", {JOSE}),
        ("lastName:sm?th", {JANE}),
        ("lastName:smithers-j?nes", {JOSE}),
        ("lastName:*brien", {BO}),
        ('lastName:"brien o"', {BO}),
        ("lastName:o'b*n", {BO}),
        ('firstName:"maria jose"', {JOSE}),
        ("firstName:JOSE", {JOSE}),
        ("firstName:j*", {JANE, JOSE}),
        ("firstName:*é", {JANE, JOSE}),
        ("firstName:%", set()),
        ("firstName:100%", {NOBODY}),
        ("firstName:?00*", {NOBODY}),
        ("firstName:*", ALL),
        # addresses
        ("email:jane@example.com", {JANE}),
        ("email:JANE@example.com", {JANE}),
        ("email:ane@example.com", set()),
        ('email:"ane@example.com"', set()),
        ("email:ane@example", {JANE}),
        ("email:example", {JANE, JOSE, BO}),
        ("email:@mail.", {JOSE, BO}),
        ("email:ja", {JANE}),
        ("email:b", {BO}),
        ("email:x", {JANE, JOSE, BO}),
        ("email:o_b%", {BO}),
        ("email:_", {BO}),
        ("email:%", {BO}),
        ("email:o_b", {BO}),
        ("email:jane*", {JANE}),
        ("email:*.org", {JOSE, BO}),
        ("email:*@*.example.org", {JOSE, BO}),
        ("email:?.o@*", {BO}),
        ("email:*news*", {JANE}),
        ('email:"*@mail.example.org"', {JOSE, BO}),
        ('email:"example"', set()),
        ("email:*", {JANE, JOSE, BO}),
        ("NOT email:*", {NOBODY}),
        ("emailDomain:example.com", {JANE}),
        ("emailDomain:EXAMPLE.com", {JANE}),
        ("emailDomain:mail*", {JOSE, BO}),
        ("emailDomain:*.org", {JOSE, BO}),
        ("emailDomain:example", set()),
        ("emailDomain:(example.com OR x.example)", {JANE, BO}),
        # the rest
        ("organization:acme", {JOSE}),
        ('organization:"acme tools"', {JOSE}),
        ('organization:"tools acme"', set()),
        ("jobTitle:head", {JOSE}),
        ("location:sao", {JOSE}),
        ('phone:"+1 555-123 4567"', {JOSE}),
        ("phone:15551234567", {JOSE}),
        ("phone:555", set()),
        ("phone:555*", {BO}),
        ("phone:*4567", {JOSE}),
        ("phone:*5*9*", {BO}),
        ("phone:abc", set()),
        ("phone:*", {JOSE, BO}),
        ("createdAt:2014", {NOBODY}),
        ("modifiedSince:[2024-02 TO *]", {JOSE, BO, NOBODY}),
        # free text
        ("smith", {JANE}),
        ("jane news", {JANE}),
        ("mail.example.org", {JOSE, BO}),
        ("acme", {JOSE}),
        ('"acme tools"', {JOSE}),
        ('"example com"', {JANE}),
        ('"maria jose"', {JOSE}),
        ("head", set()),
        ("jo*", {JOSE}),
        ("colour:red", set()),
        ("jane OR bo", {JANE, BO}),
        ("-jane", {JOSE, BO, NOBODY}),
        ("*", ALL),
        ("NOT (email:*.org OR firstName:jane)", {NOBODY}),
        ("createdAt:2014 OR email:jane@example.com", {JANE, NOBODY}),
    ],
)
def test_finds(desk: SearchDesk, query: str, found: set[str]) -> None:
    assert desk.first_names(query) == found


def test_finds_by_id(desk: SearchDesk) -> None:
    ids = sorted(desk.customers)
    assert desk.first_names(f"id:{ids[0]}") == {JANE}
    assert desk.first_names(f"id:[{ids[1]} TO {ids[2]}]") == {JOSE, BO}


@pytest.mark.parametrize("query", ["id:x", "createdAt:soon", "firstName:[a TO b]", "email:[a TO b]", "phone:[1 TO 2]"])
def test_a_value_that_its_field_cannot_have_is_refused(query: str) -> None:
    with pytest.raises(BadParameter) as refused:
        search.compile(parse(query), 1)
    assert refused.value.errors[0].path == "query"


@pytest.mark.parametrize(
    "attack", ["'||pg_sleep(9)||'", "'; drop table customer; --", "\\", "a' | 'b", "$1", "%s{}{like}"]
)
def test_no_value_reaches_the_statement(desk: SearchDesk, attack: str) -> None:
    quoted = '"' + attack.replace("\\", "\\\\") + '"'
    word = "".join("\\" + sign for sign in attack)
    for field in ("firstName:", "email:", "emailDomain:", "organization:", "phone:", "location:", ""):
        for value in (quoted, f"qq{word}", f"qq{word}*", f"*qq{word}?"):
            assert desk.find_customers(f"{field}{value}") <= set(desk.customers)
    assert desk.run("select count(*) from customer") == 5


def test_a_name_weighs_more_than_an_organization(desk: SearchDesk) -> None:
    score = search.score(parse("acme OR bo"), 1, NOW)
    rows = desk.rows(
        f"select id, {score.sql} as score from customer where customer.account_id = $1",
        desk.account_id,
        *score.arguments,
    )
    scores = {desk.customers[row["id"]].first_name: row["score"] for row in rows}
    assert scores[BO] > scores[JOSE] > scores[JANE] == 0
