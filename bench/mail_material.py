"""Mail to measure with: real messages, varied into any number of talks between any number of people.

Each keeps its body, its parts and its files; sender, subject, date and ids are its own, and answers name what they
answer. So sizes, HTML and attachments are as mixed as in the messages that were given.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from waypost.edges.mail_io import mailbox_file

DEMO = Path(__file__).parent.parent / "server" / "waypost" / "demo" / "data" / "mails.jsonl.gz"
SUPPORT = "support@desk.example"
#: Larger ones are rare in a help desk's mail, and a few of them would decide the result.
MOST_BYTES = 200_000
MESSAGES_OF_A_TALK = (1, 1, 1, 1, 2, 2, 3, 3, 4, 6)
_TALKS_OPEN = 50
_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_REPLACED = re.compile(
    rb"^(?:message-id|in-reply-to|references|from|to|cc|bcc|date|subject|reply-to|sender|return-path|delivered-to"
    rb"|x-original-to|envelope-to|auto-submitted|precedence|content-length|lines|status):[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)
_WORDS = (
    "order invoice delivery refund account password battery scale update screen cable payment address size colour"
    " warranty login export report printer licence upgrade bill offer visit parcel spare part manual battery"
).split()


def given(folder: Path | None) -> list[bytes]:
    """The real messages: those of a folder, else those of the demo account."""
    if folder is None:
        with gzip.open(DEMO) as lines:
            raws = [base64.b64decode(json.loads(line)["raw"]) for line in lines]
    else:
        raws = [raw for _, raw in mailbox_file.iterate(folder)]
    usual = (raw.replace(b"\r\n", b"\n") for raw in raws if len(raw) <= MOST_BYTES)
    return [raw for raw in usual if b"\n\n" in raw]


def varied(raws: list[bytes], count: int, seed: int = 1) -> Iterator[bytes]:
    """So many messages; the same seed makes the same ones."""
    chance = random.Random(seed)
    people = max(10, count // 4)
    open_talks: list[list[str]] = []
    for number in range(count):
        if len(open_talks) < _TALKS_OPEN:
            open_talks.append(
                [
                    f"customer{chance.randrange(people)}@mail{chance.randrange(40)}.example",
                    f"{' '.join(chance.choices(_WORDS, k=4)).capitalize()} {number}",
                    str(chance.choice(MESSAGES_OF_A_TALK)),
                ]
            )
        talk = chance.choice(open_talks)
        yield _message(chance.choice(raws), talk, number)
        if len(talk) - 3 == int(talk[2]):
            open_talks.remove(talk)


def _message(raw: bytes, talk: list[str], number: int) -> bytes:
    sender, subject, _, *earlier = talk
    own_id = f"<{number}.{zlib.crc32(subject.encode())}@{sender.partition('@')[2]}>"
    fields = [
        f"From: {sender.partition('@')[0].capitalize()} Smith <{sender}>",
        f"To: {SUPPORT}",
        f"Subject: {'Re: ' if earlier else ''}{subject}",
        f"Date: {format_datetime(_FIRST_DAY + timedelta(minutes=number))}",
        f"Message-ID: {own_id}",
        *([f"In-Reply-To: {earlier[-1]}", f"References: {' '.join(earlier)}"] if earlier else []),
    ]
    talk.append(own_id)
    header, _, body = raw.partition(b"\n\n")
    rest = _REPLACED.sub(b"", header.removeprefix(b"From ") + b"\n") if not header.startswith(b"From ") else b""
    return "\n".join(fields).encode() + b"\n" + rest + b"\n" + body


def write_mbox(path: Path, messages: Iterator[bytes]) -> int:
    """An mbox (mboxrd) of them; its size in bytes."""
    with path.open("wb") as file:
        for raw in messages:
            quoted = re.sub(rb"^(>*From )", rb">\1", raw, flags=re.MULTILINE)
            file.write(b"From bench@desk.example Mon Jan  1 00:00:00 2024\n" + quoted.rstrip(b"\n") + b"\n\n")
        return file.tell()
