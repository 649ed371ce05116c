"""The settings of a mailbox's mail, for administrators: reading, changing, pausing, keys and aliases.

Plain users who work in the mailbox are refused: the settings name servers, and who signs in there. What changes is said
by events in words, never in values.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec

from waypost.domains.accounts import Actor, scope_of
from waypost.domains.mailboxes import channel_checks, dkim_keys, events, store, store_addresses, store_channel
from waypost.domains.mailboxes.channel_changes import ChannelChange, ChannelMeans
from waypost.domains.mailboxes.channel_models import Channel, Dkim, OAuth2, Server
from waypost.domains.mailboxes.dkim_keys import Algorithm
from waypost.domains.mailboxes.models import Mailbox
from waypost.kit.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from waypost.kit.safe_http import OutgoingFailure, destination
from waypost.kit.secrets import new_token
from waypost.kit.tx import Tx

_SomeServer = TypeVar("_SomeServer", bound=Server)

TAKEN = "reaches another mailbox"
MAILBOX_NAME_LIMIT = 255
#: A host may be set up after the mailbox: a name that is not known yet is no mistake, and not waited for long.
_LOOK_UP_S = 1.0
#: Fields of the settings, and what events call them.
_WORDS = {
    "is_paused": "paused",
    "incoming": "incoming",
    "outgoing": "outgoing",
    "inbound_key": "inboundKey",
    "from_kind": "from",
    "from_name": "from",
    "has_reply_addresses": "replyAddresses",
    "signature": "signature",
    "is_auto_reply_on": "autoReply",
    "auto_reply_subject": "autoReply",
    "auto_reply_body": "autoReply",
    "undo_seconds": "undoSeconds",
    "are_ratings_on": "ratings",
    "dkim": "dkim",
    "trusted_authority": "trustedAuthority",
    "aliases": "aliases",
}


async def get(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> Channel:
    """How a mailbox is connected, its secrets readable: they are not to be shown. Raises NotFound, Forbidden."""
    await _administered(tx, actor, mailbox_id)
    found = await store_channel.find(tx.connection, means.key, actor.account_id, mailbox_id)
    if found is None:
        raise NotFound
    return found


async def replace(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int, wanted: ChannelChange) -> None:
    """Set it all anew: what is not said gets its default, but for secrets that stay. As `change` otherwise."""
    await _change(tx, actor, means, mailbox_id, wanted, is_whole=True)


async def change(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int, wanted: ChannelChange) -> None:
    """Change what is said. The same again changes nothing and emits nothing.

    Passwords and tokens stay where nothing else is said, but are forgotten when the server or the user changes. Raises
    NotFound, Forbidden, Invalid, Conflict for an alias that reaches another mailbox.
    """
    await _change(tx, actor, means, mailbox_id, wanted, is_whole=False)


async def wanted(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int, said: ChannelChange) -> Channel:
    """The settings as a change would make them, without making it: to be tested first. Raises as `change`."""
    before = await get(tx, actor, means, mailbox_id)
    return await _checked(tx, actor, means, before, said, is_whole=False)


async def pause(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> None:
    """Neither fetch nor send mail until it is resumed. Raises NotFound, Forbidden."""
    await change(tx, actor, means, mailbox_id, ChannelChange(is_paused=True))


async def resume(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> None:
    """Fetch and send mail again. Raises NotFound, Forbidden."""
    await change(tx, actor, means, mailbox_id, ChannelChange(is_paused=False))


async def make_inbound_key(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> str:
    """A new key for those who post mail; the one before ends at once. It is shown this once. Raises as `get`."""
    before = await _locked(tx, actor, means, mailbox_id)
    key = new_token()
    await _put(tx, actor, means, before, msgspec.structs.replace(before, inbound_key=key))
    return key


async def remove_inbound_key(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> None:
    """Take no more mail that is posted. Raises as `get`."""
    before = await _locked(tx, actor, means, mailbox_id)
    await _put(tx, actor, means, before, msgspec.structs.replace(before, inbound_key=None))


async def make_dkim_key(
    tx: Tx,
    actor: Actor,
    means: ChannelMeans,
    mailbox_id: int,
    *,
    domain: str | None = None,
    selector: str | None = None,
    algorithm: Algorithm = Algorithm.RSA,
) -> Dkim:
    """Sign with a new key from now on; the DNS record is `dkim_keys.record`. Raises as `get`, and Invalid.

    Without a domain it is the one of the mailbox's address; without a selector a new one, because mail that was signed
    with the key before is still to be checked.
    """
    before = await _locked(tx, actor, means, mailbox_id)
    errors: list[FieldError] = []
    if domain is None:
        domain = before.dkim.domain if before.dkim is not None else before.email.rpartition("@")[2]
    domain = channel_checks.dkim_domain(domain, "domain", errors)
    if selector is None:
        selector = f"waypost-{tx.now:%Y%m%d}"
        if before.dkim is not None and before.dkim.selector.startswith(selector):
            selector = f"waypost-{tx.now:%Y%m%d-%H%M%S}"
    selector = channel_checks.dkim_selector(selector, "selector", errors)
    if errors:
        raise Invalid(errors)
    made = Dkim(domain, selector, await asyncio.to_thread(dkim_keys.make_pem, algorithm))
    await _put(tx, actor, means, before, msgspec.structs.replace(before, dkim=made))
    return made


async def add_alias(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int, email: str) -> str:
    """One more address that reaches the mailbox, as it is kept. Adding it again changes nothing.

    Raises as `change`; `email` is the field that errors name.
    """
    before = await _locked(tx, actor, means, mailbox_id)
    errors: list[FieldError] = []
    alias = channel_checks.email_address(email, "email", errors)
    if alias.lower() == before.email.lower():
        errors.append(FieldError("email", "is the mailbox's own address", "Identifier", email))
    if errors:
        raise Invalid(errors)
    known = next((one for one in before.aliases if one.lower() == alias.lower()), None)
    if known is not None:
        return known
    if len(before.aliases) >= channel_checks.MOST_ALIASES:
        raise Conflict(f"A mailbox has {channel_checks.MOST_ALIASES} aliases at most")
    await _require_free(tx, actor, before.mailbox_id, {"email": alias})
    await _put(tx, actor, means, before, msgspec.structs.replace(before, aliases=(*before.aliases, alias)))
    return alias


async def remove_alias(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int, email: str) -> None:
    """Mail to this address is not the mailbox's any more. Raises NotFound, also for what is no alias, and Forbidden."""
    before = await _locked(tx, actor, means, mailbox_id)
    left = tuple(alias for alias in before.aliases if alias.lower() != email.strip().lower())
    if left == before.aliases:
        raise NotFound
    await _put(tx, actor, means, before, msgspec.structs.replace(before, aliases=left))


