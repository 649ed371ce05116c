"""The secrets of the demo: made with the account, and made anew one by one where they are lost."""

from __future__ import annotations

import secrets

import msgspec

from waypost.demo import cast
from waypost.demo.access import DemoAccess
from waypost.domains import accounts, mailboxes
from waypost.domains.accounts import Actor, Dialect, OAuthApplication, Role, User, password_changes, scope_of
from waypost.kit.errors import NotFound
from waypost.kit.paging import PageRequest
from waypost.kit.tx import Tx

SEED_APPLICATION = "Demo application"
PLATFORM_APPLICATION = "Demo application, platform dialect"
KEY_LABEL = "Demo"
# RFC 8252, 7.3: for an application on the same machine any port will do.
REDIRECT_URL = "http://localhost/callback"
_PASSWORD_BYTES = 12
_PAGE = 500


def new_password() -> str:
    """A password that can be copied and not guessed."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


async def first(tx: Tx, owner: Actor, base_url: str, password: str, mailbox_ids: list[int]) -> DemoAccess:
    """Two applications and a key of the owner's, whose password has been set."""
    application, secret = await accounts.register_application(tx, owner, SEED_APPLICATION, REDIRECT_URL)
    platform, platform_secret = await accounts.register_application(
        tx, owner, PLATFORM_APPLICATION, REDIRECT_URL, Dialect.PLATFORM
    )
    _, key = await accounts.create_api_key(tx, owner, KEY_LABEL)
    return DemoAccess(
        base_url=base_url,
        user_email=next(user.email for user in cast.USERS if user.role == "owner"),
        user_password=password,
        client_id=application.client_id,
        client_secret=secret,
        platform_client_id=platform.client_id,
        platform_client_secret=platform_secret,
        docs_api_key=key,
        mailbox_ids=mailbox_ids,
    )


async def renewed(tx: Tx, account_id: int, kept: DemoAccess | None, base_url: str) -> DemoAccess:
    """What was kept, as far as it still opens this account, with new secrets in the place of the rest."""
    user, owner = await _owner(tx, account_id)
    known = {one.client_id: one for one in await accounts.list_applications(tx, owner)}
    if kept is None or not known.keys() & {kept.client_id, kept.platform_client_id}:
        # Nothing is known of this account: it was lost, or belongs to another database.
        password = new_password()
        await password_changes.set_password(tx, owner, account_id, user.id, password)
        kept = DemoAccess(
            base_url=base_url, user_email=user.email, user_password=password, client_id="", client_secret="",
            platform_client_id="", platform_client_secret="", docs_api_key="",
            mailbox_ids=sorted(await mailboxes.ids_of(tx, account_id)),
        )  # fmt: skip
    if kept.client_id not in known:
        client_id, secret = await _application(tx, owner, known, SEED_APPLICATION, Dialect.SEED)
        kept = msgspec.structs.replace(kept, client_id=client_id, client_secret=secret)
    if kept.platform_client_id not in known:
        client_id, secret = await _application(tx, owner, known, PLATFORM_APPLICATION, Dialect.PLATFORM)
        kept = msgspec.structs.replace(kept, platform_client_id=client_id, platform_client_secret=secret)
    holder = await accounts.authenticate_api_key(tx.connection, kept.docs_api_key)
    if holder is None or holder.account_id != account_id:
        _, key = await accounts.create_api_key(tx, owner, KEY_LABEL)
        kept = msgspec.structs.replace(kept, docs_api_key=key)
    return msgspec.structs.replace(kept, base_url=base_url)


async def _owner(tx: Tx, account_id: int) -> tuple[User, Actor]:
    scope, number = scope_of(Actor.system(account_id)), 1
    while users := (await accounts.list_users(tx, scope, PageRequest(number, _PAGE))).items:
        for user in users:
            if user.role is Role.OWNER:
                return user, Actor(account_id=account_id, kind="user", user_id=user.id, role=Role.OWNER)
        number += 1
    raise NotFound("The demo account has no owner any more.")


async def _application(
    tx: Tx, owner: Actor, known: dict[str, OAuthApplication], name: str, dialect: Dialect
) -> tuple[str, str]:
    """The application of that name with a new secret; registered if it is not there."""
    for one in known.values():
        if one.name == name:
            return one.client_id, await accounts.reset_secret(tx, owner, one.id)
    made, secret = await accounts.register_application(tx, owner, name, REDIRECT_URL, dialect)
    return made.client_id, secret
