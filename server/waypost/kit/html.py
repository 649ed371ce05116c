"""HTML of mails and replies: made safe to store and show, made from plain text. Reading it as text is
`kit/html_text.py`; what may stay is `kit/html_policy.py`."""

import html
import re
from collections.abc import Callable
from typing import NamedTuple

import nh3

from waypost.kit import videos
from waypost.kit.html_bounds import MOST_TANGLED_CHARACTERS, PLAIN, TooComplex, bounded, text_only
from waypost.kit.html_policy import (
    ALL_SCHEMES,
    ALLOWED_ATTRIBUTES,
    ALLOWED_ELEMENTS,
    DROPPED_WITH_CONTENT,
    allowed_attribute,
    document_attributes,
)
from waypost.kit.html_text import clean_body_to_text, clean_html_to_text, preview, to_text, unfolded
from waypost.kit.text import clean_file_name, clean_name, clean_text

__all__ = [
    "Cleaning",
    "Sanitised",
    "clean_body",
    "clean_body_to_text",
    "clean_file_name",
    "clean_html_to_text",
    "clean_name",
    "clean_text",
    "document_cleaning",
    "has_markup",
    "preview",
    "rewrite_document",
    "sanitise",
    "sanitise_with",
    "sanitised",
    "text_to_html",
    "to_text",
    "unfolded",
]

#: (element, attribute, value) -> the value to write, None to leave the attribute out.
AttributeRewriter = Callable[[str, str, str], str | None]
_MOST_ROUNDS = 4
_MOST_KNOWN = 64
_MOST_KNOWN_CHARACTERS = 50_000

_cleaner = nh3.Cleaner(
    tags=set(ALLOWED_ELEMENTS),
    clean_content_tags=set(DROPPED_WITH_CONTENT),
    attributes=ALLOWED_ATTRIBUTES,
    attribute_filter=allowed_attribute,
    link_rel="noopener noreferrer",
    url_schemes=ALL_SCHEMES,
)
_TAG_NAME = re.compile(r"<(?:/?([a-zA-Z][a-zA-Z0-9]*+)(?:[ \t\n\f\r/][^<>]*)?>|!--)")
_MARKUP = (
    ALLOWED_ELEMENTS
    | DROPPED_WITH_CONTENT
    | frozenset("base body button embed form head html input label link math meta object select svg textarea".split())
)
_LONE_AMPERSAND = re.compile(r"&(?!(?:[a-zA-Z][a-zA-Z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")


class Cleaning(NamedTuple):
    """How to make HTML safe. With `has_videos`, frames that play videos of known services stay."""

    cleaner: nh3.Cleaner
    has_videos: bool = False

    def once(self, source: str) -> str:
        """One round. Raises TooComplex."""
        if not self.has_videos:
            return self.cleaner.clean(bounded(source))
        return videos.framed(self.cleaner.clean(bounded(source, videos.mark)))


def document_cleaning(own_images: str) -> Cleaning:
    """For documents of the desk's own pages: keeps plain ids and classes as well, images whose path on the desk's own
    host begins with `own_images`, and videos."""
    return _document_cleaning(document_attributes(own_images))


def _document_cleaning(decide: AttributeRewriter) -> Cleaning:
    cleaner = nh3.Cleaner(
        tags=set(ALLOWED_ELEMENTS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes=ALLOWED_ATTRIBUTES,
        attribute_filter=decide,
        link_rel="noopener noreferrer",
        url_schemes=ALL_SCHEMES,
    )
    return Cleaning(cleaner, has_videos=True)


_MAIL = Cleaning(_cleaner)


class Sanitised(NamedTuple):
    """HTML that is safe to show. `is_text` where no more than text could be kept of it, `is_whole` unless even of the
    text the end is missing."""

    html: str
    is_text: bool = False
    is_whole: bool = True


def sanitise(source: str, cleaning: Cleaning = _MAIL) -> str:
    """The part of any HTML that is safe to show in a page: no scripts, forms, frames, foreign positioning or
    loading other than http(s), cid and data images. Applying it again gives the same bytes. HTML that is too
    large or too tangled for a parser comes back as its text."""
    return sanitised(source, cleaning).html


def sanitised(source: str, cleaning: Cleaning = _MAIL) -> Sanitised:
    """The same, with what could not be kept."""
    original = cleaned = _one_newline(clean_text(source))
    for _ in range(_MOST_ROUNDS):
        before = cleaned
        if PLAIN.fullmatch(before):
            return Sanitised(before)
        try:
            cleaned = clean_text(cleaning.once(before))
        except TooComplex:
            break
        if cleaned == before:
            if cleaning is _MAIL:
                _know(before)
            return Sanitised(before)
    is_whole = len(original) <= MOST_TANGLED_CHARACTERS
    return Sanitised(text_to_html(text_only(original)), is_text=True, is_whole=is_whole)


#: The last results, oldest first. A body is cleaned where it is read and again where it is stored: the same cleaner
#: would return the same.
_known: dict[str, None] = {}


def _know(clean: str) -> None:
    if len(clean) <= _MOST_KNOWN_CHARACTERS:
        _known[clean] = None
        if len(_known) > _MOST_KNOWN:
            # Threads that come here at once may take out one more each, and none too few.
            _known.pop(next(iter(list(_known))), None)


def sanitise_with(source: str, rewrite: AttributeRewriter) -> str:
    """The same, for showing by itself: links open in a window of their own, and `rewrite` has the last word on every
    attribute that may stay."""
    cleaned = sanitise(source)
    if PLAIN.fullmatch(cleaned):
        return cleaned

    def decide(element: str, attribute: str, value: str) -> str | None:
        kept = allowed_attribute(element, attribute, value)
        return None if kept is None else rewrite(element, attribute, kept)

    cleaner = nh3.Cleaner(
        tags=set(ALLOWED_ELEMENTS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes=ALLOWED_ATTRIBUTES,
        attribute_filter=decide,
        link_rel="noopener noreferrer",
        url_schemes=ALL_SCHEMES,
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return cleaner.clean(cleaned)


def rewrite_document(document: str, own_images: str, rewrite: AttributeRewriter) -> str:
    """A document that was made safe with `document_cleaning`, where `rewrite` has the last word on every attribute."""
    decide = document_attributes(own_images)

    def decided(element: str, attribute: str, value: str) -> str | None:
        kept = decide(element, attribute, value)
        return None if kept is None else rewrite(element, attribute, kept)

    try:
        return _document_cleaning(decided).once(document)
    except TooComplex:
        return document


def text_to_html(text: str) -> str:
    """Plain text as HTML: escaped, each line break a `<br>`. spec: inbox-api "Conventions" (bodies without tags)"""
    escaped = html.escape(_one_newline(clean_text(text)), quote=False)
    return escaped.replace("\u00a0", "&nbsp;").replace("\n", "<br>")


def clean_body(body: str) -> str:
    """Sanitised HTML of what a client sent as a body. A body without tags is plain text; what looks like an
    entity in it is one, so that nothing is escaped twice. spec: inbox-api "Conventions"."""
    if body in _known:
        return body
    if has_markup(body):
        return sanitise(body)
    escaped = _LONE_AMPERSAND.sub("&amp;", _one_newline(body)).replace("<", "&lt;").replace(">", "&gt;")
    return sanitise(escaped.replace("\n", "<br>"))


def has_markup(body: str) -> bool:
    """Whether a text holds an HTML tag or comment. `<someone@example.org>` and `a < b` are not tags."""
    return any(found[1] is None or found[1].lower() in _MARKUP for found in _TAG_NAME.finditer(body))


def _one_newline(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
