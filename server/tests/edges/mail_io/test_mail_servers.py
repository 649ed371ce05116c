"""The mail servers that other tests stand on do what those tests take for granted."""

from __future__ import annotations

import imaplib

import pytest

from tests.edges.mail_io.dovecot import Dovecot, needs_dovecot
from tests.edges.mail_io.postfix import needs_postfix, running_postfix
from tests.edges.mail_io.servers import Receiver, receiving
from tests.kit.waiting import until

pytestmark = pytest.mark.anyio
HELP = "help@acme.test"


def _subjects(server: Dovecot, folder: str = "INBOX") -> list[bytes]:
    with server.client(HELP, folder) as imap:
        _, found = imap.uid("search", "ALL")  # type: ignore[arg-type]
        uids = found[0].split()
        parts = [imap.uid("fetch", uid.decode(), "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1][0] for uid in uids]
    return [part[1].strip() for part in parts]


@needs_dovecot
async def test_dovecot_keeps_its_mail_through_a_crash(dovecot: Dovecot) -> None:
    dovecot.append(HELP, b"Subject: one\r\n\r\nBy IMAP\r\n")
    dovecot.deliver("ann@example.org", [HELP], b"Subject: two\r\n\r\nBy LMTP\r\n")
    await dovecot.kill()
    with pytest.raises(ConnectionRefusedError):
        imaplib.IMAP4(dovecot.host, dovecot.port)
    await dovecot.start()
    assert _subjects(dovecot) == [b"Subject: one", b"Subject: two"]


@needs_dovecot
async def test_dovecot_gives_a_folder_another_validity(dovecot: Dovecot) -> None:
    dovecot.append(HELP, b"Subject: one\r\n\r\nWords\r\n")
    with dovecot.client(HELP) as imap:
        before = imap.response("UIDVALIDITY")[1]
    dovecot.new_validity(HELP)
    with dovecot.client(HELP) as imap:
        assert imap.response("UIDVALIDITY")[1] != before
    assert _subjects(dovecot) == [b"Subject: one"]


@needs_postfix
async def test_postfix_tries_again_what_was_refused_for_now() -> None:
    receiver = Receiver({"DATA": "451 4.3.0 Later"})
    async with receiving(receiver) as port, running_postfix(f"smtp:[127.0.0.1]:{port}") as postfix:
        postfix.send("ann@example.org", [HELP], b"Subject: one\r\n\r\nWords\r\n")
        await until(lambda: "status=deferred" in postfix.log)
        receiver.refusals.clear()
        await until(postfix.is_empty)
        assert [mail.rcpt_tos for mail in receiver.mails] == [[HELP]]
