"""All SQL of notifications."""

from __future__ import annotations

from waypost.domains.notifications.models import Reader, Talk
from waypost.kit.db import Connection

CHOICES = "select occasion, is_wanted from notification_choice where account_id = $1 and user_id = $2"
CHOOSE = """
insert into notification_choice (account_id, user_id, occasion, is_wanted)
select $1, $2, occasion, is_wanted from unnest($3::text[], $4::boolean[]) as c (occasion, is_wanted)
on conflict (account_id, user_id, occasion) do update set is_wanted = excluded.is_wanted
"""
IS_USER = """
select exists (
  select from account_user where account_id = $1 and id = $2 and type = 'user' and status in ('active', 'invited')
)
"""
# Drafts are nobody's business, and spam is not worth a mail.
TALK = """
select c.number, c.subject, c.mailbox_id, m.name as mailbox_name, a.id as assignee_id,
       trim(k.first_name || ' ' || k.last_name) as customer_name, k.email as customer_email,
       coalesce(trim(a.first_name || ' ' || a.last_name), '') as assignee_name,
       left(t.body_text, 10000) as text,
       exists (select from thread_origin o where o.account_id = c.account_id and o.unanswerable = 'null-sender'
         and o.thread_id = coalesce($3, (select min(f.id) from thread f
           where f.account_id = c.account_id and f.conversation_id = c.id and f.type = 'customer'))) as is_report
from conversation c
join mailbox m on m.account_id = c.account_id and m.id = c.mailbox_id
join customer k on k.account_id = c.account_id and k.id = c.primary_customer_id
left join account_user a on a.account_id = c.account_id and a.id = coalesce($4, c.assignee_id)
left join thread t on t.account_id = c.account_id and t.conversation_id = c.id and t.id = $3 and t.state = 'published'
where c.account_id = $1 and c.id = $2 and c.state = 'published' and c.status <> 'spam'
"""
ACTOR_NAME = """
select coalesce(
  (select trim(u.first_name || ' ' || u.last_name) from account_user u
   where $2 = 'user' and u.account_id = $1 and u.id = $3),
  (select coalesce(nullif(trim(k.first_name || ' ' || k.last_name), ''), k.email) from customer k
   where $2 = 'customer' and k.account_id = $1 and k.id = $3), '')
"""
READERS = """
select u.id as user_id, trim(u.first_name || ' ' || u.last_name) as name, u.email, u.mention,
       coalesce(teams.ids, '{}') as team_ids, coalesce(teams.mentions, '{}') as team_mentions,
       coalesce(chosen.occasions, '{}') as occasions, coalesce(chosen.wanted, '{}') as wanted
from account_user u
cross join lateral (
  select array_agg(t.id) as ids, array_agg(lower(t.mention)) as mentions
  from team_member tm join account_user t on t.account_id = tm.account_id and t.id = tm.team_id
  where tm.account_id = u.account_id and tm.user_id = u.id
) teams
cross join lateral (
  select array_agg(n.occasion) as occasions, array_agg(n.is_wanted) as wanted
  from notification_choice n where n.account_id = u.account_id and n.user_id = u.id
) chosen
where u.account_id = $1 and u.type = 'user' and u.status = 'active' and u.email <> '' and u.id <> $3
  and (u.role <> 'user' or exists (
    select from mailbox_user mu where mu.account_id = u.account_id and mu.user_id = u.id and mu.mailbox_id = $2))
order by u.id
"""


async def choices(connection: Connection, account_id: int, user_id: int) -> dict[str, bool]:
    """What the user has chosen, by occasion."""
    return {row["occasion"]: row["is_wanted"] for row in await connection.fetch(CHOICES, account_id, user_id)}


async def choose(connection: Connection, account_id: int, user_id: int, wanted: dict[str, bool]) -> None:
    """Keep choices; those of other occasions stay."""
    await connection.execute(CHOOSE, account_id, user_id, list(wanted), list(wanted.values()))


async def is_user(connection: Connection, account_id: int, user_id: int) -> bool:
    """Whether there is such a user."""
    found: bool = await connection.fetchval(IS_USER, account_id, user_id)
    return found


async def talk(
    connection: Connection,
    account_id: int,
    conversation_id: int,
    by: tuple[str, int | None],
    *,
    thread_id: int | None,
    assignee_id: int | None,
) -> Talk | None:
    """The conversation of an event by that actor; None for one that nobody is told of.

    `assignee_id` is whom the event assigned it to, None for an event of another kind: whoever is assigned now counts.
    """
    row = await connection.fetchrow(TALK, account_id, conversation_id, thread_id, assignee_id)
    if row is None:
        return None
    return Talk(
        number=row["number"],
        subject=row["subject"],
        mailbox_id=row["mailbox_id"],
        mailbox_name=row["mailbox_name"],
        customer_name=row["customer_name"] or row["customer_email"],
        assignee_id=row["assignee_id"],
        assignee_name=row["assignee_name"],
        actor_name=await connection.fetchval(ACTOR_NAME, account_id, *by),
        text=row["text"],
        is_report=row["is_report"],
    )


async def readers(connection: Connection, account_id: int, mailbox_id: int, except_user_id: int) -> list[Reader]:
    """Everybody who sees the mailbox, but for the one who did it."""
    return [
        Reader(
            user_id=row["user_id"],
            name=row["name"],
            email=row["email"],
            mention=row["mention"],
            team_ids=frozenset(row["team_ids"]),
            team_mentions=frozenset(mention for mention in row["team_mentions"] if mention),
            choices=dict(zip(row["occasions"], row["wanted"], strict=True)),
        )
        for row in await connection.fetch(READERS, account_id, mailbox_id, except_user_id)
    ]
