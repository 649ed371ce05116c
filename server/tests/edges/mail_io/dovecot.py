"""A private Dovecot for tests: IMAP and LMTP on free ports, in a folder of its own, every password `secret`.

    @needs_dovecot
    async def test_...(dovecot: Dovecot) -> None:
        dovecot.append("help@acme.test", b"Subject: ...")     # any user is there as soon as it is named
        with dovecot.client("help@acme.test") as imap: ...   # imaplib, signed in
        await dovecot.kill(); await dovecot.start()           # the same ports and mails again

`running_dovecot` takes options: without IDLE, with TLS, with XOAUTH2 by an introspection endpoint. Started by root it
runs as `nobody`, so that it is the same for everybody.
"""

from __future__ import annotations

import asyncio
import grp
import imaplib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.kit.waiting import until

HOST = "127.0.0.1"
PASSWORD = "secret"
WITHOUT_IDLE = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE LITERAL+ UIDPLUS NAMESPACE"
_PROGRAM = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_LMTP = Path("/usr/lib/dovecot/lmtp")
_OAUTH2_PASSDB = "passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {folder}/oauth2\n}}"
needs_dovecot = pytest.mark.skipif(
    _PROGRAM is None or not _LMTP.exists(), reason="Dovecot is not installed (Debian: dovecot-imapd dovecot-lmtpd)"
)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


