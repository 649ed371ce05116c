"""What becomes of every message of a folder: `python -m bench.import_table FOLDER [--reasons]`.

Imports all mail of FOLDER (.eml files, mboxes, maildirs; files of TNEF and iCalendar each as the attachment of a mail)
into a fresh database and prints a Markdown table of its folders: how many messages were read, flawed, threaded into a
conversation that was there, began one, were there already, or could not be stored. `--reasons` lists every message that
was flawed, a duplicate, or an answer and yet began a conversation, each with the reason, so that a reader can check it.

Where FOLDER holds an `index.jsonl` (one object a line: `path`, `features`, `attachments`, `subject`), the table below
says for each feature how often the reading agrees, and `--reasons` lists every disagreement. Bodies without a header
in a folder called `replies` are no mail and are left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import asyncpg
import uvloop

from bench import mail_features, mail_reasons
from bench.mail_reasons import Seen
from waypost.domains.conversations import Status
from waypost.edges.mail_io import mailbox_file
from waypost.edges.mail_io.importing import MailImport, Options, Outcome
from waypost.edges.mail_io.mailbox_file import Found
from waypost.kit import migrations
from waypost.kit.db import open_pool
from waypost.kit.files import FileStore
from waypost.kit.private_postgres import Options as ServerOptions
from waypost.kit.private_postgres import PrivatePostgres
from waypost.kit.tx import Transactions

#: Where one folder's messages lie in folders of their own, those are the rows.
DEPTH = 2
NOT_MAIL = "replies"
COLUMNS = (
    "files", "messages", "parsed", "with flaws", "threaded", "new conversations", "duplicates", "not stored",
    "answers that began a conversation",
)  # fmt: skip
WRAPPED = {".tnef": ("application", "ms-tnef", "winmail.dat"), ".ics": ("text", "calendar", "invite.ics")}


def material(folder: Path) -> Iterator[Found]:
    """Every message, and every other file of a known kind wrapped into one."""
    for found in mailbox_file.read(folder):
        if NOT_MAIL not in Path(found.name).parts:
            yield found
    for path in sorted(folder.rglob("*")):
        wrapping = WRAPPED.get(path.suffix.lower())
        if wrapping and path.is_file() and not path.is_symlink():
            yield Found(str(path.relative_to(folder)), _wrapped(path, *wrapping))


def _wrapped(path: Path, main: str, sub: str, name: str) -> bytes:
    message = EmailMessage()
    message["From"] = "someone@example.org"
    message["To"] = "support@desk.example"
    message["Subject"] = f"Wrapped {path.name}"
    message["Date"] = "Mon, 1 Jan 2024 10:00:00 +0000"
    message["Message-ID"] = f"<{path.parent.name}.{path.name}@example.org>".replace(" ", "")
    message.set_content("See the attachment.")
    message.add_attachment(path.read_bytes(), maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def row_of(source: str) -> str:
    parts = Path(source.partition("#")[0]).parts[:-1]
    return "/".join(parts[:DEPTH]) or "."


async def outcomes(dsn: str, folder: Path, messages: Iterator[Found]) -> list[Outcome]:
    """What an import into an empty mailbox does with each message."""
    noted: list[Outcome] = []
    async with await open_pool(dsn) as pool:
        account_id = await pool.fetchval("insert into account (name) values ('Table') returning id")
        await pool.execute("insert into account_counter values ($1, 0)", account_id)
        mailbox_id = await pool.fetchval(
            "insert into mailbox (account_id, name, slug, email) values ($1, 'Mail', 'mail', 'support@desk.example')"
            " returning id",
            account_id,
        )
        taking = MailImport(
            Transactions(pool),
            FileStore(folder),
            account_id,
            mailbox_id,
            options=Options(status=Status.CLOSED, has_dropped=True),
            noted=noted.append,
        )
        await taking.run(messages)
    return noted


def table(noted: list[Outcome], answers: dict[str, str]) -> list[str]:
    """The Markdown table."""
    counts: dict[str, Counter[str]] = {}
    files: dict[str, set[str]] = {}
    for one in noted:
        row = row_of(one.source)
        for name in (row, "**all**"):
            counted = counts.setdefault(name, Counter())
            files.setdefault(name, set()).add(one.source.partition("#")[0])
            counted["messages"] += 1
            counted["parsed"] += one.message is None or not mail_reasons.is_unparsed(one.message)
            counted["with flaws"] += one.message is not None and bool(one.message.warnings)
            outcome = one.received.outcome if one.received is not None else "not stored"
            counted[{"thread": "threaded", "conversation": "new conversations", "duplicate": "duplicates"}.get(
                outcome, outcome)] += 1  # fmt: skip
            counted["answers that began a conversation"] += one.source in answers
    lines = [f"| folder | {' | '.join(COLUMNS)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    for name in sorted(counts, key=lambda name: (name == "**all**", name)):
        counts[name]["files"] = len(files[name])
        lines.append(f"| {name} | {' | '.join(str(counts[name][column]) for column in COLUMNS)} |")
    return lines


def listed(title: str, lines: list[tuple[str, str]]) -> None:
    print(f"\n## {title}: {len(lines)}\n")
    for source, reason in lines:
        print(f"- `{source}`: {reason}")


async def imported(server: PrivatePostgres, files: Path, folder: Path) -> list[Outcome]:
    """What an import into a fresh database of the server does."""
    admin = await asyncpg.connect(server.dsn("postgres", user="postgres"))
    await admin.execute("create database import_table owner waypost")
    await admin.close()
    dsn = server.dsn("import_table")
    await migrations.upgrade(dsn)
    return await outcomes(dsn, files, material(folder))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reasons", action="store_true", help="list every message that needs one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="waypost-table-") as name:
        place = Path(name)
        # PostgreSQL's own user must pass through when this runs as root.
        place.chmod(0o711)
        with PrivatePostgres.start(place / "postgres", ServerOptions(durable=False)) as server:
            noted = uvloop.run(imported(server, place / "files", chosen.folder))
    if not noted:
        print(f"no mail in {chosen.folder}", file=sys.stderr)
        return 1
    seen = Seen(noted)
    answers = {one.source: reason for one in noted if (reason := seen.why_not_threaded(one))}
    print("\n".join(table(noted, answers)))
    agreement = mail_features.compare(chosen.folder, noted)
    if agreement:
        print("\n" + "\n".join(agreement.table()))
    if chosen.reasons:
        listed("Not stored", [(one.source, one.reason) for one in noted if one.received is None])
        listed("Not parsed", [(one.source, "; ".join(one.message.warnings)) for one in noted
                              if one.message is not None and mail_reasons.is_unparsed(one.message)])  # fmt: skip
        listed("Answers that began a conversation", list(answers.items()))
        listed("Duplicates", [(one.source, seen.why_duplicate(one)) for one in noted
                              if one.received is not None and one.received.outcome == "duplicate"])  # fmt: skip
        listed("With flaws", [(one.source, "; ".join(one.message.warnings)) for one in noted
                              if one.message is not None and one.message.warnings])  # fmt: skip
        if agreement:
            listed("Read otherwise than the index says", agreement.disagreements)
    return 1 if any(one.received is None for one in noted) else 0


if __name__ == "__main__":
    sys.exit(main())
