"""What callers send of how a mailbox is connected to mail. What is missing stays, or is the default in a PUT."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.mailboxes import ChannelChange, DkimChange, OAuth2Change, ServerChange, dkim_keys
from waypost.edges.inbox_v2 import body
from waypost.edges.inbox_v2.wire import operations
from waypost.kit.errors import Invalid

Patch = list[dict[str, Any]] | dict[str, Any]
Text = str | UnsetType | None
Flag = bool | UnsetType | None


class OAuth2In(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How to fetch access tokens. Secrets that are left out stay, as long as they go where they went."""

    token_url: Text = UNSET
    client_id: Text = UNSET
    client_secret: Text = UNSET
    refresh_token: Text = UNSET
    scope: Text = UNSET

    def to_command(self) -> OAuth2Change:
        """Read."""
        return OAuth2Change(
            token_url=_or(self.token_url, ""),
            client_id=_or(self.client_id, ""),
            client_secret=_or(self.client_secret, ""),
            refresh_token=_or(self.refresh_token, ""),
            scope=_or(self.scope, ""),
        )


class OutgoingIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The SMTP server that mail leaves by. A password that is left out stays, as long as it goes where it went."""

    host: Text = UNSET
    port: int | UnsetType | None = UNSET
    security: Text = UNSET
    username: Text = UNSET
    password: Text = UNSET
    oauth2: OAuth2In | UnsetType | None = msgspec.field(name="oauth2", default=UNSET)

    def to_command(self) -> ServerChange:
        """Read. A port or a security that is null is found by the other."""
        return ServerChange(
            host=_or(self.host, ""),
            port=_or(self.port, UNSET),
            security=_or(self.security, UNSET),
            username=_or(self.username, ""),
            password=_or(self.password, ""),
            oauth2=self.oauth2.to_command() if isinstance(self.oauth2, OAuth2In) else self.oauth2,
        )


class IncomingIn(OutgoingIn, frozen=True, kw_only=True, rename="camel"):
    """The IMAP server that mail is fetched from, the folders there, and since when: `now`, `all` or a day."""

    folders: list[str] | UnsetType | None = UNSET
    since: Text = UNSET

    def to_command(self) -> ServerChange:
        """Read."""
        return msgspec.structs.replace(
            super().to_command(), folders=_or(self.folders, ["INBOX"]), since=_or(self.since, "now")
        )


class FromIn(msgspec.Struct, frozen=True, kw_only=True):
    """Whose name stands in From: `user`, `mailbox`, or `custom` and the name."""

    kind: Text = UNSET
    name: Text = UNSET


class AutoReplyIn(msgspec.Struct, frozen=True, kw_only=True):
    """What customers are told when they write for the first time."""

    enabled: Flag = UNSET
    subject: Text = UNSET
    body: Text = UNSET


class DkimIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key of one's own, in PEM."""

    domain: Text = UNSET
    selector: Text = UNSET
    private_key: Text = UNSET


class ChannelIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a mailbox is to be connected to mail."""

    paused: Flag = UNSET
    incoming: IncomingIn | UnsetType | None = UNSET
    outgoing: OutgoingIn | UnsetType | None = UNSET
    sender: FromIn | UnsetType | None = msgspec.field(name="from", default=UNSET)
    reply_addresses: Flag = UNSET
    signature: Text = UNSET
    auto_reply: AutoReplyIn | UnsetType | None = UNSET
    undo_seconds: int | UnsetType | None = UNSET
    ratings: Flag = UNSET
    dkim: DkimIn | UnsetType | None = UNSET
    trusted_authority: Text = UNSET
    aliases: list[str] | UnsetType | None = UNSET

    def to_command(self) -> ChannelChange:
        """Read; null is the default."""
        sender = FromIn(kind="user", name="") if self.sender is None else self.sender or FromIn()
        auto_reply = (
            AutoReplyIn(enabled=False, subject="", body="")
            if self.auto_reply is None
            else self.auto_reply or AutoReplyIn()
        )
        return ChannelChange(
            is_paused=_or(self.paused, False),
            incoming=self.incoming.to_command() if isinstance(self.incoming, IncomingIn) else self.incoming,
            outgoing=self.outgoing.to_command() if isinstance(self.outgoing, OutgoingIn) else self.outgoing,
            from_kind=_or(sender.kind, "user"),
            from_name=_or(sender.name, ""),
            has_reply_addresses=_or(self.reply_addresses, False),
            signature=_or(self.signature, ""),
            is_auto_reply_on=_or(auto_reply.enabled, False),
            auto_reply_subject=_or(auto_reply.subject, ""),
            auto_reply_body=_or(auto_reply.body, ""),
            undo_seconds=_or(self.undo_seconds, 0),
            are_ratings_on=_or(self.ratings, False),
            dkim=_dkim(self.dkim),
            trusted_authority=self.trusted_authority,
            aliases=_or(self.aliases, []),
        )


class CheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """What to test: the servers that are named, with what is said of them laid over what is stored; else all."""

    incoming: IncomingIn | UnsetType | None = UNSET
    outgoing: OutgoingIn | UnsetType | None = UNSET

    def to_command(self) -> ChannelChange:
        """Read."""
        return ChannelChange(
            incoming=self.incoming.to_command() if isinstance(self.incoming, IncomingIn) else UNSET,
            outgoing=self.outgoing.to_command() if isinstance(self.outgoing, OutgoingIn) else UNSET,
        )


class DkimKeyIn(msgspec.Struct, frozen=True, kw_only=True):
    """What key to make; what is missing is chosen."""

    domain: str | None = None
    selector: str | None = None
    algorithm: dkim_keys.Algorithm = dkim_keys.Algorithm.RSA


class AliasIn(msgspec.Struct, frozen=True):
    """A further address."""

    email: str


class MailboxIn(msgspec.Struct, frozen=True, kw_only=True):
    """What a mailbox is to be called, and its address."""

    name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET


def read_patch(data: Any) -> ChannelChange:
    """Operations (`replace` and `remove` on `/signature`, `/autoReply/enabled` and the like), or a plain object.

    Raises Invalid with every operation that is wrong.
    """
    read: ChannelIn = _patched(data, ChannelIn, nested=True)
    return read.to_command()


def read_mailbox_patch(data: Any) -> MailboxIn:
    """The same for name and address."""
    read: MailboxIn = _patched(data, MailboxIn, nested=False)
    return read


def _patched(data: Any, kind: type[Any], *, nested: bool) -> Any:
    keys = kind.__struct_encode_fields__
    values: dict[str, Any] = {}
    errors = []
    for operation in operations.read(data, {key: f"/{key}" for key in keys}):
        steps = operation.path.removeprefix("/").split("/")
        value = None if operation.op == "remove" else operation.value
        if steps[0] not in keys or len(steps) > (2 if nested else 1):
            errors += operation.refuse("path", "unknown path", "Unknown").errors
            continue
        fragment = {steps[0]: value if len(steps) == 1 else {steps[1]: value}}
        if len(steps) == 2 and not _is_known(kind, *steps):
            errors += operation.refuse("path", "unknown path", "Unknown").errors
            continue
        for found in body.problems_of(kind, fragment):
            at = operation.at + "value" if operation.at else found.path
            errors.append(msgspec.structs.replace(found, path=at))
        held = values.get(steps[0])
        if len(steps) == 2 and isinstance(held, dict):
            held[steps[1]] = value
        else:
            values |= fragment
    if errors:
        raise Invalid(errors)
    return body.read(kind, values)


_PARTS: dict[str, type[Any]] = {
    "incoming": IncomingIn, "outgoing": OutgoingIn, "from": FromIn, "autoReply": AutoReplyIn, "dkim": DkimIn,
}  # fmt: skip


def _is_known(kind: type[Any], key: str, inner: str) -> bool:
    part = _PARTS.get(key)
    return kind is ChannelIn and part is not None and inner in part.__struct_encode_fields__


def _dkim(said: DkimIn | UnsetType | None) -> DkimChange | UnsetType | None:
    if not isinstance(said, DkimIn):
        return said
    return DkimChange(
        domain=_or(said.domain, ""), selector=_or(said.selector, ""), private_key=_or(said.private_key, "")
    )


def _or(said: Any, default: Any) -> Any:
    return default if said is None else said
