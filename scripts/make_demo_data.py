"""Rebuild the demo account's material from a folder of collected mail and support conversations.

Exists so that every shipped byte can be traced: the same input folder always gives the same files.
Usage: python scripts/make_demo_data.py SOURCE_DIR [TARGET_DIR]
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from demo_licences import BSD_2_TEXT, COPYRIGHTS, MIT_TEXT
from demo_sources import CONVERSATION_SOURCES, KNOWN_HOSTS, MAIL_SOURCES, MAILS, SPAM_MAILS

Record = dict[str, Any]

TARGET = Path(__file__).resolve().parent.parent / "server/waypost/demo/data"
FORUM_BASE = "https://support.mozilla.org"
SPAN_S = 60 * 86400
FIRST_AGE_S = 140
RESOLVED_AFTER_S = 3 * 86400
GIVEN_UP_AFTER_S = 12 * 86400

# How many of each source and language; what a language lacks is simply not filled up by another.
FORUM_QUOTAS = {
    "thunderbird-support": {"en-US": 150, "it": 34, "nl": 14, "es": 14, "cs": 9, "hu": 4, "tr": 3, "pt-BR": 3},
    "firefox-support": {"en-US": 60, "es": 14, "pt-BR": 8, "cs": 5, "hu": 2, "tr": 2, "fi": 1},
}
CHAT_QUOTAS = {"irc-ubuntu": 54, "irc-stripe": 9, "irc-rust": 3, "irc-mediawiki": 4}
TRADE_QUOTAS = {"software": 30, "media": 28}
TRADE_TEXT_MIN = 130

RUDE = re.compile(
    r"\b(fuck\w*|shit\w*|crap\w*|damn\w*|idiot\w*|stupid\w*|moron\w*|asshole\w*|bitch\w*|bastard\w*|suck(s|ed)?|wtf|stfu|"
    r"ass|dumb\w*|bullshit|hell|piss\w*|nazi\w*|porn\w*|sex\w*|gay|retard\w*|lmao|rtfm|kill yourself|noob\w*|bfe|merd\w*|cazz\w*|"
    r"stronz\w*|vaffa\w*|mierda|puta\w*|joder|kurva|godverd\w*|klote\w*|caralho|porra|ridiculous|pathetic|garbage)\b",
    re.IGNORECASE,
)
PERSONAL = re.compile(
    r"\+?\d[\d ()-]{8,}\d"  # telephone and card numbers
    r"|(?<![\d.])(?!127\.|10\.|192\.168\.|0\.)\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
    r"|[A-Z]:\\Users\\\w|/home/\w|/Users/\w"
    r"|\b(?:my name is|mi chiamo|me llamo|mijn naam is|password is|my password:)\b|<?redact\w+>?|password \d"
    r"|\b(?:pi|cus|sub|acct|ch|evt|req)_\w{10,}"
    r"|\b(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|(?:[0-9A-F]{2}:){5}[0-9A-F]{2})\b",
    re.IGNORECASE,
)
SIGNED = re.compile(
    r"(?i:regards|grüße|saluti|saludos|groet\w*|sincerely|cheers|thanks|thank you|grazie|gracias)[,.!]?\s+"
    r"[A-Z][\wà-ÿ]+ (?:[A-Z]\. )?[A-Z][\wà-ÿ]+\s*$"
)
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
LINK_HOST = re.compile(r"(?:https?://|www\.)([^/\s\"'<>:?#)&]+)", re.IGNORECASE)
THANKS = re.compile(
    r"\b(thank\w*|thx|solved|fixed|grazie|risolto|gracias|bedankt|dank|obrigad\w*|köszön\w*|děkuj\w*)\b", re.IGNORECASE
)
GOODBYE = re.compile(r"\b(bye|good ?bye|have a \w+ day|no thanks?|all clear|nothing( else)?)\b", re.IGNORECASE)

TAG_WORDS: tuple[tuple[str, str], ...] = (
    ("calendar", r"\bcalend\w+|\bagenda\b"),
    ("passwords", r"\bpassw\w+|\bcontrase\w+|\bwachtwoord"),
    ("attachments", r"\battach\w+|\ballegat\w+|\badjunt\w+|\bbijlage"),
    ("import-export", r"\bimport\w*|\bexport\w*|\bbackup"),
    ("address-book", r"address ?book|\bcontacts?\b|\brubrica\b|\bcardbook"),
    ("gmail", r"\bgmail\b|\bgoogle mail"),
    ("outlook", r"\boutlook\b|\boffice ?365\b|\bhotmail\b"),
    ("yahoo-aol", r"\byahoo\b|\baol\b"),
    ("imap", r"\bimap\b"),
    ("smtp", r"\bsmtp\b|\bsend(?:ing)? (?:e-?)?mail"),
    ("crash", r"\bcrash\w*|\bfreez\w+|\bhangs?\b"),
    ("slow", r"\bslow\w*|\blent[ao]\b"),
    ("add-ons", r"\badd-?ons?\b|\bextensions?\b|\bestension\w+"),
    ("appearance", r"\bthemes?\b|\bfonts?\b|\buserchrome\w*|\bdark mode|\bcolou?rs?\b"),
    ("data-loss", r"\b(?:lost|disappear\w*|missing|vanish\w*|scompars\w+)\b"),
    ("sync", r"\bsync\w*"),
    ("printing", r"\bprint\w*"),
    ("update", r"\bupdat\w+|\bupgrad\w+|\baggiorna\w+"),
)
SOURCE_TAGS = {
    "privacy-and-security": "security",
    "privacy-and-security_1": "security",
    "needsinfo": "needs-info",
    "calendar": "calendar",
    "tabs": "browser",
    "websites": "browser",
    "bookmarks": "browser",
    "cookies": "browser",
    "stripe": "payments",
    "ubuntu": "linux",
    "linux": "linux",
    "windows-10": "windows",
    "windows-7": "windows",
    "mac-os": "macos",
    "media": "orders",
    "software": "account",
    "escalate": "escalated",
}
INTENT_SUBJECTS = {
    "startserviceintent": "New internet plan",
    "getinformationintent": "Question about my plan",
    "reportbrokenphone": "Broken phone",
    "reportbrokensoftware": "Software stopped working",
    "softwareupdate": "Software update",
    "checkserverstatus": "Is the server down?",
    "expensereport": "Expense report",
    "getpromotions": "Current offers",
    "startorder": "New order",
    "changeorder": "Change my order",
}


def rank(*parts: str) -> float:
    """A fixed number in [0, 1) for a name: what replaces chance, so that every run gives the same."""
    digest = hashlib.sha256("|".join(parts).encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)


def body_of(message: Record) -> str:
    return str(message.get("html") or message.get("text") or "")


def plain(body: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body))).strip()


def is_known(host: str) -> bool:
    host = host.lower().rstrip(".")
    return any(host == known or host.endswith("." + known) for known in KNOWN_HOSTS)


def is_suitable(record: Record) -> bool:
    """Whether a conversation may be shown: polite, free of personal data, readable without fetching anything."""
    total = 0
    for message in record["messages"]:
        body = body_of(message)
        text = plain(body)
        total += len(text)
        readable = re.sub(r"https?://\S+", "", text)
        if "<img" in body or "<iframe" in body or not 1 <= len(text) <= 5000 or len(readable.strip(" .,:;!-")) < 1:
            return False
        if RUDE.search(text) or PERSONAL.search(re.sub(r"https?://\S+", "", text)) or SIGNED.search(text):
            return False
        if any(not address.rstrip(".").endswith(("@example.org", "@example.com")) for address in ADDRESS.findall(text)):
            return False
        if not all(is_known(host) for host in LINK_HOST.findall(body)):
            return False
    return 40 <= total <= 14000 and not RUDE.search(record["subject"] or "")


def is_clear_chat(record: Record) -> bool:
    """A chat that opens with a question, repeats nothing and has an answer for every three lines or so."""
    bodies = [body_of(message).strip().lower() for message in record["messages"]]
    answers = sum(message["from"] == "agent" for message in record["messages"])
    return len(bodies) <= 22 and "?" in bodies[0] and len(set(bodies)) == len(bodies) and answers * 3 >= len(bodies)


def is_telling_trade(record: Record) -> bool:
    """Customer turns long enough, and about something this firm may be asked."""
    known = any(message.get("intent") in INTENT_SUBJECTS for message in record["messages"])
    return known and sum(len(body_of(message)) for message in record["messages"]) >= TRADE_TEXT_MIN


def take(records: Iterable[Record], quotas: dict[str, int], group: Callable[[Record], str]) -> list[Record]:
    """The quota of each group, spread over short, middling and long conversations."""
    shares = ((1, 2, 0.15), (3, 6, 0.55), (7, 99, 1.0))
    taken: list[Record] = []
    records = sorted(records, key=lambda record: rank("take", record["id"]))
    for name, quota in quotas.items():
        pool = [record for record in records if group(record) == name]
        chosen: list[Record] = []
        for least, most, share in shares:
            room = round(quota * share)
            fitting = [record for record in pool if least <= len(record["messages"]) <= most]
            chosen += fitting[: min(room, quota - len(chosen))]
        rest = [record for record in pool if record not in chosen]
        taken += (chosen + rest)[:quota]
    return taken


def seconds(at: str) -> int:
    return int(datetime.fromisoformat(at).timestamp())


def offsets(record: Record) -> list[int]:
    """Seconds from the first message to each: as recorded, or a chat's rhythm by the length of what was typed."""
    messages = record["messages"]
    if all(message.get("at") for message in messages):
        start = seconds(messages[0]["at"])
        found = [max(0, seconds(message["at"]) - start) for message in messages]
    else:
        found, now = [], 0
        for index, message in enumerate(messages):
            now += 0 if index == 0 else 12 + len(body_of(message)) // 3 + int(40 * rank(record["id"], str(index)))
            found.append(now)
    steady = [found[0]]
    for value in found[1:]:
        steady.append(max(value, steady[-1] + 1))
    return steady


