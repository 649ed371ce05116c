"""Header fields: addresses, ids, dates, encoded words and parameters, as they arrive."""

from __future__ import annotations

import pytest

from tests.edges.mail_io.sample_mail import lines, parsed
from waypost.edges.mail_io.addresses import read_addresses, valid_address
from waypost.edges.mail_io.header_block import read_parameters, read_text
from waypost.edges.mail_io.message_ids import read_ids


@pytest.mark.parametrize(
    ("field", "people"),
    [
        ("Joe Blow <joe@x.example>", [("Joe Blow", "joe@x.example")]),
        ('"Smith, Jane" <s@x.example>, b@x.example', [("Smith, Jane", "s@x.example"), ("", "b@x.example")]),
        ("joe@x.example (Joe (the) Blow)", [("Joe the Blow", "joe@x.example")]),
        ("=?utf-8?Q?Foo=2C_Bar?= <x@x.example>", [("Foo, Bar", "x@x.example")]),
        ('"=?utf-8?B?w6lhw6k=?=" <a@x.example>', [("éaé", "a@x.example")]),
        ("Grüße <a@x.example>", [("Grüße", "a@x.example")]),
        ("'Joe' <JOE@X.EXAMPLE>", [("Joe", "JOE@x.example")]),
        ("John Doe john@x.example", [("John Doe", "john@x.example")]),
        (
            "Group: a@x.example, B <b@x.example>; c@x.example",
            [("", "a@x.example"), ("B", "b@x.example"), ("", "c@x.example")],
        ),
        ("undisclosed-recipients:;", []),
        ("<@a.example,@b.example:joe@x.example>", [("", "joe@x.example")]),
        ('"a\\"b" <"q\\"q"@x.example>', [('a"b', '"q\\"q"@x.example')]),
        ("Joe <mailto:joe@x.example>", [("Joe", "joe@x.example")]),
        ("a @ x . example", [("", "a@x.example")]),
        ("<a@x.example", [("", "a@x.example")]),
        ("a@x.example <a@x.example>", [("", "a@x.example")]),
        ('"Support" <support@x.example> <attacker@y.example>', [("Support", "support@x.example")]),
        ('"a@trusted.example" <b@x.example>', [("a@trusted.example", "b@x.example")]),
        ("postmaster", [("postmaster", "")]),
        ("MAILER-DAEMON (Mail System)", [("MAILER-DAEMON", "")]),
        ("a@b@x.example", [("a@b@x.example", "")]),
        (",, ;", []),
        ("", []),
    ],
)
def test_address_lists(field: str, people: list[tuple[str, str]]) -> None:
    assert [(person.name, person.email) for person in read_addresses(field.encode())] == people


@pytest.mark.parametrize("hostile", lines("made/addresses.jsonl"))
def test_hostile_addresses_are_usable_or_refused_and_never_hide_characters(hostile: str) -> None:
    message = parsed(f"From: {hostile}", f"To: {hostile}", body="text")

    for person in (*message.to, *([message.sender] if message.sender and message.sender.email else [])):
        assert valid_address(person.email) == person.email
        assert person.email.isprintable()
        assert not set(person.email) & set("\u202e\u200b\u00ad")
    assert message.text == "text" or "\n" in hostile


@pytest.mark.parametrize("hostile", lines("made/header-lines.jsonl"))
def test_hostile_header_lines_cost_neither_the_message_nor_its_text(hostile: str) -> None:
    message = parsed("From: a@x.example", hostile, "To: b@x.example", body="text")

    assert message.text == "text"
    assert message.sender is not None
    assert [person.email for person in message.to] == ["b@x.example"]
    assert message.bcc == ()


def test_line_breaks_in_encoded_words_end_up_in_no_header() -> None:
    message = parsed("Subject: =?utf-8?Q?a=0D=0ABcc:_leak@x.example?=", "From: =?utf-8?Q?b=0A?= <a@x.example>")

    assert message.subject == "a Bcc: leak@x.example"
    assert message.sender is not None
    assert message.sender.name == "b"
    assert message.bcc == ()


def test_the_next_best_field_names_the_sender_where_from_does_not() -> None:
    message = parsed("From: The Robot", "Sender: robot@x.example")

    assert message.sender is not None
    assert (message.sender.name, message.sender.email) == ("The Robot", "robot@x.example")
    assert "no usable From: sender was taken" in message.warnings


def test_nobody_is_the_sender_of_a_message_that_names_nobody() -> None:
    assert parsed("Subject: x").sender is None
    assert parsed("From: <>", "Return-Path: <>").sender is None


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("=?utf-8?Q?=F0=9F?= =?utf-8?Q?=98=80?=", "\U0001f600"),
        ("=?iso-8859-1?q?a?= =?utf-8?b?w6k=?= b", "aé b"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?q?What??=", "What?"),
        ("=?utf-8?b?w6k?=", "é"),
        ("=?no-charset?q?=C3=A9?=", "é"),
        ("=?utf-8*en?q?a?=", "a"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        ("=?utf-8?q?" + "a" * 2000 + "?=", "=?utf-8?q?" + "a" * 2000 + "?="),
    ],
)
def test_encoded_words(field: str, text: str) -> None:
    assert read_text(field.encode()) == text


