"""How many raw mails a second one core reads: `python -m bench.parse_mail FOLDER [--rounds 3]`.

FOLDER is anything that `waypost import mbox` takes. Each kind of mail is timed by itself, in CPU seconds, so that other
work on the machine counts less. The bar holds for mails as people write them: parsed, sanitised, with their text.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from waypost.edges.mail_io.mailbox_file import iterate
from waypost.edges.mail_io.parse import parse_message

BAR = 400
TYPICAL_BYTES = 20_000


class Timed(NamedTuple):
    size: int
    seconds: float
    kind: str
    warnings: int


def timed(raw: bytes, rounds: int) -> Timed:
    """The quickest of some readings of one mail."""
    seconds = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        message = parse_message(raw)
        seconds = min(seconds, time.process_time() - start)
    return Timed(len(raw), seconds, kind_of(raw), len(message.warnings))


def kind_of(raw: bytes) -> str:
    if len(raw) > TYPICAL_BYTES:
        return "large (over 20 KB)"
    lowered = raw.lower()
    if b"text/html" in lowered:
        return "HTML"
    return "several parts" if b"multipart/" in lowered else "plain text"


def row(name: str, mails: list[Timed]) -> list[str]:
    seconds = sum(mail.seconds for mail in mails)
    ordered = sorted(mail.seconds for mail in mails)
    return [
        name,
        f"{len(mails):,}",
        f"{sum(mail.size for mail in mails) / len(mails) / 1000:,.1f}",
        f"{len(mails) / seconds:,.0f}",
        f"{sum(mail.size for mail in mails) / seconds / 1e6:,.1f}",
        f"{ordered[len(ordered) // 2] * 1000:.2f}",
        f"{ordered[-1] * 1000:.1f}",
        f"{sum(mail.warnings > 0 for mail in mails):,}",
    ]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    raws = [raw for _, raw in iterate(chosen.folder)]
    if not raws:
        print(f"no mail in {chosen.folder}", file=sys.stderr)
        return 1
    kinds: dict[str, list[Timed]] = defaultdict(list)
    for raw in track(raws, "reading", transient=True):
        mail = timed(raw, chosen.rounds)
        kinds[mail.kind].append(mail)
    table = Table("mails", "count", "KB each", "mails/s", "MB/s", "median ms", "slowest ms", "with warnings")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in sorted(kinds):
        table.add_row(*row(name, kinds[name]))
    everything = [mail for mails in kinds.values() for mail in mails]
    table.add_section()
    table.add_row(*row("all", everything))
    Console().print(table)
    rate = len(everything) / sum(mail.seconds for mail in everything)
    print(f"bar: {BAR} mails/s on one core; reached {rate / BAR:.1f}x")
    return 0 if rate >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
