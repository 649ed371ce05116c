"""Reports of failed delivery read: whom the message did not reach, why, for good or for now, and which message it was.
Reports in the standard's form (RFC 3464) are read by their fields, all others by what mail servers write to people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from waypost.domains.mail import Bounce, FailedRecipient
from waypost.edges.mail_io.addresses import read_addresses, valid_address
from waypost.edges.mail_io.bounce_words import (
    CODE,
    DELAYED,
    HEADER_LINE,
    ID_LINE,
    NAMED,
    RETURNED,
    STATUS,
    TEMPORARY,
    TRACE_LINE,
    status_of_words,
)
from waypost.edges.mail_io.charsets import decode
from waypost.edges.mail_io.header_block import Headers, read_block
from waypost.edges.mail_io.message_ids import read_ids
from waypost.edges.mail_io.parts import Part
from waypost.edges.mail_io.transfer import decoded
from waypost.kit.text import clean_name

Kind: TypeAlias = Literal["permanent", "temporary", "delayed"]

STATUS_REPORTS = frozenset(("message/delivery-status", "message/global-delivery-status", "message/xdelivery-status"))
_RETURNED_PARTS = frozenset(
    (
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/global-headers",
        "text/rfc822",
    )
)
_MOST_RECIPIENTS = 100
_MOST_REPORT_BYTES = 500_000
_MOST_TEXT = 100_000
_MOST_LINES = 2_000
_MOST_DIAGNOSTIC = 1_000
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")
_TYPED = re.compile(r"^\s*[\w.-]{1,30}\s*;\s*")
_ADDRESS = re.compile(r"[^\s<>@\"'(),:;\[\]|=]{1,100}@[A-Za-z0-9À-￿](?:[\w.-]{0,200}[\w])?")
_AT_START = re.compile(r"^[\s>*|-]{0,20}(?:<|\"|')?(?=[^\s<>@\"']{1,100}@)")
_NO_RECIPIENT = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|abuse|noreply|no-reply)@", re.IGNORECASE)
_FINAL = ("failed", "delayed")


class _Entry(NamedTuple):
    recipient: FailedRecipient
    action: str


class _Returned(NamedTuple):
    """What the report holds of the message that came back."""

    message_id: str | None = None
    references: tuple[str, ...] = ()
    to: tuple[str, ...] = ()


def is_success(root: Part) -> bool:
    """Whether a report in the standard's form says only that a message was delivered, relayed or expanded."""
    actions = [
        entry.action for part in _walk(root) if part.media_type in STATUS_REPORTS for entry in _part_entries(part)
    ]
    return bool(actions) and all(action in ("delivered", "relayed", "expanded") for action in actions)


def read_bounce(root: Part, text: str) -> Bounce | None:
    """What a report says; `text` is what it shows to people. None where it names nobody whom the message missed."""
    parts = list(_walk(root))
    entries = [entry for part in parts if part.media_type in STATUS_REPORTS for entry in _part_entries(part)]
    if not entries and "final-recipient:" in text[:_MOST_TEXT].lower():
        entries = _entries(text[:_MOST_TEXT].encode(errors="replace"))
    entries = [entry for entry in entries if entry.action in ("", *_FINAL) or entry.action.startswith("fail")]
    lines = text[:_MOST_TEXT].split("\n")[:_MOST_LINES]
    report, quoted = _split(lines)
    returned = _returned(parts, quoted, lines)
    if entries:
        recipients = tuple([entry.recipient for entry in entries][:_MOST_RECIPIENTS])
        recipients = _completed(recipients, report)
        kind = _kind([entry.action for entry in entries], recipients, report)
    else:
        recipients = _from_text(root.headers, report, returned)
        kind = _kind([], recipients, report)
    if not recipients:
        return None
    return Bounce(kind, recipients, returned.message_id, returned.references)


def _walk(root: Part) -> Iterator[Part]:
    waiting = [root]
    while waiting:
        part = waiting.pop(0)
        yield part
        waiting.extend(part.children)


def _part_entries(part: Part) -> list[_Entry]:
    data, _ = decoded(part.body()[:_MOST_REPORT_BYTES], part.transfer_encoding())
    return _entries(data)


