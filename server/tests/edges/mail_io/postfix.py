"""A private Postfix for tests: takes mail on a free port and hands all of it to one place, by SMTP or LMTP.

    @needs_postfix
    async def test_...() -> None:
        async with running_postfix(f"smtp:[127.0.0.1]:{port}") as postfix:
            postfix.send("ann@example.org", ["help@acme.test"], raw)
            await postfix.flush()            # try what waits again, now
            await until(postfix.is_empty)

Its programs change users, so it can be started by root only. It retries every second.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import smtplib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.edges.mail_io.dovecot import HOST, free_port
from tests.kit.waiting import until

_PROGRAMS = Path("/usr/lib/postfix/sbin")
_REASON = (
    "Postfix can only be started by root"
    if (_PROGRAMS / "master").exists()
    else "Postfix is not installed (Debian: postfix)"
)
needs_postfix = pytest.mark.skipif(not (_PROGRAMS / "master").exists() or os.geteuid() != 0, reason=_REASON)
_SERVICES = """
pickup    unix n - n 1 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 1 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
smtp      unix - - n - - smtp
lmtp      unix - - n - - lmtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
showq     unix n - n - - showq
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One instance that hands everything to `transport`, as `smtp:[127.0.0.1]:2525` or `lmtp:inet:127.0.0.1:2424`."""

    def __init__(self, folder: Path, transport: str, extra: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self._process: asyncio.subprocess.Process | None = None
        folder.chmod(0o755)
        for name in ("queue", "data", "conf"):
            (folder / name).mkdir(parents=True)
        shutil.chown(folder / "data", "postfix")
        (folder / "conf" / "main.cf").write_text(_main(folder, transport) + extra)
        (folder / "conf" / "master.cf").write_text(f"{HOST}:{self.port} inet n - n - - smtpd{_SERVICES}")

    async def start(self) -> None:
        """Start, and return once it takes mail."""
        check = await asyncio.create_subprocess_exec("postfix", "-c", str(self.folder / "conf"), "check")
        assert await check.wait() == 0
        self._process = await asyncio.create_subprocess_exec(
            str(_PROGRAMS / "master"), "-c", str(self.folder / "conf"), start_new_session=True
        )
        await until(self._answers)

    async def stop(self) -> None:
        """End it; what waits stays in its queue."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            await process.wait()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self.log
        try:
            with smtplib.SMTP(HOST, self.port, timeout=5) as smtp:
                return smtp.noop()[0] == 250
        except OSError:
            return False

    @property
    def log(self) -> str:
        """What it has to say."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def send(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Give it a message, as a mail program does."""
        with smtplib.SMTP(HOST, self.port, timeout=20) as smtp:
            smtp.sendmail(sender, recipients, raw)

    async def flush(self) -> None:
        """Have it try again at once what it could not deliver."""
        flushing = await asyncio.create_subprocess_exec("postqueue", "-c", str(self.folder / "conf"), "-f")
        await flushing.wait()

    def is_empty(self) -> bool:
        """Whether nothing waits in its queue."""
        # A message that moves from one place to another while they are looked through is found by the second look.
        return not self._waiting() and not self._waiting()

    def _waiting(self) -> list[Path]:
        places = ("maildrop", "incoming", "active", "deferred")
        return [path for place in places for path in (self.folder / "queue" / place).rglob("*") if path.is_file()]


@asynccontextmanager
async def running_postfix(transport: str, extra: str = "") -> AsyncIterator[Postfix]:
    """An instance for the length of the block; `extra` are lines of main.cf."""
    folder = Path(tempfile.mkdtemp(prefix="waypost-postfix-"))
    made = Postfix(folder, transport, extra)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _main(folder: Path, transport: str) -> str:
    return f"""
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = /
myhostname = relay.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
default_transport = {transport}
relay_transport = {transport}
smtpd_relay_restrictions = permit_mynetworks, reject
smtputf8_enable = yes
smtp_tls_security_level = none
lmtp_tls_security_level = none
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
transport_retry_time = 1s
multi_instance_name = waypost-test
"""
