"""What the connection test says of a domain's records in the DNS."""

from __future__ import annotations

import asyncio
from typing import Any

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest

from waypost.domains.mailboxes import Dkim, Step, dkim_keys
from waypost.domains.mailboxes.dkim_keys import Algorithm
from waypost.edges.mail_io import check_domain
from waypost.edges.mail_io.check_domain import DomainCheck, NoAnswer
from waypost.edges.mail_io.check_steps import Steps

pytestmark = pytest.mark.anyio

DOMAIN = "shop.example.com"
DKIM = Dkim(DOMAIN, "desk", dkim_keys.make_pem(Algorithm.ED25519))
RECORD = dkim_keys.record(DKIM)
ALL_IS_WELL = {
    DOMAIN: ["google-site-verification=x", "v=spf1 include:_spf.example.net -all"],
    RECORD.name: [RECORD.value],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=quarantine; rua=mailto:a@example.com"],
}


async def found(
    records: dict[str, list[str]], domain: str = DOMAIN, dkim: Dkim | None = DKIM, silent: str = ""
) -> dict[str, Step]:
    """The steps by their names; the DNS does not answer for names that hold `silent`."""
    asked: list[str] = []

    async def look_up(name: str) -> list[str]:
        asked.append(name)
        if silent and silent in name:
            raise NoAnswer
        return records.get(name, [])

    told: list[Step] = []
    steps = Steps(check_domain.NAMES, [], told.append)
    await DomainCheck(steps, domain, dkim, look_up).run()
    assert [step.name for step in steps.finished()] == check_domain.NAMES
    assert list(steps.finished()) == told
    return {step.name: step for step in told}


def states(steps: dict[str, Step]) -> list[str]:
    return [step.state.value for step in steps.values()]


async def test_a_domain_with_all_records_is_well() -> None:
    steps = await found(ALL_IS_WELL)
    assert states(steps) == ["ok", "ok", "ok"]
    assert steps["spf"].server_said == "v=spf1 include:_spf.example.net -all"
    assert "DMARC: quarantine" in steps["dmarc"].message


async def test_what_is_missing_is_a_warning_that_says_what_to_publish_and_where() -> None:
    steps = await found({})
    assert states(steps) == ["warning"] * 3
    assert f"TXT record at {DOMAIN} that begins with v=spf1" in steps["spf"].message
    assert f"Publish its TXT record at desk._domainkey.{DOMAIN}" in steps["dkim"].message
    assert f"TXT record at _dmarc.{DOMAIN}, to begin with: v=DMARC1; p=none" in steps["dmarc"].message


@pytest.mark.parametrize(
    ("texts", "state", "words"),
    [
        (["v=spf1 a ~all"], "ok", "who may send"),
        (["V=SPF1 a ~all"], "ok", "who may send"),
        (["v=spf10 a ~all", "spf1"], "warning", "does not say"),
        (["v=spf1 a -all", "v=spf1 mx -all"], "warning", "2 SPF records"),
        (["v=spf1 +all"], "warning", "lets everybody send"),
        (["v=spf1 mx all"], "warning", "lets everybody send"),
    ],
)
async def test_records_of_spf(texts: list[str], state: str, words: str) -> None:
    step = (await found({DOMAIN: texts}))["spf"]
    assert (step.state.value, words in step.message) == (state, True), step


async def test_the_published_key_is_compared_with_the_one_that_signs() -> None:
    other = dkim_keys.record(Dkim(DOMAIN, "desk", dkim_keys.make_pem(Algorithm.ED25519)))
    step = (await found({RECORD.name: [other.value]}))["dkim"]
    assert (step.state.value, "another key" in step.message) == ("warning", True)
    spaced = RECORD.value.replace("; p=", " ;  p = ")
    assert (await found({RECORD.name: [spaced[:-8] + " " + spaced[-8:]]}))["dkim"].state.value == "ok"
    revoked = (await found({RECORD.name: ["v=DKIM1; p="]}))["dkim"]
    assert (revoked.state.value, "another key" in revoked.message) == ("warning", True)
    unsigned = (await found(ALL_IS_WELL, dkim=None))["dkim"]
    assert (unsigned.state.value, "does not sign" in unsigned.message) == ("skipped", True)


async def test_the_record_of_dmarc_may_stand_with_the_organization() -> None:
    step = (await found({"_dmarc.example.com": ["v=DMARC1;p=none"]}))["dmarc"]
    assert (step.state.value, step.message.startswith("example.com says")) == ("ok", True)
    # What is nearer counts, and a top level is asked by nobody.
    near = {f"_dmarc.{DOMAIN}": ["v=DMARC1; sp=none"], "_dmarc.example.com": ["v=DMARC1; p=none"]}
    assert "has no policy" in (await found(near))["dmarc"].message
    assert (await found({"_dmarc.com": ["v=DMARC1; p=none"]}))["dmarc"].state.value == "warning"
    twice = {f"_dmarc.{DOMAIN}": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}
    assert "2 DMARC records" in (await found(twice))["dmarc"].message


async def test_a_dns_that_does_not_answer_says_nothing_and_keeps_from_nothing() -> None:
    steps = await found(ALL_IS_WELL, silent="_dmarc")
    assert states(steps) == ["ok", "ok", "skipped"]
    assert "did not answer" in steps["dmarc"].message
    assert states(await found(ALL_IS_WELL, silent="example")) == ["skipped"] * 3


@pytest.mark.parametrize("domain", ["acme.test", "localhost", "mail.internal", "example.invalid"])
async def test_names_for_trials_are_not_looked_up(domain: str) -> None:
    steps = await found({}, domain=domain, silent=".")
    assert states(steps) == ["skipped"] * 3
    assert f"{domain} is no name of the public DNS." in steps["spf"].message


class Nameserver(asyncio.DatagramProtocol):
    """Knows one name, fails for another, and denies all others."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        asked = dns.message.from_wire(data)
        name = asked.question[0].name
        answer = dns.message.make_response(asked)
        if str(name) == f"{DOMAIN}.":
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"v=spf1 " "mx -all"', '"other"'))
        elif str(name).startswith("broken"):
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif not str(name).startswith("empty"):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), peer)


async def test_records_are_asked_of_a_nameserver() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Nameserver, local_addr=("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    try:
        assert sorted(await check_domain.look_up(DOMAIN, resolver)) == ["other", "v=spf1 mx -all"]
        assert await check_domain.look_up("missing.example.com", resolver) == []
        assert await check_domain.look_up("empty.example.com", resolver) == []
        for name in ("broken.example.com", "a..b", f"{'x' * 64}.example.com"):
            with pytest.raises(NoAnswer):
                await check_domain.look_up(name, resolver)
    finally:
        transport.close()
