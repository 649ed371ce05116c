"""Messages that arrived by mail, and the links by which browsers look at them."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from tests.edges.inbox_v2.office import Office

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"


@dataclass
class Part:
    """A file of a mail."""

    data: bytes
    mime_type: str
    name: str = "file"
    content_id: str | None = None


def mail(html: str, *parts: Part, subject: str = "Look") -> str:
    """A mail with an HTML body, as text."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Jane <jane@example.com>", "support@acme.test", subject
    message.set_content(html, subtype="html")
    for part in parts:
        main, _, sub = part.mime_type.partition("/")
        more: dict[str, Any] = {"cid": f"<{part.content_id}>"} if part.content_id else {}
        if part.content_id:
            message.add_related(part.data, main, sub, filename=part.name, **more)
        else:
            message.add_attachment(part.data, main, sub, filename=part.name)
    return message.as_string()


async def received(office: Office, html: str, *parts: Part) -> dict[str, Any]:
    """Let a mail arrive; its thread, read by itself, with the links of a browser."""
    made = await office.mail(mail(html, *parts))
    assert made.thread_id is not None
    return await office.get(f"/v2/conversations/{made.conversation_id}/threads/{made.thread_id}")


def view_of(thread: dict[str, Any]) -> str:
    """Where a thread is shown by itself."""
    return str(thread["_links"]["view"]["href"])


def downloads_of(thread: dict[str, Any]) -> list[str]:
    """Where its files are."""
    return [item["_links"]["download"]["href"] for item in thread["_embedded"]["attachments"]]
