"""Attack 32 by mail: text made to choke what tells quotes, signatures, forwards and reports apart.

No clock decides. Each parser reads a text and one four times as long; where it steps back over its text, the second
takes sixteen times as long, and where it does not, four times.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.edges.mail_io.sample_mail import NOW
from waypost.edges.mail_io.addresses import read_addresses
from waypost.edges.mail_io.bounces import read_bounce
from waypost.edges.mail_io.folding import fold_html, fold_text
from waypost.edges.mail_io.forwarding import forwarded
from waypost.edges.mail_io.header_block import read_parameters, read_text
from waypost.edges.mail_io.invitations import invitation
from waypost.edges.mail_io.message_ids import read_ids
from waypost.edges.mail_io.parts import Tree
from waypost.edges.mail_io.rtf import read as read_rich_text
from waypost.edges.mail_io.transfer import uuencoded_files, yencoded_files
from waypost.edges.mail_io.verdicts import read_verdicts
from waypost.edges.mail_io.written_dates import written_date
from waypost.kit.html import preview, sanitise

LONG = 1_000_000
SHORT = LONG // 4
#: Between four times as long and sixteen times.
MOST_GROWTH = 9
#: Below this, the clock's own grain is larger than what is measured.
SECONDS_OF_NOTE = 0.02
REPORT = Tree(b"From: MAILER-DAEMON@x.example\r\n\r\nx").root

LINES = [
    *(
        "> ",
        ">",
        "> > ",
        "\n",
        " \n",
        "a:\n",
        "a\n",
        ":\n",
        "wrote:\n",
        "On 1 May 2022\n",
        "On 1 May 2022, A <a@b.c> wrote:\n",
    ),
    *("On ", "<a@b.c>", "From: a@b.c\n", "From:\nTo:\n", "Subject:", "-----Original Message-----\n", "-- \n", "--\n\n"),
    *(
        "---------- Forwarded message ---------\n",
        "----",
        "____\n",
        "Sent from my iPhone\n",
        "Sent from ",
        "*",
        "\u200f",
    ),
    *("Am 1.1.2022 schrieb ", "2022年3月16日", "写道:\n", "12:00 ", "1.1.2022 ", "To unsubscribe\n", "mailing list "),
    *(
        "550 5.1.1 ",
        "5.1.1",
        "a@b.example: 550 no\n",
        "Final-Recipient: rfc822;a@b.c\n\n",
        "Message-ID: <",
        "(",
        '"',
        "\\",
    ),
    *(
        "=?utf-8?q?",
        ";a=b",
        "<",
        "@",
        "a@",
        ",",
        "dkim=pass;",
        "BEGIN:VEVENT\n",
        "begin 644 a\n",
        "=ybegin size=1 name=a\n",
    ),
    *("{", "\\par ", "\\'41", "\\u1?", "=", "\n-----BEGIN PGP SIGNATURE-----\n"),
]
TAGS = [
    "<br>", "<div>", "<blockquote>", '<blockquote type="cite">a', "<p>a</p>", "<hr>", "<pre>a\n", "<td>", "</div>",
        '<div class="gmail_quote">a', "<b>On 1 May 2022, A wrote:<br>", "<span>", "<li>a", "&gt; a<br>",
    '<a href="mailto:a@b.c">',
]  # fmt: skip
TEXT: dict[str, Callable[[str], Any]] = {
    "folding": fold_text,
    "forwards": lambda text: forwarded("", text, "Fwd: x", NOW, is_html=False),
    "reports": lambda text: read_bounce(REPORT, text),
    "dates": lambda text: written_date(text, NOW),
    "addresses": lambda text: read_addresses(text.encode()),
    "fields": lambda text: read_text(text.encode()),
    "parameters": lambda text: read_parameters(text.encode()),
    "ids": read_ids,
    "invitations": lambda text: invitation(text.encode()),
    "uuencoded files": lambda text: uuencoded_files(text.encode()),
    "yEnc files": lambda text: yencoded_files(text.encode()),
    "rich text": lambda text: read_rich_text(text.encode()),
    "previews": preview,
    "verdicts": lambda text: read_verdicts(
        Tree(b"Authentication-Results: " + text.replace("\n", " ").encode() + b"\r\n\r\n").root.headers
    ),
}


def seconds(work: Callable[[str], Any], text: str, runs: int) -> float:
    """The least time of this thread that some runs take; what else the machine does counts less."""
    best = float("inf")
    for _ in range(runs):
        before = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - before)
    return best


def growth(work: Callable[[str], Any], long: str, short: str) -> float:
    """How many times as long the long text takes as the short one; measured again where it seems to be much."""
    for runs in (1, 3, 7):
        taken = seconds(work, long, runs)
        if taken < SECONDS_OF_NOTE:
            return 0
        grown = taken / max(seconds(work, short, runs), SECONDS_OF_NOTE / 8)
        if grown < MOST_GROWTH:
            break
    return grown


def repeated(seed: str, size: int) -> str:
    return (seed * (size // len(seed) + 1))[:size] + "!"


@pytest.mark.parametrize("parser", TEXT)
def test_reading_takes_as_long_as_the_text_is(parser: str) -> None:
    for seed in LINES:
        grown = growth(TEXT[parser], repeated(seed, LONG), repeated(seed, SHORT))

        assert grown < MOST_GROWTH, seed


@pytest.mark.parametrize("line", ["begin 644 a\n", "begin 644 a\n#86)C\n"])
def test_beginnings_of_files_that_are_none_are_followed_only_so_often(line: str) -> None:
    # Each leads to the same end, and what is between is a file but for the last line.
    long, short = (repeated(line, size) + "!\nend\n" for size in (LONG, SHORT))

    assert growth(lambda text: uuencoded_files(text.encode()), long, short) < MOST_GROWTH


@pytest.mark.parametrize("tag", TAGS)
def test_folding_html_takes_as_long_as_the_html_is(tag: str) -> None:
    def work(html: str) -> None:
        fold_html(html)
        forwarded(html, "", "Fwd: x", NOW, is_html=True)

    # What the sanitiser lets through is all that folding ever reads.
    assert growth(work, sanitise(repeated(tag, LONG)), sanitise(repeated(tag, SHORT))) < MOST_GROWTH