async def rename(tx: Tx, actor: Actor, mailbox_id: int, *, name: str | None, email: str | None) -> Mailbox:
    """Another name, another address, or both; None stays. Mail to the address before needs an alias to arrive.

    Raises NotFound, Forbidden, Invalid, Conflict for an address that reaches another mailbox.
    """
    await _administered(tx, actor, mailbox_id)
    await store_addresses.lock_mailbox(tx.connection, actor.account_id, mailbox_id)
    before = await store.find(tx.connection, scope_of(actor), mailbox_id)
    if before is None:
        raise NotFound
    errors: list[FieldError] = []
    new_name = before.name if name is None else channel_checks.line(name, "name", MAILBOX_NAME_LIMIT, errors)
    if not new_name and not errors:
        errors.append(FieldError("name", "may not be empty", "NotEmpty"))
    new_email = before.email if email is None else channel_checks.email_address(email, "email", errors)
    if errors:
        raise Invalid(errors)
    changed = [
        word for word, old, new in (("name", before.name, new_name), ("email", before.email, new_email)) if old != new
    ]
    if not changed:
        return before
    if new_email.lower() != before.email.lower():
        await _require_free(tx, actor, mailbox_id, {"email": new_email}, spares_own_aliases=False)
    after = await store_addresses.rename(tx.connection, actor.account_id, mailbox_id, new_name, new_email, tx.now)
    assert after is not None
    tx.emit(actor, events.MailboxUpdated(subject_id=mailbox_id, scope_id=mailbox_id, changed=changed))
    return after


async def require_new(tx: Tx, actor: Actor, email: str) -> None:
    """Refuse an address for a new mailbox that one of the account has, or that is anybody's alias. Raises Conflict."""
    await store_addresses.lock_addresses(tx.connection)
    if await store_addresses.is_taken(tx.connection, actor.account_id, email):
        raise Conflict("The address reaches another mailbox", [FieldError("email", TAKEN, "Identifier", email)])


