"""What a user's details must look like, and the made-up part of them: the word by which others mention the user."""

from __future__ import annotations

import re
from collections.abc import Collection
from email.errors import MessageError
from email.headerregistry import Address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from waypost.domains.accounts.models import NewUser, UserPatch
from waypost.kit.errors import FieldError, Invalid

_ADDRESS_LENGTH = 254  # RFC 5321, 4.5.3.1.3 without the angle brackets
_LENGTHS = {"first_name": 40, "last_name": 40, "job_title": 60, "phone": 60, "mention": 40, "photo_url": 500}
_NAMES = {
    "email": "email",
    "first_name": "firstName",
    "last_name": "lastName",
    "timezone": "timezone",
    "photo_url": "photoUrl",
    "job_title": "jobTitle",
    "phone": "phone",
    "mention": "mention",
    "alternate_emails": "alternateEmails",
}
# Half surrogates as well: they are no text, and the database does not take them.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MENTION = re.compile(r"[\w.-]+")


def check(details: NewUser | UserPatch) -> None:
    """Raise Invalid with every field that fails."""
    errors: list[FieldError] = []
    for name, path in _NAMES.items():
        value = getattr(details, name)
        if value is msgspec.UNSET:
            continue
        if name == "alternate_emails":
            found = [_fault("email", f"{path}[{index}]", each) for index, each in enumerate(value)]
        else:
            found = [_fault(name, path, value)]
        errors += [fault for fault in found if fault is not None]
    if errors:
        raise Invalid(errors)


def _fault(name: str, path: str, value: str) -> FieldError | None:
    if name in ("email", "first_name") and not value.strip():
        return FieldError(path, "may not be empty", "NotEmpty")
    if _CONTROL.search(value):
        return FieldError(path, "may not hold control characters", "Type", value)
    if name == "email" and not is_address(value):
        return FieldError(path, "not a well-formed email address", "Email", value)
    if name == "timezone" and not _is_timezone(value):
        return FieldError(path, "unknown time zone", "EnumValue", value)
    if name == "photo_url" and value and urlsplit(value).scheme not in ("http", "https"):
        return FieldError(path, "must be a web address", "Type", value)
    if name == "mention" and value and not _MENTION.fullmatch(value):
        return FieldError(path, "may hold letters, digits, dots and dashes only", "Type", value)
    longest = _LENGTHS.get(name)
    if longest is not None and len(value) > longest:
        return FieldError(path, f"size must be between 0 and {longest}", "Size", value)
    return None


def check_name(path: str, name: str, longest: int) -> None:
    """Raise Invalid unless this can be the name of something."""
    if not name.strip():
        raise Invalid.one(path, "may not be empty", "NotEmpty")
    if _CONTROL.search(name):
        raise Invalid.one(path, "may not hold control characters", "Type", name)
    if len(name) > longest:
        raise Invalid.one(path, f"size must be between 1 and {longest}", "Size", name)


def is_address(text: str) -> bool:
    """Whether this is one bare e-mail address that mail can be sent to."""
    if len(text) > _ADDRESS_LENGTH or _CONTROL.search(text) or " " in text:
        return False
    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError):
        return False
    return bool(address.username) and "." in address.domain.strip(".") and ".." not in address.domain


def _is_timezone(name: str) -> bool:
    if name == "UTC":  # known even where the machine has no time zone data
        return True
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def mention_for(name: str, fallback: str, taken: Collection[str]) -> str:
    """The name without blanks in lower case, numbered where that is taken: john, john2, tier1."""
    stem = "".join(_MENTION.findall(name.lower())) or "".join(_MENTION.findall(fallback.lower())) or "user"
    stem = stem[: _LENGTHS["mention"] - 6]
    used = {word.lower() for word in taken}
    candidate, number = stem, 1
    while candidate in used:
        number += 1
        candidate = f"{stem}{number}"
    return candidate
