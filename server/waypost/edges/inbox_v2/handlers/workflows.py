"""Workflows: E102 to E104, and what manages them: definitions, order, dry runs, history."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response
from litestar.params import FromPath, JSONBody

from waypost.domains import workflows
from waypost.domains.workflows import DryRun, Outcome, WorkflowType
from waypost.edges.base.context import ActorDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters, workflow_patch
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.parameters import PAGING, Query
from waypost.edges.inbox_v2.wire.workflows import (
    DryRunOut,
    OrderIn,
    RunIn,
    RunOut,
    WorkflowIn,
    WorkflowOut,
    WorkflowWholeOut,
    address_of,
)

PAGE_SIZE = 50
TAGS = ["Workflows"]
LIST = (
    Query("mailboxId", "integer", "Only those of this mailbox.", ("mailbox",)),
    Query("type", "choice", "Only those of this type.", choices=tuple(kind.value for kind in WorkflowType)),
    *PAGING,
)
RUNS = (
    Query("outcome", "choice", "Only runs that ended so.", choices=tuple(outcome.value for outcome in Outcome)),
    *PAGING,
)
DRY_RUN = (
    Query("all", "boolean", "true lists the conversations that do not fit, too."),
    *PAGING,
)
Paged = parameters.documented(*PAGING)


@hal.get("/v2/workflows", operation_class=parameters.documented(*LIST), tags=TAGS)
async def list_workflows(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency
) -> Listing[WorkflowOut]:
    """List the workflows of the mailboxes that the token's user sees, by mailbox and order."""
    values = parameters.read(request, *LIST)
    asked = values.page(PAGE_SIZE)
    values.done()
    kind = WorkflowType(values["type"]) if values["type"] else None
    page = await workflows.list_workflows(read, actor, asked, mailbox_id=values["mailboxId"], kind=kind)
    base_url = hal.base_url(request)
    return hal.listing(request, "workflows", page, [WorkflowOut.of(item, base_url) for item in page.items])


@hal.post("/v2/workflows", tags=TAGS)
async def create_workflow(
    request: Request[Any, Any, Any], tx: TxDependency, actor: ActorDependency, data: JSONBody[WorkflowIn]
) -> Response[WorkflowWholeOut]:
    """Make a workflow. Only administrators; it is inactive unless `status` says otherwise."""
    made = await workflows.create(tx, actor, data.to_command())
    base_url = hal.base_url(request)
    shown = WorkflowWholeOut.of(made, base_url)
    return hal.created(shown, resource_id=made.id, location=address_of(made.id, base_url))


@hal.get("/v2/workflows/{workflow_id:int}", tags=TAGS)
async def get_workflow(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, workflow_id: FromPath[int]
) -> WorkflowWholeOut:
    """Get a workflow with its conditions and actions."""
    return WorkflowWholeOut.of(await workflows.get(read, actor, workflow_id), hal.base_url(request))


@litestar.put("/v2/workflows/{workflow_id:int}", status_code=204, tags=TAGS)
async def replace_workflow(
    tx: TxDependency, actor: ActorDependency, workflow_id: FromPath[int], data: JSONBody[WorkflowIn]
) -> None:
    """Describe a workflow anew. Keys that are left out keep what they hold."""
    await workflows.replace(tx, actor, workflow_id, data.to_command())


@litestar.patch("/v2/workflows/{workflow_id:int}", status_code=204, tags=TAGS)
async def switch_workflow(
    tx: TxDependency, actor: ActorDependency, workflow_id: FromPath[int], data: JSONBody[Any]
) -> None:
    """Switch a workflow on or off: one operation on `/status`, or an array of them."""
    await workflow_patch.apply(tx, actor, workflow_id, data)


@litestar.delete("/v2/workflows/{workflow_id:int}", status_code=204, tags=TAGS)
async def delete_workflow(tx: TxDependency, actor: ActorDependency, workflow_id: FromPath[int]) -> None:
    """Delete a workflow. The history of its runs stays with the conversations."""
    await workflows.delete(tx, actor, workflow_id)


