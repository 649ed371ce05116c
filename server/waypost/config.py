"""Settings: the environment, read once. Every name begins with WAYPOST_."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ENVIRONMENT_PREFIX = "WAYPOST_"
_DOMAIN = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?")
_SENDER = re.compile(r"[^\s@<>]+@[^\s@<>]+")


class BadSetting(Exception):
    """A setting that cannot be used; the message names it and says why."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a running desk is configured with. Defaults suit one machine."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    #: Another host under which content from outside (attachments, messages) is served. Empty: the desk's own.
    content_url: str = ""
    #: Empty: a private PostgreSQL in the data folder.
    database_url: str = ""
    #: Empty: a folder in the data folder; or s3://, gs://, az:// for an object store.
    files_url: str = ""
    #: Where mail leaves by, unless a mailbox has its own: smtp://user:password@host:587?security=starttls
    smtp_url: str = ""
    #: Who the desk's own mails (invitations, password links) come from: Name <address>
    mail_from: str = ""
    #: Where limits are counted when several processes serve: valkey://host:6379/0
    valkey_url: str = ""
    rate_limit_per_minute: int = 200
    write_burst_limit: int = 12
    rate_write_weight: int = 1
    #: Requests of the Docs API in ten minutes for an account with one site; with two half as many more, with more
    #: twice as many. 0: no limit.
    docs_rate_limit: int = 2000
    #: New conversations that contact forms begin for one network address, or one sender, in twelve hours. 0: no limit.
    contact_limit: int = 6
    #: The domain below which help centers have their sub-domains. Empty: the desk's own host.
    docs_domain: str = ""
    database_pool: int = 10
    #: A search that takes longer is ended and answered as an error.
    search_timeout_s: int = 5
    is_demo: bool = False
    #: For those who build on a desk: its clock can be moved. Never for a desk that is used.
    is_development: bool = False
    log_format: str = "console"
    log_level: str = "info"
    trusted_proxies: tuple[str, ...] = field(default=())
    #: Hosts and networks, with a port or without, that outgoing requests may go to although they are not public.
    outgoing_allow: tuple[str, ...] = field(default=())
    #: Where mail is taken that other servers hand over, `host:port` or `unix:/path`; empty: nowhere.
    smtp_listen: str = ""
    lmtp_listen: str = ""
    #: Who may hand over mail, as addresses and networks; empty: anybody.
    smtp_peers: tuple[str, ...] = field(default=())
    #: Files of the certificate and of its key, for STARTTLS.
    smtp_tls_cert: str = ""
    smtp_tls_key: str = ""
    #: Whether webhooks may go to addresses that begin with http://.
    allow_insecure_webhooks: bool = False

    @property
    def has_movable_clock(self) -> bool:
        """Whether the desk's time can be moved forward: in development and in the demo."""
        return self.is_development or self.is_demo

    @property
    def address(self) -> str:
        """The public address that links are built from, without a slash at its end."""
        if self.base_url:
            return self.base_url.rstrip("/")
        host = "localhost" if self.host in ("0.0.0.0", "::", "127.0.0.1") else self.host  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def docs_host(self) -> str:
        """The domain below which help centers have their sub-domains, with the port where there is one."""
        if self.docs_domain:
            return self.docs_domain.lower()
        own = urlsplit(self.address).netloc
        # Sub-domains of a bare address do not exist; those of localhost lead to the same machine.
        return re.sub(r"^(?:[\d.]+|\[[0-9a-fA-F:]+\])(?=:|$)", "localhost", own)

    @property
    def sender(self) -> tuple[str, str]:
        """Name and address that the desk's own mails come from."""
        if self.mail_from:
            return parseaddr(self.mail_from)
        host = urlsplit(self.address).hostname or ""
        return "Waypost", f"waypost@{host if host and ':' not in host else 'localhost'}"

    @property
    def files_location(self) -> str:
        """Where attachments and raw mails lie."""
        return self.files_url or str(self.data_dir / "files")

    @property
    def sink_dir(self) -> Path:
        """Where the demo's mail sink keeps what it caught."""
        return self.data_dir / "sink"


