"""What the addresses in articles mean."""

from __future__ import annotations

import pytest

from waypost.domains.docs import Addresses
from waypost.domains.docs.links import read_link
from waypost.domains.docs.redirects import SiteMap

KNOWN = SiteMap(Addresses("https", "docs.example"), [])
PAGE = "https://help.docs.example/article/3-refunds"


@pytest.mark.parametrize("href", ["http://[::1/x", "http://example.org:port/x"])
def test_what_no_browser_makes_an_address_of_is_unreadable(href: str) -> None:
    assert not read_link(KNOWN, PAGE, href).is_readable


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("/article/4", "https://help.docs.example/article/4"),
        ("4-other?a=b#c", "https://help.docs.example/article/4-other?a=b#c"),
        ("#c", f"{PAGE}#c"),
        ("", PAGE),
        (" //example.org/x ", "https://example.org/x"),
        ("mailto:a@b.example", "mailto:a@b.example"),
    ],
)
def test_addresses_are_read_as_on_the_articles_page(href: str, url: str) -> None:
    assert read_link(KNOWN, PAGE, href).url == url
