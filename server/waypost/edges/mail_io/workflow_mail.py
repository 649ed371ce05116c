"""Mails of workflows on their way out: to users, to the customer, forwarded to others."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import structlog

from waypost.domains import mail, workflows
from waypost.domains.mail import Address, MailAttachment, OutgoingMessage
from waypost.domains.workflows import WorkflowMail
from waypost.edges.mail_io import smtp
from waypost.edges.mail_io.compose import compose, envelope_recipients
from waypost.edges.mail_io.delivery import (
    BUSY_PAUSE_S,
    FIRST_PAUSE_S,
    REPLY_ATTEMPTS,
    TIMEOUT_S,
    UNCONFIGURED_PAUSE,
    MailRoute,
)
from waypost.edges.mail_io.dkim_signing import signed
from waypost.edges.mail_io.errors import BadSmtpUrl, PermanentFailure, TemporaryFailure
from waypost.edges.mail_io.smtp import DeliveryReport
from waypost.kit import named_locks
from waypost.kit.errors import NotFound
from waypost.kit.jobs import Job, TryLater

log = structlog.get_logger(__name__)


def jobs(route: MailRoute) -> list[Job]:
    """The kind of job."""
    return [
        Job(
            name=workflows.MAIL_JOB,
            handle=partial(send, route),
            attempts=REPLY_ATTEMPTS,
            first_pause_s=FIRST_PAUSE_S,
            timeout_s=TIMEOUT_S,
            give_up=partial(give_up, route),
        )
    ]


async def send(route: MailRoute, payload: dict[str, Any]) -> None:
    """Send one mail. Raises TryLater when the server did not take it, or another worker is at it."""
    account_id, mail_id = payload["account_id"], payload["mail_id"]
    async with route.slots, named_locks.try_hold(route.transactions.pool, f"workflow.mail.{mail_id}") as is_held:
        if not is_held:
            raise TryLater(BUSY_PAUSE_S, "another worker is sending it")
        try:
            async with route.transactions.open() as tx:
                letter = await workflows.prepare_mail(tx, route.files, route.key, account_id, mail_id)
        except NotFound as error:
            await _settle(route, payload, "failed", f"a file cannot be read: {error.message}")
            return
        if letter is None:
            return
        if letter.channel.is_paused and letter.kind != "notice":
            await _settle(route, payload, "queued", "the mailbox is paused")
            raise TryLater(UNCONFIGURED_PAUSE.total_seconds(), "the mailbox is paused")
        try:
            report = await _hand_over(route, letter, account_id)
        except PermanentFailure as error:
            await _settle(route, payload, "failed", error.message)
            return
        except (BadSmtpUrl, TemporaryFailure) as error:
            await _settle(route, payload, "queued", error.message)
            raise TryLater(FIRST_PAUSE_S, error.message) from error
        if report.refused_for_now:
            await _settle(route, payload, "queued", str(report.refused_for_now[0]))
            raise TryLater(FIRST_PAUSE_S, str(report.refused_for_now[0]))
        refused = "; ".join(map(str, report.refused))
        await _settle(route, payload, "failed" if refused else "sent", refused or None)


async def _hand_over(route: MailRoute, letter: WorkflowMail, account_id: int) -> DeliveryReport:
    message = _message(route, letter, account_id)
    recipients = envelope_recipients(message)
    raw = await asyncio.to_thread(compose, message)
    if letter.kind == "notice":
        return await smtp.send(route.server(), raw, message.sender.email, recipients)
    channel = letter.channel
    if channel.dkim is not None:
        raw = await asyncio.to_thread(signed, raw, channel.dkim, message.sent_at)
    access = route.access(account_id, channel)
    return await smtp.send(route.server(channel.outgoing), raw, message.sender.email, recipients, access=access)


def _message(route: MailRoute, letter: WorkflowMail, account_id: int) -> OutgoingMessage:
    channel = letter.channel
    own = Address(channel.name, channel.email)
    sender = route.sender if letter.kind == "notice" else own
    host = sender.email.rpartition("@")[2] or "localhost"
    # Every try sends the same id. Answers and bounces belong to the conversation.
    message_id = mail.new_message_id(route.key, account_id, letter.conversation_id, 0, host, serial=letter.id)
    reply_to: tuple[Address, ...] = (own,) if letter.kind == "forward" else ()
    if letter.kind == "customer":
        email = mail.reply_address(route.key, channel, account_id, letter.conversation_id)
        reply_to = (Address(channel.name, email),) if email != channel.email else ()
    return OutgoingMessage(
        message_id=message_id,
        sender=sender,
        to=(Address(letter.to_name, letter.to_email),),
        cc=(),
        bcc=(),
        reply_to=reply_to,
        subject=letter.subject,
        html=letter.html,
        text="",
        attachments=tuple(MailAttachment(file.name, file.mime_type, file.data) for file in letter.files),
        in_reply_to=(),
        references=(),
        sent_at=letter.queued_at,
        headers={**mail.BY_A_PROGRAM, "Auto-Submitted": "auto-generated"},
    )


async def _settle(route: MailRoute, payload: dict[str, Any], state: str, error: str | None) -> None:
    async with route.transactions.open() as tx:
        await workflows.settle_mail(tx, payload["account_id"], payload["mail_id"], state, error)
    line = log.info if state == "sent" else log.warning
    line("workflows.mail", account_id=payload["account_id"], mail_id=payload["mail_id"], state=state)


async def give_up(route: MailRoute, payload: dict[str, Any], error: BaseException) -> None:
    """Note that it has been tried long enough."""
    await _settle(route, payload, "failed", f"given up: {error}")
