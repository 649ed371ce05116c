"""Which parts of a message are its text, which its files, and how charsets and encodings are repaired."""

from __future__ import annotations

import base64

import pytest

from tests.edges.mail_io.sample_mail import parsed

MIXED = 'Content-Type: multipart/mixed; boundary="b"'
ALTERNATIVE = 'Content-Type: multipart/alternative; boundary="b"'


def part(header: str, body: str) -> str:
    return f"--b\n{header}\n\n{body}\n"


def test_html_is_preferred_and_the_senders_text_is_kept() -> None:
    message = parsed(
        ALTERNATIVE,
        body=part("Content-Type: text/plain", "plain") + part("Content-Type: text/html", "<b>rich</b>") + "--b--",
    )

    assert (message.html, message.text) == ("<b>rich</b>", "plain")


def test_text_is_made_from_html_where_the_sender_wrote_none() -> None:
    message = parsed("Content-Type: text/html", body="<p>one</p><p>two</p>")

    assert message.text == "one\n\ntwo"


def test_html_is_made_from_text_where_the_sender_wrote_none() -> None:
    message = parsed("Subject: x", body="one & two\n<three>")

    assert message.html == "one &amp; two<br>&lt;three&gt;"


def test_texts_in_a_row_are_shown_one_after_the_other() -> None:
    body = part("Content-Type: text/plain", "one") + part("Content-Type: text/html", "<b>two</b>") + "--b--"
    message = parsed(MIXED, body=body)

    assert (message.html, message.text) == ("one<br><b>two</b>", "one\n\ntwo")


def test_an_alternative_keeps_the_files_of_all_its_writings() -> None:
    invite = part("Content-Type: text/calendar; method=REQUEST", "BEGIN:VCALENDAR")
    message = parsed(ALTERNATIVE, body=part("Content-Type: text/plain", "come") + invite + "--b--")

    assert [(file.file_name, file.mime_type) for file in message.attachments] == [("invite.ics", "text/calendar")]
    assert message.text == "come"


def test_an_image_that_the_html_does_not_show_is_a_plain_file() -> None:
    image = part("Content-Type: image/png\nContent-ID: <i@x>\nContent-Disposition: inline", "x")
    shown = part("Content-Type: text/html", '<img src="cid:i@x">')

    assert [file.is_inline for file in parsed(MIXED, body=part("", "text") + image + "--b--").attachments] == [False]
    assert [file.is_inline for file in parsed(MIXED, body=shown + image + "--b--").attachments] == [True]


def test_an_enclosed_message_stays_whole() -> None:
    enclosed = "Subject: Old / news\nFrom: c@d.example\n\nold"
    message = parsed(MIXED, body=part("", "see below") + part("Content-Type: message/rfc822", enclosed) + "--b--")
    (file,) = message.attachments

    assert (file.file_name, file.mime_type) == ("Old - news.eml", "message/rfc822")
    assert file.data.replace(b"\r\n", b"\n") == enclosed.encode()
    assert message.text == "see below"


def test_a_text_with_a_name_is_a_file_unless_it_is_the_first() -> None:
    named = "Content-Type: text/plain; name=log.txt"

    assert parsed(MIXED, body=part(named, "one") + part(named, "two") + "--b--").text == "one"
    assert parsed(MIXED, body=part(named + "\nContent-Disposition: attachment", "one") + "--b--").text == ""


