"""Whether conditions hold for a conversation, and what stood there: pure functions, the same for runs and dry runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from waypost.domains.workflows import catalog, patterns
from waypost.domains.workflows.cases import Case
from waypost.domains.workflows.catalog import Kind
from waypost.domains.workflows.condition_checks import kind_of, listed, moment_of, number_of
from waypost.domains.workflows.models import Condition, Definition, Finding
from waypost.domains.workflows.references import References

#: How much of what stood there is kept as the reason.
SHOWN_LETTERS = 200


class Moment(msgspec.Struct, frozen=True):
    """When conditions are looked at, and what has just happened (the words of the condition `event`)."""

    now: datetime
    happened: frozenset[str] = frozenset()


class Verdict(msgspec.Struct, frozen=True):
    """Whether all groups hold, and why. `waits_for_hour`: it would, if it were another day or hour."""

    holds: bool
    findings: list[Finding]
    waits_for_hour: bool


def explain(definition: Definition, case: Case, known: References | None, moment: Moment) -> Verdict:
    """Look at every condition, also when the first group has failed: people want to see all of them."""
    findings: list[Finding] = []
    held, could_hold = True, True
    for outer, group in enumerate(definition.conditions):
        any_holds = any_could = False
        for inner, condition in enumerate(group.any):
            kind = _kind(condition, known)
            holds, actual = (False, "") if kind is None else _test(condition, kind, case, moment)
            any_holds = any_holds or holds
            any_could = any_could or holds or kind in catalog.RECURRENT
            path = f"conditions[{outer}].any[{inner}]"
            findings.append(Finding(path, condition.field, condition.operator, holds, actual[:SHOWN_LETTERS]))
        held, could_hold = held and any_holds, could_hold and any_could
    return Verdict(held, findings, could_hold and not held)


def _kind(condition: Condition, known: References | None) -> Kind | None:
    if condition.field in catalog.NAMING:
        return kind_of(condition, known) if known is not None else None
    return catalog.FIELDS.get(condition.field)


def names_things(definition: Definition) -> bool:
    """Whether looking at it takes the account's custom fields or customer properties."""
    return any(condition.field in catalog.NAMING for group in definition.conditions for condition in group.any)


def _test(condition: Condition, kind: Kind, case: Case, moment: Moment) -> tuple[bool, str]:
    operator = condition.operator
    positive = catalog.NEGATED.get(operator, operator)
    holds, actual = _TESTS[kind](condition, positive, case, moment)
    return (not holds if operator in catalog.NEGATED else holds), actual


# ---------------------------------------------------------------- values of a kind


def _texts(condition: Condition, case: Case) -> list[str]:
    match condition.field:
        case "customerName":
            found = [case.customer_name]
        case "customerEmail":
            found = case.emails
        case "organization":
            found = [case.organization]
        case "to":
            found = case.to
        case "cc":
            found = case.cc
        case "subject":
            found = [case.subject]
        case "body":
            found = case.bodies
        case "tags":
            found = case.tags
        case "ratingComments":
            found = [case.rating_comments]
        case _:
            found = [_named(condition, case) or ""]
    return [text for text in found if text]


def _named(condition: Condition, case: Case) -> str | None:
    """The stored value of the custom field or customer property that is named."""
    if condition.field == catalog.CUSTOM_FIELD:
        return case.fields.get(str(condition.field_id))
    return case.properties.get((condition.slug or "").lower())


def _text(condition: Condition, operator: str, case: Case, _: Moment) -> tuple[bool, str]:
    texts = _texts(condition, case)
    shown = ", ".join(texts)
    if operator == "isSet":
        return bool(texts), shown
    wanted = [str(value) for value in listed(condition.value)]
    if operator == "matches":
        return any(patterns.matches(pattern, text) for pattern in wanted for text in texts), shown
    compare = _COMPARED[operator]
    folded = [folding(text) for text in texts]
    return any(compare(text, folding(value)) for value in wanted for text in folded), shown


def folding(text: str) -> str:
    """Upper and lower case are one, and so are one blank and many."""
    return " ".join(text.split()).casefold()


_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, wanted: wanted in text,
    "startsWith": lambda text, wanted: text.startswith(wanted),
    "endsWith": lambda text, wanted: text.endswith(wanted),
    "is": lambda text, wanted: text == wanted,
}


def _choice(condition: Condition, _: str, case: Case, moment: Moment) -> tuple[bool, str]:
    wanted = listed(condition.value)
    if condition.field == catalog.EVENT:
        return bool(moment.happened.intersection(wanted)), ", ".join(sorted(moment.happened))
    actual = {"type": case.type, "status": case.status, "rating": case.rating or ""}[condition.field]
    return actual in wanted, actual or "none"


