"""What queries find among conversations (spec: 12.1 to 12.3, 12.5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.domains.search_desk import NOW, SearchDesk, Thread, ago, opened, reply
from waypost.domains.conversations import search
from waypost.kit.errors import BadParameter
from waypost.kit.search_query import parse


def day(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.fixture(scope="module")
def desk(module_database_url: str) -> Iterator[SearchDesk]:
    with opened(module_database_url) as desk:
        fill(desk)
        yield desk


def fill(desk: SearchDesk) -> None:
    """A stranger's account with all the same words, then ours."""
    eve = desk.customer("Eve", "Smith", "john@example.com", "eve@elsewhere.example")
    desk.conversation("rainbow invoice help refund", eve, Thread("have a question"), tags=("vip", "urgent", "fire"))
    desk.open_account()
    john_agent, lena = desk.user("John", "Agent"), desk.user("Lena", "Größe")
    desk.user("Tier Two", kind="team")
    john = desk.customer("John", "Doe", "john@example.com", "john.doe@home.example")
    jane = desk.customer("Jane", "Müller", "jane+news@example.com")
    kim = desk.customer("Kim", "O'Brien", "KIM@Other.example")
    desk.conversation(
        *("Rainbow over the house", john, Thread("I have a question about colours.", customer_id=john.id)),
        *(reply("Here is the answer", john_agent, "john@example.com", cc=["boss@example.net"]),),
        tags=("vip", "Fire Alarm"),
        assignee="John Agent",
        files=1,
        created_at=day(2014, 12, 1, 23, 59, 59),
        modified_at=NOW,
        waiting_since=ago(1),
    )
    desk.conversation(
        *("Invoice 100% wrong", jane, Thread("A question? I have none, refund me.", customer_id=jane.id)),
        *(Thread("secret draft", state="draft"), Thread("hidden words", state="hidden")),
        tags=("gold", "urgent"),
        status="closed",
        closed_at=ago(2),
        cc=("copy@example.org",),
        created_at=day(2014, 1, 1),
        modified_at=day(2024, 1, 1),
        mailbox="Sales_Team",
    )
    desk.conversation(
        *('She did say: "hi"!', kim, Thread("Über Größe und Café", customer_id=kim.id)),
        *(Thread("note to self about pangolins", "note", user_id=lena),),
        tags=("vip", "gold", "spam"),
        status="pending",
        assignee="Tier Two",
        created_at=day(2015, 12, 31, 12),
        modified_at=day(2024, 1, 31, 23, 59, 59),
    )
    desk.conversation(
        *("Help, hi they say!", kim, Thread("東京タワーの写真 please_note 100 percent", customer_id=kim.id)),
        *(Thread("jane adds", customer_id=jane.id),),
        *(reply("ok", lena, "kim@other.example"),),
        status="spam",
        assignee="Lena Größe",
        created_at=ago(0),
        modified_at=ago(0.02),
        type="phone",
    )
    desk.conversation("Deleted rainbow", john, Thread("gone"), state="deleted", tags=("fire",))
    desk.conversation("Draft rainbow", john, Thread("unsent"), state="draft", tags=("fire",))


