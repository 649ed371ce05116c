"""The SQL of conversation lists: which index serves which list, and how pages are cut.

A page is found in two steps. The inner one walks an index in the order of the list and takes ids only; several ranges
(statuses, mailboxes, the caller's own drafts) are walked side by side and merged, so that even a list over many ranges
reads no more rows than it skips and shows. The outer step fetches the 25 rows. The cost of a page thus depends on its
number and not on the size of the account.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from waypost.domains.conversations.models import Filter, Sort, Status
from waypost.domains.conversations.search import Asked
from waypost.kit.paging import PageRequest
from waypost.kit.search_query import SqlCondition

#: More ranges than this cost more to plan than they save.
MOST_RANGES = 48

_SORT_KEYS: dict[Sort, str] = {
    Sort.CREATED_AT: "c.created_at",
    Sort.SCORE: "c.created_at",
    Sort.MODIFIED_AT: "c.modified_at",
    Sort.NUMBER: "c.number",
    Sort.SUBJECT: "c.subject_key",
    Sort.STATUS: "c.status",
    Sort.MAILBOX_ID: "c.mailbox_id",
    Sort.CUSTOMER_NAME: "cu.sort_name",
    Sort.CUSTOMER_EMAIL: "cu.sort_email",
}
#: Orders for which an index per (mailbox, status) exists: their ranges are walked one by one.
_RANGED = frozenset({Sort.CREATED_AT, Sort.MODIFIED_AT, Sort.STATUS, Sort.MAILBOX_ID})
_NOTHING = "select null::bigint as id, null::bigint as k where false"
JOIN_CUSTOMER = " join customer cu on cu.account_id = c.account_id and cu.id = c.primary_customer_id"


class Arguments:
    """Collects bound values and hands out their `$n`."""

    def __init__(self, *first: Any) -> None:
        self.values: list[Any] = list(first)

    def add(self, value: Any) -> str:
        """Bind a value; its placeholder."""
        self.values.append(value)
        return f"${len(self.values)}"


#: A search turned into SQL once it is known how many arguments come before its own.
Compiled = Callable[[int], SqlCondition]


class FieldMatch(msgspec.Struct, frozen=True):
    """One pair of `customFieldsByIds`, resolved: the values that match, or words to be found in a text (spec: 7.1)."""

    field_id: int
    values: list[str] | None = None
    words: str | None = None


class Listing(msgspec.Struct, frozen=True):
    """A list turned into SQL: `ids` selects the page's ids in order, `total` counts the whole list; same arguments."""

    ids: str
    total: str
    arguments: list[Any]
    direction: str = "desc"
    #: What comes before the SELECT.
    head: str = ""


class Bounds(msgspec.Struct, frozen=True):
    """How much a search may look at for one page; see `hits`."""

    #: So many hits are found and sorted at once; of more, the page is found by walking the list.
    most_sorted: int = 60_000
    #: So many conversations of the list are looked at for a page.
    walked: int = 3_000
    #: So many hits, the newest, are ranked by how well they match; the others follow by age.
    ranked: int = 2_000


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides a list. `mailbox_ids` is what the caller may see and asked for: None means every mailbox."""

    account_id: int
    user_id: int
    filter: Filter
    mailbox_ids: list[int] | None
    sort: Sort
    descending: bool
    page: PageRequest
    #: A search that narrows it; `hits` turns such lists into SQL, not `build`.
    asked: Asked | None = None
    bounds: Bounds = Bounds()
    field_matches: list[FieldMatch] = []


def needs_mailboxes(sort: Sort, wanted: Filter) -> bool:
    """Whether the list must know the account's mailboxes by id to walk an index in order."""
    return (sort in _RANGED and sort is not Sort.CREATED_AT) or wanted.assignee_id == 0


def build(query: Query) -> Listing:
    """Turn a list into SQL. Every value is bound; what is put in as text comes from the enumerations above."""
    if query.mailbox_ids == [] or (query.filter.drafts_only and not query.user_id):
        return Listing(_NOTHING, "0", [query.account_id, query.user_id])
    # $1 and $2 are fixed: the columns of the page (store.COLUMNS) use them too.
    arguments = Arguments(query.account_id, query.user_id)
    total = _total(query, arguments)
    ids = page_of(query, arguments)
    return Listing(ids, total, arguments.values, "desc" if query.descending else "asc")


