"""Front matter: the few lines of `name: value` between `---` that files of articles begin with.

A small part of YAML: texts, quoted or not, and lists of them. Anything deeper is passed over.
"""

from __future__ import annotations

import json
import re

MOST_CHARACTERS = 20_000
_BLOCK = re.compile(r"\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$\n?", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"([A-Za-z_][\w.-]*)[ \t]*:[ \t]*(.*)")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")


def split(text: str) -> tuple[dict[str, str | list[str]], str]:
    """The values by their names in lower case, and what follows them."""
    found = _BLOCK.match(text[:MOST_CHARACTERS])
    if found is None:
        return {}, text
    values: dict[str, str | list[str]] = {}
    name = ""
    for line in found[1].splitlines():
        item, pair = _ITEM.fullmatch(line), _LINE.fullmatch(line)
        if item and name:
            held = values.get(name)
            values[name] = [*(held if isinstance(held, list) else []), _plain(item[1])]
        elif pair:
            name = pair[1].lower()
            values[name] = _value(pair[2].strip())
    return values, text[found.end() :]


def joined(values: dict[str, str | list[str]]) -> str:
    """The block that `split` reads these values from."""
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(["---", *lines, "---", ""])


def text_of(values: dict[str, str | list[str]], *names: str) -> str:
    """The first of the values that is there, as one text."""
    for name in names:
        value = values.get(name)
        if value:
            return value if isinstance(value, str) else ", ".join(value)
    return ""


def list_of(values: dict[str, str | list[str]], *names: str) -> list[str]:
    """The first of the values that is there, as a list; a text is parted by its commas."""
    for name in names:
        value = values.get(name)
        if isinstance(value, list):
            return value
        if value:
            return [part.strip() for part in value.split(",") if part.strip()]
    return []


def _value(text: str) -> str | list[str]:
    if text.startswith("[") and text.endswith("]"):
        try:
            read = json.loads(text)
            return [str(item) for item in read]
        except (ValueError, TypeError):
            return [_plain(part) for part in text[1:-1].split(",") if part.strip()]
    return _plain(text)


def _plain(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text
