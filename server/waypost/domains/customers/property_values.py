"""What may stand in a property, by its type, and how a definition must look (spec: 8.9, 8.10). Pure."""

from __future__ import annotations

import re
import uuid
from datetime import date

from waypost.domains.customers.changes import NewOption, NewProperty
from waypost.domains.customers.content import Problems, is_web_address
from waypost.domains.customers.models import PropertyDefinition, PropertyOption, PropertyType
from waypost.kit.errors import FieldError
from waypost.kit.text import clean_text

MOST_DEFINITIONS = 50
MOST_OPTIONS = 100
LONGEST_SLUG = 100
LONGEST_NAME = 100
LONGEST_LABEL = 255
LONGEST_TEXT = 255
LONGEST_URL = 2048
RESERVED_SLUGS = frozenset(("email", "name", "company", "jobtitle"))

_SLUG = re.compile(r"[A-Za-z0-9_-]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")


def check_value(definition: PropertyDefinition, value: str | int, at: str, problems: Problems) -> str:
    """The value as it is stored: canonical for numbers, the option's id for dropdowns."""
    text = clean_text(str(value))
    match definition.type:
        case PropertyType.NUMBER:
            return _check_number(text, value, at, problems)
        case PropertyType.DATE:
            if not is_calendar_date(text):
                problems.append(FieldError(at, "malformed date", "Date", value))
        case PropertyType.URL:
            if not is_web_address(text):
                problems.append(FieldError(at, "not a well-formed URL", "Type", value))
            elif len(text) > LONGEST_URL:
                problems.append(FieldError(at, f"size must be between 1 and {LONGEST_URL}", "Size", value))
        case PropertyType.DROPDOWN:
            return _check_option(definition, text, value, at, problems)
        case PropertyType.TEXT:
            if len(text) > LONGEST_TEXT:
                problems.append(FieldError(at, f"size must be between 0 and {LONGEST_TEXT}", "Size", value))
    return text


def is_calendar_date(text: str) -> bool:
    """Whether the text is a day, `YYYY-MM-DD`."""
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def check_definition(wanted: NewProperty, problems: Problems) -> PropertyDefinition:
    """A property to define, cleaned; not yet with an id."""
    type_ = _check_type(wanted.type, problems)
    slug = _check_slug(wanted.slug, problems)
    name = check_name(wanted.name, problems)
    return PropertyDefinition(0, type_, slug, name, check_options(type_, wanted.options, problems))


def check_name(name: str | None, problems: Problems) -> str:
    """The name of a property."""
    text = clean_text(name or "")
    if not text.strip():
        problems.append(FieldError("name", "may not be empty", "NotEmpty"))
    elif len(text) > LONGEST_NAME:
        problems.append(FieldError("name", f"size must be between 1 and {LONGEST_NAME}", "Size", name))
    return text


def check_options(type_: PropertyType, options: list[NewOption], problems: Problems) -> list[PropertyOption]:
    """The options of a dropdown, each with an id; other types have none, whatever was sent."""
    if type_ is not PropertyType.DROPDOWN:
        return []
    if len(options) > MOST_OPTIONS:
        problems.append(FieldError("options", f"size must be between 0 and {MOST_OPTIONS}", "Size"))
        return []
    made = [_check_new_option(option, problems) for option in options]
    for attribute in ("id", "label"):
        seen: set[str] = set()
        for option, wanted in zip(made, options, strict=True):
            value: str = getattr(option, attribute)
            if value and value in seen:
                problems.append(FieldError(f"{wanted.at}.{attribute}", "stands here twice", "Type", value))
            seen.add(value)
    return made


def _check_type(type_: str | None, problems: Problems) -> PropertyType:
    if not type_:
        problems.append(FieldError("type", "may not be empty", "NotEmpty"))
        return PropertyType.TEXT
    try:
        return PropertyType(type_.lower())
    except ValueError:
        choices = ", ".join(repr(choice.value) for choice in PropertyType)
        problems.append(FieldError("type", f"must be one of {choices}", "EnumValue", type_))
        return PropertyType.TEXT


def _check_slug(slug: str | None, problems: Problems) -> str:
    if not slug:
        problems.append(FieldError("slug", "may not be empty", "NotEmpty"))
    elif len(slug) > LONGEST_SLUG:
        problems.append(FieldError("slug", f"size must be between 1 and {LONGEST_SLUG}", "Size", slug))
    elif not _SLUG.fullmatch(slug):
        problems.append(FieldError("slug", "may hold letters, digits, '-' and '_' only", "Type", slug))
    elif slug.lower() in RESERVED_SLUGS:
        problems.append(FieldError("slug", "is reserved", "Type", slug))
    return slug or ""


def _check_new_option(option: NewOption, problems: Problems) -> PropertyOption:
    label = clean_text(option.label or "")
    if not label.strip():
        problems.append(FieldError(f"{option.at}.label", "may not be empty", "NotEmpty"))
    elif len(label) > LONGEST_LABEL:
        problems.append(
            FieldError(f"{option.at}.label", f"size must be between 1 and {LONGEST_LABEL}", "Size", option.label)
        )
    if option.id is None:
        return PropertyOption(str(uuid.uuid4()), label)
    try:
        return PropertyOption(str(uuid.UUID(option.id)), label)
    except ValueError:
        problems.append(FieldError(f"{option.at}.id", "invalid identifier", "Identifier", option.id))
        return PropertyOption(str(uuid.uuid4()), label)


def _check_number(text: str, value: str | int, at: str, problems: Problems) -> str:
    if isinstance(value, bool) or _INTEGER.fullmatch(text.strip()) is None or not -(2**63) <= int(text) < 2**63:
        problems.append(FieldError(at, "invalid number", "Number", value))
        return ""
    return str(int(text))


def _check_option(definition: PropertyDefinition, text: str, value: str | int, at: str, problems: Problems) -> str:
    by_id = {option.id: option.id for option in definition.options}
    by_label = {option.label: option.id for option in definition.options}
    by_folded_label = {option.label.casefold(): option.id for option in reversed(definition.options)}
    chosen = by_id.get(text.lower()) or by_label.get(text) or by_folded_label.get(text.casefold())
    if chosen is None:
        choices = ", ".join(repr(option.label) for option in definition.options)
        problems.append(FieldError(at, f"must be one of {choices}", "EnumValue", value))
        return ""
    return chosen
