"""Texts of articles: made from HTML, plain text or Markdown, made safe, and read as plain text."""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import Literal

import msgspec
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from waypost.kit.errors import TooLarge
from waypost.kit.html import clean_html_to_text, clean_text, document_cleaning, has_markup, preview, sanitise
from waypost.kit.html import text_to_html as lines_to_html

FileType = Literal["html", "text", "markdown"]
MOST_CHARACTERS = 5_000_000
PREVIEW_CHARACTERS = 160
ASSETS = "/docs/assets/"
# Above this, the work would hold up everybody else.
_SHORT = 50_000
_ADDRESS = re.compile(r" <(?:https?://|mailto:|/)[^\s<>]+>")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_CLEANING = document_cleaning(ASSETS)
#: Paragraphs that Help Scout's editor marks as a note for the team.
_TEAM_NOTE = "private-note"


class Prepared(msgspec.Struct, frozen=True):
    """A text in all the forms that are kept of it."""

    source: str
    html: str
    plain: str
    preview: str


async def prepare(source: str) -> Prepared:
    """Everything that is kept of a text which was sent as HTML or plain text."""
    if len(source) > _SHORT:
        return await asyncio.to_thread(_prepare, source)
    return _prepare(source)


async def from_file(data: bytes, kind: FileType) -> str:
    """The content of a file as HTML. Raises TooLarge."""
    if len(data) > MOST_CHARACTERS:
        raise TooLarge(f"The file is larger than {MOST_CHARACTERS // 1_000_000} MB")
    text = clean_text(_decoded(data))
    if kind == "markdown":
        return await asyncio.to_thread(from_markdown, text)
    return body_of(text) if kind == "html" else paragraphs(text)


def from_markdown(text: str) -> str:
    """Markdown with tables as HTML, not yet made safe."""
    return str(_markdown().render(text))


def body_of(page: str) -> str:
    """What stands in the body of an HTML page; a part of a page stays as it is."""
    if "<body" not in page.lower() and "<html" not in page.lower():
        return page
    body = LexborHTMLParser(page).body
    return "" if body is None else "".join(node.html or "" for node in body.iter(include_text=True))


def paragraphs(text: str) -> str:
    """Plain text as HTML: a paragraph where an empty line stands, a line break where a line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n ")
    return "".join(f"<p>{lines_to_html(part.strip(chr(10)))}</p>" for part in _PARAGRAPHS.split(text) if part.strip())


def file_type(name: str) -> FileType:
    """What a file is by its name (spec: 3.10)."""
    extension = name.rpartition(".")[2].lower()
    if extension in ("html", "htm"):
        return "html"
    return "markdown" if extension in ("md", "markdown", "mdx") else "text"


def without_team_notes(html: str) -> str:
    """Safe HTML without what only the team is meant to read: elements of the class `private-note`."""
    if _TEAM_NOTE not in html:
        return html
    tree = LexborHTMLParser(html)
    for node in tree.css(f".{_TEAM_NOTE}"):
        node.decompose()
    body = tree.body
    return "" if body is None else sanitise(body.inner_html or "", _CLEANING)


async def public_part(html: str) -> str:
    """The same, for pages."""
    if len(html) > _SHORT:
        return await asyncio.to_thread(without_team_notes, html)
    return without_team_notes(html)


def _prepare(source: str) -> Prepared:
    source = clean_text(source)
    html = sanitise(source if has_markup(source) else paragraphs(source), _CLEANING)
    # Searches and previews are everybody's.
    public = without_team_notes(html)
    plain = _ADDRESS.sub("", clean_html_to_text(public))
    return Prepared(source, html, plain, preview(public, PREVIEW_CHARACTERS))


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
