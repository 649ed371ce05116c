"""Values of custom fields: checked by type, stored in one form (spec: 7.6)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from waypost.domains.accounts import Actor
from waypost.domains.conversations import store_labels
from waypost.domains.conversations.listing import FieldMatch
from waypost.domains.mailboxes import CustomField, FieldType
from waypost.kit.errors import FieldError
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

LINE_LIMIT = 255
TEXT_LIMIT = 15_000
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def check(field: CustomField, value: str, path: str) -> str | FieldError:
    """The value as it is stored, or why it is refused. A dropdown takes an option's id or its label."""
    text = clean_text(value)
    match field.type:
        case FieldType.DROPDOWN:
            # Ids first: a label may look like the id of another option.
            wanted = text.strip()
            by_id = [option for option in field.options if wanted == str(option.id)]
            by_label = [option for option in field.options if wanted.lower() == option.label.lower()]
            for option in by_id + by_label:
                return str(option.id)
            labels = ", ".join(repr(option.label) for option in field.options)
            return FieldError(path, f"must be one of {labels}", "EnumValue", value)
        case FieldType.NUMBER:
            if len(text.strip()) <= LINE_LIMIT and _NUMBER.fullmatch(text.strip()):
                return text.strip()
            return FieldError(path, "invalid number", "Number", value)
        case FieldType.DATE:
            return _date(text.strip(), path)
        case FieldType.SINGLELINE:
            # One line is one line: breaks and other control characters are blanks in it.
            text, limit = _CONTROL.sub(" ", text).strip(), LINE_LIMIT
        case FieldType.MULTILINE:
            limit = TEXT_LIMIT
    return text if len(text) <= limit else FieldError(path, f"size must be between 0 and {limit}", "Size", value)


def _date(text: str, path: str) -> str | FieldError:
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    return FieldError(path, "malformed date", "Date", text)


def check_all(
    fields: list[CustomField], values: list[tuple[int, str]], path: str = "fields"
) -> tuple[dict[int, str], list[FieldError]]:
    """Checked values by field id ("" clears), and every mistake. Fields of other mailboxes do not exist here."""
    known = {field.id: field for field in fields}
    checked: dict[int, str] = {}
    errors: list[FieldError] = []
    for index, (field_id, value) in enumerate(values):
        field = known.get(field_id)
        if field is None:
            errors.append(FieldError(f"{path}[{index}].id", "custom field does not exist", "Unknown", field_id))
        elif not _CONTROL.sub("", clean_text(value)).strip():
            checked[field_id] = ""
        else:
            result: Any = check(field, value, f"{path}[{index}].value")
            if isinstance(result, FieldError):
                errors.append(result)
            else:
                checked[field_id] = result
    return checked, errors


async def matches(tx: Tx, actor: Actor, pairs: list[tuple[int, str]]) -> list[FieldMatch]:
    """What each pair of `customFieldsByIds` stands for: words in a text, an option by id or label (spec: 7.1)."""
    kinds = await store_labels.field_kinds(tx.connection, actor.account_id, [field_id for field_id, _ in pairs])
    found = []
    for field_id, text in pairs:
        kind, options = kinds.get(field_id, ("multiline", {}))
        if kind == "singleline":
            found.append(FieldMatch(field_id, words=clean_text(text)))
        elif kind == "dropdown":
            wanted = text.strip()
            ids = [str(option) for label, option in options.items() if label == wanted.lower() or str(option) == wanted]
            found.append(FieldMatch(field_id, values=ids))
        elif kind in ("number", "date"):
            found.append(FieldMatch(field_id, values=[text.strip()]))
        else:
            found.append(FieldMatch(field_id, values=[]))
    return found
