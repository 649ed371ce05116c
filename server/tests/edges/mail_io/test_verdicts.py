"""What mail servers say about the origin of a message is read as they say it, and whatever a sender slips in is told
apart by its authority."""

from __future__ import annotations

import pytest

from tests.edges.mail_io.sample_mail import parsed
from waypost.domains.mail import Verdict


def verdicts(*header: str) -> tuple[Verdict, ...]:
    return parsed(*header, "From: ann@example.com", body="x").verdicts


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (
            (
                "Authentication-Results: mx.google.com; dkim=pass header.i=@example.com; spf=pass (google.com: a"
                " designates 1.2.3.4) smtp.mailfrom=a@example.com; dmarc=pass (p=NONE) header.from=x"
            ),
            Verdict("mx.google.com", "pass", "pass", "pass"),
        ),
        ("Authentication-Results: mx.example.org 1; none", Verdict("mx.example.org")),
        ("Authentication-Results: mx.example.org; SPF=SoftFail", Verdict("mx.example.org", "softfail")),
        ("Authentication-Results: MX.Example.org; dkim=fail; dkim=pass", Verdict("mx.example.org", dkim="pass")),
        ("Authentication-Results: mx; spf=pass; spf=fail", Verdict("mx", "fail")),
        ("Authentication-Results: spf=pass smtp.mailfrom=a; dkim=none", Verdict("", "pass", "none")),
        ("Authentication-Results: mx; x=1 (dkim=pass; dmarc=pass); spf=none", Verdict("mx", "none")),
        ('Authentication-Results: mx; reason="; dmarc=pass"; spf=none', Verdict("mx", "none")),
        ("Authentication-Results: mx; spf=hardfail", Verdict("mx", "fail")),
        (
            "Received-SPF: Pass (mx.example.org: domain of a) receiver=mx.example.org;",
            Verdict("mx.example.org", "pass"),
        ),
        ("Received-SPF: fail (mx2.example.org: no)", Verdict("mx2.example.org", "fail")),
    ],
)
def test_each_field_is_one_verdict(field: str, expected: Verdict) -> None:
    assert verdicts(field) == (expected,)


def test_the_field_that_was_added_last_comes_first() -> None:
    found = verdicts("Authentication-Results: mine; spf=fail", "Authentication-Results: theirs; spf=pass")

    assert [(one.authority, one.spf) for one in found] == [("mine", "fail"), ("theirs", "pass")]


def test_copies_of_a_chain_are_not_read() -> None:
    assert verdicts("ARC-Authentication-Results: i=1; mx.google.com; dmarc=pass") == ()


@pytest.mark.parametrize(
    ("field", "is_spam"),
    [
        ("X-Spam-Flag: YES", True),
        ("X-Spam-Flag: NO", False),
        ("X-Spam-Status: Yes, score=9.1 required=5.0", True),
        ("X-Spam-Status: No, score=-1.0 required=5.0", False),
        ("X-Spam: Yes", True),
        ("X-Rspamd-Action: add header", True),
        ("X-Rspamd-Action: no action", False),
        ("X-MS-Exchange-Organization-SCL: 9", True),
        ("X-MS-Exchange-Organization-SCL: -1", False),
        ("X-Forefront-Antispam-Report: CIP:1.2.3.4;CTRY:US;SCL:5;SRV:", True),
        ("X-Spam-Flag: perhaps", None),
    ],
)
def test_the_opinion_of_spam_filters_is_told(field: str, is_spam: bool | None) -> None:
    found = verdicts(field, "Authentication-Results: mx; spf=pass")

    opinion = (Verdict("", is_spam=is_spam),) if is_spam is not None else ()
    assert found == (*opinion, Verdict("mx", "pass"))


def test_each_opinion_keeps_its_place_among_the_servers_words() -> None:
    found = verdicts(
        "X-Spam-Status: Yes, score=9", "Authentication-Results: mx; spf=pass", "X-Spam-Flag: NO", "X-Spam-Status: No"
    )

    assert [(one.authority, one.is_spam) for one in found] == [("", True), ("mx", None), ("", False), ("", False)]


def test_a_filter_that_names_its_host_speaks_for_itself() -> None:
    found = verdicts("X-Spam-Checker-Version: SpamAssassin 3.4.2 on filter.example.org", "X-Spam-Flag: YES")

    assert found == (Verdict("filter.example.org", is_spam=True),)


def test_many_and_endless_fields_are_bounded() -> None:
    found = verdicts(*["Authentication-Results: mx; spf=pass; " + "(" * 9_000] * 90)

    assert len(found) == 20
