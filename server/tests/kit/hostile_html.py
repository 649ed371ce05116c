"""The hostile HTML that other projects test their sanitisers with, and what must not be left of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

FOLDER = Path(__file__).parent.parent / "data" / "hostile"
_SKIPPED = re.compile("[\x00-\x20\x7f-\xa0\u2028\u2029]")
_SCRIPTABLE = re.compile(
    r"(?:javascript|vbscript|livescript|mocha|data|file|jar|mhtml|feed|view-source|blob):", re.IGNORECASE
)
_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp|x-icon|avif);base64,", re.IGNORECASE)
_ELEMENTS = frozenset(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del"
    " details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark"
    " nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th thead"
    " time tr tt u ul var wbr".split()
)
_ATTRIBUTES = frozenset(
    "abbr align alt bgcolor border cellpadding cellspacing class color colspan datetime dir face headers height href"
    " id lang noshade nowrap open rel reversed rowspan scope size span src start style title type valign value"
    " width".split()
)


def payloads() -> list[str]:
    """Every attack, as one list."""
    found = [row["payload"] for row in _lines("html-sanitizer-dompurify.jsonl")]
    found += [row["input"] for row in _lines("html-sanitizer-html5lib.jsonl")]
    found += [row["input"] for row in _lines("html-sanitizer-loofah.jsonl")]
    found += [row["payload"] for row in _lines("xss-intruder-lists.jsonl")]
    found += list(_lines("xss-payloadbox.jsonl"))
    found += list(_lines("naughty-strings.jsonl"))
    return found


def _lines(name: str) -> Iterator:
    return (json.loads(line) for line in (FOLDER / name).read_bytes().splitlines())


def dangers(cleaned: str) -> list[str]:
    """What a page would execute, load or obey when it shows this HTML: read from the parsed tree, not the string."""
    body = LexborHTMLParser(f"<!DOCTYPE html><html><body>{cleaned}</body></html>").body
    assert body is not None
    return [danger for node in _elements(body) for danger in _dangers_of(node)]


def _elements(body: LexborNode) -> Iterator[LexborNode]:
    for node in body.traverse(include_text=False):
        if node.tag != "body" and node.is_element_node:
            yield node


def _dangers_of(node: LexborNode) -> Iterator[str]:
    if node.tag not in _ELEMENTS:
        yield f"element {node.tag}"
    for name, value in node.attributes.items():
        if name not in _ATTRIBUTES:
            yield f"attribute {node.tag}.{name}"
        bare = _SKIPPED.sub("", value or "")
        if name in ("href", "src") and _SCRIPTABLE.match(bare) and not (name == "src" and _IMAGE.match(bare)):
            yield f"address {value}"
        if name == "style" and re.search(
            r"url|expression|position|behaviou?r|@import|\\|binding|var\(|-\d", bare, re.IGNORECASE
        ):
            yield f"style {value}"
