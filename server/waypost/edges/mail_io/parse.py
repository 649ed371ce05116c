"""A raw message read as a `ReceivedMessage`. Whatever arrives becomes one: mail is never lost for its form."""

from __future__ import annotations

import hashlib
import mimetypes
import re
from datetime import UTC, datetime
from typing import NamedTuple

from waypost.domains.mail import Address, Forwarded, MailAttachment, ReceivedMessage
from waypost.edges.mail_io import signals
from waypost.edges.mail_io.addresses import read_addresses
from waypost.edges.mail_io.bodies import MOST_TEXT, File, Reader, Shown
from waypost.edges.mail_io.bounces import read_bounce
from waypost.edges.mail_io.charsets import decode
from waypost.edges.mail_io.dates import read_date
from waypost.edges.mail_io.deception import file_warnings, sender_warnings
from waypost.edges.mail_io.folding import fold_html, fold_text
from waypost.edges.mail_io.forwarding import forwarded, is_forward_subject
from waypost.edges.mail_io.header_block import Headers, read_block, read_text
from waypost.edges.mail_io.html_lines import without_own_marks
from waypost.edges.mail_io.inline_images import with_content_ids, with_locations
from waypost.edges.mail_io.message_ids import made_up_id, read_ids
from waypost.edges.mail_io.parts import Tree
from waypost.edges.mail_io.protection import Protection, note, protection_of
from waypost.edges.mail_io.verdicts import read_verdicts
from waypost.kit.html import clean_html_to_text, clean_text, sanitised, text_to_html
from waypost.kit.text import clean_file_name, clean_name

MOST_SUBJECT = 998
_MOST_HEADER_TEXT = 2_000
_KEPT_HEADERS = (
    "authentication-results auto-submitted delivered-to envelope-to from importance list-unsubscribe precedence"
    " return-path user-agent x-auto-response-suppress x-forwarded-for x-forwarded-to x-mailer x-original-to x-priority"
).split()
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,80}", re.ASCII)
_LIST_ID = re.compile(r"<([^<>]{1,255})>")
_MESSAGES = frozenset(("message/rfc822", "message/global", "message/news"))
_USUAL_NAMES = {
    "application/ms-tnef": "winmail.dat",
    "application/pgp-signature": "signature.asc",
    "text/calendar": "invite.ics",
    "text/rfc822-headers": "headers.txt",
}
_BEFORE_MESSAGE = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]{0,1000}+")
_MOST_ENCLOSED_BYTES = 10_000_000
_MOST_MENDED_BYTES = 30_000_000
_READABLE_BYTES = 200_000


def parse_message(raw: bytes, now: datetime | None = None) -> ReceivedMessage:
    """Read a message. Never raises: what cannot be understood is kept as text, with warnings that say so. `now` judges
    whether its date can be true."""
    digest = hashlib.sha256(raw).hexdigest()
    try:
        return _parse(_with_newlines(raw), digest, now or datetime.now(UTC))
    except Exception as fault:
        return _unparsed(raw, digest, fault)


