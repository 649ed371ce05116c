"""What a user wants to be told of by mail."""

from __future__ import annotations

from typing import Any

import litestar
from litestar import Request, Response

from waypost.domains import notifications
from waypost.domains.notifications import Occasion
from waypost.edges.base.context import Context
from waypost.edges.session.forms import Form, in_transaction
from waypost.edges.session.handlers.profile import notice_of
from waypost.edges.session.pages import page, redirect
from waypost.edges.session.visitors import SignedInVisitor

#: The page's groups: a heading, and its occasions with what they are called.
GROUPS: list[tuple[str, list[tuple[Occasion, str]]]] = [
    (
        "Addressed to you",
        [
            (Occasion.MENTIONED, "Somebody mentions you or your team in a note"),
            (Occasion.ASSIGNED_TO_ME, "A conversation is assigned to you"),
            (Occasion.ASSIGNED_TO_MY_TEAM, "A conversation is assigned to a team of yours"),
        ],
    ),
    (
        "Conversations",
        [
            (Occasion.NEW_CONVERSATION, "A conversation begins"),
            (Occasion.ASSIGNED_TO_OTHER, "A conversation is assigned to somebody else"),
        ],
    ),
    (
        "A customer answers",
        [
            (Occasion.CUSTOMER_REPLIED_MINE, "In a conversation of yours or your team's"),
            (Occasion.CUSTOMER_REPLIED_UNASSIGNED, "In one that nobody is assigned to"),
            (Occasion.CUSTOMER_REPLIED_OTHER, "In somebody else's"),
        ],
    ),
    (
        "A colleague replies or leaves a note",
        [
            (Occasion.USER_REPLIED_MINE, "In a conversation of yours or your team's"),
            (Occasion.USER_REPLIED_UNASSIGNED, "In one that nobody is assigned to"),
            (Occasion.USER_REPLIED_OTHER, "In somebody else's"),
        ],
    ),
]


@litestar.get("/profile/notifications")
async def show_choices(context: Context, signed_in: SignedInVisitor, request: Request[Any, Any, Any]) -> Response[str]:
    """The choices, as they stand."""
    actor = signed_in.session.actor
    async with context.transactions.read() as read:
        choices = await notifications.choices_of(read, actor, actor.user_id)
    return page(
        context,
        signed_in,
        "profile/notifications.html",
        groups=GROUPS,
        choices=choices,
        notice=notice_of(request),
    )


@litestar.post("/profile/notifications")
async def save_choices(context: Context, signed_in: SignedInVisitor, form: Form) -> Response[str]:
    """Keep the choices. A box that is not ticked is not sent."""
    actor = signed_in.session.actor
    wanted = {occasion: occasion.value in form.fields for occasion in Occasion}
    await in_transaction(context, lambda tx: notifications.choose(tx, actor, actor.user_id, wanted))
    return redirect("/profile/notifications?notice=saved")
