"""Automatic workflows: what has happened to a conversation, or ripened, meets the rules of its mailbox in their order.

A workflow runs when its conditions begin to hold, and again only after they have ceased to hold in between. One that
asks for an event runs at each such event. What a workflow changes never sets off that workflow again along the same
chain of changes, and a chain ends after 25 links.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from waypost.domains.workflows import cases, definitions, references, store, store_pending, store_runs
from waypost.domains.workflows.cases import Case
from waypost.domains.workflows.evaluate import Moment, Verdict, explain, names_things
from waypost.domains.workflows.models import Outcome, Workflow
from waypost.domains.workflows.references import References
from waypost.domains.workflows.running import LONGEST_CHAIN, Start, note, run
from waypost.domains.workflows.store_pending import Pending
from waypost.kit.errors import Unavailable
from waypost.kit.files import FileStore
from waypost.kit.tx import Tx

#: Time zones differ by quarters of an hour at the least; no day and hour come round later than after a week.
_STEP = timedelta(minutes=15)
_WEEK = timedelta(days=7, hours=1)


async def look(tx: Tx, files: FileStore, account_id: int, conversation_id: int) -> int:
    """Deal with everything that is due for a conversation; how many things that were. Raises Unavailable, Busy."""
    is_there, is_busy = await store_pending.lock_conversation(tx.connection, account_id, conversation_id)
    if is_there and is_busy:
        raise Unavailable("Conversation is locked")
    due = await store_pending.take(tx.connection, account_id, conversation_id, tx.now)
    if is_there and due:
        newest = await store_runs.newest_link(tx.connection, account_id, conversation_id)
        applied = await store_pending.applied(tx.connection, account_id, conversation_id)
        course = _Course(before=_Link(*newest) if newest is not None else None, applied=applied)
        for item in due:
            await _Meeting(tx, files, account_id, conversation_id, item, course).hold()
    return len(due)


@dataclass
class _Link:
    """A run, and the runs that led to it."""

    chain: list[int]
    depth: int


@dataclass
class _Course:
    """What one look has been through so far: the run before it, how it found the conversation, its last run.

    `applied` are the workflows that wait until their conditions have ceased to hold.
    """

    before: _Link | None
    applied: set[int]
    first: Case | None = None
    last: _Link | None = None


class _Meeting:
    """One thing that happened, and the workflows that look at it in turn."""

    def __init__(
        self, tx: Tx, files: FileStore, account_id: int, conversation_id: int, item: Pending, course: _Course
    ) -> None:
        self.tx = tx
        self.files = files
        self.account_id = account_id
        self.conversation_id = conversation_id
        self.item = item
        self.course = course
        self.moment = Moment(tx.now, frozenset({item.happened}) if item.happened else frozenset())
        self.known: References | None = None
        self.with_bodies = False

    async def hold(self) -> None:
        """Let the workflows of the conversation's mailbox look at it, until one takes it elsewhere."""
        case = await self._case()
        if case is None:
            return
        workflows = await store.list_automatic(self.tx.connection, self.account_id, case.mailbox_id, self.item.at)
        if self.item.workflow_id is not None:
            workflows = [workflow for workflow in workflows if workflow.id == self.item.workflow_id]
        if not workflows:
            return
        await self._prepare(workflows, case.mailbox_id)
        found = await self._case() if self.with_bodies else case
        self.course.first = self.course.first or found
        for workflow in workflows:
            if found is None or found.mailbox_id != workflow.mailbox_id:
                return
            if await self._meet(workflow, found):
                await self.tx.flush()
                found = await self._case()
                await self._settle(workflow, found)

    async def _prepare(self, workflows: list[Workflow], mailbox_id: int) -> None:
        described = [workflow.definition for workflow in workflows]
        self.with_bodies = cases.needs_bodies(described)
        if any(names_things(definition) for definition in described):
            self.known = await references.load(self.tx, self.account_id, mailbox_id)

    async def _case(self) -> Case | None:
        found = await cases.load(
            self.tx.connection, self.account_id, [self.conversation_id], with_bodies=self.with_bodies
        )
        return found[0] if found and may_meet(found[0]) else None

    async def _meet(self, workflow: Workflow, case: Case) -> bool:
        """Whether it ran. Says in the history also why it did not, where that is no matter of its conditions."""
        verdict = self._explain(workflow, case)
        by_event = definitions.has_event(workflow.definition)
        if not verdict.holds:
            await self._pass_by(workflow, case, verdict, by_event=by_event)
            return False
        if not by_event and workflow.id in self.course.applied:
            return False
        link = self._link_before(workflow)
        start = Start(
            cause=self.item.cause,
            chain=link.chain,
            depth=link.depth,
            event_id=self.item.event_id,
            event_type=self.item.event_type,
        )
        if workflow.id in link.chain:
            if not by_event:
                reason = await self._why_in_circles(workflow)
                await note(self.tx, workflow, case, start, Outcome.SKIPPED, reason, verdict.findings)
            return await self._stand_back(workflow, by_event=by_event)
        if link.depth >= LONGEST_CHAIN:
            reason = f"cut: {LONGEST_CHAIN} workflows have set each other off, one after the other"
            await note(self.tx, workflow, case, start, Outcome.CUT, reason, verdict.findings)
            return await self._stand_back(workflow, by_event=by_event)
        outcome = await run(self.tx, self.files, workflow, case, start, verdict.findings)
        self.course.last = _Link([*link.chain, workflow.id], link.depth + 1)
        return outcome is not None

    def _link_before(self, workflow: Workflow) -> _Link:
        """The run that led to this one: the last one in this look, unless it held before that already."""
        own, first, last = _Link(self.item.chain, self.item.depth), self.course.first, self.course.last
        if last is None or (first is not None and self._explain(workflow, first).holds):
            # Facts of workflows are looked at some time after them, and others may have run meanwhile.
            before = self.course.before if self.item.depth > 0 else None
            return before if before is not None and before.depth > own.depth else own
        return last if last.depth > own.depth else own

    async def _why_in_circles(self, workflow: Workflow) -> str:
        reason = "it has run already in this chain of changes"
        last = await store_runs.last_other(self.tx.connection, self.account_id, self.conversation_id, workflow.id)
        return f"{reason}: workflows {workflow.id} and {last} undo each other" if last is not None else reason

    def _explain(self, workflow: Workflow, case: Case) -> Verdict:
        return explain(workflow.definition, case, self.known, self.moment)

    async def _pass_by(self, workflow: Workflow, case: Case, verdict: Verdict, *, by_event: bool) -> None:
        if by_event:
            return
        await self._release(workflow)
        if verdict.waits_for_hour:
            until = opening(workflow, case, self.known, self.tx.now)
            if until is not None:
                await store_pending.defer(self.tx.connection, self.account_id, workflow.id, self.conversation_id, until)

    async def _stand_back(self, workflow: Workflow, *, by_event: bool) -> bool:
        """As if it had run: it waits until its conditions have ceased to hold."""
        if not by_event:
            await self._apply(workflow)
        return False

    async def _apply(self, workflow: Workflow) -> None:
        if workflow.id not in self.course.applied:
            self.course.applied.add(workflow.id)
            await store_pending.apply(self.tx.connection, self.account_id, workflow.id, self.conversation_id)

    async def _release(self, workflow: Workflow) -> None:
        if workflow.id in self.course.applied:
            self.course.applied.discard(workflow.id)
            await store_pending.release(self.tx.connection, self.account_id, workflow.id, self.conversation_id)

    async def _settle(self, workflow: Workflow, case: Case | None) -> None:
        """Remember that it has run, unless it has itself undone what it asks for."""
        if definitions.has_event(workflow.definition):
            return
        if case is not None and case.mailbox_id == workflow.mailbox_id and self._explain(workflow, case).holds:
            await self._apply(workflow)
        else:
            await self._release(workflow)


def may_meet(case: Case) -> bool:
    """Drafts, deleted conversations and those that were merely imported are left alone (spec: 7.2 `imported`)."""
    return case.state == "published" and case.has_own


def opening(workflow: Workflow, case: Case, known: References | None, now: datetime) -> datetime | None:
    """When the hands of the clock alone will make its conditions hold; None if they will not within a week."""
    moment = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    while (moment := moment + _STEP) <= now + _WEEK:
        if explain(workflow.definition, case, known, Moment(moment)).holds:
            return moment
    return None
