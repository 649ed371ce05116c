"""Attack 2: markup that a sanitiser and a browser read differently. What was cleaned is parsed by another parser,
written out and parsed again, as browsers and editors do; nothing dangerous may come of it, and cleaning must have come
to rest. `WAYPOST_FUZZ_CASES` says how many cases; the suite tries a few thousand."""

from __future__ import annotations

import os
import random

from selectolax.lexbor import LexborHTMLParser

from tests.kit.hostile_html import dangers, payloads
from waypost.domains.docs.texts import ASSETS
from waypost.edges.content.folding import fold
from waypost.kit.html import document_cleaning, sanitise, sanitise_with
from waypost.kit.videos import SANDBOX, player_address

CASES = int(os.environ.get("WAYPOST_FUZZ_CASES", "3000"))
#: What mutations are made of: namespaces, raw text, tables, templates, comments, entities, broken ends.
PIECES = [
    *("<svg>", "</svg>", "<math>", "</math>", "<mtext>", "<mi>", "<mglyph>", "<malignmark>", "<annotation-xml>"),
    *("<foreignObject>", "<desc>", "<title>", "</title>", "<style>", "</style>", "<script>", "</script>", "<noscript>"),
    *(
        "</noscript>",
        "<noembed>",
        "<noframes>",
        "<xmp>",
        "</xmp>",
        "<iframe>",
        "</iframe>",
        "<plaintext>",
        "<template>",
    ),
    *(
        "<template>",
        "</template>",
        "<select>",
        "<option>",
        "</select>",
        "<textarea>",
        "</textarea>",
        "<table>",
        "</table>",
        "<tr>",
    ),
    *("<td>", "<caption>", "<colgroup>", "<form>", "</form>", "<p>", "</p>", "<br>", "</br>", "<a>", "</a>"),
    *("</b>", "<div>", "</div>", '<div class="waypost_quote">', '<div class="waypost_signature">', "<details open>"),
    *("<summary>", "<!--", "-->", "--!>", "<!-->", "<![CDATA[", "]]>", "<?x", "?>", "<!x>", "</x", "<", ">", "&lt;"),
    *("&#60;", "&#x3c;", "&amp;lt;", "&", '"', "'", "`", "=", "/", "\x0c", "\n", "\0", "\ufeff", "\u2028", "x"),
    *("<img src=x onerror=alert(1)>", '<img title="--><img src=x onerror=alert(1)>">', "<a href=javascript:alert(1)>"),
    *('<a title="</style><img src=x onerror=alert(1)>">', "<p id='</xmp><img src=x onerror=alert(1)>'>"),
    *("<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<svg><style><img src=x onerror=alert(1)>"),
    *('<p style="color:red;background:url(//x)">', "<div style='position:fixed'>", "<img src=cid:a>", "<font color=x>"),
]


#: What else articles may hold.
FRAMES = [
    "<iframe src=//www.youtube.com/embed/dQw4w9WgXcQ>",
    "<iframe src='https://player.vimeo.com/video/12345' title='</iframe><img src=x onerror=alert(1)>'></iframe>",
    "<iframe src=https://www.youtube.com/embed/dQw4w9WgXcQ srcdoc='<script>alert(1)</script>' onload=x></iframe>",
    "<iframe src=https://evil.example/embed/dQw4w9WgXcQ></iframe>",
    '<span class="waypost-video" title="https://www.loom.com/embed/0281766fa2d04bb788eaf19e65135184 - - 1 \'>&lt;x">',
    '<span class="waypost-video" title="javascript:alert(1) 1 1 1 x"></span>',
]


def mixtures(pieces: list[str] = PIECES) -> list[str]:
    chance = random.Random(20260101)
    attacks = payloads()
    made = []
    for _ in range(CASES):
        parts = chance.choices(pieces, k=chance.randint(1, 25))
        if chance.random() < 0.3:
            attack = chance.choice(attacks)
            cut = chance.randint(0, len(attack))
            parts.insert(chance.randint(0, len(parts)), attack[:cut] if chance.random() < 0.5 else attack[cut:])
        made.append("".join(parts))
    return made


def rewritten(clean: str) -> str:
    """Parsed and written out by another parser than the sanitiser's."""
    body = LexborHTMLParser(f"<!DOCTYPE html><html><body>{clean}</body></html>").body
    assert body is not None
    return body.inner_html or ""


def test_what_was_cleaned_stays_clean_however_often_it_is_parsed_and_written() -> None:
    for source in mixtures():
        clean = sanitise(source)
        assert sanitise(clean) == clean, source
        written = rewritten(clean)
        again = rewritten(written)
        assert dangers(clean) == dangers(written) == dangers(again) == [], source


def test_what_is_shown_stays_clean_too_and_folds_close_where_they_open() -> None:
    for source in mixtures()[::3]:
        shown = fold(sanitise_with(sanitise(source), lambda _element, _attribute, value: value))
        plain = shown.replace(' target="_blank"', "").replace(' class="fold"', "")
        assert dangers(plain) == [], source
        assert dangers(rewritten(plain)) == [], source
        assert rewritten(shown).count("<details") == shown.count("<details")


def test_of_frames_in_articles_nothing_but_players_is_left() -> None:
    cleaning, players = document_cleaning(ASSETS), 0
    for source in mixtures(PIECES + FRAMES * 4):
        clean = sanitise(source, cleaning)
        assert sanitise(clean, cleaning) == clean, source
        for written in (clean, rewritten(clean)):
            tree = LexborHTMLParser(written)
            frames = tree.css("iframe")
            players += len(frames)
            for frame in frames:
                given = frame.attributes
                address = given.pop("src")
                assert address is not None
                assert player_address(address) == address, source
                assert given.pop("sandbox") == SANDBOX
                assert given.keys() <= {"width", "height", "title", "loading", "referrerpolicy", "allowfullscreen"}
                frame.decompose()
            assert tree.body is not None
            assert dangers(tree.body.inner_html or "") == [], source
    assert players > CASES / 10
