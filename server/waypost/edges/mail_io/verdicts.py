"""What mail servers on the way wrote about the origin of a message: Authentication-Results (RFC 8601), Received-SPF
(RFC 7208) and the fields of spam filters. Read, not believed: whose words count is the mailbox's affair."""

from __future__ import annotations

import re
from itertools import islice

from waypost.domains.mail import Verdict
from waypost.edges.mail_io.charsets import decode
from waypost.edges.mail_io.header_block import Headers, read_text

_MOST_FIELDS = 20
_MOST_BYTES = 8_000
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*+\)")
_MOST_COMMENT_DEPTH = 5
_QUOTED = re.compile(r'"((?:[^"\\]|\\.){0,500})"')
_RESULT = re.compile(r"^\s*(spf|dkim|dmarc)\s*(?:/\s*\d+\s*)?=\s*([A-Za-z]{2,20})", re.IGNORECASE)
_AUTHORITY = re.compile(r"[\w.:\[\]-]{1,255}", re.ASCII)
_RECEIVED_SPF = re.compile(r"\s*([A-Za-z]{2,20})\b")
_RECEIVER = re.compile(r"\breceiver=([\w.-]{1,255})", re.ASCII)
_BEFORE_COLON = re.compile(r"\(([\w.-]{1,255}):", re.ASCII)
_ON_HOST = re.compile(r"\bon\s+([\w.-]{1,255})\s*$", re.ASCII)
# Of several signatures the best one counts: forwarders and lists add broken ones to a good one.
_BEST_FIRST = ("pass", "temperror", "neutral", "policy", "none", "permerror", "fail")
_YES = re.compile(r"\s*(?:yes|true|spam\b|1\b)", re.IGNORECASE)
_NO = re.compile(r"\s*(?:no|false|ham\b|not|clean|0\b)", re.IGNORECASE)
_FILTERS = (
    "x-spam-flag",
    "x-spam-status",
    "x-spam",
    "x-rspamd-action",
    "x-ms-exchange-organization-scl",
    "x-forefront-antispam-report",
    "x-spampanel-outgoing-class",
    "x-barracuda-spam-status",
)
_RSPAMD_ACTION = re.compile(
    r"\s*(?:reject|add header|rewrite subject|soft reject|spam|no action|greylist)", re.IGNORECASE
)


def read_verdicts(headers: Headers) -> tuple[Verdict, ...]:
    """Every verdict of the header, the one that was added last first. ARC's copies are not read: anybody can write
    them, and only who knows the signer may believe them.

    The opinions of spam filters that do not name their host are nobody's.
    """
    found: list[tuple[int, Verdict | None]] = []
    for name, read in (("authentication-results", _of_results), ("received-spf", _of_received_spf)):
        values = zip(headers.places(name), headers.all(name), strict=True)
        found.extend((place, read(value)) for place, value in islice(values, _MOST_FIELDS))
    filter_host = _filter_host(headers)
    for name in _FILTERS:
        values = zip(headers.places(name), headers.all(name), strict=True)
        for place, value in islice(values, _MOST_FIELDS):
            opinion = _said(name, read_text(value[:1_000]))
            if opinion is not None:
                found.append((place, Verdict(filter_host, is_spam=opinion)))
    found.sort(key=lambda one: one[0])
    return tuple(verdict for _, verdict in found if verdict is not None)


def _of_results(value: bytes) -> Verdict | None:
    text = _without_comments(decode(value[:_MOST_BYTES])[0])
    parts = text.split(";")
    named = _AUTHORITY.match(parts[0].strip())
    # Servers that forget their name begin with a result.
    has_name = named is not None and "=" not in parts[0].split(" ")[0]
    results: dict[str, list[str]] = {"spf": [], "dkim": [], "dmarc": []}
    for part in parts[1:] if has_name else parts:
        result = _RESULT.match(part)
        if result:
            results[result[1].lower()].append(_normal(result[2]))
    if not any(results.values()) and not has_name:
        return None
    authority = named[0].lower() if named and has_name else ""
    return Verdict(authority, _only(results["spf"]), _best(results["dkim"]), _only(results["dmarc"]))


def _of_received_spf(value: bytes) -> Verdict | None:
    text = decode(value[:_MOST_BYTES])[0]
    result = _RECEIVED_SPF.match(text)
    if not result:
        return None
    authority = _RECEIVER.search(text) or _BEFORE_COLON.search(text)
    return Verdict(authority[1].lower() if authority else "", spf=_normal(result[1]))


def _without_comments(text: str) -> str:
    """Comments may nest, and may hold semicolons that part nothing. What is quoted holds no results either."""
    text = _QUOTED.sub('""', text)
    for _ in range(_MOST_COMMENT_DEPTH):
        shorter = _COMMENT.sub(" ", text)
        if shorter == text:
            break
        text = shorter
    return text


def _normal(result: str) -> str:
    """RFC 8601's words, in lower case; older ones are translated."""
    result = result.lower()
    return {"hardfail": "fail", "error": "temperror", "unknown": "permerror", "bestguesspass": "none"}.get(
        result, result
    )


def _best(results: list[str]) -> str:
    return min(results, key=lambda one: _BEST_FIRST.index(one) if one in _BEST_FIRST else len(_BEST_FIRST), default="")


def _only(results: list[str]) -> str:
    """Two different results of one server under one name are none: somebody slipped one in."""
    return "fail" if "fail" in results and len(set(results)) > 1 else (results[0] if results else "")


def _said(field: str, value: str) -> bool | None:
    if not value.strip():
        return None
    if field == "x-rspamd-action":
        action = _RSPAMD_ACTION.match(value)
        return None if not action else action[0].strip().lower() in ("reject", "add header", "rewrite subject", "spam")
    if field in ("x-ms-exchange-organization-scl", "x-forefront-antispam-report"):
        level = re.search(r"(?:\bSCL:|^\s*)(-?\d)\b", value)
        return None if not level else int(level[1]) >= 5
    if _YES.match(value):
        return True
    return False if _NO.match(value) else None


def _filter_host(headers: Headers) -> str:
    """The host that a spam filter names itself by."""
    version = _ON_HOST.search(headers.text("x-spam-checker-version", 500))
    return version[1].lower() if version else ""
