"""What happens in accounts. No secret, digest or password ever stands in a fact."""

from __future__ import annotations

from typing import ClassVar

from waypost.kit.events import Event


class AccountCreated(Event, frozen=True, kw_only=True):
    """A company has a desk."""

    NAME: ClassVar[str] = "account.created"
    SUBJECT: ClassVar[str] = "account"


class UserCreated(Event, frozen=True, kw_only=True):
    """A user was added and can sign in."""

    NAME: ClassVar[str] = "user.created"
    SUBJECT: ClassVar[str] = "user"
    role: str


class UserInvited(Event, frozen=True, kw_only=True):
    """A user was added who still has to accept."""

    NAME: ClassVar[str] = "user.invited"
    SUBJECT: ClassVar[str] = "user"
    role: str


class UserActivated(Event, frozen=True, kw_only=True):
    """An invitation was accepted, or a deactivated user let back in."""

    NAME: ClassVar[str] = "user.activated"
    SUBJECT: ClassVar[str] = "user"


class UserUpdated(Event, frozen=True, kw_only=True):
    """Details changed; `changed` names which, without their values."""

    NAME: ClassVar[str] = "user.updated"
    SUBJECT: ClassVar[str] = "user"
    changed: list[str]


class UserRoleChanged(Event, frozen=True, kw_only=True):
    """A user may do more or less than before."""

    NAME: ClassVar[str] = "user.role"
    SUBJECT: ClassVar[str] = "user"
    role: str
    previous: str


class UserDeactivated(Event, frozen=True, kw_only=True):
    """A user was shut out; may come back."""

    NAME: ClassVar[str] = "user.deactivated"
    SUBJECT: ClassVar[str] = "user"


class UserDeleted(Event, frozen=True, kw_only=True):
    """A user is gone for good; what they wrote stays."""

    NAME: ClassVar[str] = "user.deleted"
    SUBJECT: ClassVar[str] = "user"


class UserStatusChanged(Event, frozen=True, kw_only=True):
    """A user is there or away. `changed` names what is new; a user's own words are not repeated here."""

    NAME: ClassVar[str] = "user.status.changed"
    SUBJECT: ClassVar[str] = "user"
    status: str
    previous: str
    chat_status: str
    changed: list[str]


class MailboxGranted(Event, frozen=True, kw_only=True):
    """A user sees one mailbox more."""

    NAME: ClassVar[str] = "user.mailbox.granted"
    SUBJECT: ClassVar[str] = "user"
    mailbox_id: int


class MailboxRevoked(Event, frozen=True, kw_only=True):
    """A user sees one mailbox less."""

    NAME: ClassVar[str] = "user.mailbox.revoked"
    SUBJECT: ClassVar[str] = "user"
    mailbox_id: int


class TeamCreated(Event, frozen=True, kw_only=True):
    """A team was added."""

    NAME: ClassVar[str] = "team.created"
    SUBJECT: ClassVar[str] = "team"


class TeamMembersChanged(Event, frozen=True, kw_only=True):
    """A team has other members; both lists hold ids of users."""

    NAME: ClassVar[str] = "team.members"
    SUBJECT: ClassVar[str] = "team"
    added: list[int]
    removed: list[int]


class ApplicationCreated(Event, frozen=True, kw_only=True):
    """An integration was registered."""

    NAME: ClassVar[str] = "application.created"
    SUBJECT: ClassVar[str] = "application"


class ApplicationUpdated(Event, frozen=True, kw_only=True):
    """An integration's settings changed; `changed` names which."""

    NAME: ClassVar[str] = "application.updated"
    SUBJECT: ClassVar[str] = "application"
    changed: list[str]


class ApplicationSecretReset(Event, frozen=True, kw_only=True):
    """An integration has a new secret; all its tokens ended."""

    NAME: ClassVar[str] = "application.secret_reset"
    SUBJECT: ClassVar[str] = "application"


class ApplicationDeleted(Event, frozen=True, kw_only=True):
    """An integration was removed; all its tokens ended."""

    NAME: ClassVar[str] = "application.deleted"
    SUBJECT: ClassVar[str] = "application"


class ConsentGiven(Event, frozen=True, kw_only=True):
    """A user let an application act for them."""

    NAME: ClassVar[str] = "application.consent"
    SUBJECT: ClassVar[str] = "application"


class TokenIssued(Event, frozen=True, kw_only=True):
    """An application got an access token."""

    NAME: ClassVar[str] = "token.issued"
    SUBJECT: ClassVar[str] = "application"
    grant: str


class TokenWithdrawn(Event, frozen=True, kw_only=True):
    """An application gave tokens back."""

    NAME: ClassVar[str] = "token.withdrawn"
    SUBJECT: ClassVar[str] = "application"
    count: int


class TokenReused(Event, frozen=True, kw_only=True):
    """A spent code or refresh token came back: a sign of theft. Everything that descends from it has ended."""

    NAME: ClassVar[str] = "token.reused"
    SUBJECT: ClassVar[str] = "application"
    what: str


class ApiKeyCreated(Event, frozen=True, kw_only=True):
    """A user made a key for the Docs API."""

    NAME: ClassVar[str] = "api_key.created"
    SUBJECT: ClassVar[str] = "api_key"


class ApiKeyRevoked(Event, frozen=True, kw_only=True):
    """A key for the Docs API ended."""

    NAME: ClassVar[str] = "api_key.revoked"
    SUBJECT: ClassVar[str] = "api_key"