class Dovecot:
    """One instance; `start` after `stop` or `kill` has the same ports and the same mail."""

    def __init__(
        self,
        folder: Path,
        *,
        capability: str = "",
        certificate: tuple[Path, Path] | None = None,
        introspection_url: str = "",
        extra: str = "",
    ) -> None:
        self.folder = folder
        self.host, self.port, self.lmtp_port, self.tls_port = HOST, free_port(), free_port(), free_port()
        self._account = _account()
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "run").mkdir(parents=True)
        if certificate is not None:
            # Whoever it runs as cannot read those of the test.
            copies = (shutil.copy(certificate[0], folder / "tls.pem"), shutil.copy(certificate[1], folder / "tls.key"))
            certificate = (Path(copies[0]), Path(copies[1]))
        parts = [_base(folder, self._account, self.port, self.lmtp_port), _tls(certificate, self.tls_port), extra]
        if capability:
            parts.append(f"protocol imap {{\n  imap_capability = {capability}\n}}")
        if introspection_url:
            (folder / "oauth2").write_text(_oauth2(introspection_url))
            parts.append(
                f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {folder}/oauth2\n}}"
            )
        (folder / "dovecot.conf").write_text("\n".join(parts))
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    async def start(self) -> None:
        """Start, and return once it answers."""
        # Not by asyncio: uvloop cannot start a program as another user.
        self._process = subprocess.Popen(  # noqa: ASYNC220
            [str(_PROGRAM), "-F", "-c", str(self.folder / "dovecot.conf")],
            user=self._account.pw_uid if os.geteuid() == 0 else None,
            group=self._account.pw_gid if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            start_new_session=True,
        )
        await until(self._answers)

    async def stop(self) -> None:
        """End it in order. Twice is harmless."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it and every connection at once, as a crash of the machine would."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if number is signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        await asyncio.to_thread(process.wait)
        # What serves the connections are processes of their own, and may outlive the first by a moment.
        await until(lambda: not self._answers())
        (self.folder / "run" / "master.pid").unlink(missing_ok=True)

    def _answers(self) -> bool:
        assert self._process is None or self._process.poll() is None, self.log
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as connection:
                return connection.recv(4) == b"* OK"
        except OSError:
            return False

    @property
    def log(self) -> str:
        """What it has to say."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    @contextmanager
    def client(self, user: str, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """A mail program of the user's, with the folder selected."""
        imap = imaplib.IMAP4(self.host, self.port, timeout=20)
        try:
            imap.login(user, PASSWORD)
            if folder != "INBOX":
                imap.create(f'"{folder}"')
            assert imap.select(f'"{folder}"')[0] == "OK"
            yield imap
        finally:
            imap.shutdown()

    def append(self, user: str, raw: bytes, folder: str = "INBOX", flags: str = "") -> None:
        """Put a message into a folder, which is made where it is missing."""
        with self.client(user, folder) as imap:
            kind, answer = imap.append(f'"{folder}"', flags, "", raw)
            assert kind == "OK", answer

    def deliver(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Hand a message over by LMTP, as a mail server does."""
        with smtplib.LMTP(self.host, self.lmtp_port) as lmtp:
            refused = lmtp.sendmail(sender, recipients, raw)
            assert not refused, refused

    def new_validity(self, user: str, folder: str = "INBOX") -> None:
        """Give the folder another UIDVALIDITY and every message another UID, as a restored server has."""
        with self.client(user, folder) as imap:
            before = int(imap.response("UIDVALIDITY")[1][0] or 0)
        place = self.folder / "mail" / user
        place = place if folder == "INBOX" else place / f".{folder}"
        for path in place.glob("dovecot.index*"):
            path.unlink()
        (place / "dovecot-uidlist").write_text(f"3 V{before + 1} N1\n")
        os.chown(place / "dovecot-uidlist", self._account.pw_uid, self._account.pw_gid)


@asynccontextmanager
async def running_dovecot(
    *,
    capability: str = "",
    certificate: tuple[Path, Path] | None = None,
    introspection_url: str = "",
    extra: str = "",
) -> AsyncIterator[Dovecot]:
    """An instance for the length of the block. `certificate` is the file of it and the one of its key."""
    # Not below pytest's folder, which only its owner can enter.
    folder = Path(tempfile.mkdtemp(prefix="waypost-dovecot-"))
    made = Dovecot(
        folder, capability=capability, certificate=certificate, introspection_url=introspection_url, extra=extra
    )
    try:
        await made.start()
        yield made
    finally:
        await made.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def dovecot() -> AsyncIterator[Dovecot]:
    async with running_dovecot() as running:
        yield running


@pytest.fixture(scope="module")
async def module_dovecot() -> AsyncIterator[Dovecot]:
    """One for a module whose tests use different users, and neither stop nor kill it."""
    async with running_dovecot() as running:
        yield running


def _account() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _base(folder: Path, account: pwd.struct_passwd, port: int, lmtp_port: int) -> str:
    user, group = account.pw_name, grp.getgrgid(account.pw_gid).gr_name
    return f"""
protocols = imap lmtp
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
mail_location = maildir:{folder}/mail/%u
auth_mechanisms = plain login xoauth2 oauthbearer
disable_plaintext_auth = no
first_valid_uid = 1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
passdb {{
  driver = static
  args = password={PASSWORD}
  mechanisms = plain login
}}
userdb {{
  driver = static
  args = allow_all_users=yes uid={account.pw_uid} gid={account.pw_gid} home={folder}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
protocol imap {{
  mail_max_userip_connections = 100
}}
# Tests of refused sign-ins do not wait for what slows down guessing.
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = {HOST}
    port = {port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = {HOST}
    port = {lmtp_port}
  }}
}}
"""


def _tls(certificate: tuple[Path, Path] | None, port: int) -> str:
    if certificate is None:
        return "ssl = no\nservice imap-login {\n  inet_listener imaps {\n    port = 0\n  }\n}"
    listener = f"inet_listener imaps {{\n    address = {HOST}\n    port = {port}\n    ssl = yes\n  }}"
    return (
        f"ssl = yes\nssl_cert = <{certificate[0]}\nssl_key = <{certificate[1]}\nservice imap-login {{\n  {listener}\n}}"
    )


def _oauth2(url: str) -> str:
    return (
        f"introspection_mode = post\nintrospection_url = {url}\nusername_attribute = username\n"
        "active_attribute = active\nactive_value = true\n"
    )
