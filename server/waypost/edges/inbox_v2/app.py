"""The routes of the Inbox API in one list, and what holds for all of them."""

from __future__ import annotations

from typing import Any

from litestar import Router
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from waypost.edges.base.context import DEPENDENCIES, Unauthorized
from waypost.edges.inbox_v2 import preconditions
from waypost.edges.inbox_v2.errors import EXCEPTION_HANDLERS
from waypost.edges.inbox_v2.handlers import (
    attachments,
    audit,
    availability,
    channels,
    clock,
    conversation_properties,
    conversations,
    customer_entries,
    customer_properties,
    customers,
    forwards,
    live,
    mailboxes,
    notifications,
    organization_properties,
    organizations,
    ratings,
    received,
    routing,
    saved_replies,
    tags,
    teams,
    threads,
    users,
    webhook_deliveries,
    webhooks,
    workflows,
)


# Asynchronous, or the framework would run it in a thread of its own for each request.
async def needs_caller(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Guard of every route: a token that counts (spec: 2.4)."""
    if connection.scope.get("waypost.actor") is None:
        raise Unauthorized


router = Router(
    path="/",
    route_handlers=[
        *conversations.ROUTES,
        *threads.ROUTES,
        *forwards.ROUTES,
        *attachments.ROUTES,
        *tags.ROUTES,
        *ratings.ROUTES,
        *customers.ROUTES,
        *customer_entries.ROUTES,
        *customer_properties.ROUTES,
        *organization_properties.ROUTES,
        *organizations.ROUTES,
        *mailboxes.ROUTES,
        *received.ROUTES,
        *channels.ROUTES,
        *routing.ROUTES,
        *saved_replies.ROUTES,
        *conversation_properties.ROUTES,
        *users.ROUTES,
        *availability.ROUTES,
        *notifications.ROUTES,
        *teams.ROUTES,
        *webhooks.ROUTES,
        *webhook_deliveries.ROUTES,
        *audit.ROUTES,
        *live.ROUTES,
        *clock.ROUTES,
        *workflows.ROUTES,
    ],
    dependencies={**DEPENDENCIES, **preconditions.DEPENDENCIES},
    guards=[needs_caller],
    exception_handlers=EXCEPTION_HANDLERS,
)
