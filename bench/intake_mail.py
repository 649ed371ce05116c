"""The way of mail that arrives, without the wire: stored durably as IMAP, SMTP and LMTP do, then read by the job.

    python -m bench.intake_mail MBOX '{"dsn": …, "account_id": …, "mailbox_id": …, "files": …}'

What a mail server would add is its own time. The bytes are on disk before a message counts as taken in; messages are
read in processes of their own kind and stored some in a transaction, as the worker does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import islice
from pathlib import Path

import uvloop

from waypost.domains import mail
from waypost.domains.mail import Envelope, NewIntake
from waypost.edges.mail_io import mbox
from waypost.edges.mail_io.parsers import AT_ONCE, Parsers
from waypost.edges.mail_io.preview import preview
from waypost.edges.mail_io.reading import Reading
from waypost.kit.db import open_pool
from waypost.kit.files import FileStore
from waypost.kit.tx import Transactions

#: As many as an IMAP folder gives at once.
TOGETHER = 20
MOST_BYTES = 10_000_000


async def main() -> None:
    """One run; prints what it took as JSON."""
    options = json.loads(sys.argv[2])
    place = {"account_id": options["account_id"], "mailbox_id": options["mailbox_id"]}
    files, parsers = FileStore(options["files"]), Parsers()
    async with await open_pool(options["dsn"]) as pool:
        transactions = Transactions(pool)
        messages = (raw for raw in mbox.messages(Path(sys.argv[1]), MOST_BYTES) if isinstance(raw, bytes))
        count, began = 0, time.monotonic()
        while some := list(islice(messages, TOGETHER)):
            new = [NewIntake(place["mailbox_id"], "imap", raw, Envelope(), preview(raw)) for raw in some]
            await mail.intake.take_in(transactions, files, [(place["account_id"], each) for each in new])
            count += len(some)
        stored = time.monotonic()
        # They start once, and then read for as long as there is mail.
        await asyncio.gather(*(parsers.parse(b"Subject: Ready\r\n\r\n", transactions.clock()) for _ in range(AT_ONCE)))
        taken = time.monotonic()
        await Reading(transactions, files, parsers, b"bench").run(place)
        done = await pool.fetchval("select count(*) from mail_intake where state = 'done'")
        read = time.monotonic()
    await parsers.close()
    print(json.dumps({"count": count, "done": done, "taken_s": stored - began, "read_s": read - taken}))


if __name__ == "__main__":
    uvloop.run(main())