async def keep_refresh_token(
    tx: Tx, key: bytes, account_id: int, mailbox_id: int, used: OAuth2, refresh_token: str
) -> None:
    """Put another refresh token in the place of the one that was used, wherever the mailbox has that one.

    Told after an administrator has set another one, it changes nothing.
    """
    await store_addresses.lock_mailbox(tx.connection, account_id, mailbox_id)
    channel = await store_channel.find(tx.connection, key, account_id, mailbox_id)
    if channel is None:
        return

    def renewed(server: _SomeServer | None) -> _SomeServer | None:
        if server is None or server.oauth2 != used:
            return server
        return msgspec.structs.replace(server, oauth2=msgspec.structs.replace(used, refresh_token=refresh_token))

    after = msgspec.structs.replace(channel, incoming=renewed(channel.incoming), outgoing=renewed(channel.outgoing))
    if after != channel:
        await store_channel.put(tx.connection, key, account_id, after, tx.now)


async def _administered(tx: Tx, actor: Actor, mailbox_id: int) -> None:
    if await store.find(tx.connection, scope_of(actor), mailbox_id) is None:
        raise NotFound
    if not actor.is_administrator:
        raise Forbidden


async def _locked(tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int) -> Channel:
    await _administered(tx, actor, mailbox_id)
    await store_addresses.lock_mailbox(tx.connection, actor.account_id, mailbox_id)
    return await get(tx, actor, means, mailbox_id)


async def _change(
    tx: Tx, actor: Actor, means: ChannelMeans, mailbox_id: int, said: ChannelChange, *, is_whole: bool
) -> None:
    before = await _locked(tx, actor, means, mailbox_id)
    await _put(tx, actor, means, before, await _checked(tx, actor, means, before, said, is_whole=is_whole))


async def _checked(
    tx: Tx, actor: Actor, means: ChannelMeans, before: Channel, said: ChannelChange, *, is_whole: bool
) -> Channel:
    errors: list[FieldError] = []
    after = channel_checks.applied(before, said, is_whole=is_whole, errors=errors)
    if not errors:
        for path in ("incoming", "outgoing"):
            server: Server | None = getattr(after, path)
            if server is not None and server != getattr(before, path):
                await _check_reach(means, path, server, errors)
    if errors:
        raise Invalid(errors)
    known = {alias.lower() for alias in before.aliases}
    added = {f"aliases[{index}]": alias for index, alias in enumerate(after.aliases) if alias.lower() not in known}
    if added:
        await _require_free(tx, actor, before.mailbox_id, added)
    return after


async def _check_reach(means: ChannelMeans, path: str, server: Server, errors: list[FieldError]) -> None:
    """Refuse at once what a connection would refuse later."""
    try:
        await means.outgoing.addresses(server.host, server.port, patience_s=_LOOK_UP_S)
    except OutgoingFailure as failure:
        if failure.kind == "blocked-address":
            errors.append(FieldError(f"{path}.host", failure.detail, "Unknown", server.host))
    if server.oauth2 is not None:
        try:
            destination(server.oauth2.token_url, means.outgoing.rules)
        except OutgoingFailure as failure:
            errors.append(FieldError(f"{path}.oauth2.tokenUrl", failure.detail, "Unknown", server.oauth2.token_url))


async def _require_free(
    tx: Tx, actor: Actor, mailbox_id: int, emails: dict[str, str], *, spares_own_aliases: bool = True
) -> None:
    """Refuse addresses, by the fields they stand in, that reach a mailbox already, of whatever account.

    Two accounts of an installation with one address would read each other's mail. Raises Conflict.
    """
    await store_addresses.lock_addresses(tx.connection)
    own = (actor.account_id, mailbox_id)
    errors = []
    for path, email in emails.items():
        reached = await store_channel.by_address(tx.connection, [email])
        if any(place != own for place in reached):
            errors.append(FieldError(path, TAKEN, "Identifier", email))
        elif reached and not spares_own_aliases:
            errors.append(FieldError(path, "is an alias of the mailbox; remove that first", "Identifier", email))
    if errors:
        raise Conflict("The address is taken", errors)


async def _put(tx: Tx, actor: Actor, means: ChannelMeans, before: Channel, after: Channel) -> None:
    changed = [word for name, word in _WORDS.items() if getattr(before, name) != getattr(after, name)]
    if not changed:
        return
    await store_channel.put(tx.connection, means.key, actor.account_id, after, tx.now)
    tx.emit(
        actor,
        events.MailboxUpdated(
            subject_id=before.mailbox_id, scope_id=before.mailbox_id, changed=list(dict.fromkeys(changed))
        ),
    )
