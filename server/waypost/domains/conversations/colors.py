"""Colours of tags: a name or hex comes in and is kept, conversations show hex (spec: 7.0, 11.11)."""

from __future__ import annotations

import re

from waypost.kit.errors import FieldError

NONE = "none"
PALETTE = {
    NONE: "#929499",
    "aqua": "#2ba6a1",
    "black": "#2a3b47",
    "blue": "#1292ee",
    "brown": "#9c6b43",
    "gray": "#929499",
    "green": "#3aa876",
    "lightblue": "#66b8f2",
    "lightgreen": "#8fce5a",
    "orange": "#f2862e",
    "pink": "#e5559a",
    "purple": "#7e6bc4",
    "red": "#d6455d",
    "teal": "#14857f",
    "white": "#ffffff",
    "yellow": "#e0b021",
}
_SPELLED_OTHERWISE = {"grey": "gray", "light-blue": "lightblue", "light-green": "lightgreen", "": NONE}
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")


def check(color: str, path: str = "color") -> str | FieldError:
    """The colour as it is kept, or why it is refused."""
    text = color.strip().lower()
    text = _SPELLED_OTHERWISE.get(text, text)
    if text in PALETTE:
        return text
    if _HEX.fullmatch(text):
        return text if len(text) == 7 else "#" + "".join(digit * 2 for digit in text[1:])
    names = ", ".join(repr(name) for name in PALETTE)
    return FieldError(path, f"must be a colour such as '#1292ee', or one of {names}", "EnumValue", color)


def as_hex(color: str) -> str:
    """What a browser shows."""
    return PALETTE.get(color, color)