def _parse(raw: bytes, digest: str, now: datetime, *, is_enclosed: bool = False) -> ReceivedMessage:
    tree = Tree(raw, _first_byte(raw))
    headers, warnings = tree.root.headers, tree.warnings
    reader = Reader()
    shown = reader.read(tree.root)
    protection = protection_of([tree.root, *reader.inner], shown.text or "")
    written = _with_invitation(_written(_with_note(shown, protection), reader.files, warnings), reader.invitation)
    html, text = written.html, written.text
    if len(text) > MOST_TEXT:
        text = text[:MOST_TEXT]
        warnings.append("text too long: its end is in the raw message only")
    sender = _sender(headers, warnings)
    subject = _subject(headers, warnings)
    ids = read_ids(headers.text("message-id"))
    if not ids:
        warnings.append("no Message-ID: one was made from the content")
    sent_at = read_date(headers.text("date", 200), now)
    if sent_at is None:
        warnings.append("no usable Date")
    email, name = (sender.email, sender.name) if sender else ("", "")
    is_bounce = signals.is_bounce(tree.root, email, name, subject, text)
    attachments = _attachments(reader.files, written.shown_ids)
    may_forward = not (is_bounce or is_enclosed or tree.root.media_type == "multipart/report")
    passed_on = None if not may_forward else _forwarded(written, subject, attachments, now, is_html=bool(shown.html))
    warnings.extend(sender_warnings(headers.first("from"), sender))
    warnings.extend(file_warnings([file.name for file in reader.files]))
    if "pgp-encrypted" in protection or "smime-encrypted" in protection:
        warnings.append("the message is encrypted: its content was not read")
    return ReceivedMessage(
        message_id=ids[0] if ids else made_up_id(digest),
        in_reply_to=read_ids(headers.text("in-reply-to", 64_000)),
        references=read_ids(headers.text("references", 64_000)),
        subject=subject,
        sender=sender,
        reply_to=_usable(headers, "reply-to"),
        to=_usable(headers, "to"),
        cc=_usable(headers, "cc"),
        bcc=_usable(headers, "bcc"),
        sent_at=sent_at,
        html=html,
        text=text,
        attachments=attachments,
        is_automatic=is_bounce or signals.is_automatic(tree.root, subject),
        is_bounce=is_bounce,
        list_id=_list_id(headers),
        content_digest=digest,
        warnings=tuple(dict.fromkeys([*warnings, *reader.warnings])),
        headers=_kept(headers),
        bounce=read_bounce(tree.root, text) if is_bounce else None,
        forwarded=passed_on,
        verdicts=read_verdicts(headers),
        protection=protection,
        own_text=written.own_text or (passed_on.text if passed_on else text),
    )


def _with_newlines(raw: bytes) -> bytes:
    """Old Macs end lines with CR alone, broken gateways with CR CR LF. Only mails that are worth a copy are mended."""
    beginning = raw[:4_096]
    if len(raw) > _MOST_MENDED_BYTES:
        return raw
    if b"\r\r\n" in beginning:
        return raw.replace(b"\r\r\n", b"\r\n")
    if b"\r" in beginning and b"\n" not in beginning:
        return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw


def _first_byte(raw: bytes) -> int:
    """Where the message begins: behind empty lines or a byte order mark."""
    found = _BEFORE_MESSAGE.match(raw)
    return found.end() if found else 0


class _Written(NamedTuple):
    """What the message shows: HTML with foldable parts, its text, and the part of it that the sender wrote now."""

    html: str
    text: str
    own_text: str
    is_forward: bool
    shown_ids: set[str]


def _written(shown: Shown, files: list[File], warnings: list[str]) -> _Written:
    text = clean_text(shown.text).strip("\n") if shown.text else ""
    if not shown.html:
        folded = fold_text(text[:MOST_TEXT])
        return _Written(folded.html, text, folded.own_text, folded.is_forward, set())
    safe = sanitised(with_locations(shown.html, files))
    if safe.is_text:
        end = "" if safe.is_whole else ", its end is in the raw message only"
        warnings.append(f"HTML too tangled: shown as text{end}")
    html = without_own_marks(safe.html)
    html, shown_ids = with_content_ids(html, [clean_text(file.content_id) for file in files if file.content_id])
    folded = fold_html(html)
    own = folded.own_text if folded.is_folded else fold_text(text[:MOST_TEXT]).own_text if text.strip() else None
    if not text.strip():
        text = clean_html_to_text(html)
    own = text if own is None else own
    return _Written(folded.html, text, own, folded.is_forward, shown_ids)


def _with_note(shown: Shown, protection: tuple[Protection, ...]) -> Shown:
    """What an encrypted message shows instead of nothing."""
    says_something = shown.html or (shown.text and shown.text.strip())
    return shown if says_something or not protection else Shown(text=note(protection) or None)


def _with_invitation(written: _Written, block: str) -> _Written:
    """With the invitation above the words that came with it."""
    if not block:
        return written
    text = f"{clean_html_to_text(block)}\n\n{written.text}".strip()
    own = written.own_text or clean_html_to_text(block)
    return written._replace(html=block + written.html, text=text, own_text=own)


