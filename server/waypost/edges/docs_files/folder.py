"""A folder of articles as it lies there: which files there are, and what each one says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from waypost.domains.docs import FileType, file_type
from waypost.edges.docs_files import front_matter

SUFFIXES = frozenset({".md", ".markdown", ".mdx", ".html", ".htm", ".txt"})
MOST_BYTES = 5_000_000
_IMPORTS = re.compile(r"^import\s[^\n]*?from\s+['\"][^\n]*$\n?", re.MULTILINE)
_HEADING = re.compile(r"\s*#[ \t]+([^\n]+)\n|\s*<h1[^>]*>(.*?)</h1>", re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")


class SourceFile(msgspec.Struct, frozen=True):
    """One file: where it lies, and what it is to be."""

    path: Path
    title: str
    slug: str
    collection: str
    category: str
    keywords: list[str]
    #: None where the file does not say.
    is_published: bool | None
    kind: FileType
    body: str


class BadFile(Exception):
    """A file that cannot become an article; the message says why."""


def files_of(root: Path) -> list[Path]:
    """Every file that may be an article, in a stable order. Hidden ones, and links that lead out, are passed over."""
    found = []
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        is_hidden = any(part.startswith((".", "_")) for part in parts)
        if path.suffix.lower() not in SUFFIXES or is_hidden or not path.is_file():
            continue
        if path.resolve().is_relative_to(root.resolve()):
            found.append(path)
    return found


def read(root: Path, path: Path, collection: str) -> SourceFile:
    """Read a file; `collection` is for those that lie in no folder of their own. Raises BadFile."""
    if path.stat().st_size > MOST_BYTES:
        raise BadFile("larger than 5 MB")
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    values, body = front_matter.split(text)
    body = _IMPORTS.sub("", body) if path.suffix.lower() in (".md", ".mdx") else body
    folders = [_name_of(part) for part in path.relative_to(root).parts[:-1]]
    heading = _HEADING.match(body)
    spoken = _TAGS.sub("", (heading[1] or heading[2] or "") if heading else "").strip()
    title = front_matter.text_of(values, "title", "name") or spoken or _name_of(path.stem)
    if heading and spoken.casefold() == title.casefold():
        body = body[heading.end() :]
    if not body.strip():
        raise BadFile("there is no text in it")
    return SourceFile(
        path=path,
        title=title,
        slug=front_matter.text_of(values, "slug").rpartition("/")[2],
        collection=front_matter.text_of(values, "collection") or (folders[0] if folders else collection),
        category=front_matter.text_of(values, "category") or " ".join(folders[1:2]),
        keywords=front_matter.list_of(values, "keywords", "tags"),
        is_published=_is_published(values),
        kind=file_type(path.name),
        body=body,
    )


def target_of(root: Path, file: Path, reference: str) -> tuple[Path, str] | None:
    """The file of the folder that a relative reference leads to, and its anchor; None for anything else."""
    try:
        parts = urlsplit(reference.strip())
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path or "\x00" in parts.path:
        return None
    name = unquote(parts.path)
    base = root if name.startswith("/") else file.parent
    for candidate in _candidates(base / name.lstrip("/")):
        try:
            path = candidate.resolve()
            if path.is_file() and path.is_relative_to(root.resolve()):
                return path, parts.fragment
        except (OSError, ValueError):
            return None
    return None


def _candidates(path: Path) -> Iterator[Path]:
    yield path
    for suffix in (".md", ".html"):
        yield path.with_name(path.name + suffix)


def _is_published(values: dict[str, str | list[str]]) -> bool | None:
    status, draft = front_matter.text_of(values, "status").lower(), front_matter.text_of(values, "draft").lower()
    if status in ("published", "notpublished", "unpublished", "draft"):
        return status == "published"
    return False if draft in ("true", "yes") else None


def _name_of(part: str) -> str:
    return " ".join(part.replace("_", " ").replace("-", " ").split()) or part
