"""Postfix hands its mail over to the desk, and keeps what the desk cannot take now."""

from __future__ import annotations

import asyncio

import pytest

from tests.desk import Desk
from tests.edges.mail_io.incoming import letter, subjects
from tests.edges.mail_io.postfix import needs_postfix, running_postfix
from tests.edges.mail_io.test_mail_listener import listening
from tests.kit.waiting import until
from waypost.edges.mail_io.mail_listener import Protocol

pytestmark = [pytest.mark.anyio, needs_postfix]


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
async def test_what_is_refused_for_now_comes_later_and_the_unknown_go_back(desk: Desk, protocol: Protocol) -> None:
    mailbox = await desk.make.mailbox(await desk.make.account())
    async with listening(desk, protocol) as listener:
        place = f"127.0.0.1:{listener.port}"
        transport = f"smtp:[127.0.0.1]:{listener.port}" if protocol == "smtp" else f"lmtp:inet:{place}"
        async with running_postfix(transport) as postfix:
            async with desk.connection() as connection:
                await connection.execute("alter table mail_intake rename to away")
            await asyncio.to_thread(postfix.send, "ann@example.org", [mailbox.email], letter(1))
            await until(lambda: "451 4.3.0" in postfix.log)
            async with desk.connection() as connection:
                await connection.execute("alter table away rename to mail_intake")
            recipients = [mailbox.email, "nobody@acme.test"]
            await asyncio.to_thread(postfix.send, "", recipients, letter(2))
            await until(postfix.is_empty)
            assert "550 5.1.1 No such mailbox here" in postfix.log
    await desk.run_workers()
    assert sorted(await subjects(desk, mailbox)) == ["Letter 1", "Letter 2"]
