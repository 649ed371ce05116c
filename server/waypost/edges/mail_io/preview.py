"""What a look at the header of a raw message says, before anybody reads it whole. Never raises, and is fast."""

from __future__ import annotations

from waypost.domains.mail import Preview
from waypost.edges.mail_io.addresses import read_addresses
from waypost.edges.mail_io.header_block import read_block
from waypost.edges.mail_io.message_ids import read_ids
from waypost.kit.text import clean_name

_LOOKED_AT = 65_536
_MOST_SUBJECT = 300
_MOST_ID = 998


def preview(raw: bytes) -> Preview:
    """Message-ID, subject and sender as far as they can be told; empty where they cannot."""
    try:
        headers = read_block(raw, 0, min(len(raw), _LOOKED_AT)).headers
        ids = read_ids(headers.text("message-id", 2_000))
        people = [person.email for person in read_addresses(headers.first("from")[:4_000]) if person.email]
        return Preview(
            message_id=ids[0][:_MOST_ID] if ids else "",
            subject=clean_name(headers.text("subject", 4_000), limit=_MOST_SUBJECT),
            sender=people[0][:320] if people else "",
        )
    except Exception:  # the header of a message that nobody can read yet must not keep it out
        return Preview()
