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
    r"^[ \t]*+(?:>|-{2,}+[ \t]*+(?:original message|forwarded message|ursprüngliche nachricht|message d'origine)"
    rf"|_{{20,}}+[ \t]*+$|-- $|.{{0,40}}{re.escape(ANSWER_LINE)})",
    re.IGNORECASE | re.MULTILINE,
)
_EMPTY = ("<br>", "&nbsp;", " ", "\n", "\t")
#: An introduction such as `Jane wrote:` is one of the last lines above a quote.
_INTRODUCTION_CHARACTERS = 400
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
    return above_quote(message.own_text or message.text)


def above_quote(text: str) -> str:
    """The text down to where a quote begins, for what no program has folded."""
    text = "\n" + text
    found = _QUOTED.search(text)
    if found is not None:
        text = text[: found.start()].rstrip()
        end = max(0, len(text) - _INTRODUCTION_CHARACTERS)
        text = text[:end] + _INTRODUCTION.sub("", text[end:])
    return text.strip()


def _unfolded(html: str) -> str:
    body = LexborHTMLParser(html).body
    if body is None:
        return ""
    # The outermost first: what is in it goes with it.
    while (node := body.css_first(_FOLDED)) is not None:
        node.decompose()
    return _without_empty_end(sanitise(body.inner_html or ""))


def _without_empty_end(html: str) -> str:
    end = len(html)
    while end:
        empty = next((one for one in _EMPTY if html.endswith(one, 0, end)), None)
        if empty is None:
            break
        end -= len(empty)
    return html[:end]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
