"""Folding away what a message repeats: quoted messages and signatures, as `<details>` that open without a script."""

from __future__ import annotations

import re

from waypost.kit.html import clean_html_to_text
from waypost.kit.html_policy import QUOTE_CLASS, SIGNATURE_CLASS

#: Class of a block -> what the fold is called.
_FOLDED = {
    QUOTE_CLASS: "Quoted text",
    SIGNATURE_CLASS: "Signature",
    # Of mails that were stored before blocks were marked by us.
    "gmail_quote": "Quoted text",
    "yahoo_quoted": "Quoted text",
    "protonmail_quote": "Quoted text",
    "tutanota_quote": "Quoted text",
}
# In clean HTML every `<` begins a tag, and every `>` ends one.
_DIV = re.compile(r"<(/?)div\b([^>]*)>")
_CLASS = re.compile(r'\bclass="([^"]*)"')


def fold(clean: str) -> str:
    """Clean HTML with its outermost quotes and signatures folded; open, where nothing else would be left to read."""
    folded, rest = _folded(clean, is_open=False)
    if folded == clean or "<img" in rest or clean_html_to_text(rest).strip():
        return folded
    return _folded(clean, is_open=True)[0]


def _folded(clean: str, *, is_open: bool) -> tuple[str, str]:
    """The HTML with its folds, and what lies outside of them."""
    written: list[str] = []
    outside: list[str] = []
    open_divs: list[bool] = []
    position = 0
    for tag in _DIV.finditer(clean):
        before = clean[position : tag.start()]
        position = tag.end()
        written.append(before)
        if not any(open_divs):
            outside.append(before)
        if tag[1]:
            ends_fold = bool(open_divs) and open_divs.pop()
            written.append("</div></details>" if ends_fold else "</div>")
            continue
        label = None if any(open_divs) else _label(tag[2])
        open_divs.append(label is not None)
        if label is not None:
            opening = " open" if is_open else ""
            written.append(f'<details class="fold"{opening}><summary>{label}</summary>')
        written.append(tag[0])
    written.append(clean[position:])
    outside.append(clean[position:])
    return "".join(written), " ".join(outside)


def _label(attributes: str) -> str | None:
    found = _CLASS.search(attributes)
    names = found[1].split() if found else []
    return next((_FOLDED[name] for name in names if name in _FOLDED), None)