@pytest.mark.parametrize(
    ("declared", "data", "text"),
    [
        ("utf-8", "Grüße".encode(), "Grüße"),
        ("iso-8859-1", "Grüße".encode("latin-1"), "Grüße"),
        ("iso-8859-1", "Grüße \u2014 €".encode("cp1252"), "Grüße \u2014 €"),
        ("iso-8859-1", "Grüße".encode(), "Grüße"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("utf-8", "Grüße".encode("latin-1"), "Grüße"),
        ("utf-8", "Grüße ".encode() + "Grüße".encode("latin-1"), "Grüße Grüße"),
        ("", "Grüße".encode(), "Grüße"),
        ("", "Grüße".encode("cp1252"), "Grüße"),
        ("no-such-charset", "Grüße".encode(), "Grüße"),
        ("../../etc/passwd", b"plain", "plain"),
        ("unicode_escape", b"\\u0041", "\\u0041"),
        ("punycode", b"a-b", "a-b"),
        ("rot13", b"plain", "plain"),
        ("utf-16", b"plain", "plain"),
        ("utf-16", "Grüße".encode("utf-16"), "Grüße"),
        ("utf-16be", "Grüße".encode("utf-16-be"), "Grüße"),
        ("iso-2022-jp", "日本語".encode("iso2022_jp"), "日本語"),
        ("", "日本語".encode("iso2022_jp"), "日本語"),
        ("shift_jis", "日本語①".encode("cp932"), "日本語①"),
        ("gb2312", "中文镕".encode("gbk"), "中文镕"),
        ("ks_c_5601-1987", "한국어".encode("cp949"), "한국어"),
        ("koi8-r", "Привет".encode("koi8-r"), "Привет"),
        ("koi8-r", b"a\x00b", "ab"),
        ("utf-7", b"Gr+APwA3w-e", "Grüße"),
    ],
)
def test_charsets_wrong_missing_and_mixed(declared: str, data: bytes, text: str) -> None:
    charset = f"; charset={declared}" if declared else ""
    encoded = base64.b64encode(data)

    message = parsed(f"Content-Type: text/plain{charset}", "Content-Transfer-Encoding: base64", body=encoded)

    assert message.text == text


@pytest.mark.parametrize(
    ("encoding", "data", "content"),
    [
        ("base64", b"aGVsbG8=", b"hello"),
        ("base64", b"aGVs\r\nbG8", b"hello"),
        ("BASE64", b"aGVsbG8=\r\nignored!", b"hello"),
        ("base64", b"not base64 at all, but a sentence.", b"not base64 at all, but a sentence."),
        ("quoted-printable", b"h=65ll=\r\no=", b"hello"),
        ("quoted-printable", b"100=% of =ZZ", b"100=% of =ZZ"),
        ("x-uuencode", b"begin 644 a\r\n%:&5L;&\\\r\n`\r\nend\r\n", b"hello"),
        ("x-rot13", b"hello", b"hello"),
        ("8bit", b"h\xe9llo", b"h\xe9llo"),
    ],
)
def test_transfer_encodings_broken_and_unknown(encoding: str, data: bytes, content: bytes) -> None:
    message = parsed("Content-Type: application/x-y; name=f", f"Content-Transfer-Encoding: {encoding}", body=data)

    assert message.attachments[0].data.startswith(content)


def test_a_uuencoded_file_in_a_text_becomes_a_file() -> None:
    message = parsed("Subject: x", body="look\nbegin 644 a b.txt\n%:&5L;&\\\n`\nend\nthere\n")

    assert [(file.file_name, file.data) for file in message.attachments] == [("a b.txt", b"hello")]
    assert message.text == "look\nthere"


def test_flowed_text_gets_its_own_lines_back() -> None:
    flowed = "This is one \nline.\n\n> quoted \n> text\n-- \nJoe"

    assert (
        parsed("Content-Type: text/plain; format=flowed", body=flowed).text
        == "This is one line.\n\n> quoted text\n-- \nJoe"
    )
    assert parsed("Content-Type: text/plain; format=flowed; delsp=yes", body="a \nb").text == "ab"


@pytest.mark.parametrize(
    ("boundary", "body"),
    [
        ("", "--x\nContent-Type: text/plain\n\nfound\n--x--"),
        ("; boundary=wrong", "--x\nContent-Type: text/plain\n\nfound\n--x--"),
        ("; boundary=x", "--x\nContent-Type: text/plain\n\nfound"),
        ("; boundary=x", "--x trailing words\nContent-Type: text/plain\n\nfound\n--x-- more"),
        ("; boundary=x", "no parts at all, but found"),
        ("; boundary=x", "--x\nfound\n--x--"),
    ],
)
def test_text_is_found_in_broken_multiparts(boundary: str, body: str) -> None:
    assert "found" in parsed(f"Content-Type: multipart/mixed{boundary}", body=body).text


@pytest.mark.parametrize(
    "raw", ["just text", "just: a colon\nand text", "\n\nbegins late", "From x@y Mon Jan\nSubject: s\n\ntext"]
)
def test_text_without_a_header_is_still_shown(raw: str) -> None:
    assert raw.splitlines()[-1] in parsed(body=raw).text


def test_bytes_that_are_no_mail_are_kept_as_a_file() -> None:
    message = parsed(body=b"\x00\x01\x02" * 100)

    assert message.attachments[0].data.endswith(b"\x00\x01\x02")
    assert "not a mail: kept as a file" in message.warnings


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r", b"\r\r\n"])
def test_lines_may_end_in_any_way(line_end: bytes) -> None:
    raw = b"Subject: s", b"From: a@b.example", b"", b"one", b"two", b""
    message = parsed(body=line_end.join(raw))

    assert message.subject == "s"
    assert message.text.split() == ["one", "two"]
