"""How a mailbox is connected to mail, on the wire. Waypost's own; the platform has no such call.

Passwords, tokens and private keys go in and never come out: answers say that there is one (`hasPassword`).
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.mailboxes import (
    Channel,
    CheckReport,
    Dkim,
    DomainReport,
    IncomingServer,
    OAuth2,
    Server,
    ServerReport,
    Step,
    dkim_keys,
)
from waypost.edges.inbox_v2.hal import Link, Links


class OAuth2Out(msgspec.Struct, frozen=True, rename="camel"):
    """How access tokens are fetched."""

    token_url: str
    client_id: str
    scope: str
    has_client_secret: bool
    has_refresh_token: bool

    @classmethod
    def of(cls, held: OAuth2) -> OAuth2Out:
        """Render."""
        return cls(held.token_url, held.client_id, held.scope, bool(held.client_secret), bool(held.refresh_token))


class ServerOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A mail server. `folders` and `since` only for the one that mail is fetched from."""

    host: str
    port: int
    security: str
    username: str
    has_password: bool
    oauth2: OAuth2Out | None = msgspec.field(name="oauth2")
    folders: list[str] | UnsetType = UNSET
    since: str | UnsetType = UNSET

    @classmethod
    def of(cls, held: Server | None) -> ServerOut | None:
        """Render."""
        if held is None:
            return None
        return cls(
            host=held.host,
            port=held.port,
            security=held.security,
            username=held.username,
            has_password=bool(held.password),
            oauth2=OAuth2Out.of(held.oauth2) if held.oauth2 is not None else None,
            folders=list(held.folders) if isinstance(held, IncomingServer) else UNSET,
            since=held.since if isinstance(held, IncomingServer) else UNSET,
        )


class FromOut(msgspec.Struct, frozen=True):
    """Whose name stands in From; `name` where it is `custom`."""

    kind: str
    name: str


class AutoReplyOut(msgspec.Struct, frozen=True):
    """What customers are told when they write for the first time."""

    enabled: bool
    subject: str
    body: str


class RecordOut(msgspec.Struct, frozen=True):
    """A DNS record to publish."""

    type: str
    name: str
    value: str


class DkimOut(msgspec.Struct, frozen=True, rename="camel"):
    """The key that mail is signed with, and the record that makes it known."""

    domain: str
    selector: str
    has_private_key: bool
    record: RecordOut

    @classmethod
    def of(cls, held: Dkim) -> DkimOut:
        """Render."""
        record = dkim_keys.record(held)
        return cls(held.domain, held.selector, True, RecordOut("TXT", record.name, record.value))


class ChannelOut(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a mailbox is connected to mail."""

    mailbox_id: int
    name: str
    email: str
    aliases: list[str]
    paused: bool
    incoming: ServerOut | None
    outgoing: ServerOut | None
    has_inbound_key: bool
    sender: FromOut = msgspec.field(name="from")
    reply_addresses: bool
    signature: str
    auto_reply: AutoReplyOut
    undo_seconds: int
    ratings: bool
    dkim: DkimOut | None
    trusted_authority: str | None
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, channel: Channel, base_url: str) -> ChannelOut:
        """Render."""
        own = address_of(channel.mailbox_id, base_url)
        return cls(
            mailbox_id=channel.mailbox_id,
            name=channel.name,
            email=channel.email,
            aliases=list(channel.aliases),
            paused=channel.is_paused,
            incoming=ServerOut.of(channel.incoming),
            outgoing=ServerOut.of(channel.outgoing),
            has_inbound_key=channel.inbound_key is not None,
            sender=FromOut(channel.from_kind.value, channel.from_name),
            reply_addresses=channel.has_reply_addresses,
            signature=channel.signature,
            auto_reply=AutoReplyOut(channel.is_auto_reply_on, channel.auto_reply_subject, channel.auto_reply_body),
            undo_seconds=channel.undo_seconds,
            ratings=channel.are_ratings_on,
            dkim=DkimOut.of(channel.dkim) if channel.dkim is not None else None,
            trusted_authority=channel.trusted_authority,
            links={
                "self": Link(own),
                "mailbox": Link(own.removesuffix("/channel")),
                "aliases": Link(f"{own}/aliases"),
                "test": Link(f"{own}/test"),
            },
        )


class InboundKeyOut(msgspec.Struct, frozen=True):
    """A new key for posting mail, shown this once."""

    key: str


class AliasOut(msgspec.Struct, frozen=True):
    """A further address that reaches the mailbox."""

    email: str
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, mailbox_id: int, email: str, base_url: str) -> AliasOut:
        """Render."""
        return cls(email, {"self": Link(alias_address(mailbox_id, email, base_url))})


class StepOut(msgspec.Struct, frozen=True, rename="camel"):
    """One step of a test: `ok`, `warning`, `failed` or `skipped`, and what it means."""

    name: str
    status: str
    message: str
    server_said: str | UnsetType = UNSET

    @classmethod
    def of(cls, step: Step) -> StepOut:
        """Render."""
        return cls(step.name, step.state.value, step.message, step.server_said or UNSET)


class ServerReportOut(msgspec.Struct, frozen=True):
    """What a test of one server found."""

    ok: bool
    server: str
    steps: list[StepOut]

    @classmethod
    def of(cls, report: ServerReport | None) -> ServerReportOut | UnsetType:
        """Render."""
        if report is None:
            return UNSET
        return cls(report.is_ok, report.address, [StepOut.of(step) for step in report.steps])


class DomainReportOut(msgspec.Struct, frozen=True):
    """What the DNS says of the mailbox's domain: its records of SPF, DKIM and DMARC."""

    name: str
    steps: list[StepOut]

    @classmethod
    def of(cls, report: DomainReport | None) -> DomainReportOut | UnsetType:
        """Render."""
        return UNSET if report is None else cls(report.name, [StepOut.of(step) for step in report.steps])


class CheckOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a test found; a server that was not tested is left out."""

    ok: bool
    incoming: ServerReportOut | UnsetType = UNSET
    outgoing: ServerReportOut | UnsetType = UNSET
    domain: DomainReportOut | UnsetType = UNSET
    links: Links = msgspec.field(name="_links")

    @classmethod
    def of(cls, mailbox_id: int, report: CheckReport, base_url: str) -> CheckOut:
        """Render."""
        return cls(
            ok=report.is_ok,
            incoming=ServerReportOut.of(report.incoming),
            outgoing=ServerReportOut.of(report.outgoing),
            domain=DomainReportOut.of(report.domain),
            links={"channel": Link(address_of(mailbox_id, base_url))},
        )


def address_of(mailbox_id: int, base_url: str) -> str:
    """Where the settings of a mailbox's mail are."""
    return f"{base_url}/v2/mailboxes/{mailbox_id}/channel"


def alias_address(mailbox_id: int, email: str, base_url: str) -> str:
    """Where an alias is."""
    return f"{address_of(mailbox_id, base_url)}/aliases/{quoted(email)}"


def quoted(email: str) -> str:
    """An alias as it stands in addresses."""
    return quote(email, safe="@+")
