"""Checking conditions on write: every mistake with its place, so that what is stored can be evaluated without doubt."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from waypost.domains.workflows import catalog, patterns
from waypost.domains.workflows.catalog import Kind
from waypost.domains.workflows.models import Condition, Group
from waypost.domains.workflows.references import References
from waypost.kit.errors import ErrorKind, FieldError
from waypost.kit.text import clean_text

_LARGEST_ID = 2**63 - 1
MOST_VALUES = 50
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def check_groups(groups: list[Group], known: References) -> list[FieldError]:
    """All that is wrong with the conditions of a workflow, in document order."""
    errors: list[FieldError] = []
    if sum(len(group.any) for group in groups) > catalog.MOST_CONDITIONS:
        return [FieldError("conditions", f"size must be between 0 and {catalog.MOST_CONDITIONS}", "Size")]
    for outer, group in enumerate(groups):
        if not group.any:
            errors.append(FieldError(f"conditions[{outer}].any", "may not be empty", "NotEmpty"))
        for inner, condition in enumerate(group.any):
            errors += check(condition, f"conditions[{outer}].any[{inner}]", known)
    return errors


def check(condition: Condition, at: str, known: References) -> list[FieldError]:
    """All that is wrong with one condition, which stands at that path."""
    if condition.field not in catalog.FIELD_NAMES:
        return [_one_of(f"{at}.field", catalog.FIELD_NAMES, condition.field)]
    kind, errors = _kind(condition, at, known)
    if kind is None:
        return errors
    operators = catalog.OPERATORS[kind]
    if condition.operator not in operators:
        return [_one_of(f"{at}.operator", operators, condition.operator)]
    if condition.operator in ("isSet", "isNotSet"):
        return []
    errors = _CHECKS[kind](condition, f"{at}.value", known)
    if condition.timezone is not None and not is_timezone(condition.timezone):
        errors.append(FieldError(f"{at}.timezone", "time zone does not exist", "Unknown", condition.timezone))
    return errors


def is_timezone(name: str) -> bool:
    """Whether a time zone has this name."""
    return name in available_timezones()


def kind_of(condition: Condition, known: References) -> Kind | None:
    """How a condition is compared; None when the field or property that it names is not there."""
    return _kind(condition, "", known)[0]


def _kind(condition: Condition, at: str, known: References) -> tuple[Kind | None, list[FieldError]]:
    if condition.field == catalog.CUSTOM_FIELD:
        if condition.field_id is None:
            return None, [FieldError(f"{at}.fieldId", "may not be null", "NotNull")]
        field = known.fields.get(condition.field_id)
        if field is None:
            problem = FieldError(f"{at}.fieldId", "custom field does not exist", "Unknown", condition.field_id)
            return None, [problem]
        return catalog.KIND_OF_FIELD_TYPE[field.type.value], []
    if condition.field == catalog.CUSTOMER_PROPERTY:
        if not condition.slug:
            return None, [FieldError(f"{at}.slug", "may not be empty", "NotEmpty")]
        definition = known.properties.get(condition.slug.lower())
        if definition is None:
            problem = FieldError(f"{at}.slug", "customer property does not exist", "Unknown", condition.slug)
            return None, [problem]
        return catalog.KIND_OF_PROPERTY_TYPE[definition.type.value], []
    return catalog.FIELDS[condition.field], []


def _one_of(path: str, names: tuple[str, ...], rejected: Any) -> FieldError:
    return FieldError(path, f"must be one of {', '.join(repr(name) for name in names)}", "EnumValue", rejected)


def listed(value: Any) -> list[Any]:
    """One value or several, as a list."""
    return value if isinstance(value, list) else [value]


def _each(condition: Condition, at: str, check_one: Callable[[Any, str], FieldError | None]) -> list[FieldError]:
    """Check one value, or each of several."""
    value = condition.value
    if isinstance(value, list):
        if not value:
            return [FieldError(at, "may not be empty", "NotEmpty")]
        if len(value) > MOST_VALUES:
            return [FieldError(at, f"size must be between 1 and {MOST_VALUES}", "Size")]
        found = [check_one(item, f"{at}[{index}]") for index, item in enumerate(value)]
    else:
        found = [check_one(value, at)]
    return [problem for problem in found if problem is not None]


def _text_problem(value: Any, at: str, limit: int = catalog.TEXT_LIMIT) -> FieldError | None:
    if not isinstance(value, str):
        return FieldError(at, "must be a string", "Type", value)
    if not clean_text(value).strip():
        return FieldError(at, "may not be empty", "NotEmpty", value)
    if len(value) > limit:
        return FieldError(at, f"size must be between 1 and {limit}", "Size", value)
    return None


def _pattern_problem(value: Any, at: str) -> FieldError | None:
    problem = _text_problem(value, at, catalog.PATTERN_LIMIT)
    if problem is not None:
        return problem
    try:
        patterns.compiled(value)
    except ValueError as error:
        return FieldError(at, f"is not a regular expression: {error}", "Type", value)
    return None


def _check_text(condition: Condition, at: str, _: References) -> list[FieldError]:
    is_pattern = condition.operator in ("matches", "notMatches")
    return _each(condition, at, _pattern_problem if is_pattern else _text_problem)


def _check_choice(condition: Condition, at: str, _: References) -> list[FieldError]:
    choices = catalog.CHOICES[condition.field]
    return _each(condition, at, lambda value, path: None if value in choices else _one_of(path, choices, value))


def is_id(value: Any) -> bool:
    """Whether it can be an id on the wire."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LARGEST_ID


