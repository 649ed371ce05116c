"""Checking actions on write: their own keys, and whether what they name is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from msgspec import UNSET

from waypost.domains import conversations
from waypost.domains.customers import is_email_address
from waypost.domains.workflows import catalog, variables
from waypost.domains.workflows.models import Action
from waypost.domains.workflows.references import References
from waypost.kit.errors import FieldError
from waypost.kit.html import clean_body, to_text

STATUSES = ("active", "closed", "pending", "spam")
BODY_LIMIT = 50_000
SUBJECT_LIMIT = 998
URL_LIMIT = 2000
MOST_RECIPIENTS = 50

Check = Callable[[Action, str, References], list[FieldError]]


def check_actions(actions: list[Action], known: References) -> list[FieldError]:
    """All that is wrong with the actions of a workflow, in document order."""
    if not actions:
        return [FieldError("actions", "may not be empty", "NotEmpty")]
    if len(actions) > catalog.MOST_ACTIONS:
        return [FieldError("actions", f"size must be between 1 and {catalog.MOST_ACTIONS}", "Size")]
    errors: list[FieldError] = []
    for index, action in enumerate(actions):
        at = f"actions[{index}]"
        check = CHECKS.get(action.type)
        if check is None:
            names = ", ".join(repr(name) for name in CHECKS)
            errors.append(FieldError(f"{at}.type", f"must be one of {names}", "EnumValue", action.type))
            continue
        errors += check(action, at, known)
        if action.type in _LAST and index < len(actions) - 1:
            message = f"nothing can follow '{action.type}'"
            errors.append(FieldError(f"{at}.type", message, "EnumValue", action.type))
    return errors


#: After a deletion there is nothing left to change; after a move the rules of another mailbox hold.
_LAST = ("delete", "move")


def _assign(action: Action, at: str, known: References) -> list[FieldError]:
    if action.assign_to is UNSET:
        return [FieldError(f"{at}.assignTo", "is needed: a user, a team, or null for nobody", "NotNull")]
    if action.assign_to is None or action.assign_to in known.people:
        return []
    return [FieldError(f"{at}.assignTo", "user does not exist", "Unknown", action.assign_to)]


def _tags(action: Action, at: str, _: References) -> list[FieldError]:
    if not action.tags:
        return [FieldError(f"{at}.tags", "may not be empty", "NotEmpty")]
    return conversations.clean_tags(action.tags, f"{at}.tags")[1]


def _status(action: Action, at: str, _: References) -> list[FieldError]:
    if action.status in STATUSES:
        return []
    names = ", ".join(repr(name) for name in STATUSES)
    return [FieldError(f"{at}.status", f"must be one of {names}", "EnumValue", action.status)]


def _field(action: Action, at: str, known: References) -> list[FieldError]:
    if action.field_id is None:
        return [FieldError(f"{at}.fieldId", "may not be null", "NotNull")]
    field = known.fields.get(action.field_id)
    if field is None:
        return [FieldError(f"{at}.fieldId", "custom field does not exist", "Unknown", action.field_id)]
    if not action.value:
        return []
    checked = conversations.check_field_value(field, action.value, f"{at}.value")
    return [checked] if isinstance(checked, FieldError) else []


def _text(action: Action, at: str, *, limit: int = BODY_LIMIT) -> list[FieldError]:
    text = action.text or ""
    if len(text) > limit:
        return [FieldError(f"{at}.text", f"size must be between 1 and {limit}", "Size", text)]
    if not to_text(clean_body(text)).strip() and "<img" not in text:
        return [FieldError(f"{at}.text", "may not be empty", "NotEmpty", text)]
    return variables.problems(text, f"{at}.text")


def _subject(action: Action, at: str, *, is_needed: bool) -> list[FieldError]:
    subject = action.subject or ""
    if not subject.strip():
        return [FieldError(f"{at}.subject", "may not be empty", "NotEmpty", action.subject)] if is_needed else []
    if len(subject) > SUBJECT_LIMIT:
        return [FieldError(f"{at}.subject", f"size must be between 1 and {SUBJECT_LIMIT}", "Size", subject)]
    return variables.problems(subject, f"{at}.subject")


def _note(action: Action, at: str, _: References) -> list[FieldError]:
    return _text(action, at)


def _reply(action: Action, at: str, known: References) -> list[FieldError]:
    if action.saved_reply_id is None:
        return _text(action, at)
    if action.text:
        return [FieldError(f"{at}.text", "must be left out where a saved reply is sent", "EnumValue", action.text)]
    if action.saved_reply_id in known.saved_reply_ids:
        return []
    return [FieldError(f"{at}.savedReplyId", "saved reply does not exist", "Unknown", action.saved_reply_id)]


def _email_customer(action: Action, at: str, _: References) -> list[FieldError]:
    return _subject(action, at, is_needed=True) + _text(action, at)


def _notify(action: Action, at: str, known: References) -> list[FieldError]:
    errors: list[FieldError] = []
    if not action.to:
        errors.append(FieldError(f"{at}.to", "may not be empty", "NotEmpty"))
    elif len(action.to) > MOST_RECIPIENTS:
        errors.append(FieldError(f"{at}.to", f"size must be between 1 and {MOST_RECIPIENTS}", "Size"))
    errors += [
        FieldError(f"{at}.to[{index}]", "user does not exist", "Unknown", person)
        for index, person in enumerate(action.to or [])
        if person not in known.people
    ]
    return errors + _subject(action, at, is_needed=False) + _text(action, at)


def _move(action: Action, at: str, known: References) -> list[FieldError]:
    if action.mailbox_id is None:
        return [FieldError(f"{at}.mailboxId", "may not be null", "NotNull")]
    if action.mailbox_id not in known.mailbox_ids:
        return [FieldError(f"{at}.mailboxId", "mailbox does not exist", "Unknown", action.mailbox_id)]
    if action.mailbox_id == known.mailbox_id:
        message = "must be another mailbox than the workflow's own"
        return [FieldError(f"{at}.mailboxId", message, "EnumValue", action.mailbox_id)]
    return []


def _forward(action: Action, at: str, _: References) -> list[FieldError]:
    errors = []
    if not action.email:
        errors.append(FieldError(f"{at}.email", "may not be empty", "NotEmpty", action.email))
    elif not is_email_address(action.email):
        errors.append(FieldError(f"{at}.email", "not a well-formed email address", "Email", action.email))
    return errors + (_text(action, at) if action.text else [])


def _webhook(action: Action, at: str, _: References) -> list[FieldError]:
    return (
        []
        if is_web_address(action.url)
        else [FieldError(f"{at}.url", "must be an http(s) address", "Type", action.url)]
    )


def is_web_address(url: Any) -> bool:
    """Whether it can be sent to at all; whether it may be is looked up when it is sent."""
    if (
        not isinstance(url, str)
        or len(url) > URL_LIMIT
        or any(sign.isspace() or not sign.isprintable() for sign in url)
    ):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and not parts.username
    except ValueError:
        return False


def _change_subject(action: Action, at: str, _: References) -> list[FieldError]:
    return _subject(action, at, is_needed=True)


def _delete(_: Action, __: str, ___: References) -> list[FieldError]:
    return []


def action_types() -> tuple[str, ...]:
    """The types of action, as definitions spell them."""
    return tuple(CHECKS)


CHECKS: dict[str, Check] = {
    "assign": _assign,
    "addTags": _tags,
    "removeTags": _tags,
    "changeStatus": _status,
    "changeSubject": _change_subject,
    "setField": _field,
    "addNote": _note,
    "reply": _reply,
    "emailCustomer": _email_customer,
    "notify": _notify,
    "forward": _forward,
    "webhook": _webhook,
    "move": _move,
    "delete": _delete,
}
