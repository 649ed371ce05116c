"""What somebody wrote now, without what the mail quotes and without the signature: for what is sent on to others."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from waypost.domains.mail.models import ReceivedMessage
from waypost.kit.html import clean_html_to_text, sanitise, text_to_html

#: Stands at the head of notices; whatever is below it was not written by who answers.
ANSWER_LINE = "Write your answer above this line"
_FOLDED = ".waypost_quote, .waypost_signature"
#: Where programs leave no mark, a quote begins like this at the latest.
_QUOTED = re.compile(
    r"^[ \t]*(?:>|-{2,}[ \t]*(?:original message|forwarded message|ursprüngliche nachricht|message d'origine)"
    rf"|_{{20,}}[ \t]*$|-- $|.{{0,40}}{re.escape(ANSWER_LINE)})",
    re.IGNORECASE | re.MULTILINE,
)
_EMPTY_END = re.compile(r"(?:\s|<br>|&nbsp;){1,10000}+\Z")
_INTRODUCTION = re.compile(
    r"\n[^\n]{0,300}(?:wrote|writes|schrieb|a écrit|escribió|scritto|schreef|napisał)[^\n]{0,100}:\s*\Z", re.IGNORECASE
)


def html_of(message: ReceivedMessage) -> str:
    """The own words as HTML, with their form where it is certain that nothing quoted is among them, else as text."""
    text = text_of(message)
    if not text and not message.attachments:
        return ""
    folded = _unfolded(message.html)
    shown = clean_html_to_text(folded)
    if _letters(shown) == _letters(text) or (not text and not shown.strip()):
        return folded
    return text_to_html(text)


def text_of(message: ReceivedMessage) -> str:
    """The own words as plain text."""
    text = "\n" + (message.own_text or message.text)
    found = _QUOTED.search(text)
    if found is not None:
        text = _INTRODUCTION.sub("", text[: found.start()].rstrip())
    return text.strip()


def _unfolded(html: str) -> str:
    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    for node in body.css(_FOLDED):
        node.decompose()
    return _EMPTY_END.sub("", sanitise(body.inner_html or ""))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
