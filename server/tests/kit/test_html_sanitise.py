"""Attacks 1, 2 and 5: nothing of hostile HTML may run, load or overlay, and cleaning twice changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kit.hostile_html import dangers, payloads
from waypost.kit.html import clean_body, preview, sanitise, text_to_html, to_text

PAYLOADS = payloads()
PIECES = [
    *("<b>", "</b>", "<i id=x>", "<a href=x>", "</a>", "<p>", "</p>", "<div>", "</div>", "<table>", "</table>", "<tr>"),
    *("<td>", "</td>", "<caption>", "<li>", "<ul>", "</ul>", "<svg>", "<math>", "<mtext>", "<mglyph>", "<style>"),
    *("</style>", "<title>", "<script>", "</script>", "<noscript>", "<template>", "<select>", "<textarea>", "<!--"),
    *("-->", "--!>", "<![CDATA[", "]]>", "<font color=red>", "</font>", "<form>", "<button>", "<h1>", "</h1>", "<pre>"),
    *("<img src=x onerror=alert(1)>", "<img src='data:image/svg+xml,x'>", '<a href="java&#9;script:alert(1)">', "x"),
    *(
        ' title="',
        "'>",
        '">',
        "&lt;",
        "&",
        "&nbsp;",
        "\xa0",
        "\n",
        "\r",
        "\0",
        "\ud800",
        "<",
        ">",
        "</",
        "<a ",
        "=",
        "/",
    ),
    *("<p style='position:fixed;color:red;background:url(x)'>", "<xmp>", "<plaintext>", "<frameset>", "<isindex>"),
]


def test_no_known_attack_survives() -> None:
    surviving = {payload: found for payload in PAYLOADS if (found := dangers(sanitise(payload)))}

    assert len(PAYLOADS) > 2500
    assert surviving == {}


def test_cleaning_a_known_attack_twice_gives_the_same_bytes() -> None:
    assert [payload for payload in PAYLOADS if sanitise(sanitise(payload)) != sanitise(payload)] == []


def test_no_known_attack_survives_as_a_body_in_an_api_call() -> None:
    assert [payload for payload in PAYLOADS if dangers(clean_body(payload))] == []


@settings(derandomize=True, max_examples=400, deadline=None, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_mixture_of_tags_is_safe_and_cleaned_once(mixture: str) -> None:
    cleaned = sanitise(mixture)

    assert dangers(cleaned) == []
    assert sanitise(cleaned) == cleaned
    to_text(mixture)
    preview(mixture)


@settings(
    derandomize=True, max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_becomes_html_that_says_the_same_and_needs_no_cleaning(text: str) -> None:
    made = text_to_html(text)

    assert sanitise(made) == made
    assert "\0" not in made
    made.encode()


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ('<a href="http://x.example/">x</a>', '<a href="http://x.example/" rel="noopener noreferrer">x</a>'),
        ('<a href="mailto:a@x.example">x</a>', '<a href="mailto:a@x.example" rel="noopener noreferrer">x</a>'),
        ('<img src="cid:1@x" alt="A">', '<img src="cid:1@x" alt="A">'),
        ('<img src="data:image/png;base64,AAAA">', '<img src="data:image/png;base64,AAAA">'),
        ("<p>one<p>two", "<p>one</p><p>two</p>"),
        ('<td colspan="2">x', "x"),
        ('<table><tr><td colspan="2">x</table>', '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>'),
        ('<blockquote type="cite">x</blockquote>', '<blockquote type="cite">x</blockquote>'),
        ('<div class="gmail_quote app-menu">x</div>', '<div class="gmail_quote">x</div>'),
        ('<p style="COLOR: Red; margin: 0 4px">x</p>', '<p style="color:Red;margin:0 4px">x</p>'),
        ('<body dir="rtl" onload="x()"><p>x</p></body>', '<div dir="rtl"><p>x</p></div>'),
        ("a &amp; b &lt;c&gt; &eacute;&nbsp;", "a &amp; b &lt;c&gt; é&nbsp;"),
    ],
)
def test_what_mails_and_replies_are_made_of_stays(source: str, kept: str) -> None:
    assert sanitise(source) == kept


@pytest.mark.parametrize(
    "style",
    [
        "position:fixed;top:0",
        "background:url(https://x.example/t.gif)",
        "background-image:url('x')",
        "width:expression(alert(1))",
        "margin:-100px",
        "margin: 1px - .5em",
        "color:\\72 ed",
        "transform:scale(9)",
        "z-index:9",
        "color:var(--x)",
        "behavior:none",
        "display:grid-evil(1)",
        "color:red/**/url(x)",
    ],
)
def test_styles_that_load_or_overlay_go(style: str) -> None:
    assert sanitise(f'<p style="{style}">x</p>') == "<p>x</p>"


@pytest.mark.parametrize(
    "source",
    [
        '<a href="javascript:alert(1)">x</a>',
        '<a href="JaVa&Tab;Script:alert(1)">x</a>',
        '<a href="&#1;javascript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<a href="cid:x">x</a>',
        '<a href="vbscript:x">x</a>',
    ],
)
def test_links_to_anything_but_pages_mail_and_telephones_lose_their_address(source: str) -> None:
    assert sanitise(source) == '<a rel="noopener noreferrer">x</a>'


@pytest.mark.parametrize("address", ["data:image/svg+xml;base64,AAAA", "/v2/sign-out", "x.png", "file:///x", "data:,x"])
def test_images_come_from_the_web_the_mail_or_themselves_only(address: str) -> None:
    assert sanitise(f'<img src="{address}" alt="A">') == '<img alt="A">'


def test_an_unfinished_tag_or_comment_hides_no_text() -> None:
    assert "rest" in to_text(sanitise("start <a href='x and the rest"))
    assert "rest" in to_text(sanitise("start <!-- the rest"))
    assert "rest" in to_text(sanitise("start <style> the rest"))


def test_comments_scripts_and_style_sheets_go_with_their_content() -> None:
    source = "a<!-- b --><script>c()</script><style>d{}</style><title>e</title><![if !mso]>f<![endif]>"

    assert sanitise(source) == "af"


def test_nul_and_lone_surrogates_go_and_pairs_are_joined() -> None:
    assert sanitise("a\0b\ud800c\ud83d\ude00") == "abc\U0001f600"


BOMBS = {
    "ten thousand open blocks": "<div>" * 10_000 + "deep",
    "more open blocks than anyone writes": "<div>" * 60_000 + "deep",
    "deep quotes with text": "<blockquote>" * 2_000 + "<p>x" * 2_000 + "deep",
    "formatting opened again in each block": "<p>"
    + "".join(f"<b id={n}>" for n in range(3_000))
    + "<p>x" * 50_000
    + "deep",
    "more than is read": "deep" + "<div>" * 1_200_000,
    "formatting that no cell closes": "<table>" + "".join(f"<b {n}><tr>x" for n in range(3_000)) + "deep",
    "crossed tags": "<b><div></b>" * 20_000 + "deep",
    "unclosed links": "<a><p></a></p>" * 7_000 + "deep",
    "attributes without end": "<a " + " ".join(f"a{n}" for n in range(60_000)) + ">deep",
    "attributes in every tag": ("<a " + " ".join(f"a{n}" for n in range(100)) + ">") * 2_000 + "deep",
    "unfinished tags": "<a " * 300_000 + "deep",
    "unfinished quotes": '<a b="' * 60_000 + "deep",
    "equals signs": "<a =" + "= " * 200_000 + "deep",
    "one tag of spaces": "<a" + " " * 300_000 + "deep",
    "many tags of spaces": ("<a" + " " * 1_000) * 1_000 + "deep",
    "unfinished comments": "<!--" * 80_000 + "deep",
    "empty comments": "a<!---->" * 50_000 + "deep",
    "unfinished styles": "<style>" * 50_000 + "deep",
    "ampersands": "&" * 300_000 + "deep",
    "entities": "&amp;" * 300_000 + "deep",
    "no-break spaces": "\xa0" * 300_000 + "deep",
    "entities in an attribute": '<p title="' + "&" * 300_000 + '">deep',
    "a reference of endless digits": "&#" + "9" * 300_000 + "deep",
    "an endless style": '<p style="' + "color:red;" * 100_000 + '">deep',
    "open brackets in a style": '<p style="color:' + "rgb(" * 1_900 + '">deep',
    "less-than signs": "<" * 300_000 + "deep",
    "list in list": "<ul><li>" * 5_000 + "deep",
    "NUL": "\0" * 300_000 + "deep",
    "surrogates": "\ud800" * 300_000 + "deep",
    "carriage returns": "\r" * 300_000 + "deep",
    "five megabytes of text": "Tom & Jerry, deep. " * 260_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_html_made_to_choke_parsers_is_read_and_its_text_stays(name: str) -> None:
    bomb = BOMBS[name]
    cleaned = sanitise(bomb)

    assert dangers(cleaned) == []
    assert sanitise(cleaned) == cleaned
    assert "deep" in cleaned
    assert to_text(bomb)
    assert len(preview(bomb)) <= 260
