"""Bodies of `multipart/form-data`: texts and files, by the names of their parts."""

from __future__ import annotations

from io import BytesIO

import msgspec
from multipart import MultipartError, MultipartParser, parse_options_header

from waypost.edges.docs_v1.errors import Unparsable

MULTIPART = "multipart/form-data"
_MOST_PARTS = 64
_LONGEST_TEXT = 1_000_000


class FilePart(msgspec.Struct, frozen=True):
    """A file that was sent, under the name that it had where it came from."""

    file_name: str
    data: bytes


class Form(msgspec.Struct, frozen=True):
    """What a form holds. Of parts of the same name, the last counts."""

    texts: dict[str, str]
    files: dict[str, FilePart]


def read_form(content_type: str, body: bytes) -> Form:
    """Read a form. Raises Unparsable."""
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary:
        raise Unparsable("The form names no boundary")
    texts: dict[str, str] = {}
    files: dict[str, FilePart] = {}
    try:
        parser = MultipartParser(
            BytesIO(body), boundary, len(body), part_limit=_MOST_PARTS, spool_limit=len(body) + 1,
            memory_limit=2 * len(body) + 65_536,
        )  # fmt: skip
        for part in parser:
            if part.filename is not None:
                files[part.name] = FilePart(part.filename, part.raw)
            else:
                texts[part.name] = part.raw[:_LONGEST_TEXT].decode(errors="replace").replace("\x00", "")
            part.close()
    except (MultipartError, ValueError, LookupError) as error:
        raise Unparsable("Error parsing the form") from error
    return Form(texts, files)
