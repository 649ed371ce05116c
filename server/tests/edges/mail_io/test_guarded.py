"""Where connections to mail servers may go: checked once, by the rules of webhooks, and to what was checked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.edges.mail_io.servers import saying
from waypost.edges.mail_io.guarded import Unreachable, checked_address, connected
from waypost.kit.addresses import Allowance
from waypost.kit.safe_http import Outgoing, OutgoingRules

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def outgoing(*allowed: str, answers: list[list[str]] | None = None) -> AsyncIterator[tuple[Outgoing, list[str]]]:
    """A client whose look-ups give the next of `answers`, the last one for ever, and the names it looked up."""
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        if answers is None:
            raise OSError("no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    made = Outgoing(OutgoingRules(tuple(Allowance.parse(text) for text in allowed)), resolve=resolve)
    try:
        yield made, asked
    finally:
        await made.close()


@pytest.mark.parametrize("port", [25, 143, 465, 587, 993, 2525])
async def test_a_public_mail_server_may_be_reached_on_any_port(port: int) -> None:
    async with outgoing(answers=[["8.8.8.8"]]) as (client, _):
        assert await checked_address(client, "mx.example", port) == "8.8.8.8"


@pytest.mark.parametrize(
    "answers",
    [["127.0.0.1"], ["10.0.0.5"], ["169.254.169.254"], ["::1"], ["fd00::1"], ["8.8.8.8", "192.168.0.1"], ["0.0.0.0"]],
)
async def test_private_addresses_are_refused_however_public_the_name_is(answers: list[str]) -> None:
    async with outgoing(answers=[answers]) as (client, _):
        with pytest.raises(Unreachable, match="WAYPOST_OUTGOING_ALLOW") as caught:
            await checked_address(client, "mx.example", 993)
    assert caught.value.kind == "blocked-address"
    # What the name leads to inside is nobody's business.
    assert not any(answer in caught.value.message for answer in answers)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.1.2.3", "::ffff:127.0.0.1"])
async def test_numbers_are_judged_like_names(host: str) -> None:
    async with outgoing() as (client, asked):
        with pytest.raises(Unreachable) as caught:
            await checked_address(client, host, 143)
    assert caught.value.kind == "blocked-address"
    assert not asked


@pytest.mark.parametrize("host", ["localhost", "127.1", "0x7f.1", "2130706433"])
async def test_odd_spellings_lead_nowhere_with_the_real_resolver(host: str) -> None:
    client = Outgoing(OutgoingRules())
    try:
        with pytest.raises(Unreachable) as caught:
            await checked_address(client, host, 143)
    finally:
        await client.close()
    assert caught.value.kind in ("blocked-address", "dns")


async def test_an_allowance_holds_for_its_port_alone() -> None:
    async with outgoing("127.0.0.1:143", answers=[["127.0.0.1"]]) as (client, _):
        assert await checked_address(client, "mail.internal", 143) == "127.0.0.1"
        with pytest.raises(Unreachable) as caught:
            await checked_address(client, "mail.internal", 5432)
    assert caught.value.kind == "blocked-address"


async def test_a_name_without_an_address_is_said_to_be_one() -> None:
    async with outgoing() as (client, _):
        with pytest.raises(Unreachable, match=r"no\.such\.example") as caught:
            await connected(client, "no.such.example", 993)
    assert caught.value.kind == "dns"


async def test_the_connection_goes_to_the_address_that_was_checked_and_nothing_is_looked_up_again() -> None:
    async with (
        saying("220 hello") as port,
        outgoing("127.0.0.1", answers=[["127.0.0.1"], ["8.8.8.8"]]) as (client, asked),
    ):
        made = await connected(client, "mx.example", port)
        try:
            assert made.getpeername() == ("127.0.0.1", port)
            assert await asyncio.get_running_loop().sock_recv(made, 9) == b"220 hello"
        finally:
            made.close()
    assert asked == ["mx.example"]


async def test_a_second_address_is_tried_when_the_first_does_not_answer() -> None:
    async with (
        saying("220 hello") as port,
        outgoing("127.0.0.0/8", answers=[["127.0.0.2", "127.0.0.1"]]) as (client, _),
    ):
        made = await connected(client, "mx.example", port)
        made.close()


async def test_a_closed_port_is_a_refusal() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with outgoing("127.0.0.1") as (client, _):
        with pytest.raises(Unreachable, match=f"port {port}") as caught:
            await connected(client, "127.0.0.1", port)
    assert caught.value.kind == "refused"


async def test_a_server_that_never_answers_is_left() -> None:
    # A full backlog: the kernel drops what comes then, as a firewall does.
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for each in (first, second):
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        async with outgoing("127.0.0.1") as (client, _):
            with pytest.raises(Unreachable) as caught:
                await connected(client, "127.0.0.1", full.getsockname()[1], timeout_s=0.2)
    assert caught.value.kind == "timeout"
