"""Links that carry their own permission: forged, changed, spelled otherwise, borrowed and old ones do not count."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.kit import signed_links

KEY = b"k" * 32
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


class Place(msgspec.Struct, frozen=True, array_like=True):
    account_id: int
    name: str


class OtherPlace(msgspec.Struct, frozen=True, array_like=True):
    account_id: int
    count: int


PLACE = Place(7, "a picture")


def test_a_link_gives_back_what_it_was_signed_for() -> None:
    token = signed_links.sign(KEY, "seeing", PLACE, LATER)
    assert signed_links.verify(KEY, "seeing", token, Place, NOW) == PLACE
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert len(token) < 60


def test_the_same_call_gives_the_same_link() -> None:
    assert signed_links.sign(KEY, "seeing", PLACE, LATER) == signed_links.sign(KEY, "seeing", PLACE, LATER)


def test_a_link_ends_at_its_moment() -> None:
    token = signed_links.sign(KEY, "seeing", PLACE, LATER)
    assert signed_links.verify(KEY, "seeing", token, Place, LATER - timedelta(seconds=1)) == PLACE
    with pytest.raises(signed_links.Expired) as caught:
        signed_links.verify(KEY, "seeing", token, Place, LATER)
    assert caught.value.expired_at == LATER


def test_another_purpose_or_key_makes_another_link() -> None:
    token = signed_links.sign(KEY, "seeing", PLACE, LATER)
    for key, purpose in ((KEY, "rating"), (KEY, "seein"), (b"l" * 32, "seeing")):
        with pytest.raises(signed_links.NotGenuine):
            signed_links.verify(key, purpose, token, Place, NOW)


def test_every_changed_character_makes_it_worthless() -> None:
    token = signed_links.sign(KEY, "seeing", PLACE, LATER)
    for index, letter in enumerate(token):
        for other in ("A", "z", "_", "=", "é", "\n"):
            if other != letter:
                with pytest.raises(signed_links.NotGenuine):
                    signed_links.verify(KEY, "seeing", token[:index] + other + token[index + 1 :], Place, NOW)


def test_other_spellings_of_the_same_bytes_do_not_count() -> None:
    token = signed_links.sign(KEY, "seeing", PLACE, LATER)
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    spellings = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode(), token + "=", f" {token}"}
    spellings |= {token + "\n", token[:5] + "\n" + token[5:]}
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings |= {token[:-1] + letter for letter in alphabet}
    for spelling in spellings - {token}:
        with pytest.raises(signed_links.NotGenuine):
            signed_links.verify(KEY, "seeing", spelling, Place, NOW)


def test_an_expired_link_that_was_changed_is_forged_and_not_expired() -> None:
    token = signed_links.sign(KEY, "seeing", PLACE, NOW - timedelta(days=1))
    with pytest.raises(signed_links.NotGenuine):
        signed_links.verify(KEY, "seeing", token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), Place, NOW)


def test_fields_of_another_kind_do_not_count() -> None:
    token = signed_links.sign(KEY, "seeing", PLACE, LATER)
    with pytest.raises(signed_links.NotGenuine):
        signed_links.verify(KEY, "seeing", token, OtherPlace, NOW)


def test_endless_tokens_are_not_looked_at() -> None:
    token = signed_links.sign(KEY, "seeing", Place(1, "x" * signed_links.MOST_CHARACTERS), LATER)
    with pytest.raises(signed_links.NotGenuine):
        signed_links.verify(KEY, "seeing", token, Place, NOW)


@given(st.text(max_size=200))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(signed_links.NotGenuine):
        signed_links.verify(KEY, "seeing", text, Place, NOW)


@given(st.integers(0, 2**63 - 1), st.text(max_size=300).filter(str.isprintable))
def test_any_fields_come_back(number: int, text: str) -> None:
    token = signed_links.sign(KEY, "seeing", Place(number, text), LATER)
    assert signed_links.verify(KEY, "seeing", token, Place, NOW) == Place(number, text)
