"""The customers of whom the desk knows more than an address: twelve who write, drawn by a fixed rule, and fitted out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeVar
from zlib import crc32

from waypost.demo.cast import CUSTOMER_PROPERTIES, DOMAIN, ORGANIZATIONS
from waypost.demo.shapes import DemoAddress, DemoConversation, DemoCustomer, DemoDay, DemoEntry, DemoValue

T = TypeVar("T")

RICH_CUSTOMERS: Final = 12

_JOBS: Final = (
    "Teacher",
    "Office manager",
    "Accountant",
    "Retired",
    "Choir leader",
    "Architect",
    "Bookseller",
    "Student",
)
_BACKGROUNDS: Final = (
    "Has used mail programs since the nineties; detailed questions, reads every answer.",
    "Looks after the computers of the whole family.",
    "Prefers short answers with pictures.",
    "Works offline on Mondays.",
    "Moved from another program last year.",
    "Runs everything on one old laptop.",
)
_PROVIDERS: Final = ("Own server", "Fastmail", "University", "Telephone company", "Gmail", "Outlook")
_ADDRESSES: Final = (
    DemoAddress(("12 Mill Lane",), "Leeds", "West Yorkshire", "LS0 0AA", "GB"),
    DemoAddress(("Hafenweg 3", "2. Stock"), "Hamburg", "HH", "20000", "DE"),
    DemoAddress(("Via del Porto 8",), "Livorno", "LI", "57100", "IT"),
    DemoAddress(("400 Orchard Street", "Unit 5"), "Portland", "OR", "97200", "US"),
    DemoAddress(("Kanaalkade 21",), "Haarlem", "NH", "2000 AA", "NL"),
    DemoAddress(("Rua do Sol 14",), "Porto", "Porto", "4000-000", "PT"),
)
_EMAIL_TYPES: Final = ("home", "work", "other")
_PHONE_TYPES: Final = ("mobile", "home", "work", "fax", "pager", "other")
_CHAT_TYPES: Final = ("skype", "xmpp", "icq", "aim", "gtalk", "msn", "qq", "yahoo", "other")
_SOCIAL_TYPES: Final = (
    "linkedin",
    "twitter",
    "facebook",
    "youtube",
    "flickr",
    "google",
    "aboutme",
    "quora",
    "foursquare",
    "googleplus",
    "tungleme",
    "other",
)
_PHOTO_TYPES: Final = (
    "unknown",
    "gravatar",
    "twitter",
    "facebook",
    "googleprofile",
    "googleplus",
    "linkedin",
    "instagram",
)
_GENDERS: Final[tuple[Literal["male", "female", "unknown"], ...]] = ("unknown", "female", "male")


def draw(options: Sequence[T], *parts: str) -> T:
    """The option that belongs to these words: always the same one for the same words."""
    return options[crc32("|".join(parts).encode()) % len(options)]


def _name_parts(name: str) -> tuple[str, str]:
    first, _, last = name.partition(" ")
    return first, last


def _properties(email: str, index: int) -> dict[str, DemoValue]:
    plans = next(definition.options for definition in CUSTOMER_PROPERTIES if definition.slug == "plan")
    return {
        "plan": plans[index % len(plans)],
        "seats": str(1 + crc32(email.encode()) % 12),
        "mail-provider": draw(_PROVIDERS, "provider", email),
        "account-page": f"https://account.{DOMAIN}/customers/{1000 + index}",
        "customer-since": DemoDay(-(40 + crc32(email.encode()) % 1500)),
    }


def _fitted_out(name: str, email: str, index: int) -> DemoCustomer:
    first, last = _name_parts(name)
    handle = email.partition("@")[0]
    organization = ORGANIZATIONS[index % len(ORGANIZATIONS)]
    address = draw(_ADDRESSES, "address", email)
    # 555-01xx is kept for fiction, as .test is for names.
    phones = (DemoEntry(_PHONE_TYPES[index % 6], f"+1 555-01{index:02d}"), DemoEntry("work", f"+1 555-01{index + 50}"))
    return DemoCustomer(
        first_name=first,
        last_name=last,
        job_title=draw(_JOBS, "job", email),
        organization=organization.name,
        location=address.city,
        background=draw(_BACKGROUNDS, "background", email),
        age=str(19 + crc32(email.encode()) % 60),
        gender=_GENDERS[index % 3],
        photo_type=_PHOTO_TYPES[index % len(_PHOTO_TYPES)],
        emails=(DemoEntry(_EMAIL_TYPES[index % 3], email), DemoEntry("work", f"{handle}@{organization.domains[0]}")),
        phones=phones,
        chats=(DemoEntry(_CHAT_TYPES[index % len(_CHAT_TYPES)], handle),),
        social_profiles=(DemoEntry(_SOCIAL_TYPES[index], f"https://social.test/{handle}"),),
        websites=(DemoEntry("", f"https://{handle.replace('.', '-')}.test"),),
        address=address,
        properties=_properties(email, index),
    )


def rich_customers(conversations: Iterable[DemoConversation]) -> tuple[DemoCustomer, ...]:
    """Twelve customers of these conversations, those who wrote most recently to a mailbox with mail first."""
    newest: dict[str, tuple[int, str]] = {}
    for conversation in conversations:
        if conversation.channel != "email":
            continue
        age_s = conversation.messages[-1].age_s
        known = newest.get(conversation.customer_email)
        if known is None or age_s < known[0]:
            newest[conversation.customer_email] = (age_s, conversation.customer_name)
    chosen = sorted((age_s, email, name) for email, (age_s, name) in newest.items())[:RICH_CUSTOMERS]
    return tuple(_fitted_out(name, email, index) for index, (_, email, name) in enumerate(chosen))