def _forwarded(
    written: _Written, subject: str, attachments: tuple[MailAttachment, ...], now: datetime, *, is_html: bool
) -> Forwarded | None:
    """The message that is passed on: written into this one, or the only message that is attached to it."""
    inline = None
    if written.is_forward or is_forward_subject(subject):
        inline = forwarded(written.html, written.text, subject, now, is_html=is_html)
    messages = [file for file in attachments if file.mime_type in _MESSAGES]
    if inline or len(messages) != 1 or len(messages[0].data) > _MOST_ENCLOSED_BYTES:
        return inline
    raw = messages[0].data
    inside = _parse(_with_newlines(raw), hashlib.sha256(raw).hexdigest(), now, is_enclosed=True)
    if inside.sender is None:
        return None
    has_comment = bool(written.text.strip()) or "<img" in written.html
    return Forwarded(
        sender=inside.sender,
        subject=inside.subject,
        sent_at=inside.sent_at,
        to=inside.to,
        cc=inside.cc,
        html=inside.html,
        text=inside.text,
        comment=written.html if has_comment else "",
    )


def _sender(headers: Headers, warnings: list[str]) -> Address | None:
    """The author: From, or where it names nobody the next best field. A name without an address is better than
    nothing to show."""
    named: Address | None = None
    for field in ("from", "sender", "reply-to", "return-path"):
        for value in headers.all(field):
            people = read_addresses(value)
            found = next((person for person in people if person.email), None)
            if found:
                if field != "from":
                    warnings.append(f"no usable From: {field} was taken")
                return found if found.name or not named else Address(named.name, found.email)
            named = named or next(iter(people), None)
    warnings.append("no usable sender")
    return named


def _subject(headers: Headers, warnings: list[str]) -> str:
    raw = headers.first("subject")
    subject = clean_name(read_text(raw[:16_000]), limit=MOST_SUBJECT)
    if len(raw) > 4 * MOST_SUBJECT and len(subject) >= MOST_SUBJECT - 1:
        warnings.append("subject too long: it was cut")
    return subject


def _usable(headers: Headers, field: str) -> tuple[Address, ...]:
    people = [person for value in headers.all(field) for person in read_addresses(value) if person.email]
    return tuple({person.email.lower(): person for person in reversed(people)}.values())[::-1]


def _attachments(files: list[File], shown: set[str]) -> tuple[MailAttachment, ...]:
    return tuple(_attachment(file, place, shown) for place, file in enumerate(files, start=1))


def _attachment(file: File, place: int, shown: set[str]) -> MailAttachment:
    media_type = file.media_type.lower()
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    content_id = clean_text(file.content_id) if file.content_id else None
    name = clean_file_name(file.name, fallback="") or _made_up_name(file, media_type, place)
    if media_type in _MESSAGES and not name.lower().endswith(".eml"):
        name = clean_file_name(name + ".eml")
    return MailAttachment(name, media_type, file.data, content_id, bool(content_id) and content_id in shown)


def _made_up_name(file: File, media_type: str, place: int) -> str:
    if media_type in _MESSAGES:
        subject = read_block(file.data, 0, min(len(file.data), 64_000)).headers.text("subject", 1_000)
        return clean_file_name(clean_name(subject, limit=80).replace("/", "-"), fallback="message")
    if media_type in _USUAL_NAMES:
        return _USUAL_NAMES[media_type]
    other = ".txt" if media_type.startswith("text/") else ".bin"
    return f"attachment-{place}{mimetypes.guess_extension(media_type) or other}"


def _list_id(headers: Headers) -> str | None:
    written = headers.text("list-id", 1_000)
    found = _LIST_ID.search(written)
    return clean_name(found[1] if found else written) or None


def _kept(headers: Headers) -> dict[str, str]:
    names = [name for name in _KEPT_HEADERS if name in headers]
    found = {name: clean_name(headers.text(name, 8_000), limit=_MOST_HEADER_TEXT) for name in names}
    return {name: value for name, value in found.items() if value}


def _unparsed(raw: bytes, digest: str, fault: Exception) -> ReceivedMessage:
    text = clean_text(decode(raw[:_READABLE_BYTES])[0])
    return ReceivedMessage(
        message_id=made_up_id(digest),
        in_reply_to=(),
        references=(),
        subject="",
        sender=None,
        reply_to=(),
        to=(),
        cc=(),
        bcc=(),
        sent_at=None,
        html=text_to_html(text),
        text=text,
        attachments=(MailAttachment("message.eml", "message/rfc822", raw),),
        is_automatic=False,
        is_bounce=False,
        list_id=None,
        content_digest=digest,
        warnings=(f"the message could not be parsed: {type(fault).__name__}",),
        headers={},
    )
