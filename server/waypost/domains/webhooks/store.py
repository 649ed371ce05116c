"""SQL of subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from asyncpg import Record

from waypost.domains.webhooks.models import Profile, RetryPolicy, Webhook, WebhookState
from waypost.kit.db import Connection
from waypost.kit.paging import Page, PageRequest

COLUMNS = """
  w.account_id, w.id, w.user_id, w.application_id, w.url, w.events, w.secret, w.previous_secret,
  w.previous_secret_until, w.label, w.notification, w.payload_version, w.mailbox_ids, w.state, w.profile,
  w.retry_policy, w.ordered, w.include_spam, w.disabled_reason, w.disabled_at, w.last_success_at,
  w.consecutive_failures, w.consecutive_discards, w.failing_since, w.paused_until, w.created_at, w.updated_at
"""
# Two who subscribe at once must not both become the last one that fits.
LOCK_ACCOUNT = "select from account where id = $1 for no key update"
COUNT = "select count(*) from webhook where account_id = $1"
INSERT = f"""
insert into webhook as w (
  account_id, user_id, application_id, url, events, secret, label, notification, payload_version, mailbox_ids, state,
  profile, retry_policy, ordered, include_spam, disabled_reason, disabled_at, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $18)
returning {COLUMNS}
"""
LIST = f"""
with mine as (select id from webhook where account_id = $1 and ($2::bigint is null or user_id = $2))
select (select count(*) from mine) as total, rows.*
from (select 1) one left join (
  select {COLUMNS} from webhook w where w.account_id = $1 and w.id in (select id from mine)
  order by w.id limit $3 offset $4
) rows on true
order by rows.id
"""
FIND = f"select {COLUMNS} from webhook w where w.account_id = $1 and w.id = $2"
LOCK = FIND + " for update"
UPDATE = """
update webhook set
  user_id = $3, url = $4, events = $5, secret = $6, previous_secret = $7, previous_secret_until = $8, label = $9,
  notification = $10, payload_version = $11, mailbox_ids = $12, state = $13, profile = $14, retry_policy = $15,
  ordered = $16, include_spam = $17, disabled_reason = $18, disabled_at = $19, consecutive_failures = $20,
  consecutive_discards = $21, failing_since = $22, paused_until = $23, updated_at = $24
where account_id = $1 and id = $2
"""
DELETE = "delete from webhook where account_id = $1 and id = $2"


def read(row: Record) -> Webhook:
    """A row of COLUMNS."""
    values = {name: row[name] for name in Webhook.__struct_fields__}
    values["state"] = WebhookState(row["state"])
    values["profile"] = Profile(row["profile"])
    values["retry_policy"] = RetryPolicy(row["retry_policy"])
    return Webhook(**values)


async def lock_account(connection: Connection, account_id: int) -> int:
    """Let nobody else subscribe in this account until the transaction ends; how many subscriptions there are."""
    await connection.execute(LOCK_ACCOUNT, account_id)
    count: int = await connection.fetchval(COUNT, account_id)
    return count


async def insert(
    connection: Connection,
    account_id: int,
    user_id: int,
    application_id: int | None,
    values: dict[str, Any],
    now: datetime,
) -> Webhook:
    """A new subscription from checked values, its secret sealed."""
    row = await connection.fetchrow(
        INSERT,
        account_id,
        user_id,
        application_id,
        values["url"],
        values["events"],
        values["secret"],
        values["label"],
        values["notification"],
        values["payload_version"],
        values["mailbox_ids"],
        values["state"].value,
        values["profile"].value,
        values["retry_policy"].value,
        values["ordered"],
        values["include_spam"],
        values["disabled_reason"],
        values["disabled_at"],
        now,
    )
    assert row is not None
    return read(row)


async def list_page(connection: Connection, account_id: int, user_id: int | None, page: PageRequest) -> Page[Webhook]:
    """The account's subscriptions (or one user's) by id."""
    rows = await connection.fetch(LIST, account_id, user_id, page.size, page.offset)
    return Page([read(row) for row in rows if row["id"] is not None], rows[0]["total"], page)


async def find(connection: Connection, account_id: int, webhook_id: int) -> Webhook | None:
    """One subscription."""
    row = await connection.fetchrow(FIND, account_id, webhook_id)
    return read(row) if row is not None else None


async def lock(connection: Connection, account_id: int, webhook_id: int) -> Webhook | None:
    """One subscription, nobody else's to change until the transaction ends."""
    row = await connection.fetchrow(LOCK, account_id, webhook_id)
    return read(row) if row is not None else None


async def update(connection: Connection, webhook: Webhook) -> None:
    """Write a subscription whole."""
    of = msgspec.structs.asdict(webhook)
    columns = (
        "account_id", "id", "user_id", "url", "events", "secret", "previous_secret", "previous_secret_until", "label",
        "notification", "payload_version", "mailbox_ids", "state", "profile", "retry_policy", "ordered",
        "include_spam", "disabled_reason", "disabled_at", "consecutive_failures", "consecutive_discards",
        "failing_since", "paused_until", "updated_at",
    )  # fmt: skip
    of.update(state=webhook.state.value, profile=webhook.profile.value, retry_policy=webhook.retry_policy.value)
    await connection.execute(UPDATE, *(of[column] for column in columns))


async def delete(connection: Connection, account_id: int, webhook_id: int) -> None:
    """Remove a subscription."""
    await connection.execute(DELETE, account_id, webhook_id)
