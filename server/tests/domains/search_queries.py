"""Queries made at random over a small account, and what must hold for each of them."""

from __future__ import annotations

import random

from hypothesis import strategies as st

from tests.domains import search_model as model
from tests.domains.search_desk import NOW, SearchDesk, Thread, ago, reply
from waypost.kit.errors import BadParameter
from waypost.kit.search_query import parse

WORDS = (
    "refund",
    "Invoice",
    "café",
    "CAFE",
    "größe",
    "o'neil",
    "foo-bar",
    "a_b",
    "100%",
    "x",
    "re",
    "question",
    "42",
    "refunds",
    "Refunded",
    "questions",
    "running",
    "runs",
)
NAMES = ("Ada", "Bob", "José", "Zoë Anne", "O'Neil", "")
ADDRESSES = ("ada@example.com", "bob.o@mail.example.org", "JOSE@Example.com", "a_b%c@x.example", "zo@x.example")
TAGS = ("vip", "Gold Star", "re-open", "größe", "a_b")
MAILBOXES = ("General Support", "Sales_1")
AGENTS = (("John", "Agent"), ("Lena", "Größe"))
STATUSES = ("active", "closed", "pending", "spam")


def fill(desk: SearchDesk, conversations: int = 40) -> None:
    """An account in which every word, name and address occurs several times; always the same one."""
    dice = random.Random(12)
    users = [desk.user(*name) for name in AGENTS]
    firms = (None, "Foo-Bar Inc", "Refund GmbH")
    addresses = [*ADDRESSES]
    people = [
        desk.customer(
            *(dice.choice(NAMES), dice.choice(NAMES)),
            *([addresses.pop()] if addresses and dice.random() < 0.8 else []),
            *([f"p{number}@{dice.choice(('example.com', 'x.example'))}"] if dice.random() < 0.4 else []),
            organization=dice.choice(firms),
            created_at=ago(dice.choice((0, 1, 30, 400))),
            updated_at=ago(dice.choice((0, 0.5, 40))),
        )
        for number in range(12)
    ]

    states = ("published", "published", "published", "published", "draft", "hidden")

    def text(most: int = 4) -> str:
        return dice.choice((" ", ", ", ". ")).join(dice.choice(WORDS) for _ in range(dice.randint(0, most)))

    for _ in range(conversations):
        customer = dice.choice(people)
        threads = [
            Thread(
                *(text(), dice.choice(("customer", "note", "chat")), dice.choice(states)),
                customer_id=dice.choice(people).id if dice.random() < 0.3 else customer.id,
            )
            for _ in range(dice.randint(0, 3))
        ]
        if dice.random() < 0.5:
            threads.append(reply(text(), dice.choice(users), dice.choice(ADDRESSES)))
        desk.conversation(
            text(),
            customer,
            *threads,
            mailbox=dice.choice(MAILBOXES),
            status=dice.choice(STATUSES),
            type=dice.choice(("email", "chat", "phone")),
            files=dice.choice((0, 0, 2)),
            assignee=dice.choice((None, "John Agent", "Lena Größe")),
            tags=tuple(dice.sample(TAGS, dice.randint(0, 3))),
            cc=tuple(dice.sample(ADDRESSES, dice.choice((0, 0, 1)))),
            modified_at=ago(dice.choice((0, 0.01, 2))),
            closed_at=dice.choice((None, ago(1))),
            created_at=ago(dice.choice((0, 1, 30, 400, 3000))),
            waiting_since=dice.choice((None, NOW, ago(3))),
        )
    # As the database does by itself within a minute: plans for empty tables cost tens of times as much.
    desk.run("analyze")


def quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def escaped(value: str) -> str:
    """As one word: blanks and signs of the language behind backslashes."""
    return "".join("\\" + sign if sign in ' ()[]{}"\\*?-+!:' else sign for sign in value) or '""'