RAINBOW, INVOICE, SAY, HELP = "Rainbow over the house", "Invoice 100% wrong", 'She did say: "hi"!', "Help, hi they say!"
ALL = {RAINBOW, INVOICE, SAY, HELP}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # The examples of spec: 12.5, by number; those for customers are in the customers' tests.
        pytest.param('(subject:"rainbow")', {RAINBOW}, id="1"),
        pytest.param('(tag:"urgent")', {INVOICE}, id="2"),
        pytest.param("(modifiedAt:[2024-01-01T00:00:00Z TO *])", ALL, id="3"),
        pytest.param('(email:"john@example.com")', {RAINBOW}, id="4"),
        pytest.param('(NOT email:"spam@domain.com")', ALL, id="5"),
        pytest.param("tag:fire", set(), id="7 none has this tag"),
        pytest.param("tag:urgent", {INVOICE}, id="7"),
        pytest.param('(email:("kim@other.example" OR "jane+news@example.com"))', {INVOICE, SAY, HELP}, id="8"),
        pytest.param('(tag:"gold" AND subject:"invoice")', {INVOICE}, id="9"),
        pytest.param('(tag:"vip" OR tag:"gold") AND NOT status:closed', {RAINBOW, SAY}, id="10"),
        pytest.param("tag:vip tag:gold", {SAY}, id="11"),
        pytest.param('(body:"have a question")', {RAINBOW}, id="12"),
        pytest.param('(mailbox:"General Support")', {RAINBOW, SAY, HELP}, id="13"),
        pytest.param("(mailboxid:(0 OR 999999999))", set(), id="14"),
        pytest.param("(createdAt:[2014 TO 2015])", {RAINBOW, INVOICE, SAY}, id="15"),
        pytest.param("(createdAt:[2000-11 TO 2014-12-01])", {RAINBOW, INVOICE}, id="16"),
        pytest.param("(modifiedAt:[NOW-1HOUR TO NOW])", {RAINBOW, HELP}, id="17"),
        pytest.param("(createdAt:[NOW/YEAR TO NOW/YEAR+1YEAR})", {HELP}, id="18"),
        pytest.param("(createdAt:[* TO 2023-12-31])", {RAINBOW, INVOICE, SAY}, id="19"),
        pytest.param('(assigned:"Unassigned")', {INVOICE}, id="20"),
        pytest.param('(assigned:"John Agent" AND attachments:true)', {RAINBOW}, id="21"),
        pytest.param('(subject:"say \\"hi\\"")', {SAY, HELP}, id="28"),
        pytest.param(
            '((subject:"invoice") AND (createdAt:[2014-01-01T00:00:00Z TO 2014-02-01T00:00:00Z]))', {INVOICE}, id="29"
        ),
        pytest.param('(email:"jane+news@example.com")', {INVOICE}, id="30"),
        pytest.param("-tag:spam", {RAINBOW, INVOICE, HELP}, id="31"),
        pytest.param("refund", {INVOICE}, id="32"),
        pytest.param("(number:[2 TO 3])", {INVOICE, SAY}, id="24"),
        pytest.param("(email:*@example.com)", {RAINBOW, INVOICE}, id="25"),
        # text
        ("subject:RAINBOW", {RAINBOW}),
        ("subject:rain", set()),
        ("subject:rain*", {RAINBOW}),
        ('subject:"house rainbow"', {RAINBOW}),
        ("subject:house-rainbow", set()),
        ("subject:over-the", {RAINBOW}),
        ("subject:100%", {INVOICE}),
        ('subject:"hi say"', {SAY, HELP}),
        ("subject:*", ALL),
        ('subject:""', set()),
        ("subject:...", set()),
        ('body:"question have"', set()),
        ("body:question body:have", {RAINBOW, INVOICE}),
        ("body:cafe", {SAY}),
        ("body:CAFÉ", {SAY}),
        ("body:groesse", set()),
        ("body:grosse", {SAY}),
        ("body:uber-grosse*", {SAY}),
        ("body:東京", {HELP}),
        ("body:京東", set()),
        ('body:"タワー"', {HELP}),
        ("body:draft", set()),
        ("body:hidden", set()),
        ("body:pangolins", {SAY}),
        ('body:"colours here"', set()),
        ("body:please_note", {HELP}),
        ("body:refund?", {INVOICE}),
        ("body:[* TO *]", ALL),
        # exact
        ("tag:VIP", {RAINBOW, SAY}),
        ('tag:"fire alarm"', {RAINBOW}),
        ("tag:fire-alarm", {RAINBOW}),
        ("tag:fire", set()),
        ("tag:fire*", {RAINBOW}),
        ("tag:*alarm", {RAINBOW}),
        ("tag:?old", {INVOICE, SAY}),
        ('tag:"fire*"', set()),
        ("tag:*", {RAINBOW, INVOICE, SAY}),
        ("-tag:[* TO *]", {HELP}),
        ("tag:(vip gold)", {SAY}),
        ("tag:(vip OR urgent)", {RAINBOW, INVOICE, SAY}),
        ("tag:(vip -gold)", {RAINBOW}),
        ("mailbox:sales_team", {INVOICE}),
        ("mailboxName:sales?team", {INVOICE}),
        ("mailbox:sales*", {INVOICE}),
        ("mailbox:%", set()),
        ("mailbox:sales", set()),
        ("assigned:*agent", {RAINBOW}),
        ('assigned:"tier two"', {SAY}),
        ('assigned:"lena größe"', {HELP}),
        ("assigned:*", {RAINBOW, SAY, HELP}),
        ("NOT assigned:*", {INVOICE}),
        ('NOT assigned:"John Agent"', {INVOICE, SAY, HELP}),
        ("assigned:unassigned", {INVOICE}),
        ("status:active", {RAINBOW}),
        ("status:open", {RAINBOW, SAY}),
        ("status:ALL", ALL),
        ("status:a*", {RAINBOW}),
        ("status:nonsense", set()),
        ("NOT status:nonsense", ALL),
        ("type:phone", {HELP}),
        ("state:published", ALL),
        ("state:deleted", set()),
        # addresses
        ("email:KIM@other.EXAMPLE", {SAY, HELP}),
        ("email:john.doe@home.example", {RAINBOW}),
        ("email:boss@example.net", {RAINBOW}),
        ("email:copy@example.org", {INVOICE}),
        ("email:example", set()),
        ("email:jane*", {INVOICE}),
        ('email:"*@example.net"', {RAINBOW}),
        ("email:*doe@*", {RAINBOW}),
        ("email:?im@*", {SAY, HELP}),
        ("email:*%*", set()),
        ("email:*", ALL),
        # numbers
        ("number:1", {RAINBOW}),
        ('number:"1"', {RAINBOW}),
        ("number:{1 TO 3}", {INVOICE}),
        ("number:[3 TO *]", {SAY, HELP}),
        ("number:[* TO *]", ALL),
        ("number:99999999999999999999999", set()),
        ("number:[-99999999999999999999999 TO 99999999999999999999999]", ALL),
        ("number:[5 TO 2]", set()),
        ("attachments:false", {INVOICE, SAY, HELP}),
        ("attachment:TRUE", {RAINBOW}),
        # dates
        ("createdAt:2014-12-01", {RAINBOW}),
        ("createdAt:2014-12-01T23:59:59Z", {RAINBOW}),
        ("createdAt:2014", {RAINBOW, INVOICE}),
        ("createdAt:[2014-12-01 TO 2014-12-01]", {RAINBOW}),
        ("createdAt:[2014-01-01 TO 2014-12-01}", {INVOICE}),
        ("createdAt:{2014-01-01 TO *]", {RAINBOW, SAY, HELP}),
        ("modifiedAt:[2024-01-31T23:59:59 TO 2024-01-31]", {SAY}),
        ("closedAt:*", {INVOICE}),
        ("NOT closedAt:[2000 TO *]", {RAINBOW, SAY, HELP}),
        ("waitingSince:[NOW-2DAYS TO NOW]", {RAINBOW}),
        # free text
        ("question", {RAINBOW, INVOICE}),
        ('"have a question"', {RAINBOW}),
        ("refund question", {INVOICE}),
        ("rainbow OR refund", {RAINBOW, INVOICE}),
        ("rainbow -house", set()),
        ("müller", {INVOICE}),
        ("o'brien", {SAY, HELP}),
        ("home", {RAINBOW}),
        ("john.doe@home.example", {RAINBOW}),
        ("doe@home", {RAINBOW}),
        ('"fire alarm"', {RAINBOW}),
        ("#3", {SAY}),
        ("2", {INVOICE}),
        ("pangol*", {SAY}),
        ("colour:red", set()),
        ("https://nowhere.example/x", set()),
        ('colour:"rainbow"', set()),
        ("colour:(rainbow)", set()),
        ('rainbow OR colour:"red"', {RAINBOW}),
        ("question: colours", {RAINBOW}),
        ("*:*", ALL),
        ("*", ALL),
        # precedence and mixtures of tables
        ("subject:rainbow OR tag:gold AND status:closed", {RAINBOW, INVOICE}),
        ("NOT subject:rainbow AND tag:vip", {SAY}),
        ("subject:rainbow OR number:4", {RAINBOW, HELP}),
        ("NOT (subject:rainbow OR number:4)", {INVOICE, SAY}),
        ("NOT subject:rainbow NOT tag:gold", {HELP}),
        ("NOT subject:rainbow OR tag:vip", ALL),
        ("-(tag:vip -tag:gold)", {INVOICE, SAY, HELP}),
        ("*:* AND -tag:vip", {INVOICE, HELP}),
        ("* OR nonsense", ALL),
        ("NOT *", set()),
    ],
)
def test_finds(desk: SearchDesk, query: str, found: set[str]) -> None:
    assert desk.subjects(query) == found


