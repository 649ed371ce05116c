"""Jobs that let mail leave: agents' replies, what they forward, automatic replies, and the desk's own mails.

How near to exactly one copy this is: a mail has one note with one Message-ID, and while it is sent a lock that no
second worker gets. The note says who remains to be reached; it is brought up to date right after the server has said
yes, batch by batch. Before the server is given the message, the note says so (`handed_over_at`): a process that dies
before has sent nothing, one that dies after the yes was noted sends nothing again. Between the two nobody but the
server knows, and SMTP has no way to ask it: then the same message goes out again, under the same Message-ID, by which
receivers and our own threading know it. Not to send it would lose it whenever the server had not taken it.
Decision 0030 has the alternatives.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import structlog

from waypost.domains import mail
from waypost.domains.mail import Address, MailAttachment, Outgoing, OutgoingMessage
from waypost.edges.base.rating_links import rating_html, rating_links, rating_text
from waypost.edges.mail_io import smtp
from waypost.edges.mail_io.compose import compose, envelope_recipients
from waypost.edges.mail_io.dkim_signing import signed
from waypost.edges.mail_io.errors import BadSmtpUrl, PermanentFailure, TemporaryFailure, Unsendable
from waypost.edges.mail_io.header_writer import wire_address
from waypost.edges.mail_io.mail_route import MailRoute
from waypost.edges.mail_io.smtp import DeliveryReport, SmtpServer
from waypost.kit import named_locks
from waypost.kit.errors import NotFound
from waypost.kit.jobs import Handler, Job, TryLater, enqueue

__all__ = ["MailRoute"]

log = structlog.get_logger(__name__)

#: Half a minute, then twice as long each time up to an hour: five days in all (RFC 5321, 4.5.4.1).
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 3600.0
REPLY_ATTEMPTS = 127
#: Links in the desk's own mails are good for an hour or some days, and people ask again: four hours.
SYSTEM_PAUSE_S = 60.0
SYSTEM_ATTEMPTS = 240
#: What visitors of help centers have written is asked for by nobody again: as often, so for three days.
LETTER_PAUSE_S = 1200.0
#: Without a usable server there is nothing to try: the mail waits and looks again.
UNCONFIGURED_PAUSE = timedelta(minutes=5)
BUSY_PAUSE_S = 10.0
#: A large message to a slow server; see the patience of `smtp.send`.
TIMEOUT_S = 3600.0
#: Recipients that every server takes at once (RFC 5321, 4.5.3.1.8). More of them get it in batches.
MOST_RECIPIENTS = 100


def jobs(route: MailRoute, system_job_name: str) -> list[Job]:
    """The two kinds of job: mails of conversations, and under the given name the desk's own mails."""
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
    """Send a queued mail of a conversation to those whom it has not reached yet.

    Raises TryLater when the server did not take it, or another worker is at it. What will never work is noted for good.
    """
    account_id, thread_id = payload["account_id"], payload["thread_id"]
    async with route.slots, named_locks.try_hold(route.transactions.pool, f"mail.send.{thread_id}") as is_held:
        if not is_held:
            raise TryLater(BUSY_PAUSE_S, "another worker is sending it")
        try:
            async with route.transactions.open() as tx:
                outgoing = await mail.prepare(tx, route.files, route.key, account_id, thread_id)
        except NotFound as error:
            await _note_failure(route, payload, f"a file of the reply cannot be read: {error.message}", for_good=True)
            return
        if isinstance(outgoing, Outgoing):
            await _send(route, payload, outgoing)
        elif outgoing is not None:
            async with route.transactions.open() as tx:
                await enqueue(tx, mail.SEND_JOB, payload, run_at=tx.now + timedelta(seconds=outgoing.wait_s))


