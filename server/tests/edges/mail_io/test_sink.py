"""The demo's mail sink: what is sent to it over SMTP is on the disk, in the list, in full, and nowhere else."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from tests.edges.mail_io.test_compose import outgoing
from waypost.domains.mail import Address, MailAttachment
from waypost.edges.mail_io import sunk
from waypost.edges.mail_io.compose import compose, envelope_recipients
from waypost.edges.mail_io.errors import PermanentFailure, TemporaryFailure
from waypost.edges.mail_io.sink import MOST_BYTES, MailSink, list_messages, print_message, print_messages, read_message
from waypost.edges.mail_io.smtp import SmtpServer, check, send
from waypost.kit.errors import NotFound

EVE = "eve@example.com"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncIterator[MailSink]:
    async with MailSink(tmp_path / "sink") as made:
        yield made


def server(sink: MailSink) -> SmtpServer:
    return SmtpServer.from_url(sink.url)


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def printed(folder: Path, message_id: str = "") -> str:
    output = io.StringIO()
    console = Console(file=output, width=160, force_terminal=False)
    if message_id:
        print_message(folder, message_id, console)
    else:
        print_messages(folder, console)
    return output.getvalue()


async def test_a_mail_is_kept_as_it_came_with_its_envelope(sink: MailSink) -> None:
    message = outgoing(
        subject="Grüße 日本",
        html='<p>See <img src="cid:logo@desk"></p><script>alert(1)</script>',
        text="",
        bcc=(Address("", "boss@example.com"),),
        attachments=(
            MailAttachment("logo.png", "image/png", PNG, "logo@desk", is_inline=True),
            MailAttachment("bill.pdf", "application/pdf", b"%PDF-1"),
        ),
    )
    raw = compose(message)

    report = await send(server(sink), raw, "support@acme.test", envelope_recipients(message))

    (caught,) = sink.messages()
    assert caught.id in report.reply
    assert (caught.sender, caught.subject) == ("Ann (Support) <support@acme.test>", "Grüße 日本")
    assert caught.recipients == "Eve <eve@example.com>, boss@example.com"
    assert (caught.envelope_from, caught.envelope_to) == ("support@acme.test", (EVE, "boss@example.com"))
    assert (caught.preview, caught.size) == ("See", len(raw))
    assert caught.when == f"{caught.at:%Y-%m-%d %H:%M}"
    assert (sink.folder / f"{caught.id}.eml").read_bytes() == raw

    detail = sink.message(caught.id)
    assert detail is not None
    assert ("subject", "Grüße 日本") in detail.headers
    assert detail.html.strip() == '<p>See <img src="data:image/png;base64,iVBORw0KGgo="></p>'
    assert detail.text.startswith("See")
    assert [(each.file_name, each.size) for each in detail.attachments if not each.is_inline] == [("bill.pdf", 6)]
    assert msgspec.to_builtins(caught).items() <= msgspec.to_builtins(detail).items()


async def test_mails_are_listed_newest_first_also_when_they_come_at_once(sink: MailSink) -> None:
    for number in range(3):
        await send(server(sink), compose(outgoing(subject=f"Mail {number}")), "", [EVE])
    assert [each.subject for each in sink.messages()] == ["Mail 2", "Mail 1", "Mail 0"]

    raws = [compose(outgoing(subject=f"Parallel {number}")) for number in range(20)]
    await asyncio.gather(*[send(server(sink), raw, "a@acme.test", [EVE]) for raw in raws])

    listed = sink.messages()
    assert len(listed) == 23
    assert {each.subject for each in listed[:20]} == {f"Parallel {number}" for number in range(20)}
    assert [each.id for each in listed] == sorted((each.id for each in listed), reverse=True)


async def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    async with MailSink(tmp_path, most=3) as sink:
        for number in range(5):
            await send(server(sink), compose(outgoing(subject=f"Mail {number}")), "", [EVE])
        assert [each.subject for each in sink.messages()] == ["Mail 4", "Mail 3", "Mail 2"]
    assert len(files(tmp_path)) == 6


async def test_what_was_caught_outlives_the_sink(sink: MailSink) -> None:
    await send(server(sink), compose(outgoing()), "", [EVE])
    before, port = sink.messages(), sink.port
    await sink.stop()
    await sink.stop()

    assert list_messages(sink.folder) == before
    with pytest.raises(TemporaryFailure, match="refused"):
        await check(SmtpServer("127.0.0.1", port))
    async with MailSink(sink.folder) as again:
        await send(server(again), compose(outgoing()), "", [EVE])
        assert len(again.messages()) == 2


async def test_stopping_ends_connections_that_are_open(tmp_path: Path) -> None:
    async with MailSink(tmp_path) as sink:
        reader, writer = await asyncio.open_connection("127.0.0.1", sink.port)
        assert (await reader.readline()).startswith(b"220 ")
    assert await reader.read() == b""
    writer.close()


async def test_a_port_that_is_taken_is_told(sink: MailSink, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"):
        await MailSink(tmp_path / "other", port=sink.port).start()


async def test_a_mail_that_is_too_large_is_refused(sink: MailSink) -> None:
    with pytest.raises(PermanentFailure, match="at most"):
        await send(server(sink), b"x" * (MOST_BYTES + 1), "", [EVE])
    assert sink.messages() == []


async def test_a_mail_that_cannot_be_stored_is_not_taken(sink: MailSink) -> None:
    sink.folder.rmdir()
    sink.folder.write_text("a file where the folder was")
    with pytest.raises(TemporaryFailure, match="451"):
        await send(server(sink), compose(outgoing()), "", [EVE])
    sink.folder.unlink()
    assert sink.messages() == []


@pytest.mark.parametrize(
    "raw",
    [b"", b"\r\n", b"no header at all\r\n", b"Subject: \xff\xfe\r\n\r\n\x00\xff", b"a" * 60_000, b"From: \r\n\r\n"],
)
async def test_a_mail_of_any_form_is_kept_and_shown(sink: MailSink, raw: bytes) -> None:
    await send(server(sink), raw, "ann@acme.test", ["zoë@example.com"])

    (caught,) = sink.messages()
    assert caught.sender
    assert caught.recipients == "zoë@example.com"
    assert sink.message(caught.id) is not None
    assert caught.id in printed(sink.folder)
    assert "zoë@example.com" in printed(sink.folder, caught.id)


async def test_an_id_is_never_a_path(sink: MailSink) -> None:
    await send(server(sink), compose(outgoing()), "", [EVE])
    (caught,) = sink.messages()
    (sink.folder.parent / "secret.json").write_bytes((sink.folder / f"{caught.id}.json").read_bytes())
    (sink.folder.parent / "secret.eml").write_text("secret")

    for wanted in (
        "../secret",
        "..%2fsecret",
        f"./{caught.id}",
        f"{caught.id}\0",
        f"{caught.id}\n",
        "",
        "secret",
        "/etc",
    ):
        assert sink.message(wanted) is None
        with pytest.raises(NotFound):
            read_message(sink.folder, wanted)


async def test_only_the_desk_s_own_user_can_read_what_was_caught(sink: MailSink) -> None:
    await send(server(sink), compose(outgoing()), "", [EVE])
    assert {path.stat().st_mode & 0o077 for path in (sink.folder, *files(sink.folder))} == {0}


async def test_half_a_mail_is_none(sink: MailSink) -> None:
    await send(server(sink), compose(outgoing()), "", [EVE])
    (caught,) = sink.messages()
    sidecar = sink.folder / f"{caught.id}.json"
    whole = sidecar.read_bytes()

    sidecar.write_bytes(whole[:20])
    assert sink.messages() == []
    assert sink.message(caught.id) is None
    sidecar.write_bytes(whole)
    (sink.folder / f"{caught.id}.eml").unlink()
    assert sink.message(caught.id) is None
    sidecar.unlink()
    assert sink.messages() == []


def test_a_folder_that_is_not_there_is_an_empty_sink(tmp_path: Path) -> None:
    assert list_messages(tmp_path / "none") == []
    assert "empty" in printed(tmp_path / "none")


def test_a_terminal_shows_mails_and_is_not_commanded_by_them(tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07\x1b[2J[bold red]Hi[/]\x9b31m"
    raw = (
        f"From: Eve{hostile} <eve@example.com>\r\nTo: {hostile} <ann@acme.test>\r\nSubject: S{hostile}\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nB{hostile}\r\nsecond line\r\n"
    ).encode()
    caught = sunk.store(tmp_path, raw, f"x{hostile}@example.com", [f"y{hostile}@example.com"])

    for text in (printed(tmp_path), printed(tmp_path, caught.id)):
        assert "[bold red]Hi[/]" in text
        assert not set(text) & set("\x1b\x07\x9b")
    assert "second line" in printed(tmp_path, caught.id)
    assert f"{caught.when} UTC" in printed(tmp_path, caught.id)
