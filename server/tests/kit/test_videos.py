"""Players of videos in articles: which addresses are players, and what is written for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from waypost.domains.docs.texts import ASSETS
from waypost.kit.html import document_cleaning, sanitise
from waypost.kit.videos import SANDBOX, VIDEO_HOSTS, player_address

ARTICLES = document_cleaning(ASSETS)
URLS = [
    json.loads(line) for line in (Path(__file__).parents[1] / "data/hostile/ssrf-urls.jsonl").open(encoding="utf-8")
]


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("https://www.youtube.com/embed/dQw4w9WgXcQ", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
        ("//youtube.com/embed/dQw4w9WgXcQ?rel=0", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?rel=0"),
        ("http://m.youtube.com/embed/dQw4w9WgXcQ", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
        ("https://www.youtube.com/embed/videoseries?list=PL_a-1", "https://www.youtube-nocookie.com/embed/videoseries?list=PL_a-1"),
        ("https://player.vimeo.com/video/76979871?h=8272103f6e&autoplay=1", "https://player.vimeo.com/video/76979871?h=8272103f6e"),
        ("https://fast.wistia.net/embed/iframe/26sk4lmiix", "https://fast.wistia.net/embed/iframe/26sk4lmiix"),
        ("https://fast.wistia.com/embed/iframe/26sk4lmiix?videoFoam=true", "https://fast.wistia.com/embed/iframe/26sk4lmiix?videoFoam=true"),
        ("https://www.loom.com/embed/0281766fa2d04bb788eaf19e65135184", "https://www.loom.com/embed/0281766fa2d04bb788eaf19e65135184"),
        ("https://www.dailymotion.com/embed/video/x8mubyl", "https://www.dailymotion.com/embed/video/x8mubyl"),
        ("https://play.vidyard.com/pW7vFzMKXqA1.html", "https://play.vidyard.com/pW7vFzMKXqA1.html"),
        (
            "https://iframe.mediadelivery.net/embed/7/032c9a80-c5ea-4a5e-9e0e-0d0d0d0d0d0d",
            "https://iframe.mediadelivery.net/embed/7/032c9a80-c5ea-4a5e-9e0e-0d0d0d0d0d0d",
        ),
    ],
)  # fmt: skip
def test_players_of_known_services_are_taken_over_https(source: str, address: str) -> None:
    assert player_address(source) == address
    assert player_address(address) == address


@pytest.mark.parametrize(
    "source",
    [
        *URLS,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "/embed/dQw4w9WgXcQ",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com/redirect?q=https://evil.example",
        "https://www.youtube.com/embed/../redirect?q=x",
        "https://www.youtube.com/embed/dQw4w9WgXcQ/../../x",
        "https://www.youtube.com/embed/%2e%2e/x",
        "https://www.youtube.com.evil.example/embed/dQw4w9WgXcQ",
        "https://evil.example/www.youtube.com/embed/dQw4w9WgXcQ",
        "https://www.youtube.com@evil.example/embed/dQw4w9WgXcQ",
        "https://evil.example\\@www.youtube.com/embed/dQw4w9WgXcQ",
        "https://www.youtube.com:8443/embed/dQw4w9WgXcQ",
        "https://www.youtube.com/embed/dQw4w9WgXcQ\"onload='x",
        "https://www.y\u043eutube.com/embed/dQw4w9WgXcQ",
        "ftp://www.youtube.com/embed/dQw4w9WgXcQ",
        "https://[www.youtube.com/embed/dQw4w9WgXcQ",
        "https://player.vimeo.com/external/1.m3u8",
        "https://vimeo.com/76979871",
        "https://fast.wistia.net/embed/iframe/../../x",
    ],
)
def test_anything_else_is_no_player(source: str) -> None:
    assert player_address(source) is None
    shown = sanitise(f'<p>a</p><iframe src="{source}"></iframe><p>b</p>', ARTICLES)
    assert "<iframe" not in shown


def test_settings_that_are_no_settings_go() -> None:
    source = (
        "https://www.youtube.com/embed/dQw4w9WgXcQ?start=5&x=<b>&AutoPlay=1&y=%22&=&list=a:b&playlist=https://x#frag"
    )
    expected = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?start=5&list=a:b"
    assert player_address(source.replace("<b>", "(b)")) == expected


def test_a_frame_is_written_anew_with_what_a_player_needs() -> None:
    shown = sanitise(
        '<div><iframe SRC="//www.youtube.com/embed/dQw4w9WgXcQ" src="https://evil.example" width="560px" height=50% '
        'allowfullscreen onload=alert(1) srcdoc="<script>1</script>" allow="camera" name=x style="position:fixed" '
        'sandbox="allow-top-navigation" title=\'A "film" &amp; <more>\'>left <b>out</b></iframe> rest</div>',
        ARTICLES,
    )
    frame = LexborHTMLParser(shown).css_first("iframe")
    assert frame is not None
    assert frame.attributes == {
        "src": "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        "width": "560",
        "height": "50%",
        "title": 'A "film" & <more>',
        "loading": "lazy",
        "referrerpolicy": "strict-origin-when-cross-origin",
        "sandbox": SANDBOX,
        "allowfullscreen": "",
    }
    assert "left" not in shown
    assert " rest</div>" in shown
    assert sanitise(shown, ARTICLES) == shown


def test_sizes_that_are_none_go() -> None:
    shown = sanitise(
        '<iframe src="//player.vimeo.com/video/12345" width="100vw" height="1;color:red"></iframe>', ARTICLES
    )
    assert "width" not in shown
    assert "height" not in shown


def test_a_frame_in_a_comment_an_attribute_or_a_script_is_none() -> None:
    frame = "<iframe src=//player.vimeo.com/video/12345></iframe>"
    for source in (
        f"<!-- {frame} -->",
        f'<p title="{frame}">x</p>',
        f"<script>'{frame}'</script>",
        f"<style>{frame}</style>",
    ):
        assert '<iframe src="' not in sanitise("<b>x</b>" + source.format(frame), ARTICLES)


def test_marks_that_somebody_wrote_become_players_or_nothing() -> None:
    mark = '<span class="waypost-video" title="{} 1 1 0 x"></span>'
    assert sanitise("<b>a</b>" + mark.format("https://evil.example/embed/dQw4w9WgXcQ"), ARTICLES) == "<b>a</b>"
    assert "player.vimeo.com" in sanitise(mark.format("https://player.vimeo.com/video/12345"), ARTICLES)


def test_mails_and_replies_have_no_frames() -> None:
    for source in (
        "<p>x</p><iframe src=https://player.vimeo.com/video/12345></iframe>",
        '<span class="waypost-video" title="https://player.vimeo.com/video/12345 1 1 0 x"></span>',
    ):
        assert "iframe" not in sanitise(source)


def test_thousands_of_frames_are_bounded() -> None:
    frame = "<iframe src=//player.vimeo.com/video/12345></iframe>"
    shown = sanitise(frame * 60_000, ARTICLES)
    assert '<iframe src="' not in shown


def test_all_hosts_are_named_for_pages() -> None:
    assert len(set(VIDEO_HOSTS)) == len(VIDEO_HOSTS)
    for host in VIDEO_HOSTS:
        assert player_address(f"https://{host}/") is None
