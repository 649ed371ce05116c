"""What has happened around signing in. No secret, token, code or network address stands in an event."""

from __future__ import annotations

from typing import ClassVar

from waypost.kit.events import Event


class _UserEvent(Event, frozen=True, kw_only=True):
    SUBJECT: ClassVar[str] = "user"


class SignedIn(_UserEvent, frozen=True, kw_only=True):
    """A browser was signed in."""

    NAME: ClassVar[str] = "user.signed_in"
    with_second_factor: bool


class SignInFailed(_UserEvent, frozen=True, kw_only=True):
    """Someone tried to sign in as this user and was refused; `step` is `password` or `code`."""

    NAME: ClassVar[str] = "user.sign_in_failed"
    step: str


class SignedOut(_UserEvent, frozen=True, kw_only=True):
    """Sessions were ended by the user: this one, another one, or all others."""

    NAME: ClassVar[str] = "user.signed_out"
    sessions: int


class PasswordResetRequested(_UserEvent, frozen=True, kw_only=True):
    """A mail with a link for a new password was asked for."""

    NAME: ClassVar[str] = "user.password_reset_requested"


class PasswordChanged(_UserEvent, frozen=True, kw_only=True):
    """The password is another one; `way` is `change`, `reset` or `invitation`."""

    NAME: ClassVar[str] = "user.password_changed"
    way: str


class SecondFactorAdded(_UserEvent, frozen=True, kw_only=True):
    """From now on a code is asked for at sign-in."""

    NAME: ClassVar[str] = "user.second_factor_added"


class SecondFactorRemoved(_UserEvent, frozen=True, kw_only=True):
    """The password alone lets in again."""

    NAME: ClassVar[str] = "user.second_factor_removed"
