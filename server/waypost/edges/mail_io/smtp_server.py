"""Where mail leaves by: a server's address, how to get in and how the way there is secured, as one URL or as parts."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from waypost.edges.mail_io.errors import BadSmtpUrl

Security = Literal["none", "starttls", "tls"]

_PORTS: dict[Security, int] = {"none": 25, "starttls": 587, "tls": 465}
_SECURITIES: dict[str, Security] = {security: security for security in _PORTS}
_OPTIONS = frozenset(("security", "timeout", "ca"))
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?|[0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,20})?")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
DEFAULT_TIMEOUT_S = 30.0


class SmtpServer(msgspec.Struct, frozen=True):
    """A server that takes mail. `tls` encrypts from the first byte, `starttls` before signing in; both check the
    certificate, against the file `ca_file` if there is one. `timeout_s` is for each step."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    security: Security = "none"
    timeout_s: float = DEFAULT_TIMEOUT_S
    ca_file: str = ""

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        return list((shown | ({"password": "***"} if self.password else {})).items())

    def __repr__(self) -> str:
        return f"SmtpServer({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    @classmethod
    def from_url(cls, url: str) -> SmtpServer:
        """Read `smtp://user:password@host:587?security=starttls&timeout=30&ca=/path` or `smtps://…`.

        Without `security`, smtps and port 465 are `tls`; port 587 is `starttls`, and so is any other where a password
        would leave this machine; else `none`. Characters that mean something in URLs are percent-encoded. Raises
        BadSmtpUrl.
        """
        parts, port = _split(url)
        options = _options(parts)
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if password and not username:
            raise BadSmtpUrl("the mail server's URL has a password and no user name")
        host = _host(parts)
        leaks = bool(username) and host.lower() not in _LOOPBACK
        security = _security(parts.scheme, options.get("security", ""), port, "starttls" if leaks else "none")
        return cls(
            host=host,
            port=port or _PORTS[security],
            username=username,
            password=password,
            security=security,
            timeout_s=_timeout_s(options.get("timeout", "")),
            ca_file=options.get("ca", ""),
        )


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        # The reason that urlsplit gives can quote the part with the password.
        raise BadSmtpUrl("the mail server's URL has a port or a host that is none") from None
    if parts.scheme not in ("smtp", "smtps"):
        raise BadSmtpUrl("the mail server's URL must begin with smtp:// or smtps://")
    if port == 0:
        raise BadSmtpUrl("the mail server's URL has port 0")
    if parts.path not in ("", "/") or parts.fragment:
        raise BadSmtpUrl(
            "the mail server's URL has something between its host and its options;"
            " write / ? # @ : in a password as %2F %3F %23 %40 %3A"
        )
    return parts, port


def _host(parts: SplitResult) -> str:
    try:
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except UnicodeError:
        host = ""
    if not _HOST.fullmatch(host):
        raise BadSmtpUrl("the mail server's URL has no usable host")
    return host


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not options.keys() <= _OPTIONS:
        # Not shown: a question mark in a password makes its rest look like options.
        raise BadSmtpUrl(f"the mail server's URL has options other than {', '.join(sorted(_OPTIONS))}")
    return options


def _security(scheme: str, wanted: str, port: int | None, default: Security) -> Security:
    if wanted and wanted not in _SECURITIES:
        raise BadSmtpUrl(f"the mail server's security must be none, starttls or tls, not {wanted[:20]!r}")
    if scheme == "smtps" and wanted not in ("", "tls"):
        raise BadSmtpUrl(f"smtps:// is security=tls; for {wanted} write smtp://")
    if wanted:
        return _SECURITIES[wanted]
    return (
        "tls" if scheme == "smtps" or port == _PORTS["tls"] else "starttls" if port == _PORTS["starttls"] else default
    )


def _timeout_s(text: str) -> float:
    if not text:
        return DEFAULT_TIMEOUT_S
    if not re.fullmatch(r"\d{1,4}(?:\.\d{1,3})?", text) or not 0 < float(text) <= 3600:
        raise BadSmtpUrl(f"the mail server's timeout must be seconds from 0.001 to 3600, not {text[:20]!r}")
    return float(text)
