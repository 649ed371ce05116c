"""Outlook's winmail.dat (TNEF) opened: the files and the body that it hides."""

from __future__ import annotations

import logging
from typing import NamedTuple

from tnefparse import TNEF

from waypost.edges.mail_io import rtf
from waypost.edges.mail_io.charsets import decode

MOST_BYTES = 32_000_000
_SIGNATURE = b"\x78\x9f\x3e\x22"
_MOST_FILES = 100

# The library reports each odd field at warning level, with content in it.
logging.getLogger("tnefparse").setLevel(logging.CRITICAL)


class Opened(NamedTuple):
    """What a winmail.dat held. `html` and `text` are empty where it had none."""

    files: list[tuple[str, bytes]]
    html: str
    text: str


def opened(data: bytes) -> Opened | None:
    """The content, or None where it cannot be read: then the file itself is all there is to keep."""
    if len(data) > MOST_BYTES or not data.startswith(_SIGNATURE):
        return None
    try:
        found = TNEF(data, do_checksum=False)
        files = [(_text(file.long_filename() or file.name), bytes(file.data)) for file in found.attachments]
        html, text = _text(found.htmlbody), _text(found.body)
        if not html and not text.strip():
            html, text = _rich_text(found.rtfbody)
    except Exception:
        return None
    return Opened([file for file in files if file[1]][:_MOST_FILES], html, text)


def _rich_text(compressed: object) -> tuple[str, str]:
    if not isinstance(compressed, bytes) or not compressed:
        return "", ""
    html, text = rtf.read(rtf.decompressed(compressed))
    return html.replace("\0", ""), text.replace("\0", "")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return decode(value)[0].rstrip("\0")
    return value.rstrip("\0") if isinstance(value, str) else ""
