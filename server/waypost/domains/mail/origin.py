"""Where a message comes from: what the mailbox's own server says of it, and whether it may be answered by a program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

from waypost.domains.mail.models import ReceivedMessage
from waypost.domains.mail.signed_ids import read_token

MOST_SUGGESTED = 100
#: How the warnings begin that say of a sender that it looks like another one; what follows `: ` is the sender's own.
OTHER_ADDRESS = "the sender's name shows another address"
LOOK_ALIKE = "the sender's domain is written with letters that look like others"
TURNED_NAME = "marks that turn the reading direction were removed from the sender's name"
_FAILED = frozenset(("fail", "softfail", "permerror"))
#: What stands behind the plus of an address.
_TAG = re.compile(r"\+[^@]*@")
#: Addresses that nobody reads, by their local part.
_UNREAD = re.compile(
    r"(?:.*[._+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|mailer[._-]?daemon|postmaster|mail[._-]?daemon|bounces?"
    r"|auto[._-]?reply|autoresponder|notifications?|nobody|listserv|majordomo)(?:[._+=-].*)?",
    re.IGNORECASE,
)


class Shown(msgspec.Struct, frozen=True):
    """How a message was taken: as which user's, as a stranger's, as a customer's mail that the user passes on.

    `known` are the addresses, in lower case, of the company itself, and those that get the conversation's replies.
    """

    user_id: int
    is_stranger: bool
    is_forwarded: bool
    known: frozenset[str]


class Verdicts(msgspec.Struct, frozen=True):
    """What the mailbox's own server found: results such as `pass` and `fail`, empty where it says nothing."""

    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    is_spam: bool | None = None

    @property
    def is_forged(self) -> bool:
        """Whether the sender's domain says that this is not its mail. Silence is no such saying."""
        if self.dmarc:
            return self.dmarc == "fail"
        return self.spf == "fail" and self.dkim != "pass"

    @property
    def is_vouched_for(self) -> bool:
        """Whether the mailbox's own server has found that the sender's domain stands by it."""
        return self.dmarc == "pass"


def is_unread(email: str) -> bool:
    """Whether nobody reads what is sent to the address, by the look of it."""
    return _UNREAD.fullmatch(email.rpartition("@")[0][:100]) is not None


def trusted(message: ReceivedMessage, authority: str | None) -> Verdicts:
    """The verdicts of the mailbox's own server; those that others wrote into the header are as if they were not there.

    A sender can write a field under the server's own name too. Servers add theirs on top, so that only the topmost can
    make a message better; a failure counts wherever it stands, as nobody gains by inventing one. Spam filters seldom
    say where they run: that it is spam is believed above any field of the server's, that it is none only of the server.
    """
    wanted = (authority or "").strip().lower()
    own = [one for one in message.verdicts if wanted and one.authority.strip().lower() == wanted]
    if not own:
        return Verdicts()

    def settled(first: str, all_of_them: list[str]) -> str:
        return first or next((result for result in all_of_them if result in _FAILED), "")

    # What a spam filter has added on top says nothing of the sender.
    top = next((one for one in own if one.spf or one.dkim or one.dmarc), own[0])
    last = max(place for place, one in enumerate(message.verdicts) if one in own)
    opinions = [one.is_spam for one in own if one.is_spam is not None]
    opinions += [True for one in message.verdicts[:last] if one.is_spam]
    return Verdicts(
        spf=settled(top.spf, [one.spf for one in own]),
        dkim=settled(top.dkim, [one.dkim for one in own]),
        dmarc=settled(top.dmarc, [one.dmarc for one in own]),
        is_spam=any(opinions) if opinions else None,
    )


def untagged(address: str) -> str:
    """An address without what stands behind a plus: mail to `support+x@acme.test` comes to support@acme.test."""
    return _TAG.sub("@", address, count=1)


def refusal(
    key: bytes,
    message: ReceivedMessage,
    verdicts: Verdicts,
    own_addresses: AbstractSet[str],
    *,
    is_own_sender: bool = False,
) -> str:
    """Why a program must not answer a message; empty when it may. `own_addresses` are in lower case.

    `is_own_sender` says that the sender is another mailbox of the account. The reasons are stable words, not prose.
    """
    sender = message.sender.email.lower() if message.sender is not None else ""
    return_path = message.headers.get("return-path", "").strip()
    answers_to = {sender, *(person.email.lower() for person in message.reply_to)}
    answers_to |= set(map(untagged, answers_to))
    if "@" not in sender:
        return "no-address"
    if message.is_bounce or return_path == "<>":
        return "null-sender"
    if read_token(key, message.message_id) is not None:
        return "own-message"
    if is_own_sender or answers_to & own_addresses or any(read_token(key, one) is not None for one in answers_to):
        return "own-address"
    if message.list_id:
        return "list"
    if message.is_automatic:
        return "automatic"
    if is_unread(sender):
        return "no-reply"
    if verdicts.is_spam:
        return "spam"
    return "forged" if verdicts.is_forged else ""


def deceptions(detail: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """What is deceiving about a sender, out of what `detail` made: what it is, and the sender's own words for it."""
    warnings = (detail or {}).get("warnings", ())
    parts = [warning.partition(": ") for warning in warnings]
    return [(what, words) for what, _, words in parts if what in (OTHER_ADDRESS, LOOK_ALIKE, TURNED_NAME)]


def is_auto_reply(message: ReceivedMessage) -> bool:
    """Whether a program answered in somebody's absence. What comes by a list was written by people all the same."""
    if message.headers.get("auto-submitted", "").strip().lower().startswith("auto-replied"):
        return True
    is_by_list = message.list_id is not None or message.headers.get("precedence", "").strip().lower() == "list"
    return message.is_automatic and not is_by_list


def detail(key: bytes, message: ReceivedMessage, verdicts: Verdicts, shown: Shown) -> dict[str, Any]:
    """What people are shown of where a message comes from. Keys without a value are absent."""
    sender = message.sender
    found = {
        "from": {"name": sender.name, "email": sender.email} if sender is not None else None,
        "replyTo": [one.email for one in message.reply_to],
        # Answers do not go to them unless somebody says so.
        "suggestedCc": _suggested(key, message, shown),
        "spf": verdicts.spf,
        "dkim": verdicts.dkim,
        "dmarc": verdicts.dmarc,
        "spam": verdicts.is_spam,
        "automatic": message.is_automatic or message.is_bounce,
        "listId": message.list_id,
        "protection": list(message.protection),
        "warnings": list(message.warnings),
        "userId": shown.user_id,
        "forwarded": shown.is_forwarded,
        "stranger": shown.is_stranger,
    }
    return {name: value for name, value in found.items() if value or (name == "spam" and value is not None)}


def _suggested(key: bytes, message: ReceivedMessage, shown: Shown) -> list[str]:
    if shown.user_id:
        return []
    sender = message.sender.email.lower() if message.sender is not None else ""
    named = {one.email.lower(): one.email for one in reversed((*message.to, *message.cc))}
    return [
        email
        for lowered, email in reversed(named.items())
        if lowered != sender and lowered not in shown.known and read_token(key, email) is None
    ][:MOST_SUGGESTED]
