"""Killed at each step of sending: no reply is lost, and a second copy comes only where SMTP cannot know better."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.desk import running_desk
from tests.edges.mail_io.talks import begun, read
from tests.kit.waiting import until
from tests.process import waypost
from waypost import worker
from waypost.edges.mail_io import delivery
from waypost.kit.jobs import TryLater

GATE = 4712
#: Within the COMMIT that notes that the mail has left: the server has it, and the desk does not know yet.
STOP_AT_COMMIT = f"""
create function stop_here() returns trigger language plpgsql as $$
begin
  if new.state = 'sent' then perform pg_advisory_xact_lock({GATE}); end if;
  return null;
end $$;
create constraint trigger stop_here after update on sent_mail
  deferrable initially deferred for each row execute function stop_here()
"""


class Holding:
    """A mail server that stops at one step until it is let on, and counts what it has said yes to."""

    def __init__(self, step: str) -> None:
        self.step = step
        self.is_there = asyncio.Event()
        self.taken: list[bytes] = []
        self.port = 0
        self.is_holding = True

    async def _hold(self, step: str) -> None:
        if self.is_holding and step == self.step:
            self.is_there.set()
            # Until the client is gone: its connection's tasks are cancelled then.
            await asyncio.Event().wait()

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        await self._hold("MAIL")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        await self._hold("RCPT")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self._hold("before the yes")
        self.taken.append(bytes(envelope.content or b""))
        await self._hold("after it is kept, before the yes")
        return "250 OK"


async def start(server: Holding) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    made = await loop.create_server(lambda: SMTP(server, loop=loop), "127.0.0.1", server.port)
    server.port = made.sockets[0].getsockname()[1]
    return made


AT_THE_NOTE = "after the yes, before the note"
NOTED = "after the note"
STEPS = [
    ("MAIL", 1),
    ("RCPT", 1),
    ("before the yes", 1),
    ("after it is kept, before the yes", 2),
    (AT_THE_NOTE, 2),
    (NOTED, 1),
]


@pytest.mark.parametrize(("step", "copies"), STEPS, ids=[step for step, _ in STEPS])
async def test_killed_while_a_reply_leaves(database_url: str, tmp_path: Path, step: str, copies: int) -> None:
    server = Holding(step)
    listening = await start(server)
    url = f"smtp://127.0.0.1:{server.port}?security=none"
    connection, gate = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    try:
        async with running_desk(database_url, tmp_path / "data", smtp_url=url) as desk:
            talk = await begun(desk)
            thread_id = await talk.reply()
            if step == AT_THE_NOTE:
                await connection.execute(STOP_AT_COMMIT)
                await gate.execute("select pg_advisory_lock($1)", GATE)
            words = ("worker", "--data-dir", str(tmp_path / "data"))
            settings = {"WAYPOST_DATABASE_URL": database_url, "WAYPOST_SMTP_URL": url}
            async with waypost(tmp_path / "worker", *words, **settings) as process:
                await process.logged("worker.started")
                await until(lambda: is_reached(server, connection))
                process.process.send_signal(signal.SIGKILL)
                await process.process.wait()
            server.is_holding = False
            if step == AT_THE_NOTE:
                # What the killed worker was about to commit dies with its machine.
                await connection.execute(
                    "select pg_terminate_backend(pid) from pg_locks"
                    f" where locktype = 'advisory' and objid = {GATE} and not granted"
                )
                await connection.execute("drop trigger stop_here on sent_mail")
                await gate.execute("select pg_advisory_unlock($1)", GATE)
            is_in_doubt = await connection.fetchval("select handed_over_at is not null from sent_mail")
            # A dead worker's jobs are taken up once its heartbeats have been missing for long; not to wait for that:
            await connection.execute("delete from pgqueuer")
            route = worker.mail_route(desk.parts)
            payload = {"account_id": talk.account.id, "thread_id": thread_id}
            await until(lambda: is_done(route, payload))
            state, repeats = await connection.fetchrow("select state, repeats from sent_mail")
    finally:
        await connection.close()
        await gate.close()
        listening.close()
    assert state == "sent"
    assert len(server.taken) == copies
    assert len({read(raw)["Message-ID"] for raw in server.taken}) == 1
    assert is_in_doubt or copies == 1
    assert repeats == int(is_in_doubt)


async def is_reached(server: Holding, connection: Any) -> bool:
    """Whether the worker is where it is to be killed."""
    if server.step == AT_THE_NOTE:
        asked = "select count(*) from pg_locks where locktype = 'advisory' and objid = $1 and not granted"
        return bool(await connection.fetchval(asked, GATE))
    if server.step == NOTED:
        return bool(await connection.fetchval("select state = 'sent' from sent_mail"))
    return server.is_there.is_set()


async def is_done(route: delivery.MailRoute, payload: dict[str, Any]) -> bool:
    """Send it; False while the database still keeps the killed worker's lock."""
    try:
        await delivery.send_reply(route, payload)
    except TryLater:
        return False
    return True
