"""What a mailbox's mail settings may say: every field checked, all mistakes at once. Servers are `server_checks`."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.mailboxes import dkim_keys
from waypost.domains.mailboxes.channel_changes import ChannelChange, DkimChange
from waypost.domains.mailboxes.channel_models import Channel, Dkim, FromKind, IncomingServer, OutgoingServer
from waypost.domains.mailboxes.server_checks import Checking, checked_server, host_name
from waypost.kit.errors import FieldError
from waypost.kit.html import clean_body, to_text
from waypost.kit.text import clean_name

MOST_UNDO_SECONDS = 120
MOST_ALIASES = 100
NAME_LIMIT = 255
SUBJECT_LIMIT = 255
HTML_LIMIT = 100_000
_AUTHORITY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,3}")
_LOCAL = r"[^\s@<>,;:\"()\[\]\\\x00-\x20\x7f]{1,64}"
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"{_LOCAL}@{_LABEL}(?:\.{_LABEL})*")
_LONGEST_EMAIL = 254

T = TypeVar("T")
_DEFAULTS = Channel(mailbox_id=0, name="", email="")


def applied(before: Channel, change: ChannelChange, *, is_whole: bool, errors: list[FieldError]) -> Channel:
    """The settings after the change; `is_whole` makes what is UNSET the default, but for secrets. Adds mistakes."""
    base = _DEFAULTS if is_whole else before

    def said(name: str) -> Any:
        value = getattr(change, name)
        return getattr(base, name) if value is UNSET else value

    checking = Checking(is_whole, errors)
    incoming = _server(checking, "incoming", IncomingServer, before.incoming, change)
    outgoing = _server(checking, "outgoing", OutgoingServer, before.outgoing, change)
    from_kind = _from_kind(said("from_kind"), errors)
    from_name = line(said("from_name"), "from.name", NAME_LIMIT, errors)
    if from_kind is FromKind.CUSTOM and not from_name:
        errors.append(FieldError("from.name", "may not be empty", "NotEmpty"))
    signature = _html(said("signature"), "signature", errors)
    subject = line(said("auto_reply_subject"), "autoReply.subject", SUBJECT_LIMIT, errors)
    body = _html(said("auto_reply_body"), "autoReply.body", errors)
    if said("is_auto_reply_on") and not body:
        errors.append(FieldError("autoReply.body", "may not be empty", "NotEmpty"))
    undo_seconds = said("undo_seconds")
    if not 0 <= undo_seconds <= MOST_UNDO_SECONDS:
        message = f"must be between 0 and {MOST_UNDO_SECONDS}"
        errors.append(FieldError("undoSeconds", message, "Number", undo_seconds))
    return msgspec.structs.replace(
        before,
        is_paused=said("is_paused"),
        incoming=incoming,
        outgoing=outgoing,
        from_kind=from_kind,
        from_name=from_name,
        has_reply_addresses=said("has_reply_addresses"),
        signature=signature,
        is_auto_reply_on=said("is_auto_reply_on"),
        auto_reply_subject=subject,
        auto_reply_body=body,
        undo_seconds=undo_seconds,
        are_ratings_on=said("are_ratings_on"),
        dkim=_dkim(before.dkim, change.dkim, is_whole=is_whole, errors=errors),
        trusted_authority=_authority(said("trusted_authority"), errors),
        aliases=_aliases(before, said("aliases"), errors),
    )


def _server(checking: Checking, path: str, kind: type[T], before: T | None, change: ChannelChange) -> T | None:
    said = getattr(change, path)
    if said is None or (said is UNSET and checking.is_whole):
        return None
    if said is UNSET:
        return before
    return checked_server(checking, path, kind, before, said)


def _from_kind(said: FromKind | str, errors: list[FieldError]) -> FromKind:
    if isinstance(said, FromKind):
        return said
    for kind in FromKind:
        if kind.value == said.strip().lower():
            return kind
    names = ", ".join(repr(kind.value) for kind in FromKind)
    errors.append(FieldError("from.kind", f"must be one of {names}", "EnumValue", said))
    return FromKind.USER


def line(said: str, path: str, limit: int, errors: list[FieldError]) -> str:
    """Text that will stand in a header field: on one line, without what deceives the eye."""
    if len(said) > limit:
        errors.append(FieldError(path, f"size must be between 0 and {limit}", "Size", said))
    return clean_name(said, limit)


def _html(said: str, path: str, errors: list[FieldError]) -> str:
    """Sanitised HTML; nothing when there is nothing to be seen in it."""
    if len(said) > HTML_LIMIT:
        errors.append(FieldError(path, f"size must be between 0 and {HTML_LIMIT}", "Size"))
        return ""
    body = clean_body(said)
    return body if to_text(body).strip() or "<img" in body else ""


def _dkim(
    before: Dkim | None, said: DkimChange | UnsetType | None, *, is_whole: bool, errors: list[FieldError]
) -> Dkim | None:
    if said is None or (said is UNSET and is_whole):
        return None
    if isinstance(said, UnsetType):
        return before
    held = before or Dkim("", "", "")
    domain = dkim_domain(held.domain if said.domain is UNSET else said.domain, "dkim.domain", errors)
    selector = dkim_selector(held.selector if said.selector is UNSET else said.selector, "dkim.selector", errors)
    pem = held.private_key
    if said.private_key is not UNSET:
        try:
            pem = dkim_keys.normal_pem(said.private_key)
        except dkim_keys.BadKey as error:
            errors.append(FieldError("dkim.privateKey", str(error), "Type"))
            pem = "-"
    if not pem:
        errors.append(FieldError("dkim.privateKey", "may not be empty", "NotEmpty"))
    return Dkim(domain, selector, pem)


def dkim_domain(said: str, path: str, errors: list[FieldError]) -> str:
    """The domain that a key signs for."""
    domain = host_name(said)
    if domain is None or "." not in domain:
        errors.append(FieldError(path, "is not a domain", "Identifier", said))
        return ""
    return domain


def dkim_selector(said: str, path: str, errors: list[FieldError]) -> str:
    """The name that a key has within its domain."""
    selector = said.strip().lower()
    if not _SELECTOR.fullmatch(selector):
        message = "must be letters, digits and hyphens, in parts of at most 63 with dots between"
        errors.append(FieldError(path, message, "Identifier", said))
    return selector


def _authority(said: str | None, errors: list[FieldError]) -> str | None:
    name = (said or "").strip().lower()
    if not name:
        return None
    if not _AUTHORITY.fullmatch(name):
        errors.append(FieldError("trustedAuthority", "is not the name of a mail server", "Identifier", said))
        return None
    return name


def email_address(said: str, path: str, errors: list[FieldError]) -> str:
    """An address with its domain in lower case."""
    local, at, domain = said.strip().rpartition("@")
    email = f"{local}{at}{domain.lower()}"
    if len(email) > _LONGEST_EMAIL or clean_name(email, _LONGEST_EMAIL) != email or not _EMAIL.fullmatch(email):
        errors.append(FieldError(path, "not a well-formed email address", "Email", said))
        return ""
    return email


def _aliases(before: Channel, said: list[str] | tuple[str, ...], errors: list[FieldError]) -> tuple[str, ...]:
    if len(said) > MOST_ALIASES:
        errors.append(FieldError("aliases", f"size must be between 0 and {MOST_ALIASES}", "Size"))
        return ()
    found: dict[str, str] = {}
    for index, text in enumerate(said):
        email = email_address(text, f"aliases[{index}]", errors)
        if email.lower() == before.email.lower():
            errors.append(FieldError(f"aliases[{index}]", "is the mailbox's own address", "Identifier", text))
        # Kept as it was spelled first: an alias that is written otherwise is the same one.
        found.setdefault(email.lower(), next((one for one in before.aliases if one.lower() == email.lower()), email))
    return tuple(found.values())
