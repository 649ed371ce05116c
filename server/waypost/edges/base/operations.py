"""For those who run the desk: is it alive, is it ready, what are its figures."""

from __future__ import annotations

import asyncio
from typing import Any

import litestar
import structlog
from litestar import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from waypost.edges.base.context import context_of

log = structlog.get_logger(__name__)
CHECK_TIMEOUT_S = 5.0


@litestar.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@litestar.get("/readyz", include_in_schema=False)
async def readyz(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Every part that requests need is usable: 200, or 503 with the parts that are not."""
    results: dict[str, str] = {}
    for name, check in context_of(request).readiness.items():
        try:
            await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
            results[name] = "ok"
        except Exception as error:
            log.warning("readiness.failed", part=name, error=repr(error))
            results[name] = "unavailable"
    ready = all(result == "ok" for result in results.values())
    return Response({"status": "ready" if ready else "not ready", "checks": results}, status_code=200 if ready else 503)


@litestar.get("/metrics", include_in_schema=False, sync_to_thread=False)
def metrics() -> Response[bytes]:
    """Prometheus metrics. Counts and times only: no names, no content."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


ROUTES = [healthz, readyz, metrics]
