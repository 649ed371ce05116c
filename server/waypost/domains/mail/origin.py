"""Where a message comes from: what the mailbox's own server says of it, and whether it may be answered by a program."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

import msgspec

from waypost.domains.mail.models import ReceivedMessage
from waypost.domains.mail.signed_ids import read_token

_FAILED = frozenset(("fail", "softfail", "permerror"))
#: Addresses that nobody reads, by their local part.
_UNREAD = re.compile(
    r"(?:.*[._+-])?(?:no[._-]?reply|do[._-]?not[._-]?reply|mailer[._-]?daemon|postmaster|mail[._-]?daemon|bounces?"
    r"|auto[._-]?reply|autoresponder|notifications?|nobody|listserv|majordomo)(?:[._+=-].*)?",
    re.IGNORECASE,
)


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


def trusted(message: ReceivedMessage, authority: str | None) -> Verdicts:
    """The verdicts of the mailbox's own server; those that others wrote into the header are as if they were not there.

    A sender can write a field under the server's own name too. Servers add theirs on top, so that only the topmost can
    make a message better; a failure counts wherever it stands, as nobody gains by inventing one.
    """
    wanted = (authority or "").strip().lower()
    own = [one for one in message.verdicts if wanted and one.authority.strip().lower() == wanted]
    if not own:
        return Verdicts()

    def settled(first: str, all_of_them: list[str]) -> str:
        return first or next((result for result in all_of_them if result in _FAILED), "")

    opinions = [one.is_spam for one in own if one.is_spam is not None]
    return Verdicts(
        spf=settled(own[0].spf, [one.spf for one in own]),
        dkim=settled(own[0].dkim, [one.dkim for one in own]),
        dmarc=settled(own[0].dmarc, [one.dmarc for one in own]),
        is_spam=opinions[0] if opinions else None,
    )


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
    local = sender.rpartition("@")[0]
    return_path = message.headers.get("return-path", "").strip()
    answers_to = {sender, *(person.email.lower() for person in message.reply_to)}
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
    if _UNREAD.fullmatch(local[:100]):
        return "no-reply"
    if verdicts.is_spam:
        return "spam"
    return "forged" if verdicts.is_forged else ""