def load(**overrides: Any) -> Settings:
    """Settings from the environment; arguments that are not None win. Raises BadSetting."""
    values: dict[str, Any] = {
        "data_dir": Path(_text("DATA_DIR", "data")),
        "host": _text("HOST", "127.0.0.1"),
        "port": _number("PORT", 8000, 0, 65535),
        "base_url": _text("BASE_URL"),
        "content_url": _text("CONTENT_URL"),
        "database_url": _text("DATABASE_URL"),
        "files_url": _text("FILES_URL"),
        "smtp_url": _text("SMTP_URL"),
        "mail_from": _text("MAIL_FROM"),
        "valkey_url": _text("VALKEY_URL"),
        "rate_limit_per_minute": _number("RATE_LIMIT_PER_MINUTE", 200, 0, 10_000_000),
        "write_burst_limit": _number("WRITE_BURST_LIMIT", 12, 0, 10_000_000),
        "rate_write_weight": _number("RATE_WRITE_WEIGHT", 1, 1, 1000),
        "docs_rate_limit": _number("DOCS_RATE_LIMIT", 2000, 0, 10_000_000),
        "contact_limit": _number("CONTACT_LIMIT", 6, 0, 10_000_000),
        "docs_domain": _text("DOCS_DOMAIN"),
        "database_pool": _number("DATABASE_POOL", 10, 2, 500),
        "is_development": _choice("DEVELOPMENT", "0", ("0", "1")) == "1",
        "search_timeout_s": _number("SEARCH_TIMEOUT_S", 5, 1, 15),
        "log_format": _choice("LOG_FORMAT", "console", ("console", "json")),
        "log_level": _choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        "trusted_proxies": _list("TRUSTED_PROXIES"),
        "outgoing_allow": _list("OUTGOING_ALLOW"),
        "smtp_listen": _text("SMTP_LISTEN"),
        "lmtp_listen": _text("LMTP_LISTEN"),
        "smtp_peers": _list("SMTP_PEERS"),
        "smtp_tls_cert": _text("SMTP_TLS_CERT"),
        "smtp_tls_key": _text("SMTP_TLS_KEY"),
        "allow_insecure_webhooks": _choice("ALLOW_INSECURE_WEBHOOKS", "0", ("0", "1")) == "1",
    }
    values.update({name: value for name, value in overrides.items() if value is not None})
    values["data_dir"] = Path(values["data_dir"]).expanduser().resolve()
    for name in ("base_url", "content_url"):
        if values[name] and not values[name].startswith(("http://", "https://")):
            raise BadSetting(
                f"{ENVIRONMENT_PREFIX}{name.upper()} must begin with http:// or https://, not {values[name]!r}"
            )
    if values["docs_domain"] and not _DOMAIN.fullmatch(values["docs_domain"]):
        raise BadSetting(
            f"{ENVIRONMENT_PREFIX}DOCS_DOMAIN must be a host name, perhaps with a port, not {values['docs_domain']!r}"
        )
    if values["mail_from"] and not _SENDER.fullmatch(parseaddr(values["mail_from"])[1]):
        raise BadSetting(
            f"{ENVIRONMENT_PREFIX}MAIL_FROM must be an address or Name <address>, not {values['mail_from']!r}"
        )
    for name in ("SMTP_LISTEN", "LMTP_LISTEN"):
        _check_place(name, values[name.lower()])
    return Settings(**values)


def _text(name: str, default: str = "") -> str:
    return os.environ.get(ENVIRONMENT_PREFIX + name, default).strip()


def _list(name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _text(name).split(",") if part.strip())


def _number(name: str, default: int, low: int, high: int) -> int:
    text = _text(name)
    if not text:
        return default
    if not text.isdigit() or not low <= int(text) <= high:
        raise BadSetting(f"{ENVIRONMENT_PREFIX}{name} must be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _check_place(name: str, text: str) -> None:
    host, _, port = text.rpartition(":")
    is_place = text.startswith("unix:/") or (bool(host) and port.isdigit() and int(port) < 65536)
    if text and not is_place:
        raise BadSetting(f"{ENVIRONMENT_PREFIX}{name} must be host:port or unix:/path, not {text!r}")


def _choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    text = _text(name) or default
    if text not in choices:
        raise BadSetting(f"{ENVIRONMENT_PREFIX}{name} must be one of {', '.join(choices)}, not {text!r}")
    return text
