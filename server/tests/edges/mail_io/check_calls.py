"""Testing connections as the API does it: against real servers, by names that lead to this machine."""

from __future__ import annotations

from typing import Any

from tests.desk import Desk
from waypost.domains import mailboxes
from waypost.domains.mailboxes import Channel, IncomingServer, OutgoingServer, ServerReport, StepState
from waypost.kit.addresses import Allowance
from waypost.kit.safe_http import Outgoing, OutgoingRules

HOST = "mail.test"


class Tried(dict[str, tuple[str, str, str]]):
    """What a test found: by step its state, the message, and the server's words."""

    def __init__(self, report: ServerReport) -> None:
        super().__init__({step.name: (step.state.value, step.message, step.server_said) for step in report.steps})
        self.is_ok = report.is_ok

    @property
    def failed(self) -> tuple[str, str, str]:
        """The step that failed, its message and the server's words; those behind it were not tried."""
        names = list(self)
        name = next(name for name in names if self[name][0] == StepState.FAILED.value)
        behind = names[names.index(name) + 1 :]
        assert all(self[other][0] == StepState.SKIPPED.value for other in behind), dict(self)
        assert not self.is_ok
        return name, self[name][1], self[name][2]


async def nothing_there(_name: str) -> list[str]:
    """A DNS without TXT records."""
    return []


class Bench:
    """The checker of a desk, whose names all lead to 127.0.0.1."""

    def __init__(self, desk: Desk) -> None:
        async def resolve(host: str, _port: int) -> list[str]:
            if host.startswith("no-such"):
                raise OSError("no such name")
            return ["10.9.8.7" if host.startswith("inside") else "127.0.0.1"]

        allowances = tuple(Allowance.parse(text) for text in ("127.0.0.1",))
        self.desk, self.check = desk, desk.parts.check_channel
        self.outgoing = Outgoing(OutgoingRules(allowances, allows_insecure=True), resolve=resolve)
        self.check._outgoing = self.outgoing
        self.check._tokens._outgoing = self.outgoing
        self.check.step_s = 2.0
        self.check.look_up = nothing_there

    async def imap(self, port: int, **server: Any) -> Tried:
        """Try to fetch mail; what is not said works."""
        given = {"host": HOST, "security": "none", "username": "me@example.com", "password": "right", **server}
        report = await self._run(incoming=IncomingServer(port=port, **given))
        assert report.incoming is not None
        return Tried(report.incoming)

    async def smtp(self, port: int, **server: Any) -> Tried:
        """Try to send mail; what is not said works."""
        given = {"host": HOST, "security": "none", "username": "me@example.com", "password": "right", **server}
        report = await self._run(outgoing=OutgoingServer(port=port, **given))
        assert report.outgoing is not None
        return Tried(report.outgoing)

    async def _run(self, **servers: Any) -> mailboxes.CheckReport:
        channel = Channel(mailbox_id=1, name="Support", email="help@example.com", **servers)
        return await self.check(1, channel, incoming="incoming" in servers, outgoing="outgoing" in servers)
