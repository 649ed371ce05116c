"""Quoted text and signatures: wrapped so that viewers can fold them, in many languages, and never a word lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edges.mail_io.sample_mail import lines, mails, parsed
from waypost.edges.mail_io.folding import fold_html, fold_text
from waypost.edges.mail_io.html_lines import without_own_marks
from waypost.edges.mail_io.parse import parse_message
from waypost.kit.html import clean_html_to_text, sanitise, text_to_html

OWN = "Thank you, that works."
QUOTED = "Have you tried to turn it off and on again?"
#: What mail programs write above a quote, in the languages that they speak.
ATTRIBUTIONS = [
    "On Wed, Mar 16, 2022 at 12:49 AM, Ann Example <ann@example.com> wrote:",
    "On 16 Mar 2022, at 12:49, Ann Example <ann@example.com> wrote:",
    "On Wednesday, March 16, 2022, 12:49 AM, Ann\nExample <ann@example.com>\nwrote:",
    "Am 16.03.2022 um 12:49 schrieb Ann Example:",
    "Ann Example <ann@example.com> schrieb am Mi., 16. März 2022, 12:49:",
    "Gesendet: Mittwoch, 16. März 2022 um 12:49 Uhr\nVon: Ann <ann@example.com>\nAn: ben@example.com\nBetreff: Re: X",
    "Le mer. 16 mars 2022 à 12:49, Ann Example <ann@example.com> a écrit :",
    "El mié, 16 mar 2022 a las 12:49, Ann Example (<ann@example.com>) escribió:",
    "Il giorno mer 16 mar 2022 alle ore 12:49 Ann Example <ann@example.com> ha scritto:",
    "Em qua., 16 de mar. de 2022 às 12:49, Ann Example <ann@example.com> escreveu:",
    "Op wo 16 mrt. 2022 om 12:49 schreef Ann Example <ann@example.com>:",
    "Den ons 16 mars 2022 kl 12:49 skrev Ann Example <ann@example.com>:",
    "Den ons. 16. mar. 2022 kl. 12.49 skrev Ann Example <ann@example.com>:",
    "ons. 16. mar. 2022 kl. 12:49 skrev Ann Example <ann@example.com>:",
    "ke 16. maalisk. 2022 klo 12.49 Ann Example (ann@example.com) kirjoitti:",
    "śr., 16 mar 2022 o 12:49 Ann Example <ann@example.com> napisał(a):",
    "st 16. 3. 2022 v 12:49 odesílatel Ann Example <ann@example.com> napsal:",
    "st 16. 3. 2022 o 12:49 Ann Example <ann@example.com> napísal(a):",
    "Ann Example <ann@example.com> ezt írta (időpont: 2022. márc. 16., Sze, 12:49):",
    "În mie., 16 mar. 2022 la 12:49, Ann Example <ann@example.com> a scris:",
    "ср, 16 мар. 2022 г. в 12:49, Ann Example <ann@example.com>:",
    "16 марта 2022 г., в 12:49, Ann Example <ann@example.com> написал(а):",
    "ср, 16 бер. 2022 р. о 12:49 Ann Example <ann@example.com> пише:",
    "На ср, 16.03.2022 г. в 12:49 Ann Example <ann@example.com> написа:",
    "Dana sri, 16. ožu 2022. u 12:49 Ann Example <ann@example.com> napisao je:",
    "V V sre., 16. mar. 2022 ob 12:49 je oseba Ann Example <ann@example.com> napisala:",
    "Στις Τετ, 16 Μαρ 2022 στις 12:49 μ.μ., ο χρήστης Ann Example <ann@example.com> έγραψε:",
    "Ann Example <ann@example.com>, 16 Mar 2022 Çar, 12:49 tarihinde şunu yazdı:",
    "2022年3月16日(水) 12:49 Ann Example <ann@example.com>:",
    "2022/03/16 12:49、Ann Example <ann@example.com>のメール:",
    "Ann Example <ann@example.com> 于2022年3月16日周三 12:49写道：",
    "在 2022年3月16日，12:49，Ann Example <ann@example.com> 写道：",
    "Ann Example <ann@example.com> 於 2022年3月16日 週三 下午12:49寫道：",
    "2022년 3월 16일 (수) 오후 12:49, Ann Example <ann@example.com>님이 작성:",
    "في الأربعاء، 16 مارس 2022 في 12:49 م تمت كتابة ما يلي بواسطة Ann Example <ann@example.com>:",
    "בתאריך יום ד׳, 16 במרץ 2022 ב-12:49 מאת Ann Example <ann@example.com>:",
    "Vào Th 4, 16 thg 3, 2022 vào lúc 12:49 Ann Example <ann@example.com> đã viết:",
    "Pada tanggal Rab, 16 Mar 2022 pukul 12.49 Ann Example <ann@example.com> menulis:",
    "เมื่อ พ. 16 มี.ค. 2022 เวลา 12:49 Ann Example <ann@example.com> เขียนว่า:",
    "Kuupäev K, 16. märts 2022 kell 12:49 kirjutas Ann Example <ann@example.com>:",
    "2022-03-16, tr, 12:49 Ann Example <ann@example.com> rašė:",
    "---- On Wed, 16 Mar 2022 12:49:36 +0530 Ann Example <ann@example.com> wrote ----",
    "-----Original Message-----\nFrom: Ann Example\nSent: Wednesday, March 16, 2022 12:49\nTo: Ben\nSubject: RE: X",
    "________________________________\nFrom: Ann Example <ann@example.com>\nSent: 16 March 2022\nTo: Ben\nSubject: X",
    "发件人: Ann Example <ann@example.com>\n发送时间: 2022年3月16日 12:49\n收件人: ben@example.com\n主题: X",
    "差出人: Ann Example <ann@example.com>\n送信日時: 2022年3月16日 12:49\n宛先: ben@example.com\n件名: X",
    "보낸 사람: Ann Example <ann@example.com>\n보낸 날짜: 2022년 3월 16일\n받는 사람: ben@example.com\n제목: X",
    "От: Ann Example <ann@example.com>\nОтправлено: 16 марта 2022 г.\nКому: ben@example.com\nТема: X",
    "De : Ann Example <ann@example.com>\nEnvoyé : mercredi 16 mars 2022 12:49\nÀ : ben@example.com\nObjet : X",
    "من: Ann Example <ann@example.com>\nالتاريخ: 16 مارس 2022\nإلى: ben@example.com\nالموضوع: X",
]
SIGNATURES = [
    "-- \nAnn Example\nHead of Examples\n+1 555 0100",
    "Sent from my iPhone",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Von meinem iPhone gesendet",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Enviado do meu iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Skickat från min iPhone",
    "Sendt fra min iPhone",
    "Lähetetty iPhonesta",
    "Wysłane z iPhone'a",
    "Odesláno z iPhonu",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "发自我的iPhone",
    "從我的 iPhone 傳送",
    "나의 iPhone에서 보냄",
    "أُرسلت من الـ iPhone",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("mark", ["", "> "])
def test_a_quote_below_the_answer_is_folded(attribution: str, mark: str) -> None:
    if mark and attribution.count("\n") > 2:
        attribution = "\n".join(mark + line for line in attribution.split("\n"))
    folded = fold_text(f"{OWN}\n\n{attribution}\n\n{mark}{QUOTED}\n{mark}\n{mark}Ann")

    assert folded.own_text == OWN
    assert folded.html.startswith(f'{OWN}<br><br><div class="waypost_quote">')
    assert QUOTED in folded.html


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signatures_are_folded(signature: str) -> None:
    folded = fold_text(f"{OWN}\n\n{signature}\n")

    assert folded.own_text == OWN
    assert '<div class="waypost_signature">' in folded.html


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\n\nwhere is my order?\n\nKind regards\nAnn Example",
        "On the other hand, he wrote:\n\nthis is what I think about it.",
        "I asked at 10:30, and she answered:\n\nyou have to wait.",
        "From: Berlin\nTo: Munich\nDate: 5 May\n\nPlease book this trip for me.",
        "The mail was sent from my iPhone, but nobody answered.",
        "A list:\n----\n1. one\n----\n2. two\nthe end of the list is here",
        "Viele Grüße\nAnn",
        "> only a quote",
        "-- \nonly a signature",
        "Sent from my iPhone",
        "Name: Ann\nSubject: Rent\nMessage: Please call me",
        "Below is what they sent (ann@example.com) on Thursday, July 25, 2002 at 01:23:05\n-----------\n\nHello",
    ],
)
def test_words_of_the_writer_are_never_folded(text: str) -> None:
    folded = fold_text(text)

    assert folded.own_text == text
    assert folded.html == text_to_html(text)


def test_answers_between_quoted_lines_keep_the_quotes_in_sight() -> None:
    text = f"Hi Ann,\n\n{ATTRIBUTIONS[0]}\n> First question?\n\nFirst answer.\n\n> Second question?\n\nSecond answer.\n"
    text += "\n> The rest.\n"
    folded = fold_text(text)

    assert "First question?" in folded.html.split("waypost_quote")[0]
    assert "Second answer." in folded.html.split("waypost_quote")[0]
    assert "The rest." in folded.html.split("waypost_quote")[1]
    assert "wrote:" not in folded.own_text


def test_an_answer_below_a_long_quote_stays_and_the_quote_is_folded() -> None:
    quote = "\n".join(f"> line {number}" for number in range(30))
    folded = fold_text(f"{ATTRIBUTIONS[0]}\n{quote}\n\n{OWN}")

    assert folded.own_text == OWN
    assert folded.html.startswith('<div class="waypost_quote">')


@pytest.mark.parametrize("row", lines("replies.jsonl"), ids=lambda row: row["name"])
def test_replies_are_read_as_other_programs_read_them(row: dict) -> None:
    message = parsed("From: ann@example.com", "Content-Type: text/plain; charset=utf-8", body=row["body"])

    assert message.own_text.split() == row["own"].split()


@pytest.mark.parametrize("row", lines("html-replies.jsonl"), ids=lambda row: row["name"])
def test_replies_of_mail_programs_keep_the_answer_alone(row: dict) -> None:
    message = parsed("From: ann@example.com", "Content-Type: text/html; charset=utf-8", body=row["html"])
    visible = message.own_text.split()

    if "forward" in row["name"]:
        assert "waypost_quote" not in message.html
    else:
        assert visible in (["Reply"], "Hi. I am fine. Thanks, Alex".split(), ["Foo", "Bar"], ["foo", "bar"]), visible
        assert "waypost_quote" in message.html


@pytest.mark.parametrize(
    ("html", "own"),
    [
        ('<div>own</div><div class="yahoo_quoted"><div>On Monday wrote</div><div>old</div></div>', "own"),
        ('<div>own</div><div name="quote"><div>old</div></div>', "own"),
        ('<div>own</div><div class="gmail_quote"><div class="gmail_attr">x</div>old</div>', "own"),
        (
            '<div>own</div><div class="protonmail_quote">On 1 May 2022, A wrote:<blockquote>old</blockquote></div>',
            "own",
        ),
        ('<div>own</div><div id="mail-editor-reference-message-container">old</div>', "own"),
        ('<div>own</div><div class="x_gmail_quote">old</div>', "own"),
        ('<div>own</div><div id="ms-outlook-mobile-signature">Get Outlook</div>', "own"),
        ('<div>own</div><div class="gmail_signature">Ann<br>Boss</div>', "own"),
        ('<div>own</div><pre class="moz-signature">-- \nAnn</pre>', "own"),
        ('<div>own</div><div name="messageReplySection">old</div>', "own"),
        ('<div>own</div><blockquote type="cite">old</blockquote>', "own"),
        ("<div>own</div><blockquote>indented by the writer</blockquote>", "own\n\n> indented by the writer"),
        (
            (
                '<div class="gmail_quote"><div class="gmail_attr">On 1 May 2022, A &lt;a@x.org&gt; wrote:</div>'
                "<blockquote>q1</blockquote><div>answer</div><blockquote>q2</blockquote></div>"
            ),
            "> q1\n\nanswer",
        ),
        ("<p>own<br>On 1 May 2022, A &lt;a@x.org&gt; wrote:<br>old</p>", "own"),
        ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
    ],
)
def test_the_marks_of_mail_programs_are_known(html: str, own: str) -> None:
    message = parsed("From: ann@example.com", "Content-Type: text/html; charset=utf-8", body=html)

    assert message.own_text == own
    assert sanitise(message.html) == message.html


def test_nobody_outside_can_hide_words() -> None:
    html = (
        '<div class="waypost_quote">buy</div><div class="gmail_quote waypost_signature" id="waypost_quote">this</div>'
    )
    message = parsed("From: ann@example.com", "Content-Type: text/html", body=html + "<p>own</p>")

    assert "waypost_" not in without_own_marks(sanitise(html))
    assert message.html.count("waypost_") == 0 or message.own_text.startswith("buy")
    assert "buy" in message.own_text


def unwrapped(html: str) -> str:
    """The HTML without the wrapping elements of folded parts and their ends."""
    depth: list[bool] = []
    pieces: list[str] = []
    for token in re.findall(r'<div(?: [a-z]+="[^"]*")*>|</div>|(?:(?!</?div)[\s\S])+', html):
        if token.startswith("<div"):
            depth.append("waypost_" in token)
            pieces.append("" if depth[-1] else token)
        elif token == "</div>":
            pieces.append("" if depth.pop() else token)
        else:
            pieces.append(token)
    return "".join(pieces)


WORDS = st.sampled_from(
    [
        OWN, "a", "", "> old", ">> older", "-- ", "--", "Sent from my iPhone", ATTRIBUTIONS[0], ATTRIBUTIONS[5], "____",
        "From: a@b.c", "To: b@c.d", "Subject: x", "Date: 1 May 2022", "-----Original Message-----", "wrote:",
        "---------- Forwarded message ---------", "<x>", "&amp;", "  indented", "\u00a0", "mailing list:",
    ]
)  # fmt: skip


@given(st.lists(WORDS, max_size=30))
def test_folding_text_loses_no_word(words: list[str]) -> None:
    text = "\n".join(words)

    assert clean_html_to_text(fold_text(text).html) == clean_html_to_text(text_to_html(text))
    assert unwrapped(fold_text(text).html) == text_to_html(text)


TAGS = st.sampled_from(
    [
        "<div>", "</div>", "<p>", "</p>", "<br>", "<blockquote>", '<blockquote type="cite">', "</blockquote>", "<span>",
        "</span>", "<b>", "</b>", "<table><tr><td>", "</td><td>", "</td></tr></table>", "<ul><li>", "<li>", "</ul>",
        "<pre>", "</pre>", "\n", '<div class="gmail_quote">', '<div class="gmail_signature">', "<hr>",
        '<img src="cid:a">',
        '<a href="mailto:a@example.com">', "</a>", "<h1>", "</h1>",
    ]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.one_of(WORDS.map(lambda word: word.replace("<", "&lt;")), TAGS), max_size=40))
def test_folding_html_loses_no_word_and_stays_clean(pieces: list[str]) -> None:
    html = sanitise(" ".join(pieces))
    folded = fold_html(html).html

    assert unwrapped(folded) == html
    assert sanitise(folded) == folded
    assert clean_html_to_text(folded) == clean_html_to_text(html)


def test_folding_real_mails_loses_no_word() -> None:
    for folder in ("stalwart", "talon", "chatwoot", "enmime", "ruby-mail", "mimekit"):
        for path in mails(folder):
            html = parse_message(path.read_bytes()).html

            assert clean_html_to_text(unwrapped(html)) == clean_html_to_text(html), path.name
