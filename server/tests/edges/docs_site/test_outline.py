"""The text of an article as a page shows it: outline, levels, ids, pictures, tables, notes."""

from __future__ import annotations

import pytest

from tests.edges.docs_site.center import Center, path_of
from waypost.edges.base.outline import Outlined, first_picture, outlined

NAMES = {kind: kind.title() for kind in ("note", "tip", "important", "warning", "caution")}


def fitted(text: str) -> Outlined:
    return outlined(text, NAMES)


def test_headings_begin_below_the_title_and_leave_out_no_level() -> None:
    shown = fitted("<h1>A</h1><h4>B</h4><h2>C</h2><h6>D</h6><h1>E</h1>")
    assert [(one.level, one.text) for one in shown.headings] == [(2, "A"), (3, "B"), (3, "C"), (2, "E")]
    assert "<h1" not in shown.html
    assert '<h4 id="d">D' in shown.html


def test_headings_get_ids_and_keep_their_own() -> None:
    shown = fitted('<h2 id="own">One</h2><h2>Two &amp; 3 <b>é</b></h2><h2>Two & 3 é</h2><h2>1. x</h2><h2>?!</h2>')
    assert [one.id for one in shown.headings] == ["own", "two-3-é", "two-3-é-2", "section-1-x", "section"]


def test_no_id_is_there_twice_or_the_pages_own() -> None:
    shown = fitted('<h2 id="content">A</h2><p id="x">1</p><p id="x">2</p><h2>X</h2><p id="mainNav">3</p>').html
    assert shown.count('id="x"') == 1
    assert 'id="x-2"' in shown
    assert 'id="content"' not in shown
    assert 'id="mainNav"' not in shown


def test_an_empty_heading_is_none() -> None:
    shown = fitted('<h2></h2><h3><img src="/docs/assets/x.png" alt="Logo"></h3><h2>A</h2><h2>B</h2>')
    assert [one.text for one in shown.headings] == ["A", "B"]
    assert shown.html.startswith("<div></div><div><img")


def test_a_single_heading_is_no_outline() -> None:
    assert fitted("<h2>A</h2><p>x</p>").headings == []


def test_pictures_tables_and_code_are_fitted() -> None:
    shown = fitted(
        '<img src="a.png"><table><tr><td><table></table></td></tr></table><pre>x</pre><p>a &lt;b&gt; c</p>'
    ).html
    assert '<img src="a.png" alt="" loading="lazy" decoding="async">' in shown
    assert shown.count('<div class="wide" tabindex="0">') == shown.count("</div>") == 1
    assert '<pre tabindex="0">x</pre>' in shown
    assert "<p>a &lt;b&gt; c</p>" in shown


def test_what_html_does_not_know_any_more_is_said_otherwise() -> None:
    shown = fitted(
        '<a rel="noopener noreferrer">x</a><a href="/x" rel="noopener noreferrer">y</a><col width="40">'
    ).html
    assert shown == '<a>x</a><a href="/x" rel="noopener noreferrer">y</a><col style="width:40px">'


def test_notes_of_githubs_kind_are_notes() -> None:
    shown = fitted("<blockquote>\n<p>[!WARNING]\nMind <b>this</b>.</p>\n</blockquote>").html
    assert '<blockquote class="callout callout-warning"><p class="callout-title">Warning</p><p>Mind' in shown
    assert "[!OTHER]" in fitted("<blockquote><p>[!OTHER] x</p></blockquote>").html


def test_what_looks_like_tags_in_attributes_and_broken_ends_changes_nothing() -> None:
    for text in (
        '<a title="<h2>x</h2>" href="/x">y</a>',
        "<h2>never ended",
        "</table></table>",
        "a < b > c",
        "<",
        "<h2",
    ):
        assert fitted(text).html


def test_the_first_picture_is_one_of_the_web() -> None:
    assert first_picture('<img src="/docs/x.png"><img alt="" src="https://x.example/a.png?b=1&amp;c">') == (
        "https://x.example/a.png?b=1&c"
    )
    assert first_picture("<p>x</p>") == ""


@pytest.mark.anyio
async def test_an_article_of_five_megabytes_is_shown(center: Center) -> None:
    part = (
        "<h2>Part</h2><p>"
        + "Lorem ipsum dolor sit amet. " * 30
        + "</p><table><tbody><tr><td>1</td></tr></tbody></table>"
    )
    article = await center.article("Long", part * (4_900_000 // len(part)), status="published")
    page = await center.page(path_of(article))
    assert len(page) > 4_900_000
    assert page.count('class="level-') == 2 * 100