def status_of(record: Record, ended_s: int) -> str:
    last = record["messages"][-1]
    if record.get("status") == "closed" or (ended_s > GIVEN_UP_AFTER_S and rank("open", record["id"]) > 0.06):
        return "closed"
    if last["from"] != "customer":
        return "closed" if ended_s > RESOLVED_AFTER_S else "pending"
    text = plain(body_of(last))
    is_settled = THANKS.search(text) or (record["channel"] == "chat" and GOODBYE.search(text))
    return "closed" if is_settled and ended_s > 7200 else "active"


def tags_of(record: Record) -> list[str]:
    found = [SOURCE_TAGS[tag] for tag in record["tags"] if tag in SOURCE_TAGS]
    text = (record["subject"] or "") + " " + plain(body_of(record["messages"][0]))
    found += [tag for tag, words in TAG_WORDS if re.search(words, text, re.IGNORECASE)]
    return list(dict.fromkeys(found))[:4]


def absolute(body: str) -> str:
    return re.sub(r'(href=")(/[^"/])', rf"\g<1>{FORUM_BASE}\2", body)


def subject_of(record: Record) -> str:
    if record["source"] == "multidogo":
        intents = [message.get("intent") for message in record["messages"]]
        known = [INTENT_SUBJECTS[intent] for intent in intents if intent in INTENT_SUBJECTS]
        return known[0] if known else "Question from the chat"
    subject = plain(record["subject"] or "")
    return subject if len(subject) <= 90 else subject[:89].rsplit(" ", 1)[0] + "…"


