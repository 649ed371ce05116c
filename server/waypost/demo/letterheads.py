"""How the demo's mailboxes write: a signature, ratings in one, and an automatic reply that waits to be switched on."""

from __future__ import annotations

from typing import Final

from waypost.demo import cast
from waypost.demo.stage import Stage
from waypost.domains import mailboxes
from waypost.domains.mailboxes import ChannelChange, ChannelMeans
from waypost.kit.tx import Tx

_SIGNATURE: Final = f"<p>{{%user.firstName%}} {{%user.lastName%}}<br>{cast.COMPANY}</p>"
_SUBJECT: Final = "We have your message"
_BODY: Final = (
    "<p>Hello {%customer.firstName,fallback=there%},</p>"
    "<p>thank you for writing. Somebody of us answers within a working day.</p>"
)


async def set_letterheads(tx: Tx, stage: Stage, means: ChannelMeans) -> None:
    """Set up what replies look like."""
    for key, mailbox in stage.mailboxes.items():
        wanted = ChannelChange(
            signature=_SIGNATURE,
            auto_reply_subject=_SUBJECT,
            auto_reply_body=_BODY,
            are_ratings_on=key == "support",
        )
        await mailboxes.channel.change(tx, stage.owner, means, mailbox.id, wanted)
