"""Why a message of an import was not threaded though it is an answer, or is a duplicate; in words to check."""

from __future__ import annotations

from waypost.domains import mail
from waypost.domains.mail import ReceivedMessage
from waypost.edges.mail_io.importing import Outcome

UNPARSED = "the message could not be parsed"


def is_unparsed(message: ReceivedMessage) -> bool:
    """Whether nothing but its text could be kept."""
    return any(warning.startswith(UNPARSED) for warning in message.warnings)


class Seen:
    """The messages of one import, by what others can refer to."""

    def __init__(self, noted: list[Outcome]) -> None:
        self._place = {one.source: place for place, one in enumerate(noted)}
        self._by_id: dict[str, str] = {}
        self._by_digest: dict[str, str] = {}
        self._by_subject: dict[str, list[Outcome]] = {}
        for one in noted:
            if one.message is not None and one.received is not None and one.received.outcome != "duplicate":
                self._by_id.setdefault(one.message.message_id, one.source)
                self._by_digest.setdefault(one.message.content_digest, one.source)
                self._by_subject.setdefault(_subject(one.message), []).append(one)

    def why_not_threaded(self, one: Outcome) -> str:
        """The reason for an answer that began a conversation; empty for every other message."""
        if one.message is None or one.received is None or one.received.outcome != "conversation":
            return ""
        named = list(dict.fromkeys([*one.message.in_reply_to, *one.message.references]))
        if named:
            known = [name for name in named if name in self._by_id and self._by_id[name] != one.source]
            if not known:
                return f"refers to messages that are not in the set: {' '.join(named[-2:])[:120]}{self._subject(one)}"
            later = [name for name in known if self._place[self._by_id[name]] > self._place[one.source]]
            if len(later) == len(known):
                return f"what it answers comes later: `{self._by_id[later[-1]]}`{self._subject(one)}"
            return f"REFERS TO `{self._by_id[known[-1]]}`, which is there"
        if mail.without_prefix(one.message.subject)[1]:
            return f"names no message{self._subject(one)}"
        return ""

    def _subject(self, one: Outcome) -> str:
        assert one.message is not None
        subject, is_answer = mail.without_prefix(one.message.subject)
        if not is_answer or not subject:
            return "; its subject is that of no answer"
        others = [other for other in self._by_subject.get(_subject(one.message), []) if other.source != one.source]
        earlier = [other for other in others if self._place[other.source] < self._place[one.source]]
        if not others:
            return f"; subject {subject[:60]!r} not seen"
        if not earlier:
            return "; the same subject comes later only"
        people = _people(one.message)
        related = [other for other in earlier if other.message is not None and people & _people(other.message)]
        if not related:
            return "; the same subject among other people only"
        return f"; THE SAME SUBJECT AND PEOPLE in `{related[-1].source}`{_apart(one, related[-1])}"

    def why_duplicate(self, one: Outcome) -> str:
        """Which message it is a copy of."""
        if one.message is None:
            return "the same bytes as a message before it"
        if one.message.content_digest in self._by_digest:
            return f"the same bytes as `{self._by_digest[one.message.content_digest]}`"
        other = self._by_id.get(one.message.message_id)
        return f"the same Message-ID, sender and time as `{other}`" if other else "NO MESSAGE LIKE IT"


def _apart(one: Outcome, other: Outcome) -> str:
    first, second = one.message and one.message.sent_at, other.message and other.message.sent_at
    if not first or not second:
        return ", one without a date"
    return f", {abs((first - second).days)} days apart"


def _subject(message: ReceivedMessage) -> str:
    return mail.without_prefix(message.subject)[0][:100].lower()


def _people(message: ReceivedMessage) -> set[str]:
    people = [*message.to, *message.cc, *([message.sender] if message.sender else [])]
    return {person.email.lower() for person in people if person.email}