def shaped(record: Record, ended_s: int) -> Record:
    times = offsets(record)
    is_order = record["source"] in ("multidogo", "abcd", "irc-stripe")
    messages = []
    for message, offset in zip(record["messages"], times, strict=True):
        entry: Record = {"from": message["from"], "author": message["author"], "age_s": ended_s + times[-1] - offset}
        key = "html" if message.get("html") else "text"
        entry[key] = absolute(message[key]) if key == "html" else message[key]
        messages.append(entry)
    return {
        "id": record["id"],
        "source": record["source"],
        "mailbox": "orders" if is_order else "support",
        "channel": "chat" if record["channel"] == "chat" else "email",
        "subject": subject_of(record),
        "customer_name": record["customer"]["name"],
        "customer_email": record["customer"]["email"],
        "status": status_of(record, ended_s),
        "tags": tags_of(record),
        "locale": record.get("locale") or "en-US",
        "messages": messages,
    }


def chosen_conversations(source_dir: Path) -> Iterator[Record]:
    for source in CONVERSATION_SOURCES:
        lines = (source_dir / source.folder).read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        if source.id == "abcd":
            yield from records
            continue
        fitting = [record for record in records if is_suitable(record) and 2 <= len(record["messages"]) <= 26]
        if source.id == "multidogo":
            yield from take(filter(is_telling_trade, fitting), TRADE_QUOTAS, lambda record: record["domain"])
        elif source.id == "irc-help-channels":
            yield from take(filter(is_clear_chat, fitting), CHAT_QUOTAS, lambda record: record["source"])
        else:
            answered = [r for r in fitting if any(message["from"] == "agent" for message in r["messages"])]
            yield from take(answered, FORUM_QUOTAS[source.id], lambda record: record["locale"])


def conversations(source_dir: Path) -> dict[str, list[Record]]:
    """The chosen conversations by source, the last message of the newest lying just before the reference moment."""
    chosen = sorted(chosen_conversations(source_dir), key=lambda record: rank("when", record["id"]))
    by_source: dict[str, list[Record]] = {source.id: [] for source in CONVERSATION_SOURCES}
    for index, record in enumerate(chosen):
        # A curve rather than a line: a living desk shows more of today than of last month.
        ended_s = FIRST_AGE_S + int(SPAN_S * (index / len(chosen)) ** 1.8)
        key = "irc-help-channels" if record["source"].startswith("irc-") else record["source"]
        by_source[key].append(shaped(record, ended_s))
    for records in by_source.values():
        records.sort(key=lambda record: record["id"])
    return by_source


