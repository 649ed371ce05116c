"""What tests of the engine set up: conversations, workflows, a clock to turn, and the worker's round."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tests.desk import Desk
from tests.office import Office
from waypost.domains import conversations, workflows
from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    ConversationType,
    CustomerReference,
    NewConversation,
    NewThread,
    Status,
    ThreadType,
)
from waypost.domains.mailboxes import Mailbox
from waypost.domains.workflows import Action, Condition, Group, Run, WorkflowDraft
from waypost.kit.paging import PageRequest

EVERYTHING = PageRequest(1, 1000)


class Hand:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **amount: float) -> None:
        self.now += timedelta(**amount)


async def converse(
    office: Office,
    *,
    subject: str = "Hello",
    text: str = "Hello",
    mailbox: Mailbox | None = None,
    email: str = "jane@example.com",
    by_user: bool = False,
    **changes: Any,
) -> int:
    """A conversation that a customer (or a user) began."""
    author = office.account.owner.id if by_user else None
    first = NewThread(
        type=ThreadType.MESSAGE if by_user else ThreadType.CUSTOMER,
        body=text,
        user_id=author,
        source_type="email",
        **{key: changes.pop(key) for key in ("to", "cc", "attachments", "is_automatic") if key in changes},
    )
    new = msgspec.structs.replace(
        NewConversation(
            subject=subject,
            type=ConversationType.EMAIL,
            mailbox_id=(mailbox or office.support).id,
            status=Status.ACTIVE,
            customer=CustomerReference(email=email),
            threads=[first],
            user_id=author,
            source_type="email",
        ),
        **changes,
    )
    async with office.desk.transactions.open() as tx:
        made = await conversations.create(tx, office.desk.parts.files, office.account.owner.actor, new)
    return made.id


async def say(office: Office, conversation_id: int, kind: ThreadType, text: str = "More", **changes: Any) -> int:
    """One more message, by the customer or the owner."""
    by_customer = kind is ThreadType.CUSTOMER
    actor = Actor.system(office.account.id) if by_customer else office.account.owner.actor
    thread = NewThread(type=kind, body=text, source_type="email", **changes)
    async with office.desk.transactions.open() as tx:
        made = await conversations.add_thread(tx, office.desk.parts.files, actor, conversation_id, thread)
    return made.id


def group(*conditions: Condition) -> Group:
    return Group(list(conditions))


def where(field: str, operator: str, value: Any = None, **more: Any) -> Condition:
    return Condition(field=field, operator=operator, value=value, **more)


async def rule(
    office: Office,
    conditions: list[Condition],
    actions: list[Action],
    *,
    kind: str = "automatic",
    mailbox: Mailbox | None = None,
    name: str = "Rule",
) -> int:
    """An active workflow; every condition must hold."""
    draft = WorkflowDraft(
        mailbox_id=(mailbox or office.support).id,
        type=kind,
        status="active",
        name=name,
        conditions=[group(condition) for condition in conditions],
        actions=actions,
    )
    async with office.desk.transactions.open() as tx:
        return (await workflows.create(tx, office.account.owner.actor, draft)).id


async def runs(office: Office, workflow_id: int) -> list[Run]:
    """The history of a workflow, oldest first."""
    async with office.desk.transactions.read() as tx:
        page = await workflows.list_runs(tx, office.account.owner.actor, workflow_id, EVERYTHING)
    return page.items[::-1]


async def tags(office: Office, conversation_id: int) -> set[str]:
    async with office.desk.transactions.read() as tx:
        found = await conversations.get(tx, office.account.owner.actor, conversation_id)
    return {tag.name for tag in found.tags}


async def tick(desk: Desk) -> None:
    """What the worker does again and again, and then all that comes of it."""
    async with desk.transactions.open() as tx:
        await workflows.ripen(tx)
    while True:
        async with desk.transactions.open() as tx:
            if not await workflows.queue_due(tx):
                break
    await desk.run_workers()
