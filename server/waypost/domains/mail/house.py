"""The company's own mail in an archive: what its mailboxes and users have sent becomes their replies."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from waypost.domains.accounts import Actor, platform_actor
from waypost.domains.conversations import NewThread, ThreadType
from waypost.domains.mail import people, store_imported
from waypost.domains.mail.models import Address, ReceivedMessage
from waypost.kit.tx import Tx


class House(msgspec.Struct, frozen=True):
    """Who writes for the company: users by their addresses and by their names, and the addresses of its mailboxes.

    All in lower case. `nobody_id` is the system user (an owner where there is none), for mail of a mailbox
    that no user's name stands beside.
    """

    users: Mapping[str, int]
    names: Mapping[str, int]
    mailboxes: frozenset[str]
    nobody_id: int

    def author_of(self, sender: Address) -> int | None:
        """The user who wrote from this address; None for everybody else."""
        email = sender.email.lower()
        if email in self.users:
            return self.users[email]
        if email not in self.mailboxes:
            return None
        name = sender.name.partition("(")[0]
        return self.names.get(" ".join(name.lower().split()), self.nobody_id)

    def customer_among(self, message: ReceivedMessage) -> Address | None:
        """The first recipient who is not of the house."""
        everybody = (*message.to, *message.cc, *message.bcc)
        return next((one for one in everybody if self._is_outside(one.email.lower())), None)

    def _is_outside(self, email: str) -> bool:
        return email not in self.users and email not in self.mailboxes


class Sent(msgspec.Struct, frozen=True):
    """A thread as one of the house has sent it, and who acts."""

    actor: Actor
    thread: NewThread


async def house_of(tx: Tx, account_id: int) -> House:
    """The account's house. Names that several users have name nobody."""
    nobody = await platform_actor(tx, account_id)
    users, named, mailboxes, owner_id = await store_imported.house(tx.connection, account_id)
    names = {name: ids[0] for name, ids in named.items() if len(ids) == 1 and name}
    return House(MappingProxyType(users), MappingProxyType(names), mailboxes, nobody.user_id or owner_id)


def sent_by_us(
    house: House | None,
    account_id: int,
    message: ReceivedMessage,
    thread: NewThread,
    *,
    is_forged: bool,
    is_first: bool,
) -> Sent | None:
    """The thread of an imported message that one of the house wrote, or None where it is a customer's.

    A message that begins a conversation is the house's only if it goes to somebody outside: contact forms write to the
    mailbox in its own name, and users ask it too. One that the mailbox's server found to be forged is nobody's of ours.
    """
    if house is None or message.sender is None or message.is_bounce or is_forged:
        return None
    author = house.author_of(message.sender)
    customer = house.customer_among(message)
    if author is None or (is_first and customer is None):
        return None
    reply = msgspec.structs.replace(
        thread, type=ThreadType.MESSAGE, customer=people.customer_of(customer) if is_first else None, is_imported=True
    )
    return Sent(Actor(account_id=account_id, kind="system", user_id=author), reply)
