"""Variables in the texts of workflows: `{{customer.firstName}}`, with a word for those who have none.

`{{customer.firstName | there}}` is the first name, or "there". Values are put into HTML escaped. Saved replies have the
variables of agents' replies, `{%customer.firstName,fallback=there%}`.
"""

from __future__ import annotations

import re

from waypost.kit import placeholders
from waypost.kit.errors import FieldError

_VARIABLE = re.compile(r"\{\{ *([A-Za-z.]{1,40}) *(?:\| *([^{}|]{0,100}?) *)?\}\}")
_ANY = re.compile(r"\{\{([^{}]{0,200})\}\}")

NAMES = (
    "customer.fullName",
    "customer.firstName",
    "customer.lastName",
    "customer.email",
    "conversation.number",
    "conversation.subject",
    "mailbox.name",
    "mailbox.email",
)


def problems(text: str, path: str) -> list[FieldError]:
    """Variables that do not exist."""
    errors = []
    for found in _ANY.finditer(text):
        known = _VARIABLE.fullmatch(found[0])
        if known is None or known[1] not in NAMES:
            names = ", ".join(repr(name) for name in NAMES)
            errors.append(FieldError(path, f"variables must be one of {names}", "EnumValue", found[0]))
    return errors


def filled(text: str, values: dict[str, str], *, is_html: bool) -> str:
    """The text with its variables filled in. What has no value and no word of its own is left empty."""
    return placeholders.filled(text, values, is_html=is_html, in_braces=True)
