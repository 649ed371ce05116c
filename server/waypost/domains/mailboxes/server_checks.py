"""What may be said of a mail server: its host, its port and how to get in. Secrets stay where they were meant for."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from waypost.domains.mailboxes.channel_changes import OAuth2Change, ServerChange
from waypost.domains.mailboxes.channel_models import IncomingServer, OAuth2, Security, Server
from waypost.kit.errors import FieldError

_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_IPV6 = re.compile(r"[0-9a-f:.]{2,45}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SECURITIES: tuple[Security, ...] = ("none", "starttls", "tls")
_PORTS: dict[str, dict[str, int]] = {
    "incoming": {"tls": 993, "starttls": 143, "none": 143},
    "outgoing": {"tls": 465, "starttls": 587, "none": 25},
}
_TLS_PORTS = (993, 465)
MOST_FOLDERS = 20
NAME_LIMIT = 255
SECRET_LIMIT = 8_192
URL_LIMIT = 2_000

S = TypeVar("S")


class Checking(msgspec.Struct, frozen=True):
    """Whether what is not said is the default, and where mistakes go."""

    is_whole: bool
    errors: list[FieldError]


def checked_server(checking: Checking, path: str, kind: type[S], held: S | None, change: ServerChange) -> S:
    """The server after the change.

    A password goes to the place that it was given for and to no other: with another host or port, or without
    encryption where there was some, it is forgotten and has to be given again; and so are tokens.
    """
    before = held if isinstance(held, Server) else None
    base = None if checking.is_whole else before
    errors = checking.errors
    host = _host(path, change.host if change.host is not UNSET else (base.host if base else ""), errors)
    security = _security(path, change, base, errors)
    port = _port(path, change, base, security, errors)
    username = _text(f"{path}.username", change.username, base.username if base else "", NAME_LIMIT, errors)
    is_same_place = before is not None and (before.host, before.port) == (host, port)
    is_as_safe = before is not None and (security != "none" or before.security == "none")
    trusted = before if is_same_place and is_as_safe else None
    oauth2 = _oauth2(checking, f"{path}.oauth2", change.oauth2, before, trusted)
    password = ""
    if oauth2 is None:
        is_same_user = trusted is not None and trusted.username == username
        kept = trusted.password if trusted is not None and is_same_user else ""
        password = _secret(f"{path}.password", change.password, kept, errors)
        if username and not password:
            was_there = before is not None and bool(before.password)
            errors.append(_missing(f"{path}.password", has_moved=was_there and change.password is UNSET))
    if password and not username:
        errors.append(FieldError(f"{path}.username", "may not be empty", "NotEmpty"))
    if oauth2 is not None and not username:
        errors.append(FieldError(f"{path}.username", "may not be empty", "NotEmpty"))
    values: dict[str, Any] = {
        "host": host, "port": port, "security": security, "username": username, "password": password, "oauth2": oauth2,
    }  # fmt: skip
    if kind is IncomingServer:
        values["folders"] = _folders(f"{path}.folders", change.folders, base, errors)
        values["since"] = _since(f"{path}.since", change.since, base, errors)
    return kind(**values)


def host_name(said: str) -> str | None:
    """A host's name in lower case, beyond ASCII as its A-labels; or an IP address. None for what is neither."""
    host = said.strip().rstrip(".").lower()
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    is_address = ":" in host and _IPV6.fullmatch(host)
    return host if is_address or _HOST.fullmatch(host) else None


def _host(path: str, said: str, errors: list[FieldError]) -> str:
    if not said.strip():
        errors.append(FieldError(f"{path}.host", "may not be empty", "NotEmpty"))
        return ""
    host = host_name(said)
    if host is None:
        errors.append(FieldError(f"{path}.host", "is not the name of a host", "Identifier", said))
        return ""
    return host


def _security(path: str, change: ServerChange, base: Server | None, errors: list[FieldError]) -> Security:
    if change.security is UNSET:
        if base is not None:
            return base.security
        return "tls" if change.port is UNSET or change.port in _TLS_PORTS else "starttls"
    for known in _SECURITIES:
        if change.security.strip().lower() == known:
            return known
    names = ", ".join(repr(known) for known in _SECURITIES)
    errors.append(FieldError(f"{path}.security", f"must be one of {names}", "EnumValue", change.security))
    return "tls"


def _port(path: str, change: ServerChange, base: Server | None, security: Security, errors: list[FieldError]) -> int:
    if change.port is UNSET:
        return base.port if base is not None else _PORTS[path][security]
    if not 1 <= change.port <= 65535:
        errors.append(FieldError(f"{path}.port", "must be between 1 and 65535", "Number", change.port))
    return change.port