def _entries(data: bytes) -> list[_Entry]:
    """The recipients of a delivery status, each with what became of the message."""
    found: dict[str, _Entry] = {}
    for lines in _BLANK.split(data.strip())[: 4 * _MOST_RECIPIENTS]:
        group = lines.strip(b"\r\n")
        fields = read_block(group, 0, len(group)).headers
        email = _recipient(fields)
        if not email:
            continue
        diagnostic = _diagnostic(fields)
        written = STATUS.search(fields.text("status", 200))
        status = _best_status(written[0] if written else "", diagnostic)
        action = fields.text("action", 100).strip().lower().split(" ")[0].strip("(),;.")
        found.setdefault(email, _Entry(FailedRecipient(email, status, diagnostic), action))
    return list(found.values())


def _recipient(fields: Headers) -> str:
    # The address that was written to is the one that people know; the final one may be an alias's target.
    for field in ("original-recipient", "final-recipient", "x-actual-recipient", "x-failed-recipient"):
        value = _TYPED.sub("", fields.text(field, 1_000)).strip().strip("<>").strip()
        email = valid_address(value) or next((valid_address(one) for one in _ADDRESS.findall(value)), None)
        if email:
            return email
    return ""


def _diagnostic(fields: Headers) -> str:
    written = fields.text("diagnostic-code", 8_000) or fields.text("x-supplementary-info", 4_000)
    return clean_name(
        re.sub(r"^\s*(?:smtp|x-[\w-]+|unix|dns|expand|lmtp)\s*;\s*", "", written, flags=re.IGNORECASE), _MOST_DIAGNOSTIC
    )


def _best_status(written: str, diagnostic: str) -> str:
    """Servers that only pass on write 5.0.0; the other server's own words say more."""
    if written and not written.endswith(".0.0"):
        return written
    said = STATUS.search(diagnostic)
    if said and (not written or said[0][0] == written[0]) and not said[0].endswith(".0.0"):
        return said[0]
    return written or _status_of_code(diagnostic) or ""


def _status_of_code(text: str) -> str:
    code = CODE.search(text)
    if not code:
        return ""
    words = status_of_words(text)
    return code[0][0] + words[1:] if words else f"{code[0][0]}.0.0"


def _completed(recipients: tuple[FailedRecipient, ...], report: list[str]) -> tuple[FailedRecipient, ...]:
    """With the text's diagnostic where the fields have none."""
    if all(one.diagnostic for one in recipients):
        return recipients
    return tuple(
        [
            one if one.diagnostic else FailedRecipient(one.email, one.status, _reason(one.email, report))
            for one in recipients
        ]
    )


def _kind(actions: list[str], recipients: tuple[FailedRecipient, ...], report: list[str]) -> Kind:
    said = [action for action in actions if action]
    if said and all(action == "delayed" for action in said):
        return "delayed"
    words = "\n".join(report)[:20_000]
    if not said and DELAYED.search(words):
        return "delayed"
    classes = {one.status[:1] for one in recipients if one.status}
    if "5" in classes:
        return "permanent"
    if "4" in classes:
        return "temporary"
    return "temporary" if TEMPORARY.search(words) else "permanent"


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    """The server's own words, and the lines from where the message that came back begins."""
    run = 0
    for place, line in enumerate(lines):
        if RETURNED.search(line[:200]):
            return lines[:place], lines[place:]
        if HEADER_LINE.match(line[:100]):
            if TRACE_LINE.match(line[:100]):
                return lines[: place - run], lines[place - run :]
            run += 1
        elif not (run and line[:1] in " \t"):
            run = 0
        else:
            run += 1
    return lines, []


def _returned(parts: list[Part], quoted: list[str], lines: list[str]) -> _Returned:
    for part in parts:
        if part.media_type in _RETURNED_PARTS and part.depth:
            data, _ = decoded(part.body()[:_MOST_REPORT_BYTES], part.transfer_encoding())
            found = _of_headers(read_block(data.lstrip(b"\r\n"), 0, len(data)).headers)
            if found.message_id or found.to:
                return found
    for source in (quoted, lines):
        found = _of_lines(source)
        if found.message_id:
            return found
    return _of_lines(quoted)


