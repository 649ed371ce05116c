"""What the query language means for conversations (spec: 12.3).

Conditions are about a row of `conversation` called `c`, in a statement whose first argument is the account. What stands
in several tables (words, tags, addresses, people) is asked of the conversation's search document.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from waypost.kit.clock import system_clock
from waypost.kit.search_query import (
    ACCOUNT,
    Clause,
    FieldCompiler,
    Found,
    Leaf,
    Node,
    Parameters,
    Predicate,
    Search,
    Searchable,
    SqlCondition,
    date_field,
    hits_by_words,
    is_anything,
    names_field,
    number_field,
    numbers,
    one_of,
    truth,
    values_among,
    wildcards,
    within,
)

_DOCUMENT = "s.document"
_ITS_DOCUMENT = "from conversation_search s where s.account_id = c.account_id and s.conversation_id = c.id"
_ITS_THREADS = (
    "from thread t where t.account_id = c.account_id and t.conversation_id = c.id and search_shows(t.state, t.type)"
)
_UNASSIGNED = "unassigned"
_STATUSES = ("active", "closed", "pending", "spam")
_STATES = ("draft", "published", "deleted", "merged")


def compile(node: Node, offset: int, now: datetime | None = None) -> SqlCondition:  # noqa: A001 - the verb's name
    """The condition for a query, its arguments numbered from `offset` + 1. `now` is what NOW means.

    Raises BadParameter for a value that its field cannot have.
    """
    return _CONVERSATIONS.condition(node, Search(now or system_clock(), Parameters(offset)))


def score(node: Node, offset: int, now: datetime | None = None) -> SqlCondition:
    """A number that is larger the better a conversation matches the query's words; 0 if it has none."""
    return _CONVERSATIONS.score(node, Search(now or system_clock(), Parameters(offset)))


def compiler(node: Node, now: datetime | None = None) -> Callable[[int], SqlCondition]:
    """`compile`, for when the offset is known only later."""
    return lambda offset: compile(node, offset, now)


def score_compiler(node: Node, now: datetime | None = None) -> Callable[[int], SqlCondition]:
    """`score`, for when the offset is known only later."""
    return lambda offset: score(node, offset, now)


def names_status(node: Node) -> bool:
    """Whether the query itself is about a status; the default status of lists then does not apply (spec: 7.1)."""
    return names_field(node, "status")


def _body(clause: Clause, search: Search) -> Leaf:
    # The bare mark stands in the document of every conversation with a visible thread.
    return Found(f"search_lexeme(search_mark('b', {ACCOUNT}))") if is_anything(clause) else _BODY_WORDS(clause, search)


def _tag(clause: Clause, search: Search) -> Leaf:
    if is_anything(clause):
        return search.asked("search_whole_beginning", "t", "")
    pattern = wildcards(clause)
    match pattern.shape:
        case "whole":
            return search.asked("search_whole", "t", pattern.text)
        case "beginning":
            return search.asked("search_whole_beginning", "t", pattern.literal)
    like = f"like lower({search.text(pattern.like())})"
    return Predicate(
        "exists (select from conversation_tag t join tag g on g.account_id = t.account_id and g.id = t.tag_id where "
        f"t.account_id = c.account_id and t.conversation_id = c.id and (lower(g.name) {like} or lower(g.slug) {like}))"
    )


def _email(clause: Clause, search: Search) -> Leaf:
    if is_anything(clause):
        return search.asked("search_whole_beginning", "e", "")
    pattern = wildcards(clause, in_quotes=True)
    match pattern.shape:
        case "whole":
            return search.asked("search_whole", "e", pattern.text)
        case "beginning":
            return search.asked("search_whole_beginning", "e", pattern.literal)
        case "ending":
            # Addresses stand in the document backwards too, as lexemes can be sought by their beginning only.
            return search.asked("search_whole_beginning", "r", pattern.literal[::-1])
    like = f"like lower({search.text(pattern.like())})"
    return Predicate(f"exists (select {_ITS_DOCUMENT} and exists (select from unnest(s.addresses) a where a {like}))")


def _assigned(clause: Clause, search: Search) -> Leaf:
    if not is_anything(clause) and wildcards(clause).text.lower() == _UNASSIGNED:
        return Predicate("(c.assignee_id is null)")
    return _ASSIGNEE(clause, search)


def _person(kind: str, columns: tuple[str, ...], own: str, thread: str) -> FieldCompiler:
    """Ids of people: a single one by its lexeme, ranges in the columns of the conversation and its visible threads."""

    def leaf(clause: Clause, search: Search) -> Leaf:
        if is_anything(clause):
            return search.asked("search_whole_beginning", kind, "")
        low, high = numbers(clause)
        if low is not None and low == high:
            return search.asked("search_whole", kind, str(low))
        within_thread = " or ".join(within(column, low, high, search).sql for column in columns)
        found = f"exists (select {_ITS_THREADS} and {thread} and ({within_thread}))"
        return Predicate(f"({within(own, low, high, search).sql} or {found})" if own else found)

    return leaf


_BODY_WORDS = hits_by_words("b")
_ASSIGNEE = values_among(
    "c.assignee_id",
    f"select u.id from account_user u where u.account_id = {ACCOUNT} "
    "and lower(btrim(u.first_name || ' ' || u.last_name)) {like}",
    nullable=True,
)
_MAILBOX = values_among(
    "c.mailbox_id", f"select m.id from mailbox m where m.account_id = {ACCOUNT} and lower(m.name) {{like}}"
)
_HAS_FILES = truth("(c.attachment_count > 0)")

_CONVERSATIONS = Searchable(
    fields={
        "subject": hits_by_words("s", loose="s"),
        "body": _body,
        "tag": _tag,
        "email": _email,
        "mailbox": _MAILBOX,
        "mailboxname": _MAILBOX,
        "mailboxid": number_field("c.mailbox_id"),
        "status": one_of("c.status", _STATUSES, {"open": ("active", "pending"), "all": _STATUSES}),
        "number": number_field("c.number"),
        "id": number_field("c.id"),
        "customerids": _person("k", ("t.customer_id", "t.created_by_customer_id"), "c.primary_customer_id", "true"),
        "replyuserids": _person(
            "u",
            ("t.created_by_user_id",),
            "",
            "t.created_by_user_id > 0 and t.type in ('message', 'chat', 'beaconchat')",
        ),
        "assigned": _assigned,
        "attachments": _HAS_FILES,
        "attachment": _HAS_FILES,
        "createdat": date_field("c.created_at"),
        "modifiedat": date_field("c.modified_at"),
        "closedat": date_field("c.closed_at", nullable=True),
        "waitingsince": date_field("c.waiting_since", nullable=True),
        "type": one_of("c.type", ("chat", "email", "phone")),
        "state": one_of("c.state", _STATES),
    },
    # spec: 12.3, no field: subject, body, customer's name and address, tags, number
    free=hits_by_words("s", "b", "p", "g", "n", loose="s"),
    matches=f"exists (select {_ITS_DOCUMENT} and {_DOCUMENT} @@ {{}})",
    is_among="c.id in (select s.conversation_id from conversation_search s "
    f"where s.account_id = {ACCOUNT} and {_DOCUMENT} @@ {{}} offset 0)",
    rank=f"coalesce((select ts_rank({_DOCUMENT}, {{}}) {_ITS_DOCUMENT}), 0)",
)
