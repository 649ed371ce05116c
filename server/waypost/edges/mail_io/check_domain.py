"""Looking up what the DNS says of a mailbox's domain: who may send in its name (SPF), by which key its mail is signed
(DKIM), and what becomes of mail that proves neither (DMARC).

Mail leaves without any of it, and lands in junk folders: so nothing here fails a test of the connection, neither a
record that is missing nor a DNS that does not answer.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator

import dns.asyncresolver
import dns.exception
import dns.resolver

from waypost.domains.mailboxes import Dkim, dkim_keys
from waypost.edges.mail_io.check_steps import Steps

NAMES = ["spf", "dkim", "dmarc"]
ANSWER_S = 4.0
#: RFC 2606, 6761: names for trials, which lead nowhere.
_FOR_TRIALS = ("test", "example", "invalid", "localhost", "local", "internal")
_PUBLISHED_KEY = re.compile(r"(?:^|;)\s*p\s*=\s*([^;]*)")
_POLICY = re.compile(r"(?:^|;)\s*p\s*=\s*(none|quarantine|reject)\b", re.IGNORECASE)
_LETS_ALL_SEND = re.compile(r"(?:^|\s)\+?all(?:\s|$)", re.IGNORECASE)

#: The TXT records of a name; none where the name has none or does not exist. Raises NoAnswer.
LookUp = Callable[[str], Awaitable[list[str]]]


class NoAnswer(Exception):
    """The DNS did not answer, which says nothing about the records."""


async def look_up(name: str, resolver: dns.asyncresolver.Resolver | None = None) -> list[str]:
    """Ask the DNS of this machine, or another. The parts of a long record are joined."""
    try:
        resolver = resolver or dns.asyncresolver.Resolver()
        answer = await resolver.resolve(name, "TXT", lifetime=ANSWER_S, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, ValueError) as error:
        raise NoAnswer from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


class DomainCheck:
    """One look at one domain. `dkim` is the key that the desk signs with, if it does."""

    def __init__(self, steps: Steps, domain: str, dkim: Dkim | None, ask: LookUp) -> None:
        self._steps, self._domain, self._dkim, self._ask = steps, domain.lower().rstrip("."), dkim, ask

    async def run(self) -> None:
        """All records, each by itself."""
        if "." not in self._domain or self._domain.rpartition(".")[2] in _FOR_TRIALS:
            for name in NAMES:
                self._steps.skip(name, f"{self._domain} is no name of the public DNS.")
            return
        for name, check in zip(NAMES, (self._spf, self._dkim_key, self._dmarc), strict=True):
            try:
                await check()
            except NoAnswer:
                self._steps.skip(name, "The DNS did not answer; this says nothing about the record.")

    async def _spf(self) -> None:
        found = [text for text in await self._ask(self._domain) if re.match(r"v=spf1(?:\s|$)", text, re.IGNORECASE)]
        if not found:
            self._steps.warn(
                "spf",
                f"{self._domain} does not say who may send mail in its name (SPF), so its mail is taken for junk."
                f" Publish a TXT record at {self._domain} that begins with v=spf1 and names your mail server; your"
                " provider tells what to put there.",
            )
        elif len(found) > 1:
            self._steps.warn(
                "spf", f"{self._domain} has {len(found)} SPF records, so none counts. Make one of them.", found[0]
            )
        elif _LETS_ALL_SEND.search(found[0]):
            self._steps.warn(
                "spf", "The SPF record lets everybody send in the domain's name. End it with ~all or -all.", found[0]
            )
        else:
            self._steps.ok("spf", f"{self._domain} says who may send mail in its name (SPF).", found[0])

    async def _dkim_key(self) -> None:
        if self._dkim is None:
            self._steps.skip(
                "dkim",
                "The desk does not sign this mailbox's mail (DKIM). If your mail server does not either, make a key for"
                " the mailbox.",
            )
            return
        record = dkim_keys.record(self._dkim)
        found = [text for text in await self._ask(record.name) if _key_in(text) is not None]
        wanted = _key_in(record.value)
        if not found:
            self._steps.warn(
                "dkim",
                f"The desk signs with a key that nobody can look up. Publish its TXT record at {record.name}; until"
                " then the signature counts for nothing.",
            )
        elif all(_key_in(text) != wanted for text in found):
            self._steps.warn(
                "dkim", f"At {record.name} stands another key than the desk signs with. Replace the record.",
                found[0],
            )  # fmt: skip
        else:
            self._steps.ok("dkim", f"The key that the desk signs with stands at {record.name} (DKIM).")

    async def _dmarc(self) -> None:
        for domain in _upwards(self._domain):
            texts = await self._ask(f"_dmarc.{domain}")
            found = [text for text in texts if re.match(r"v\s*=\s*DMARC1\b", text, re.IGNORECASE)]
            if len(found) > 1:
                message = f"_dmarc.{domain} has {len(found)} DMARC records, so none counts. Leave one."
                self._steps.warn("dmarc", message, found[0])
                return
            if found:
                policy = _POLICY.search(found[0])
                if policy is None:
                    message = f"The DMARC record at _dmarc.{domain} has no policy (p=none, quarantine or reject)."
                    self._steps.warn("dmarc", message, found[0])
                    return
                message = f"{domain} says what becomes of forged mail in its name (DMARC: {policy[1].lower()})."
                self._steps.ok("dmarc", message, found[0])
                return
        self._steps.warn(
            "dmarc",
            f"{self._domain} does not say what becomes of forged mail in its name (DMARC), as large providers expect."
            f" Publish a TXT record at _dmarc.{self._domain}, to begin with: v=DMARC1; p=none",
        )


def _key_in(record: str) -> str | None:
    """The public key of a DKIM record, without blanks; None for another record."""
    found = _PUBLISHED_KEY.search(record)
    return re.sub(r"\s+", "", found[1]) if found is not None else None


def _upwards(domain: str) -> Iterator[str]:
    """The domain and those above it, down to two names: the record of the organization counts for what is below it."""
    labels = domain.split(".")
    # RFC 9989 looks at eight names at most.
    for start in range(max(0, len(labels) - 8), len(labels) - 1):
        yield ".".join(labels[start:])
