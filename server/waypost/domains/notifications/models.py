"""The nouns of notifications: the occasions that a user can be told of, and one notice to one user."""

from __future__ import annotations

from enum import Enum

import msgspec


class Occasion(Enum):
    """What a user can be told of. Where one event is several occasions for somebody, the first of these counts."""

    MENTIONED = "mentioned"
    ASSIGNED_TO_ME = "assignedToMe"
    ASSIGNED_TO_MY_TEAM = "assignedToMyTeam"
    ASSIGNED_TO_OTHER = "assignedToOther"
    NEW_CONVERSATION = "newConversation"
    CUSTOMER_REPLIED_MINE = "customerRepliedMine"
    CUSTOMER_REPLIED_UNASSIGNED = "customerRepliedUnassigned"
    CUSTOMER_REPLIED_OTHER = "customerRepliedOther"
    USER_REPLIED_MINE = "userRepliedMine"
    USER_REPLIED_UNASSIGNED = "userRepliedUnassigned"
    USER_REPLIED_OTHER = "userRepliedOther"
    REPLY_FAILED = "replyFailed"


#: What is told to those who have chosen nothing: what is addressed to them, and answers to their own conversations.
BY_DEFAULT = frozenset(
    {
        Occasion.MENTIONED,
        Occasion.ASSIGNED_TO_ME,
        Occasion.ASSIGNED_TO_MY_TEAM,
        Occasion.CUSTOMER_REPLIED_MINE,
        Occasion.USER_REPLIED_MINE,
        Occasion.REPLY_FAILED,
    }
)


class Reader(msgspec.Struct, frozen=True):
    """A user who sees the conversation, and what they want to be told of."""

    user_id: int
    name: str
    email: str
    mention: str
    team_ids: frozenset[int]
    team_mentions: frozenset[str]
    choices: dict[str, bool]

    def wants(self, occasion: Occasion) -> bool:
        """What the user has chosen, or else what is told by default."""
        return self.choices.get(occasion.value, occasion in BY_DEFAULT)


class Talk(msgspec.Struct, frozen=True):
    """A conversation as far as a notice tells of it, with the thread that the event is about (None: no thread)."""

    number: int
    subject: str
    mailbox_id: int
    mailbox_name: str
    customer_name: str
    assignee_id: int | None
    assignee_name: str
    actor_name: str
    text: str | None
    #: A mail server wrote it, perhaps because a notice did not arrive.
    is_report: bool = False


class Notice(msgspec.Struct, frozen=True):
    """One thing that one user is told. `text` is the beginning of the message or note, plain, if there is one.

    `thread_id` is that of the message or note, 0 where the notice is about none.
    """

    account_id: int
    event_id: int
    user_name: str
    user_email: str
    occasion: Occasion
    conversation_id: int
    talk: Talk
    #: 0 in notices that were queued by an older version.
    user_id: int = 0
    thread_id: int = 0
    is_about_note: bool = False
