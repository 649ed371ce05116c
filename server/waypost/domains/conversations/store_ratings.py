"""SQL of ratings."""

from __future__ import annotations

from datetime import datetime

from asyncpg import Record

from waypost.domains.accounts import Scope
from waypost.domains.conversations.models import Answer, Grade, Person, Rating
from waypost.kit.db import Connection

_SELECT = """
select r.id, r.thread_id, c.id as conversation_id, c.number, c.mailbox_id, r.rating, r.comments, r.created_at,
       r.modified_at, r.customer_id, p.first_name as p_first, p.last_name as p_last, p.email as p_email,
       p.photo_url as p_photo, t.created_by_user_id, u.type as u_type, u.first_name as u_first, u.last_name as u_last,
       u.email as u_email, u.photo_url as u_photo
from rating r
join thread t on t.account_id = r.account_id and t.id = r.thread_id
join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
left join customer p on p.account_id = r.account_id and p.id = r.customer_id
left join account_user u on u.account_id = t.account_id and u.id = t.created_by_user_id
where r.account_id = $1 and c.state = 'published'
"""
FIND = _SELECT + " and r.id = $2 and ($3::bigint[] is null or c.mailbox_id = any ($3))"
FIND_OF = _SELECT + " and r.thread_id = $2 and r.customer_id = $3"
# Only what an agent said to the customer can be rated, by the customer to whom it was said.
RATEABLE = """
select c.id from thread t join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
where t.account_id = $1 and t.id = $2 and t.state in ('published', 'hidden') and c.state = 'published'
  and t.type in ('message', 'chat', 'beaconchat') and t.created_by_user_id is not null
  and $3 in (t.customer_id, c.primary_customer_id)
"""
ANSWER = """
select t.id, m.name, coalesce(u.first_name, ''), t.created_at
from thread t join conversation c on c.account_id = t.account_id and c.id = t.conversation_id
join mailbox m on m.account_id = c.account_id and m.id = c.mailbox_id
left join account_user u on u.account_id = t.account_id and u.id = t.created_by_user_id
where t.account_id = $1 and t.id = $2
"""
# Nothing comes back when this is what they thought before.
PUT = """
insert into rating (account_id, thread_id, customer_id, rating, comments, created_at, modified_at)
values ($1, $2, $3, $4, $5, $6, $6)
on conflict (account_id, thread_id, customer_id) do update
set rating = excluded.rating, comments = excluded.comments, modified_at = excluded.modified_at
where (rating.rating, rating.comments) is distinct from (excluded.rating, excluded.comments)
returning id
"""
DROP = "delete from rating where account_id = $1 and customer_id = $2"


async def find(connection: Connection, scope: Scope, rating_id: int) -> Rating | None:
    """A rating of a conversation that the caller may see."""
    row = await connection.fetchrow(FIND, scope.account_id, rating_id, scope.mailbox_ids)
    return _read(row) if row is not None else None


async def find_of(connection: Connection, account_id: int, thread_id: int, customer_id: int) -> Rating | None:
    """What a customer thinks of a thread."""
    row = await connection.fetchrow(FIND_OF, account_id, thread_id, customer_id)
    return _read(row) if row is not None else None


async def find_rateable(connection: Connection, account_id: int, thread_id: int, customer_id: int) -> int | None:
    """The conversation of a thread that the customer can rate."""
    found: int | None = await connection.fetchval(RATEABLE, account_id, thread_id, customer_id)
    return found


async def find_answer(connection: Connection, account_id: int, thread_id: int) -> Answer | None:
    """Whose a thread is."""
    row = await connection.fetchrow(ANSWER, account_id, thread_id)
    return Answer(*row.values()) if row is not None else None


async def put(
    connection: Connection,
    account_id: int,
    thread_id: int,
    customer_id: int,
    rating: Grade,
    comments: str,
    at: datetime,
) -> int | None:
    """Store what a customer thinks now; the rating's id, or None when it is what they thought before."""
    changed: int | None = await connection.fetchval(PUT, account_id, thread_id, customer_id, rating.value, comments, at)
    return changed


async def drop(connection: Connection, account_id: int, customer_id: int) -> None:
    """Forget what a customer thought."""
    await connection.execute(DROP, account_id, customer_id)


def _read(row: Record) -> Rating:
    user = None
    if row["u_type"] is not None:
        user = Person(
            row["created_by_user_id"], row["u_type"], row["u_first"], row["u_last"], row["u_email"], row["u_photo"]
        )
    customer = Person(
        row["customer_id"], "customer", row["p_first"] or "", row["p_last"] or "", row["p_email"] or "",
        row["p_photo"] or "",
    )  # fmt: skip
    return Rating(
        row["id"], row["thread_id"], row["conversation_id"], row["number"], row["mailbox_id"], Grade(row["rating"]),
        row["comments"], customer, user, row["created_at"], row["modified_at"],
    )  # fmt: skip
