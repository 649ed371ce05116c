"""Dry runs: which conversations of the last 30 days a rule would have touched, and why. Nothing is changed."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.workflows import automatic, cases, definitions, evaluate, policy, references, service, store_runs
from waypost.domains.workflows.cases import Case
from waypost.domains.workflows.evaluate import Moment
from waypost.domains.workflows.models import Definition, Trial, WorkflowDraft
from waypost.domains.workflows.references import References
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

LOOKED_BACK = timedelta(days=30)
#: The newest so many conversations of each status are looked at.
MOST_OF_A_STATUS = 1000
BATCH = 100


class DryRun(msgspec.Struct, frozen=True):
    """What a dry run found: one page of conversations, newest first, and how many were looked at and fit."""

    since: datetime
    examined: int
    matched: int
    page: Page[Trial]


async def dry_run(tx: Tx, actor: Actor, workflow_id: int, page: PageRequest, *, with_others: bool) -> DryRun:
    """Try a workflow that is there. `with_others` lists those that do not fit too. Raises NotFound, Forbidden."""
    workflow = await service.get(tx, actor, workflow_id)
    policy.may_manage(actor)
    known = await references.load(tx, actor.account_id, workflow.mailbox_id)
    return await _try(tx, actor, workflow.definition, known, page, with_others=with_others)


async def dry_run_draft(tx: Tx, actor: Actor, draft: WorkflowDraft, page: PageRequest, *, with_others: bool) -> DryRun:
    """Try a definition that is not saved. Raises what saving it would raise; a name it need not have."""
    known = await service.checked(tx, actor, draft, with_name=False)
    return await _try(tx, actor, definitions.definition_of(draft), known, page, with_others=with_others)


async def _try(
    tx: Tx, actor: Actor, definition: Definition, known: References, page: PageRequest, *, with_others: bool
) -> DryRun:
    since = tx.now - LOOKED_BACK
    ids = await store_runs.recent(tx.connection, actor.account_id, known.mailbox_id, since, MOST_OF_A_STATUS)
    trials: list[Trial] = []
    for start in range(0, len(ids), BATCH):
        found = await cases.load(
            tx.connection, actor.account_id, ids[start : start + BATCH], with_bodies=cases.needs_bodies([definition])
        )
        trials += [trial(definition, case, known, tx.now) for case in found if automatic.may_meet(case)]
    matched = [one for one in trials if one.would_run]
    shown = sorted(trials if with_others else matched, key=lambda one: -one.number)
    return DryRun(
        since,
        len(trials),
        len(matched),
        Page(shown[page.offset : page.offset + page.size], len(shown), page),
    )


def trial(definition: Definition, case: Case, known: References | None, now: datetime) -> Trial:
    """What a rule says of a conversation as it stands, every event of the last 30 days taken as one of just now."""
    verdict = evaluate.explain(definition, case, known, Moment(now, happened_to(case, now - LOOKED_BACK)))
    return Trial(case.id, case.number, case.subject, verdict.holds, verdict.findings)


def happened_to(case: Case, since: datetime) -> frozenset[str]:
    """The events of a conversation since then, in the words of the condition `event`."""
    moments = {
        "newConversation": case.created_at,
        "customerReply": case.last_customer_answer_at,
        "agentReply": case.last_user_at,
        "note": case.last_note_at,
        "rating": case.rated_at,
        "deliveryFailed": case.delivery_failed_at,
    }
    return frozenset(word for word, moment in moments.items() if moment is not None and moment >= since)
