"""What conditions can ask about, and how: the fields, their kinds and the operators of each kind."""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """How the value of a condition is read and compared."""

    TEXT = "text"
    CHOICE = "choice"
    ASSIGNEE = "assignee"
    PERSON = "person"
    MAILBOX = "mailbox"
    TAGS = "tags"
    FLAG = "flag"
    AGE = "age"
    DAY = "day"
    HOUR = "hour"
    NUMBER = "number"
    DATE = "date"
    OPTION = "option"


#: Operators that say the opposite of another one: they hold when nothing fits.
NEGATED = {
    "notContains": "contains",
    "isNot": "is",
    "notMatches": "matches",
    "isNotSet": "isSet",
    "notBetween": "between",
}
_TEXT = ("contains", "notContains", "startsWith", "endsWith", "is", "isNot", "matches", "notMatches")
_SET = ("isSet", "isNotSet")
_IS = ("is", "isNot")

OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.TEXT: (*_TEXT, *_SET),
    Kind.CHOICE: _IS,
    Kind.ASSIGNEE: _IS,
    Kind.PERSON: _IS,
    Kind.MAILBOX: _IS,
    Kind.TAGS: (*_IS, "matches", "notMatches", *_SET),
    Kind.FLAG: _IS,
    Kind.AGE: ("longerAgoThan", "withinLast", "before", "after"),
    Kind.DAY: _IS,
    Kind.HOUR: ("between", "notBetween"),
    Kind.NUMBER: (*_IS, "greaterThan", "lessThan", *_SET),
    Kind.DATE: (*_IS, "before", "after", *_SET),
    Kind.OPTION: (*_IS, *_SET),
}

CUSTOM_FIELD = "customField"
CUSTOMER_PROPERTY = "customerProperty"
EVENT = "event"

FIELDS: dict[str, Kind] = {
    "customerName": Kind.TEXT,
    "customerEmail": Kind.TEXT,
    "organization": Kind.TEXT,
    "to": Kind.TEXT,
    "cc": Kind.TEXT,
    "subject": Kind.TEXT,
    "body": Kind.TEXT,
    "type": Kind.CHOICE,
    "status": Kind.CHOICE,
    EVENT: Kind.CHOICE,
    "assignee": Kind.ASSIGNEE,
    "user": Kind.PERSON,
    "mailbox": Kind.MAILBOX,
    "tags": Kind.TAGS,
    "attachments": Kind.FLAG,
    "snoozed": Kind.FLAG,
    "rating": Kind.CHOICE,
    "ratingComments": Kind.TEXT,
    "createdAt": Kind.AGE,
    "lastCustomerReplyAt": Kind.AGE,
    "lastUserReplyAt": Kind.AGE,
    "statusChangedAt": Kind.AGE,
    "waitingSince": Kind.AGE,
    "dayOfWeek": Kind.DAY,
    "hour": Kind.HOUR,
}
#: Fields whose kind depends on what they name: the type of the custom field or of the customer property.
NAMING = (CUSTOM_FIELD, CUSTOMER_PROPERTY)
FIELD_NAMES = (*FIELDS, *NAMING)

CHOICES: dict[str, tuple[str, ...]] = {
    "type": ("chat", "email", "phone"),
    "status": ("active", "closed", "pending", "spam"),
    "rating": ("great", "okay", "not_good"),
    EVENT: ("newConversation", "customerReply", "agentReply", "note", "rating", "deliveryFailed"),
}
#: Which facts of the log the words of the condition `event` stand for.
EVENTS = {
    "convo.created": "newConversation",
    "convo.published": "newConversation",
    "convo.customer.reply.created": "customerReply",
    "convo.agent.reply.created": "agentReply",
    "convo.note.created": "note",
    "satisfaction.ratings.received": "rating",
    "convo.reply.failed": "deliveryFailed",
    "convo.reply.bounced": "deliveryFailed",
}

KIND_OF_FIELD_TYPE = {
    "dropdown": Kind.OPTION,
    "singleline": Kind.TEXT,
    "multiline": Kind.TEXT,
    "number": Kind.NUMBER,
    "date": Kind.DATE,
}
KIND_OF_PROPERTY_TYPE = {
    "dropdown": Kind.OPTION,
    "text": Kind.TEXT,
    "url": Kind.TEXT,
    "number": Kind.NUMBER,
    "date": Kind.DATE,
}

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
MOST_DAYS = 3650
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: Time conditions that come true by themselves, as time passes.
MATURING = "longerAgoThan"
#: Conditions that the hands of the clock alone turn on and off.
RECURRENT = frozenset({Kind.DAY, Kind.HOUR})

MOST_CONDITIONS = 30
MOST_ACTIONS = 20
TEXT_LIMIT = 500
PATTERN_LIMIT = 500
NAME_LIMIT = 255
