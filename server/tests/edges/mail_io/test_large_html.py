"""HTML and lines beyond what a tree is made of: all text stays, and a warning says what was done."""

from __future__ import annotations

import pytest

from waypost.edges.mail_io.folding import fold_text
from waypost.edges.mail_io.parse import parse_message
from waypost.kit.html import clean_html_to_text

HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n"
TANGLED = "HTML too tangled: shown as text"


def test_tangled_html_is_shown_as_its_text_with_a_warning() -> None:
    message = parse_message(HTML + b"<p>one</p>" * 45_000 + b"<p>the last words</p>")

    assert TANGLED in message.warnings
    assert message.text.count("one") == 45_000
    assert message.text.endswith("the last words")
    assert "<p>" not in message.html


def test_what_is_cut_of_tangled_html_is_said() -> None:
    message = parse_message(HTML + b"<p>one</p>" * 200_000)

    assert f"{TANGLED}, its end is in the raw message only" in message.warnings


def test_attributes_count_as_tags_do() -> None:
    attributes = b" ".join(b"x%d" % number for number in range(40))
    message = parse_message(HTML + (b"<p " + attributes + b">word</p>") * 5_000)

    assert TANGLED in message.warnings
    assert message.text.count("word") == 5_000


def test_texts_beyond_the_limit_of_all_are_kept_as_files() -> None:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\n" + b"words \r\n" * 400_000
    message = parse_message(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 3)

    assert "too many texts: the last ones are kept as files" in message.warnings
    assert [len(file.data) for file in message.attachments] == [8 * 400_000]


def test_a_text_is_not_cut_inside_a_character() -> None:
    message = parse_message(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "€".encode() * 1_700_000)

    assert "text is not all UTF-8" not in message.warnings
    assert set(message.text) == {"€"}


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b", "a\nb"),
        (" a  b \n<br>\t c <br>", "a b\nc"),
        ("a<br><br><br><br><br>b", "a\n\n\nb"),
        ("&lt;br&gt;&amp;&nbsp;x", "<br>& x"),
        ("<br> <br>", ""),
    ],
)
def test_text_with_line_breaks_reads_as_a_tree_of_it_would(html: str, text: str) -> None:
    assert clean_html_to_text(html) == text
    assert clean_html_to_text(f"<span>{html}</span>") == text


def test_lines_far_below_are_folded_with_the_quote_they_belong_to() -> None:
    text = "thanks\n\nOn 1 May 2022, Ann <a@b.example> wrote:\n" + "> a\n" * 30_000
    folded = fold_text(text.strip())

    assert folded.own_text == "thanks"
    assert folded.html.endswith("&gt; a</div>")


def test_thoughts_below_dashes_are_no_signature() -> None:
    text = "It does not work.\n\n--\n\n"
    text += "I believe the only way is to let me choose this very folder for the filter by myself."

    assert fold_text(text).own_text == text


def test_a_drawing_of_lines_is_shown() -> None:
    text = "It looks like the lines below.\n\n______ ______ ______"

    assert fold_text(text).own_text == text


def test_a_quote_of_which_only_the_speaker_is_named_is_shown() -> None:
    folded = fold_text("Danny said\n\n> You can add the button\n> to the bar.")

    assert not folded.is_folded
    assert "You can add the button" in folded.own_text
