"""The nouns of accounts: users, teams, who is acting and what that lets them see."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, Literal, NewType

import msgspec

AccountId = NewType("AccountId", int)
UserId = NewType("UserId", int)
ApplicationId = NewType("ApplicationId", int)


class Role(Enum):
    """What a user may do in the whole account."""

    OWNER = "owner"
    ADMIN = "admin"
    USER = "user"


class UserType(Enum):
    """Users, teams and the platform's own actors share an id space (spec: 7.0, 11.7)."""

    USER = "user"
    TEAM = "team"
    SYSTEM_USER = "system_user"


class UserStatus(Enum):
    """Only active users can sign in, own applications and hold tokens."""

    ACTIVE = "active"
    INVITED = "invited"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"


class Dialect(Enum):
    """Whose contract an application was written for (spec: 5.3): the seed's, or the public platform's."""

    SEED = "seed"
    PLATFORM = "platform"


class Actor(msgspec.Struct, frozen=True):
    """Who acts, and with which rights. Edges make one from a credential; verbs and queries ask it for everything.

    `mailbox_ids` is None for those who see every mailbox (owners, administrators, the system).
    """

    account_id: int
    kind: Literal["user", "customer", "system"]
    user_id: int = 0
    customer_id: int = 0
    role: Role | None = None
    mailbox_ids: frozenset[int] | None = None
    application_id: int | None = None
    #: What made it act, where that is no person: kept with every fact of what it does.
    cause: dict[str, Any] | None = None

    @classmethod
    def system(cls, account_id: int) -> Actor:
        """The platform itself: imports, jobs, the clock."""
        return cls(account_id=account_id, kind="system")

    @classmethod
    def for_customer(cls, account_id: int, customer_id: int) -> Actor:
        """A customer who wrote in. Sees no list; verbs called for one say themselves what is allowed."""
        return cls(account_id=account_id, kind="customer", customer_id=customer_id, mailbox_ids=frozenset())

    @property
    def is_administrator(self) -> bool:
        """Owner, administrator or the system."""
        return self.kind == "system" or self.role in (Role.OWNER, Role.ADMIN)

    def sees_mailbox(self, mailbox_id: int) -> bool:
        """Whether the mailbox and everything in it exists for this actor."""
        return self.mailbox_ids is None or mailbox_id in self.mailbox_ids

    @property
    def origin_kind(self) -> str:
        """What the event log records as the kind of doer."""
        return self.kind

    @property
    def origin_id(self) -> int | None:
        """What the event log records as the doer."""
        return self.user_id or self.customer_id or None


class Scope(msgspec.Struct, frozen=True):
    """The part of the account that a list or a look-up may reach; goes into its SQL.

    `mailbox_ids` None means every mailbox of the account.
    """

    account_id: int
    user_id: int
    mailbox_ids: list[int] | None


def scope_of(actor: Actor) -> Scope:
    """What this actor may read."""
    visible = None if actor.mailbox_ids is None else sorted(actor.mailbox_ids)
    return Scope(actor.account_id, actor.user_id, visible)


class User(msgspec.Struct, frozen=True):
    """A user or a team, as lists and links show it (spec: 11.7, 11.10)."""

    id: int
    type: UserType
    role: Role | None
    status: UserStatus
    first_name: str
    last_name: str
    email: str
    timezone: str
    photo_url: str
    job_title: str
    phone: str
    mention: str
    alternate_emails: list[str]
    created_at: datetime
    updated_at: datetime

    @property
    def initials(self) -> str:
        """First letters of the first and the last word of the name: "John Agent" JA, "Tier 2" T2 (spec: 11.10)."""
        words = f"{self.first_name} {self.last_name}".split()
        return "".join(word[0] for word in (*words[:1], *words[1:][-1:])).upper()


class OAuthApplication(msgspec.Struct, frozen=True):
    """An integration that a user registered; it acts with that user's rights (spec: 2.1)."""

    account_id: int
    id: int
    user_id: int
    name: str
    client_id: str
    redirect_url: str
    dialect: Dialect
    created_at: datetime


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a person who gets a user. An empty `mention` is made up from the name."""

    email: str
    first_name: str
    last_name: str = ""
    timezone: str = "UTC"
    photo_url: str = ""
    job_title: str = ""
    phone: str = ""
    mention: str = ""
    alternate_emails: list[str] = []


class UserPatch(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a user; what is UNSET stays. Role, status and account are not among it on purpose."""

    email: str | msgspec.UnsetType = msgspec.UNSET
    first_name: str | msgspec.UnsetType = msgspec.UNSET
    last_name: str | msgspec.UnsetType = msgspec.UNSET
    timezone: str | msgspec.UnsetType = msgspec.UNSET
    photo_url: str | msgspec.UnsetType = msgspec.UNSET
    job_title: str | msgspec.UnsetType = msgspec.UNSET
    phone: str | msgspec.UnsetType = msgspec.UNSET
    mention: str | msgspec.UnsetType = msgspec.UNSET
    alternate_emails: list[str] | msgspec.UnsetType = msgspec.UNSET


class Account(msgspec.Struct, frozen=True):
    """One company's desk, as it is when it begins."""

    id: int
    name: str
    owner: User


class SystemUser(msgspec.Struct, frozen=True):
    """An actor of the platform's own, such as the one that workflows act as (spec: 11.9)."""

    id: int
    name: str
    created_at: datetime


class EmailStatus(Enum):
    """Whether a user is at work (spec: 11.8)."""

    ACTIVE = "active"
    AWAY = "away"


class ChatStatus(Enum):
    """How a user takes part in chats; CUSTOM is another in each mailbox (spec: 11.8)."""

    UNAVAILABLE = "unavailable"
    AVAILABLE = "available"
    ASSIGN = "assign"
    CUSTOM = "custom"


class StatusSource(Enum):
    """By what a status came about."""

    UI = "ui"
    API = "api"
    PRESENCE_DETECTION = "presence_detection"


class CustomStatus(msgspec.Struct, frozen=True):
    """A user's own words for a status, with a sign in front."""

    text: str
    emoji: str = ""
    emoji_name: str = ""


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a user is there, for e-mail and for chats. Nobody has performed what holds from the beginning."""

    user_id: int
    status: EmailStatus
    custom: CustomStatus | None
    performed_by_user_id: int | None
    source: StatusSource | None
    updated_at: datetime
    chat_status: ChatStatus
    chat_mailbox_statuses: dict[int, ChatStatus]


class Credential(msgspec.Struct, frozen=True):
    """What a live access token stands for."""

    actor: Actor
    dialect: Dialect
    expires_at: datetime


class Tokens(msgspec.Struct, frozen=True):
    """What a grant yields, in plain text for the only time. Client credentials come without a refresh token."""

    access_token: str
    refresh_token: str | None
    expires_in_s: int


class Refusal(Enum):
    """Why a grant yields nothing. A value, not an exception: what a refusal withdraws must be committed."""

    CLIENT = "client"
    CODE = "code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 (a name)
