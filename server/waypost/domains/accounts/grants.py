"""How applications come to tokens (spec: 2.2, 2.3; RFC 6749, 7636, 7009, 9700).

Clients are told apart before: every verb here takes an application whose secret was checked in the same transaction
(`applications.check_secret`). What a client did wrong comes back as a Refusal, because the withdrawals that it causes
must be committed.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from waypost.domains.accounts import events, rights
from waypost.domains.accounts import store_tokens as store
from waypost.domains.accounts.models import Actor, OAuthApplication, Refusal, Tokens
from waypost.kit.errors import Forbidden, Invalid
from waypost.kit.secrets import digest, new_token, same
from waypost.kit.tx import Tx

ACCESS_TOKEN_LIFETIME_S = 172_800  # spec: 2.3
CODE_LIFETIME = timedelta(minutes=10)  # spec: 2.2
#: A client whose connection broke may send the same refresh token again for so long (spec: 2.3).
REFRESH_GRACE = timedelta(seconds=60)
#: Ended codes and tokens are kept so long, so that their reuse is noticed.
SPENT_KEPT_FOR = timedelta(days=30)
_CHALLENGE_LENGTH = 43  # RFC 7636, 4.2: SHA-256 in base64url


async def issue_code(tx: Tx, application: OAuthApplication, user_id: int, code_challenge: str | None) -> str:
    """Record that a user consented; the code is for the application's registered address only.

    `code_challenge` is PKCE's S256 challenge if the client sent one. Raises Forbidden unless user and owner are active,
    Invalid for a challenge that is none.
    """
    if code_challenge is not None and len(code_challenge) != _CHALLENGE_LENGTH:
        raise Invalid.one("code_challenge", "must be a S256 challenge", "Size", code_challenge)
    if await _who_is_inactive(tx, application, user_id) is not None:
        raise Forbidden("user is not active")
    code = new_token()
    await store.insert_code(
        tx,
        application,
        user_id,
        digest=digest(code),
        family=uuid4(),
        code_challenge=code_challenge,
        expires_at=tx.now + CODE_LIFETIME,
    )
    tx.emit(_doer(application, user_id), events.ConsentGiven(subject_id=application.id))
    return code


async def client_credentials(tx: Tx, application: OAuthApplication) -> Tokens | Refusal:
    """A token that acts as the application's owner (RFC 6749, 4.4). Earlier ones stay valid."""
    if await _who_is_inactive(tx, application, application.user_id) is not None:
        return Refusal.CLIENT
    return await _issue(tx, application, application.user_id, uuid4(), "client_credentials")


async def exchange_code(
    tx: Tx, application: OAuthApplication, code: str, code_verifier: str | None = None
) -> Tokens | Refusal:
    """Tokens for a consent (RFC 6749, 4.1.3). A code that comes a second time ends what the first time gave."""
    key = digest(code)
    user_id = await store.find_code_user(tx, application, key)
    if user_id is None:
        return Refusal.CODE
    inactive = await _who_is_inactive(tx, application, user_id)
    if inactive == application.user_id:
        return Refusal.CLIENT
    known = await store.lock_code(tx, application, key)
    if known is None:
        return Refusal.CODE
    if known.used_at is not None:
        await _end_reused(tx, application, user_id, known.family, "code")
        return Refusal.CODE
    if inactive is not None or known.expires_at <= tx.now or not _is_proven(known.code_challenge, code_verifier):
        return Refusal.CODE
    await store.mark_code_used(tx, key)
    return await _issue(tx, application, user_id, known.family, "authorization_code")


