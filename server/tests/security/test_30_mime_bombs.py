"""Attack 30: mails that are small to send and large to read: thousands of parts, endless headers, text that grows.

Each is read in a process of its own, so that what it takes can be told from what the tests take. The guard of half a
minute is far beyond what any of them needs on the slowest machine.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

GUARD_S = 30
MOST_EXTRA = 64 * 1024 * 1024
#: Each is a Python expression for a mail's bytes, so that the mail itself never passes through a pipe.
BOMBS = {
    "ten thousand parts": (
        "MIXED + b''.join(b'--b\\r\\nContent-Type: text/plain\\r\\n\\r\\npart %d\\r\\n' % n for n in range(10_000))"
    ),
    "ten thousand HTML parts": "MIXED + b'--b\\r\\nContent-Type: text/html\\r\\n\\r\\n<p>x</p>\\r\\n' * 10_000",
    "five hundred levels": (
        "b''.join(b'Content-Type: multipart/mixed; boundary=b%d\\r\\n\\r\\n--b%d\\r\\n' % (n, n) for n in range(500))"
        " + b'\\r\\nx'"
    ),
    "messages in messages": "b'Content-Type: message/rfc822\\r\\n\\r\\n' * 30_000 + b'\\r\\nx'",
    "a header of 100 MB": "b'From: a@b.example\\r\\nX-A: ' + b'a' * 100_000_000 + b'\\r\\n\\r\\nthe body'",
    "a million fields": "b'X-A: aaaaaaaaaa\\r\\n' * 1_000_000 + b'\\r\\nthe body'",
    "quoted-printable": "QP + b'=41' * 6_000_000",
    "soft line breaks": "QP + b'=\\r\\n' * 4_000_000",
    "quote marks": "b'\\r\\n' + b'>' * 4_000_000",
    "quoted lines": "b'\\r\\n' + b'> a\\r\\n' * 1_000_000",
    "attributions": "b'\\r\\n' + b'On 1 May 2022, Ann <a@b.c> wrote:\\r\\n' * 200_000",
    "header blocks": "b'\\r\\n' + b'From: a@b.c\\r\\nTo: b@c.d\\r\\n' * 200_000",
    "signatures": "b'\\r\\n' + b'x\\r\\n-- \\r\\n' * 300_000",
    "HTML quotes": "HTML + b'<blockquote type=cite>a' * 90_000",
    "HTML lines": "HTML + b'a<br>' * 900_000",
    "HTML paragraphs": "HTML + b'<p>a</p>' * 45_000",
    "HTML forwarded lines": (
        "b'Subject: Fwd: x\\r\\n' + HTML + b'---------- Forwarded message ---------<br>From: a@b.c<br>To: b@c.d<br>'"
        " + b'a<br>' * 900_000"
    ),
    "HTML reopened elements": ("HTML + b'<p>' + b''.join(b'<font size=%d>' % n for n in range(48)) + b'x<p>' * 20_000"),
    "HTML attributes": (
        "HTML + (b'<p ' + b' '.join(b'%c%c' % (97 + n // 26, 97 + n % 26) for n in range(48)) + b'>x') * 30_000"
    ),
    "HTML styles": "HTML + b''.join(b'<p style=\"color:#%06x\">x' % n for n in range(90_000))",
    "HTML on one line": "HTML + b'x ' * 4_000_000",
    "HTML in many parts": (
        "MIXED + (b'--b\\r\\nContent-Type: text/html\\r\\n\\r\\n' + b'<p>x' * 90_000 + b'\\r\\n') * 20"
    ),
    "HTML of wide characters": (
        "b'Content-Type: text/html; charset=utf-8\\r\\n\\r\\n' + b'<p>\\xf0\\x9f\\x98\\x80' * 1_000_000"
    ),
    "wide characters": (
        "b'Content-Type: text/plain; charset=utf-8\\r\\n\\r\\n' + b'\\xf0\\x9f\\x98\\x80\\r\\n' * 1_000_000"
    ),
    "HTML cells": "HTML + b'<table><tr><td>a' * 30_000",
    "gmail quotes": "HTML + b'<div class=gmail_quote>On 1 May 2022, A wrote:</div>a' * 45_000",
    "uuencoded files": "b'\\r\\n' + b'begin 644 a\\r\\nend\\r\\n' * 300_000",
    "yEnc files": "b'\\r\\n' + b'=ybegin size=1 name=a\\r\\na\\r\\n=yend\\r\\n' * 150_000",
    "calendars": "MIXED + b'--b\\r\\nContent-Type: text/calendar\\r\\n\\r\\nBEGIN:VCALENDAR\\r\\n' * 10_000",
    "delivery reports": (
        "b'From: MAILER-DAEMON@x.example\\r\\nReturn-Path: <>\\r\\nSubject: Undeliverable\\r\\n\\r\\n'"
        " + b'<a@b.example>: 550 no\\r\\n' * 200_000"
    ),
}
READER = """
import ctypes, gc, json, sys
from waypost.edges.mail_io.parse import parse_message
MIXED = b"From: a@b.example\\r\\nContent-Type: multipart/mixed; boundary=b\\r\\n\\r\\n"
QP = b"Content-Transfer-Encoding: quoted-printable\\r\\n\\r\\n"
HTML = b"Content-Type: text/html\\r\\n\\r\\n"

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field)) * 1024

parse_message(HTML + b"<p>Hello</p><blockquote type=cite>x</blockquote>")
raw = eval(sys.argv[1])
gc.collect()
ctypes.CDLL(None).malloc_trim(0)
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
before = memory("VmRSS:")
message = parse_message(raw)
extra = memory("VmHWM:") - before
sizes = [len(file.data) for file in message.attachments]
found = {"extra": extra, "files": sum(sizes), "warnings": message.warnings, "count": len(sizes)}
print(json.dumps(found))
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little_memory_and_is_read(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READER, BOMBS[name]], capture_output=True, text=True, timeout=GUARD_S, check=True
    )
    found = json.loads(done.stdout)

    assert not [warning for warning in found["warnings"] if "could not be parsed" in warning]
    assert found["count"] <= 500
    # What is kept as a file is a part of the mail itself; beside that, reading may take so much and no more.
    assert found["extra"] - found["files"] < MOST_EXTRA, f"{found['extra'] / 1e6:.0f} MB"