def _unknown(path: str, noun: str, value: Any) -> FieldError:
    kind: ErrorKind = "Unknown" if is_id(value) else "Identifier"
    return FieldError(path, f"{noun} does not exist" if is_id(value) else "invalid identifier", kind, value)


def _check_assignee(condition: Condition, at: str, known: References) -> list[FieldError]:
    return _each(
        condition,
        at,
        lambda value, path: (
            None if value is None or (is_id(value) and value in known.people) else _unknown(path, "user", value)
        ),
    )


def _check_person(condition: Condition, at: str, known: References) -> list[FieldError]:
    return _each(
        condition,
        at,
        lambda value, path: None if is_id(value) and value in known.people else _unknown(path, "user", value),
    )


def _check_mailbox(condition: Condition, at: str, known: References) -> list[FieldError]:
    return _each(
        condition,
        at,
        lambda value, path: None if is_id(value) and value in known.mailbox_ids else _unknown(path, "mailbox", value),
    )


def _check_flag(condition: Condition, at: str, _: References) -> list[FieldError]:
    if isinstance(condition.value, bool):
        return []
    return [FieldError(at, "must be true or false", "Type", condition.value)]


def _check_age(condition: Condition, at: str, _: References) -> list[FieldError]:
    value = condition.value
    if condition.operator in ("before", "after"):
        return [] if moment_of(value) is not None else [FieldError(at, "malformed date", "Date", value)]
    if not isinstance(value, dict):
        return [FieldError(at, "must be an object with amount and unit", "Type", value)]
    errors = []
    amount, unit = value.get("amount"), value.get("unit")
    if unit not in catalog.UNITS:
        errors.append(_one_of(f"{at}.unit", tuple(catalog.UNITS), unit))
        unit = "days"
    most = catalog.MOST_DAYS * 86_400 // catalog.UNITS[unit]
    if not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= most:
        errors.append(FieldError(f"{at}.amount", f"must be a whole number between 1 and {most}", "Number", amount))
    return errors


def moment_of(value: Any) -> datetime | None:
    """A date-time with its offset, or a date, which is midnight UTC; None for everything else."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo("UTC"))
    except ValueError:
        return None


def _check_day(condition: Condition, at: str, _: References) -> list[FieldError]:
    return _each(
        condition, at, lambda value, path: None if value in catalog.DAYS else _one_of(path, catalog.DAYS, value)
    )


def _check_hour(condition: Condition, at: str, _: References) -> list[FieldError]:
    value = condition.value
    if not isinstance(value, dict):
        return [FieldError(at, "must be an object with from and to", "Type", value)]
    errors = [
        FieldError(f"{at}.{key}", "must be a whole hour between 0 and 24", "Number", value.get(key))
        for key in ("from", "to")
        if not (isinstance(value.get(key), int) and not isinstance(value.get(key), bool) and 0 <= value[key] <= 24)
    ]
    if not errors and value["from"] % 24 == value["to"] % 24:
        errors.append(FieldError(f"{at}.to", "must be another hour than from", "Number", value["to"]))
    return errors


def number_of(value: Any) -> Decimal | None:
    """A number, or a text that spells one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or len(str(value)) > 255:
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _check_number(condition: Condition, at: str, _: References) -> list[FieldError]:
    return _each(
        condition,
        at,
        lambda value, path: (
            None if number_of(value) is not None else FieldError(path, "invalid number", "Number", value)
        ),
    )


def _date_problem(value: Any, at: str) -> FieldError | None:
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            date.fromisoformat(value)
            return None
    except ValueError:
        pass
    return FieldError(at, "malformed date", "Date", value)


def _check_date(condition: Condition, at: str, _: References) -> list[FieldError]:
    return _each(condition, at, _date_problem)


def _check_option(condition: Condition, at: str, known: References) -> list[FieldError]:
    options = options_of(condition, known)
    return _each(
        condition,
        at,
        lambda value, path: (
            None
            if not isinstance(value, bool) and isinstance(value, (str, int)) and str(value) in options
            else FieldError(path, "option does not exist", "Unknown", value)
        ),
    )


def options_of(condition: Condition, known: References) -> set[str]:
    """The ids of the options of the dropdown that a condition names."""
    if condition.field_id is not None and condition.field == catalog.CUSTOM_FIELD:
        field = known.fields.get(condition.field_id)
        return {str(option.id) for option in field.options} if field is not None else set()
    definition = known.properties.get((condition.slug or "").lower())
    return {str(option.id) for option in definition.options} if definition is not None else set()


_CHECKS: dict[Kind, Callable[[Condition, str, References], list[FieldError]]] = {
    Kind.TEXT: _check_text,
    Kind.CHOICE: _check_choice,
    Kind.ASSIGNEE: _check_assignee,
    Kind.PERSON: _check_person,
    Kind.MAILBOX: _check_mailbox,
    Kind.TAGS: _check_text,
    Kind.FLAG: _check_flag,
    Kind.AGE: _check_age,
    Kind.DAY: _check_day,
    Kind.HOUR: _check_hour,
    Kind.NUMBER: _check_number,
    Kind.DATE: _check_date,
    Kind.OPTION: _check_option,
}
