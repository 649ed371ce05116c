"""Which conversation a message continues: by the ids it refers to, by signed addresses, else by subject and people."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from waypost.domains.mail import subjects
from waypost.domains.mail.models import ReceivedMessage
from waypost.domains.mail.signed_ids import MailToken, read_token
from waypost.domains.mail.store_finding import Search

#: Answers that name no message are taken for answers by their subject only so long after the last word.
SUBJECT_WINDOW = timedelta(days=60)
_MOST_REFERENCES = 100
#: As much of an id as the database indexes.
_ID_CHARACTERS = 500
_SAID_CHARACTERS = 20_000
_LIST_NAME = re.compile(r"\A\s*+(?:\[[^\]\n]{1,60}\]\s*+){1,5}")
_LIST_FOOTER = re.compile(r"^(?:_{10,}+|-- ?|-{10,}+)[ \t\r]*+$", re.MULTILINE)
_NO_SIGN = re.compile(r"[\W_]+")
_DELIVERED_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "x-forwarded-to")


class Signs(msgspec.Struct, frozen=True):
    """What of a message points to its conversation. `tokens` are those that this desk has signed for the account."""

    own: MailToken | None
    tokens: tuple[MailToken, ...]
    #: The ids that others gave, the message answered first, then its ancestors, nearest first.
    ancestors: tuple[str, ...]
    #: The oldest message referred to.
    root: str | None

    def notice_of(self, user_id: int) -> MailToken | None:
        """The notice to this user that the message answers."""
        return next((token for token in self.tokens if token.purpose == "notice" and token.user_id == user_id), None)


def signs_of(key: bytes, account_id: int, message: ReceivedMessage, recipients: Iterable[str]) -> Signs:
    """What a message says of where it belongs. A bounce belongs where the message that came back does."""
    ids = [*message.in_reply_to, *reversed(message.references)]
    if message.bounce is not None:
        returned = message.bounce.original_message_id
        ids = [*([returned] if returned else []), *ids, *reversed(message.bounce.original_references)]
    ids = list(dict.fromkeys(one for one in ids if one != message.message_id))[:_MOST_REFERENCES]
    tokens = [read_token(key, text) for text in (*ids, *addressed(message, recipients))]
    own = read_token(key, message.message_id)
    return Signs(
        own=own if own is not None and own.account_id == account_id else None,
        tokens=tuple(dict.fromkeys(token for token in tokens if token is not None and token.account_id == account_id)),
        ancestors=tuple(ids),
        root=next(iter((*message.references, *message.in_reply_to)), None),
    )


def addressed(message: ReceivedMessage, recipients: Iterable[str]) -> list[str]:
    """Every address that the message went to, as far as it says so or the envelope did, in lower case."""
    named = [one.email for one in (*message.to, *message.cc, *message.bcc)]
    delivered = [message.headers.get(field, "").strip(" <>") for field in _DELIVERED_FIELDS]
    return list(dict.fromkeys(one.lower() for one in (*recipients, *named, *delivered) if "@" in one))


def search_for(
    account_id: int,
    mailbox_id: int,
    message: ReceivedMessage,
    signs: Signs,
    tokens: tuple[MailToken, ...],
    recipients: Iterable[str],
    when: datetime,
    *,
    is_imported: bool,
) -> Search:
    """How to look for the conversation of a message; `tokens` are the signed ids that count for it, the best first."""
    sender = message.sender.email.lower() if message.sender is not None else ""
    everybody = addressed(message, ())
    # What was written before the desk was there may be the company's own side of a talk.
    people = [sender, *everybody] if is_imported else [sender]
    related = [message.message_id, *([signs.root] if signs.root else [])]
    return Search(
        account_id=account_id,
        mailbox_id=mailbox_id,
        message_ids=list(signs.ancestors),
        signed_conversations=[token.conversation_id for token in tokens],
        signed_threads=[token.thread_id for token in tokens],
        sender=sender,
        recipients=list(dict.fromkeys([*(one.lower() for one in recipients), *everybody])),
        roots=[one[:_ID_CHARACTERS] for one in related],
        subject_keys=[] if message.is_bounce or not any(people) else subjects.keys_of(message.subject),
        since=when - SUBJECT_WINDOW,
        until=when + SUBJECT_WINDOW,
        people=[person for person in people if person],
        own_id=message.message_id,
    )


def locks_of(account_id: int, mailbox_id: int, message: ReceivedMessage, signs: Signs) -> list[int]:
    """The locks under which a message is taken in: those of itself, what it answers and where that began.

    Of messages of one thread that arrive at once the second sees what the first has made.
    """
    names = {message.message_id, *signs.ancestors[:1], *([signs.root] if signs.root else [])}
    return sorted(_lock(f"mail {account_id} {mailbox_id} {name}") for name in names)


def _lock(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode(errors="replace")).digest()[:8], "big", signed=True)


def identity_of(message: ReceivedMessage) -> str:
    """What must agree beside the Message-ID for two messages to be the same one: sender, time and what it says.

    Lists put their name before the subject and a few lines below the text; that makes no other message of it. Programs
    that give all their messages one id, and people who copy messages, do.
    """
    if message.sender is None or message.sent_at is None:
        return message.content_digest
    subject = _LIST_NAME.sub("", subjects.without_prefix(message.subject)[0])
    text = _LIST_FOOTER.split(message.text[:_SAID_CHARACTERS], maxsplit=1)[0]
    files = sorted(f"{file.file_name} {len(file.data)}" for file in message.attachments)
    said = "\n".join((_signs(subject), _signs(text), *files))
    digest = hashlib.sha256(said.encode(errors="replace")).hexdigest()[:32]
    return f"{message.sender.email.lower()[:320]} {message.sent_at.isoformat()} {digest}"


def _signs(text: str) -> str:
    return _NO_SIGN.sub("", text)