def mails(source_dir: Path) -> list[Record]:
    folders = {source.id: source_dir / source.folder for source in MAIL_SOURCES}
    picks = [
        (box, source, name, "active")
        for box, table in MAILS.items()
        for source, names in table.items()
        for name in names
    ]
    picks += [("support", source, name, "spam") for source, names in SPAM_MAILS.items() for name in names]
    found = []
    for index, (mailbox, source, name, status) in enumerate(picks):
        raw = (folders[source] / f"{name}.eml").read_bytes()
        # Later in a group means newer, so that an answer never arrives before what it answers.
        age_s = 900 + int(20 * 86400 * (1 - index / len(picks)) ** 1.5) + int(600 * rank("mail", name))
        entry = {"id": f"{source}/{name}", "source": source, "mailbox": mailbox, "status": status, "age_s": age_s}
        found.append(entry | {"raw": base64.b64encode(raw).decode("ascii")})
    return found


def notice() -> str:
    rows = [
        "# Demo data: what it is made of",
        "",
        "The files beside this page fill the demo account. They are not part of the program and keep their own licences;",
        "a file of conversations is under the licence of the source it is named after. `mails.jsonl.gz` holds mails of several",
        "sources, each named by the `source` of its line. They are written by `scripts/make_demo_data.py`.",
        "",
        "Neither the authors nor the publishers of these works endorse this product. Product names in the texts belong to",
        "their owners. The firm of the demo, its staff and the notes they wrote are invented.",
        "",
        "| id | origin | licence | changed |",
        "|---|---|---|---|",
    ]
    rows += [f"| {s.id} | {s.origin} | {s.licence} | {s.changes} |" for s in (*CONVERSATION_SOURCES, *MAIL_SOURCES)]
    rows += [
        "",
        "Attribution of the CC-BY-SA texts: the number at the end of a conversation's `id` is its question, at",
        "`https://support.mozilla.org/questions/<number>`, where the authors are named.",
        "Attribution of irc-help-channels: J. K. Kummerfeld et al., A Large-Scale Corpus for Conversation Disentanglement, ACL 2019.",
        "",
        "The articles of the help center, `articles.jsonl.gz`, are written by `scripts/make_demo_articles.py`. Each line names",
        "its `source` and its `path` there. A selection; made into HTML, without pictures and without links to other files:",
        "",
        "- arduino: github.com/arduino/help-center-content, by Arduino and contributors, CC-BY-SA-4.0",
        "- plausible: github.com/plausible/docs, by Plausible Analytics and contributors, CC-BY-SA-4.0",
        "- microsoft-support: github.com/MicrosoftDocs/OfficeDocs-Support, by Microsoft and contributors, CC-BY-4.0",
        "",
        "The articles in other languages (`waypost/demo/abroad.py`) were written for the demo and are part of the program.",
        "",
        "Licence texts: <https://creativecommons.org/licenses/by-sa/4.0/legalcode>,",
        "<https://creativecommons.org/licenses/by-sa/3.0/legalcode>,",
        "<https://creativecommons.org/licenses/by/4.0/legalcode>, <https://creativecommons.org/publicdomain/zero/1.0/legalcode>,",
        "<https://cdla.dev/permissive-1-0/>, <https://www.apache.org/licenses/LICENSE-2.0>, <https://opensource.org/license/mit>,",
        "<https://opensource.org/license/mit-0>, <https://opensource.org/license/bsd-2-clause>,",
        "<https://docs.python.org/3/license.html>.",
        "",
    ]
    return "\n".join([*rows, COPYRIGHTS, MIT_TEXT, BSD_2_TEXT])


def write(path: Path, records: list[Record]) -> None:
    lines = "".join(json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n" for record in records)
    # No name and no time in the header: the same records give the same bytes.
    path.write_bytes(gzip.compress(lines.encode("utf-8"), compresslevel=9, mtime=0))
    print(f"{path.name}: {len(records)} records, {path.stat().st_size} bytes")


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2:
        print(__doc__, file=sys.stderr)
        return 2
    source_dir = Path(arguments[0])
    target = Path(arguments[1]) if len(arguments) == 2 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    for source_id, records in conversations(source_dir).items():
        write(target / f"{source_id}.jsonl.gz", records)
    write(target / "mails.jsonl.gz", mails(source_dir))
    (target / "NOTICE.md").write_text(notice(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
