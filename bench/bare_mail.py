"""The least that taking mail in can be: the standard library's parser, and the same rows by the same number of writers.

    python -m bench.bare_mail MBOX '{"dsn": …, "account_id": …, "mailbox_id": …, "files": …}'

No cleaning of HTML, no cutting, no guessing of charsets, no rules: what a message says is inserted as it stands.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import mailbox
import sys
import time
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import uvloop

from bench.bare_mail_sql import (
    ADD_THREAD,
    ATTACHMENT,
    CLAIM,
    CONVERSATION,
    CUSTOMER,
    EVENT,
    FIND,
    KNOWN_CUSTOMER,
    SETTLE,
    THREAD,
)
from waypost.kit.db import Connection, Pool, open_pool

WRITERS = 4


class Bare:
    """One import without anything that is Waypost's."""

    def __init__(self, pool: Pool, account_id: int, mailbox_id: int, files: Path) -> None:
        self.pool = pool
        self.account_id = account_id
        self.mailbox_id = mailbox_id
        self.files = files
        self.count = 0

    async def run(self, path: Path) -> None:
        """All messages of an mbox."""
        parser = BytesParser(_class=EmailMessage, policy=policy.default)
        queue: asyncio.Queue[tuple[bytes, EmailMessage] | None] = asyncio.Queue(2 * WRITERS)
        writers = [asyncio.create_task(self._write(queue)) for _ in range(WRITERS)]
        box = mailbox.mbox(path, create=False)
        for key in box.iterkeys():
            raw = box.get_bytes(key)
            await queue.put((raw, parser.parsebytes(raw)))
        for _ in writers:
            await queue.put(None)
        await asyncio.gather(*writers)

    async def _write(self, queue: asyncio.Queue[tuple[bytes, EmailMessage] | None]) -> None:
        while (item := await queue.get()) is not None:
            async with self.pool.acquire() as connection, connection.transaction():
                await self._one(connection, *item)
            self.count += 1

    def _store(self, digest: str, data: bytes) -> str:
        place = self.files / digest[:2] / digest
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        return str(place)

    async def _one(self, connection: Connection, raw: bytes, message: EmailMessage) -> None:
        digest = hashlib.sha256(raw).hexdigest()
        key = self._store(digest, raw)
        now = datetime.now(UTC)
        own_id = str(message["message-id"])
        claim = await connection.fetchval(CLAIM, self.account_id, self.mailbox_id, digest, own_id, digest, key, now)
        html, text, attached = _read(message)
        sender = str(message["from"]).partition("<")[2].strip(" >")
        customer_id = await connection.fetchval(KNOWN_CUSTOMER, self.account_id, sender)
        if customer_id is None:
            customer_id = await connection.fetchval(CUSTOMER, self.account_id, "Somebody", sender, now)
        if customer_id is None:
            # Another writer has made it between the two statements.
            customer_id = await connection.fetchval(KNOWN_CUSTOMER, self.account_id, sender)
        conversation_id = None
        if message["references"]:
            ids = str(message["references"]).split()[::-1]
            conversation_id = await connection.fetchval(FIND, self.account_id, ids)
        fact = "convo.customer.reply.created" if conversation_id else "convo.created"
        if conversation_id is None:
            subject = str(message["subject"])
            conversation_id = await connection.fetchval(
                CONVERSATION, self.account_id, self.mailbox_id, subject, customer_id, now, text[:200]
            )
        thread_id = await connection.fetchval(
            THREAD, self.account_id, conversation_id, html or text, text, customer_id, now, own_id, key
        )
        for name, kind, data in attached:
            place = self._store(hashlib.sha256(data).hexdigest(), data)
            await connection.execute(
                ATTACHMENT, self.account_id, conversation_id, thread_id, name, kind, len(data), place, now
            )
        await connection.execute(ADD_THREAD, self.account_id, conversation_id, now, len(attached))
        await connection.execute(SETTLE, self.account_id, claim, conversation_id, thread_id)
        await connection.execute(EVENT, self.account_id, fact, now, conversation_id, {"thread_id": thread_id})


def _read(message: EmailMessage) -> tuple[str, str, list[tuple[str, str, bytes]]]:
    html, text, attached = "", "", []
    for part in message.walk():
        if part.is_multipart():
            continue
        data: Any = part.get_payload(decode=True) or b""
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            attached.append((part.get_filename() or "file", kind, data))
        elif kind == "text/html":
            html += data.decode("utf-8", "replace").replace("\0", "")
        else:
            text += data.decode("utf-8", "replace").replace("\0", "")
    return html, text, attached


async def main() -> None:
    """One run; prints what it took as JSON."""
    options = json.loads(sys.argv[2])
    async with await open_pool(options["dsn"]) as pool:
        bare = Bare(pool, options["account_id"], options["mailbox_id"], Path(options["files"]))
        began = time.monotonic()
        await bare.run(Path(sys.argv[1]))
        seconds = time.monotonic() - began
        print(json.dumps({"read": bare.count, "seconds": round(seconds, 3)}))


if __name__ == "__main__":
    uvloop.run(main())
