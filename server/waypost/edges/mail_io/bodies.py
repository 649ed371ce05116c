"""What of a message is read as its text, and what is kept as a file beside it."""

from __future__ import annotations

import re
from typing import NamedTuple

from waypost.edges.mail_io import cms, winmail
from waypost.edges.mail_io.charsets import codec_of, decode
from waypost.edges.mail_io.flowed import unwrapped
from waypost.edges.mail_io.invitations import invitation
from waypost.edges.mail_io.parts import Part, Tree
from waypost.edges.mail_io.protection import SMIME
from waypost.edges.mail_io.transfer import decoded, uuencoded_files, yencoded_files
from waypost.kit.html import text_to_html, to_text

MOST_TEXT = 2_000_000
# Of all HTML that is shown, and of all plain text.
_MOST_TEXT_BYTES = 5_000_000
_SNIFFED_BYTES = 1_000
_META_CHARSET = re.compile(rb"<meta[^>]{1,300}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# Other writings of the same message that no reader of ours shows.
_UNSHOWN = frozenset(("text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"))
# Signed messages inside signed messages; a hostile mail nests thousands.
_MOST_OPENED = 5
_REPORTS = frozenset(("message/delivery-status", "message/disposition-notification", "message/feedback-report"))


class File(NamedTuple):
    """A file as the sender described it; names and types are not cleaned yet."""

    name: str
    media_type: str
    data: bytes
    content_id: str | None = None
    location: str = ""


class Shown(NamedTuple):
    """What a part shows: HTML, text, or both where the sender wrote both."""

    html: str | None = None
    text: str | None = None


_NOTHING = Shown()


class Reader:
    """Walks the tree once and collects files and warnings beside the text."""

    def __init__(self) -> None:
        self.files: list[File] = []
        self.warnings: list[str] = []
        #: The messages that were found inside signed envelopes.
        self.inner: list[Part] = []
        #: What a calendar in the message says, as HTML.
        self.invitation = ""
        self._in_winmail = _NOTHING
        self._opened = 0
        self._room = {"text/html": _MOST_TEXT_BYTES, "": _MOST_TEXT_BYTES}

    def read(self, root: Part) -> Shown:
        shown = self._part(root, is_first=True)
        for other in (self._in_winmail, _preamble(root)):
            if not shown.html and not (shown.text and shown.text.strip()):
                # Outlook writes the text again into its winmail.dat, old mail servers theirs before the first part;
                # they count where they are the only one.
                shown = other
        return shown

    def _part(self, part: Part, *, is_first: bool) -> Shown:
        if not part.children:
            return self._leaf(part, is_first=is_first)
        if part.media_type == "multipart/alternative":
            return self._alternative(part, is_first=is_first)
        if part.media_type == "multipart/related":
            return self._related(part, is_first=is_first)
        if part.media_type == "multipart/encrypted":
            return self._encrypted(part)
        return _joined(
            [self._part(child, is_first=is_first and not place) for place, child in enumerate(part.children)]
        )

    def _alternative(self, part: Part, *, is_first: bool) -> Shown:
        """The last HTML and the first text: senders put the richest writing last."""
        shown = [self._part(child, is_first=is_first) for child in part.children]
        html = next((one.html for one in reversed(shown) if one.html), None)
        text = next((one.text for one in shown if one.text and one.text.strip()), None)
        return Shown(html, text)

    def _related(self, part: Part, *, is_first: bool) -> Shown:
        start = part.parameters.get("start", "").strip().strip("<>")
        root = next((child for child in part.children if start and child.content_id() == start), part.children[0])
        shown = self._part(root, is_first=is_first)
        rest = [self._part(child, is_first=False) for child in part.children if child is not root]
        return shown if shown.html or shown.text else _joined(rest)

    def _encrypted(self, part: Part) -> Shown:
        """The encrypted part is kept as a file; the other one holds a version number alone."""
        for child in part.children:
            if child.media_type != "application/pgp-encrypted":
                self._part(child, is_first=False)
        if self.files and not self.files[-1].name:
            self.files[-1] = self.files[-1]._replace(name="encrypted.asc")
        return _NOTHING

    def _leaf(self, part: Part, *, is_first: bool) -> Shown:
        if part.media_type.startswith("message/"):
            self._keep_message(part)
            return _NOTHING
        # The second half of a file of old Macs, which no other system reads.
        if part.media_type == "application/applefile" and part.is_beside_data:
            return _NOTHING
        data, warning = decoded(part.body(), part.transfer_encoding())
        if warning:
            self._warn(warning)
        name = part.file_name()
        if not part.headers and b"\0" in data[:_SNIFFED_BYTES]:
            self._warn("not a mail: kept as a file")
            self.files.append(File("unreadable.bin", "application/octet-stream", data))
            return _NOTHING
        is_text = part.media_type.startswith("text/") and part.media_type not in (
            "text/calendar",
            "text/rfc822-headers",
        )
        is_file = part.disposition().value == "attachment" or (bool(name) and not is_first)
        if is_text and not is_file and part.media_type != "text/x-vcard":
            return _NOTHING if part.media_type in _UNSHOWN else self._text(part, data)
        if (part.media_type in SMIME or name.lower().endswith(".p7m")) and (content := self._signed(data)):
            return content
        if part.media_type == "text/calendar" and not self.invitation:
            self.invitation = invitation(data, part.parameters.get("method", ""))
        if part.media_type == "application/ms-tnef" or name.lower() == "winmail.dat":
            self._open_winmail(part, name, data)
            return _NOTHING
        if data or name:
            location = part.headers.text("content-location", 1_000).strip()
            # A picture that is named by its place alone gets an id, to be named by.
            content_id = part.content_id() or (f"part{len(self.files) + 1}@location.invalid" if location else None)
            self.files.append(File(name, part.media_type, data, content_id, location))
        return _NOTHING

    def _text(self, part: Part, data: bytes) -> Shown:
        kind = "text/html" if part.media_type == "text/html" else ""
        room = self._room[kind]
        if data and not room:
            self._warn("too many texts: the last ones are kept as files")
            self.files.append(File(part.file_name(), part.media_type, data))
            return _NOTHING
        if len(data) > room:
            data = _beginning(data, room)
            self._warn("text too long: its end is in the raw message only")
        self._room[kind] -= len(data)
        if part.media_type == "text/html":
            return Shown(html=self._decoded(data, part.parameters.get("charset") or _charset_in(data)))
        if b"begin " in data:
            files, data = uuencoded_files(data)
            self.files.extend([File(name, "application/octet-stream", content) for name, content in files])
        if b"=ybegin " in data:
            files, data, is_whole = yencoded_files(data)
            self.files.extend([File(name, "application/octet-stream", content) for name, content in files])
            if not is_whole:
                self._warn("a yEnc file is not whole")
        text = self._decoded(data, part.parameters.get("charset")).replace("\r\n", "\n").replace("\r", "\n")
        text = text[: MOST_TEXT + 1]
        if part.parameters.get("format", "").lower() == "flowed":
            text = unwrapped(text, deletes_space=part.parameters.get("delsp", "").lower() == "yes")
        return Shown(text=text)

    def _decoded(self, data: bytes, charset: str | None) -> str:
        if charset and codec_of(charset) is None:
            self._warn(f"unknown charset {charset[:40]!r}")
        text, warning = decode(data, charset)
        if warning:
            self._warn(warning)
        return text

    def _open_winmail(self, part: Part, name: str, data: bytes) -> None:
        content = winmail.opened(data)
        if content is None:
            self._warn("winmail.dat could not be opened")
            self.files.append(File(name or "winmail.dat", part.media_type, data))
            return
        self.files.extend([File(file_name, "", file) for file_name, file in content.files])
        self._in_winmail = Shown(content.html or None, content.text.replace("\r\n", "\n") or None)

    def _signed(self, data: bytes) -> Shown | None:
        """What an S/MIME signature is wrapped around, read as the message that it is."""
        if cms.kind_of(data) != "signed" or self._opened >= _MOST_OPENED:
            return None
        self._opened += 1
        try:
            content = cms.signed_content(data)
        except cms.Broken:
            self._warn("the S/MIME envelope could not be opened")
            return None
        tree = Tree(content)
        for warning in tree.warnings:
            self._warn(warning)
        self.inner.append(tree.root)
        return self._part(tree.root, is_first=True)

    def _keep_message(self, part: Part) -> None:
        """An enclosed message stays closed, so that it can be read as what it was."""
        data, _ = decoded(part.body(), part.transfer_encoding())
        if part.media_type == "message/partial":
            number, total = part.parameters.get("number", "?"), part.parameters.get("total", "?")
            self._warn(f"part {number[:10]} of {total[:10]} of a message that was cut: the others are other mails")
        if part.media_type in _REPORTS:
            self.files.append(File(f"{part.media_type.partition('/')[2]}.txt", "text/plain", data))
        elif data:
            self.files.append(File(part.file_name(), part.media_type, data, part.content_id()))

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _beginning(data: bytes, most: int) -> bytes:
    """At most so many bytes, not ending inside a character of UTF-8."""
    end = most
    while end > max(0, most - 4) and data[end] & 0xC0 == 0x80:
        end -= 1
    return data[:end]


def _preamble(root: Part) -> Shown:
    """The text before the first part, where some mail servers put the whole of their report. Other mails have
    only a remark there, for programs that do not know MIME."""
    if not root.children or root.media_type != "multipart/report":
        return _NOTHING
    before = root.raw[root.start : root.children[0].whole_start][:_MOST_TEXT_BYTES]
    return Shown(text=decode(before.rpartition(b"\n--")[0])[0].replace("\r\n", "\n"))


def _charset_in(html: bytes) -> str | None:
    found = _META_CHARSET.search(html[:4_096])
    return found[1].decode("ascii") if found else None


def _joined(shown: list[Shown]) -> Shown:
    """Parts one after the other: as HTML as soon as one of them is, so that no part is left out."""
    used = [one for one in shown if one.html or (one.text and one.text.strip())]
    if len(used) < 2:
        return used[0] if used else _NOTHING
    text = "\n\n".join([(one.text if one.text is not None else to_text(one.html or "")).strip("\n") for one in used])
    if not any(one.html for one in used):
        return Shown(text=text[:MOST_TEXT])
    return Shown("<br>".join([one.html or text_to_html(one.text or "") for one in used]), text[:MOST_TEXT])