def _of_headers(headers: Headers) -> _Returned:
    ids = read_ids(headers.text("message-id"))
    references = read_ids(headers.text("references", 64_000)) or read_ids(headers.text("in-reply-to", 64_000))
    to = [person.email for field in ("to", "cc") for value in headers.all(field) for person in read_addresses(value)]
    return _Returned(ids[0] if ids else None, references, tuple([one for one in to if one]))


def _of_lines(lines: list[str]) -> _Returned:
    """The header fields that are found in text, quoted or not."""
    block: list[bytes] = []
    for line in lines[:_MOST_LINES]:
        bare = re.sub(r"^[\s>|]{0,20}(?=[A-Za-z][\w-]{0,40}:)", "", line[:2_000])
        if HEADER_LINE.match(bare) or (block and bare[:1] in " \t" and bare.strip()):
            block.append(bare.encode(errors="replace"))
        elif len(block) > 2 and any(ID_LINE.match(one) for one in block):
            break
    data = b"\n".join(block)
    return _of_headers(read_block(data + b"\n\n", 0, len(data) + 2).headers) if block else _Returned()


def _from_text(headers: Headers, report: list[str], returned: _Returned) -> tuple[FailedRecipient, ...]:
    emails = _failed_fields(headers) or _named(headers, report, returned)
    found = []
    for email in emails[:_MOST_RECIPIENTS]:
        reason = _reason(email, report)
        said = STATUS.search(reason)
        status = said[0] if said else _status_of_code(reason) or status_of_words(reason)
        found.append(FailedRecipient(email, status, reason))
    return tuple(found)


def _failed_fields(headers: Headers) -> list[str]:
    fields = ("x-failed-recipients", "x-failed-to")
    people = [person.email for field in fields for value in headers.all(field) for person in read_addresses(value)]
    return list(dict.fromkeys([email for email in people if email]))


def _named(headers: Headers, report: list[str], returned: _Returned) -> list[str]:
    """The addresses that the text is about: those that stand where servers put them, before any others."""
    own = {
        person.email.lower()
        for field in ("from", "to", "sender", "return-path")
        for value in headers.all(field)
        for person in read_addresses(value)
    }
    best: dict[int, dict[str, str]] = {0: {}, 1: {}, 2: {}, 3: {}, 4: {}}
    to = {email.lower() for email in returned.to}
    for line in report:
        for found in _ADDRESS.finditer(line[:500]):
            email = valid_address(found[0].strip(".'\"<>"))
            if not email or (_NO_RECIPIENT.match(email) and email.lower() not in to):
                continue
            if email.lower() in own:
                rank = 4  # mail that somebody wrote to themselves, or only a mention of the sender
            elif email.lower() in to:
                rank = 0
            elif _AT_START.match(line) or NAMED.search(line[: found.start()]):
                rank = 1
            else:
                rank = 2 if CODE.search(line[:500]) or line[found.start() - 1 : found.start()] == "<" else 3
            best[rank].setdefault(email.lower(), email)
    chosen = next((list(best[rank].values()) for rank in range(5) if best[rank]), [])
    if chosen:
        return chosen
    others = [email for email in returned.to if email.lower() not in own]
    return others[:1] if len(others) == 1 else []


def _reason(email: str, report: list[str]) -> str:
    """The server's words about an address: the lines around it that hold a code, or the one behind it."""
    place = next((at for at, line in enumerate(report) if email.lower() in line.lower()), None)
    around = report[place : place + 12] if place is not None else report
    said = [line.strip() for line in around if line.strip()]
    for at, line in enumerate(said):
        if STATUS.search(line) or CODE.search(line):
            return clean_name(" ".join(said[at : at + 3]), _MOST_DIAGNOSTIC)
    for at, line in enumerate(line.strip() for line in report):
        if (STATUS.search(line) or CODE.search(line)) and status_of_words(line):
            return clean_name(" ".join([one.strip() for one in report[at : at + 2]]), _MOST_DIAGNOSTIC)
    rest = [line for line in said if email.lower() not in line.lower()] or said
    return clean_name(decode(" ".join(rest[:2]).encode())[0], 300)
