"""The events that can be subscribed to, and their spellings (spec: webhooks 1, 5; 11.13)."""

from __future__ import annotations

import msgspec

TEST = "helpscout.test"
TAGS_ADDED = "convo.tags.added"
TAGS_REMOVED = "convo.tags.removed"
TAGS = "convo.tags"


class EventKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of event. `name` is the seed's where it has one, else the platform's.

    `group` says what the event is about; those of conversations and chats can be limited to mailboxes.
    """

    name: str
    group: str
    description: str
    aliases: tuple[str, ...] = ()

    @property
    def is_of_mailbox(self) -> bool:
        """Whether `mailboxIds` limits it."""
        return self.group in ("conversation", "rating", "chat")

    @property
    def is_produced(self) -> bool:
        """Whether anything can happen by now that it tells of."""
        return self.group not in ("chat", "survey")


def _kind(name: str, group: str, description: str, *aliases: str) -> EventKind:
    return EventKind(name=name, group=group, description=description, aliases=aliases)


KINDS: tuple[EventKind, ...] = (
    _kind("convo.assigned", "conversation", "A conversation was assigned, or taken from its assignee."),
    _kind("convo.created", "conversation", "A conversation began."),
    _kind("convo.deleted", "conversation", "A conversation was deleted."),
    _kind("convo.merged", "conversation", "Conversations were merged into one."),
    _kind("convo.moved", "conversation", "A conversation was moved to another mailbox."),
    _kind("convo.status", "conversation", "A conversation's status changed."),
    _kind(TAGS_ADDED, "conversation", "Tags were put on a conversation."),
    _kind(TAGS_REMOVED, "conversation", "Tags were taken off a conversation."),
    _kind(TAGS, "conversation", "A conversation's tags changed: both of the two before in one."),
    _kind("convo.custom-fields", "conversation", "Custom fields of a conversation got other values."),
    _kind("convo.customer.reply.created", "conversation", "A customer wrote."),
    _kind("convo.agent.reply.created", "conversation", "A user replied to a customer."),
    _kind("convo.note.created", "conversation", "A note was written."),
    _kind("customer.created", "customer", "A customer became known."),
    _kind("customer.updated", "customer", "A customer's details changed; changes within two seconds are one event."),
    _kind("customer.deleted", "customer", "A customer was deleted."),
    _kind("satisfaction.ratings.received", "rating", "A customer rated a reply.", "satisfaction.ratings"),
    _kind("beacon.chat.created", "chat", "A chat began."),
    _kind("beacon.chat.customer.reply.created", "chat", "A visitor wrote in a chat.", "beacon.chat.customer.replied"),
    _kind("beacon.chat.agent.replied", "chat", "A user wrote in a chat."),
    _kind("beacon.chat.assigned", "chat", "A chat was assigned."),
    _kind("beacon.chat.unassigned", "chat", "A chat went back to the queue."),
    _kind("beacon.chat.ended", "chat", "A chat ended."),
    _kind("survey.response.received", "survey", "A message's survey was answered.", "message.survey.response.received"),
    _kind("tag.created", "tag", "A tag came into being."),
    _kind("tag.updated", "tag", "A tag got another name or colour."),
    _kind("tag.deleted", "tag", "A tag was deleted."),
    _kind("organization.created", "organization", "An organization became known."),
    _kind("organization.updated", "organization", "An organization's details changed."),
    _kind("organization.deleted", "organization", "An organization was deleted."),
    _kind("user.status.changed", "user", "A user became available or busy."),
    _kind(TEST, "test", "Sent when a test is asked for."),
)

#: Every spelling that may be subscribed to, with its kind.
SPELLINGS: dict[str, EventKind] = {spelling: kind for kind in KINDS for spelling in (kind.name, *kind.aliases)}


def spelling_for(name: str, subscribed: list[str]) -> str | None:
    """How a subscription spells the event, by the name of its kind; None when it does not want it.

    An aliased event that was subscribed to in both spellings is sent once, in the first.
    """
    return next((given for given in subscribed if given in SPELLINGS and SPELLINGS[given].name == name), None)


def spelling_of_tag_change(name: str, subscribed: list[str]) -> str | None:
    """The same for the parts of a tag change: who takes the whole in one does not get the parts too."""
    return None if TAGS in subscribed else spelling_for(name, subscribed)
