"""What may stand in a customer's fields: limits, forms and choices (spec: 8.0, 8.7, 8.8). Pure; nothing is stored here.

Each check cleans a value, or adds what is wrong with it to `problems` and lets the caller go on, so that one refusal
names every bad field.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import msgspec

from waypost.domains.customers.changes import AddressPart, CustomerProfile, FieldName, NewAddress, PlainFields
from waypost.domains.customers.models import EntryKind, Gender, PhotoType
from waypost.kit.errors import ErrorKind, FieldError
from waypost.kit.text import clean_name, clean_text

Problems = list[FieldError]

#: Words that the specification has for the fields, as they stand in requests and in refusals.
FIELD_PATHS: dict[FieldName, str] = {
    "first_name": "firstName",
    "last_name": "lastName",
    "photo_url": "photoUrl",
    "photo_type": "photoType",
    "job_title": "jobTitle",
    "location": "location",
    "background": "background",
    "age": "age",
    "gender": "gender",
    "organization": "organization",
    "organization_id": "organizationId",
}
ADDRESS_PATHS: dict[AddressPart, str] = {
    "lines": "lines",
    "city": "city",
    "state": "state",
    "postal_code": "postalCode",
    "country": "country",
}
_LONGEST: dict[FieldName, int] = {
    "first_name": 40,
    "last_name": 40,
    "photo_url": 200,
    "job_title": 60,
    "location": 60,
    "background": 200,
    "age": 3,
    "organization": 60,
}
_CUT_TO_FIT: tuple[FieldName, ...] = (
    "first_name", "last_name", "organization", "job_title", "location", "background",
)  # fmt: skip
_LONGEST_ENTRY = 255
_LONGEST_ADDRESS_PART = 255
_MOST_ADDRESS_LINES = 10
LARGEST_ID = 2**63 - 1

ENTRY_TYPES: dict[EntryKind, tuple[str, ...]] = {
    EntryKind.EMAIL: ("home", "work", "other"),
    EntryKind.PHONE: ("fax", "home", "mobile", "other", "pager", "work"),
    EntryKind.CHAT: ("aim", "gtalk", "icq", "msn", "other", "qq", "skype", "xmpp", "yahoo"),
    EntryKind.SOCIAL_PROFILE: (
        "aboutme", "facebook", "flickr", "foursquare", "google", "googleplus", "linkedin", "other", "quora",
        "tungleme", "twitter", "youtube",
    ),
    EntryKind.WEBSITE: (),
}  # fmt: skip
_DEFAULT_TYPE = {
    EntryKind.EMAIL: "work",
    EntryKind.PHONE: "work",
    EntryKind.CHAT: "other",
    EntryKind.SOCIAL_PROFILE: "other",
    EntryKind.WEBSITE: None,
}
#: HelpScoutNet (C#) spells it so.
_MISSPELT = {"forsquare": "foursquare"}

# Practical rather than RFC 5322 to the letter: one @, something readable before it, labels after it.
_EMAIL = re.compile(
    r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.[^\W_](?:[\w-]{0,61}[^\W_])?)*"
)
_LONGEST_EMAIL = 254


def is_email_address(text: str) -> bool:
    """Whether the text is a well-formed address to write to."""
    if len(text) > _LONGEST_EMAIL or _EMAIL.fullmatch(text) is None:
        return False
    local, _, domain = text.partition("@")
    dotted = not (local.startswith(".") or local.endswith(".") or ".." in local)
    return dotted and "." in domain


def is_web_address(text: str) -> bool:
    """Whether the text is an absolute http or https address. Other schemes could run script where it is shown."""
    if any(character.isspace() or ord(character) < 32 for character in text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def check_field(name: FieldName, value: str | int | None, at: str, problems: Problems) -> Any:
    """One single-valued field, cleaned: enums for the enumerations, None for nothing, text as it was sent."""
    if name == "organization_id":
        return _check_id(value, at, problems)
    if value is None:
        return None
    text = clean_text(str(value))
    if name == "gender":
        return _check_choice(Gender, text.strip().capitalize(), value, at, problems) if text else None
    if name == "photo_type":
        return _check_choice(PhotoType, text.strip().lower(), value, at, problems) if text else None
    if name in ("first_name", "last_name") and not text.strip():
        problems.append(FieldError(at, "may not be empty", "NotEmpty", value))
        return None
    longest = _LONGEST[name]
    if len(text) > longest:
        problems.append(FieldError(at, f"size must be between {_least(name)} and {longest}", "Size", value))
        return None
    if name == "photo_url" and text and not is_web_address(text):
        problems.append(FieldError(at, "not a well-formed URL", "Type", value))
        return None
    if name == "organization":
        text = text.strip()
    return text or None


def check_fields(fields: PlainFields, problems: Problems, at: str = "") -> dict[FieldName, Any]:
    """All single-valued fields, cleaned, by name."""
    prefix = f"{at}." if at else ""
    return {
        name: check_field(name, getattr(fields, name), prefix + path, problems) for name, path in FIELD_PATHS.items()
    }


def check_profile(profile: CustomerProfile, at: str = "") -> list[FieldError]:
    """What is wrong with the profile of somebody new, each with its path below `at`. Empty when all is well."""
    problems: Problems = []
    check_fields(profile, problems, at)
    if profile.phone is not None:
        check_value(EntryKind.PHONE, profile.phone, f"{at}.phone" if at else "phone", problems)
    return problems


def fitted(profile: CustomerProfile) -> tuple[dict[FieldName, Any], str | None]:
    """A profile made to fit: too long is cut, what does not fit is dropped. For mail, where nothing may be refused.

    Gives the fields and the phone number.
    """
    ignored: Problems = []
    cut: dict[FieldName, str | None] = {}
    for name in _CUT_TO_FIT:
        value = getattr(profile, name)
        if value is not None:
            cut[name] = clean_name(value, _LONGEST[name]) or None
    fields = check_fields(msgspec.structs.replace(profile, **cut), ignored)
    phone = clean_text(profile.phone).strip()[:_LONGEST_ENTRY] if profile.phone else None
    return fields, phone or None


def check_value(kind: EntryKind, value: str | None, at: str, problems: Problems) -> str:
    """What an entry holds. Addresses lose the blanks around them; anything else stays as it was sent."""
    if value is None:
        problems.append(FieldError(at, "may not be empty", "NotEmpty"))
        return ""
    text = clean_text(value)
    if kind is EntryKind.EMAIL:
        text = text.strip()
    if not text.strip():
        problems.append(FieldError(at, "may not be empty", "NotEmpty", value))
    elif len(text) > _LONGEST_ENTRY:
        problems.append(FieldError(at, f"size must be between 1 and {_LONGEST_ENTRY}", "Size", value))
    elif kind is EntryKind.EMAIL and not is_email_address(text):
        problems.append(FieldError(at, "not a well-formed email address", "Email", value))
    return text


def check_type(kind: EntryKind, type_: str | None, at: str, problems: Problems) -> str | None:
    """The type of an entry, or its kind's default when none is given. Websites have none, whatever was sent."""
    choices = ENTRY_TYPES[kind]
    if type_ is None or not choices:
        return _DEFAULT_TYPE[kind]
    wanted = type_.strip().lower()
    wanted = _MISSPELT.get(wanted, wanted)
    if wanted not in choices:
        _refuse_choice(choices, type_, at, problems)
    return wanted