def page_of(query: Query, arguments: Arguments) -> str:
    """SQL for the page's ids and places, without regard to a search."""
    narrow = narrowing(query, arguments)
    key = sort_key(query)
    direction = "desc" if query.descending else "asc"
    parts = [*ranges(query, arguments), *drafts(query, arguments)]
    take = arguments.add(query.page.offset + query.page.size)
    offset, size = arguments.add(query.page.offset), arguments.add(query.page.size)
    join = JOIN_CUSTOMER if key.startswith("cu.") else ""
    walks = [
        f"(select c.id, {sort_key} as k from conversation c{join} where {where}{narrow} "
        f"order by {sort_key} {direction}, c.id {direction} limit {take})"
        for part in parts
        for sort_key, where in _with_waiting(query, key, part)
    ]
    return (
        f"select id, k from ({' union all '.join(walks)}) w "
        f"order by k {direction}, id {direction} limit {size} offset {offset}"
    )


def _with_waiting(query: Query, key: str, where: str) -> list[tuple[str, str]]:
    """Conversations that wait for nothing come last in either direction, so they are a range of their own."""
    if query.sort is not Sort.WAITING_SINCE:
        return [(key, where)]
    last = "'-infinity'::timestamptz" if query.descending else "'infinity'::timestamptz"
    return [
        ("c.waiting_since", f"{where} and c.waiting_since is not null"),
        (last, f"{where} and c.waiting_since is null"),
    ]


def sort_key(query: Query) -> str:
    """What the list is sorted by; without a search there is no score, and age takes its place (spec: 7.1)."""
    return _SORT_KEYS.get(query.sort, "c.waiting_since")


def ranges(query: Query, arguments: Arguments) -> list[str]:
    """The published part of the list as ranges of one index each."""
    base = "c.account_id = $1 and c.state = 'published'"
    if query.filter.drafts_only:
        return []
    statuses = query.filter.statuses
    mailboxes = query.mailbox_ids
    by_status: list[tuple[Status, ...] | None]
    by_status = [(status,) for status in statuses] if statuses is not None else [None]
    if mailboxes is not None and statuses is None and query.sort in _RANGED:
        by_status = [(status,) for status in Status]
    is_ranged = query.sort in _RANGED and len(by_status) * len(mailboxes or [0]) <= MOST_RANGES
    # What people have of their own is few, and found by them: more ranges would read it again for each.
    is_of_people = query.filter.organization_id is not None or query.filter.customer_id is not None
    if not is_ranged or is_of_people or query.asked is not None:
        return [base + _one_of_statuses(statuses) + _one_of_mailboxes(mailboxes, arguments)]
    places = [arguments.add(mailbox) for mailbox in mailboxes] if mailboxes is not None else [None]
    return [
        base + (f" and c.mailbox_id = {place}" if place else "") + _one_of_statuses(status)
        for place in places
        for status in by_status
    ]


def _one_of_statuses(statuses: tuple[Status, ...] | None) -> str:
    if statuses is None:
        return ""
    if len(statuses) == 1:
        return f" and c.status = '{statuses[0].value}'"
    return f" and c.status in ({', '.join(repr(status.value) for status in statuses)})"


def _one_of_mailboxes(mailboxes: list[int] | None, arguments: Arguments) -> str:
    return "" if mailboxes is None else f" and c.mailbox_id = any ({arguments.add(mailboxes)}::bigint[])"


def drafts(query: Query, arguments: Arguments) -> list[str]:
    """Drafts are listed for the user who wrote them, wherever they would show once published (spec: 7.1)."""
    if not query.user_id:
        return []
    where = "c.account_id = $1 and c.state = 'draft' and c.created_by_user_id = $2"
    if not query.filter.drafts_only:
        where += _one_of_statuses(query.filter.statuses)
    return [where + _one_of_mailboxes(query.mailbox_ids, arguments)]


