"""The settings of a mailbox's mail, for administrators: reading, changing, pausing, keys and aliases."""

from __future__ import annotations

import msgspec

from waypost.domains.mailboxes import store_addresses, store_channel
from waypost.domains.mailboxes.channel_models import OAuth2, Server
from waypost.kit.tx import Tx


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

    def renewed(server: Server | None) -> Server | None:
        if server is None or server.oauth2 != used:
            return server
        return msgspec.structs.replace(server, oauth2=msgspec.structs.replace(used, refresh_token=refresh_token))

    after = msgspec.structs.replace(channel, incoming=renewed(channel.incoming), outgoing=renewed(channel.outgoing))
    if after != channel:
        await store_channel.put(tx.connection, key, account_id, after, tx.now)