def test_finds_by_ids_of_people_and_mailboxes(desk: SearchDesk) -> None:
    people = {customer.first_name: customer.id for customer in desk.customers.values()}
    john_agent, lena = desk.users["John Agent"], desk.users["Lena Größe"]
    both = " OR ".join(str(mailbox) for mailbox in desk.mailboxes.values())
    assert desk.subjects(f"(customerIds: {people['John']})") == {RAINBOW}
    assert desk.subjects(f"customerids:{people['Jane']}") == {INVOICE, HELP}
    assert desk.subjects(f"customerids:[{people['Jane']} TO {people['Kim']}]") == {INVOICE, SAY, HELP}
    assert desk.subjects(f'(replyUserIds:({john_agent} OR {lena}) AND NOT tag:"spam")') == {RAINBOW, HELP}
    assert desk.subjects(f"replyUserIds:{lena}") == {HELP}, "a note is no reply"
    assert desk.subjects(f"replyUserIds:[{john_agent} TO {lena}]") == {RAINBOW, HELP}
    assert desk.subjects("replyUserIds:*") == {RAINBOW, HELP}
    assert desk.subjects(f"(mailboxid:({both}))") == ALL
    assert desk.subjects(f"mailboxId:{desk.mailboxes['Sales_Team']}") == {INVOICE}
    assert desk.subjects(f"id:{min(desk.conversations)}") == {RAINBOW}