async def _send(route: MailRoute, payload: dict[str, Any], outgoing: Outgoing) -> None:
    if outgoing.is_repeat:
        log.warning("mail.repeated", account_id=payload["account_id"], thread_id=payload["thread_id"])
    try:
        server = route.server(outgoing.channel.outgoing)
    except BadSmtpUrl as error:
        await _wait_for_server(route, payload, error.message)
        return
    try:
        await _hand_over_all(route, payload, outgoing, server)
    except PermanentFailure as error:
        await _note_failure(route, payload, error.message, for_good=True)
    except TemporaryFailure as error:
        await _note_failure(route, payload, error.message, for_good=False, in_doubt=error.is_in_doubt)
        raise TryLater(_pause_s(outgoing), error.message) from error


async def _hand_over_all(route: MailRoute, payload: dict[str, Any], outgoing: Outgoing, server: SmtpServer) -> None:
    """Give the message to the server for a batch of recipients after the other, each noted before the next."""
    raw = await asyncio.to_thread(_written, route, payload, outgoing)
    wanted = list(outgoing.remaining) if outgoing.remaining is not None else envelope_recipients(outgoing.message)
    postponed: list[smtp.Refusal] = []
    while True:
        batch, wanted = wanted[:MOST_RECIPIENTS], wanted[MOST_RECIPIENTS:]
        try:
            report = await smtp.send(
                server,
                raw,
                outgoing.return_path,
                batch,
                access=route.access(payload["account_id"], outgoing.channel),
                before_data=partial(_note_handing_over, route, payload),
            )
        except (PermanentFailure, TemporaryFailure) as error:
            report = _refused_batch(error, batch, wanted, postponed, outgoing)
        postponed += report.refused_for_now
        await _settle(route, payload, outgoing, report, [*(one.recipient for one in postponed), *wanted], postponed)
        if not wanted:
            return


def _refused_batch(
    error: PermanentFailure | TemporaryFailure,
    batch: list[str],
    wanted: list[str],
    postponed: list[smtp.Refusal],
    outgoing: Outgoing,
) -> DeliveryReport:
    """One of several batches was refused as a whole: the others get theirs all the same. Raises for the only one."""
    is_alone = not wanted and not postponed and len(batch) < MOST_RECIPIENTS and outgoing.remaining is None
    if is_alone or not (error.report and (error.report.refused or error.report.refused_for_now)):
        raise error
    return error.report


def _written(route: MailRoute, payload: dict[str, Any], outgoing: Outgoing) -> bytes:
    # Base64 of some 25 MB: in a thread, so that requests go on.
    message = outgoing.message
    if outgoing.rated_by is not None:
        links = rating_links(
            route.key,
            route.content_url,
            payload["account_id"],
            payload["thread_id"],
            outgoing.rated_by,
            message.sent_at,
        )
        text = f"{message.text}\n\n{rating_text(links)}"
        message = msgspec.structs.replace(message, html=message.html + rating_html(links), text=text)
    raw = compose(message)
    dkim = outgoing.channel.dkim
    return signed(raw, dkim, message.sent_at) if dkim is not None else raw


async def _note_handing_over(route: MailRoute, payload: dict[str, Any]) -> None:
    async with route.transactions.open() as tx:
        await mail.note_handing_over(tx, payload["account_id"], payload["thread_id"])


async def _settle(
    route: MailRoute,
    payload: dict[str, Any],
    outgoing: Outgoing,
    report: DeliveryReport,
    remaining: list[str],
    postponed: Sequence[smtp.Refusal],
) -> None:
    """Note what became of a batch. Those refused for now get the message by another job."""
    account_id, thread_id = payload["account_id"], payload["thread_id"]
    refused = [str(one) for one in report.refused]
    if outgoing.attempts + 1 >= REPLY_ATTEMPTS and len(remaining) == len(postponed):
        refused, remaining, postponed = [*refused, *map(str, postponed)], [], []
    later = f"not yet taken for {'; '.join(map(str, postponed))}" if postponed else ""
    async with route.transactions.open() as tx:
        await mail.note_taken(
            tx,
            account_id,
            thread_id,
            remaining=remaining,
            later=later[:1000],
            refused=refused,
        )
        if remaining and len(remaining) == len(postponed):
            await enqueue(tx, mail.SEND_JOB, payload, run_at=tx.now + timedelta(seconds=_pause_s(outgoing)))
    log.info(
        "mail.sent",
        account_id=account_id,
        thread_id=thread_id,
        accepted=len(report.accepted),
        later=len(report.refused_for_now),
        refused=len(report.refused),
    )


