"""Reading conversations and threads: E3, E5, E6, E17, E18, X7."""

from __future__ import annotations

import msgspec

from waypost.domains import customers, mailboxes
from waypost.domains.accounts import Actor, scope_of
from waypost.domains.conversations import fields, listing, locking, search, store, store_search, store_threads
from waypost.domains.conversations.models import Conversation, Filter, Sort, Status, Thread
from waypost.domains.mailboxes import FolderType
from waypost.kit import search_query
from waypost.kit.errors import NotFound
from waypost.kit.paging import Page, PageRequest
from waypost.kit.tx import Tx

OPEN = (Status.ACTIVE, Status.PENDING)


async def list_conversations(
    tx: Tx,
    actor: Actor,
    wanted: Filter,
    page: PageRequest,
    *,
    sort: Sort = Sort.CREATED_AT,
    descending: bool = True,
    folder_id: int | None = None,
    status_is_default: bool = False,
) -> Page[Conversation]:
    """One page of the conversations that the actor may see. Raises BadParameter for a malformed query.

    With `status_is_default` the caller named no status: then a status in the query is the one that counts (spec: 7.1).
    """
    query = await prepare(tx, actor, wanted, page, sort, descending, folder_id, status_is_default)
    if query is None:
        return Page([], 0, page)
    return await store.list_page(tx.connection, query, tx.dear_reads)


async def prepare(
    tx: Tx,
    actor: Actor,
    wanted: Filter,
    page: PageRequest,
    sort: Sort,
    descending: bool,
    folder_id: int | None,
    status_is_default: bool,
) -> listing.Query | None:
    """All that decides a list; None for one that is empty for sure."""
    asked = None
    if wanted.query and wanted.query.strip():
        node = search_query.parse(wanted.query)
        asked = await _asked(tx, actor, node)
        if status_is_default and search.names_status(node):
            wanted = _replace(wanted, statuses=None)
    if folder_id is not None:
        in_folder = await _in_folder(tx, actor, wanted, folder_id)
        if in_folder is None:
            return None
        wanted = in_folder
    visible = _visible(actor, wanted.mailbox_ids)
    if visible == []:
        return None
    if visible is None and listing.needs_mailboxes(sort, wanted):
        visible = await mailboxes.ids_of(tx, actor.account_id)
    return listing.Query(
        account_id=actor.account_id,
        user_id=actor.user_id,
        filter=wanted,
        mailbox_ids=visible,
        sort=sort,
        descending=descending,
        page=page,
        asked=asked,
        field_matches=await fields.matches(tx, actor, wanted.fields) if wanted.fields else [],
    )


async def _asked(tx: Tx, actor: Actor, node: search_query.Node) -> search.Asked:
    """A query in the languages of the account. Raises BadParameter for a value that its field cannot have."""
    languages = await store_search.languages(tx.connection, actor.account_id)
    language, before = languages or (search.NEW_DOCUMENTS[0], ())
    asked = search.Asked(node, tx.now, (language, *(spoken for spoken in before if spoken != language)), not before)
    asked.condition(0)
    return asked


def _replace(wanted: Filter, **changes: object) -> Filter:
    return msgspec.structs.replace(wanted, **changes)


def _visible(actor: Actor, asked: list[int] | None) -> list[int] | None:
    """What was asked for, cut to what may be seen; a mailbox out of reach adds nothing (spec: 7.1)."""
    if actor.mailbox_ids is None:
        return None if asked is None else sorted(set(asked))
    return sorted(actor.mailbox_ids if asked is None else actor.mailbox_ids & set(asked))