def pieces(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    """A value in quotes or as a word, whole, cut or with wildcards; now and then something else altogether."""
    whole = st.sampled_from(values)
    word = whole.map(escaped)
    cut = st.tuples(whole, st.integers(1, 6)).map(lambda drawn: escaped(drawn[0][: drawn[1]]))
    wild = st.one_of(
        cut.map(lambda value: f"{value}*"),
        cut.map(lambda value: f"*{value}"),
        cut.map(lambda value: f"*{value}*"),
        cut.map(lambda value: f"{value}?*"),
        st.sampled_from(("*", "?", "??*", '"*"', '""', "[* TO *]", "\\*", "%", "_", "'", "...")),
    )
    return st.one_of(word, whole.map(quoted), st.sampled_from(values).map(lambda v: quoted(f"{v} {values[0]}")), wild)


def texts(values: tuple[str, ...]) -> st.SearchStrategy[str]:
    pairs = st.tuples(st.sampled_from(values), st.sampled_from(values)).map(" ".join)
    return st.one_of(pieces(values), pairs.map(quoted), pairs.map(escaped))


def ranges(bounds: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    either = st.one_of(bounds, st.just("*"))
    return st.tuples(st.sampled_from("[{"), either, either, st.sampled_from("]}")).map(
        lambda drawn: f"{drawn[0]}{drawn[1]} TO {drawn[2]}{drawn[3]}"
    )


WHOLE = st.one_of(st.integers(-2, 60).map(str), st.sampled_from(("9" * 30, "007", "*", "x", '"12"')))
NUMBERS = st.one_of(WHOLE.filter(lambda n: not n.startswith("-")), ranges(WHOLE.filter(lambda n: n != "*")))
MOMENTS = st.sampled_from(
    [
        *(
            "2024",
            "2024-06",
            "2024-06-15",
            "2024-06-14T12:30",
            "NOW",
            "NOW-1DAY",
            "NOW/DAY",
            "NOW-1MONTH/MONTH",
            "2016",
        ),
        *("NOW-400DAYS", "9999", "NOW-9999YEARS", "2024-06-15T12:30:00Z", '"2024-06-14"', "soon"),
    ]
)
DATES = st.one_of(MOMENTS, ranges(MOMENTS), st.just("*"))

CONVERSATION_VALUES = {
    "": texts(WORDS + NAMES[:3] + ADDRESSES + TAGS + ("7",)),
    "subject": texts(WORDS),
    "body": texts(WORDS),
    "colour": texts(WORDS),
    "tag": pieces(TAGS),
    "email": pieces(ADDRESSES),
    "mailbox": pieces(MAILBOXES),
    "status": pieces((*STATUSES, "open", "all")),
    "assigned": pieces(("John Agent", "Lena Größe", "Unassigned")),
    "type": pieces(("email", "chat")),
    "attachments": pieces(("true", "false")),
    **dict.fromkeys(("number", "id", "mailboxid", "customerIds", "replyUserIds"), NUMBERS),
    **dict.fromkeys(("createdAt", "modifiedAt", "closedAt", "waitingSince"), DATES),
}
CUSTOMER_VALUES = {
    "": texts(NAMES[:5] + ADDRESSES + ("foo", "example")),
    "firstName": texts(NAMES[:5]),
    "lastName": texts(NAMES[:5]),
    "email": pieces(ADDRESSES),
    "emailDomain": pieces(("example.com", "mail.example.org", "x.example")),
    "organization": texts(("Foo-Bar Inc", "Refund")),
    "colour": pieces(WORDS),
    "id": NUMBERS,
    "createdAt": DATES,
    "modifiedAt": DATES,
}


def queries(values: dict[str, st.SearchStrategy[str]]) -> st.SearchStrategy[str]:
    """Clauses of these fields, combined in all ways that the grammar knows."""

    def clause(field: str) -> st.SearchStrategy[str]:
        if not field:
            return values[field]
        group = st.tuples(values[field], st.sampled_from((" OR ", " ", " AND ", " -")), values[field])
        grouped = group.map(lambda drawn: f"{field}:({''.join(drawn)})")
        return st.one_of(values[field].map(lambda value: f"{field}:{value}"), grouped)

    leaf = st.one_of(st.sampled_from(sorted(values)).flatmap(clause), st.sampled_from(("*:*", "*")))

    def combined(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        joint = st.sampled_from((" ", " AND ", " OR ", " && ", " || "))
        return st.one_of(
            st.tuples(part, joint, part).map("".join),
            st.tuples(st.sampled_from(("NOT ", "-", "!", "+")), part).map("".join),
            part.map(lambda inner: f"({inner})"),
        )

    return st.recursive(leaf, combined, max_leaves=7)


conversation_queries = queries(CONVERSATION_VALUES)
customer_queries = queries(CUSTOMER_VALUES)
noise = st.one_of(
    st.text(st.one_of(st.sampled_from("aAB:\"()[]{}\\*?-+!~^&|/ %_.'$TONRD1"), st.characters()), max_size=80),
    st.tuples(
        st.sampled_from([*CONVERSATION_VALUES, *CUSTOMER_VALUES]),
        st.sampled_from((':"', ":", ":[", ":(")),
        st.text(max_size=40),
    ).map("".join),
)


def check_conversations(desk: SearchDesk, query: str) -> None:
    """PostgreSQL and the model find the same, or both refuse."""
    try:
        node = parse(query)
    except BadParameter:
        return
    try:
        wanted = model.expected(node, model.conversation_fields(desk.stem), list(desk.conversations.values()))
    except model.Refused:
        refuses(lambda: desk.find(node), query)
        return
    assert desk.find(node) == wanted, query


def check_customers(desk: SearchDesk, query: str) -> None:
    """PostgreSQL and the model find the same, or both refuse."""
    try:
        node = parse(query)
    except BadParameter:
        return
    try:
        wanted = model.expected(node, model.CUSTOMERS, list(desk.customers.values()))
    except model.Refused:
        refuses(lambda: desk.find_customers(node), query)
        return
    assert desk.find_customers(node) == wanted, query


def check_noise(desk: SearchDesk, query: str) -> None:
    """Whatever was typed, nothing but BadParameter is raised, by neither language."""
    for find, known in ((desk.find, desk.conversations), (desk.find_customers, desk.customers)):
        try:
            assert find(query) <= set(known)
        except BadParameter as refused:
            if not refused.errors[0].message.startswith("malformed query at character "):
                raise


def refuses(find: object, query: str) -> None:
    try:
        find()  # type: ignore[operator]
    except BadParameter:
        return
    raise AssertionError(f"{query} should have been refused")
