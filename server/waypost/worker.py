"""What the worker does: who reads the log, which jobs it runs, what recurs. New work is entered in these lists."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from urllib.parse import urlsplit

import structlog

from waypost.domains import accounts, audit, conversations, customers, docs, mail, notifications, webhooks, workflows
from waypost.edges.hooks_out.dispatcher import Dispatcher
from waypost.edges.inbox_v2 import idempotency as repeats
from waypost.edges.mail_io import delivery, notices, workflow_mail
from waypost.edges.mail_io.imap_fetcher import Fetcher
from waypost.edges.mail_io.imap_folder import Parts
from waypost.edges.mail_io.mail_listener import MailListener, Protocol, Rules, certificate, networks
from waypost.edges.mail_io.reading import Reading
from waypost.kit import idempotency, schedule, tally
from waypost.kit.job_runner import JobRunner
from waypost.kit.jobs import Job, enqueue
from waypost.kit.log_reader import LogReader, Subscriber
from waypost.kit.schedule import Recurring, every
from waypost.kit.tally import Tally
from waypost.kit.tx import Tx
from waypost.kit.wakeups import DELIVERIES, EVENTS, JOBS
from waypost.runtime import SYSTEM_MAIL_JOB, Desk, queue_system_mail

log = structlog.get_logger(__name__)

FOLD_EVERY_S = 5.0
TRIM_EVERY_S = 3600.0
PLANS_EVERY_S = 5.0
WORKFLOWS_EVERY_S = 15.0
REBUILD_EVERY_S = 30.0
UNREAD_EVERY_S = 5.0
JOB_HISTORY_KEPT = "7 days"

TALLIES = (
    Tally("conversation_tally", ("account_id", "mailbox_id", "status", "assignee_id")),
    Tally("tag_tally", ("account_id", "tag_id")),
    Tally("customer_tally", ("account_id",)),
    Tally("organization_total", ("account_id",)),
)


#: Who reads the event log, beside those that `subscribers` adds. Handlers get (tx, facts) and write through that
#: transaction only.
SUBSCRIBERS = (
    Subscriber(audit.NAME, audit.on_facts),
    Subscriber(conversations.timeline.NAME, conversations.timeline.on_facts),
    Subscriber(conversations.routing.NAME, conversations.routing.on_facts),
    Subscriber(notifications.NAME, notifications.subscriber(notices.queue), from_now=True),
    Subscriber("idempotency", repeats.on_facts),
    Subscriber(workflows.NAME, workflows.on_facts),
)


def subscribers(desk: Desk) -> tuple[Subscriber, ...]:
    """All who read the log: those above, and those who need something of the desk."""
    return (
        *SUBSCRIBERS,
        Subscriber(mail.NAME, mail.subscriber(enqueue, desk.context.secret_key)),
        Subscriber(webhooks.NAME, webhooks.subscriber(desk.context.compose_webhook)),
    )


def dispatcher(desk: Desk) -> Dispatcher:
    """What sends webhooks."""
    return Dispatcher(
        desk.transactions,
        desk.outgoing,
        desk.context.secret_key,
        desk.context.compose_webhook,
        queue_system_mail,
        desk.wakeups.waiter(DELIVERIES),
    )


def fetcher(desk: Desk) -> Fetcher:
    """What fetches mail from the mailboxes' servers."""
    parts = Parts(
        transactions=desk.transactions,
        files=desk.files,
        outgoing=desk.outgoing,
        access_tokens=desk.access_tokens,
    )
    return Fetcher(parts, desk.context.secret_key)


def listeners(desk: Desk) -> list[MailListener]:
    """What takes mail that other servers hand over. Raises BadSetting."""
    settings = desk.settings
    places: list[tuple[Protocol, str]] = [("smtp", settings.smtp_listen), ("lmtp", settings.lmtp_listen)]
    tls = certificate(settings.smtp_tls_cert, settings.smtp_tls_key)
    hostname = urlsplit(desk.context.base_url).hostname or "localhost"
    peers = networks(settings.smtp_peers)
    return [
        MailListener(
            desk.transactions,
            desk.files,
            Rules(protocol=protocol, place=place, hostname=hostname, peers=peers, tls=tls),
        )
        for protocol, place in places
        if place
    ]


def jobs(desk: Desk) -> list[Job]:
    """The kinds of background job. Handlers get the payload; what else they need is bound here."""
    route = mail_route(desk)
    return [
        *customers.jobs(desk.transactions),
        *conversations.jobs(desk.transactions),
        *docs.jobs(desk.transactions, desk.files),
        Reading(desk.transactions, desk.files, desk.parsers, desk.context.secret_key).job(),
        *delivery.jobs(route, SYSTEM_MAIL_JOB),
        notices.job(route, desk.context.base_url),
        *workflows.jobs(desk.transactions, desk.files, desk.outgoing),
        *workflow_mail.jobs(route),
    ]


