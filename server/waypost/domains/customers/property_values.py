"""What may stand in a property, by its type, and how a definition must look (spec: 8.9, 8.10). Pure."""

from __future__ import annotations

import re
import uuid
from datetime import date

import msgspec

from waypost.domains.customers.changes import NewOption, NewProperty
from waypost.domains.customers.content import Problems, is_web_address
from waypost.domains.customers.models import PropertyDefinition, PropertyOption, PropertyType
from waypost.kit.errors import FieldError
from waypost.kit.text import clean_text

MOST_DEFINITIONS = 50
MOST_OPTIONS = 100
LONGEST_NAME = 100
LONGEST_TEXT = 255
LONGEST_URL = 2048


class Limits(msgspec.Struct, frozen=True):
    """In what the definitions of one kind of owner differ from those of another."""

    longest_slug: int
    longest_label: int
    reserved_slugs: frozenset[str] = frozenset()


CUSTOMER_LIMITS = Limits(100, 255, frozenset(("email", "name", "company", "jobtitle")))  # spec: 8.10
ORGANIZATION_LIMITS = Limits(120, 100)  # spec: 9, E71

_SLUG = re.compile(r"[A-Za-z0-9_-]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")


def check_value(
    definition: PropertyDefinition, value: str | int, at: str, problems: Problems, *, exact_labels: bool = False
) -> str:
    """The value as it is stored: canonical for numbers, the option's id for dropdowns.

    A dropdown takes an option's id or its label in any case; with `exact_labels` the label as it is, and nothing else.
    """
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
            return _check_option(definition, text, value, at, problems, exact_labels)
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


def check_definition(wanted: NewProperty, problems: Problems, limits: Limits) -> PropertyDefinition:
    """A property to define, cleaned; not yet with an id."""
    type_ = _check_type(wanted.type, problems)
    slug = _check_slug(wanted.slug, problems, limits)
    name = check_name(wanted.name, problems)
    return PropertyDefinition(0, type_, slug, name, check_options(type_, wanted.options, problems, limits))


def check_name(name: str | None, problems: Problems) -> str:
    """The name of a property."""
    text = clean_text(name or "")
    if not text.strip():
        problems.append(FieldError("name", "may not be empty", "NotEmpty"))
    elif len(text) > LONGEST_NAME:
        problems.append(FieldError("name", f"size must be between 1 and {LONGEST_NAME}", "Size", name))
    return text


def with_known_ids(options: list[NewOption], definition: PropertyDefinition) -> list[NewOption]:
    """Options that were sent without an id, under the one that their label has already: so their values stay."""
    sent = {option.id.lower() for option in options if option.id}
    ids = {option.label: option.id for option in reversed(definition.options) if option.id not in sent}
    return [
        option
        if option.id is not None
        else msgspec.structs.replace(option, id=ids.pop(clean_text(option.label or ""), None))
        for option in options
    ]


def check_options(
    type_: PropertyType, options: list[NewOption], problems: Problems, limits: Limits
) -> list[PropertyOption]:
    """The options of a dropdown, each with an id; other types have none, whatever was sent."""
    if type_ is not PropertyType.DROPDOWN:
        return []
    if len(options) > MOST_OPTIONS:
        problems.append(FieldError("options", f"size must be between 0 and {MOST_OPTIONS}", "Size"))
        return []
    made = [_check_new_option(option, problems, limits.longest_label) for option in options]
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


def _check_slug(slug: str | None, problems: Problems, limits: Limits) -> str:
    if not slug:
        problems.append(FieldError("slug", "may not be empty", "NotEmpty"))
    elif len(slug) > limits.longest_slug:
        problems.append(FieldError("slug", f"size must be between 1 and {limits.longest_slug}", "Size", slug))
    elif not _SLUG.fullmatch(slug):
        problems.append(FieldError("slug", "may hold letters, digits, '-' and '_' only", "Type", slug))
    elif slug.lower() in limits.reserved_slugs:
        problems.append(FieldError("slug", "is reserved", "Type", slug))
    return slug or ""


def _check_new_option(option: NewOption, problems: Problems, longest: int) -> PropertyOption:
    label = clean_text(option.label or "")
    if not label.strip():
        problems.append(FieldError(f"{option.at}.label", "may not be empty", "NotEmpty"))
    elif len(label) > longest:
        problems.append(FieldError(f"{option.at}.label", f"size must be between 1 and {longest}", "Size", option.label))
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


def _check_option(
    definition: PropertyDefinition, text: str, value: str | int, at: str, problems: Problems, exact_labels: bool
) -> str:
    by_id = {option.id: option.id for option in definition.options}
    by_label = {option.label: option.id for option in definition.options}
    by_folded_label = {option.label.casefold(): option.id for option in reversed(definition.options)}
    chosen = by_label.get(text)
    if chosen is None and not exact_labels:
        chosen = by_id.get(text.lower()) or by_folded_label.get(text.casefold())
    if chosen is None:
        choices = ", ".join(repr(option.label) for option in definition.options)
        problems.append(FieldError(at, f"must be one of {choices}", "EnumValue", value))
        return ""
    return chosen