@pytest.mark.parametrize(
    ("query", "character"),
    [
        ("number:abc", 8),
        ("number:1*", 8),
        ("number:[a TO 5]", 8),
        ("mailboxid:(1 OR x)", 17),
        ("attachments:maybe", 13),
        ("createdAt:yesterday", 11),
        ("createdAt:2014*", 11),
        ("modifiedAt:[NOW-1FORTNIGHT TO *]", 12),
        ("subject:[a TO b]", 9),
        ("tag:[a TO b]", 5),
        ("tag:", 5),
        ("tag:-vip", 5),
        ("tag:AND", 5),
        ("a AND status: OR b", 14),
    ],
)
def test_a_value_that_its_field_cannot_have_is_refused_with_its_place(query: str, character: int) -> None:
    with pytest.raises(BadParameter) as refused:
        search.compile(parse(query), 1)
    (error,) = refused.value.errors
    assert (error.path, error.source) == ("query", "QUERY")
    assert error.message.startswith(f"malformed query at character {character}: ")


@pytest.mark.parametrize(
    "attack",
    [
        "' or 1=1 --",
        "'; drop table conversation; --",
        "\\' or true --",
        "$9",
        "{}",
        "%s%(x)s{like}",
        "') || search_lexeme('b1x') --",
        "a' | 'b",
        "a:* & !b | (c <-> d)",
        "\\\\",
        "'",
        "''",
        "a'\\'b",
        "_%",
        "b1xquestion",
        "\u2019 or 1=1",
        "1); select pg_sleep(9); --",
    ],
)
def test_no_value_reaches_the_statement(desk: SearchDesk, attack: str) -> None:
    quoted = '"' + attack.replace("\\", "\\\\").replace('"', '\\"') + '"'
    word = "".join("\\" + sign for sign in attack)
    for field in ("subject:", "body:", "tag:", "email:", "mailbox:", "assigned:", "status:", ""):
        for value in (quoted, f"({quoted})", f"x{word}", f"x{word}*", f"x*{word}?y"):
            assert desk.find(f"{field}{value}") == set()
    assert desk.run("select count(*) from conversation") == 7


