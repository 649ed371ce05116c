"""How well mails are understood: `python -m bench.understand_mail FOLDER`.

FOLDER is searched for what can be judged, and each kind gets a table:

- `x.emails.txt` beside `x.trimmed.txt`: a reply's body, and what its writer wrote now. Precision is the share of the
  words called own that are; recall the share of the own words that are called so.
- `*_body*.txt`: bodies of forwarded messages; how many are read, and with what.
- `*.eml`: what is found in them, folder by folder. In folders whose name holds `bounce`, each mail counts as a report
  of failed delivery; in all others a bounce is listed by name, for somebody to look at.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from waypost.domains.mail import ReceivedMessage
from waypost.edges.mail_io.parse import parse_message

TEXT_HEADER = b"From: a@x.example\r\nSubject: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def shared_words(one: str, other: str) -> int:
    return sum((Counter(one.split()) & Counter(other.split())).values())


def replies(folder: Path, console: Console) -> None:
    """Own words against those that are expected."""
    rows: dict[str, list[tuple[bool, int, int, int]]] = {}
    missed = []
    for path in sorted(folder.rglob("*.emails.txt")):
        expected = path.with_name(path.name.replace(".emails.", ".trimmed.")).read_text(errors="replace")
        found = parse_message(TEXT_HEADER % b"Re: x" + path.read_bytes()).own_text
        is_same = found.split() == expected.split()
        counts = (is_same, shared_words(found, expected), len(found.split()), len(expected.split()))
        rows.setdefault(path.parent.name, []).append(counts)
        if not is_same:
            missed.append(path.name)
    if not rows:
        return
    table = Table("replies", "bodies", "the same", "precision", "recall")
    for name, counted in rows.items():
        same, shared, found_words, expected_words = (sum(column) for column in zip(*counted, strict=True))
        table.add_row(
            name,
            str(len(counted)),
            share(same, len(counted)),
            share(shared, found_words),
            share(shared, expected_words),
        )
    console.print(table)
    console.print("not the same:", ", ".join(missed) or "none", highlight=False)


def forwards(folder: Path, console: Console) -> None:
    """Bodies that pass a message on, read with and without a subject that says so."""
    rows: dict[str, Counter[str]] = {}
    for path in sorted(folder.rglob("*_body*.txt")):
        raw = path.read_bytes()
        message = parse_message(TEXT_HEADER % b"Fwd: x" + raw)
        found = message.forwarded
        counted = rows.setdefault(path.parent.name, Counter())
        counted["bodies"] += 1
        counted["by the words alone"] += parse_message(TEXT_HEADER % b"x" + raw).forwarded is not None
        if found:
            counted["read"] += 1
            counted["address"] += bool(found.sender.email)
            counted["date"] += found.sent_at is not None
            counted["subject"] += found.subject != "x"
            counted["recipient"] += bool(found.to)
    columns = ("by the words alone", "read", "address", "date", "subject", "recipient")
    if rows:
        table = Table("forwards", "bodies", *columns)
        for name, counted in rows.items():
            table.add_row(
                name, str(counted["bodies"]), *[share(counted[column], counted["bodies"]) for column in columns]
            )
        console.print(table)


def bounces(mails: dict[str, list[tuple[str, ReceivedMessage]]], console: Console) -> None:
    """Reports of failed delivery: how many are known, and what is read of them."""
    columns = ("known", "recipient", "status", "diagnostic", "original id", "permanent", "temporary", "delayed")
    table = Table("bounces", "mails", *columns)
    for name, read in mails.items():
        if "bounce" not in name:
            continue
        counted: Counter[str] = Counter()
        for _, message in read:
            counted["known"] += message.is_bounce
            if message.bounce:
                first = message.bounce.recipients[0]
                counted["recipient"] += 1
                counted["status"] += bool(first.status)
                counted["diagnostic"] += bool(first.diagnostic)
                counted["original id"] += message.bounce.original_message_id is not None
                counted[message.bounce.kind] += 1
        table.add_row(name, str(len(read)), *[share(counted[column], len(read)) for column in columns])
    if table.row_count:
        console.print(table)


def others(mails: dict[str, list[tuple[str, ReceivedMessage]]], console: Console) -> None:
    """What is found in all folders."""
    columns = (
        "automatic",
        "folded",
        "passed on",
        "invited",
        "protected",
        "verdicts",
        "warned",
        "not parsed",
        "ms each",
    )
    table = Table("mails", "count", "bounces", *columns[:-1])
    named = []
    for name, read in mails.items():
        counted: Counter[str] = Counter()
        for file, message in read:
            counted["automatic"] += message.is_automatic
            counted["folded"] += "waypost_" in message.html
            counted["passed on"] += message.forwarded is not None
            counted["invited"] += any(attached.mime_type == "text/calendar" for attached in message.attachments)
            counted["protected"] += bool(message.protection)
            counted["verdicts"] += bool(message.verdicts)
            counted["warned"] += bool(message.warnings)
            counted["not parsed"] += any("could not be parsed" in warning for warning in message.warnings)
            counted["bounces"] += message.is_bounce
            if message.is_bounce and "bounce" not in name:
                named.append(f"{name}/{file}")
        table.add_row(name, str(len(read)), str(counted["bounces"]), *[str(counted[column]) for column in columns[:-1]])
    console.print(table)
    console.print("bounces in other folders:", ", ".join(named) or "none", highlight=False)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    folder = arguments.parse_args().folder
    console = Console(width=160)
    replies(folder, console)
    forwards(folder, console)
    mails: dict[str, list[tuple[str, ReceivedMessage]]] = {}
    now = datetime.now(UTC)
    for path in sorted(folder.rglob("*.eml")):
        mails.setdefault(path.parent.name, []).append((path.name, parse_message(path.read_bytes(), now)))
    if mails:
        bounces(mails, console)
        others(mails, console)
    return 0


if __name__ == "__main__":
    sys.exit(main())
