"""What can go wrong when mail leaves. The texts name the server's reply and the recipient, never a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypost.kit.errors import WaypostError

if TYPE_CHECKING:
    from waypost.edges.mail_io.smtp import DeliveryReport


class MailFailure(WaypostError):
    """Base of all failures to send. `report` tells about each recipient, where the server got that far.

    `is_in_doubt` says that the server was given the message and nothing more was heard of it.
    """

    def __init__(self, message: str, report: DeliveryReport | None = None, *, is_in_doubt: bool = False) -> None:
        super().__init__(message)
        self.report = report
        self.is_in_doubt = is_in_doubt


class TemporaryFailure(MailFailure):
    """It may work later: the server was out of reach, busy, or does not let us in as it is set up now."""


class PermanentFailure(MailFailure):
    """It will not work for this message, however often it is tried."""


class Unsendable(PermanentFailure):
    """The message cannot be written as mail: an address or a header field is not one."""


class BadSmtpUrl(WaypostError):
    """The address of a mail server cannot be used; the message says which part of it, and never shows a password."""
