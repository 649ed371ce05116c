"""Access tokens for mail servers that want OAuth 2.0 instead of passwords (RFC 6749, 6; SASL XOAUTH2).

A token is kept in memory until shortly before it ends. Where the token server hands out another refresh token with it,
that one is stored before the access token is used, because the one before may be dead by then.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from waypost import __version__
from waypost.domains import mailboxes
from waypost.domains.mailboxes import OAuth2
from waypost.edges.mail_io.errors import TemporaryFailure
from waypost.kit import named_locks
from waypost.kit.safe_http import Answer, Outgoing, OutgoingFailure
from waypost.kit.text import clean_name
from waypost.kit.tx import Transactions

#: A token is used no more this long before its end.
MARGIN = timedelta(seconds=60)
#: How long a token is good whose server does not say it (RFC 6749, 5.1: recommended, not required).
UNSAID_LIFE_S = 300
LONGEST_LIFE_S = 86_400
TIMEOUT_S = 15.0
#: How long to wait for another process that fetches a token of the same mailbox.
PATIENCE_S = 20.0
_PAUSE_S = 0.1
_MOST_HELD = 10_000
_LONGEST_TOKEN = 16_384
_LONGEST_WORDS = 200
_TOKEN = re.compile(r"[\x21-\x7e]+")
_MEANING = {
    "invalid_grant": "the refresh token has expired or was withdrawn; connect the mailbox again",
    "invalid_client": "the client id or the client secret is wrong",
    "unauthorized_client": "the application is not allowed to refresh tokens",
    "invalid_scope": "the scope is not one that the refresh token was given for",
    "interaction_required": "a person has to sign in again; connect the mailbox again",
}


class TokenFailure(TemporaryFailure):
    """No access token came. `code` is the token server's own (RFC 6749, 5.2), empty where it did not get that far."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Fetched(msgspec.Struct, frozen=True):
    """What the token server gave. `refresh_token` is empty where the one that was used stays good."""

    access_token: str
    expires_in_s: int
    refresh_token: str = ""

    def __repr__(self) -> str:
        return f"Fetched(expires_in_s={self.expires_in_s})"


async def fetch(outgoing: Outgoing, oauth2: OAuth2) -> Fetched:
    """Ask the token server for an access token by the refresh grant. Raises TokenFailure."""
    asked = {
        "grant_type": "refresh_token",
        "refresh_token": oauth2.refresh_token,
        "client_id": oauth2.client_id,
        "client_secret": oauth2.client_secret,
        "scope": oauth2.scope,
    }
    # A client without a secret is a public one, and sends none (RFC 6749, 2.3.1).
    body = urlencode({name: value for name, value in asked.items() if value}).encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "User-Agent": f"Waypost/{__version__}",
    }
    try:
        answer = await outgoing.post(oauth2.token_url, body, headers, timeout_s=TIMEOUT_S)
    except OutgoingFailure as failure:
        raise TokenFailure(
            f"the token server cannot be reached: {clean_name(failure.detail, _LONGEST_WORDS)}"
        ) from None
    return _read(answer, oauth2)


def xoauth2(username: str, access_token: str) -> bytes:
    """What a client sends to sign in by SASL XOAUTH2, before base64."""
    return f"user={username}\x01auth=Bearer {access_token}\x01\x01".encode()