def check_address(address: NewAddress, problems: Problems) -> NewAddress:
    """All parts of an address, cleaned."""
    prefix = f"{address.at}." if address.at else ""
    parts = {
        part: check_address_part(part, getattr(address, part), prefix + path, problems)
        for part, path in ADDRESS_PATHS.items()
    }
    return NewAddress(**parts)


def check_address_part(part: AddressPart, value: str | list[str] | None, at: str, problems: Problems) -> Any:
    """One part of an address, cleaned; the country in capitals."""
    if part == "lines":
        return _check_lines(value, at, problems)
    if value is None:
        return ""
    if not isinstance(value, str):
        problems.append(FieldError(at, "must be a string", "Type", value))
        return ""
    text = clean_text(value)
    if len(text) > _LONGEST_ADDRESS_PART:
        problems.append(FieldError(at, f"size must be between 0 and {_LONGEST_ADDRESS_PART}", "Size", value))
    elif part == "country" and text:
        text = text.strip().upper()
        if not re.fullmatch("[A-Z]{2}", text):
            problems.append(FieldError(at, "must be an ISO 3166 country code of two letters", "Type", value))
    return text


def _check_lines(value: str | list[str] | None, at: str, problems: Problems) -> list[str]:
    if value is None:
        return []
    lines = [value] if isinstance(value, str) else value
    if len(lines) > _MOST_ADDRESS_LINES:
        problems.append(FieldError(at, f"size must be between 0 and {_MOST_ADDRESS_LINES}", "Size", value))
        return []
    return [check_address_part("city", line, f"{at}[{index}]", problems) for index, line in enumerate(lines)]


def _check_id(value: str | int | None, at: str, problems: Problems) -> int | None:
    if value is None:
        return None
    try:
        number = int(value)
    except ValueError:
        number = 0
    if isinstance(value, bool) or not 0 < number <= LARGEST_ID:
        problems.append(FieldError(at, "invalid identifier", "Identifier", value))
        return None
    return number


def _check_choice(choices: type[Enum], wanted: str, value: Any, at: str, problems: Problems) -> Enum | None:
    try:
        return choices(wanted)
    except ValueError:
        _refuse_choice(tuple(str(choice.value).lower() for choice in choices), value, at, problems)
        return None


def _refuse_choice(choices: tuple[str, ...], value: Any, at: str, problems: Problems) -> None:
    kind: ErrorKind = "EnumValue"
    problems.append(FieldError(at, f"must be one of {', '.join(repr(choice) for choice in choices)}", kind, value))


def _least(name: FieldName) -> int:
    return 1 if name in ("first_name", "last_name") else 0
