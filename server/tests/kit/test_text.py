"""Attacks 29, 33 and 49: names that deceive, characters the database refuses, file names with paths."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from waypost.kit.text import clean_file_name, clean_name, clean_text

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=400)


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(ANY_TEXT)
def test_clean_text_can_be_stored_and_loses_nothing_else(text: str) -> None:
    cleaned = clean_text(text)

    cleaned.encode()
    assert "\0" not in cleaned
    assert cleaned == clean_text(cleaned)
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert cleaned == text.replace("\0", "")


@settings(derandomize=True, max_examples=300, deadline=None, database=None)
@given(ANY_TEXT)
def test_a_file_name_is_never_a_path_and_always_fits(name: str) -> None:
    cleaned = clean_file_name(name)

    assert 0 < len(cleaned.encode()) <= 255
    assert not set(cleaned) & set('/\\<>:"|?*\0\n\u202e')
    assert cleaned not in (".", "..")
    assert not cleaned.startswith(".")


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        (".htaccess", "htaccess"),
        ("con", "_con"),
        ("LPT1.txt", "_LPT1.txt"),
        ("x.svg\u202egnp.exe", "x.svggnp.exe"),
        ("a\r\nb\x00.txt", "a b.txt"),
        ("report. . ", "report"),
        ('a"b<c>|?.txt', "a_b_c___.txt"),
        ("", "attachment"),
        ("/", "attachment"),
        ("...", "attachment"),
        ("Re\u0301sume\u0301.pdf", "R\u00e9sum\u00e9.pdf"),
    ],
)
def test_file_names_made_to_deceive(name: str, cleaned: str) -> None:
    assert clean_file_name(name) == cleaned


def test_a_long_file_name_keeps_its_extension() -> None:
    cleaned = clean_file_name("\u00e9" * 300 + ".tar")

    assert cleaned.endswith("\u00e9.tar")
    assert len(cleaned.encode()) <= 255
    assert len(clean_file_name("a." + "x" * 400)) == 255


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Jane\u202e Doe\u200b", "Jane Doe"),
        ("Jane\r\nBcc: x", "Jane Bcc: x"),
        ("  Jane \t Doe ", "Jane Doe"),
        ("\u0646\u0627\u0645\u200c\u0647", "\u0646\u0627\u0645\u200c\u0647"),
        ("\u202e\u2066", ""),
    ],
)
def test_names_lose_what_cannot_be_seen(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned
