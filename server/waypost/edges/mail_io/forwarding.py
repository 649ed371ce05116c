"""A message that somebody passed on: the one inside, with its own sender, date and text, and the words above it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from waypost.domains.mail import Address, Forwarded
from waypost.edges.mail_io.addresses import read_addresses
from waypost.edges.mail_io.dates import read_date
from waypost.edges.mail_io.folding import text_line
from waypost.edges.mail_io.header_lines import (
    Block,
    attribution,
    bare,
    ends_like_attribution,
    header_block,
    is_forward_mark,
    is_original_mark,
    label_of,
    split_forward_line,
)
from waypost.edges.mail_io.html_lines import MOST_TAGS, HtmlLines
from waypost.edges.mail_io.quote_words import SEPARATOR
from waypost.edges.mail_io.written_dates import written_date
from waypost.kit.html import clean_html_to_text, sanitise, text_to_html
from waypost.kit.text import clean_name

#: What mail programs write before the subject of a message that is passed on.
_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]{1,40}\]\s*)?(?:fwd?|fw|wg|tr|rv|enc|i|vs|vb|vl|videresendt|vidarebefordrat|välitetty|doorst|doorgest|pd"
    r"|pdalej|yml|ilt|i̇lt|továbbítás|vá|přep|fs|πρθ|прд|пересл|пер|转发|轉寄|轉發|转|転送|전달|إعادة توجيه|הועבר|trs|res-fwd"
    r"|redir|in|inoltro|reenv|tov|fwd fw)\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
_STANDARD_DATE = re.compile(r"^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT)")
_MOST_LINES = 5_000
_MOST_ABOVE = 400
_ADDRESS = re.compile(r"[^\s<>@\"(\[:;,]{1,100}@[^\s<>@\")\]:;,]{1,200}")
_NAME_BEFORE = re.compile(
    r"[\"“„«]([^\"“”„»]{1,80})[\"”“»]\s*[<(]$|((?:[^\W\d_][\w.'’-]*\s){1,3}[^\W\d_][\w.'’-]*)\s*[<(]$"
)
_ON_BEHALF = re.compile(
    r"\s+(?:on behalf of|im auftrag von|de la part de|en nombre de|namens|per conto di)\s.*", re.IGNORECASE
)
_MAILTO = re.compile(r"<mailto:[^>]{1,300}>")
_MAILTO_BARE = re.compile(r"\[mailto:([^\]]{1,300})\]")


class _Found(NamedTuple):
    mark: int  # where the forwarded message's own lines begin
    block: Block


def is_forward_subject(subject: str) -> bool:
    """`Fwd: ...`, `WG: ...` and the like."""
    return bool(_SUBJECT.match(subject[:100]))


def forwarded(html: str, text: str, subject: str, now: datetime, *, is_html: bool) -> Forwarded | None:
    """The message that some sanitised HTML, or plain text that has none, passes on. Only what a mail program marks as
    forwarded counts, or a header block below a subject that says so."""
    if is_html:
        if html.count("<") > MOST_TAGS:
            return None
        lines = HtmlLines(html)
        found = _find([line.text for line in lines.lines], subject)
        if found is None:
            return None
        inside = sanitise(lines.after(found.block.end))
        above = sanitise(lines.before(found.mark))
        return _read(found, inside, clean_html_to_text(inside), above, subject, now)
    texts = text.split("\n")
    found = _find(texts, subject)
    if found is None:
        return None
    rest = _unquoted(texts[found.block.end :])
    above = "\n".join(texts[: found.mark]).strip("\n").rstrip()
    return _read(found, text_to_html(rest), rest, text_to_html(above), subject, now)


def _find(texts: list[str], subject: str) -> _Found | None:
    texts = texts[:_MOST_LINES]
    says_so = is_forward_subject(subject)
    for place, text in enumerate(texts):
        if is_forward_mark(text):
            return _below(texts, place, place)
        if pieces := split_forward_line(text):
            block = header_block(pieces, 1, is_marked=True)
            return _Found(place, Block(place, place + 1, block.fields)) if block else None
        if not says_so or place > _MOST_ABOVE:
            continue
        found = _unmarked(texts, place)
        if found:
            return found
    return None


def _unmarked(texts: list[str], place: int) -> _Found | None:
    """What begins in a line of a message whose subject says that it is a forwarded one."""
    text = texts[place]
    if is_original_mark(bare(text).lstrip("> ")):
        return _below(texts, place, place)
    if label_of(text):
        block = header_block(texts, place, is_marked=False)
        if block:
            is_ruled = place > 0 and bool(SEPARATOR.match(texts[place - 1][:200]))
            return _Found(place - is_ruled, block)
    if ends_like_attribution(text, is_before_quote=False):
        named = attribution(texts, place, 0, is_before_quote=False)
        if named:
            joined = " ".join([bare(line) for line in texts[named.first : named.last + 1]])
            return _Found(named.first, Block(named.first, named.last + 1, _fields_of(joined)))
    return None


def _fields_of(joined: str) -> dict[str, str]:
    """Sender and date out of `On 28/10/2021, "John Doe" <john@example.org> wrote:`."""
    address = _ADDRESS.search(joined)
    if not address:
        return {"from": "", "date": joined}
    found = _NAME_BEFORE.search(joined[: address.start()])
    name = found[1] or _capitalised(found[2]) if found else ""
    return {"from": f'"{name}" <{address[0]}>' if name else address[0], "date": joined.replace(address[0], "")}


def _capitalised(words: str) -> str:
    """The last words that may be a name: other languages put `escribió` and the like before it."""
    name: list[str] = []
    for word in reversed(words.split()):
        if word[0].islower():
            break
        name.insert(0, word)
    return " ".join(name)


def _below(texts: list[str], mark: int, above: int) -> _Found | None:
    """The header block below a mark. Some programs write none, but a line such as `On ... wrote:`."""
    start = mark + 1
    while start < len(texts) and start < mark + 6:
        if texts[start].strip(" >\t\u00a0*_\u200e\u200f\ufeff"):
            block = header_block(texts, start, is_marked=True)
            if block:
                return _Found(above, block)
            named = next((end for end in range(start, min(start + 4, len(texts))) if _ends(texts, end, start)), None)
            if named is not None:
                joined = " ".join([bare(line).lstrip("> ") for line in texts[start : named + 1]])
                return _Found(above, Block(start, named + 1, _fields_of(joined)))
            return None
        start += 1
    return None


def _ends(texts: list[str], end: int, start: int) -> bool:
    lines = [line.lstrip("> ") for line in texts[start : end + 1]]
    return attribution(lines, len(lines) - 1, 0, is_before_quote=True) is not None


def _unquoted(texts: list[str]) -> str:
    """The lines with one level of `>` less, where all but torn ones have it."""
    quoted = sum(text_line(text).depth > 0 for text in texts)
    written = sum(bool(text.strip()) for text in texts)
    if quoted * 2 > written:
        texts = [re.sub(r"^\s?> ?", "", text) for text in texts]
    return "\n".join(texts).strip("\n").rstrip()


def _read(found: _Found, html: str, text: str, comment: str, subject: str, now: datetime) -> Forwarded | None:
    fields = found.block.fields
    senders = _people(_ON_BEHALF.sub("", fields.get("from", "")))
    if not senders:
        return None
    shown = comment if clean_html_to_text(comment).strip() or "<img" in comment else ""
    date = fields.get("date", "")
    return Forwarded(
        sender=next((person for person in senders if person.email), senders[0]),
        subject=clean_name(fields.get("subject", ""), 998) or _SUBJECT.sub("", subject, count=1).strip(),
        sent_at=read_date(date, now) if _STANDARD_DATE.search(date) else written_date(date, now),
        to=tuple([person for person in _people(fields.get("to", "")) if person.email]),
        cc=tuple([person for person in _people(fields.get("cc", "")) if person.email]),
        html=html,
        text=text,
        comment=shown,
    )


def _people(value: str) -> list[Address]:
    value = _MAILTO_BARE.sub(r"<\1>", _MAILTO.sub("", value[:16_000]))
    unique: dict[str, Address] = {}
    surname = ""
    for person in read_addresses(value.encode()):
        # `Doe, John <john@example.org>` without the quotation marks that it needs.
        if not person.email:
            surname = person.name
            continue
        name = f"{surname}, {person.name}" if surname and person.name else person.name
        unique.setdefault(person.email.lower(), Address(name, person.email))
        surname = ""
    if surname and not unique:
        unique[surname] = Address(clean_name(value), "")
    return list(unique.values())
