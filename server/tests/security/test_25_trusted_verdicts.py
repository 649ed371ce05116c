"""25: mail that says of itself that it is genuine."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from tests.domains.mail.letters import Post, letter, opened
from waypost.domains.mail import Verdict

pytestmark = [pytest.mark.anyio, pytest.mark.database]

PASSED = {"spf": "pass", "dkim": "pass", "dmarc": "pass"}


@pytest.fixture
async def post(module_desk: Desk) -> Post:
    made = await opened(module_desk)
    await made.connect(trusted_authority="mx.acme.test")
    return made


@pytest.mark.parametrize(
    ("verdicts", "shown"),
    [
        ((), {}),
        ((Verdict("mx.acme.test", **PASSED),), PASSED),
        ((Verdict("mx.elsewhere.test", **PASSED),), {}),
        ((Verdict("mx.acme.test.example.net", **PASSED),), {}),
        ((Verdict("", **PASSED),), {}),
        # The sender wrote a field under the server's name; the server's own is on top.
        ((Verdict("mx.acme.test", spf="fail"), Verdict("mx.acme.test", **PASSED)), {"spf": "fail"}),
        ((Verdict("mx.acme.test", spf="pass", is_spam=False),), {"spf": "pass", "spam": False}),
    ],
)
async def test_only_the_mailboxes_own_server_is_believed(
    post: Post, verdicts: tuple[Verdict, ...], shown: dict[str, object]
) -> None:
    taken = await post.take(letter(), verdicts=verdicts)
    [thread] = await post.threads(taken.conversation_id)
    assert thread["mail"]["verdict"] == shown


async def test_a_mailbox_that_names_no_server_believes_nobody(post: Post) -> None:
    await post.connect(trusted_authority=None)
    taken = await post.take(letter(), verdicts=(Verdict("mx.acme.test", **PASSED, is_spam=True), Verdict("", **PASSED)))
    [thread] = await post.threads(taken.conversation_id)
    assert thread["mail"]["verdict"] == {}
    assert (await post.conversation(taken.conversation_id))["status"] == "active"


async def test_what_the_own_server_calls_spam_is_spam(post: Post) -> None:
    taken = await post.take(letter(), verdicts=(Verdict("mx.acme.test", is_spam=True),))
    assert (await post.conversation(taken.conversation_id))["status"] == "spam"
    assert await post.may_answer(taken) == "spam"


async def test_what_is_odd_about_a_mail_is_shown(post: Post) -> None:
    raw = letter(message_id="", List_Id="<news.example.org>")
    taken = await post.take(raw)
    [thread] = await post.threads(taken.conversation_id)
    assert thread["mail"]["from"] == {"name": "Jane Smith", "email": "jane@example.org"}
    assert thread["mail"]["listId"] == "news.example.org"
    assert thread["mail"]["warnings"] == ["no Message-ID: one was made from the content"]


async def test_the_servers_words_are_read_from_the_header_and_the_senders_are_not(post: Post) -> None:
    raw = letter(Authentication_Results="mx.acme.test; dmarc=fail header.from=example.org; spf=pass")
    forged = b"Authentication-Results: mx.acme.test; dmarc=pass; dkim=pass\r\n"
    head, rest = raw.split(b"Authentication-Results", 1)
    own, rest = rest.split(b"\r\n", 1)
    taken = await post.take(head + b"Authentication-Results" + own + b"\r\n" + forged + rest)
    [thread] = await post.threads(taken.conversation_id)
    assert thread["mail"]["verdict"] == {"spf": "pass", "dmarc": "fail"}
    assert await post.may_answer(taken) == "forged"

    filtered = letter(
        sender="bob@example.org",
        X_Spam_Checker_Version="SpamAssassin 4.0 on mx.acme.test",
        X_Spam_Flag="YES",
        Authentication_Results="mx.acme.test; dmarc=pass",
    )
    taken = await post.take(filtered)
    [thread] = await post.threads(taken.conversation_id)
    assert thread["mail"]["verdict"] == {"dmarc": "pass", "spam": True}
    assert (await post.conversation(taken.conversation_id))["status"] == "spam"


OWN = ("Authentication-Results", "mx.acme.test; dmarc=pass")


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ((("X-Spam-Flag", "YES"), OWN), {"dmarc": "pass", "spam": True}),
        # The sender has denied it beforehand, in other fields and in the same.
        ((("X-Spam-Status", "Yes, score=9"), OWN, ("X-Spam-Flag", "NO")), {"dmarc": "pass", "spam": True}),
        ((("X-Spam-Flag", "NO"), ("X-Spam-Flag", "YES"), OWN), {"dmarc": "pass", "spam": True}),
        (
            (("X-Spam", "Yes"), OWN, ("X-Spam-Checker-Version", "SpamAssassin 4 on evil.test"), ("X-Spam-Flag", "NO")),
            {"dmarc": "pass", "spam": True},
        ),
        # Nobody's word that it is none counts for nothing, and what stands below came with the message.
        ((("X-Spam-Flag", "NO"), OWN), {"dmarc": "pass"}),
        ((OWN, ("X-Spam-Flag", "YES")), {"dmarc": "pass"}),
    ],
)
async def test_that_it_is_spam_is_believed_above_the_servers_words_and_that_it_is_none_never(
    post: Post, fields: tuple[tuple[str, str], ...], verdict: dict[str, object]
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    taken = await post.take(lines.encode() + letter())
    [thread] = await post.threads(taken.conversation_id)
    assert thread["mail"]["verdict"] == verdict
    assert (await post.conversation(taken.conversation_id))["status"] == ("spam" if "spam" in verdict else "active")