def _pause_s(outgoing: Outgoing) -> float:
    return float(min(FIRST_PAUSE_S * 2.0 ** min(outgoing.attempts, 20), LONGEST_PAUSE_S))


async def _note_failure(
    route: MailRoute, payload: dict[str, Any], error: str, *, for_good: bool, in_doubt: bool = False
) -> None:
    account_id, thread_id = payload["account_id"], payload["thread_id"]
    async with route.transactions.open() as tx:
        await mail.note_failure(tx, account_id, thread_id, error, for_good=for_good, in_doubt=in_doubt)
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
    """Send an invitation, a password link, a notice, or what a visitor of a help center has written.

    Raises TryLater when no server took it. What visitors have written is tried for days, even if it was refused for
    good: it must not be lost, and ends among the failed jobs, from where it can be sent again.
    """
    is_letter = "letter_id" in payload
    # A mail of its own each, told apart by the link or the letter's id in it; every try sends the same id.
    digest = hashlib.sha256(msgspec.json.encode(payload, order="deterministic")).hexdigest()[:32]
    async with route.slots, named_locks.try_hold(route.transactions.pool, f"mail.system.{digest}") as is_held:
        if not is_held:
            raise TryLater(BUSY_PAUSE_S, "another worker is sending it")
        try:
            server = route.server()
            message = _system_message(route, payload, digest, await _files_of(route, payload))
            raw = await asyncio.to_thread(compose, message)
            await smtp.send(server, raw, message.sender.email, envelope_recipients(message))
        except BadSmtpUrl as error:
            pause_s = LETTER_PAUSE_S if is_letter else UNCONFIGURED_PAUSE.total_seconds()
            raise TryLater(pause_s, error.message) from error
        except TemporaryFailure as error:
            raise TryLater(LETTER_PAUSE_S if is_letter else SYSTEM_PAUSE_S, error.message) from error
        except PermanentFailure as error:
            log.error("mail.system_refused", account_id=payload["account_id"], error=error.message)
            if is_letter:
                raise TryLater(LETTER_PAUSE_S, error.message) from error
        for file in payload.get("files", ()):
            await route.files.delete(file["storage_key"])


def _system_message(
    route: MailRoute, payload: dict[str, Any], digest: str, attachments: tuple[MailAttachment, ...]
) -> OutgoingMessage:
    return OutgoingMessage(
        message_id=payload.get("message_id") or f"<desk-{digest}@{route.sender.email.rpartition('@')[2]}>",
        sender=route.sender,
        to=(Address(payload["to_name"], payload["to_email"]),),
        cc=(),
        bcc=(),
        reply_to=_reply_to(payload),
        subject=payload["subject"],
        html=payload["html"],
        text="",
        attachments=attachments,
        in_reply_to=(),
        references=tuple(payload.get("references", ())),
        sent_at=route.transactions.clock(),
        headers={"Auto-Submitted": "auto-generated", **payload.get("headers", {})},
    )


def _reply_to(payload: dict[str, Any]) -> tuple[Address, ...]:
    """Whom an answer goes to. An address that mail cannot spell must not hold up what its owner has written."""
    email = payload.get("reply_to")
    try:
        return (Address(payload.get("reply_to_name", ""), wire_address(email)),) if email else ()
    except Unsendable:
        return ()


async def _files_of(route: MailRoute, payload: dict[str, Any]) -> tuple[MailAttachment, ...]:
    found = []
    for file in payload.get("files", ()):
        try:
            data = await route.files.read(file["storage_key"])
        except NotFound:
            # A worker has died right after it had sent the mail, or a disk was lost: the words are worth more.
            log.warning("mail.file_gone", account_id=payload["account_id"], file=file["storage_key"])
            continue
        found.append(MailAttachment(file["file_name"], file["mime_type"], data))
    return tuple(found)
