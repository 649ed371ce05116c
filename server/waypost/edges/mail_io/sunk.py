"""The folder of caught mails: each a raw .eml and beside it a .json with its envelope and what lists show of it."""

from __future__ import annotations

import os
import re
import secrets
import time
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import structlog

from waypost.domains.mail import Address, ReceivedMessage
from waypost.edges.mail_io.header_block import read_block, read_text
from waypost.edges.mail_io.parse import parse_message
from waypost.kit.errors import NotFound
from waypost.kit.html import preview
from waypost.kit.text import clean_name

log = structlog.get_logger(__name__)

MOST_MESSAGES = 1000
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{6}-[0-9a-f]{4}")
_LONGEST_LINE = 1000
_SHOWN_IMAGES = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp"))
_LARGEST_SHOWN_IMAGE = 2 * 2**20


class SunkMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A caught mail as lists show it. `sender` and `recipients` are lines of text from its header; the envelope is
    whom it was really from and for, blind copies too."""

    id: str
    at: datetime
    sender: str
    recipients: str
    subject: str
    preview: str
    envelope_from: str
    envelope_to: tuple[str, ...]
    size: int

    @property
    def when(self) -> str:
        """The time it was caught, for people, in UTC."""
        return f"{self.at:%Y-%m-%d %H:%M}"


class SunkAttachment(msgspec.Struct, frozen=True):
    """A file of a caught mail; its size in bytes."""

    file_name: str
    mime_type: str
    size: int
    is_inline: bool


class SunkDetail(SunkMessage, frozen=True, kw_only=True):
    """A caught mail in full. `html` is sanitised and shows inline images by themselves."""

    headers: list[tuple[str, str]]
    html: str
    text: str
    attachments: list[SunkAttachment]
    warnings: list[str]


def store(folder: Path, raw: bytes, sender: str, recipients: Iterable[str], most: int = MOST_MESSAGES) -> SunkMessage:
    """Keep a mail: on the disk when this returns, and the oldest gone beyond `most`. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    message = _summary(_new_id(), raw, sender, tuple(recipients))
    _write(folder / f"{message.id}.eml", raw)
    # Last, because a mail is there when its envelope is.
    _write(folder / f"{message.id}.json", msgspec.json.encode(message))
    _sync(folder)
    for old in _ids(folder)[most:]:
        (folder / f"{old}.json").unlink(missing_ok=True)
        (folder / f"{old}.eml").unlink(missing_ok=True)
    return message


def list_messages(folder: Path) -> list[SunkMessage]:
    """Every caught mail, newest first."""
    found = [_envelope(folder, message_id) for message_id in _ids(folder)]
    return [message for message in found if message is not None]


def read_message(folder: Path, message_id: str) -> SunkDetail:
    """One caught mail. Raises NotFound."""
    message = _envelope(folder, message_id) if _ID.fullmatch(message_id) else None
    try:
        raw = (folder / f"{message.id}.eml").read_bytes() if message else None
    except FileNotFoundError:
        raw = None
    if message is None or raw is None:
        raise NotFound("there is no such mail in the sink")
    headers = read_block(raw, 0, len(raw)).headers
    parsed = parse_message(raw)
    return SunkDetail(
        **msgspec.structs.asdict(message),
        headers=[
            (name, clean_name(read_text(value), _LONGEST_LINE)) for name in headers for value in headers.all(name)
        ],
        html=_with_images(parsed),
        text=parsed.text,
        attachments=[
            SunkAttachment(each.file_name, each.mime_type, len(each.data), each.is_inline)
            for each in parsed.attachments
        ],
        warnings=list(parsed.warnings),
    )


def _summary(message_id: str, raw: bytes, sender: str, recipients: tuple[str, ...]) -> SunkMessage:
    parsed = parse_message(raw)
    named = [*parsed.to, *parsed.cc]
    known = {address.email.lower() for address in named}
    hidden = [Address("", each) for each in recipients if each.lower() not in known]
    return SunkMessage(
        id=message_id,
        at=datetime.now(UTC),
        sender=_line([parsed.sender] if parsed.sender else [Address("", sender)]),
        recipients=_line([*named, *hidden]),
        subject=clean_name(parsed.subject, _LONGEST_LINE),
        preview=preview(parsed.html) or clean_name(parsed.text, 260),
        envelope_from=clean_name(sender, _LONGEST_LINE),
        envelope_to=tuple(clean_name(each, _LONGEST_LINE) for each in recipients),
        size=len(raw),
    )


def _line(addresses: list[Address]) -> str:
    told = [
        f"{each.name} <{each.email}>" if each.name and each.email else each.email or each.name for each in addresses
    ]
    return clean_name(", ".join(told), _LONGEST_LINE)


def _with_images(parsed: ReceivedMessage) -> str:
    """The HTML with its inline images in it, for a page that may load nothing."""
    html = parsed.html
    for each in parsed.attachments:
        is_shown = each.content_id and each.mime_type in _SHOWN_IMAGES and len(each.data) <= _LARGEST_SHOWN_IMAGE
        if is_shown and f'"cid:{each.content_id}"' in html:
            data = f'"data:{each.mime_type};base64,{b64encode(each.data).decode("ascii")}"'
            html = html.replace(f'"cid:{each.content_id}"', data)
    return html


def _new_id() -> str:
    now_us = time.time_ns() // 1000
    at = datetime.fromtimestamp(now_us // 1_000_000, UTC)
    return f"{at:%Y%m%d-%H%M%S}-{now_us % 1_000_000:06d}-{secrets.token_hex(2)}"


def _ids(folder: Path) -> list[str]:
    """Newest first."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    ids = [name.removesuffix(".json") for name in names if name.endswith(".json")]
    return sorted(filter(_ID.fullmatch, ids), reverse=True)


def _envelope(folder: Path, message_id: str) -> SunkMessage | None:
    try:
        return msgspec.json.decode((folder / f"{message_id}.json").read_bytes(), type=SunkMessage)
    except FileNotFoundError:
        return None  # pruned since the folder was listed
    except (msgspec.MsgspecError, OSError) as error:
        log.warning("mail_sink.envelope_unreadable", id=message_id, error=str(error))
        return None


def _write(path: Path, data: bytes) -> None:
    """Complete and on the disk under its name, or not there. Links for new passwords are in it: nobody else's eyes."""
    fresh = path.with_name(f".{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
