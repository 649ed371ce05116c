"""Replies as some thirty mail programs write their HTML: the answer stays, what it answers is folded."""

from __future__ import annotations

import re

import pytest

from tests.edges.mail_io.sample_mail import parsed
from waypost.kit.html import unfolded

#: By the program: a reply that says `OWN words` to a message that says `OLD`.
REPLIES = {
    "owa": (
        '<div dir="ltr"><div class="elementToProof">OWN words</div><div class="elementToProof"><br></div>'
        '<div id="Signature"><div>Ann</div></div></div><div id="appendonsend"></div>'
        '<hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">'
        '<font face="Calibri"><b>From:</b> Ben &lt;ben@x.org&gt;<br><b>Sent:</b>'
        " Monday, May 2, 2022 10:00 AM<br><b>To:</b> Ann &lt;ann@x.org&gt;<br><b>Subject:</b> Re: Test</font>"
        "<div>&nbsp;</div></div><div>OLD text</div>"
    ),
    "owa2": (
        "<div>OWN words</div>"
        '<div id="mail-editor-reference-message-container" class="ms-outlook-mobile-reference-message '
        'skipProofing"><div style="border-top:1pt solid"><b>Von: </b>Ben &lt;ben@x.org&gt;<br><b>Datum: </b>'
        "Montag, 2. Mai 2022 um 10:00<br><b>An: </b>Ann<br><b>Betreff: </b>Re</div>OLD</div>"
    ),
    "ios": (
        '<html><body dir="auto">OWN words<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">'
        'Sent from my iPhone</div><div dir="ltr"><br><blockquote type="cite">'
        "On 2 May 2022, at 10:00, Ben &lt;ben@x.org&gt; wrote:<br><br></blockquote></div>"
        '<blockquote type="cite"><div dir="ltr">OLD</div></blockquote></body></html>'
    ),
    "samsung": (
        '<div dir="auto">OWN words</div><div dir="auto"><br></div><div id="composer_signature" dir="auto">'
        '<div style="font-size:12px;color:#575757" dir="auto">Sent from my Galaxy</div></div><div dir="auto">'
        '<br></div><div><br></div><div align="left" dir="auto" style="font-size:100%;color:#000000"><div>'
        "-------- Original message --------</div><div>From: Ben &lt;ben@x.org&gt; </div><div>"
        "Date: 5/2/22  10:00  (GMT+01:00) </div><div>To: ann@x.org </div><div>Subject: Test </div><div><br>"
        "</div></div><div>OLD</div>"
    ),
    "yahoo": (
        '<div class="ydp1"><div>OWN words</div><div><br></div></div><div id="ydp2" class="yahoo_quoted"><div>'
        "On Monday, May 2, 2022, 10:00:00 AM GMT+2, Ben &lt;ben@x.org&gt; wrote:</div><div><br></div><div>"
        "OLD</div></div>"
    ),
    "gmx": (
        "<div>OWN words</div><div>"
        '&nbsp;<div name="quote" style="margin:10px 5px 5px 10px;border-left:2px solid #C3D9E5">'
        '<div style="margin:0 0 10px 0;"><b>Gesendet:</b>&nbsp;Montag, 2. Mai 2022 um 10:00 Uhr<br/><b>'
        "Von:</b>&nbsp;Ben &lt;ben@x.org&gt;<br/><b>An:</b>&nbsp;ann@gmx.de<br/><b>Betreff:</b>"
        '&nbsp;Test</div><div name="quoted-content">OLD</div></div></div>'
    ),
    "gmx2": (
        '<div>OWN words</div><div class="signature">Gesendet mit der mobilen Mail App</div><div><br>'
        "Am 02.05.22 um 10:00 schrieb Ben</div><blockquote>OLD</blockquote>"
    ),
    "zimbra": (
        '<div>OWN words</div><div><br></div><hr id="zwchr" data-marker="__DIVIDER__">'
        '<div data-marker="__HEADERS__"><b>De: </b>"Ben" &lt;ben@x.org&gt;<br><b>À: </b>'
        '"Ann" &lt;ann@x.org&gt;<br><b>Envoyé: </b>Lundi 2 Mai 2022 10:00:00<br><b>Objet: </b>Test</div><div>'
        "<br></div><div>OLD</div>"
    ),
    "notes": (
        '<font size=2 face="sans-serif">OWN words</font><br><br><br>'
        '<font size=1 color=#5f5f5f face="sans-serif">From: &nbsp; &nbsp; &nbsp; &nbsp;</font>'
        '<font size=1 face="sans-serif">Ben/ACME</font><br><font size=1 color=#5f5f5f>'
        "To: &nbsp; &nbsp;</font><font size=1>Ann/ACME@ACME</font><br><font size=1>Date: &nbsp; &nbsp;</font>"
        "<font size=1>02.05.2022 10:00</font><br><font size=1>Subject: &nbsp; &nbsp;</font><font size=1>"
        "Test</font><br><hr noshade><br>OLD"
    ),
    "notesTable": (
        "<p>OWN words</p><table><tr><td>From:</td><td>Ben &lt;ben@x.org&gt;</td></tr><tr><td>To:</td><td>"
        "ann@x.org</td></tr><tr><td>Date:</td><td>2 May 2022</td></tr><tr><td>Subject:</td><td>Test</td></tr>"
        "</table><hr><p>OLD</p>"
    ),
    "spark": (
        '<div name="messageBodySection"><div dir="auto">OWN words</div></div>'
        '<div name="messageSignatureSection"><br><div>Ann</div></div><div name="messageReplySection">'
        'On 2 May 2022, 10:00 +0200, Ben &lt;ben@x.org&gt;, wrote:<br><blockquote type="cite">'
        "OLD</blockquote></div>"
    ),
    "superhuman": (
        '<div><div><div style="display: none; border: 0px;"></div><div>OWN words</div><br>'
        '<div class="sh-signature"><div>Ann</div></div><br><div class="sh-quoted-content">'
        '<div class="gmail_quote">On Mon, May 02, 2022 at 10:00 AM, Ben <span>&lt;<a href="mailto:ben@x.org">'
        'ben@x.org</a>&gt;</span> wrote:<br><blockquote class="gmail_quote">OLD</blockquote></div></div>'
        "</div></div>"
    ),
    "mailbird": (
        '<div>OWN words</div><br><blockquote class="history_container" type="cite"><p>'
        "On 5/2/2022 10:00:00 AM, Ben &lt;ben@x.org&gt; wrote:</p>OLD</blockquote>"
    ),
    "proton": (
        '<div style="font-family: Arial">OWN words</div>'
        '<div class="protonmail_signature_block protonmail_signature_block-empty"><div>'
        'Sent with <a href="https://proton.me">Proton Mail</a> secure email.</div></div>'
        '<div class="protonmail_quote">------- Original Message -------<br>'
        "On Monday, May 2nd, 2022 at 10:00, Ben &lt;ben@x.org&gt; wrote:<br><br>"
        '<blockquote class="protonmail_quote" type="cite">OLD</blockquote><br></div>'
    ),
    "yandex": (
        '<div>OWN words</div><div>&nbsp;</div><div>02.05.2022, 10:00, "Ben" &lt;ben@x.org&gt;:</div>'
        "<blockquote><p>OLD</p></blockquote>"
    ),
    "qq": (
        "<div>OWN words</div><div><br></div>"
        '<div style="font-size: 12px;font-family: Arial Narrow;padding:2px 0 2px 0;">'
        "------------------&nbsp;原始邮件&nbsp;------------------</div>"
        '<div style="font-size: 12px;background:#efefef;padding:8px;"><div><b>发件人:</b>'
        '&nbsp;"Ben"&lt;ben@x.org&gt;;</div><div><b>发送时间:</b>&nbsp;2022年5月2日(星期一) 上午10:00</div><div><b>'
        '收件人:</b>&nbsp;"Ann"&lt;ann@x.org&gt;;</div><div><b>主题:</b>&nbsp;Test</div></div><div>OLD</div>'
    ),
    "163": (
        '<div>OWN words</div><div id="divNeteaseMailCard"></div><p>'
        'At 2022-05-02 10:00:00, "Ben" &lt;ben@x.org&gt; wrote:</p>'
        '<blockquote id="isReplyContent" style="margin: 0">OLD</blockquote>'
    ),
    "163cn": (
        '<div>OWN words</div><pre>在 2022-05-02 10:00:00，"Ben" &lt;ben@x.org&gt; 写道：</pre>'
        '<blockquote id="isReplyContent">OLD</blockquote>'
    ),
    "gmail sig": (
        '<div dir="ltr">OWN words<br clear="all"><div><br></div><span class="gmail_signature_prefix">'
        '-- </span><br><div dir="ltr" class="gmail_signature" data-smartmail="gmail_signature">Ann</div>'
        '</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        'On Mon, May 2, 2022 at 10:00 AM Ben &lt;<a href="mailto:ben@x.org">ben@x.org</a>&gt; wrote:<br>'
        '</div><blockquote class="gmail_quote" style="margin:0px">OLD</blockquote></div>'
    ),
    "hey": (
        '<div class="trix-content"><div>OWN words</div></div><blockquote>'
        "On May 2, 2022, Ben &lt;ben@x.org&gt; wrote:<br><br>OLD</blockquote>"
    ),
    "front": (
        '<div><div>OWN words</div><div class="front-signature">Ann</div><br><div class="front-blockquote">'
        'On May 2, 2022, 10:00 AM GMT+2 ben@x.org wrote:<br><br><blockquote type="cite">OLD</blockquote>'
        "</div></div>"
    ),
    "naver": (
        "<div>OWN words</div><div><br></div><div>-----Original Message-----</div><div><b>From:</b>"
        ' "Ben" &lt;ben@x.org&gt;</div><div><b>To:</b> ann@x.org</div><div><b>Cc:</b></div><div><b>Sent:</b>'
        " 2022-05-02 (월) 10:00:00 (GMT+09:00)</div><div><b>Subject:</b> Test</div><div>OLD</div>"
    ),
    "outlookmac": (
        '<div class="WordSection1"><p class="MsoNormal">OWN words</p><p class="MsoNormal">&nbsp;</p>'
        '<div style="border:none;border-top:solid #B5C4DF 1.0pt"><p class="MsoNormal"><b><span>From: </span>'
        "</b><span>Ben &lt;ben@x.org&gt;<br><b>Date: </b>Monday, 2 May 2022 at 10:00<br><b>To: </b>"
        'Ann &lt;ann@x.org&gt;<br><b>Subject: </b>Re: Test</span></p></div><p class="MsoNormal">OLD</p></div>'
    ),
    "outlookjp": (
        '<div class="WordSection1"><p>OWN words</p><p><b>差出人:</b> Ben &lt;ben@x.org&gt;<br><b>送信日時:</b>'
        " 2022年5月2日 10:00<br><b>宛先:</b> Ann &lt;ann@x.org&gt;<br><b>件名:</b> Test</p><p>OLD</p></div>"
    ),
    "roundcube": (
        '<p>OWN words</p><p id="reply-intro">On 2022-05-02 10:00, Ben wrote:</p>'
        '<blockquote type="cite" style="padding: 0 0.4em">OLD</blockquote>'
    ),
    "fastmail": (
        "<div>OWN words</div><div>On Mon, 2 May 2022, at 10:00 AM, Ben wrote:</div>"
        '<blockquote type="cite" id="qt" style="">OLD</blockquote><div><br></div>'
    ),
    "tutanota": (
        "<div>OWN words<br></div><div><br></div><div>2. Mai 2022, 10:00 von ben@x.org:<br></div>"
        '<blockquote class="tutanota_quote" style="border-left: 1px solid #93A3B8">OLD</blockquote>'
    ),
    "bluemail": (
        '<div>OWN words</div><div id="blue-sig">Get <a href="http://www.bluemail.me">BlueMail for Android</a>'
        '</div><div class="gmail_quote">On May 2, 2022, at 10:00 AM, Ben &lt;<a href="mailto:ben@x.org">'
        'ben@x.org</a>&gt; wrote:<blockquote class="gmail_quote">OLD</blockquote></div>'
    ),
    "alimail": (
        '<div class="__aliyun_email_body_block"><div>OWN words</div><blockquote style="margin-right:0"><div>'
        "------------------------------------------------------------------</div><div>"
        "发件人：Ben &lt;ben@x.org&gt;</div><div>发送时间：2022年5月2日(星期一) 10:00</div><div>"
        "收件人：Ann &lt;ann@x.org&gt;</div><div>主\u3000题：Test</div><div>OLD</div></blockquote></div>"
    ),
}


@pytest.mark.parametrize("program", REPLIES)
def test_the_answer_is_what_is_left(program: str) -> None:
    message = parsed("From: a@b.example", "Subject: Re: x", "Content-Type: text/html", body=REPLIES[program])
    seen = re.sub("<[^>]*>", " ", unfolded(message.html))

    assert message.own_text.split() == ["OWN", "words"]
    assert "OLD" in message.html
    assert "OLD" not in seen


def test_pictures_below_the_words_are_words_too() -> None:
    html = "<p>It looks so:</p><p><img src='cid:a'></p><p><img src='cid:b'></p>"

    assert "waypost_" not in parsed("From: a@b.example", "Content-Type: text/html", body=html).html


def test_a_paragraph_below_dashes_is_no_signature() -> None:
    text = "One thing.\n\n--\n\n" + "Another thing that takes a longer time to tell. " * 5

    assert "Another thing" in parsed("From: a@b.example", body=text).own_text
