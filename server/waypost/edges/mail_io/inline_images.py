"""Pictures that a message's HTML shows from among its files: every form of reference becomes `cid:` and exactly the
content id of the file, so that whoever shows the HTML needs to compare and nothing else."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from waypost.edges.mail_io.bodies import File

_REFERENCE = re.compile(r'((?:src|href)=")cid:([^"]{1,1000})"', re.IGNORECASE)
_SOURCE = re.compile(
    r"""(<img\b[^<>]{0,2000}?\ssrc\s*=\s*)(?:"([^"<>]{1,1000})"|'([^'<>]{1,1000})'|([^\s"'<>]{1,1000}))""",
    re.IGNORECASE,
)


def with_locations(source: str, files: Sequence[File]) -> str:
    """Raw HTML with `cid:` where it names a file by its place (Content-Location, RFC 2557): what has no other address
    does not pass the sanitiser."""
    places = {file.location: file.content_id for file in reversed(files) if file.location and file.content_id}
    if not places:
        return source

    def replaced(found: re.Match[str]) -> str:
        written = entities.unescape(found[2] or found[3] or found[4]).strip()
        content_id = places.get(written) or places.get(unquote(written))
        return f'{found[1]}"cid:{entities.escape(content_id)}"' if content_id else found[0]

    return _SOURCE.sub(replaced, source)


def with_content_ids(clean: str, content_ids: Iterable[str]) -> tuple[str, set[str]]:
    """Sanitised HTML whose references are written as the content ids are, and the ids that it shows."""
    ids: dict[str, str] = {}
    stems: dict[str, set[str]] = {}
    for content_id in content_ids:
        ids.setdefault(content_id.lower(), content_id)
        stems.setdefault(content_id.lower().partition("@")[0], set()).add(content_id)
    shown: set[str] = set()

    def replaced(found: re.Match[str]) -> str:
        content_id = _meant(entities.unescape(found[2]), ids, stems)
        if content_id is None:
            return found[0]
        shown.add(content_id)
        return f'{found[1]}cid:{entities.escape(content_id)}"'

    return (_REFERENCE.sub(replaced, clean) if ids else clean), shown


def _meant(written: str, ids: dict[str, str], stems: dict[str, set[str]]) -> str | None:
    """The content id that a reference means: percent-encoded or not, in any case, with brackets or without its end."""
    for form in (written, unquote(written)):
        bare = form.strip().strip("<>").strip().lower()
        if bare in ids:
            return ids[bare]
        alike = stems.get(bare, set())
        if len(alike) == 1:
            return next(iter(alike))
    return None
