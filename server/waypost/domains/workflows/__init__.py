"""Workflows: rules of a mailbox that users start or that run by themselves, and the history of what each did and why.

Definitions are checked completely when they are written. Automatic workflows look at the facts of the event log, and
time conditions at what has crossed their limits; every run is one transaction with its note in the history.
"""

from waypost.domains import customers
from waypost.domains.workflows import catalog
from waypost.domains.workflows.action_checks import action_types
from waypost.domains.workflows.clock import queue_due, ripen
from waypost.domains.workflows.dry_runs import DryRun, dry_run, dry_run_draft
from waypost.domains.workflows.jobs import forget_customer, jobs
from waypost.domains.workflows.letters import MAIL_JOB, WorkflowMail, prepare_mail, settle_mail
from waypost.domains.workflows.listeners import NAME, on_facts
from waypost.domains.workflows.models import (
    Action,
    ActionDone,
    Condition,
    Finding,
    Group,
    Outcome,
    Run,
    Trial,
    Workflow,
    WorkflowDraft,
    WorkflowStatus,
    WorkflowType,
)
from waypost.domains.workflows.service import (
    create,
    delete,
    get,
    list_runs,
    list_runs_of_conversation,
    list_workflows,
    put_in_order,
    replace,
    request_run,
    set_status,
)

customers.before_delete.append(forget_customer)

__all__ = [
    "MAIL_JOB",
    "NAME",
    "Action",
    "ActionDone",
    "Condition",
    "DryRun",
    "Finding",
    "Group",
    "Outcome",
    "Run",
    "Trial",
    "Workflow",
    "WorkflowDraft",
    "WorkflowMail",
    "WorkflowStatus",
    "WorkflowType",
    "action_types",
    "catalog",
    "create",
    "delete",
    "dry_run",
    "dry_run_draft",
    "forget_customer",
    "get",
    "jobs",
    "list_runs",
    "list_runs_of_conversation",
    "list_workflows",
    "on_facts",
    "prepare_mail",
    "put_in_order",
    "queue_due",
    "replace",
    "request_run",
    "ripen",
    "set_status",
    "settle_mail",
]
