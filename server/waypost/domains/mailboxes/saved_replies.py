"""Saved replies: texts of a mailbox that everybody who works in it answers with, and may write (spec: 11.5, 11.6)."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.mailboxes import events, store
from waypost.domains.mailboxes import store_saved_replies as replies
from waypost.domains.mailboxes.models import SavedReply
from waypost.kit.errors import FieldError, Forbidden, Invalid, NotFound
from waypost.kit.html import clean_body, preview, to_text
from waypost.kit.paging import Page, PageRequest
from waypost.kit.text import clean_name
from waypost.kit.tx import Tx

NAME_LIMIT = 255


class SavedReplyChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says of a saved reply; what is UNSET stays. Empty texts take a text away."""

    name: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    chat_text: str | UnsetType = UNSET


async def list_all(tx: Tx, actor: Actor, mailbox_id: int, *, with_chat_only: bool) -> list[SavedReply]:
    """The saved replies of a visible mailbox by name; those for chats alone on request. Raises NotFound."""
    await _see(tx, actor, mailbox_id)
    return await replies.list_all(tx.connection, scope_of(actor), mailbox_id, with_chat_only=with_chat_only)


async def list_page(
    tx: Tx, actor: Actor, page: PageRequest, mailbox_id: int, *, with_chat_only: bool
) -> Page[SavedReply]:
    """One page of the same list."""
    await _see(tx, actor, mailbox_id)
    return await replies.list_page(
        tx.connection, scope_of(actor), page, mailbox_id=mailbox_id, words=None, with_chat_only=with_chat_only
    )


async def find_page(
    tx: Tx, actor: Actor, page: PageRequest, *, mailbox_id: int | None, words: str | None, with_chat_only: bool
) -> Page[SavedReply]:
    """One page over all visible mailboxes, or one of them; `words` stand in the name or text as they are given.

    Raises Forbidden for a mailbox out of reach (spec: 5.1).
    """
    if mailbox_id is not None and not actor.sees_mailbox(mailbox_id):
        raise Forbidden
    return await replies.list_page(
        tx.connection, scope_of(actor), page, mailbox_id=mailbox_id, words=words, with_chat_only=with_chat_only
    )


async def get(tx: Tx, actor: Actor, saved_reply_id: int, mailbox_id: int | None = None) -> SavedReply:
    """A saved reply of a visible mailbox; with `mailbox_id`, of that one alone. Raises NotFound."""
    found = await replies.find(tx.connection, scope_of(actor), saved_reply_id, mailbox_id)
    if found is None:
        raise NotFound
    return found


async def version(tx: Tx, actor: Actor, saved_reply_id: int, *, hold: bool = False) -> int | None:
    """How often it has changed, None where there is none; with `hold` it stays so until the end of `tx`."""
    return await replies.version(tx.connection, scope_of(actor), saved_reply_id, hold=hold)


async def create(tx: Tx, actor: Actor, mailbox_id: int, wanted: SavedReplyChange) -> SavedReply:
    """A saved reply in a mailbox that the path names. Raises NotFound, Invalid."""
    await _see(tx, actor, mailbox_id)
    return await _create(tx, actor, mailbox_id, wanted)


async def create_in(tx: Tx, actor: Actor, mailbox_id: int, wanted: SavedReplyChange) -> SavedReply:
    """A saved reply in a mailbox that the body names: Forbidden for one out of reach (spec: 5.1, X14)."""
    if not actor.sees_mailbox(mailbox_id):
        raise Forbidden
    if await store.find(tx.connection, scope_of(actor), mailbox_id) is None:
        raise Invalid.one("mailboxId", "mailbox does not exist", "Unknown", mailbox_id)
    return await _create(tx, actor, mailbox_id, wanted)