async def refresh(tx: Tx, application: OAuthApplication, refresh_token: str) -> Tokens | Refusal:
    """A new pair for a refresh token (RFC 6749, 6); what descended from the same consent before ends at once.

    For a minute the same refresh token works again, as long as nothing that it produced was used to refresh: the
    answer may have been lost. Any other reuse ends all that descends from the consent (RFC 9700, 4.14).
    """
    key = digest(refresh_token)
    found = await store.find_token(tx, application, key)
    if found is None or found.kind != "refresh":
        return Refusal.REFRESH_TOKEN
    inactive = await _who_is_inactive(tx, application, found.user_id)
    if inactive is not None:
        return Refusal.CLIENT if inactive == application.user_id else Refusal.REFRESH_TOKEN
    live = await store.lock_family(tx, application, found.family)
    known = live.get(key)
    if known is None or (known.used_at is not None and tx.now - known.used_at > REFRESH_GRACE):
        await _end_reused(tx, application, found.user_id, found.family, "refresh_token")
        return Refusal.REFRESH_TOKEN
    if known.used_at is None:
        await store.mark_token_used(tx, key)
        # Used ancestors end here too, so that "spent but not withdrawn" means: nothing it produced was used yet.
        await store.revoke_family(tx, application.account_id, found.family, spare=key)
        await rights.changed(tx, application.account_id, found.user_id)
    return await _issue(tx, application, found.user_id, found.family, "refresh_token")


async def revoke(tx: Tx, application: OAuthApplication, token: str) -> None:
    """Withdraw a token that the application gives back: an access token alone, a refresh token with all its kin.

    Tokens that are unknown or another application's are left alone without a word (RFC 7009, 2.2).
    """
    found = await store.find_token(tx, application, digest(token))
    if found is None:
        return
    if found.kind == "refresh":
        count = await store.revoke_family(tx, application.account_id, found.family)
    else:
        count = await store.revoke_token(tx, application.account_id, found.digest)
    if count:
        await rights.changed(tx, application.account_id, found.user_id)
        doer = _doer(application, found.user_id)
        tx.emit(doer, events.TokenWithdrawn(subject_id=application.id, count=count))


async def delete_spent(tx: Tx, limit: int = 1000) -> int:
    """Delete codes and tokens that ended long ago, at most so many of each kind; how many. For the worker."""
    return await store.delete_spent(tx, tx.now - SPENT_KEPT_FOR, limit)


async def _who_is_inactive(tx: Tx, application: OAuthApplication, user_id: int) -> int | None:
    # Both stay as they are until the transaction ends: a deactivation comes before this or finds what it made.
    active = await store.are_active(tx, application.account_id, {application.user_id, user_id})
    return next((one for one in (application.user_id, user_id) if not active.get(one, False)), None)


def _is_proven(challenge: str | None, verifier: str | None) -> bool:
    # A verifier without a challenge means that the challenge was stripped on the way (RFC 9700, 4.8.2).
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    try:
        made = create_s256_code_challenge(verifier)
    except UnicodeEncodeError:
        return False
    return same(made.encode(), challenge.encode("utf-8", "surrogatepass"))


async def _issue(tx: Tx, application: OAuthApplication, user_id: int, family: UUID, grant: str) -> Tokens:
    access, refresh_token = new_token(), None if grant == "client_credentials" else new_token()
    await store.insert_token(
        tx,
        application,
        user_id,
        digest=digest(access),
        family=family,
        kind="access",
        expires_at=tx.now + timedelta(seconds=ACCESS_TOKEN_LIFETIME_S),
    )
    if refresh_token is not None:
        await store.insert_token(
            tx,
            application,
            user_id,
            digest=digest(refresh_token),
            family=family,
            kind="refresh",
            expires_at=None,
        )
    tx.emit(_doer(application, user_id), events.TokenIssued(subject_id=application.id, grant=grant))
    return Tokens(access, refresh_token, ACCESS_TOKEN_LIFETIME_S)


async def _end_reused(tx: Tx, application: OAuthApplication, user_id: int, family: UUID, what: str) -> None:
    if await store.revoke_family(tx, application.account_id, family):
        await rights.changed(tx, application.account_id, user_id)
        tx.emit(_doer(application, user_id), events.TokenReused(subject_id=application.id, what=what))


def _doer(application: OAuthApplication, user_id: int) -> Actor:
    return Actor(account_id=application.account_id, kind="user", user_id=user_id, application_id=application.id)
