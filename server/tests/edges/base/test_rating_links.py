"""The question under a reply, in HTML and in text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.kit.hostile_html import dangers
from waypost.domains.conversations import Grade
from waypost.edges.base.content_links import AttachmentLink, RatingLink, ThreadLink, follow
from waypost.edges.base.rating_links import RATING_LIFETIME, rating_html, rating_links, rating_text
from waypost.kit import signed_links
from waypost.kit.html import sanitise, to_text

KEY = b"k" * 32
SENT = datetime(2030, 1, 1, 12, tzinfo=UTC)
LINKS = rating_links(KEY, "https://desk.example", 1, 2, 3, SENT)


def test_each_grade_has_a_link_of_its_own_that_names_thread_and_customer() -> None:
    for grade in Grade:
        start, token, end = LINKS.of(grade).rsplit("/", 2)
        assert (start, end) == ("https://desk.example/content/ratings", grade.value)
        assert follow(KEY, token, RatingLink, SENT) == RatingLink(1, 2, 3)


def test_links_last_for_sixty_days_and_more_and_then_end() -> None:
    token = LINKS.great.split("/")[-2]
    assert timedelta(days=60) < RATING_LIFETIME
    follow(KEY, token, RatingLink, SENT + timedelta(days=61))
    with pytest.raises(signed_links.Expired):
        follow(KEY, token, RatingLink, SENT + RATING_LIFETIME)


def test_a_link_of_one_kind_is_no_link_of_another() -> None:
    token = LINKS.great.split("/")[-2]
    for kind in (AttachmentLink, ThreadLink):
        with pytest.raises(signed_links.NotGenuine):
            follow(KEY, token, kind, SENT)


def test_the_paragraph_is_clean_html_that_reads_well_without_styles() -> None:
    made = rating_html(LINKS, "How was <this>?")

    assert dangers(made) == []
    assert sanitise(made).replace(' rel="noopener noreferrer"', "") == made.replace("&nbsp;", "&nbsp;")
    assert "How was <this>?" in to_text(made)
    assert all(f'href="{LINKS.of(grade)}"' in made for grade in Grade)
    assert "<table" not in made
    assert "<img" not in made


def test_the_text_names_each_grade_before_its_link() -> None:
    assert rating_text(LINKS).split("\n") == [
        "How would you rate my reply?",
        f"Great:    {LINKS.great}",
        f"Okay:     {LINKS.okay}",
        f"Not good: {LINKS.not_good}",
    ]