def _assignee(condition: Condition, _: str, case: Case, __: Moment) -> tuple[bool, str]:
    shown = "nobody" if case.assignee_id is None else str(case.assignee_id)
    return case.assignee_id in listed(condition.value), shown


def _person(condition: Condition, _: str, case: Case, __: Moment) -> tuple[bool, str]:
    return any(user in case.users for user in listed(condition.value)), ", ".join(map(str, sorted(case.users)))


def _mailbox(condition: Condition, _: str, case: Case, __: Moment) -> tuple[bool, str]:
    return case.mailbox_id in listed(condition.value), str(case.mailbox_id)


def _flag(condition: Condition, _: str, case: Case, moment: Moment) -> tuple[bool, str]:
    if condition.field == "attachments":
        actual = case.has_attachments
    else:
        actual = case.snoozed_until is not None and case.snoozed_until > moment.now
    return actual is condition.value, str(actual).lower()


def base_of(field: str, case: Case) -> datetime | None:
    """The moment that a time condition counts from; None when that has never been."""
    return {
        "createdAt": case.created_at,
        "lastCustomerReplyAt": case.last_customer_at,
        "lastUserReplyAt": case.last_user_at,
        "statusChangedAt": case.status_changed_at,
        "waitingSince": case.waiting_since,
    }[field]


def span_of(condition: Condition) -> timedelta:
    """The amount of time of a condition."""
    return timedelta(seconds=condition.value["amount"] * catalog.UNITS[condition.value["unit"]])


def _age(condition: Condition, operator: str, case: Case, moment: Moment) -> tuple[bool, str]:
    base = base_of(condition.field, case)
    if base is None:
        return False, "never"
    shown = base.strftime("%Y-%m-%dT%H:%M:%SZ")
    if operator in ("before", "after"):
        limit = moment_of(condition.value)
        assert limit is not None
        return (base < limit if operator == "before" else base >= limit), shown
    is_older = base <= moment.now - span_of(condition)
    return (is_older if operator == catalog.MATURING else not is_older), shown


def local(condition: Condition, now: datetime) -> datetime:
    """The time of day where the condition says."""
    return now.astimezone(ZoneInfo(condition.timezone or "UTC"))


def _day(condition: Condition, _: str, __: Case, moment: Moment) -> tuple[bool, str]:
    today = catalog.DAYS[local(condition, moment.now).weekday()]
    return today in listed(condition.value), today


def _hour(condition: Condition, _: str, __: Case, moment: Moment) -> tuple[bool, str]:
    there = local(condition, moment.now)
    first, last = condition.value["from"] % 24, condition.value["to"]
    inside = first <= there.hour < last if first < last else there.hour >= first or there.hour < last
    return inside, there.strftime("%H:%M")


def _number(condition: Condition, operator: str, case: Case, _: Moment) -> tuple[bool, str]:
    stored = _named(condition, case)
    actual = number_of(stored) if stored else None
    if actual is None or operator == "isSet":
        return actual is not None and operator == "isSet", stored or ""
    wanted = [number for value in listed(condition.value) if (number := number_of(value)) is not None]
    tests = {
        "is": any(actual == number for number in wanted),
        "greaterThan": any(actual > number for number in wanted),
        "lessThan": any(actual < number for number in wanted),
    }
    return tests[operator], stored or ""


def _date(condition: Condition, operator: str, case: Case, _: Moment) -> tuple[bool, str]:
    stored = _named(condition, case)
    if not stored or operator == "isSet":
        return bool(stored), stored or ""
    try:
        actual = date.fromisoformat(stored)
    except ValueError:
        return False, stored
    wanted = [date.fromisoformat(value) for value in listed(condition.value)]
    tests = {
        "is": any(actual == day for day in wanted),
        "before": any(actual < day for day in wanted),
        "after": any(actual > day for day in wanted),
    }
    return tests[operator], stored


def _option(condition: Condition, operator: str, case: Case, _: Moment) -> tuple[bool, str]:
    stored = _named(condition, case)
    if not stored or operator == "isSet":
        return bool(stored) and operator == "isSet", stored or ""
    return stored in [str(value) for value in listed(condition.value)], stored


Test = Callable[[Condition, str, Case, Moment], tuple[bool, Any]]
_TESTS: dict[Kind, Test] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.ASSIGNEE: _assignee,
    Kind.PERSON: _person,
    Kind.MAILBOX: _mailbox,
    Kind.TAGS: _text,
    Kind.FLAG: _flag,
    Kind.AGE: _age,
    Kind.DAY: _day,
    Kind.HOUR: _hour,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.OPTION: _option,
}
