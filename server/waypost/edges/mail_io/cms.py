"""The signed content inside an S/MIME message (RFC 5652), taken out of its envelope. Nothing is verified here: this
only makes readable what a signature is wrapped around."""

from __future__ import annotations

from typing import Literal, NamedTuple

SIGNED = bytes.fromhex("06092a864886f70d010702")
ENVELOPED = bytes.fromhex("06092a864886f70d010703")
_AUTHENTICATED = bytes.fromhex("060b2a864886f70d0109100117")
_SEQUENCE, _OCTETS, _CONSTRUCTED_OCTETS, _EXPLICIT = 0x30, 0x04, 0x24, 0xA0
_MOST_PIECES = 200_000
_MOST_DEPTH = 8
_NEAR_START = 60


class Broken(ValueError):
    """The bytes are no such envelope."""


class _Value(NamedTuple):
    """A value's tag, where its content lies, and whether its end is marked instead of its length told."""

    tag: int
    start: int
    end: int
    is_open: bool


def kind_of(data: bytes) -> Literal["signed", "encrypted", ""]:
    """What an S/MIME part is, by its own first bytes; empty where they say nothing."""
    start = data[:_NEAR_START]
    if SIGNED in start:
        return "signed"
    return "encrypted" if ENVELOPED in start or _AUTHENTICATED in start else ""


def signed_content(data: bytes) -> bytes:
    """What was signed. Raises Broken where that is not inside, as with detached signatures."""
    outer = _expect(data, 0, len(data), _SEQUENCE)
    if not data.startswith(SIGNED, outer.start):
        raise Broken
    wrapper = _expect(data, outer.start + len(SIGNED), outer.end, _EXPLICIT)
    signed = _expect(data, wrapper.start, wrapper.end, _SEQUENCE)
    position = signed.start
    for _ in range(2):  # the version and the digest algorithms
        position = _after(data, _read(data, position, signed.end), 0)
    content = _expect(data, position, signed.end, _SEQUENCE)
    name = _read(data, content.start, content.end)
    inside = _expect(data, name.end, content.end, _EXPLICIT)
    return b"".join(_octets(data, _read(data, inside.start, inside.end)))


def _octets(data: bytes, value: _Value) -> list[bytes]:
    """The pieces of an octet string; streaming programs cut it into many."""
    if value.tag == _OCTETS and not value.is_open:
        return [data[value.start : value.end]]
    if value.tag != _CONSTRUCTED_OCTETS:
        raise Broken
    pieces: list[bytes] = []
    position = value.start
    while position < value.end and data[position : position + 2] != b"\0\0":
        piece = _read(data, position, value.end)
        if piece.tag != _OCTETS or piece.is_open or len(pieces) > _MOST_PIECES:
            raise Broken
        pieces.append(data[piece.start : piece.end])
        position = piece.end
    return pieces


def _expect(data: bytes, position: int, end: int, tag: int) -> _Value:
    value = _read(data, position, end)
    if value.tag != tag:
        raise Broken
    return value


def _read(data: bytes, position: int, end: int) -> _Value:
    if position + 2 > min(end, len(data)):
        raise Broken
    tag, length = data[position], data[position + 1]
    position += 2
    if length == 0x80:
        return _Value(tag, position, end, is_open=True)
    if length > 0x80:
        count = length & 0x7F
        if count > 4 or position + count > end:
            raise Broken
        length = int.from_bytes(data[position : position + count], "big")
        position += count
    # Cut messages still show what there is.
    return _Value(tag, position, min(position + length, end), is_open=False)


def _after(data: bytes, value: _Value, depth: int) -> int:
    """Where the next value begins."""
    if not value.is_open:
        return value.end
    if depth > _MOST_DEPTH:
        raise Broken
    position = value.start
    while data[position : position + 2] != b"\0\0":
        position = _after(data, _read(data, position, value.end), depth + 1)
    return position + 2
