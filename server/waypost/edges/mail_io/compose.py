"""An outgoing message as MIME: 7-bit, CRLF, its parts by the standard library and its fields by header_writer."""

from __future__ import annotations

import re
from datetime import UTC
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from html import unescape
from typing import Any
from urllib.parse import unquote

from waypost.domains.mail import MailAttachment, OutgoingMessage
from waypost.edges.mail_io.errors import Unsendable
from waypost.edges.mail_io.header_writer import encoded_addresses, folded, free_field, text_field, wire_address
from waypost.kit.html import to_text
from waypost.kit.text import clean_file_name, clean_text

_POLICY = policy.SMTP.clone(cte_type="7bit", raise_on_defect=False)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,500}>")
#: Servers cut or refuse fields of more than some thousand bytes; the first id and the newest are what threads need.
MOST_REFERENCE_BYTES = 4_000
_MIME_TYPE = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]{0,100})/([a-z0-9][a-z0-9!#$&^_.+-]{0,100})", re.IGNORECASE)
_CID = re.compile(r"""cid:([^"'\s<>)]{1,500})""", re.IGNORECASE)
_CHARSET = re.compile(r";\s*charset=\"?([a-z0-9_.:-]{1,40})\"?", re.IGNORECASE)
#: Written from the message's own parts, or kept from leaving.
_OWN_FIELDS = frozenset(
    "bcc cc date from in-reply-to message-id mime-version references reply-to resent-bcc sender subject to".split()
)


def compose(message: OutgoingMessage) -> bytes:
    """The message as it goes over the wire. Blind copies do not appear in it. Raises Unsendable."""
    return b"".join(_fields(message)) + _content(message).as_bytes(policy=_POLICY)


def envelope_recipients(message: OutgoingMessage) -> list[str]:
    """Everybody who gets the message, each once, blind copies too. Raises Unsendable."""
    everybody = [wire_address(each.email) for each in (*message.to, *message.cc, *message.bcc)]
    return list({address.lower(): address for address in reversed(everybody)}.values())[::-1]


def _fields(message: OutgoingMessage) -> list[bytes]:
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise Unsendable(f"{message.message_id[:100]!r} is not a message id")
    if not wire_address(message.sender.email).isascii():
        raise Unsendable(f"{message.sender.email!r} cannot be a sender: its part before the @ is not ASCII")
    sent_at = message.sent_at if message.sent_at.tzinfo else message.sent_at.replace(tzinfo=UTC)
    fields = [
        folded("Date", format_datetime(sent_at.astimezone(UTC))),
        folded("Message-ID", message.message_id),
        folded("From", encoded_addresses([message.sender])),
        # A message without To is taken for spam by many.
        folded("To", encoded_addresses(message.to) or "undisclosed-recipients:;"),
    ]
    if message.cc:
        fields.append(folded("Cc", encoded_addresses(message.cc)))
    if message.reply_to:
        fields.append(folded("Reply-To", encoded_addresses(message.reply_to)))
    fields.append(text_field("Subject", message.subject))
    if in_reply_to := _bounded(message.in_reply_to):
        fields.append(folded("In-Reply-To", in_reply_to))
    if references := _bounded(message.references or message.in_reply_to):
        fields.append(folded("References", references))
    return fields + [_further(name, value) for name, value in message.headers.items()]


def _further(name: str, value: str) -> bytes:
    if name.lower() in _OWN_FIELDS or name.lower().startswith("content-"):
        raise Unsendable(f"the header field {name!r} is not free to be set")
    return free_field(name, value)


def _bounded(ids: tuple[str, ...]) -> str:
    """The usable ids, in order: the first, and as many of the newest as there is room for."""
    usable = list(dict.fromkeys(each for each in ids if _MESSAGE_ID.fullmatch(each)))
    if not usable:
        return ""
    first, *others = usable
    room = MOST_REFERENCE_BYTES - len(first)
    kept: list[str] = []
    for each in reversed(others):
        room -= len(each) + 1
        if room < 0:
            break
        kept.append(each)
    return " ".join([first, *reversed(kept)])


def _content(message: OutgoingMessage) -> EmailMessage:
    html = clean_text(message.html)
    content = EmailMessage(policy=_POLICY)
    content.set_content(clean_text(message.text) or to_text(html))
    page = None
    if html:
        content.add_alternative(html, subtype="html")
        page = content.get_payload(1)
    named = {unquote(unescape(each)) for each in _CID.findall(html)}
    attached = []
    for each in message.attachments:
        # Programs hide inline files that the HTML does not name; those go as attachments.
        if each.is_inline and _content_id(each) in named:
            _attach(page, each, is_shown=True)
        else:
            attached.append(each)
    for each in attached:
        _attach(content, each, is_shown=False)
    return content


def _content_id(attachment: MailAttachment) -> str:
    bare = (attachment.content_id or "").strip().strip("<>")
    # The standard library would decode an encoded word in it, and line breaks within that would begin fields.
    return bare if _MESSAGE_ID.fullmatch(f"<{bare}>") and "=?" not in bare else ""


def _attach(parent: Any, attachment: MailAttachment, *, is_shown: bool) -> None:
    main_type, subtype, parameters = _mime_type(attachment.mime_type)
    arguments: dict[str, Any] = {
        "maintype": main_type,
        "subtype": subtype,
        "params": parameters,
        "filename": clean_file_name(attachment.file_name),
    }
    if is_shown:
        content_id = f"<{_content_id(attachment)}>"
        parent.add_related(attachment.data, disposition="inline", cid=content_id, **arguments)
    else:
        parent.add_attachment(attachment.data, **arguments)


def _mime_type(declared: str) -> tuple[str, str, dict[str, str]]:
    found = _MIME_TYPE.match(declared.strip())
    # Messages and multiparts may not be base64 (RFC 2046), and anything else might change their bytes.
    if found is None or found[1].lower() in ("message", "multipart"):
        return "application", "octet-stream", {}
    charset = _CHARSET.search(declared)
    is_text = found[1].lower() == "text"
    return found[1].lower(), found[2].lower(), {"charset": charset[1]} if charset and is_text else {}