@litestar.post("/v2/workflows/{workflow_id:int}/run", status_code=204, tags=TAGS)
async def run_workflow(
    tx: TxDependency, actor: ActorDependency, workflow_id: FromPath[int], data: JSONBody[RunIn]
) -> Response[None]:
    """Run a manual workflow for 1 to 50 conversations of its mailbox, in the background."""
    request_id = await workflows.request_run(tx, actor, workflow_id, data.ids)
    return Response(None, status_code=204, headers={"Request-ID": request_id})


@litestar.put("/v2/mailboxes/{mailbox_id:int}/workflows/order", status_code=204, tags=TAGS)
async def order_workflows(
    tx: TxDependency, actor: ActorDependency, mailbox_id: FromPath[int], data: JSONBody[OrderIn]
) -> None:
    """Put the workflows of a mailbox in order: all of them, each once."""
    await workflows.put_in_order(tx, actor, mailbox_id, list(data.workflow_ids))


@hal.post(
    "/v2/workflows/{workflow_id:int}/dry-run",
    status_code=200,
    operation_class=parameters.documented(*DRY_RUN),
    tags=TAGS,
)
async def dry_run_workflow(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, workflow_id: FromPath[int]
) -> DryRunOut:
    """Say which conversations of the last 30 days a workflow would have touched, and why. Nothing is changed."""
    values = parameters.read(request, *DRY_RUN)
    asked = values.page(PAGE_SIZE)
    values.done()
    found = await workflows.dry_run(read, actor, workflow_id, asked, with_others=bool(values["all"]))
    return _shown(request, found)


@hal.post("/v2/workflows/dry-run", status_code=200, operation_class=parameters.documented(*DRY_RUN), tags=TAGS)
async def dry_run_definition(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, data: JSONBody[WorkflowIn]
) -> DryRunOut:
    """Say which conversations of the last 30 days a definition would touch that is not saved."""
    values = parameters.read(request, *DRY_RUN)
    asked = values.page(PAGE_SIZE)
    values.done()
    found = await workflows.dry_run_draft(read, actor, data.to_command(), asked, with_others=bool(values["all"]))
    return _shown(request, found)


def _shown(request: Request[Any, Any, Any], found: DryRun) -> DryRunOut:
    info = hal.page_info(found.page.total, found.page.request)
    return DryRunOut.of(found, info, hal.page_links(request, info), hal.base_url(request))


@hal.get("/v2/workflows/{workflow_id:int}/runs", operation_class=parameters.documented(*RUNS), tags=TAGS)
async def list_runs(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, workflow_id: FromPath[int]
) -> Listing[RunOut]:
    """List what a workflow did and why, conversation by conversation, newest first."""
    values = parameters.read(request, *RUNS)
    asked = values.page(PAGE_SIZE)
    values.done()
    page = await workflows.list_runs(read, actor, workflow_id, asked, values["outcome"])
    base_url = hal.base_url(request)
    return hal.listing(request, "runs", page, [RunOut.of(item, base_url) for item in page.items])


@hal.get("/v2/conversations/{conversation_id:int}/workflow-runs", operation_class=Paged, tags=TAGS)
async def list_runs_of_conversation(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, conversation_id: FromPath[int]
) -> Listing[RunOut]:
    """List which workflows met a conversation and what they did, newest first."""
    values = parameters.read(request, *PAGING)
    asked = values.page(PAGE_SIZE)
    values.done()
    page = await workflows.list_runs_of_conversation(read, actor, conversation_id, asked)
    base_url = hal.base_url(request)
    return hal.listing(request, "runs", page, [RunOut.of(item, base_url) for item in page.items])


ROUTES = [
    list_workflows,
    create_workflow,
    dry_run_definition,
    get_workflow,
    replace_workflow,
    switch_workflow,
    delete_workflow,
    run_workflow,
    order_workflows,
    dry_run_workflow,
    list_runs,
    list_runs_of_conversation,
]
