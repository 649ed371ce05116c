"""What may stand in an organization's fields (spec: 9). Pure; every bad field is added to `problems`."""

from __future__ import annotations

import re

from waypost.domains.customers.content import Problems, is_web_address
from waypost.domains.customers.organizations.models import OrganizationFields, OrganizationRow
from waypost.kit.errors import FieldError
from waypost.kit.text import clean_text

LONGEST_NAME = 255
LONGEST_WEBSITE = 255
LONGEST_DESCRIPTION = 1000
LONGEST_NOTE = 10_000
LONGEST_PHONE = 255
LONGEST_DOMAIN = 253
MOST_ITEMS = 100

_BRAND_COLOR = re.compile("#[0-9a-fA-F]{6}")
_LOCATION = re.compile("[A-Za-z]{2}")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?![0-9])")


def check_fields(fields: OrganizationFields, problems: Problems) -> OrganizationRow:
    """All fields, cleaned. Optional ones that hold nothing become None."""
    return OrganizationRow(
        name=_check_name(fields.name, problems),
        website=_check_website(fields.website, problems),
        description=_check_text(fields.description, LONGEST_DESCRIPTION, "description", problems),
        location=_check_location(fields.location, problems),
        note=_check_text(fields.note, LONGEST_NOTE, "note", problems),
        domains=_check_domains(fields, problems),
        phones=_check_phones(fields.phones or [], problems),
        brand_color=_check_brand_color(fields.brand_color, problems),
    )


def _check_name(name: str | None, problems: Problems) -> str:
    text = clean_text(name or "").strip()
    if not text:
        problems.append(FieldError("name", "may not be empty", "NotEmpty"))
    elif len(text) > LONGEST_NAME:
        problems.append(FieldError("name", f"size must be between 1 and {LONGEST_NAME}", "Size", name))
    return text


def _check_text(value: str | None, longest: int, at: str, problems: Problems) -> str | None:
    text = clean_text(value or "")
    if len(text) > longest:
        problems.append(FieldError(at, f"size must be between 0 and {longest}", "Size", value))
    return text or None


def _check_website(value: str | None, problems: Problems) -> str | None:
    """A web address, with or without http:// before it. Other schemes could run script where it is shown."""
    text = _check_text(value, LONGEST_WEBSITE, "website", problems)
    if text is None or len(text) > LONGEST_WEBSITE:
        return text
    whole = text if _SCHEME.match(text) else f"http://{text}"
    if not is_web_address(whole):
        problems.append(FieldError("website", "not a well-formed URL", "Type", value))
    return text


def _check_location(value: str | None, problems: Problems) -> str | None:
    text = clean_text(value or "").strip()
    if text and not _LOCATION.fullmatch(text):
        problems.append(FieldError("location", "must be an ISO 3166 country code of two letters", "Type", value))
    return text.upper() or None


def _check_brand_color(value: str | None, problems: Problems) -> str | None:
    text = clean_text(value or "").strip()
    if text and not _BRAND_COLOR.fullmatch(text):
        problems.append(FieldError("brandColor", "must be a colour such as #1292ee", "Type", value))
    return text or None


def _check_domains(fields: OrganizationFields, problems: Problems) -> list[str]:
    """In lower case, each once, the lone `domain` last."""
    listed = fields.domains or []
    if len(listed) > MOST_ITEMS:
        problems.append(FieldError("domains", f"size must be between 0 and {MOST_ITEMS}", "Size"))
        return []
    checked = [_check_domain(value, f"domains[{index}]", problems) for index, value in enumerate(listed)]
    if fields.domain:
        checked.append(_check_domain(fields.domain, "domain", problems))
    return list(dict.fromkeys(checked))


def _check_domain(value: str, at: str, problems: Problems) -> str:
    text = clean_text(value).strip().removeprefix("@").lower()
    if len(text) > LONGEST_DOMAIN or not _DOMAIN.fullmatch(text):
        problems.append(FieldError(at, "not a well-formed domain", "Type", value))
    return text


def _check_phones(phones: list[str], problems: Problems) -> list[str]:
    if len(phones) > MOST_ITEMS:
        problems.append(FieldError("phones", f"size must be between 0 and {MOST_ITEMS}", "Size"))
        return []
    checked = []
    for index, value in enumerate(phones):
        text = clean_text(value)
        if not text.strip():
            problems.append(FieldError(f"phones[{index}]", "may not be empty", "NotEmpty", value))
        elif len(text) > LONGEST_PHONE:
            message = f"size must be between 1 and {LONGEST_PHONE}"
            problems.append(FieldError(f"phones[{index}]", message, "Size", value))
        checked.append(text)
    return checked
