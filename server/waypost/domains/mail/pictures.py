"""Pictures of an agent's text as parts of the mail: those written into it, and those stored with the conversation.

Mail programs show `cid:` parts at once; data: addresses few of them show at all, and the desk's own address wants a
sign-in. Pictures from elsewhere stay as they are.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Callable

import msgspec

from waypost.domains.mail.models import MailAttachment

_DATA = re.compile(
    r"""(<img\b[^>]*?\ssrc=")data:image/([a-z0-9.+-]{1,20});base64,([A-Za-z0-9+/=\s]+)(")""", re.IGNORECASE
)
_STORED = re.compile(
    r"""(<img\b[^>]*?\ssrc=")[^"<>]{0,300}/v2/conversations/(\d{1,18})/attachments/(\d{1,18})/(?:data|file)(")""",
    re.IGNORECASE,
)


def stored_ids(html: str, conversation_id: int) -> list[int]:
    """The attachments of the conversation that the text shows by their API address."""
    found = (int(match[3]) for match in _STORED.finditer(html) if int(match[2]) == conversation_id)
    return list(dict.fromkeys(found))


def embedded(
    html: str, conversation_id: int, stored: dict[int, MailAttachment], host: str
) -> tuple[str, list[MailAttachment], frozenset[int]]:
    """The text with `cid:` in place of both kinds, the parts to add, and which of `stored` are among them."""
    made: dict[str, MailAttachment] = {}
    used: set[int] = set()

    def of_data(match: re.Match[str]) -> str:
        try:
            data = b64decode("".join(match[3].split()), validate=True)
        except (binascii.Error, ValueError):
            return match[0]
        kind = match[2].lower()
        name = hashlib.sha256(data).hexdigest()[:24]
        content_id = f"{name}@{host}"
        made.setdefault(content_id, MailAttachment(f"{name[:8]}.{kind}", f"image/{kind}", data, content_id, True))
        return f"{match[1]}cid:{content_id}{match[4]}"

    def of_stored(match: re.Match[str]) -> str:
        attachment = stored.get(int(match[3]))
        if attachment is None or int(match[2]) != conversation_id:
            return match[0]
        content_id = f"attachment-{match[3]}@{host}"
        used.add(int(match[3]))
        made[content_id] = msgspec.structs.replace(attachment, content_id=content_id, is_inline=True)
        return f"{match[1]}cid:{content_id}{match[4]}"

    steps: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = ((_DATA, of_data), (_STORED, of_stored))
    for pattern, replacement in steps:
        html = pattern.sub(replacement, html)
    return html, list(made.values()), frozenset(used)