def _text(path: str, said: str | UnsetType, held: str, limit: int, errors: list[FieldError]) -> str:
    if isinstance(said, UnsetType):
        return held
    text = said.strip()
    if len(text) > limit:
        errors.append(FieldError(path, f"size must be between 0 and {limit}", "Size", said))
    elif _CONTROL.search(text):
        errors.append(FieldError(path, "must not hold line breaks or control characters", "Type", said))
    return text


def _secret(path: str, said: str | UnsetType, held: str, errors: list[FieldError]) -> str:
    """A secret as it is, blanks and all. What is wrong with it is told without it."""
    if isinstance(said, UnsetType):
        return held
    if len(said) > SECRET_LIMIT:
        errors.append(FieldError(path, f"size must be between 0 and {SECRET_LIMIT}", "Size"))
    elif _CONTROL.search(said):
        errors.append(FieldError(path, "must not hold line breaks or control characters", "Type"))
    return said


def _missing(path: str, *, has_moved: bool) -> FieldError:
    if has_moved:
        return FieldError(path, "must be given again, because it was stored for another server or user", "NotEmpty")
    return FieldError(path, "may not be empty", "NotEmpty")


def _oauth2(
    checking: Checking,
    path: str,
    said: OAuth2Change | UnsetType | None,
    before: Server | None,
    trusted: Server | None,
) -> OAuth2 | None:
    """`trusted` is the server before, where what is signed in with may still go there."""
    errors = checking.errors
    held = before.oauth2 if before is not None else None
    if said is None or (said is UNSET and (checking.is_whole or held is None)):
        return None
    change = OAuth2Change() if isinstance(said, UnsetType) else said
    base = OAuth2("", "", "", "", "") if checking.is_whole or held is None else held
    token_url = _url(f"{path}.tokenUrl", change.token_url, base.token_url, errors)
    client_id = _text(f"{path}.clientId", change.client_id, base.client_id, NAME_LIMIT, errors)
    scope = _text(f"{path}.scope", change.scope, base.scope, URL_LIMIT, errors)
    if not client_id:
        errors.append(FieldError(f"{path}.clientId", "may not be empty", "NotEmpty"))
    is_same = trusted is not None and held is not None and (token_url, client_id) == (held.token_url, held.client_id)
    kept = held if is_same and held is not None else OAuth2("", "", "", "")
    client_secret = _secret(f"{path}.clientSecret", change.client_secret, kept.client_secret, errors)
    refresh_token = _secret(f"{path}.refreshToken", change.refresh_token, kept.refresh_token, errors)
    if not refresh_token:
        has_moved = held is not None and change.refresh_token is UNSET
        errors.append(_missing(f"{path}.refreshToken", has_moved=has_moved))
    return OAuth2(token_url, client_id, client_secret, refresh_token, scope)


def _url(path: str, said: str | UnsetType, held: str, errors: list[FieldError]) -> str:
    url = held if isinstance(said, UnsetType) else said.strip()
    if not url:
        errors.append(FieldError(path, "may not be empty", "NotEmpty"))
        return ""
    try:
        parts = urlsplit(url)
        is_well = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_well = False
    if not is_well or not url.isascii() or _CONTROL.search(url) or len(url) > URL_LIMIT:
        errors.append(FieldError(path, "is not an https address", "Identifier", url))
    return url


def _folders(path: str, said: list[str] | UnsetType, base: Server | None, errors: list[FieldError]) -> tuple[str, ...]:
    if isinstance(said, UnsetType):
        return base.folders if isinstance(base, IncomingServer) else ("INBOX",)
    if not 1 <= len(said) <= MOST_FOLDERS:
        errors.append(FieldError(path, f"size must be between 1 and {MOST_FOLDERS}", "Size"))
        return ("INBOX",)
    for index, folder in enumerate(said):
        if not folder.strip() or len(folder) > NAME_LIMIT or _CONTROL.search(folder):
            errors.append(FieldError(f"{path}[{index}]", "is not the name of a folder", "Identifier", folder))
    # INBOX is the one name that servers read in any case (RFC 9051, 5.1).
    return tuple(dict.fromkeys("INBOX" if folder.upper() == "INBOX" else folder for folder in said))


def _since(path: str, said: str | UnsetType, base: Server | None, errors: list[FieldError]) -> str:
    if isinstance(said, UnsetType):
        return base.since if isinstance(base, IncomingServer) else "now"
    if said in ("now", "all"):
        return said
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        errors.append(FieldError(path, "must be 'now', 'all' or a day like 2026-01-31", "Date", said))
        return "now"
