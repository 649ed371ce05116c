"""What callers say of a mailbox's mail settings, what the verbs need of the desk, and what a test found."""

from __future__ import annotations

from enum import Enum

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.mailboxes.channel_models import OAuth2
from waypost.kit.safe_http import Outgoing


class ChannelMeans(msgspec.Struct, frozen=True):
    """What the verbs need of the desk: the key that seals secrets, and the client that knows what may be reached."""

    key: bytes
    outgoing: Outgoing

    def __repr__(self) -> str:
        return "ChannelMeans()"


class OAuth2Change(msgspec.Struct, frozen=True, kw_only=True):
    """How access tokens are fetched. A secret that is UNSET stays, as long as it goes to the same place."""

    token_url: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    client_secret: str | UnsetType = UNSET
    refresh_token: str | UnsetType = UNSET
    scope: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"OAuth2Change(token_url={self.token_url!r})"


class ServerChange(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server. A password that is UNSET stays, as long as it goes to the same place.

    `folders` and `since` are for IMAP.
    """

    host: str | UnsetType = UNSET
    port: int | UnsetType = UNSET
    security: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    oauth2: OAuth2Change | UnsetType | None = UNSET
    folders: list[str] | UnsetType = UNSET
    since: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"ServerChange(host={self.host!r}, port={self.port!r})"


class DkimChange(msgspec.Struct, frozen=True, kw_only=True):
    """A key to sign with. A private key that is UNSET stays."""

    domain: str | UnsetType = UNSET
    selector: str | UnsetType = UNSET
    private_key: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return f"DkimChange(domain={self.domain!r}, selector={self.selector!r})"


class ChannelChange(msgspec.Struct, frozen=True, kw_only=True):
    """Settings to change; None takes a server or a key away. UNSET stays, or in a replacement is the default."""

    is_paused: bool | UnsetType = UNSET
    incoming: ServerChange | UnsetType | None = UNSET
    outgoing: ServerChange | UnsetType | None = UNSET
    from_kind: str | UnsetType = UNSET
    from_name: str | UnsetType = UNSET
    has_reply_addresses: bool | UnsetType = UNSET
    signature: str | UnsetType = UNSET
    is_auto_reply_on: bool | UnsetType = UNSET
    auto_reply_subject: str | UnsetType = UNSET
    auto_reply_body: str | UnsetType = UNSET
    undo_seconds: int | UnsetType = UNSET
    are_ratings_on: bool | UnsetType = UNSET
    dkim: DkimChange | UnsetType | None = UNSET
    trusted_authority: str | UnsetType | None = UNSET
    aliases: list[str] | UnsetType = UNSET


class StepState(Enum):
    """How a step of a test went. A warning works, but not as well as it should."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


class Step(msgspec.Struct, frozen=True):
    """One step of a test: what was tried, how it went, in plain words, and what the server itself said (cleaned)."""

    name: str
    state: StepState
    message: str
    server_said: str = ""


class ServerReport(msgspec.Struct, frozen=True):
    """What a test of one server found, step by step."""

    address: str
    steps: tuple[Step, ...]

    @property
    def is_ok(self) -> bool:
        """Whether mail can pass: nothing failed."""
        return all(step.state is not StepState.FAILED for step in self.steps)


class DomainReport(msgspec.Struct, frozen=True):
    """What the DNS says of a mailbox's domain. Nothing in it fails a test: mail leaves without it."""

    name: str
    steps: tuple[Step, ...]


class RenewedToken(msgspec.Struct, frozen=True):
    """A refresh token that a test was given for the one that it used, which may be dead now. Not to be shown.

    `is_kept`: the settings had the one that was used, and have the new one already.
    """

    used: OAuth2
    refresh_token: str
    is_kept: bool

    def __repr__(self) -> str:
        return f"RenewedToken(is_kept={self.is_kept})"


class CheckReport(msgspec.Struct, frozen=True):
    """What a test of a mailbox's servers found; None for a server that was not tested, and for a domain not looked at.

    `renewed` are the refresh tokens that came of it: whoever stores what was tested stores these.
    """

    incoming: ServerReport | None = None
    outgoing: ServerReport | None = None
    domain: DomainReport | None = None
    renewed: tuple[RenewedToken, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether every server that was tested works."""
        return all(report is None or report.is_ok for report in (self.incoming, self.outgoing))
