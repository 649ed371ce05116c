"""How a stored message becomes its own page: pictures, links, folds and colours."""

from __future__ import annotations

import pytest

from tests.kit.hostile_html import dangers, payloads
from waypost.domains.conversations import Attachment
from waypost.edges.content.folding import fold
from waypost.edges.content.message_view import MOST_REMOTE_PICTURES, Shown, show
from waypost.kit.html import sanitise

FILE = Attachment(7, 1, 1, "a.png", "image/png", 1, 1, 1, "valid", "<Pic@X>", True, "key")


def shown(body: str, *, images: bool = False) -> Shown:
    return show(
        body,
        [FILE],
        file_address=lambda file_id: f"https://here.example/file{file_id}",
        picture_address=(lambda url: f"https://here.example/proxy?{len(url)}") if images else None,
    )


def test_pictures_of_the_mail_itself_come_by_our_own_link() -> None:
    for address in ("cid:pic@x", "CID:Pic@X", "cid:pic%40x", "cid:&lt;pic@x&gt;"):
        assert shown(f'<img src="{address}">').body == '<img src="https://here.example/file7?inline=1">'
    assert shown('<img src="cid:other@x" alt="O">') == Shown('<img alt="O">', 0, False)


def test_pictures_from_elsewhere_stay_away_until_they_are_wanted() -> None:
    body = '<img src="https://t.example/1.gif" alt="A"><img src="//t.example/2.gif"><img src="https://t.example/1.gif">'

    assert shown(body) == Shown('<img alt="A"><img><img>', 2, False)
    wanted = shown(body, images=True)
    assert wanted.blocked == 0
    assert wanted.body.count('src="https://here.example/proxy?') == 3
    assert "t.example" not in wanted.body


def test_pictures_that_stand_in_the_mail_stay() -> None:
    body = '<img src="data:image/png;base64,AAAA">'
    assert shown(body) == Shown(body, 0, False)


def test_there_is_a_most_of_pictures_from_elsewhere() -> None:
    body = "".join(f'<img src="https://t.example/{n}">' for n in range(MOST_REMOTE_PICTURES + 5))
    wanted = shown(body, images=True)

    assert wanted.body.count("src=") == MOST_REMOTE_PICTURES
    assert wanted.blocked == 5


def test_links_open_in_a_window_of_their_own_without_a_way_back() -> None:
    made = shown('<a href="https://x.example/?a=1&amp;b=2" target="_top" rel="opener">x</a>').body
    assert made == ('<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">x</a>')


QUOTE = '<div class="waypost_quote">old <div>inner</div></div>'
SIGNATURE = '<div class="waypost_signature">Jane</div>'
FOLDED_QUOTE = f'<details class="fold"><summary>Quoted text</summary>{QUOTE}</details>'
OPEN_QUOTE = FOLDED_QUOTE.replace('"fold"', '"fold" open')
FOLDED_SIGNATURE = f'<details class="fold"><summary>Signature</summary>{SIGNATURE}</details>'


@pytest.mark.parametrize(
    ("clean", "expected"),
    [
        ("<p>new</p>", "<p>new</p>"),
        (f"<p>new</p>{QUOTE}", f"<p>new</p>{FOLDED_QUOTE}"),
        (f"<div>new{SIGNATURE}</div>{QUOTE}<p>end</p>", f"<div>new{FOLDED_SIGNATURE}</div>{FOLDED_QUOTE}<p>end</p>"),
        # Within a fold there is no other.
        (
            f'a<div class="gmail_quote">b{QUOTE}{SIGNATURE}</div>c',
            '<details class="fold"><summary>Quoted text</summary><div class="gmail_quote">'
            f"b{QUOTE}{SIGNATURE}</div></details>".join(("a", "c")),
        ),
        # Nothing else to read: open.
        (QUOTE, OPEN_QUOTE),
        (f"<p> </p>{QUOTE}", f"<p> </p>{OPEN_QUOTE}"),
        (f'<img src="https://x.example/">{QUOTE}', f'<img src="https://x.example/">{FOLDED_QUOTE}'),
        ("</div>a", "</div>a"),
    ],
)
def test_quotes_and_signatures_are_folded(clean: str, expected: str) -> None:
    assert fold(clean) == expected


def test_colours_of_its_own_are_noticed() -> None:
    assert shown('<p style="color:#333">x</p>').is_coloured
    assert shown('<table bgcolor="#fff"><tr><td>x</td></tr></table>').is_coloured
    assert shown('<font color="red">x</font>').is_coloured
    assert not shown('<p style="margin:0">color: red bgcolor="x"</p>').is_coloured


def test_nothing_of_a_known_attack_is_left_in_the_view() -> None:
    for payload in payloads():
        body = sanitise(payload)
        made = shown(body, images=True).body.replace(' target="_blank"', "").replace('class="fold"', "")
        assert dangers(made) == [], payload
        # What is folded is what was stored, and showing it again changes nothing.
        assert shown(made).body.count("<details") >= made.count("<details")