@pytest.mark.parametrize(
    ("field", "value", "parameters"),
    [
        ('text/plain; charset="utf-8"', "text/plain", {"charset": "utf-8"}),
        ("TEXT/HTML;Charset=x", "text/html", {"charset": "x"}),
        ("a/b; name*0*=utf-8''%e2%82; name*1*=%ac; name*2=.txt", "a/b", {"name": "€.txt"}),
        ("a/b; name*=iso-8859-1'en'%A3.txt", "a/b", {"name": "£.txt"}),
        ('a/b; name="=?utf-8?q?=C3=A9?="', "a/b", {"name": "é"}),
        ('application/pdf name="x.pdf"', "application/pdf", {"name": "x.pdf"}),
        ("a/b; name=x; name=y", "a/b", {"name": "x"}),
        ('a/b; name="x;y"', "a/b", {"name": "x;y"}),
        ("/; ;;;=", "/", {}),
        ("", "", {}),
    ],
)
def test_parameters(field: str, value: str, parameters: dict[str, str]) -> None:
    found = read_parameters(field.encode())

    assert found.value == value
    assert {name: text for name, text in found.parameters.items() if name} == parameters


def test_message_ids_are_equal_text_where_they_are_the_same_id() -> None:
    assert read_ids("<a@b> <c@d> text <e@f> <a@b>") == ("<a@b>", "<c@d>", "<e@f>")
    assert read_ids("<long\r\n part@b>") == read_ids("<longpart@b>")
    assert read_ids("bare@x.example") == ("<bare@x.example>",)
    assert read_ids("Your message of Monday") == ()


def test_long_ids_stay_apart_and_short_enough_for_an_index() -> None:
    one, two = (read_ids(f"<{'x' * 900}{end}@b>")[0] for end in "ab")

    assert one != two
    assert max(len(one), len(two)) <= 402


def test_of_very_many_references_the_first_and_the_last_stay() -> None:
    found = parsed("References: " + " ".join(f"<{n}@x>" for n in range(3000))).references

    assert (found[0], found[-1], len(found)) == ("<0@x>", "<2999@x>", 100)


@pytest.mark.parametrize(
    ("date", "sent_at"),
    [
        ("Mon, 6 Jan 2025 10:00:00 +0100", "2025-01-06T09:00:00+00:00"),
        ("6 Jan 2025 10:00:00 -0000", "2025-01-06T10:00:00+00:00"),
        ("Mon, 6 Jan 2025 10:00:00 EST (nice)", "2025-01-06T15:00:00+00:00"),
        ("2025-01-06T10:00:00Z", "2025-01-06T10:00:00+00:00"),
        ("Thu, 31 Feb 2099 25:61:61 +9999", None),
        ("1 Jan 0001 00:00:00 -0000", None),
        ("Mon, 6 Jan 2035 10:00:00 +0000", None),
        ("Mon, 6 Jan 99999999999 10:00:00 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_believed_where_they_can_be_true(date: str, sent_at: str | None) -> None:
    found = parsed(f"Date: {date}").sent_at

    assert (found.isoformat() if found else None) == sent_at


@pytest.mark.parametrize(
    ("header", "is_automatic"),
    [
        ("Auto-Submitted: auto-replied (vacation)", True),
        ("Auto-Submitted: no", False),
        ("Precedence: bulk", True),
        ("Precedence: first-class", False),
        ("X-Autoreply: yes", True),
        ("X-Auto-Response-Suppress: DR, OOF, AutoReply", True),
        ("X-Auto-Response-Suppress: DR, RN", False),
        ("Subject: Automatic reply: your order\r\nIn-Reply-To: <a@b.example>", True),
        ("Subject: Automatic reply: your order", False),
        ("Subject: Re: [Out of Office] your order\r\nIn-Reply-To: <a@b.example>", True),
        ("Subject: Re: [Out of Office] your order", False),
        ("Subject: Abwesenheitsnotiz: Bestellung\r\nIn-Reply-To: <a@b.example>", True),
        ("Subject: Abwesenheitsnotiz: Bestellung", False),
        ("Subject: The automatic reply is broken", False),
        ("Subject: Vacation rental question", False),
        ("List-Unsubscribe: <mailto:x@x.example>", True),
        ("Subject: Hello", False),
    ],
)
def test_what_programs_write_is_marked(header: str, is_automatic: bool) -> None:
    assert parsed("From: a@x.example", header).is_automatic is is_automatic


@pytest.mark.parametrize(
    ("headers", "is_bounce"),
    [
        (("From: MAILER-DAEMON@x.example", "Subject: Undelivered Mail Returned to Sender"), True),
        (("From: a@x.example", "Return-Path: <>", "Subject: failure notice"), True),
        (("From: a@x.example", "X-Failed-Recipients: b@y.example"), True),
        (("From: a@x.example", "Subject: Undelivered parcel"), False),
        (("From: postmaster@x.example", "Subject: Our invoice"), False),
    ],
)
def test_bounces_are_told_by_who_sends_them(headers: tuple[str, ...], is_bounce: bool) -> None:
    assert parsed(*headers).is_bounce is is_bounce


def test_the_list_and_a_few_headers_are_kept() -> None:
    message = parsed("List-Id: Announcements <ann.x.example>", "Delivered-To: d@x.example", "X-Mailer: M", "X-Other: o")

    assert message.list_id == "ann.x.example"
    assert message.headers == {"delivered-to": "d@x.example", "x-mailer": "M"}


def test_everyone_is_named_once() -> None:
    message = parsed("To: A <a@x.example>, a@X.example", "To: b@x.example", "Cc: C <c@x.example>")

    assert [(person.name, person.email) for person in message.to] == [("A", "a@x.example"), ("", "b@x.example")]
    assert [person.name for person in message.cc] == ["C"]