def recurring(desk: Desk) -> list[Recurring]:
    """What is done again and again."""
    return [
        every(FOLD_EVERY_S, "tallies.fold", partial(tally.fold, desk.transactions, TALLIES)),
        every(FOLD_EVERY_S, "organizations.fold", partial(customers.organizations.fold, desk.transactions)),
        every(TRIM_EVERY_S, "jobs.trim", partial(_trim_job_history, desk)),
        every(TRIM_EVERY_S, "sessions.forget", partial(_until_none_is_due, desk, accounts.sessions.forget_expired)),
        every(TRIM_EVERY_S, "tokens.forget", partial(_until_none_is_due, desk, accounts.grants.delete_spent)),
        every(TRIM_EVERY_S, "idempotency.trim", partial(_until_none_is_due, desk, idempotency.trim)),
        every(TRIM_EVERY_S, "webhooks.trim", partial(_until_none_is_due, desk, webhooks.sending.clean_up)),
        every(TRIM_EVERY_S, "docs.forget_visits", partial(_until_none_is_due, desk, docs.visits.forget_expired)),
        every(TRIM_EVERY_S, "docs.forget_voters", partial(_until_none_is_due, desk, docs.insight.forget_voters)),
        every(PLANS_EVERY_S, "conversations.wake", partial(_until_none_is_due, desk, conversations.wake_due)),
        every(UNREAD_EVERY_S, "mail.queue_due", partial(_until_none_is_due, desk, mail.intake.queue_due)),
        every(REBUILD_EVERY_S, "search.rebuild", partial(conversations.rebuild_documents, desk.transactions)),
        every(PLANS_EVERY_S, "conversations.send", partial(_until_none_is_due, desk, conversations.send_due)),
        every(WORKFLOWS_EVERY_S, "workflows.ripen", partial(_until_none_is_due, desk, workflows.ripen)),
        every(WORKFLOWS_EVERY_S, "workflows.queue", partial(_until_none_is_due, desk, workflows.queue_due)),
    ]


def mail_route(desk: Desk) -> delivery.MailRoute:
    """Where mail leaves by. A demo's mail never leaves by a server that a mailbox names."""
    settings = desk.settings
    return delivery.MailRoute(
        transactions=desk.transactions,
        files=desk.files,
        smtp_url=settings.smtp_url,
        sender=mail.Address(*settings.sender),
        key=desk.context.secret_key,
        outgoing=desk.outgoing,
        content_url=desk.context.content_address,
        is_confined=settings.is_demo,
    )


async def run(desk: Desk, stop: asyncio.Event) -> None:
    """Work until `stop` is set, then end what is under way."""
    async with AsyncExitStack() as stack:
        for listener in listeners(desk):
            await listener.start()
            stack.push_async_callback(listener.stop)
        await _work(desk, stop)


async def _work(desk: Desk, stop: asyncio.Event) -> None:
    reading = subscribers(desk)
    reader = LogReader(desk.transactions, reading, desk.wakeups.waiter(EVENTS))
    runner = JobRunner(desk.pool, jobs(desk), desk.wakeups.waiter(JOBS))
    background = [
        asyncio.create_task(reader.run(), name="log reader"),
        asyncio.create_task(schedule.run(desk.transactions, recurring(desk)), name="schedule"),
    ]
    queues = [
        asyncio.create_task(runner.run(stop), name="jobs"),
        asyncio.create_task(dispatcher(desk).run(desk.dsn, stop), name="webhooks"),
        asyncio.create_task(fetcher(desk).run(desk.dsn, stop), name="mail fetcher"),
    ]
    log.info("worker.started", subscribers=len(reading), jobs=len(jobs(desk)))
    try:
        # Each runs until cancelled or stopped; one that ends by a fault ends the worker, so that it is not half alive.
        await asyncio.wait({*queues, *background}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        for task in background:
            task.cancel()
        results = await asyncio.gather(*queues, *background, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    log.info("worker.stopped")


async def drain(desk: Desk) -> int:
    """Read the log, run due jobs and send webhooks until nothing is left; how much that was. For tests and commands."""
    reader, runner = LogReader(desk.transactions, subscribers(desk)), JobRunner(desk.pool, jobs(desk))
    sender = dispatcher(desk)
    total = 0
    while done := await reader.drain() + await runner.drain() + await sender.drain():
        total += done
    return total


async def _until_none_is_due(desk: Desk, carry_out: Callable[[Tx], Awaitable[int]]) -> None:
    """Carry out what is due, a batch a transaction."""
    while True:
        async with desk.transactions.open() as tx:
            if not await carry_out(tx):
                return


async def _trim_job_history(desk: Desk) -> None:
    async with desk.transactions.open() as tx:
        for table in ("pgqueuer_log", "pgqueuer_statistics"):
            await tx.connection.execute(f"delete from {table} where created < now() - interval '{JOB_HISTORY_KEPT}'")
