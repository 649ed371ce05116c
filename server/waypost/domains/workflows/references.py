"""What a definition may name: the people, mailboxes, custom fields and customer properties of the account."""

from __future__ import annotations

import msgspec

from waypost.domains import customers, mailboxes
from waypost.domains.accounts import Actor, Scope
from waypost.domains.customers import PropertyDefinition
from waypost.domains.mailboxes import CustomField
from waypost.domains.workflows import store
from waypost.kit.tx import Tx


class References(msgspec.Struct, frozen=True):
    """Everything that exists for the workflows of one mailbox."""

    mailbox_id: int
    people: dict[int, str]
    mailbox_ids: set[int]
    #: Custom fields of the workflow's own mailbox.
    fields: dict[int, CustomField]
    #: Saved replies of that mailbox that can be sent by mail.
    saved_reply_ids: set[int]
    properties: dict[str, PropertyDefinition]


async def load(tx: Tx, account_id: int, mailbox_id: int) -> References:
    """What is there now."""
    mailbox_ids = set(await mailboxes.ids_of(tx, account_id))
    fields, replies, system = [], [], Actor.system(account_id)
    if mailbox_id in mailbox_ids:
        fields = await mailboxes.list_fields(tx, system, mailbox_id)
        replies = await mailboxes.saved_replies.list_all(tx, system, mailbox_id, with_chat_only=False)
    definitions = await customers.list_property_definitions(tx, Scope(account_id, 0, None))
    return References(
        mailbox_id=mailbox_id,
        people=await store.assignable_people(tx.connection, account_id),
        mailbox_ids=mailbox_ids,
        fields={field.id: field for field in fields},
        saved_reply_ids={reply.id for reply in replies},
        properties={definition.slug.lower(): definition for definition in definitions},
    )
