"""Jobs that let mail leave: agents' replies, and the desk's own mails.

How near to exactly one copy this is: a reply has one job and one note with one Message-ID, and while it is sent a lock
that no second worker gets; the note says `sent` right after the server has said yes. Only if the process or the
connection dies between that yes and the note does the same message go out again, under the same Message-ID, by which
receivers and our own threading know it. SMTP has no way to ask whether a message has arrived, so less than that cannot
be had without risking that it never does.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import structlog

from waypost.domains import mail
from waypost.domains.mail import Address, Outgoing, OutgoingMessage
from waypost.edges.mail_io import smtp
from waypost.edges.mail_io.compose import compose, envelope_recipients
from waypost.edges.mail_io.errors import BadSmtpUrl, PermanentFailure, TemporaryFailure
from waypost.edges.mail_io.smtp import DeliveryReport, SmtpServer
from waypost.kit import named_locks
from waypost.kit.errors import NotFound
from waypost.kit.files import FileStore
from waypost.kit.jobs import Handler, Job, TryLater, enqueue
from waypost.kit.tx import Transactions

log = structlog.get_logger(__name__)

#: Half a minute, then twice as long each time up to an hour: five days in all (RFC 5321, 4.5.4.1).
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 3600.0
REPLY_ATTEMPTS = 127
#: Links in the desk's own mails are good for an hour or some days, and people ask again: four hours.
SYSTEM_PAUSE_S = 60.0
SYSTEM_ATTEMPTS = 240
#: Without a usable server there is nothing to try: the mail waits and looks again.
UNCONFIGURED_PAUSE = timedelta(minutes=5)
BUSY_PAUSE_S = 10.0
#: A large message to a slow server; see the patience of `smtp.send`.
TIMEOUT_S = 3600.0
MOST_AT_ONCE = 4
NO_SERVER = "no mail server is configured: set WAYPOST_SMTP_URL"


@dataclass(frozen=True, kw_only=True)
class MailRoute:
    """Where mail leaves by. `sender` is who the desk's own mails come from.

    With `is_confined` (the demo) everything goes to `smtp_url`, whatever server a mailbox names.
    """

    transactions: Transactions
    files: FileStore
    smtp_url: str
    sender: Address
    is_confined: bool = False
    slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        # Each mail under way holds a connection for its lock and needs another one to be noted.
        most = self.transactions.pool.get_max_size() // 2
        object.__setattr__(self, "slots", asyncio.Semaphore(max(1, min(MOST_AT_ONCE, most))))

    def server(self, own_url: str | None = None) -> SmtpServer:
        """The server for a mailbox with this setting of its own. Raises BadSmtpUrl, also when there is none."""
        url = self.smtp_url if self.is_confined else own_url or self.smtp_url
        if not url:
            raise BadSmtpUrl(NO_SERVER)
        return SmtpServer.from_url(url)


def jobs(route: MailRoute, system_job_name: str) -> list[Job]:
    """The two kinds of job: replies, and under the given name the desk's own mails."""
    return [
        Job(
            name=mail.SEND_JOB,
            handle=partial(send_reply, route),
            attempts=REPLY_ATTEMPTS,
            first_pause_s=FIRST_PAUSE_S,
            longest_pause_s=LONGEST_PAUSE_S,
            timeout_s=TIMEOUT_S,
            give_up=partial(give_up_reply, route),
        ),
        system_job(system_job_name, partial(send_system_mail, route)),
    ]


def system_job(name: str, handle: Handler) -> Job:
    """A kind of job that sends mails of the desk's own."""
    return Job(
        name=name,
        handle=handle,
        attempts=SYSTEM_ATTEMPTS,
        first_pause_s=SYSTEM_PAUSE_S,
        longest_pause_s=LONGEST_PAUSE_S,
        timeout_s=TIMEOUT_S,
    )


# ---------------------------------------------------------------- replies


async def send_reply(route: MailRoute, payload: dict[str, Any]) -> None:
    """Send a queued reply. `only` in the payload names the recipients that are still to be reached.

    Raises TryLater when the server did not take it, or another worker is at it. What will never work is noted for good.
    """
    account_id, thread_id = payload["account_id"], payload["thread_id"]
    async with route.slots, named_locks.try_hold(route.transactions.pool, f"mail.send.{thread_id}") as is_held:
        if not is_held:
            raise TryLater(BUSY_PAUSE_S, "another worker is sending it")
        try:
            async with route.transactions.open() as tx:
                outgoing = await mail.prepare(tx, route.files, account_id, thread_id)
        except NotFound as error:
            await _note_failure(route, payload, f"a file of the reply cannot be read: {error.message}", for_good=True)
            return
        if outgoing is None:
            return
        try:
            server = route.server(outgoing.smtp_url)
        except BadSmtpUrl as error:
            await _wait_for_server(route, payload, error.message)
            return
        try:
            report = await _hand_over(server, outgoing.message, payload.get("only"))
        except PermanentFailure as error:
            await _note_failure(route, payload, error.message, for_good=True)
        except TemporaryFailure as error:
            await _note_failure(route, payload, error.message, for_good=False)
            raise TryLater(_pause_s(outgoing), error.message) from error
        else:
            await _settle(route, payload, report)


