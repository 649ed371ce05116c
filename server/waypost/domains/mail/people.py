"""Who a message is from, whom its answers go to, and who else it names."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

import msgspec

from waypost.domains.conversations import CustomerReference
from waypost.domains.customers import CustomerProfile, is_email_address, is_free_mail
from waypost.domains.mail.models import Address, ReceivedMessage
from waypost.domains.mail.origin import is_unread
from waypost.domains.mail.signed_ids import read_token

_LONGEST_NAME = 40


class Writer(msgspec.Struct, frozen=True):
    """The customer that a message comes from. `is_stated` says that it is From's own address, not one of Reply-To."""

    address: Address | None
    is_stated: bool


def writer_of(message: ReceivedMessage, own_addresses: AbstractSet[str]) -> Writer:
    """Whom answers go to: From, or Reply-To where that is the same sender speaking through a form or a list.

    Anybody can name anybody in Reply-To. It counts where it stays within a company's own domain, where From is an
    address that nobody reads or the website of the mailbox's own domain (contact forms), and where From is a list that
    writes in its members' place. Everywhere else it is only shown.
    """
    sender = message.sender
    stated = Writer(sender, is_stated=True)
    if sender is None or not sender.email or message.is_bounce:
        return stated
    others = [one for one in message.reply_to if one.email.lower() != sender.email.lower()]
    if len(message.reply_to) != 1 or not others:
        return stated
    other = others[0]
    if not is_email_address(other.email) or other.email.lower() in own_addresses:
        return stated
    if not _speaks_for(sender, other, message, own_addresses):
        return stated
    return Writer(Address(other.name or _name_before_via(sender.name), other.email), is_stated=False)


def _speaks_for(sender: Address, other: Address, message: ReceivedMessage, own_addresses: AbstractSet[str]) -> bool:
    domain, other_domain = _domain(sender.email), _domain(other.email)
    if domain == other_domain:
        return not is_free_mail(domain)
    if is_unread(sender.email):
        return True
    if sender.email.lower() in own_addresses or domain in {_domain(own) for own in own_addresses}:
        return not is_free_mail(domain)
    named = {one.email.lower() for one in (*message.to, *message.cc)}
    return message.list_id is not None and sender.email.lower() in named and other.email.lower() not in named


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower()


def _name_before_via(name: str) -> str:
    return name.partition(" via ")[0].strip(" '\"")


def customer_of(address: Address | None) -> CustomerReference:
    """The customer with this address, or one of that name alone."""
    if address is None or not is_email_address(address.email):
        name = address.name or address.email if address is not None else ""
        return CustomerReference(profile=CustomerProfile(first_name=name[:_LONGEST_NAME] or "Unknown", last_name=None))
    first, last = names_of(address)
    return CustomerReference(
        email=address.email, profile=CustomerProfile(first_name=first or None, last_name=last or None)
    )


def names_of(address: Address) -> tuple[str, str]:
    """First and last name out of a display name: `Smith, Jane` and `Jane Smith` are the same person."""
    name = " ".join(address.name.split())
    if "@" in name:
        return "", ""
    last, comma, first = name.partition(", ")
    if comma and first:
        return first[:_LONGEST_NAME], last[:_LONGEST_NAME]
    first, _, last = name.partition(" ")
    return first[:_LONGEST_NAME], last[:_LONGEST_NAME]


def others(key: bytes, people: Iterable[Address], own_addresses: AbstractSet[str]) -> list[str]:
    """The addresses, each once, without those that reach the mailbox."""
    kept = [one.email for one in people if one.email.lower() not in own_addresses and not read_token(key, one.email)]
    return list({email.lower(): email for email in reversed(kept)}.values())[::-1]
