"""Lists that a search narrows: few hits are found by the index of the search documents, then sorted; many are counted
there, and the page is found by walking the list and looking at each conversation.

Which it is, is not guessed from statistics: the first statement stops at so many hits. What decides whether a hit is
listed stands beside its document where the query asks for nothing else, so that counting visits no conversation.
"""

from __future__ import annotations

import msgspec

from waypost.domains.conversations import listing
from waypost.domains.conversations.listing import Arguments, Listing, Query
from waypost.domains.conversations.models import Sort
from waypost.domains.conversations.search import Asked, are_told
from waypost.kit.paging import PageRequest
from waypost.kit.search_query import How

_DOCUMENTS = (
    "(select s.conversation_id as id, s.account_id, s.state, s.status, s.mailbox_id, s.assignee_id, s.created_at, "
    "s.document from conversation_search s)"
)


def few(query: Query) -> Listing:
    """Total and page of a list with no more hits than can be sorted at once; a larger total is no more than that."""
    arguments = Arguments(query.account_id, query.user_id)
    hits = _hits(query, arguments)
    most = arguments.add(query.bounds.most_sorted + 1)
    found = " union all ".join(f"(select c.id, c.created_at from {part} limit {most})" for part in hits)
    return Listing(
        _sorted(query, "hits", arguments),
        "select count(*) from hits",
        arguments.values,
        _direction(query),
        f"with hits as materialized ({found})",
    )


def total(query: Query) -> Listing:
    """How many hits there are, to be counted."""
    arguments = Arguments(query.account_id, query.user_id)
    counted = " + ".join(f"(select count(*) from {part})" for part in _hits(query, arguments))
    return Listing("", counted or "0", arguments.values)


def walk(query: Query, known: int) -> Listing:
    """The page of a list with many hits, if the beginning of the list holds so many hits."""
    assert query.asked is not None
    arguments = Arguments(query.account_id, query.user_id)
    unsearched = msgspec.structs.replace(query, asked=None, page=PageRequest(1, query.bounds.walked))
    walked = listing.page_of(unsearched, arguments)
    condition = listing.put(lambda offset: query.asked.condition(offset, "each"), arguments)  # type: ignore[union-attr]
    total_, size, offset = (arguments.add(value) for value in (known, query.page.size, query.page.offset))
    direction = _direction(query)
    ids = (
        f"select w.id, w.k from ({walked}) w where exists (select from conversation c "
        f"where c.account_id = $1 and c.id = w.id and {condition} offset 0) "
        f"order by w.k {direction}, w.id {direction} limit {size} offset {offset}"
    )
    return Listing(ids, f"{total_}::bigint", arguments.values, direction)


def many(query: Query, known: int) -> Listing:
    """The page of a list with many hits, which are all found and sorted."""
    arguments = Arguments(query.account_id, query.user_id)
    total_ = arguments.add(known)
    parts = _hits(query, arguments)
    if query.sort is Sort.SCORE and query.page.offset + query.page.size <= query.bounds.ranked:
        newest = f"limit {arguments.add(query.bounds.ranked)}"
        found = " union all ".join(
            f"(select c.id, c.created_at from {part} order by c.created_at desc, c.id desc {newest})" for part in parts
        )
    else:
        found = " union all ".join(f"(select c.id, c.created_at from {part})" for part in parts)
    ids = _sorted(query, f"({found})", arguments)
    return Listing(ids, f"{total_}::bigint", arguments.values, _direction(query))


def walks(query: Query) -> bool:
    """Whether walking the list can find the page."""
    return query.sort is not Sort.SCORE and query.page.offset + query.page.size <= query.bounds.walked


def _direction(query: Query) -> str:
    return "desc" if query.descending else "asc"


def _hits(query: Query, arguments: Arguments) -> list[str]:
    """The hits of a list as SQL: what follows FROM, once for published conversations and once for own drafts."""
    asked = query.asked
    assert asked is not None
    narrow = listing.narrowing(query, arguments)
    source = "conversation"
    how: How = "once"
    if asked.is_told() and are_told(narrow):
        source, how = _DOCUMENTS, "here"
    listed = [
        f"{source} c where {where}{narrow} and {_condition(asked, how, arguments)}"
        for where in listing.ranges(query, arguments)
    ]
    # A draft is looked at by itself: asking the index again for a few rows would double the cost.
    own = [
        f"conversation c where {where}{narrow} and {_condition(asked, 'each', arguments)}"
        for where in listing.drafts(query, arguments)
    ]
    return [*listed, *own]


def _condition(asked: Asked, how: How, arguments: Arguments) -> str:
    return listing.put(lambda offset: asked.condition(offset, how), arguments)


def _sorted(query: Query, hits: str, arguments: Arguments) -> str:
    """The page's ids and their places, from hits with `id` and `created_at`."""
    direction = _direction(query)
    size, offset = arguments.add(query.page.size), arguments.add(query.page.offset)
    cut = f"order by k {direction}, id {direction} limit {size} offset {offset}"
    if query.sort is Sort.CREATED_AT:
        return f"select h.id, h.created_at as k from {hits} h {cut}"
    if query.sort is Sort.SCORE:
        return f"{_ranked(query, hits, arguments)} {cut}"
    key = listing.sort_key(query)
    join = listing.JOIN_CUSTOMER if key.startswith("cu.") else ""
    if query.sort is Sort.WAITING_SINCE:
        # Conversations that wait for nothing come last in either direction.
        key = f"coalesce({key}, '{'-' if query.descending else ''}infinity')"
    return (
        f"select h.id, r.k from {hits} h cross join lateral (select {key} as k from conversation c{join} "
        f"where c.account_id = $1 and c.id = h.id offset 0) r {cut}"
    )


def _ranked(query: Query, hits: str, arguments: Arguments) -> str:
    assert query.asked is not None
    if not query.asked.ranks():
        return f"select h.id, h.created_at as k from {hits} h"
    score = listing.put(query.asked.score, arguments)
    return (
        f"select c.id, case when c.place <= {arguments.add(query.bounds.ranked)} then {score} else 0 end as k "
        "from (select h.id, $1::bigint as account_id, "
        f"row_number() over (order by h.created_at desc, h.id desc) as place from {hits} h) c"
    )
