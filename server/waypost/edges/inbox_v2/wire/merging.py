"""Which things are to be merged into the one that the path names."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from waypost.edges.inbox_v2.body import Id
from waypost.kit.errors import Invalid

#: As many as a workflow runs on at once (spec: 11.12).
Ids = Annotated[list[Id], Meta(min_length=1, max_length=50)]


def _chosen(*sent: tuple[str, list[int] | int | None]) -> tuple[list[int], str]:
    """The ids under the first key that is given, and that key. Raises Invalid when none is."""
    for name, value in sent:
        if value is not None:
            return (value, name) if isinstance(value, list) else ([value], name)
    raise Invalid.one(sent[0][0], "may not be empty", "NotEmpty")


class MergeConversationsIn(msgspec.Struct, rename="camel"):
    """Conversations to be merged. `conversationId` is another spelling, for one or several."""

    conversation_ids: Ids | Id | None = None
    conversation_id: Ids | Id | None = None

    def ids(self) -> tuple[list[int], str]:
        """The ids, and the key that they stood under. Raises Invalid without any."""
        return _chosen(("conversationIds", self.conversation_ids), ("conversationId", self.conversation_id))


class MergeCustomersIn(msgspec.Struct, rename="camel"):
    """Customers to be merged. `customerId` is another spelling, for one or several."""

    customer_ids: Ids | Id | None = None
    customer_id: Ids | Id | None = None

    def ids(self) -> tuple[list[int], str]:
        """The ids, and the key that they stood under. Raises Invalid without any."""
        return _chosen(("customerIds", self.customer_ids), ("customerId", self.customer_id))


class MergeTagsIn(msgspec.Struct, rename="camel"):
    """Tags to be merged. `tagId` is another spelling, for one or several."""

    tag_ids: Ids | Id | None = None
    tag_id: Ids | Id | None = None

    def ids(self) -> tuple[list[int], str]:
        """The ids, and the key that they stood under. Raises Invalid without any."""
        return _chosen(("tagIds", self.tag_ids), ("tagId", self.tag_id))
