"""Attack 29: names that look like others, by letters of other alphabets, by turned reading direction, or by another
address in the name. They are shown normalised, with a warning."""

from __future__ import annotations

import pytest

from tests.edges.mail_io.sample_mail import parsed


def warnings(*header: str, body: str = "x") -> str:
    return "\n".join(parsed(*header, body=body).warnings)


@pytest.mark.parametrize(
    "sender",
    [
        '"support@bank.example" <evil@attacker.example>',
        "support@bank.example <evil@attacker.example>",
        "=?utf-8?q?support=40bank=2Eexample?= <evil@attacker.example>",
        '"Bank (support@bank.example)" <evil@attacker.example>',
    ],
)
def test_another_address_as_a_name_is_told(sender: str) -> None:
    assert "shows another address: support@bank.example" in warnings(f"From: {sender}")


@pytest.mark.parametrize(
    "sender",
    [
        "ann@example.org",
        "Ann <ann@example.org>",
        "ann@example.org <ann@example.org>",
        '"ann@example.org" <bounce@mail.example.org>',
        "Ann <ann@münchen.example>",
        "Анна <анна@почта.example>",
        "Ann <ann@xn--mnchen-3ya.example>",
    ],
)
def test_honest_senders_get_no_warning(sender: str) -> None:
    assert "sender" not in warnings(f"From: {sender}")


@pytest.mark.parametrize(
    ("domain", "shown"),
    [("xn--pypal-4ve.com", "pаypal.com"), ("pаypal.com", "pаypal.com"), ("xn--80ak6aa92e.com", "аррӏе.com")],
)
def test_letters_of_other_alphabets_in_a_domain_are_told(domain: str, shown: str) -> None:
    assert f"letters that look like others: {shown}" in warnings(f"From: Ann <ann@{domain}>")


def test_turned_names_are_straightened_and_told() -> None:
    message = parsed("From: Ann \u202eknaB <ann@example.org>", body="x")

    assert message.sender is not None
    assert message.sender.name == "Ann knaB"
    assert "marks that turn the reading direction were removed from the sender's name" in message.warnings


def test_turned_file_names_are_straightened_and_told() -> None:
    message = parsed(
        "From: ann@example.org",
        "Content-Type: application/octet-stream; name*=utf-8''invoice%E2%80%AEfdp.exe",
        body="x",
    )

    assert [file.file_name for file in message.attachments] == ["invoicefdp.exe"]
    assert "marks that turn the reading direction were removed from a file name" in message.warnings
