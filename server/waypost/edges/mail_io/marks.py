"""What mail programs note about a message beside it: that it was deleted or never sent, and keywords.

Maildirs have it in file names, Thunderbird's mboxes and those of Google Takeout in fields above the message's own.
"""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from pathlib import Path
from typing import NamedTuple

from waypost.kit.text import clean_name

#: What is deleted in Thunderbird's mboxes stays in the file until it is compacted.
_MOZILLA_DELETED = 0x0008
_LONGEST_FIELD = 2_000
#: Programs write their notes above the message's own fields. A sender's fields are below.
_NOTED_LINES = 6
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_MAILDIR_FLAGS = re.compile(r"[:;!]2,([A-Za-z]*)$")
_DELETED_FOLDERS = frozenset(
    ("trash", "deleted", "deleted items", "deleted messages", "drafts", "templates", "junk", "junk e-mail", "spam")
)
#: Gmail's own labels say where a message was shown, not what it is about.
_GMAIL_PLACES = frozenset(
    ("inbox", "sent", "unread", "opened", "starred", "important", "archived", "chat", "chats", "all mail", "muted")
)
_GMAIL_DELETED = frozenset(("trash", "drafts", "draft", "spam"))
_LONGEST_KEYWORD = 60
_MOST_KEYWORDS = 26


class Marks(NamedTuple):
    """Whether a message counts as thrown away or unsent, and its keywords as its program shows them."""

    is_dropped: bool = False
    keywords: tuple[str, ...] = ()


NO_MARKS = Marks()


def of_header(raw: bytes) -> Marks:
    """The marks in the fields that a mail program has put above a message's own."""
    if not raw[:16_000].lstrip(b"\r\n").startswith((b"X-", b"x-", b"Status", b"From ")):
        return NO_MARKS
    is_dropped = False
    keywords: list[str] = []
    for line in _FOLDED.sub(b" ", raw[:16_000].lstrip(b"\r\n")).splitlines()[:_NOTED_LINES]:
        name, colon, value = line.partition(b":")
        text = value[:_LONGEST_FIELD].decode("utf-8", "replace").strip()
        match name.lower() if colon else b"":
            case b"x-mozilla-status":
                is_dropped |= bool(_hexadecimal(text) & _MOZILLA_DELETED)
            case b"x-mozilla-keys" | b"x-keywords":
                keywords += [word.strip(",") for word in text.split()]
            case b"x-gmail-labels":
                labels = [label.strip() for label in _readable(text).split(",")]
                is_dropped |= any(label.lower() in _GMAIL_DELETED for label in labels)
                keywords += [label for label in labels if not _is_place(label)]
    return Marks(is_dropped, _kept(keywords))


def of_maildir_file(name: str, keywords: dict[str, str]) -> Marks:
    """The marks in a maildir's file name; `keywords` are the names of its letters (Dovecot's `dovecot-keywords`)."""
    found = _MAILDIR_FLAGS.search(name)
    if found is None:
        return NO_MARKS
    flags = found[1]
    is_dropped = "T" in flags or "D" in flags
    return Marks(is_dropped, _kept([keywords[letter] for letter in flags if letter in keywords]))


def is_dropped_folder(folder: Path) -> bool:
    """Whether a maildir holds what was thrown away, unsent or taken for junk: `.Trash`, `.INBOX.Drafts`, `Junk`."""
    return folder.name.rpartition(".")[2].lower() in _DELETED_FOLDERS


def dovecot_keywords(folder: Path) -> dict[str, str]:
    """Names of the letters that a maildir's file names use as keywords; empty where there are none."""
    names: dict[str, str] = {}
    file = folder / "dovecot-keywords"
    if not file.is_file() or file.is_symlink():
        return names
    with file.open("rb") as opened:
        for line in opened.read(64_000).decode("utf-8", "replace").splitlines():
            number, _, name = line.partition(" ")
            if number.isdecimal() and int(number) < _MOST_KEYWORDS:
                names[chr(ord("a") + int(number))] = name.strip()
    return names


def _kept(keywords: list[str]) -> tuple[str, ...]:
    """Those that say something to people: `$Forwarded` and `NonJunk` are notes of programs to themselves."""
    clean = (clean_name(word, limit=_LONGEST_KEYWORD) for word in keywords)
    said = (word for word in clean if word and not word.startswith(("$", "\\")) and word.lower() not in _NOTES)
    return tuple(dict.fromkeys(said))[:_MOST_KEYWORDS]


_NOTES = frozenset(("nonjunk", "junk", "notjunk", "junkrecorded", "forwarded", "redirected", "mdnsent"))


def _is_place(label: str) -> bool:
    lower = label.lower()
    return lower in _GMAIL_PLACES or lower in _GMAIL_DELETED or lower.startswith("category ")


def _hexadecimal(text: str) -> int:
    try:
        return int(text[:8], 16)
    except ValueError:
        return 0


def _readable(text: str) -> str:
    try:
        return str(make_header(decode_header(text)))
    except (LookupError, ValueError):
        return text
