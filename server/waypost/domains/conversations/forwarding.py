"""Forwarding a conversation to somebody outside: what was said to each other, never what the team wrote for itself.

What comes back belongs to the two who talk then, so it gets a conversation of its own, linked to this one both ways.
"""

from __future__ import annotations

import html as markup
import re
from datetime import datetime

import msgspec

from waypost.domains.accounts import Actor
from waypost.domains.conversations import (
    locking,
    replying,
    starting,
    store_forwarding,
    store_threads,
    store_variables,
    variables,
)
from waypost.domains.conversations.models import (
    ConversationType,
    CustomerReference,
    NewAttachment,
    NewConversation,
    NewThread,
    Status,
    ThreadType,
)
from waypost.domains.conversations.store_forwarding import Said
from waypost.kit.errors import Invalid
from waypost.kit.files import FileStore
from waypost.kit.html import clean_body, to_text
from waypost.kit.tx import Tx

SUBJECT_LIMIT = 998


class NewForward(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets it, and what is written above it. Without a `thread_id` all that was said is forwarded, newest first."""

    to: list[str]
    cc: list[str] = []
    bcc: list[str] = []
    comment: str = ""
    thread_id: int | None = None
    has_attachments: bool = True
    attachments: list[NewAttachment] = []


class CreatedForward(msgspec.Struct, frozen=True):
    """The thread that stands in the conversation, and the conversation that the answers come into."""

    thread_id: int
    conversation_id: int
    linked_conversation_id: int
    status: str
    created_at: datetime


async def forward(tx: Tx, files: FileStore, actor: Actor, conversation_id: int, wanted: NewForward) -> CreatedForward:
    """Forward a conversation or one thread of it, with its files. The mail leaves after the commit.

    Raises NotFound, Invalid for a thread that may not leave (notes, drafts, hidden ones), Unavailable as `add_thread`.
    """
    conversation = await locking.lock(tx, actor, conversation_id)
    said = await store_forwarding.said(tx.connection, actor.account_id, conversation.id, wanted.thread_id)
    if not said:
        path = "threadId" if wanted.thread_id is not None else "conversationId"
        raise Invalid.one(path, "there is no message to forward", "Unknown", wanted.thread_id or conversation.id)
    comment = await variables.filled(
        tx,
        actor.account_id,
        wanted.comment,
        conversation_id=conversation.id,
        customer_id=conversation.primary_customer_id,
        user_id=actor.user_id or None,
    )
    above = clean_body(comment) if comment.strip() else ""
    child = await starting.create(
        tx,
        files,
        actor,
        NewConversation(
            subject=_subject(conversation.subject),
            type=ConversationType.EMAIL,
            mailbox_id=conversation.mailbox_id,
            # It is the other side's turn.
            status=Status.PENDING,
            customer=CustomerReference(email=wanted.to[0]),
            assignee=actor.user_id or None,
            threads=[
                NewThread(
                    type=ThreadType.FORWARD_CHILD,
                    body=above + "".join(map(_quoted, said)),
                    to=wanted.to,
                    cc=wanted.cc,
                    bcc=wanted.bcc,
                    attachments=wanted.attachments,
                )
            ],
        ),
    )
    child_thread_id = child.thread_ids[0]
    if wanted.has_attachments:
        await _take_files(tx, actor, said, conversation.id, child.id, child_thread_id)
    heading = f"<p>Forwarded to {markup.escape(', '.join(wanted.to))}</p>"
    parent = await replying.add_thread(
        tx,
        files,
        actor,
        conversation.id,
        NewThread(
            type=ThreadType.FORWARD_PARENT,
            body=heading + above,
            to=wanted.to,
            cc=wanted.cc,
            bcc=wanted.bcc,
        ),
    )
    await store_forwarding.link(tx.connection, actor.account_id, parent.id, child.id)
    await store_forwarding.link(tx.connection, actor.account_id, child_thread_id, conversation.id)
    return CreatedForward(parent.id, conversation.id, child.id, parent.status, parent.created_at)


async def _take_files(
    tx: Tx, actor: Actor, said: list[Said], conversation_id: int, child_id: int, child_thread_id: int
) -> None:
    """Put the files along, and let the text show them where they are now."""
    connection, account_id = tx.connection, actor.account_id
    taken = await store_forwarding.take_files(
        connection,
        account_id,
        (conversation_id, [each.thread_id for each in said]),
        (child_id, child_thread_id),
        tx.now,
    )
    found = await store_threads.find(connection, account_id, actor.user_id, child_id, child_thread_id)
    if found is None or not taken:
        return

    def moved(match: re.Match[str]) -> str:
        number = taken.get(int(match[1]))
        return match[0] if number is None else f"/v2/conversations/{child_id}/attachments/{number}/"

    body = re.sub(rf"/v2/conversations/{conversation_id}/attachments/(\d{{1,18}})/", moved, found[0].body)
    if body != found[0].body:
        await store_variables.set_body(connection, account_id, child_id, child_thread_id, body, to_text(body))


def _subject(subject: str) -> str:
    return (subject if subject.lower().startswith(("fwd:", "fw:")) else f"Fwd: {subject}")[:SUBJECT_LIMIT]


def _quoted(said: Said) -> str:
    """A message below the comment, as mail programs forward."""
    lines = [
        "---------- Forwarded message ----------",
        f"From: {_person(said)}",
        f"Date: {said.at.strftime('%d %b %Y %H:%M UTC')}",
        f"Subject: {markup.escape(said.subject)}",
        *([f"To: {markup.escape(', '.join(said.to))}"] if said.to else []),
    ]
    body = said.body if to_text(said.body).strip() or "<img" in said.body else "<p></p>"
    return f'<div class="gmail_quote"><p>{"<br>".join(lines)}</p><blockquote>{body}</blockquote></div>'


def _person(said: Said) -> str:
    if said.name and said.email:
        return markup.escape(f"{said.name} <{said.email}>")
    return markup.escape(said.name or said.email)
