"""SQL of availability. A user without a row is active for e-mail, and unavailable for chats."""

from __future__ import annotations

from asyncpg import Record

from waypost.domains.accounts.models import Availability, ChatStatus, CustomStatus, EmailStatus, Scope, StatusSource
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

_COLUMNS = """u.id as user_id, coalesce(a.status, 'active') as status, a.custom_text, a.custom_emoji,
a.custom_emoji_name, a.performed_by_user_id, a.source, coalesce(a.updated_at, u.created_at) as updated_at,
coalesce(a.chat_status, 'unavailable') as chat_status, coalesce(a.chat_mailbox_statuses, '{}') as mailbox_statuses"""
_FROM = """from account_user u left join user_availability a on a.account_id = u.account_id and a.user_id = u.id
where u.account_id = $1 and u.type = 'user'"""
COUNT = (
    "select count(*) from account_user u where u.account_id = $1 and u.type = 'user' and u.status = any ($2::text[])"
)
LIST = f"""
select {_COLUMNS} {_FROM} and u.status = any ($2::text[])
order by lower(u.first_name), lower(u.last_name), u.id limit $3 offset $4
"""
FIND = f"select {_COLUMNS} {_FROM} and u.status <> 'deleted' and u.id = $2"
PUT = """
insert into user_availability (account_id, user_id, status, custom_text, custom_emoji, custom_emoji_name,
                               performed_by_user_id, source, updated_at, chat_status, chat_mailbox_statuses)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (account_id, user_id) do update set
  status = excluded.status, custom_text = excluded.custom_text, custom_emoji = excluded.custom_emoji,
  custom_emoji_name = excluded.custom_emoji_name, performed_by_user_id = excluded.performed_by_user_id,
  source = excluded.source, updated_at = excluded.updated_at, chat_status = excluded.chat_status,
  chat_mailbox_statuses = excluded.chat_mailbox_statuses
"""
MAILBOXES_OF = """
select b.id from mailbox b join account_user u on u.account_id = b.account_id and u.id = $2
where b.account_id = $1 and b.id = any ($3::bigint[])
  and (u.role in ('owner', 'admin') or exists (select from mailbox_user m where m.account_id = b.account_id
                                               and m.user_id = u.id and m.mailbox_id = b.id))
"""
_LISTED = ["active", "invited"]  # as users are (spec: 11.7)


def _availability(row: Record) -> Availability:
    custom = None
    if row["custom_text"] is not None:
        custom = CustomStatus(row["custom_text"], row["custom_emoji"] or "", row["custom_emoji_name"] or "")
    return Availability(
        user_id=row["user_id"],
        status=EmailStatus(row["status"]),
        custom=custom,
        performed_by_user_id=row["performed_by_user_id"],
        source=StatusSource(row["source"]) if row["source"] else None,
        updated_at=row["updated_at"],
        chat_status=ChatStatus(row["chat_status"]),
        chat_mailbox_statuses={int(key): ChatStatus(value) for key, value in row["mailbox_statuses"].items()},
    )


async def list_all(tx: Tx, scope: Scope, page: PageRequest) -> Page[Availability]:
    """One page, users by name."""
    total: int = await tx.connection.fetchval(COUNT, scope.account_id, _LISTED)
    rows = await tx.connection.fetch(LIST, scope.account_id, _LISTED, page.size, page.offset)
    return Page([_availability(row) for row in rows], total, page)


async def find(tx: Tx, scope: Scope, user_id: int) -> Availability | None:
    """One user's."""
    row = await tx.connection.fetchrow(FIND, scope.account_id, user_id)
    return _availability(row) if row is not None else None


async def put(tx: Tx, account_id: int, held: Availability) -> None:
    """Keep it."""
    custom = held.custom
    await tx.connection.execute(
        PUT,
        account_id,
        held.user_id,
        held.status.value,
        custom.text if custom else None,
        custom.emoji if custom else None,
        custom.emoji_name if custom else None,
        held.performed_by_user_id,
        held.source.value if held.source else None,
        held.updated_at,
        held.chat_status.value,
        {str(key): value.value for key, value in held.chat_mailbox_statuses.items()},
    )


async def mailboxes_of(tx: Tx, account_id: int, user_id: int, mailbox_ids: list[int]) -> set[int]:
    """Which of these mailboxes the user sees."""
    rows = await tx.connection.fetch(MAILBOXES_OF, account_id, user_id, mailbox_ids)
    return {row["id"] for row in rows}
