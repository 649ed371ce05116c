"""The audit trail, as a list or as CSV. An extension for owners and administrators."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.response import Stream

from waypost.domains import audit
from waypost.domains.audit import AuditFilter
from waypost.edges.base.context import ActorDependency, ContextDependency, TxDependency
from waypost.edges.inbox_v2 import hal, parameters
from waypost.edges.inbox_v2.hal import Listing
from waypost.edges.inbox_v2.parameters import Query, Values
from waypost.edges.inbox_v2.wire.audit import EntryOut, as_csv
from waypost.kit.errors import FieldError

PAGE_SIZE = 50
CSV = "text/csv"
# As a header: Litestar lets the route's media type win over a stream's own.
CSV_HEADERS = {"Content-Type": f"{CSV}; charset=utf-8", "Content-Disposition": 'attachment; filename="audit.csv"'}
PARTY = "Kind and id (`user:12`), or one of them."
QUERIES = (
    Query("type", "texts", "Only these types of event (`convo.status`); may be repeated or separated by commas."),
    Query("actor", "text", f"Only what this one did. {PARTY}"),
    Query("subject", "text", f"Only what was done to this. {PARTY}"),
    Query("since", "date", "Only what happened then or later."),
    Query("format", "choice", "`csv` for everything that matches, as CSV.", choices=("json", "csv")),
    *parameters.PAGING,
)


@hal.get("/v2/audit", operation_class=parameters.documented(*QUERIES), tags=["Audit"])
async def list_entries(
    request: Request[Any, Any, Any], read: TxDependency, actor: ActorDependency, context: ContextDependency
) -> Listing[EntryOut] | Stream:
    """List what was done in the account, newest first. Answers CSV where the request accepts nothing else."""
    values = parameters.read(request, *QUERIES)
    wanted, page = _filter(values), values.page(PAGE_SIZE)
    values.done()
    found = await audit.list_entries(read, actor, wanted, page)
    if values["format"] == "csv" or (values["format"] is None and _wants_csv(request)):
        batches = audit.entries_before(context.transactions, actor, wanted)
        return Stream(as_csv(batches), headers=CSV_HEADERS)
    return hal.listing(request, "entries", found, [EntryOut.of(entry) for entry in found.items])


def _wants_csv(request: Request[Any, Any, Any]) -> bool:
    accepted = request.headers.get("accept", "").lower()
    return accepted.split(",")[0].split(";")[0].strip() == CSV


def _filter(values: Values) -> AuditFilter:
    types = [part.strip() for text in values["type"] for part in text.split(",") if part.strip()]
    actor_kind, actor_id = _party(values, "actor")
    subject_kind, subject_id = _party(values, "subject")
    return AuditFilter(
        types=types or None,
        actor_kind=actor_kind,
        actor_id=actor_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        since=values["since"],
    )


def _party(values: Values, name: str) -> tuple[str | None, int | None]:
    text = (values[name] or "").strip()
    kind, colon, number = text.partition(":")
    if not colon:
        kind, number = ("", kind) if kind.isdigit() else (kind, "")
    if number and not (number.isascii() and number.isdigit() and len(number) < 19):
        values.refuse(FieldError(name, "must be a kind, an id, or kind:id", "Identifier", text, "QUERY"))
        return None, None
    return kind or None, int(number) if number else None


ROUTES = [list_entries]
