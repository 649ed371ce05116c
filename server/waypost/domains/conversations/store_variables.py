"""SQL of what variables stand for."""

from __future__ import annotations

from waypost.kit.db import Connection

VALUES = """
select c.number::text as "conversation.number", c.subject as "conversation.subject",
       btrim(p.first_name || ' ' || p.last_name) as "customer.fullName", p.first_name as "customer.firstName",
       p.last_name as "customer.lastName", p.email as "customer.email", p.job_title as "customer.jobTitle",
       o.name as "customer.company",
       (select e.value from customer_entry e where e.account_id = p.account_id and e.customer_id = p.id
          and e.kind = 'phone' order by e.id limit 1) as "customer.phone",
       btrim(u.first_name || ' ' || u.last_name) as "user.fullName", u.first_name as "user.firstName",
       u.last_name as "user.lastName", u.email as "user.email", u.phone as "user.phone", u.job_title as "user.jobTitle",
       m.name as "mailbox.name", m.email as "mailbox.email"
from conversation c
join mailbox m on m.account_id = c.account_id and m.id = c.mailbox_id
left join customer p on p.account_id = c.account_id and p.id = $3
left join organization o on o.account_id = p.account_id and o.id = p.organization_id
left join account_user u on u.account_id = c.account_id and u.id = $4 and u.type = 'user'
where c.account_id = $1 and c.id = $2
"""
SET_BODY = "update thread set body = $4, body_text = $5 where account_id = $1 and conversation_id = $2 and id = $3"


async def values(
    connection: Connection, account_id: int, conversation_id: int, customer_id: int | None, user_id: int | None
) -> dict[str, str]:
    """The value of each variable, empty where there is none."""
    row = await connection.fetchrow(VALUES, account_id, conversation_id, customer_id, user_id)
    return {name: value or "" for name, value in row.items()} if row is not None else {}


async def set_body(
    connection: Connection, account_id: int, conversation_id: int, thread_id: int, body: str, text: str
) -> None:
    """The text of a thread with its variables filled in, which is no edit."""
    await connection.execute(SET_BODY, account_id, conversation_id, thread_id, body, text)
