"""A conversation as conditions see it: everything that they can ask about, read in one statement for many."""

from __future__ import annotations

from datetime import datetime

import msgspec
from asyncpg import Record

from waypost.domains.workflows.models import Definition
from waypost.kit.db import Connection

#: What one message contributes to the condition `body`, and how many messages do, newest first.
MOST_LETTERS = 100_000
MOST_MESSAGES = 50

LOAD = f"""
select c.id, c.number, c.mailbox_id, c.type, c.status, c.state, c.subject, c.assignee_id, c.created_at,
  c.waiting_since, c.snoozed_until, c.attachment_count, c.locked_at is not null as is_busy, c.primary_customer_id,
  p.first_name, p.last_name, p.email, coalesce(o.name, '') as organization, m.name as mailbox_name,
  m.email as mailbox_email,
  array(select e.value from customer_entry e
        where e.account_id = c.account_id and e.customer_id = p.id and e.kind = 'email' order by e.id) as emails,
  array(select g.name from conversation_tag ct join tag g on g.account_id = ct.account_id and g.id = ct.tag_id
        where ct.account_id = c.account_id and ct.conversation_id = c.id order by g.name) as tags,
  (select jsonb_object_agg(v.field_id, v.value) from conversation_field v
   where v.account_id = c.account_id and v.conversation_id = c.id) as fields,
  (select jsonb_object_agg(lower(d.slug), v.value)
   from customer_property_value v
   join customer_property d on d.account_id = v.account_id and d.id = v.property_id
   where v.account_id = c.account_id and v.customer_id = c.primary_customer_id) as properties,
  coalesce((select max(e.at) from event e where e.account_id = c.account_id and e.subject_kind = 'conversation'
            and e.subject_id = c.id and e.type = 'convo.status'), c.created_at) as status_changed_at,
  (select max(e.at) from event e where e.account_id = c.account_id and e.subject_kind = 'conversation'
   and e.subject_id = c.id and e.type in ('convo.reply.failed', 'convo.reply.bounced')
   and (e.data ->> 'is_by_workflow') is distinct from 'true') as delivery_failed_at,
  rated.rating, rated.comments as rating_comments, rated.modified_at as rated_at,
  coalesce(said.has_own, false) as has_own, said.last_customer_at, said.last_customer_answer_at, said.last_user_at,
  said.last_note_at, coalesce(said.users, '{{}}') as users,
  array(select distinct a.email from thread t cross join lateral unnest(t.to_emails) a (email)
        where t.account_id = c.account_id and t.conversation_id = c.id and t.state = 'published'
          and t.type in ('customer', 'message') and lower(a.email) <> lower(m.email)) as to_emails,
  array(select distinct a.email from thread t cross join lateral unnest(t.cc) a (email)
        where t.account_id = c.account_id and t.conversation_id = c.id and t.state = 'published'
          and t.type in ('customer', 'message')) || c.cc as cc,
  case when $3 then array(
    select left(t.body_text, {MOST_LETTERS}) from thread t
    where t.account_id = c.account_id and t.conversation_id = c.id and t.state = 'published'
      and t.type in ('customer', 'note', 'chat', 'beaconchat', 'phone')
    order by t.created_at desc, t.id desc limit {MOST_MESSAGES}) else '{{}}' end as bodies
from conversation c
join customer p on p.account_id = c.account_id and p.id = c.primary_customer_id
join mailbox m on m.account_id = c.account_id and m.id = c.mailbox_id
left join organization o on o.account_id = p.account_id and o.id = p.organization_id
left join lateral (
  select r.rating, r.comments, r.modified_at from thread t
  join rating r on r.account_id = t.account_id and r.thread_id = t.id
  where t.account_id = c.account_id and t.conversation_id = c.id order by r.modified_at desc, r.id desc limit 1
) rated on true
left join lateral (
  select bool_or(not t.is_imported) as has_own,
    max(t.created_at) filter (where t.type = 'customer') as last_customer_at,
    max(t.created_at) filter (where t.type = 'customer' and not t.is_imported and t.place > 1)
      as last_customer_answer_at,
    max(t.created_at) filter (where t.type = 'message' and t.action_type <> 'workflow') as last_user_at,
    max(t.created_at) filter (where t.type = 'note' and t.action_type = 'default') as last_note_at,
    array_agg(distinct t.created_by_user_id)
      filter (where t.type in ('message', 'note') and t.created_by_user_id is not null) as users
  from (select h.*, row_number() over (order by h.id) as place from thread h
        where h.account_id = c.account_id and h.conversation_id = c.id and h.state = 'published'
          and h.type <> 'lineitem') t
) said on true
where c.account_id = $1 and c.id = any ($2::bigint[])
order by c.id
"""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation at one moment."""

    id: int
    number: int
    mailbox_id: int
    mailbox_name: str
    mailbox_email: str
    type: str
    status: str
    state: str
    subject: str
    assignee_id: int | None
    customer_id: int
    customer_first_name: str
    customer_last_name: str
    customer_email: str
    emails: list[str]
    organization: str
    properties: dict[str, str]
    tags: list[str]
    fields: dict[str, str]
    to: list[str]
    cc: list[str]
    bodies: list[str]
    users: list[int]
    has_attachments: bool
    #: What the customer thought of the last reply that they rated.
    rating: str | None
    rating_comments: str
    rated_at: datetime | None
    is_busy: bool
    #: Something in it was said here, and not merely imported.
    has_own: bool
    snoozed_until: datetime | None
    created_at: datetime
    waiting_since: datetime | None
    status_changed_at: datetime
    last_customer_at: datetime | None
    #: The last time the customer wrote again, after the first message.
    last_customer_answer_at: datetime | None
    last_user_at: datetime | None
    last_note_at: datetime | None
    #: When a reply of a user's was last found not to have reached somebody.
    delivery_failed_at: datetime | None

    @property
    def customer_name(self) -> str:
        """First and last name."""
        return f"{self.customer_first_name} {self.customer_last_name}".strip()


def needs_bodies(definitions: list[Definition]) -> bool:
    """Whether any of them looks at what was written."""
    return any(
        condition.field == "body"
        for definition in definitions
        for group in definition.conditions
        for condition in group.any
    )


async def load(
    connection: Connection, account_id: int, conversation_ids: list[int], *, with_bodies: bool
) -> list[Case]:
    """The conversations by id; those that are gone are left out."""
    return [_read(row) for row in await connection.fetch(LOAD, account_id, conversation_ids, with_bodies)]


def _read(row: Record) -> Case:
    return Case(
        id=row["id"],
        number=row["number"],
        mailbox_id=row["mailbox_id"],
        mailbox_name=row["mailbox_name"],
        mailbox_email=row["mailbox_email"],
        type=row["type"],
        status=row["status"],
        state=row["state"],
        subject=row["subject"],
        assignee_id=row["assignee_id"],
        customer_id=row["primary_customer_id"],
        customer_first_name=row["first_name"],
        customer_last_name=row["last_name"],
        customer_email=row["email"],
        emails=row["emails"],
        organization=row["organization"],
        properties=row["properties"] or {},
        tags=row["tags"],
        fields=row["fields"] or {},
        to=row["to_emails"],
        cc=list(dict.fromkeys(row["cc"])),
        bodies=row["bodies"],
        users=row["users"],
        has_attachments=row["attachment_count"] > 0,
        rating=row["rating"],
        rating_comments=row["rating_comments"] or "",
        rated_at=row["rated_at"],
        is_busy=row["is_busy"],
        has_own=row["has_own"],
        snoozed_until=row["snoozed_until"],
        created_at=row["created_at"],
        waiting_since=row["waiting_since"],
        status_changed_at=row["status_changed_at"],
        last_customer_at=row["last_customer_at"],
        last_customer_answer_at=row["last_customer_answer_at"],
        last_user_at=row["last_user_at"],
        last_note_at=row["last_note_at"],
        delivery_failed_at=row["delivery_failed_at"],
    )