class AccessTokens:
    """The access tokens of all mailboxes, one object a process. `key` is the desk's key."""

    def __init__(self, transactions: Transactions, outgoing: Outgoing, key: bytes) -> None:
        self._transactions = transactions
        self._outgoing = outgoing
        self._key = key
        self._held: dict[bytes, _Held] = {}

    async def get(self, account_id: int, mailbox_id: int, oauth2: OAuth2, *, refused: str = "") -> str:
        """A good access token for a server of the mailbox. Raises TokenFailure.

        `refused` is one from here that the server did not take although its time was not over: another is fetched.
        """
        access_token, _ = await self._good(account_id, mailbox_id, oauth2, refused=refused, is_anew=False)
        return access_token

    async def renew(self, account_id: int, mailbox_id: int, oauth2: OAuth2) -> tuple[str, str]:
        """An access token that is fetched in any case, to see whether that works, and the refresh token that is good
        from now on; a new one is stored already. Raises TokenFailure.
        """
        return await self._good(account_id, mailbox_id, oauth2, refused="", is_anew=True)

    async def _good(
        self, account_id: int, mailbox_id: int, oauth2: OAuth2, *, refused: str, is_anew: bool
    ) -> tuple[str, str]:
        digest = _digest(account_id, mailbox_id, oauth2)
        held = self._held.setdefault(digest, _Held())
        async with held.lock:
            is_good = not is_anew and held.value != refused and held.is_good_at(self._transactions.clock())
            if is_good:
                return held.value, oauth2.refresh_token
            async with self._alone(mailbox_id):
                present = await self._present(account_id, mailbox_id, oauth2)
                fetched = await fetch(self._outgoing, present)
                if fetched.refresh_token not in ("", present.refresh_token):
                    async with self._transactions.open() as tx:
                        await mailboxes.channel.keep_refresh_token(
                            tx, self._key, account_id, mailbox_id, present, fetched.refresh_token
                        )
            held.value = fetched.access_token
            held.good_until = self._transactions.clock() + timedelta(seconds=fetched.expires_in_s) - MARGIN
            if fetched.refresh_token:
                renewed = msgspec.structs.replace(present, refresh_token=fetched.refresh_token)
                self._held[_digest(account_id, mailbox_id, renewed)] = held
        self._tidy()
        return fetched.access_token, fetched.refresh_token or present.refresh_token

    async def _present(self, account_id: int, mailbox_id: int, oauth2: OAuth2) -> OAuth2:
        """The same with the refresh token that is stored now: another process may have been given a new one."""
        async with self._transactions.read() as tx:
            channel = await mailboxes.store_channel.find(tx.connection, self._key, account_id, mailbox_id)
        for server in (channel.incoming, channel.outgoing) if channel is not None else ():
            if server is not None and server.oauth2 is not None and _is_same_client(server.oauth2, oauth2):
                return server.oauth2
        return oauth2

    @asynccontextmanager
    async def _alone(self, mailbox_id: int) -> AsyncIterator[None]:
        """Only one process refreshes a mailbox's tokens at a time: a used refresh token may be dead."""
        name = f"mail.oauth.{mailbox_id}"
        waited_s = 0.0
        while True:
            async with named_locks.try_hold(self._transactions.pool, name) as is_held:
                if is_held:
                    yield
                    return
            if waited_s >= PATIENCE_S:
                raise TokenFailure("another process is fetching a token of this mailbox")
            await asyncio.sleep(_PAUSE_S)
            waited_s += _PAUSE_S

    def _tidy(self) -> None:
        if len(self._held) > _MOST_HELD:
            now = self._transactions.clock()
            self._held = {
                digest: held for digest, held in self._held.items() if held.lock.locked() or held.is_good_at(now)
            }


class _Held:
    """An access token of one refresh token, and the lock of whoever fetches it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.value = ""
        self.good_until: datetime | None = None

    def is_good_at(self, now: datetime) -> bool:
        return self.good_until is not None and now < self.good_until


def _digest(account_id: int, mailbox_id: int, oauth2: OAuth2) -> bytes:
    return hashlib.sha256(msgspec.json.encode((account_id, mailbox_id, msgspec.structs.astuple(oauth2)))).digest()


def _is_same_client(one: OAuth2, other: OAuth2) -> bool:
    return (one.token_url, one.client_id, one.scope) == (other.token_url, other.client_id, other.scope)


def _read(answer: Answer, oauth2: OAuth2) -> Fetched:
    document = _document(answer.body)
    token = document.get("access_token")
    if answer.status != 200 or not isinstance(token, str):
        raise _refusal(answer.status, document, oauth2)
    if not _TOKEN.fullmatch(token) or len(token) > _LONGEST_TOKEN:
        raise TokenFailure("the token server gave an access token that is none")
    renewed = document.get("refresh_token")
    is_usable = isinstance(renewed, str) and 0 < len(renewed) <= _LONGEST_TOKEN
    return Fetched(token, _life_s(document.get("expires_in")), str(renewed) if is_usable else "")


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _life_s(said: object) -> int:
    # Some servers write the number as text.
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 10:
        said = int(said)
    if not isinstance(said, (int, float)) or isinstance(said, bool):
        return UNSAID_LIFE_S
    return int(min(max(said, 0), LONGEST_LIFE_S))


def _refusal(status: int, document: dict[str, Any], oauth2: OAuth2) -> TokenFailure:
    code = clean_name(_text(document.get("error")), 60)
    words = _text(document.get("error_description"))
    for secret in (oauth2.refresh_token, oauth2.client_secret):
        # An answer may repeat what it was asked with.
        words = words.replace(secret, "***") if secret else words
    words = clean_name(words, _LONGEST_WORDS)
    if not code:
        return TokenFailure(f"the token server answered {status} and no token")
    meaning = f" ({_MEANING[code]})" if code in _MEANING else ""
    return TokenFailure(f"the token server answered {code}{meaning}" + (f": {words}" if words else ""), code)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
