"""What a subscription may say: every field checked, all mistakes at once (spec: webhooks 4; 11.13)."""

from __future__ import annotations

from enum import Enum
from typing import Any, TypeVar

from msgspec import UNSET

from waypost.domains import mailboxes
from waypost.domains.accounts import Actor
from waypost.domains.webhooks.models import (
    MASK,
    Means,
    Profile,
    RetryPolicy,
    WebhookChanges,
    WebhookState,
)
from waypost.domains.webhooks.names import SPELLINGS
from waypost.kit.errors import FieldError, Forbidden, Invalid
from waypost.kit.safe_http import OutgoingFailure
from waypost.kit.text import clean_text
from waypost.kit.tx import Tx

URL_LIMIT = 255
SECRET_LIMIT = 40
LABEL_LIMIT = 255
MOST_MAILBOXES = 1000
#: A receiver may be set up after its subscription: a name that is not known yet is no mistake, and not waited for long.
_LOOK_UP_S = 1.0

Choice = TypeVar("Choice", bound=Enum)

#: Fields whose absence from a full replacement means their default. The others are unknown to the platform's clients,
#: which replace what they have read: they stay as they are.
REPLACED: dict[str, Any] = {"label": "", "notification": False, "payload_version": "V2", "mailbox_ids": []}
_DEFAULTS: dict[str, Any] = {
    **REPLACED,
    "state": WebhookState.ENABLED,
    "retry_policy": RetryPolicy.FAST,
    "ordered": False,
    "include_spam": False,
}


async def check(
    tx: Tx, actor: Actor, means: Means, wanted: WebhookChanges, required: tuple[str, ...]
) -> dict[str, Any]:
    """The fields that were said, as they are to be stored; null means the default. Raises Invalid, Forbidden."""
    said = {name: value for name in wanted.__struct_fields__ if (value := getattr(wanted, name)) is not UNSET}
    for name in required:
        said.setdefault(name, None)
    errors: list[FieldError] = []
    values: dict[str, Any] = {}
    for name in wanted.__struct_fields__:
        if name in said:
            value = _DEFAULTS[name] if said[name] is None and name in _DEFAULTS else said[name]
            checked = _check_one(name, value, errors)
            if checked is not UNSET:
                values[name] = checked
    if "url" in values:
        await _check_url(means, values["url"], errors)
    if values.get("mailbox_ids"):
        await _check_mailboxes(tx, actor, values["mailbox_ids"], errors)
    if errors:
        order = list(_PATHS.values())
        raise Invalid(sorted(errors, key=lambda error: order.index(error.path.partition("[")[0])))
    return values


_PATHS = {
    "url": "url",
    "events": "events",
    "secret": "secret",
    "label": "label",
    "notification": "notification",
    "payload_version": "payloadVersion",
    "mailbox_ids": "mailboxIds",
    "state": "state",
    "profile": "profile",
    "retry_policy": "retryPolicy",
    "ordered": "ordered",
    "include_spam": "includeSpam",
}


def _check_one(name: str, value: Any, errors: list[FieldError]) -> Any:
    """A field's value as it is stored, or UNSET when it is refused or stays."""
    path = _PATHS[name]
    match name:
        case "url":
            return _text(path, (value or "").strip(), 1, URL_LIMIT, errors)
        case "events":
            return _events(path, value or [], errors)
        case "secret":
            return UNSET if value == MASK else _text(path, value or "", 1, SECRET_LIMIT, errors)
        case "label":
            return _text(path, clean_text(value).strip(), 0, LABEL_LIMIT, errors)
        case "payload_version":
            return _version(path, value, errors)
        case "state":
            return _choice(path, WebhookState, value, errors)
        case "profile":
            return UNSET if value is None else _choice(path, Profile, value, errors)
        case "retry_policy":
            return _choice(path, RetryPolicy, value, errors)
        case "mailbox_ids":
            return list(dict.fromkeys(value))
        case _:
            return bool(value)


def _text(path: str, text: str, low: int, high: int, errors: list[FieldError]) -> Any:
    if not text and low:
        errors.append(FieldError(path, "may not be empty", "NotEmpty"))
    elif len(text) > high:
        # What is refused is sent back to the caller, and a secret must not be.
        rejected = UNSET if path == "secret" else text
        errors.append(FieldError(path, f"size must be between {low} and {high}", "Size", rejected))
    else:
        return text
    return UNSET


def _events(path: str, given: list[str], errors: list[FieldError]) -> Any:
    if not given:
        errors.append(FieldError(path, "may not be empty", "NotEmpty"))
        return UNSET
    unknown = [
        FieldError(f"{path}[{index}]", "unknown event", "EnumValue", name)
        for index, name in enumerate(given)
        if name not in SPELLINGS
    ]
    # One mistake for each spelling is enough to mend them; a list of any length is not sent back.
    errors += unknown[: len(SPELLINGS)]
    return UNSET if unknown else list(dict.fromkeys(given))


def _version(path: str, value: str, errors: list[FieldError]) -> Any:
    # V1 is retired: receivers that still ask for it get V2 (11.13).
    if value.strip().upper() in ("V1", "V2"):
        return "V2"
    errors.append(FieldError(path, "must be one of 'V1', 'V2'", "EnumValue", value))
    return UNSET


def _choice(path: str, kind: type[Choice], value: Any, errors: list[FieldError]) -> Any:
    if isinstance(value, kind):
        return value
    for choice in kind:
        if choice.value == str(value).strip().lower():
            return choice
    names = ", ".join(repr(choice.value) for choice in kind)
    errors.append(FieldError(path, f"must be one of {names}", "EnumValue", value))
    return UNSET


async def _check_url(means: Means, url: str, errors: list[FieldError]) -> None:
    try:
        await means.outgoing.check(url, patience_s=_LOOK_UP_S)
    except OutgoingFailure as failure:
        if failure.kind != "dns":
            errors.append(FieldError("url", failure.detail, "Unknown", url))


async def _check_mailboxes(tx: Tx, actor: Actor, mailbox_ids: list[int], errors: list[FieldError]) -> None:
    if len(mailbox_ids) > MOST_MAILBOXES:
        errors.append(FieldError("mailboxIds", f"size must be between 0 and {MOST_MAILBOXES}", "Size"))
        return
    known = set(await mailboxes.ids_of(tx, actor.account_id))
    for index, mailbox_id in enumerate(mailbox_ids):
        if mailbox_id not in known:
            errors.append(FieldError(f"mailboxIds[{index}]", "mailbox does not exist", "Unknown", mailbox_id))
        elif not actor.sees_mailbox(mailbox_id):
            raise Forbidden("mailbox is out of reach")