@pytest.mark.parametrize("value", ["'; select 1; --", "1 or 1=1", "1)", "0x1", "\uff11", "1e3", "1.5", "--1"])
def test_nothing_but_numbers_and_dates_is_taken_for_them(value: str) -> None:
    quoted = '"' + value + '"'
    for field in ("number", "id", "mailboxid", "customerIds", "replyUserIds", "createdAt", "attachments"):
        for query in (f"{field}:{quoted}", f"{field}:[{quoted} TO *]", f"{field}:({quoted})"):
            with pytest.raises(BadParameter):
                search.compile(parse(query), 1)


def test_another_account_is_never_found(desk: SearchDesk) -> None:
    everything = desk.rows("select id, account_id from conversation where state = 'published'")
    for query in ("rainbow", "tag:fire", "-tag:nonsense", "email:john@example.com", "*", "NOT nonsense", "number:1"):
        ours = {row["id"] for row in everything if row["account_id"] == desk.account_id}
        assert desk.find(query) <= ours


def test_arguments_are_numbered_behind_the_callers_and_shared() -> None:
    condition = search.compile(parse("refund tag:vip number:5"), 7)
    assert condition.arguments == [5, ["english"], "refund", "vip"]
    assert "$8::bigint" in condition.sql
    assert "$11::text" in condition.sql
    assert "$7" not in condition.sql
    assert search.compile(parse('refund tag:vip colour:"red"'), 7).arguments == []


def test_a_status_in_the_query_is_noticed() -> None:
    assert search.names_status(parse("refund OR (tag:vip -STATUS:closed)"))
    assert search.names_status(parse("status:(open OR spam)"))
    assert not search.names_status(parse('subject:"status:open" refund'))


def test_questions_to_the_document_become_one() -> None:
    condition = search.compile(parse('tag:vip subject:invoice (body:"a b" OR refund) -tag:gold status:open'), 1)
    assert condition.sql.count("conversation_search") == 1
    assert search.compile(parse("-tag:a -tag:b"), 1).sql.count("conversation_search") == 1


def test_a_word_in_the_subject_weighs_more_than_in_a_body(desk: SearchDesk) -> None:
    def score_of(query: str) -> dict[str, float]:
        score = search.score(parse(query), 1)
        rows = desk.rows(
            f"select c.id, {score.sql} as score from conversation c where c.account_id = $1 and c.state = 'published'",
            *(desk.account_id, *score.arguments),
        )
        return {desk.conversations[row["id"]].subject: row["score"] for row in rows}

    scores = score_of("help OR question")
    assert scores[HELP] > scores[RAINBOW] > scores[SAY] == 0
    assert set(score_of("tag:(vip -gold) AND status:open OR -x").values())
    assert set(score_of("status:open -help").values()) == {0}
