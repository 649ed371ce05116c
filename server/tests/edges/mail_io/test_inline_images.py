"""Pictures in the text: every form in which mail programs refer to them leads to the file."""

from __future__ import annotations

import pytest

from tests.edges.mail_io.sample_mail import parsed
from waypost.domains.mail import ReceivedMessage


def message(html: str, *pictures: str) -> ReceivedMessage:
    parts = "".join(f"--b\nContent-Type: image/png\n{header}\n\npng{n}\n" for n, header in enumerate(pictures))
    body = f"--b\nContent-Type: text/html\n\n{html}\n{parts}--b--\n"
    return parsed('Content-Type: multipart/related; boundary="b"', "From: ann@example.org", body=body)


@pytest.mark.parametrize(
    ("reference", "header"),
    [
        ("cid:logo@example.org", "Content-ID: <logo@example.org>"),
        ("CID:logo@example.org", "Content-ID: <logo@example.org>"),
        ("cid:LOGO@EXAMPLE.ORG", "Content-ID: <logo@example.org>"),
        ("cid:logo%40example.org", "Content-ID: <logo@example.org>"),
        ("cid:&lt;logo@example.org&gt;", "Content-ID: <logo@example.org>"),
        ("cid:logo@example.org", "Content-ID: logo@example.org"),
        ("cid:logo", "Content-ID: <logo@example.org>"),
        ("cid:a&amp;b", "Content-ID: <a&b>"),
        ("cid:100%25", "Content-ID: <100%>"),
        ("logo.png", "Content-Location: logo.png"),
        ("my%20logo.png", "Content-Location: my logo.png"),
        ("http://example.org/a/logo.png", "Content-Location: http://example.org/a/logo.png"),
        ("logo.png", "Content-ID: <l@x>\nContent-Location: logo.png"),
    ],
)
@pytest.mark.parametrize("quote", ['"', "'"])
def test_each_reference_leads_to_its_file(reference: str, header: str, quote: str) -> None:
    found = message(f"<p>Look: <img alt=x src={quote}{reference}{quote}></p>", header)
    (file,) = found.attachments

    assert file.is_inline
    assert f'src="cid:{(file.content_id or "").replace("&", "&amp;")}"' in found.html


def test_pictures_that_nothing_refers_to_are_files() -> None:
    found = message("<img src='cid:a'>", "Content-ID: <a>", "Content-ID: <b>", "Content-ID: <a>")

    assert [file.is_inline for file in found.attachments] == [True, False, True]


def test_a_reference_to_no_file_or_to_one_of_several_stays_as_it_is() -> None:
    found = message("<img src='cid:x'><img src='cid:logo'>", "Content-ID: <logo@a>", "Content-ID: <logo@b>")

    assert '"cid:x"' in found.html
    assert '"cid:logo"' in found.html
    assert not any(file.is_inline for file in found.attachments)


def test_words_in_the_text_are_no_references() -> None:
    found = message("<p>write src=&quot;cid:A&quot; there</p>", "Content-ID: <b>")

    assert 'src="cid:A"' in found.text
