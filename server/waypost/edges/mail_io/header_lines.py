"""The lines that stand above a quoted or forwarded message: "On ... wrote:", "-----Original Message-----", and blocks
of From, Date, To and Subject, in many languages. Each line is read once and no further than its first characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from waypost.edges.mail_io.quote_words import BEGINS, FORWARDED, ORIGINAL, ROLES, WROTE, WROTE_INSIDE

_MOST_OF_A_LINE = 600
_MOST_OF_AN_END = 60
_MOST_WITHOUT_PROOF = 200
_WROTE_ALONE = re.compile(r"(?:wrote|a écrit)\s*:?$", re.IGNORECASE)
_MOST_LINES_ABOVE = 4
_MOST_BLOCK_LINES = 40
_ENDS = (":", "：", "写道", "寫道", "작성", "wrote", "napisał", "napisał(a)")
_ADDRESS = re.compile(r"[^\s<>@\"(\[]{1,100}@[^\s<>@\")\]]{1,100}")
_DATE = re.compile(r"\d{1,2}[:.h]\d{2}(?!\d)|\b(?:19|20|25)\d{2}\b|\d{4}年|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|年.{0,8}月")
_YEAR_OR_TIME = re.compile(
    r"(?:19|20)\d\d.{0,40}?\d{1,2}[:.h]\d{2}|\d{1,2}[:.h]\d{2}.{0,60}?(?:19|20)\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
)
_GMT_LINE = re.compile(r"^\d{4}-\d\d-\d\d \d{1,2}:\d\d(?::\d\d)? (?:GMT|UTC)[+-]\d{1,2}:?\d{0,2}:? ?\S.{0,80}$")
_ZOHO = re.compile(
    r"^-{2,6}\s?\S.{5,200}\s(?:wrote|schrieb|écrit|escribió|scritto|escreveu|写道)\s?-{2,6}$", re.IGNORECASE
)
_DECORATION = "*_ \t\u00a0\u200e\u200f\u202a\u202c\u200b\ufeff"
_QUOTED = re.compile(r"^(?:>\s?)+")
_RULED = re.compile(r"^[\s*_>]*[-_=~–—]{2,}\s*(?P<words>[^-_=~\s].{0,80}?)\s*[-_=~–—]{2,}[\s*_:]*$")
_LABEL = re.compile(r"(?P<label>[^\d:：<>@]{1,30}?)[*_\s\u00a0]*[:：](?P<rest>(?![/\\]{2}).*)$")
_MARK_AND_FIELDS = re.compile(r"(?P<mark>\s*-{3,}\s*(?P<words>[^-]{5,60}?)\s*-{3,})\s*(?P<rest>[^\s-].*)$", re.DOTALL)
_ANY_LABEL = re.compile(
    "("
    + "|".join(
        [re.escape(word) for word in sorted(ROLES, key=len, reverse=True) if len(word) > 1 or not word.isascii()]
    )
    + r"|A|À)\s?[:：](?!//)",
    re.IGNORECASE,
)
_BLANK_LABEL = re.compile(r"[\s\u00a0*_\u200e\u200f]+")


class Attribution(NamedTuple):
    """The lines `first` to `last` that name who wrote what follows."""

    first: int
    last: int


class Block(NamedTuple):
    """Fields from `first` up to, not including, `end`. Values are as written, by role: from, to, cc, date, subject."""

    first: int
    end: int
    fields: dict[str, str]


def bare(text: str) -> str:
    """A line without the marks that HTML to text conversion leaves, and of bounded length."""
    return text[:_MOST_OF_A_LINE].strip(_DECORATION)


def may_introduce(text: str) -> bool:
    """Whether it is worth to look at a line at all: nearly none has what every introduction has."""
    return ":" in text or "--" in text or "：" in text or "==" in text or "__" in text or text.rstrip().endswith(_ENDS)


def attribution(lines: Sequence[str], last: int, first: int, *, is_before_quote: bool) -> Attribution | None:
    """The attribution that ends in line `last`, not reaching above line `first`."""
    end = bare(lines[last])
    if _ZOHO.match(end) or _GMT_LINE.match(end):
        return Attribution(last, last)
    joined, found, weak = "", None, None
    for place in range(last, max(first, last - _MOST_LINES_ABOVE) - 1, -1):
        line = bare(lines[place])
        if not line:
            if place == last - 1 and not _WROTE_ALONE.match(joined):
                break
            continue
        joined = f"{line} {joined}".strip()
        strength = _strength(joined, is_before_quote=is_before_quote)
        if strength > 1:
            found = place
            break
        weak = (place, joined) if strength and weak is None else weak
    if found is None:
        if weak is None:
            return None
        found, joined = weak
    return Attribution(_reaching_up(lines, found, joined, max(first, last - _MOST_LINES_ABOVE)), last)


def ends_like_attribution(text: str, *, is_before_quote: bool) -> bool:
    """Whether it is worth to look closer at a line: nearly all lines of mail are not."""
    if len(text) > _MOST_OF_A_LINE:
        return False
    end = text.strip(_DECORATION)
    return (
        end.endswith(_ENDS)
        or bool(_ZOHO.match(end) or _GMT_LINE.match(end))
        or (is_before_quote and bool(_DATE.search(end)))
    )


def _strength(joined: str, *, is_before_quote: bool) -> int:
    """How surely some joined lines say who wrote something: 2 with a time or an address, 1 for words alone."""
    has_address, has_date = bool(_ADDRESS.search(joined)), bool(_DATE.search(joined))
    if len(joined) > _MOST_OF_A_LINE or not (has_address or has_date or is_before_quote):
        return 0
    ends = joined.rstrip("*_ ").endswith((":", "："))
    if WROTE.search(joined[-_MOST_OF_AN_END:]):
        return 2 if has_date or has_address else int(ends and len(joined) < _MOST_WITHOUT_PROOF)
    is_short = len(joined) < _MOST_WITHOUT_PROOF
    if is_before_quote and has_date and is_short and BEGINS.match(joined) and WROTE_INSIDE.search(joined):
        return 2
    if not (ends and has_date):
        return 0
    is_dated = has_address and (WROTE_INSIDE.search(joined) or _YEAR_OR_TIME.search(joined))
    if is_dated and label_of(joined) is None and not joined.lower().startswith("http"):
        return 2
    is_said = bool(WROTE_INSIDE.search(joined)) or (is_before_quote and is_short)
    return 2 if is_said and BEGINS.match(joined) else 0


def _reaching_up(lines: Sequence[str], place: int, joined: str, first: int) -> int:
    """Where the attribution begins: addresses and times are wrapped onto lines of their own."""
    while place > first:
        above = bare(lines[place - 1])
        if not above or (above.endswith((".", "!", "?")) and not re.search(r"\d\.$", above)):
            break
        is_torn = joined.count(">") > joined.count("<") or joined.startswith("<") or not _DATE.search(joined)
        is_torn = (
            is_torn
            or above.endswith(",")
            or not (WROTE.search(joined) or WROTE_INSIDE.search(joined) or _ADDRESS.search(joined))
        )
        is_start = BEGINS.match(above) or _DATE.search(above) or (WROTE_INSIDE.search(above) and _ADDRESS.search(above))
        if not (is_torn and is_start):
            break
        place -= 1
        joined = f"{above} {joined}"
        if _DATE.search(above) and BEGINS.match(above) and not bare(lines[max(first, place - 1)]).endswith(","):
            break
    return place


def is_original_mark(text: str) -> bool:
    """`-----Original Message-----` and its like."""
    ruled = _RULED.match(text[:200])
    return bool(ruled and ORIGINAL.fullmatch(ruled["words"].strip(_DECORATION + ":")))


def split_forward_line(text: str) -> list[str]:
    """The lines of a forward mark with the whole header block behind it on one line, as Yahoo's text has it; nothing
    for any other line."""
    found = _MARK_AND_FIELDS.match(text[:4_000])
    if not found or not FORWARDED.fullmatch(found["words"].strip()):
        return []
    rest, seen, cuts = found["rest"], set[str](), [0]
    for label in _ANY_LABEL.finditer(rest):
        role = ROLES.get(label[1].lower(), "")
        if role not in seen and not label[1][0].islower():
            seen.add(role)
            cuts.append(label.start())
    return [found["mark"], *[rest[start:end] for start, end in pairwise([*cuts, len(rest)]) if rest[start:end].strip()]]


def is_forward_mark(text: str) -> bool:
    """`---------- Forwarded message ---------`, `Begin forwarded message:` and their like."""
    line = _QUOTED.sub("", bare(text[:200])).strip(_DECORATION)
    if not line:
        return False
    ruled = _RULED.match(line)
    words = ruled["words"].strip(_DECORATION + ":：") if ruled else line.rstrip(" *_").rstrip(":：").strip(_DECORATION)
    found = FORWARDED.match(words)
    if not found:
        return False
    rest = words[found.end() :]
    if ruled:
        return len(rest) < 60
    return not rest.strip(" :：.") and line.rstrip(" *_").endswith((":", "："))


def label_of(text: str) -> tuple[str, str] | None:
    """The role and the value of a line that is a field of a header block."""
    line = _QUOTED.sub("", text[:_MOST_OF_A_LINE].lstrip(_DECORATION)).lstrip(_DECORATION + "|")
    found = _LABEL.match(line)
    if not found:
        return None
    label = _BLANK_LABEL.sub(" ", found["label"].lower()).partition("(")[0].strip(" '’\"|")
    role = ROLES.get(label)
    if role is None and label.endswith((" le", " el", " em", " il", " am", " at")):
        role = ROLES.get(label.rpartition(" ")[0])
    if role is None:
        return None
    return role, found["rest"].strip(_DECORATION + "|")


def header_block(lines: Sequence[str], first: int, *, is_marked: bool) -> Block | None:
    """The block of fields that begins at line `first`. One that no mark announces must be sure to be one: people write
    lists with colons, too."""
    fields: dict[str, str] = {}
    place, end, last_role = first, first, ""
    while place < len(lines) and place < first + _MOST_BLOCK_LINES:
        line = lines[place]
        found = label_of(line)
        if found:
            role, value = found
            if role in fields and role != "other":
                if role in ("from", "subject"):
                    break
                fields[role] += f", {value}" if value else ""
            else:
                fields[role] = value
            last_role, end = role, place + 1
        elif not _QUOTED.sub("", line).strip(_DECORATION):
            # Outlook and converters of HTML may put empty lines between the fields; the block ends at two of them,
            # or where the fields are complete.
            if _is_complete(fields) or not _a_field_follows(lines, place):
                break
        elif last_role and place == end and _goes_on(line, fields.get(last_role, ""), last_role):
            fields[last_role] = f"{fields[last_role]} {_QUOTED.sub('', line).strip(_DECORATION)}".strip()
            end = place + 1
        else:
            break
        place += 1
    return Block(first, end, fields) if _is_sure(fields, is_marked=is_marked) else None


def _is_complete(fields: dict[str, str]) -> bool:
    return all(role in fields and fields[role] for role in ("from", "date", "to", "subject"))


def _a_field_follows(lines: Sequence[str], place: int) -> bool:
    return any(label_of(line) for line in lines[place + 1 : place + 2])


def _goes_on(line: str, value: str, role: str) -> bool:
    """Whether a line belongs to the field above it: white space begins it, or the field cannot have ended."""
    if role in ("to", "cc", "from"):
        bare_line = _QUOTED.sub("", line).strip(_DECORATION)
        return (
            not value
            or value.endswith((",", ";"))
            or bool(re.match(r"<?[^\s@<>]{1,80}@[^\s@<>]{1,80}>?[,;]?$", bare_line))
        )
    return not value or (role == "subject" and (line[:1] in " \t" or len(value) > 60 or line[:1].islower()))


def _is_sure(fields: dict[str, str], *, is_marked: bool) -> bool:
    roles = set(fields) - {"other"}
    if "from" not in roles and not ("to" in roles and "date" in roles and "subject" in roles):
        return False
    if is_marked:
        return len(roles) >= 2 or bool(fields.get("from"))
    has_address = any("@" in fields.get(role, "") for role in ("from", "to"))
    if len(roles) < 3:
        return False
    return ("subject" in roles and ("date" in roles or has_address)) or ("date" in roles and has_address)