async def _hand_over(server: SmtpServer, message: OutgoingMessage, only: Sequence[str] | None) -> DeliveryReport:
    # Base64 of some 25 MB: in a thread, so that requests go on.
    raw = await asyncio.to_thread(compose, message)
    recipients = envelope_recipients(message) if only is None else list(only)
    return await smtp.send(server, raw, message.sender.email, recipients)


async def _settle(route: MailRoute, payload: dict[str, Any], report: DeliveryReport) -> None:
    """Note what became of each recipient. Those refused for now get the message by a job of their own."""
    account_id, thread_id = payload["account_id"], payload["thread_id"]
    refused = [*payload.get("refused", ()), *map(str, report.refused)]
    async with route.transactions.open() as tx:
        if report.refused_for_now:
            told = "; ".join(map(str, report.refused_for_now))
            await mail.note_failure(tx, account_id, thread_id, f"not yet taken for {told}", for_good=False)
            rest = {"only": [one.recipient for one in report.refused_for_now], "refused": refused}
            later = tx.now + timedelta(seconds=FIRST_PAUSE_S)
            await enqueue(tx, mail.SEND_JOB, {**payload, **rest}, run_at=later)
        elif refused:
            await mail.note_failure(tx, account_id, thread_id, _partly(refused), for_good=True)
        else:
            await mail.note_sent(tx, account_id, thread_id)
    log.info(
        "mail.sent",
        account_id=account_id,
        thread_id=thread_id,
        accepted=len(report.accepted),
        later=len(report.refused_for_now),
        refused=len(report.refused),
    )


def _partly(refused: Sequence[str]) -> str:
    return f"sent to the others, refused for {'; '.join(refused)}"


def _pause_s(outgoing: Outgoing) -> float:
    return float(min(FIRST_PAUSE_S * 2.0 ** min(outgoing.attempts, 20), LONGEST_PAUSE_S))


async def _note_failure(route: MailRoute, payload: dict[str, Any], error: str, *, for_good: bool) -> None:
    if for_good and payload.get("refused"):
        error = f"{_partly(payload['refused'])}; {error}"
    async with route.transactions.open() as tx:
        await mail.note_failure(tx, payload["account_id"], payload["thread_id"], error, for_good=for_good)
    log.warning("mail.not_sent", account_id=payload["account_id"], thread_id=payload["thread_id"], for_good=for_good)


async def _wait_for_server(route: MailRoute, payload: dict[str, Any], reason: str) -> None:
    async with route.transactions.open() as tx:
        await mail.note_failure(tx, payload["account_id"], payload["thread_id"], reason, for_good=False)
        await enqueue(tx, mail.SEND_JOB, payload, run_at=tx.now + UNCONFIGURED_PAUSE)
    log.warning("mail.waiting", account_id=payload["account_id"], thread_id=payload["thread_id"], reason=reason)


async def give_up_reply(route: MailRoute, payload: dict[str, Any], error: BaseException) -> None:
    """Note that a reply has been tried long enough."""
    await _note_failure(route, payload, f"given up: {error}", for_good=True)


# ---------------------------------------------------------------- the desk's own mails


async def send_system_mail(route: MailRoute, payload: dict[str, Any]) -> None:
    """Send an invitation or a password link. Raises TryLater when no server took it."""
    now = route.transactions.clock()
    # A mail of its own each, told apart by the link in it; every try sends the same id.
    digest = hashlib.sha256(msgspec.json.encode(payload, order="deterministic")).hexdigest()[:32]
    message = OutgoingMessage(
        message_id=f"<desk-{digest}@{route.sender.email.rpartition('@')[2]}>",
        sender=route.sender,
        to=(Address(payload["to_name"], payload["to_email"]),),
        cc=(),
        bcc=(),
        reply_to=(),
        subject=payload["subject"],
        html=payload["html"],
        text="",
        attachments=(),
        in_reply_to=(),
        references=(),
        sent_at=now,
        headers={"Auto-Submitted": "auto-generated"},
    )
    async with route.slots, named_locks.try_hold(route.transactions.pool, f"mail.system.{digest}") as is_held:
        if not is_held:
            raise TryLater(BUSY_PAUSE_S, "another worker is sending it")
        try:
            await _hand_over(route.server(), message, None)
        except BadSmtpUrl as error:
            raise TryLater(UNCONFIGURED_PAUSE.total_seconds(), error.message) from error
        except TemporaryFailure as error:
            raise TryLater(SYSTEM_PAUSE_S, error.message) from error
        except PermanentFailure as error:
            log.error("mail.system_refused", account_id=payload["account_id"], error=error.message)
