"""The barest handlers that do the same work: the same SQL and the same bytes or rows, and nothing around them.

No router, no rights, no limits, no headers, no log, no validation: ASGI, asyncpg and msgspec. What Waypost adds to
this is what the ratios show.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import uvloop

from bench.ground import Ground
from waypost.domains.conversations import (
    Filter,
    Sort,
    Status,
    colors,
    listing,
    store,
    store_labels,
    store_threads,
    store_writes,
)
from waypost.kit.db import open_pool, planned_once
from waypost.kit.paging import PageRequest
from waypost.server import HttpServer

BASE = "http://127.0.0.1"
JSON = [(b"content-type", b"application/hal+json")]


class Baseline:
    """ASGI: `/list`, `/get/{id}`, `/create`, `/reply`, `/empty`."""

    def __init__(self, pool: Any, ground: Ground, base_url: str) -> None:
        self.pool = pool
        self.ground = ground
        self.base_url = base_url
        query = listing.Query(
            account_id=ground.account_id,
            user_id=ground.user_id,
            filter=Filter(statuses=(Status.ACTIVE,)),
            mailbox_ids=None,
            sort=Sort.CREATED_AT,
            descending=True,
            page=PageRequest(1, 25),
        )
        built = listing.build(query)
        self.list_sql, self.list_arguments = store.page_sql(built), built.arguments

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path == "/list":
            body = await self.list_page()
        elif path.startswith("/get/"):
            body = await self.get(int(path[5:]))
        elif path == "/create":
            body = await self.create(msgspec.json.decode((await receive())["body"]))
        elif path == "/reply":
            body = await self.reply(msgspec.json.decode((await receive())["body"]))
        else:
            body = b"{}"
        headers = [*JSON, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def list_page(self) -> bytes:
        """A page of 25 conversations, byte for byte as Waypost answers it."""
        async with self.pool.acquire() as connection, planned_once(connection):
            rows = await connection.fetch(self.list_sql, *self.list_arguments)
        now = datetime.now(UTC).replace(microsecond=0)
        total, base = rows[0]["total"], self.base_url
        pages = -(-total // 25)
        stem = f"{base}/v2/conversations?page="
        links = {"self": {"href": f"{stem}1"}, "first": {"href": f"{stem}1"}, "last": {"href": f"{stem}{pages}"}}
        links["page"] = {"href": f"{base}/v2/conversations{{?page}}", "templated": True}  # type: ignore[dict-item]
        if pages > 1:
            links["next"] = {"href": f"{stem}2"}
        return msgspec.json.encode(
            {
                "_embedded": {"conversations": [conversation(row, base, now) for row in rows]},
                "page": {"size": 25, "totalElements": total, "totalPages": pages, "number": 1},
                "_links": links,
            }
        )

    async def get(self, conversation_id: int) -> bytes:
        """One conversation, byte for byte as Waypost answers it."""
        ground = self.ground
        row = await self.pool.fetchrow(store.FIND, ground.account_id, ground.user_id, conversation_id, None)
        return msgspec.json.encode(conversation(row, self.base_url, datetime.now(UTC).replace(microsecond=0)))

    async def create(self, sent: dict[str, Any]) -> bytes:
        """The rows of a new conversation with one message of a new customer and two tags, in one transaction."""
        ground, now = self.ground, datetime.now(UTC)
        account = ground.account_id
        email = sent["customer"]["email"]
        async with self.pool.acquire() as connection, connection.transaction():
            customer = await connection.fetchval(
                "insert into customer (account_id, first_name, last_name, email) values ($1, $2, $3, $4) returning id",
                account, sent["customer"]["firstName"], sent["customer"]["lastName"], email,
            )  # fmt: skip
            await connection.execute(
                "insert into customer_entry (account_id, customer_id, kind, type, value)"
                " values ($1, $2, 'email', 'work', $3)",
                account, customer, email,
            )  # fmt: skip
            text = sent["threads"][0]["text"]
            row = await connection.fetchrow(
                store_writes.INSERT, account, ground.mailbox_id, "email", "active", "published", sent["subject"],
                customer, None, customer, None, "api", "customer", [], [], now, now, now, None, None, "customer", now,
                text, 1, 1, 0,
            )  # fmt: skip
            await connection.fetchval(
                store_threads.INSERT, account, row["id"], "customer", "nochange", "published", text, text, "api",
                "customer", customer, customer, None, None, None, [], [], [], False, now, None, None, False, "default",
                None,
            )  # fmt: skip
            tags = await connection.fetch(store_labels.TAG_IDS, account, sent["tags"])
            await connection.execute(store_labels.PUT_TAGS, account, row["id"], [tag["id"] for tag in tags])
            await self.events(connection, row["id"], 3, now)
        return msgspec.json.encode({"id": row["id"], "number": row["number"], "subject": sent["subject"]})

    async def reply(self, sent: dict[str, Any]) -> bytes:
        """The rows of a reply, in one transaction."""
        ground, now = self.ground, datetime.now(UTC)
        account, conversation_id = ground.account_id, sent["conversation"]
        async with self.pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(store_writes.LOCK, account, conversation_id, None, ground.user_id)
            thread_id = await connection.fetchval(
                store_threads.INSERT, account, conversation_id, "message", "nochange", "published", sent["text"],
                sent["text"], "api", "user", row["primary_customer_id"], None, ground.user_id, None, None,
                ["a@example.com"], [], [], False, now, None, None, False, "default", None,
            )  # fmt: skip
            await connection.execute(
                store_writes.ADD_THREAD, account, conversation_id, "active", "user", None, now, True, None, None,
                sent["text"], 1, 0, 0, None, None,
            )  # fmt: skip
            await self.events(connection, conversation_id, 1, now)
        return msgspec.json.encode({"id": thread_id})

    async def events(self, connection: Any, conversation_id: int, count: int, now: datetime) -> None:
        await connection.executemany(
            "insert into event (account_id, type, at, actor_kind, actor_id, subject_kind, subject_id, data)"
            " values ($1, 'convo.created', $2, 'user', $3, 'conversation', $4, $5)",
            [(self.ground.account_id, now, self.ground.user_id, conversation_id, {"number": 1})] * count,
        )


def stamp(moment: datetime) -> str:
    return moment.isoformat()[:19] + "Z"


def person(row: asyncpg.Record, prefix: str, id_: int, kind: str) -> dict[str, Any]:
    return {
        "id": id_, "type": kind, "first": row[prefix + "_first"] or "", "last": row[prefix + "_last"] or "",
        "email": row[prefix + "_email"] or "", "photoUrl": row[prefix + "_photo"] or "",
    }  # fmt: skip


def ago(moment: datetime, now: datetime) -> str:
    gone = now - moment
    for length, name in ((365, "year"), (30, "month"), (1, "day")):
        if (count := gone // timedelta(days=length)) >= 1:
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    for length, name in ((3600, "hour"), (60, "minute")):
        if (count := gone // timedelta(seconds=length)) >= 1:
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def conversation(row: asyncpg.Record, base: str, now: datetime) -> dict[str, Any]:
    """One conversation as a dictionary, written straight from the row."""
    id_, customer_id = row["id"], row["primary_customer_id"]
    primary = person(row, "p", customer_id, "customer")
    since, latest = row["waiting_since"], row["latest_reply_from"]
    waiting = {"friendly": ago(since, now) if since else ""}
    if since:
        waiting["time"] = stamp(since)
    if latest:
        waiting["latestReplyFrom"] = latest
    user_id = row["created_by_user_id"]
    created_by = person(row, "cb", user_id, "user") if user_id else primary
    links = {
        "self": {"href": f"{base}/v2/conversations/{id_}"},
        "mailbox": {"href": f"{base}/v2/mailboxes/{row['mailbox_id']}"},
        "primaryCustomer": {"href": f"{base}/v2/customers/{customer_id}"},
        "threads": {"href": f"{base}/v2/conversations/{id_}/threads/"},
        "web": {"href": f"{base}/conversation/{id_}/{row['number']}"},
    }
    if user_id:
        links["createdByUser"] = {"href": f"{base}/v2/users/{user_id}"}
    else:
        links["createdByCustomer"] = {"href": f"{base}/v2/customers/{customer_id}"}
    built = {
        "id": id_, "number": row["number"], "threads": row["thread_count"], "type": row["type"],
        "folderId": row["folder_id"], "status": row["status"], "state": row["state"], "subject": row["subject"],
        "preview": row["preview"], "mailboxId": row["mailbox_id"], "createdBy": created_by,
        "createdAt": stamp(row["created_at"]), "userUpdatedAt": stamp(row["user_updated_at"]),
        "modifiedAt": stamp(row["modified_at"]), "customerWaitingSince": waiting,
        "source": {"type": row["source_type"], "via": row["source_via"]},
        "tags": [
            {"id": t[0], "color": colors.as_hex(t[1]), "tag": t[2], "name": t[2], "slug": t[3]}
            for t in row["tags"] or ()
        ],
        "cc": row["cc"], "bcc": row["bcc"], "primaryCustomer": primary,
        "customFields": [{"id": f[0], "name": f[1], "value": f[2], "text": f[3]} for f in row["fields"] or ()],
        "_embedded": {"threads": []}, "_links": links,
    }  # fmt: skip
    if row["assignee_id"]:
        built["assignee"] = person(row, "a", row["assignee_id"], row["a_type"])
        links["assignee"] = {"href": f"{base}/v2/users/{row['assignee_id']}"}
    if row["snoozed_until"]:
        until, on_reply = stamp(row["snoozed_until"]), row["unsnooze_on_customer_reply"]
        by = row["snoozed_by_user_id"] or 0
        built["snooze"] = {"snoozedBy": by, "snoozedUntil": until, "unsnoozeOnCustomerReply": on_reply}
        built["nextEvent"] = {"time": until, "eventType": "snooze", "userId": by, "cancelOnCustomerReply": on_reply}
    return built


async def main() -> None:
    """Serve until killed; prints the port."""
    options = json.loads(sys.argv[1])
    ground = Ground(**options["ground"])
    pool = await open_pool(ground.dsn, max_size=10)
    server = HttpServer("127.0.0.1", 0)
    await server.start(Baseline(pool, ground, options["base_url"]))
    print(server.port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
