"""HTML as text, text as HTML, and previews."""

from __future__ import annotations

import pytest

from waypost.kit.html import clean_body, has_markup, preview, text_to_html, to_text, unfolded


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("<div>one<br></div><div>two</div>", "one\ntwo"),
        ("  one \n two  <b> three</b>four", "one two threefour"),
        ("<ul><li>a<li>b<ol start=3><li>x<li>y</ol><li>c</ul>end", "- a\n- b\n  3. x\n  4. y\n- c\n\nend"),
        ("<blockquote>a<blockquote>b<br>c</blockquote></blockquote>d", "> a\n>\n> > b\n> > c\n\nd"),
        ('<a href="https://x.example/a">words</a>.', "words <https://x.example/a>."),
        ('<a href="https://x.example/">https://x.example</a>', "https://x.example"),
        ('<a href="https://x.example/">x.example</a>', "x.example"),
        ('<a href="mailto:a@x.example">a@x.example</a>', "a@x.example"),
        ('<a href="mailto:a@x.example">write</a>', "write <a@x.example>"),
        ('<a href="https://x.example/"><img src="https://x.example/t.gif"></a>', ""),
        ('<img src="cid:1" alt="A  chart">', "[A chart]"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a | b\nc | d"),
        ("<pre>  a\n\n    b</pre>c", "  a\n\n    b\n\nc"),
        ("a<hr>b", "a\n---\nb"),
        ("<style>x</style><script>y</script>z<!-- w -->", "z"),
        ("a&nbsp;&nbsp;b&zwnj; &zwnj; c", "a b c"),
        ("Tom &amp; Jerry &lt;x&gt;", "Tom & Jerry <x>"),
        ("", ""),
    ],
)
def test_html_reads_as_text(source: str, text: str) -> None:
    assert to_text(source) == text


@pytest.mark.parametrize(
    "text", ["one\ntwo\n\nthree", "a < b & c > d", "Caf\u00e9 \U0001f600", "<script>alert(1)</script>"]
)
def test_text_made_html_reads_as_the_same_text(text: str) -> None:
    assert to_text(text_to_html(text)) == text


def test_line_breaks_of_every_kind_become_br() -> None:
    assert text_to_html("a\nb\r\nc\rd") == "a<br>b<br>c<br>d"


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("one\ntwo", "one<br>two"),
        ("a < b, <joe@x.example> and <placeholder>", "a &lt; b, &lt;joe@x.example&gt; and &lt;placeholder&gt;"),
        ("AT&amp;T & Don&#39;t", "AT&amp;T &amp; Don't"),
        ("one <b>two</b>\nthree", "one <b>two</b>\nthree"),
        ("<script>x</script>", ""),
    ],
)
def test_a_body_without_tags_is_plain_text(body: str, html: str) -> None:
    assert clean_body(body) == html


def test_addresses_in_angle_brackets_are_not_markup() -> None:
    assert not has_markup("Joe <joe@x.example> wrote: 1 < 2 > 0")
    assert has_markup("a<br/>b")
    assert has_markup("<P CLASS=x>b")


def test_a_preview_is_one_line_of_the_beginning() -> None:
    assert (
        preview("<p>Hello <b>there</b>,</p>\n<p>my  install</p><table><tr><td>a<td>b</table>")
        == "Hello there, my install a b"
    )
    assert preview("<p>" + "word " * 200, limit=9) == "word word"
    assert len(preview("x" * 1000)) == 260


QUOTE = '<div class="waypost_quote"><div>On Monday</div><div><b>old</b></div></div>'
SIGNATURE = '<div class="waypost_signature">Ann</div>'


@pytest.mark.parametrize(
    ("html", "rest"),
    [
        (f"<p>new</p>{QUOTE}", "<p>new</p>"),
        (f"<div>{QUOTE}<p>new</p></div>{SIGNATURE}", "<div><p>new</p></div>"),
        (f"<div>one</div>{QUOTE}<div>two</div>{QUOTE}", "<div>one</div><div>two</div>"),
        (QUOTE + SIGNATURE, QUOTE + SIGNATURE),
        ('<p>a "waypost_quote" in words</p>', '<p>a "waypost_quote" in words</p>'),
        (f"<p>new</p>{QUOTE[:40]}", "<p>new</p>"),
    ],
)
def test_what_is_folded_is_left_out_where_anything_else_is_there(html: str, rest: str) -> None:
    assert unfolded(html) == rest


def test_a_preview_begins_with_what_is_not_folded() -> None:
    assert preview(f"{QUOTE}<p>new</p>{SIGNATURE}") == "new"
    assert preview(QUOTE) == "On Monday old"
