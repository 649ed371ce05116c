"""Where a thread's mail came from, as the API shows it: an addition to the specification's thread."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class MailSenderOut(msgspec.Struct, frozen=True, rename="camel"):
    """From, as the mail says."""

    name: str
    email: str


class MailVerdictOut(msgspec.Struct, frozen=True, rename="camel"):
    """What the mailbox's own mail server found; results such as `pass` and `fail`. What it does not say is absent."""

    spf: str | UnsetType = UNSET
    dkim: str | UnsetType = UNSET
    dmarc: str | UnsetType = UNSET
    spam: bool | UnsetType = UNSET


class ThreadMailOut(msgspec.Struct, frozen=True, rename="camel"):
    """What is known of a received mail beside its text.

    `isStranger`: the sender took no part in the conversation. `suggestedCc`: others whom the mail names; replies go to
    them once a reply names them in `cc`. `userId`: the user in whose name it came, `isForwarded`: a customer's mail
    that this user passed on.
    """

    is_stranger: bool
    is_automatic: bool
    is_forwarded: bool
    suggested_cc: list[str]
    reply_to: list[str]
    warnings: list[str]
    protection: list[str]
    verdict: MailVerdictOut
    sender: MailSenderOut | UnsetType = msgspec.field(default=UNSET, name="from")
    list_id: str | UnsetType = UNSET
    user_id: int | UnsetType = UNSET

    @classmethod
    def of(cls, origin: dict[str, Any]) -> ThreadMailOut:
        """Render."""
        return cls(
            is_stranger=origin.get("stranger", False),
            is_automatic=origin.get("automatic", False),
            is_forwarded=origin.get("forwarded", False),
            suggested_cc=origin.get("suggestedCc", []),
            reply_to=origin.get("replyTo", []),
            warnings=origin.get("warnings", []),
            protection=origin.get("protection", []),
            verdict=MailVerdictOut(*(origin.get(name, UNSET) for name in ("spf", "dkim", "dmarc", "spam"))),
            sender=MailSenderOut(**origin["from"]) if "from" in origin else UNSET,
            list_id=origin.get("listId", UNSET),
            user_id=origin.get("userId", UNSET),
        )
