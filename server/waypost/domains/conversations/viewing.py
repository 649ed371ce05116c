"""Threads and files by their own id, for links that lead to them wherever they have been merged to since."""

from __future__ import annotations

from waypost.domains.accounts import Actor
from waypost.domains.conversations import reading, store_viewing, thread_edits
from waypost.domains.conversations.models import Attachment, Thread
from waypost.kit.errors import NotFound
from waypost.kit.tx import Tx


async def view_thread(tx: Tx, actor: Actor, thread_id: int) -> Thread:
    """A thread of a conversation that the actor sees. Raises NotFound."""
    conversation_id = await store_viewing.place_of_thread(tx.connection, actor.account_id, thread_id)
    if conversation_id is None:
        raise NotFound
    return await reading.get_thread(tx, actor, conversation_id, thread_id)


async def view_attachment(tx: Tx, actor: Actor, attachment_id: int) -> Attachment:
    """A file of a conversation that the actor sees, if its bytes may be handed out. Raises NotFound, Forbidden."""
    conversation_id = await store_viewing.place_of_attachment(tx.connection, actor.account_id, attachment_id)
    if conversation_id is None:
        raise NotFound
    return await thread_edits.readable_attachment(tx, actor, conversation_id, attachment_id)