async def _create(tx: Tx, actor: Actor, mailbox_id: int, wanted: SavedReplyChange) -> SavedReply:
    empty = replies.Texts(name="", body="", chat_body="", preview="", chat_preview="", search_text="")
    texts = _applied(empty, wanted)
    made = await replies.insert(tx.connection, actor.account_id, mailbox_id, texts, tx.now)
    tx.emit(actor, events.SavedReplyCreated(subject_id=made.id, scope_id=mailbox_id, mailbox_id=mailbox_id))
    return made


async def update(
    tx: Tx, actor: Actor, saved_reply_id: int, change: SavedReplyChange, mailbox_id: int | None = None
) -> None:
    """Change what is given. The same again changes nothing and emits nothing. Raises NotFound, Invalid."""
    before = await replies.lock(tx.connection, scope_of(actor), saved_reply_id, mailbox_id)
    if before is None:
        raise NotFound
    held = replies.Texts(
        name=before.name, body=before.text, chat_body=before.chat_text, preview="", chat_preview="", search_text=""
    )
    texts = _applied(held, change)
    changed = [
        name
        for name, old, new in (
            ("name", before.name, texts.name),
            ("text", before.text, texts.body),
            ("chatText", before.chat_text, texts.chat_body),
        )
        if old != new
    ]
    if not changed:
        return
    await replies.update(tx.connection, actor.account_id, before.id, texts, tx.now)
    tx.emit(
        actor,
        events.SavedReplyUpdated(
            subject_id=before.id, scope_id=before.mailbox_id, mailbox_id=before.mailbox_id, changed=changed
        ),
    )


async def delete(tx: Tx, actor: Actor, saved_reply_id: int, mailbox_id: int | None = None) -> None:
    """Take it out of every list; threads that were written with it keep its id (spec: 11.5). Raises NotFound."""
    before = await replies.lock(tx.connection, scope_of(actor), saved_reply_id, mailbox_id)
    if before is None:
        raise NotFound
    await replies.set_deleted(tx.connection, actor.account_id, before.id, tx.now)
    tx.emit(
        actor,
        events.SavedReplyDeleted(subject_id=before.id, scope_id=before.mailbox_id, mailbox_id=before.mailbox_id),
    )


async def was_in_mailbox(tx: Tx, account_id: int, mailbox_id: int, saved_reply_id: int) -> bool:
    """Whether the mailbox has, or had, a saved reply of this id."""
    return await replies.was_there(tx.connection, account_id, mailbox_id, saved_reply_id)


async def _see(tx: Tx, actor: Actor, mailbox_id: int) -> None:
    if await store.find(tx.connection, scope_of(actor), mailbox_id) is None:
        raise NotFound


def _applied(held: replies.Texts, change: SavedReplyChange) -> replies.Texts:
    """The texts after the change. Raises Invalid with all that is wrong."""
    errors: list[FieldError] = []
    name = held.name if change.name is UNSET else clean_name(change.name, limit=NAME_LIMIT)
    if not name:
        errors.append(FieldError("name", "may not be empty", "NotEmpty"))
    elif change.name is not UNSET and len(change.name.strip()) > NAME_LIMIT:
        errors.append(FieldError("name", f"size must be between 1 and {NAME_LIMIT}", "Size", change.name))
    body = held.body if change.text is UNSET else _body(change.text)
    chat_body = held.chat_body if change.chat_text is UNSET else _body(change.chat_text)
    if not body and not chat_body:
        errors.append(FieldError("text", "may not be empty", "NotEmpty"))
    if errors:
        raise Invalid(errors)
    words = " ".join([name, to_text(body), to_text(chat_body)])
    return replies.Texts(
        name=name,
        body=body,
        chat_body=chat_body,
        preview=preview(body),
        chat_preview=preview(chat_body),
        search_text=words.lower(),
    )


def _body(sent: str) -> str:
    """Sanitised HTML; nothing when there is nothing to be seen in it."""
    body = clean_body(sent)
    return body if to_text(body).strip() or "<img" in body else ""