def narrowing(query: Query, arguments: Arguments) -> str:
    """What holds beside status, mailbox and search, as SQL to be ANDed to every range."""
    wanted, parts = query.filter, []
    if wanted.assignee_id is not None:
        parts.append(
            "c.assignee_id is null"
            if wanted.assignee_id == 0
            else f"c.assignee_id = {arguments.add(wanted.assignee_id)}"
        )
    if wanted.is_assigned:
        parts.append("c.assignee_id is not null")
    if wanted.modified_since is not None:
        parts.append(f"c.modified_at >= {arguments.add(wanted.modified_since)}")
    if wanted.number is not None:
        parts.append(f"c.number = {arguments.add(wanted.number)}")
    if wanted.customer_id is not None:
        parts.append(f"c.primary_customer_id = {arguments.add(wanted.customer_id)}")
    if wanted.organization_id is not None:
        parts.append(
            # As an array the planner always starts from the members; else it may walk the account's whole list
            # in search of the few conversations of a small organization.
            "c.primary_customer_id = any (array(select o.id from customer o where o.account_id = $1 "
            f"and o.organization_id = {arguments.add(wanted.organization_id)}))"
        )
    if wanted.tags is not None:
        parts.append(
            "exists (select from conversation_tag ct join tag t on t.account_id = ct.account_id and t.id = ct.tag_id "
            "where ct.account_id = c.account_id and ct.conversation_id = c.id "
            f"and lower(t.name) = any ({arguments.add([tag.lower() for tag in wanted.tags])}::text[]))"
        )
    parts += [_field_matches(match, arguments) for match in query.field_matches]
    return "".join(f" and {part}" for part in parts)


def put(compiled: Compiled, arguments: Arguments) -> str:
    """A compiled search as SQL text, its arguments bound after those that are there."""
    condition = compiled(len(arguments.values))
    arguments.values.extend(condition.arguments)
    return f"({condition.sql})"


def _field_matches(match: FieldMatch, arguments: Arguments) -> str:
    value = "left(cf.value, 255)"
    if match.words is not None:
        test = f"to_tsvector('simple', cf.value) @@ plainto_tsquery('simple', {arguments.add(match.words)})"
    else:
        test = f"{value} = any ({arguments.add(match.values or [])}::text[])"
    return (
        "exists (select from conversation_field cf where cf.account_id = c.account_id and cf.conversation_id = c.id "
        f"and cf.field_id = {arguments.add(match.field_id)} and {test})"
    )


def is_tallied(query: Query) -> bool:
    """Whether kept totals answer how long the list is."""
    wanted = query.filter
    return (
        query.asked is None
        and not query.field_matches
        and wanted.tags is None
        and wanted.modified_since is None
        and wanted.number is None
        and wanted.customer_id is None
        and wanted.organization_id is None
    )


def is_of_organization(query: Query) -> bool:
    """Whether the list is all that one organization's customers have, whose number is kept."""
    return query.filter.organization_id is not None and query.asked is None and not query.field_matches


def _total_of_organization(query: Query, arguments: Arguments) -> str:
    """Base and deltas (see customers.organizations.tallies); mailbox 0 of the base is the whole."""
    where = f"t.account_id = $1 and t.organization_id = {arguments.add(query.filter.organization_id)}"
    in_mailboxes = _one_of_mailboxes(query.mailbox_ids, arguments).replace("c.", "t.")
    of_base = in_mailboxes or " and t.mailbox_id = 0"
    return (
        f"(select coalesce(sum(t.conversations), 0)::bigint from organization_tally t where {where}{of_base}) + "
        "(select coalesce(sum(t.conversations), 0)::bigint from organization_tally_delta t "
        f"where {where}{in_mailboxes})"
    )


def _total(query: Query, arguments: Arguments) -> str:
    """How long the whole list is: from the kept totals where they can tell, else counted."""
    narrow = narrowing(query, arguments)
    parts = [f"(select count(*) from conversation c where {where}{narrow})" for where in drafts(query, arguments)]
    if query.filter.drafts_only:
        pass
    elif query.filter == Filter(organization_id=query.filter.organization_id) and is_of_organization(query):
        parts.append(_total_of_organization(query, arguments))
    elif is_tallied(query):
        where = "t.account_id = $1" + _one_of_statuses(query.filter.statuses).replace("c.", "t.")
        where += _one_of_mailboxes(query.mailbox_ids, arguments).replace("c.", "t.")
        if query.filter.assignee_id is not None:
            where += f" and t.assignee_id = {arguments.add(query.filter.assignee_id)}"
        if query.filter.is_assigned:
            where += " and t.assignee_id <> 0"
        parts.append(f"(select coalesce(sum(t.n), 0)::bigint from conversation_tally t where {where})")
        parts.append(f"(select coalesce(sum(t.n), 0)::bigint from conversation_tally_delta t where {where})")
    else:
        parts += [f"(select count(*) from conversation c where {where}{narrow})" for where in ranges(query, arguments)]
    return " + ".join(parts) if parts else "0"
