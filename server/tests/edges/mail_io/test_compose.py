"""Attack 28 and the rest of composing: what leaves is a message that every program reads as it was meant."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from waypost.domains.mail import Address, MailAttachment, OutgoingMessage
from waypost.edges.mail_io.compose import MOST_REFERENCE_BYTES, compose, envelope_recipients
from waypost.edges.mail_io.errors import Unsendable
from waypost.kit.text import clean_file_name, clean_name

EVERY_MESSAGE = ["Date", "Message-ID", "From", "To", "Subject", "MIME-Version", "Content-Type"]
PLAIN_PART = [*EVERY_MESSAGE, "Content-Transfer-Encoding"]


def outgoing(**changes: Any) -> OutgoingMessage:
    base = OutgoingMessage(
        message_id="<reply-1@acme.test>",
        sender=Address("Ann (Support)", "support@acme.test"),
        to=(Address("Eve", "eve@example.com"),),
        cc=(),
        bcc=(),
        reply_to=(),
        subject="Your order",
        html="",
        text="Hello",
        attachments=(),
        in_reply_to=(),
        references=(),
        sent_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
        headers={},
    )
    return msgspec.structs.replace(base, **changes)


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def shape(part: Any) -> Any:
    """The tree of content types."""
    if part.is_multipart():
        return [part.get_content_type(), *[shape(each) for each in part.iter_parts()]]
    return part.get_content_type()


def body(raw: bytes, kind: str) -> str:
    found = read(raw).get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n").removesuffix("\n")


# ---------------------------------------------------------------- attack 28: no value becomes a field of its own

PIECES = (
    *("\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\ud800", "\u202e", "\t", " ", "  "),
    *("a", "é", "日本", "word" * 20, '"', "\\", "<", ">", ",", ";", ":", "(", "@", "=?", "?=", "%0d%0a"),
    *("Bcc: x@evil.test", "\r\n\r\n<script>", "=?utf-8?Q?=0D=0ABcc:_x=40evil.test?=", "=?utf-8?B?DQpYOiB4?="),
)
HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=200),
    st.lists(st.sampled_from(PIECES), max_size=20).map("".join),
)
FUZZ = settings(derandomize=True, max_examples=60, deadline=None, database=None)


@FUZZ
@given(subject=HOSTILE, names=st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), value=HOSTILE)
def test_text_of_any_kind_stays_inside_its_own_field(subject: str, names: tuple[str, ...], value: str) -> None:
    sender, to, cc, reply_to = names
    message = outgoing(
        subject=subject,
        sender=Address(sender, "support@acme.test"),
        to=(Address(to, "eve@example.com"), Address(cc, "joe@example.com")),
        cc=(Address(cc, "kim@example.com"),),
        reply_to=(Address(reply_to, "desk@acme.test"),),
        headers={"X-Desk": value},
    )

    raw = compose(message)

    parsed = read(raw)
    assert sorted(parsed.keys()) == sorted([*PLAIN_PART, "Cc", "Reply-To", "X-Desk"])
    assert wire_faults(raw) == []
    assert parsed["Subject"] == clean_name(subject, 998)
    assert addresses(raw, "From") == [(clean_name(sender), "support@acme.test")]
    assert addresses(raw, "To") == [(clean_name(to), "eve@example.com"), (clean_name(cc), "joe@example.com")]
    assert addresses(raw, "Cc") == [(clean_name(cc), "kim@example.com")]
    assert addresses(raw, "Reply-To") == [(clean_name(reply_to), "desk@acme.test")]
    assert body(raw, "plain") == "Hello"


def addresses(raw: bytes, name: str) -> list[tuple[str, str]]:
    """Names and addresses of a field, read in the two steps of RFC 2047: addresses first, words within names then."""
    field = message_from_bytes(raw, policy=policy.compat32)[name]
    return [(decoded_words(shown), email) for shown, email in getaddresses([re.sub(r"\r\n[ \t]", " ", field)])]


def decoded_words(text: str) -> str:
    return str(make_header(decode_header(text)))


def wire_faults(raw: bytes) -> list[str]:
    """What a strict server would complain about."""
    faults = []
    if not raw.isascii():
        faults.append("not 7-bit")
    if b"\0" in raw:
        faults.append("NUL")
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        faults.append("a line break that is not CRLF")
    faults += [f"a line of {len(line)}" for line in raw.split(b"\r\n") if len(line) > 998]
    header = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    faults += [f"a blank folded line {line!r}" for line in header if not line.strip()]
    faults += [f"an unfolded line {line!r}" for line in header if len(line) > 78 and line.count(b" ") > 1]
    return faults


@FUZZ
@given(local=HOSTILE, domain=st.one_of(st.just("example.com"), HOSTILE))
def test_an_address_is_taken_as_one_or_refused(local: str, domain: str) -> None:
    message = outgoing(to=(Address("", f"{local}@{domain}"),))
    try:
        raw = compose(message)
    except Unsendable:
        return
    assert sorted(read(raw).keys()) == sorted(PLAIN_PART)
    assert wire_faults(raw) == []
    assert len(addresses(raw, "To")) == 1
    assert not re.search(r"[\r\n\0]", envelope_recipients(message)[0])


@FUZZ
@given(name=HOSTILE, value=HOSTILE)
def test_further_fields_are_written_whole_or_refused(name: str, value: str) -> None:
    try:
        raw = compose(outgoing(headers={name: value}))
    except Unsendable:
        return
    assert sorted(read(raw).keys()) == sorted([*PLAIN_PART, name])


@FUZZ
@given(own=HOSTILE, others=st.lists(HOSTILE, max_size=5))
def test_message_ids_are_ids_or_left_out(own: str, others: list[str]) -> None:
    ids = tuple(f"<{each}>" for each in others)
    raw = compose(outgoing(in_reply_to=ids, references=ids))

    assert set(read(raw).keys()) - {"In-Reply-To", "References"} == set(PLAIN_PART)
    assert wire_faults(raw) == []
    with pytest.raises(Unsendable):
        compose(outgoing(message_id=f"{own}<a@b>"[:-1]))


@FUZZ
@given(name=HOSTILE, kind=HOSTILE, content_id=HOSTILE, data=st.binary(max_size=200))
@example(name="=?utf-8?Q?=0D=0AX:_y?=", kind="png", content_id="=?utf-8?Q?=0D=0ABcc:_x=40y?=@d", data=b"\r\n.\r\n")
def test_a_file_keeps_its_bytes_and_brings_no_fields(name: str, kind: str, content_id: str, data: bytes) -> None:
    files = (
        MailAttachment(name, kind, data),
        MailAttachment(name, f"image/{kind}", data, content_id, is_inline=True),
    )
    raw = compose(outgoing(html=f'<p><img src="cid:{content_id}"></p>', attachments=files))

    assert wire_faults(raw) == []
    allowed = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID", "MIME-Version"}
    found = [part for part in read(raw).walk() if part.get_content_disposition()]
    assert [part.get_payload(decode=True) for part in found] == [data, data]
    assert {part.get_filename() for part in found} == {clean_file_name(name)}
    assert all(set(part.keys()) <= allowed for part in list(read(raw).walk())[1:])


# ---------------------------------------------------------------- who sees whom


def test_blind_copies_get_the_message_and_stand_nowhere_in_it() -> None:
    message = outgoing(cc=(Address("", "kim@example.com"),), bcc=(Address("Secret Boss", "boss@example.com"),))

    assert envelope_recipients(message) == ["eve@example.com", "kim@example.com", "boss@example.com"]
    raw = compose(message).lower()
    assert b"boss" not in raw
    assert b"bcc" not in raw


def test_everybody_gets_the_message_once() -> None:
    message = outgoing(cc=(Address("", "EVE@example.com"),), bcc=(Address("", "kim@example.com"),) * 2)
    assert envelope_recipients(message) == ["eve@example.com", "kim@example.com"]


def test_a_message_to_blind_copies_only_names_nobody() -> None:
    raw = compose(outgoing(to=(), bcc=(Address("", "boss@example.com"),)))
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in raw


@pytest.mark.parametrize("name", ["Bcc", "resent-bcc", "FROM", "Content-Type", "MIME-Version", "Message-ID", "Sender"])
def test_further_fields_cannot_stand_in_for_the_message_s_own(name: str) -> None:
    with pytest.raises(Unsendable, match=name):
        compose(outgoing(headers={name: "x@evil.test"}))


# ---------------------------------------------------------------- fields


def test_names_beyond_ascii_survive_long_lists_with_commas() -> None:
    people = tuple(Address(f"Müller, Zoë “{number}” 日本", f"zoe{number}@example.com") for number in range(40))
    raw = compose(outgoing(to=people))

    assert addresses(raw, "To") == [(each.name, each.email) for each in people]
    assert wire_faults(raw) == []


def test_names_with_marks_of_their_own_are_quoted() -> None:
    raw = compose(outgoing(sender=Address('Ann "The Desk" O\'Neil, Acme Inc.', "support@acme.test")))
    assert b'From: "Ann \\"The Desk\\" O\'Neil, Acme Inc." <support@acme.test>\r\n' in raw


def test_a_long_subject_is_folded_and_read_back_whole() -> None:
    subject = "Ünïcode " * 60 + "x" * 300
    raw = compose(outgoing(subject=subject))

    assert read(raw)["Subject"] == subject
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


def test_what_looks_like_an_encoded_word_is_shown_as_it_was_written() -> None:
    raw = compose(outgoing(subject="Re: =?utf-8?Q?hi?="))
    assert read(raw)["Subject"] == "Re: =?utf-8?Q?hi?="


def test_fields_that_programs_read_are_not_encoded() -> None:
    link = f"<https://desk.acme.test/unsubscribe/{'a' * 300}>"
    raw = compose(outgoing(headers={"Auto-Submitted": "auto-replied", "List-Unsubscribe": link}))

    assert b"\r\nAuto-Submitted: auto-replied\r\n" in raw
    assert link.encode() in raw


def test_domains_beyond_ascii_are_written_in_punycode() -> None:
    message = outgoing(to=(Address("", "info@Bücher.example"), Address("", "a@straße.example")))
    assert envelope_recipients(message) == ["info@xn--bcher-kva.example", "a@xn--strae-oqa.example"]
    assert b"To: info@xn--bcher-kva.example, a@xn--strae-oqa.example\r\n" in compose(message)


def test_an_address_that_no_header_can_hold_is_told_and_still_gets_the_message() -> None:
    message = outgoing(to=(Address("Zoë", "zoë@example.com"),))
    raw = compose(message)

    assert envelope_recipients(message) == ["zoë@example.com"]
    assert read(raw)["To"].groups[0].display_name == "Zoë zoë@example.com"
    with pytest.raises(Unsendable, match="sender"):
        compose(outgoing(sender=Address("", "zoë@example.com")))


@pytest.mark.parametrize(
    "email",
    [
        *("", "eve", "@example.com", "eve@", "eve@exa mple.com", "eve@-x.com", "eve@x..com", "a@b@example.com"),
        *("<e@x.com>", "eve@x.com, joe@x.com", "eve@x.com\r\nRCPT TO:<y@z>", "e\u202eve@x.com"),
        *(f"{'a' * 330}@x.com", f"eve@{'x' * 64}"),
    ],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(Unsendable):
        compose(outgoing(cc=(Address("", email),)))


@pytest.mark.parametrize(
    "email", ["o'neil+tag@x.example", "a..b.@docomo.example", '"john doe"@x.example', "a@[192.0.2.1]"]
)
def test_odd_addresses_that_exist_are_taken(email: str) -> None:
    assert envelope_recipients(outgoing(to=(Address("", email),))) == [email]


def test_references_keep_the_first_and_the_newest_within_bounds() -> None:
    ids = tuple(f"<{number}.{'x' * 80}@example.com>" for number in range(500))
    field = str(read(compose(outgoing(in_reply_to=ids[-1:], references=ids)))["References"]).split()

    assert field[0] == ids[0]
    assert tuple(field[1:]) == ids[-len(field) + 1 :]
    assert MOST_REFERENCE_BYTES - 200 < len(" ".join(field)) <= MOST_REFERENCE_BYTES


def test_an_answer_without_references_refers_to_what_it_answers() -> None:
    parsed = read(compose(outgoing(in_reply_to=("<q@example.com>",))))
    assert (parsed["In-Reply-To"], parsed["References"]) == ("<q@example.com>", "<q@example.com>")


def test_the_date_is_the_message_s_own() -> None:
    assert b"Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n" in compose(outgoing())


# ---------------------------------------------------------------- parts


def test_html_gets_a_twin_in_plain_text() -> None:
    raw = compose(outgoing(text="", html='<p>Grüße <a href="https://x.example/a">hier</a></p><ul><li>eins</li></ul>'))

    assert shape(read(raw)) == ["multipart/alternative", "text/plain", "text/html"]
    assert body(raw, "plain") == "Grüße hier <https://x.example/a>\n\n- eins"
    assert wire_faults(raw) == []


def test_a_text_of_its_own_is_kept_and_html_alone_is_not_needed() -> None:
    assert body(compose(outgoing(text="Own words", html="<p>Other</p>")), "plain") == "Own words"
    assert shape(read(compose(outgoing()))) == "text/plain"
    assert body(compose(outgoing(text="", html="")), "plain") == ""


def test_images_of_the_html_lie_beside_it_and_files_below() -> None:
    files = (
        MailAttachment("bill.pdf", "application/pdf", b"%PDF"),
        MailAttachment("logo.png", "image/png", b"\x89PNG", "logo@desk", is_inline=True),
        MailAttachment("unused.png", "image/png", b"\x89PNG2", "logo@des", is_inline=True),
    )
    raw = compose(outgoing(html='<p><img src="cid:logo@desk"></p>', attachments=files))

    assert shape(read(raw)) == [
        "multipart/mixed",
        ["multipart/alternative", "text/plain", ["multipart/related", "text/html", "image/png"]],
        "application/pdf",
        "image/png",
    ]
    shown = next(part for part in read(raw).walk() if part["Content-ID"])
    assert (shown["Content-ID"], shown.get_content_disposition()) == ("<logo@desk>", "inline")
    assert [part.get_filename() for part in read(raw).iter_attachments()] == ["bill.pdf", "unused.png"]


def test_a_content_id_that_the_html_spells_otherwise_is_found() -> None:
    image = MailAttachment("a.png", "image/png", b"\x89PNG", "<a+b&c@desk>", is_inline=True)
    for spelled in ("a+b&amp;c@desk", "a%2Bb%26c%40desk"):
        raw = compose(outgoing(html=f"<img src='CID:{spelled}'>", attachments=(image,)))
        assert "multipart/related" in str(shape(read(raw)))


@pytest.mark.parametrize("name", ["Übersicht März.pdf", "日本語" * 40 + ".txt", 'a"b;c=d.txt', "x" * 300 + ".pdf"])
def test_file_names_are_read_back(name: str) -> None:
    raw = compose(outgoing(attachments=(MailAttachment(name, "application/pdf", b"x"),)))
    assert [part.get_filename() for part in read(raw).iter_attachments()] == [clean_file_name(name)]


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        ("Text/CSV; charset=ISO-8859-1", 'text/csv; charset="ISO-8859-1"'),
        ("image/svg+xml; x=y", "image/svg+xml"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_types_of_files_are_told_where_base64_can_carry_them(declared: str, sent: str) -> None:
    data = b"From: x\n\nbare\nline breaks\r\n\xff\0"
    raw = compose(outgoing(attachments=(MailAttachment("file", declared, data),)))

    part = next(read(raw).iter_attachments())
    assert part["Content-Type"] == sent
    assert part.get_payload(decode=True) == data


def test_bodies_of_any_characters_are_safe_on_the_wire() -> None:
    text = "\ud800\0.\r\n.\rx\nFrom here\n" + "a" * 5000 + " 日本 -- \n"
    raw = compose(outgoing(text=text, html=f"<p>{text}</p>"))

    assert wire_faults(raw) == []
    assert body(raw, "plain") == ".\n.\nx\nFrom here\n" + "a" * 5000 + " 日本 -- "
