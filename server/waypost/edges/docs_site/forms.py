"""What visitors send by forms: from the site's own pages only, and no more of it than is read."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from litestar import Request
from multipart import MultipartError, MultipartParser, parse_options_header

from waypost.kit.errors import Busy, FieldError, Forbidden, Invalid, TooLarge
from waypost.kit.file_kinds import UNKNOWN

URL_ENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
#: A vote, or anything else that is chosen rather than written.
MOST_SMALL_BYTES = 4_096
_MOST_FIELDS = 20
_MOST_PARTS = 24
_LONGEST_TEXT = 200_000
#: Of what is too large so much is read, so that the refusal reaches the browser.
_MOST_DRAINED = 64 * 1024 * 1024
#: Forms with files that are being read at one time; whoever sends slowly must not fill the memory.
_MOST_IN_FLIGHT_BYTES = 128 * 1024 * 1024
_MOST_OF_A_PEER = 48 * 1024 * 1024
_PATIENCE_S = 120
_MEDIA_TYPE = re.compile(r"[a-zA-Z0-9][\w.+-]{0,60}/[a-zA-Z0-9][\w.+-]{0,80}")


class SentFile(msgspec.Struct, frozen=True):
    """A file of a form, as it was called and said to be where it came from."""

    file_name: str
    media_type: str
    data: bytes


class Form(msgspec.Struct, frozen=True):
    """The fields of a form, and its files in their order. Of fields with one name the last counts."""

    fields: dict[str, str]
    files: list[SentFile]

    def text(self, name: str) -> str:
        """A field; nothing where there is none."""
        return self.fields.get(name, "").replace("\x00", "")


class _InFlight:
    """How many bytes of forms this process is reading, of each peer and in all."""

    def __init__(self) -> None:
        self._sizes: Counter[str] = Counter()

    @contextmanager
    def held(self, peer: str, size: int) -> Iterator[None]:
        """Hold room for a form until the block ends. Raises Busy."""
        if self._sizes[peer] + size > _MOST_OF_A_PEER or self._sizes.total() + size > _MOST_IN_FLIGHT_BYTES:
            raise Busy("too many forms at once")
        self._sizes[peer] += size
        try:
            yield
        finally:
            self._sizes[peer] -= size
            if not self._sizes[peer]:
                del self._sizes[peer]


_in_flight = _InFlight()


def peer_of(request: Request[Any, Any, Any]) -> str:
    """Whose budget a request counts in: its network address; of IPv6 the part that one customer of a network has."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return host


def refuse_foreign(request: Request[Any, Any, Any]) -> None:
    """Forms of other sites change nothing here: browsers say where one comes from. Raises Forbidden."""
    headers = request.headers
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("sent from another site")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise Forbidden("sent from another site")


async def read_small_form(request: Request[Any, Any, Any]) -> Form:
    """A form without files. Raises TooLarge, Invalid."""
    body = await _read(request, MOST_SMALL_BYTES)
    return Form(_pairs(body), [])


async def read_large_form(request: Request[Any, Any, Any], most_bytes: int) -> Form:
    """A form that may have files. Raises TooLarge, Invalid, Busy when others are sending too much at the same time."""
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == URL_ENCODED:
        return Form(_pairs(await _read(request, _LONGEST_TEXT * 4)), [])
    if kind != MULTIPART:
        raise _unreadable()
    with _in_flight.held(peer_of(request), min(_declared(request), most_bytes)):
        try:
            async with asyncio.timeout(_PATIENCE_S):
                body = await _read(request, most_bytes)
        except TimeoutError as error:
            raise Busy("the form took too long") from error
        return _parts(content_type, body)


def _declared(request: Request[Any, Any, Any]) -> int:
    text = request.headers.get("content-length", "")
    # A body of unknown length may be as large as any.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else _MOST_DRAINED


async def _read(request: Request[Any, Any, Any], most: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        elif size > _MOST_DRAINED:
            break
    if size > most:
        raise TooLarge(f"Forms may be {most} bytes at most here")
    return b"".join(chunks)


def _pairs(body: bytes) -> dict[str, str]:
    try:
        text = body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise _unreadable() from error


def _parts(content_type: str, body: bytes) -> Form:
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary:
        raise _unreadable()
    fields: dict[str, str] = {}
    files: list[SentFile] = []
    try:
        parser = MultipartParser(
            BytesIO(body), boundary, len(body), part_limit=_MOST_PARTS, spool_limit=len(body) + 1,
            memory_limit=2 * len(body) + 65_536,
        )  # fmt: skip
        for part in parser:
            if part.filename is None:
                fields[part.name] = part.raw[:_LONGEST_TEXT].decode(errors="replace")
            elif part.filename or part.size:
                files.append(SentFile(part.filename, _media_type(part.content_type), part.raw))
            part.close()
    except (MultipartError, ValueError, LookupError) as error:
        raise _unreadable() from error
    return Form(fields, files)


def _media_type(said: str) -> str:
    return said.lower() if _MEDIA_TYPE.fullmatch(said) else UNKNOWN


def _unreadable() -> Invalid:
    return Invalid([FieldError("", "cannot be read as a form", "Type")])
