"""Signed Message-IDs and reply addresses: by them an answer finds its conversation, and nobody can make one up.

A token names account, conversation, thread and, in notices, the user; an HMAC over it makes it the desk's own. It is
written in lower case, because some servers change the case of addresses. Its key is derived from the desk's key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from waypost.domains.mailboxes import Channel
from waypost.kit.secrets import same

_PURPOSE = b"waypost.mail.signed-ids"
#: Every guess costs a mail: 80 bits are plenty.
_MAC_BYTES = 10
_LONGEST_TOKEN = 128
#: RFC 5321, 4.5.3.1.1.
_LONGEST_LOCAL_PART = 64
_MARK = "wp-"
_TOKEN = re.compile(rf"(?:^<|\+){_MARK}([a-z2-7]{{16,{_LONGEST_TOKEN}}})@")
_REPLY_ID, _NOTICE_ID, _REPLY_ADDRESS, _NOTICE_ADDRESS = 1, 2, 3, 4
_FIELDS = 6
_LARGEST = 2**63 - 1


class MailToken(msgspec.Struct, frozen=True):
    """What a signed id or address says: `reply` went to customers, `notice` to the user. Thread 0: none is named."""

    purpose: Literal["reply", "notice"]
    account_id: int
    conversation_id: int
    thread_id: int
    user_id: int
    is_address: bool
    serial: int = 0


def new_message_id(
    key: bytes,
    account_id: int,
    conversation_id: int,
    thread_id: int,
    host: str,
    *,
    user_id: int = 0,
    serial: int = 0,
) -> str:
    """The Message-ID of a mail about a thread (0: about none), in angle brackets; the same for the same arguments.

    `key` is the desk's key (`Context.secret_key`), `host` the part behind the `@`. With `user_id` it is the id of a
    notice to that user, an answer to which may become the user's reply to the customer: such a mail goes to nobody
    else. `serial` tells several mails about one thread apart.
    """
    kind = _NOTICE_ID if user_id else _REPLY_ID
    token = _signed(key, (kind, account_id, conversation_id, thread_id, user_id, serial))
    return f"<{_MARK}{token}@{host or 'localhost'}>"


def reply_address(
    key: bytes, channel: Channel, account_id: int, conversation_id: int, *, user_id: int = 0, thread_id: int = 0
) -> str:
    """The address that answers to a mail about a conversation go to: `support+token@host` where the channel has reply
    addresses, else the mailbox's own. With `user_id` it is one for a notice to that user about `thread_id`, and goes to
    nobody else.
    """
    kind = _NOTICE_ADDRESS if user_id else _REPLY_ADDRESS
    local, _, host = channel.email.rpartition("@")
    token = _signed(key, (kind, account_id, conversation_id, thread_id, user_id, 0))
    signed = f"{local}+{_MARK}{token}"
    if not channel.has_reply_addresses or len(signed) > _LONGEST_LOCAL_PART:
        return channel.email
    return f"{signed}@{host}"


def read_token(key: bytes, text: str) -> MailToken | None:
    """What a Message-ID (in angle brackets) or an address says, when this desk has signed it; None for all others."""
    found = _TOKEN.search(text[:1000].lower())
    if found is None or not key:
        return None
    try:
        signed = base64.b32decode(found[1].upper() + "=" * (-len(found[1]) % 8))
    except ValueError:
        return None
    payload, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
    if not same(mac, _mac(key, payload)):
        return None
    numbers = list(_unpacked(payload))
    if len(numbers) != _FIELDS:
        return None
    kind, account_id, conversation_id, thread_id, user_id, serial = numbers
    is_address = kind in (_REPLY_ADDRESS, _NOTICE_ADDRESS)
    if is_address is found[0].startswith("<"):
        return None
    purpose: Literal["reply", "notice"] = "notice" if kind in (_NOTICE_ID, _NOTICE_ADDRESS) else "reply"
    return MailToken(purpose, account_id, conversation_id, thread_id, user_id, is_address, serial)


def _signed(key: bytes, numbers: tuple[int, ...]) -> str:
    if not key:
        raise ValueError("ids are signed with the desk's key")
    payload = b"".join(map(_packed, numbers))
    return base64.b32encode(payload + _mac(key, payload)).decode("ascii").rstrip("=").lower()


def _mac(key: bytes, payload: bytes) -> bytes:
    own = hmac.digest(key, _PURPOSE, hashlib.sha256)
    return hmac.digest(own, payload, hashlib.sha256)[:_MAC_BYTES]


def _packed(number: int) -> bytes:
    """Seven bits to a byte, the lowest first; the highest bit says that more follow."""
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def _unpacked(payload: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in payload:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield min(number, _LARGEST)
            number = shift = 0
