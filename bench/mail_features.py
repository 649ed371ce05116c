"""Whether messages are read as an index of them says: each feature of the index beside the field that shows it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from waypost.domains.mail import MailAttachment, ReceivedMessage
from waypost.edges.mail_io.importing import Outcome

INDEX = "index.jsonl"


def _has_type(*wanted: str) -> Callable[[ReceivedMessage], bool]:
    return lambda message: any(file.mime_type.startswith(wanted) for file in message.attachments)


def _is_opened_winmail(message: ReceivedMessage) -> bool:
    return not any(_is_winmail(file) for file in message.attachments)


def _is_winmail(file: MailAttachment) -> bool:
    return file.mime_type == "application/ms-tnef" or file.file_name.lower() == "winmail.dat"


#: What a message with the feature must show.
SHOWN: dict[str, tuple[str, Callable[[ReceivedMessage], bool]]] = {
    "threaded": ("names messages", lambda message: bool(message.in_reply_to or message.references)),
    "inline-image": ("has an inline file", lambda message: any(file.is_inline for file in message.attachments)),
    "attachment": ("has files", lambda message: bool(message.attachments)),
    "dsn": ("bounce or automatic", lambda message: message.is_bounce or message.is_automatic),
    "bounce": ("bounce", lambda message: message.is_bounce),
    "auto-reply": ("automatic", lambda message: message.is_automatic),
    "list": ("list or automatic", lambda message: bool(message.list_id) or message.is_automatic),
    "feedback-report": ("automatic", lambda message: message.is_automatic),
    "mdn": ("automatic", lambda message: message.is_automatic),
    "calendar": ("has a calendar file", _has_type("text/calendar", "application/ics")),
    "tnef": ("winmail.dat opened", _is_opened_winmail),
    "pgp": ("PGP", lambda message: any(kind.startswith("pgp") for kind in message.protection)),
    "smime": ("S/MIME", lambda message: any(kind.startswith("smime") for kind in message.protection)),
    "signed": ("signed", lambda message: any(kind.endswith("signed") for kind in message.protection)),
    "encrypted": ("encrypted", lambda message: any(kind.endswith("encrypted") for kind in message.protection)),
    "nested-message": ("has an enclosed message", _has_type("message/", "text/rfc822-headers", "text/plain")),
    "html-only": ("has text of its HTML", lambda message: bool(message.text.strip()) or "<img" in message.html),
    "rfc2047": ("no encoded word left", lambda message: "=?" not in message.subject),
    "plain": ("has text", lambda message: bool(message.text.strip())),
    "alternative": ("has HTML or text", lambda message: bool(message.html.strip() or message.text.strip())),
    "charset-other": (
        "charset known",
        lambda message: not any("unknown charset" in warning for warning in message.warnings),
    ),
}


class Agreement:
    """How often each feature is read as the index has it, and where it is not."""

    def __init__(self) -> None:
        self.agreed: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.disagreements: list[tuple[str, str]] = []

    def note(self, name: str, source: str, agrees: bool, shown: str) -> None:
        self.total[name] += 1
        self.agreed[name] += agrees
        if not agrees:
            self.disagreements.append((source, f"{name}: {shown}"))

    def table(self) -> list[str]:
        """A Markdown table."""
        lines = ["| feature of the index | what the reading must show | messages | agree |", "|---|---|---:|---:|"]
        shown = {
            **{name: text for name, (text, _) in SHOWN.items()},
            "subject": "the same",
            "files": "at least as many",
        }
        names = sorted(self.total, key=lambda name: -self.total[name])
        return [*lines, *(f"| {name} | {shown[name]} | {self.total[name]} | {self.agreed[name]} |" for name in names)]


def compare(folder: Path, noted: list[Outcome]) -> Agreement | None:
    """The agreement with the folder's index; None where there is none."""
    index = folder / INDEX
    if not index.is_file():
        return None
    by_source = {one.source: one.message for one in noted if one.message is not None}
    agreement = Agreement()
    with index.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            source = _source(entry["path"], by_source)
            if source is not None:
                _compare_one(agreement, source, by_source[source], entry)
    return agreement


def _source(path: str, by_source: dict[str, ReceivedMessage]) -> str | None:
    """The index may name its files from a folder above."""
    while path and path not in by_source:
        path = path.partition("/")[2]
    return path or None


def _compare_one(agreement: Agreement, source: str, message: ReceivedMessage, entry: dict[str, Any]) -> None:
    for feature in entry["features"]:
        if feature in SHOWN:
            text, shows = SHOWN[feature]
            agreement.note(feature, source, shows(message), f"not so: {text}")
    expected, found = _comparable(entry.get("subject") or ""), _comparable(message.subject)
    agreement.note("subject", source, expected == found, f"{message.subject[:80]!r}, index: {expected[:80]!r}")
    files = len(message.attachments)
    agreement.note("files", source, files >= entry["attachments"], f"{files}, index: {entry['attachments']}")


def _comparable(subject: str) -> str:
    return "".join(subject.split()).replace("\ufffd", "")[:300]
