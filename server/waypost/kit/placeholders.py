"""Placeholders in texts: `{%name%}`, or `{%name,fallback=word%}` with a word for those who have no such thing.

Values are put into HTML escaped, and what they hold is never taken for a placeholder again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

_MARK = "{%"
_NAME = "([A-Za-z][A-Za-z.]{0,40})"
_PLACEHOLDER = re.compile(rf"\{{% ?{_NAME} ?(?:, ?fallback ?= ?([^{{}}%]{{0,200}}))?%\}}")
#: `{{name}}` and `{{name | word}}` as well.
_IN_BRACES = re.compile(rf"{_PLACEHOLDER.pattern}|\{{\{{ *{_NAME} *(?:\| *([^{{}}|]{{0,100}}?) *)?\}}\}}")


def has_any(text: str) -> bool:
    """Whether there is something to fill in, as far as one can tell at once."""
    return _MARK in text


def filled(text: str, values: Mapping[str, str], *, is_html: bool, in_braces: bool = False) -> str:
    """The text with its placeholders filled in. A name without a value is its fallback, and else nothing at all.

    With `in_braces` placeholders may be written `{{name | word}}` too.
    """

    def value_of(found: re.Match[str]) -> str:
        name, fallback, *others = found.groups()
        if name is None:
            name, fallback = others
        value = values.get(name, "")
        if not value:
            # The fallback is part of the text, and so of its HTML.
            return (fallback or "").strip()
        return html.escape(value, quote=True) if is_html else value

    return (_IN_BRACES if in_braces else _PLACEHOLDER).sub(value_of, text)
