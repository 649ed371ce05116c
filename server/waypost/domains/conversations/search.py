"""What the query language means for conversations (spec: 12.3).

Conditions are about a row of `conversation` called `c`, in a statement whose first argument is the account. What stands
in several tables (words, tags, addresses, people) is asked of the conversation's search document.
"""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from waypost.kit.clock import system_clock
from waypost.kit.search_query import (
    ACCOUNT,
    Clause,
    FieldCompiler,
    Found,
    How,
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

#: The language of documents in an account that has chosen none.
NEW_DOCUMENTS = ("english",)
#: Columns of `conversation` that stand beside its search document too.
TOLD = frozenset({"id", "account_id", "state", "status", "mailbox_id", "assignee_id", "created_at", "document"})
_COLUMN = re.compile(r"\bc\.(\w+)")
_DOCUMENT = "s.document"
_ITS_DOCUMENT = "from conversation_search s where s.account_id = c.account_id and s.conversation_id = c.id"
_ITS_THREADS = (
    "from thread t where t.account_id = c.account_id and t.conversation_id = c.id and search_shows(t.state, t.type)"
)
_UNASSIGNED = "unassigned"
_STATUSES = ("active", "closed", "pending", "spam")
_STATES = ("draft", "published", "deleted", "merged")


class Asked(msgspec.Struct, frozen=True):
    """A query and what decides its meaning: when it is asked, and how the account's documents are made."""

    node: Node
    now: datetime
    #: The languages in which some of the account's documents are.
    languages: tuple[str, ...] = NEW_DOCUMENTS
    #: Whether all documents tell what is listed, so that hits can be counted without the conversations.
    tell_all: bool = True

    def condition(self, offset: int, how: How = "once") -> SqlCondition:
        """The condition, its arguments numbered from `offset` + 1; for `how` see Searchable.

        Raises BadParameter for a value that its field cannot have.
        """
        return _CONVERSATIONS.condition(self.node, self._search(offset, how))

    def is_told(self) -> bool:
        """Whether the documents alone tell which conversations match, and their index finds these."""
        search = self._search(0, "here")
        sql = _CONVERSATIONS.condition(self.node, search).sql
        return self.tell_all and search.is_narrowed and are_told(sql)

    def score(self, offset: int) -> SqlCondition:
        """A number that is larger the better a conversation matches the query's words; 0 if it has none.

        Words that stand there as they were written weigh more than other forms of them.
        """
        search = self._search(offset, "once", (*self.languages, "simple"))
        return _CONVERSATIONS.score(self.node, search)

    def ranks(self) -> bool:
        """Whether hits differ in their score."""
        return self.score(0).sql != "0"

    def _search(self, offset: int, how: How, languages: tuple[str, ...] | None = None) -> Search:
        return Search(self.now, Parameters(offset), languages or self.languages, how)


def are_told(sql: str) -> bool:
    """Whether a condition asks nothing of `c` but what stands beside the search documents."""
    return set(_COLUMN.findall(sql)) <= TOLD


def compile(  # noqa: A001 - the verb's name
    node: Node, offset: int, now: datetime | None = None, languages: tuple[str, ...] = NEW_DOCUMENTS
) -> SqlCondition:
    """The condition for a query, its arguments numbered from `offset` + 1. `now` is what NOW means.

    Raises BadParameter for a value that its field cannot have.
    """
    return Asked(node, now or system_clock(), languages).condition(offset)


def score(node: Node, offset: int, now: datetime | None = None) -> SqlCondition:
    """A number that is larger the better a conversation matches the query's words; 0 if it has none."""
    return Asked(node, now or system_clock()).score(offset)


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


#: Where the stems of a kind of word stand.
_STEMS = {"s": "y", "b": "x"}
_BODY_WORDS = hits_by_words("b", stems=_STEMS)
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
        "subject": hits_by_words("s", loose="s", stems=_STEMS),
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
    free=hits_by_words("s", "b", "p", "g", "n", loose="s", stems=_STEMS),
    matches=f"exists (select {_ITS_DOCUMENT} and {_DOCUMENT} @@ {{}})",
    is_among="c.id in (select s.conversation_id from conversation_search s "
    f"where s.account_id = {ACCOUNT} and {_DOCUMENT} @@ {{}} offset 0)",
    here="c.document @@ {}",
    rank=f"coalesce((select ts_rank({_DOCUMENT}, {{}}) {_ITS_DOCUMENT}), 0)",
)