async def _in_folder(tx: Tx, actor: Actor, wanted: Filter, folder_id: int) -> Filter | None:
    """A folder is a view: the statuses and assignees that it gathers, within its mailbox."""
    found = await mailboxes.find_folder(tx.connection, scope_of(actor), folder_id)
    if found is None:
        return None
    mailbox_id, kind, user_id = found
    if wanted.mailbox_ids is not None and mailbox_id not in wanted.mailbox_ids:
        return None
    statuses: tuple[Status, ...] = {FolderType.CLOSED: (Status.CLOSED,), FolderType.SPAM: (Status.SPAM,)}.get(
        kind, OPEN
    )
    if kind is FolderType.DRAFTS:
        return _replace(wanted, mailbox_ids=[mailbox_id], drafts_only=True)
    # The default status `active` of the list is no restriction within a folder that holds none such.
    if wanted.statuses is not None and wanted.statuses != (Status.ACTIVE,):
        statuses = tuple(status for status in statuses if status in wanted.statuses)
    elif wanted.statuses == (Status.ACTIVE,) and Status.ACTIVE in statuses:
        statuses = (Status.ACTIVE,)
    changes: dict[str, object] = {"mailbox_ids": [mailbox_id], "statuses": statuses}
    if kind is FolderType.UNASSIGNED:
        changes["assignee_id"] = 0
    elif kind is FolderType.MINE:
        changes["assignee_id"] = user_id or actor.user_id
    elif kind is FolderType.ASSIGNED:
        changes["is_assigned"] = True
    return _replace(wanted, **changes)


async def list_of_customer(tx: Tx, actor: Actor, customer_id: int, page: PageRequest) -> Page[Conversation]:
    """The conversations of a customer, whatever their status (spec: X7). Raises NotFound, or Moved for a merged one."""
    await customers.get(tx, scope_of(actor), customer_id)
    return await list_conversations(tx, actor, Filter(customer_id=customer_id), page)


async def list_of_organization(tx: Tx, actor: Actor, organization_id: int, page: PageRequest) -> Page[Conversation]:
    """The conversations of an organization's customers, whatever their status (spec: E69). Raises NotFound."""
    await customers.organizations.get(tx, scope_of(actor), organization_id)
    return await list_conversations(tx, actor, Filter(organization_id=organization_id), page)


async def get(tx: Tx, actor: Actor, conversation_id: int) -> Conversation:
    """One conversation. Raises NotFound, or Moved when it was merged into another."""
    found = await store.find(tx.connection, scope_of(actor), conversation_id)
    if found is None:
        raise await locking.missing(tx, actor, conversation_id)
    return found


async def get_brief(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Only whether it may be seen. Raises as get does."""
    if not await store.is_visible(tx.connection, scope_of(actor), conversation_id):
        raise await locking.missing(tx, actor, conversation_id)


async def list_threads(tx: Tx, actor: Actor, conversation_id: int, page: PageRequest) -> Page[Thread]:
    """The threads of a conversation, newest first, line items included (spec: 7A.1)."""
    await get_brief(tx, actor, conversation_id)
    return await store_threads.list_page(tx.connection, actor.account_id, actor.user_id, conversation_id, page)


async def threads_of(tx: Tx, actor: Actor, conversation_ids: list[int]) -> dict[int, list[Thread]]:
    """All threads of conversations that were just listed for this actor, newest first."""
    if not conversation_ids:
        return {}
    return await store_threads.list_of_many(tx.connection, actor.account_id, actor.user_id, conversation_ids)


async def load(tx: Tx, account_id: int, conversation_ids: list[int]) -> dict[int, Conversation]:
    """Conversations for the desk itself (webhooks), whatever their state. Unknown ids are left out."""
    found = await store.load(tx.connection, account_id, conversation_ids) if conversation_ids else []
    return {conversation.id: conversation for conversation in found}


async def load_threads(tx: Tx, account_id: int, thread_ids: list[int]) -> dict[int, Thread]:
    """The same for threads."""
    found = await store_threads.load(tx.connection, account_id, thread_ids) if thread_ids else []
    return {thread.id: thread for thread in found}


async def get_thread(tx: Tx, actor: Actor, conversation_id: int, thread_id: int) -> Thread:
    """One thread. Raises NotFound."""
    await get_brief(tx, actor, conversation_id)
    found = await store_threads.find(tx.connection, actor.account_id, actor.user_id, conversation_id, thread_id)
    if found is None:
        raise NotFound
    return found[0]
