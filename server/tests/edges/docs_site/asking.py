"""What the tests of search, votes and the contact form share."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.edges.docs_site.center import Center
from waypost.domains.docs import contact
from waypost.domains.mailboxes import Mailbox

TYPED = {"name": "Jane Smith", "email": "jane@example.org", "subject": "Where is it?", "message": "Hello,\n\nwhere?"}


async def with_form(center: Center, **members: Any) -> Mailbox:
    """Give the site a contact form; the mailbox behind it."""
    mailbox = await center.desk.make.mailbox(center.account)
    await center.change(hasContactForm=True, mailboxId=mailbox.id, **members)
    return mailbox


def stamp_in(page: str) -> str:
    found = re.search(r'name="stamp" value="([^"]*)"', page)
    assert found is not None
    return found[1]


async def opened(center: Center, ago_s: int = 60) -> str:
    """The stamp of a form that was opened a while ago."""
    from waypost.edges.docs_site.handlers.contact import LASTS, PURPOSE, Stamp
    from waypost.kit import secrets, signed_links

    now = center.desk.transactions.clock().replace(microsecond=0)
    stamp = Stamp(center.account.id, center.site["id"], int(now.timestamp()) - ago_s, secrets.new_token(9).encode())
    return signed_links.sign(center.desk.context.secret_key, PURPOSE, stamp, now + LASTS)


async def send(center: Center, *, files: Any = None, stamp: str | None = None, **fields: str) -> httpx.Response:
    """Send the form as a browser does."""
    data = {**TYPED, "stamp": stamp or await opened(center), "company_fax": "", **fields}
    parts: list[Any] = [(name, (None, value.encode())) for name, value in data.items()]
    parts += files or [("files", ("", b"", "application/octet-stream"))]
    return await center.visitor.post("/contact", files=parts)


async def conversations_of(center: Center) -> list[dict[str, Any]]:
    """The company's conversations with their threads, the oldest first."""
    client = await center.desk.client(center.account.owner)
    found = (await client.get("/v2/conversations?status=all&sortField=number&sortOrder=asc&embed=threads")).json()
    listed: list[dict[str, Any]] = found["_embedded"]["conversations"] if "_embedded" in found else []
    return listed


__all__ = ["TYPED", "contact", "conversations_of", "opened", "send", "stamp_in", "with_form"]
