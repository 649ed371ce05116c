"""Mail servers hand over by SMTP and LMTP: 250 means that it is safe, everything else that they still have it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import smtplib
import ssl
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosmtplib
import pytest

from tests.desk import Desk, running_desk
from tests.edges.mail_io.incoming import connect, letter, rows, subjects
from tests.edges.mail_io.servers import certificate
from tests.make import AccountMade
from tests.small_disk import small_disk
from waypost.domains.mailboxes import Mailbox
from waypost.edges.mail_io.mail_listener import MOST_AT_ONCE, MailListener, Protocol, Rules

pytestmark = pytest.mark.anyio
Result = TypeVar("Result")
_clients = ThreadPoolExecutor(16)


@asynccontextmanager
async def listening(desk: Desk, protocol: Protocol = "smtp", **rules: Any) -> AsyncIterator[MailListener]:
    made = MailListener(
        desk.transactions, desk.parts.files, Rules(**{"protocol": protocol, "place": "127.0.0.1:0", **rules})
    )
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@pytest.fixture
async def account(module_desk: Desk) -> AccountMade:
    return await module_desk.make.account()


@pytest.fixture
async def mailbox(module_desk: Desk, account: AccountMade) -> Mailbox:
    return await module_desk.make.mailbox(account)


async def talk(
    port: int, conversation: Callable[[smtplib.SMTP], Result], kind: type[smtplib.SMTP] = smtplib.SMTP
) -> Result:
    """A conversation in a thread, as the client blocks."""

    def run() -> Result:
        with contextlib.closing(kind("127.0.0.1", port, timeout=20)) as client:
            if kind is smtplib.LMTP:
                client.ehlo_or_helo_if_needed()
            return conversation(client)

    # Not the loop's own threads: the listener writes to disk in those.
    return await asyncio.get_running_loop().run_in_executor(_clients, run)


async def send(port: int, recipients: list[str], raw: bytes) -> tuple[int, str]:
    """What became of a message: the answer to it."""

    def hand_over(client: smtplib.SMTP) -> tuple[int, str]:
        client.ehlo()
        client.mail("ann@example.org")
        for recipient in recipients:
            client.rcpt(recipient)
        code, words = client.data(raw)
        return code, words.decode()

    return await talk(port, hand_over)


async def test_mail_for_addresses_aliases_and_plus_addresses_is_taken(
    module_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    local, _, host = mailbox.email.partition("@")
    alias = f"sales-{mailbox.id}@acme.test"
    await connect(module_desk, account, mailbox, aliases=(alias,))
    async with listening(module_desk) as listener:
        for number, address in enumerate((mailbox.email.upper(), alias, f"{local}+tok.en+x@{host}")):
            assert await send(listener.port, [address], letter(number)) == (250, "2.0.0 OK")
    await module_desk.run_workers()
    assert await subjects(module_desk, mailbox) == ["Letter 0", "Letter 1", "Letter 2"]
    (envelope,) = (await rows(module_desk, mailbox, "envelope"))[2]
    assert envelope["recipients"] == [f"{local}+tok.en+x@{host}"]
    assert (envelope["mail_from"], envelope["peer"]) == ("ann@example.org", "127.0.0.1")


async def test_unknown_recipients_are_refused_and_nothing_is_sent_on(module_desk: Desk, mailbox: Mailbox) -> None:
    async with listening(module_desk) as listener:

        def try_all(client: smtplib.SMTP) -> list[tuple[int, bytes]]:
            client.ehlo()
            client.mail("ann@example.org")
            others = (
                "bob@elsewhere.example",
                f"{mailbox.email}@elsewhere.example",
                f'"{mailbox.email}"@elsewhere.example',
            )
            return [*(client.rcpt(each) for each in (*others, "+token@acme.test")), client.docmd("DATA")]

        answers = await talk(listener.port, try_all)
    assert [code for code, _ in answers] == [550, 553, 550, 550, 503]
    assert answers[0][1].startswith(b"5.1.1")


async def test_one_mail_to_two_mailboxes_is_one_conversation_in_each(
    module_desk: Desk, account: AccountMade, mailbox: Mailbox
) -> None:
    other = await module_desk.make.mailbox(account)
    async with listening(module_desk) as listener:
        for _ in range(2):
            assert (await send(listener.port, [mailbox.email, other.email, mailbox.email], letter(1)))[0] == 250
    await module_desk.run_workers()
    assert await subjects(module_desk, mailbox) == await subjects(module_desk, other) == ["Letter 1"]


async def test_eight_servers_deliver_the_same_three_mails_at_once(module_desk: Desk, mailbox: Mailbox) -> None:
    raws = [letter(1), letter(2, answers=1), letter(3, answers=2)]
    async with listening(module_desk) as listener:
        for raw in raws:
            answers = await asyncio.gather(*(send(listener.port, [mailbox.email], raw) for _ in range(8)))
            assert {code for code, _ in answers} == {250}
    await module_desk.run_workers()
    assert await subjects(module_desk, mailbox) == ["Letter 1"]
    assert await rows(module_desk, mailbox, "state, outcome") == [
        ("done", "conversation"), ("done", "thread"), ("done", "thread")
    ]  # fmt: skip


async def test_lmtp_answers_for_each_recipient(module_desk: Desk, account: AccountMade, mailbox: Mailbox) -> None:
    gone = await module_desk.make.mailbox(account)
    async with listening(module_desk, "lmtp") as listener:

        def hand_over(client: smtplib.SMTP) -> tuple[tuple[int, bytes], list[tuple[int, bytes]]]:
            assert client.has_extn("pipelining")
            assert client.has_extn("enhancedstatuscodes")
            client.mail("ann@example.org")
            named = [client.rcpt(each) for each in (mailbox.email, "nobody@acme.test", gone.email)]
            assert [code for code, _ in named] == [250, 550, 250]
            return client.data(letter(1)), [client.getreply()]

        first, rest = await talk(listener.port, hand_over, smtplib.LMTP)
    assert [first[0], *(code for code, _ in rest)] == [250, 250]
    await module_desk.run_workers()
    assert await subjects(module_desk, mailbox) == await subjects(module_desk, gone) == ["Letter 1"]


async def test_pipelined_commands_are_answered_in_order(module_desk: Desk, mailbox: Mailbox) -> None:
    async with listening(module_desk) as listener:
        reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await reader.readline()
        said = f"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<{mailbox.email}>\r\nRCPT TO:<no@no.test>\r\nDATA\r\n"
        writer.write(said.encode())
        writer.write(letter(1) + b"..dots\r\n.\r\nQUIT\r\n")
        answers = (await asyncio.wait_for(reader.read(), 20)).decode()
        writer.close()
    finals = [line[:3] for line in answers.splitlines() if line[3] == " "]
    assert finals == ["250", "250", "250", "550", "354", "250", "221"]
    key, envelope = (await rows(module_desk, mailbox, "storage_key, envelope"))[0]
    assert "mail_from" not in envelope
    assert await module_desk.parts.files.read(key) == letter(1) + b".dots\r\n"


async def test_what_is_too_large_is_refused_for_good(module_desk: Desk, mailbox: Mailbox) -> None:
    async with listening(module_desk, most_bytes=10_000) as listener:
        assert (await send(listener.port, [mailbox.email], letter(1, body="x" * 20_000)))[0] == 552

        def announce(client: smtplib.SMTP) -> int:
            client.ehlo()
            return client.mail("ann@example.org", ["SIZE=20000"])[0]

        assert await talk(listener.port, announce) == 552
        assert (await send(listener.port, [mailbox.email], letter(2, body="x" * 5_000)))[0] == 250
    assert len(await rows(module_desk, mailbox)) == 1


async def test_mail_that_cannot_be_noted_stays_with_its_server(desk: Desk) -> None:
    mailbox = await desk.make.mailbox(await desk.make.account())
    async with listening(desk) as listener:
        async with desk.connection() as connection:
            await connection.execute("alter table mail_intake rename to away")
        assert (await send(listener.port, [mailbox.email], letter(1)))[0] == 451
        async with desk.connection() as connection:
            await connection.execute("alter table away rename to mail_intake")
        assert (await send(listener.port, [mailbox.email], letter(1)))[0] == 250
        await desk.pool.close()

        def name(client: smtplib.SMTP) -> int:
            client.ehlo()
            client.mail("ann@example.org")
            return client.rcpt(mailbox.email)[0]

        assert await talk(listener.port, name) == 451


async def test_a_full_disk_is_told_and_leaves_nothing_half_done(database_url: str, tmp_path: Path) -> None:
    large = letter(1, body="x" * 400_000)
    with small_disk(tmp_path / "files") as full:
        async with running_desk(database_url, tmp_path / "desk", files_url=str(tmp_path / "files")) as desk:
            mailbox = await desk.make.mailbox(await desk.make.account())
            async with listening(desk) as listener:
                with full():
                    assert await send(listener.port, [mailbox.email], large) == (
                        452,
                        "4.3.1 No room for the message now, try later",
                    )
                assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []
                assert (await send(listener.port, [mailbox.email], letter(2)))[0] == 250
            await desk.run_workers()
            assert await subjects(desk, mailbox) == ["Letter 2"]


async def test_starttls_is_offered_with_a_certificate_and_nobody_can_sign_in(
    module_desk: Desk, mailbox: Mailbox, tmp_path: Path
) -> None:
    tls, trusted = certificate(tmp_path, "localhost", "127.0.0.1")
    async with listening(module_desk, tls=tls) as listener:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1",
            port=listener.port,
            start_tls=True,
            tls_context=ssl.create_default_context(cafile=trusted),
        )
        async with client:
            assert not client.supports_extension("auth")
            await client.sendmail("ann@example.org", [mailbox.email], letter(1))
    assert len(await rows(module_desk, mailbox)) == 1


async def test_only_named_peers_hand_over_and_nobody_takes_all_connections(module_desk: Desk, mailbox: Mailbox) -> None:
    async with listening(module_desk, peers=(ipaddress.ip_network("192.0.2.0/24"),)) as listener:
        with pytest.raises(smtplib.SMTPConnectError, match="554"):
            await send(listener.port, [mailbox.email], letter(1))
    async with listening(
        module_desk, peers=(ipaddress.ip_network("127.0.0.0/8"),), most_connections_of_a_peer=2
    ) as listener:
        held = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(2)]
        for reader, _ in held:
            assert (await reader.readline()).startswith(b"220")
        with pytest.raises(smtplib.SMTPConnectError, match="421"):
            await send(listener.port, [mailbox.email], letter(1))
        for _, writer in held:
            writer.write(b"QUIT\r\n")
        for reader, writer in held:
            await reader.read()
            writer.close()
        assert (await send(listener.port, [mailbox.email], letter(1)))[0] == 250


async def drip(port: int, recipient: str, source: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A sender that has begun a message and does not go on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    writer.write(f"HELO slow\r\nMAIL FROM:<ann@example.org>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
    for _ in range(4):
        await reader.readline()
    writer.write(b"Subject: slo")
    return reader, writer


async def test_a_peer_that_sends_slowly_leaves_room_for_others(module_desk: Desk, mailbox: Mailbox) -> None:
    async with listening(module_desk) as listener:
        slow = [await drip(listener.port, mailbox.email, "127.0.0.2") for _ in range(MOST_AT_ONCE + 1)]
        assert await send(listener.port, [mailbox.email], letter(1)) == (250, "2.0.0 OK")
        for _, writer in slow:
            writer.close()


async def test_a_message_that_takes_too_long_is_hung_up_on(module_desk: Desk, mailbox: Mailbox) -> None:
    async with listening(module_desk, data_s=0.05) as listener:
        reader, writer = await drip(listener.port, mailbox.email, "127.0.0.1")
        assert await reader.readline() == b"354 End data with <CR><LF>.<CR><LF>\r\n"
        assert await reader.read() == b""
        writer.close()
    assert await subjects(module_desk, mailbox) == []


async def test_a_unix_socket_takes_mail_too(module_desk: Desk, mailbox: Mailbox, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    path.touch()

    def hand_over() -> None:
        with smtplib.LMTP(str(path)) as client:
            client.sendmail("ann@example.org", [mailbox.email], letter(1))

    async with listening(module_desk, "lmtp", place=f"unix:{path}"):
        await asyncio.get_running_loop().run_in_executor(_clients, hand_over)
    assert len(await rows(module_desk, mailbox)) == 1
