"""A second evaluator of conditions, over what the API itself says of conversations: slow, naive, and independent."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NOT = {"isNot": "is", "notContains": "contains", "notMatches": "matches", "isNotSet": "isSet", "notBetween": "between"}
SECONDS = {"minutes": 60, "hours": 3600, "days": 86400}
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Seen:
    """A conversation as the API shows it: the object, its threads, its customer, its mailbox."""

    def __init__(
        self, conversation: dict[str, Any], threads: list[dict[str, Any]], customer: dict[str, Any], mailbox: str
    ) -> None:
        self.conversation = conversation
        self.threads = [thread for thread in threads[::-1] if thread["type"] != "lineitem"]
        self.lines = [thread for thread in threads[::-1] if thread["type"] == "lineitem"]
        rated = [thread["rating"] for thread in self.threads if "rating" in thread]
        self.rating = rated[-1] if rated else None
        self.customer = customer
        self.mailbox = mailbox

    def texts(self, condition: dict[str, Any]) -> list[str]:
        embedded = self.customer["_embedded"]
        field = condition["field"]
        if field == "customerName":
            found = [f"{self.customer['firstName']} {self.customer['lastName']}".strip()]
        elif field == "customerEmail":
            found = [entry["value"] for entry in embedded["emails"]]
        elif field == "organization":
            found = [self.customer.get("organization") or ""]
        elif field == "ratingComments":
            found = [(self.rating or {}).get("comments") or ""]
        elif field == "subject":
            found = [self.conversation["subject"]]
        elif field == "body":
            kinds = ("customer", "note", "chat", "phone")
            found = [re.sub(r"<[^>]+>", " ", thread["body"]) for thread in self.threads if thread["type"] in kinds]
        elif field == "tags":
            found = [tag["name"] for tag in self.conversation["tags"]]
        elif field in ("to", "cc"):
            written = [thread for thread in self.threads if thread["type"] in ("customer", "message")]
            found = [address for thread in written for address in thread[field]]
            if field == "cc":
                found += self.conversation["cc"]
            else:
                found = [address for address in found if address.lower() != self.mailbox.lower()]
        else:
            found = [self.value(condition) or ""]
        return [" ".join(text.split()) for text in found if text.strip()]

    def value(self, condition: dict[str, Any]) -> str | None:
        if condition["field"] == "customField":
            held = {field["id"]: field["value"] for field in self.conversation.get("customFields", [])}
            return held.get(condition["fieldId"])
        held = {prop["slug"]: prop["value"] for prop in self.customer["_embedded"]["properties"]}
        return held.get(condition["slug"])

    def moment(self, field: str) -> datetime | None:
        def newest(kind: str) -> datetime | None:
            return max((at(thread["createdAt"]) for thread in self.threads if thread["type"] == kind), default=None)

        if field == "createdAt":
            return at(self.conversation["createdAt"])
        if field == "waitingSince":
            told = self.conversation["customerWaitingSince"].get("time")
            return at(told) if told else None
        if field == "statusChangedAt":
            changed = [at(line["createdAt"]) for line in self.lines if line["status"] != "nochange"]
            changed += [at(thread["createdAt"]) for thread in self.threads[1:] if thread["status"] != "nochange"]
            return max(changed, default=at(self.conversation["createdAt"]))
        return newest("customer" if field == "lastCustomerReplyAt" else "message")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def fits(rule: list[dict[str, Any]], seen: Seen, kinds: dict[Any, str], now: datetime) -> bool:
    """All groups, any condition of a group."""
    return all(any(holds(condition, seen, kinds, now) for condition in group["any"]) for group in rule)


def holds(condition: dict[str, Any], seen: Seen, kinds: dict[Any, str], now: datetime) -> bool:
    operator = condition["operator"]
    if operator in NOT:
        return not holds({**condition, "operator": NOT[operator]}, seen, kinds, now)
    field = condition["field"]
    if field in ("customField", "customerProperty"):
        return typed(kinds[condition.get("fieldId") or condition.get("slug")], condition, seen)
    if field.endswith(("At", "Since")):
        return aged(condition, seen, now)
    if field in ("dayOfWeek", "hour"):
        return timed(condition, now)
    stands = standing(condition, seen)
    return worded(condition, seen.texts(condition)) if stands is None else stands


def standing(condition: dict[str, Any], seen: Seen) -> bool | None:
    """What the conversation is, rather than what is written in it; None for texts."""
    field, value = condition["field"], condition.get("value")
    conversation = seen.conversation
    if field == "rating":
        return (seen.rating or {}).get("rating") in listed(value)
    if field in ("type", "status"):
        return conversation[field] in listed(value)
    if field == "mailbox":
        return conversation["mailboxId"] in listed(value)
    if field == "assignee":
        return (conversation.get("assignee") or {}).get("id") in listed(value)
    if field == "user":
        said = {
            thread["createdBy"]["id"]
            for thread in seen.threads
            if thread["type"] in ("message", "note") and thread["createdBy"]["type"] == "user"
        }
        return bool(said & set(listed(value)))
    if field == "attachments":
        return any(thread["_embedded"]["attachments"] for thread in seen.threads) is value
    if field == "snoozed":
        return ("snooze" in conversation) is value
    return None


def timed(condition: dict[str, Any], now: datetime) -> bool:
    value, there = condition["value"], now.astimezone(ZoneInfo(condition.get("timezone") or "UTC"))
    if condition["field"] == "dayOfWeek":
        return DAYS[there.weekday()] in listed(value)
    inside = set()
    one = value["from"] % 24
    while one != value["to"] % 24:
        inside.add(one)
        one = (one + 1) % 24
    return there.hour in inside


def aged(condition: dict[str, Any], seen: Seen, now: datetime) -> bool:
    moment, value = seen.moment(condition["field"]), condition["value"]
    if moment is None:
        return False
    if condition["operator"] == "before":
        return moment < at(value)
    if condition["operator"] == "after":
        return moment >= at(value)
    age = (now - moment).total_seconds()
    span = timedelta(seconds=value["amount"] * SECONDS[value["unit"]]).total_seconds()
    return age >= span if condition["operator"] == "longerAgoThan" else age < span


def worded(condition: dict[str, Any], texts: list[str]) -> bool:
    operator, wanted = condition["operator"], listed(condition.get("value"))
    if operator == "isSet":
        return bool(texts)
    for text in (text.lower() for text in texts):
        for one in wanted:
            low = " ".join(one.split()).lower()
            if {
                "contains": low in text,
                "startsWith": text.startswith(low),
                "endsWith": text.endswith(low),
                "is": text == low,
                "matches": operator == "matches" and re.search(one, text, re.IGNORECASE) is not None,
            }[operator]:
                return True
    return False


def typed(kind: str, condition: dict[str, Any], seen: Seen) -> bool:
    held, operator, wanted = seen.value(condition), condition["operator"], listed(condition.get("value"))
    if kind in ("singleline", "multiline", "text", "url"):
        return worded(condition, seen.texts(condition))
    if operator == "isSet":
        return bool(held)
    if not held:
        return False
    if kind == "dropdown":
        return held in [str(one) for one in wanted]
    if kind == "number":
        number, numbers = float(held), [float(one) for one in wanted]
        return {
            "is": number in numbers,
            "greaterThan": any(number > one for one in numbers),
            "lessThan": any(number < one for one in numbers),
        }[operator]
    return {
        "is": held in wanted,
        "before": any(held < one for one in wanted),
        "after": any(held > one for one in wanted),
    }[operator]
