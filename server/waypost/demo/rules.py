"""The demo's workflows: some that run by themselves from now on, and some for users to start."""

from __future__ import annotations

from waypost.demo.stage import Stage
from waypost.domains import accounts, workflows
from waypost.domains.accounts import scope_of
from waypost.domains.workflows import Action, Condition, Group, WorkflowDraft
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx

_OFFICE = "Europe/Stockholm"


async def make_workflows(tx: Tx, stage: Stage) -> None:
    """They look at what happens from now on: what the demo tells has happened before."""
    teams = (await accounts.list_teams(tx, scope_of(stage.owner), PageRequest(1, 50))).items
    team = {one.first_name: one.id for one in teams}
    for draft in _drafts(stage, team["Tier 2"], team["Billing"]):
        await workflows.create(tx, stage.owner, draft)


def _drafts(stage: Stage, tier2: int, billing: int) -> list[WorkflowDraft]:
    support, orders = stage.mailboxes["support"].id, stage.mailboxes["orders"].id
    is_open = _one(field="status", operator="is", value=["active", "pending"])
    return [
        WorkflowDraft(
            mailbox_id=support,
            type="automatic",
            status="active",
            name="Crashes to Tier 2",
            conditions=[
                Group(
                    [
                        Condition(field="subject", operator="contains", value=["crash", "freeze", "hang"]),
                        Condition(
                            field="body", operator="matches", value=r"\b(crash(es|ed)?|segfault|not responding)\b"
                        ),
                    ]
                ),
                _one(field="assignee", operator="is", value=None),
            ],
            actions=[
                Action(type="addTags", tags=["crash"]),
                Action(type="assign", assign_to=tier2),
                Action(
                    type="addNote", text="{{customer.firstName | The customer}} tells of a crash: ask for the report."
                ),
            ],
        ),
        WorkflowDraft(
            mailbox_id=support,
            type="automatic",
            status="active",
            name="Nobody has answered for two days",
            conditions=[
                _one(field="waitingSince", operator="longerAgoThan", value={"amount": 2, "unit": "days"}),
                is_open,
                _one(field="hour", operator="between", value={"from": 8, "to": 18}, timezone=_OFFICE),
            ],
            actions=[
                Action(type="addTags", tags=["overdue"]),
                Action(type="notify", to=[tier2], text="#{{conversation.number}} has waited for two days."),
            ],
        ),
        WorkflowDraft(
            mailbox_id=orders,
            type="automatic",
            status="active",
            name="Refunds to Billing",
            conditions=[
                Group(
                    [
                        Condition(field="subject", operator="contains", value="refund"),
                        Condition(field="body", operator="contains", value=["refund", "money back"]),
                    ]
                ),
                _one(field="event", operator="is", value="newConversation"),
            ],
            actions=[Action(type="addTags", tags=["refund"]), Action(type="assign", assign_to=billing)],
        ),
        WorkflowDraft(
            mailbox_id=orders,
            type="automatic",
            status="inactive",
            name="Close what has been quiet for a month",
            conditions=[
                _one(field="lastUserReplyAt", operator="longerAgoThan", value={"amount": 30, "unit": "days"}),
                _one(field="status", operator="is", value="pending"),
            ],
            actions=[Action(type="changeStatus", status="closed")],
        ),
        WorkflowDraft(
            mailbox_id=support,
            type="manual",
            status="active",
            name="Hand over to Tier 2",
            conditions=[is_open],
            actions=[
                Action(type="addTags", tags=["escalated"]),
                Action(type="assign", assign_to=tier2),
                Action(type="addNote", text="Handed over. What has been tried is above."),
            ],
        ),
        WorkflowDraft(
            mailbox_id=orders,
            type="manual",
            status="active",
            name="Wait for the bank",
            conditions=[is_open],
            actions=[Action(type="addTags", tags=["bank"]), Action(type="changeStatus", status="pending")],
        ),
    ]


def _one(**condition: object) -> Group:
    return Group([Condition(**condition)])  # type: ignore[arg-type]
