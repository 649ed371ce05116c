"""Message-IDs and reply addresses that only this desk can make."""

from __future__ import annotations

import pytest

from waypost.domains import mail
from waypost.domains.mail import MailToken
from waypost.domains.mailboxes import Channel

KEY = b"k" * 32
LARGEST = 2**63 - 1
CHANNEL = Channel(mailbox_id=5, name="Support", email="support@acme.test", has_reply_addresses=True)


@pytest.mark.parametrize(
    ("numbers", "user_id"),
    [((1, 2, 3), 0), ((1, 2, 3), 4), ((LARGEST, LARGEST, LARGEST), LARGEST), ((127, 128, 0), 129)],
)
def test_an_id_says_what_it_was_made_from(numbers: tuple[int, int, int], user_id: int) -> None:
    made = mail.new_message_id(KEY, *numbers, "acme.test", user_id=user_id)
    expected = MailToken("notice" if user_id else "reply", *numbers, user_id, False)
    assert mail.read_token(KEY, made) == expected
    assert mail.read_token(KEY, made.upper()) == expected
    assert len(made) < 200


def test_the_same_mail_has_the_same_id_and_another_one_another() -> None:
    def made(thread_id: int, serial: int) -> str:
        return mail.new_message_id(KEY, 1, 2, thread_id, "acme.test", serial=serial)

    assert made(3, 0) == made(3, 0)
    assert len({made(3, 0), made(3, 1), made(4, 0)}) == 3


@pytest.mark.parametrize("user_id", [0, 9])
def test_an_address_says_what_it_was_made_from(user_id: int) -> None:
    made = mail.reply_address(KEY, CHANNEL, 1, 2, user_id=user_id)
    assert made.startswith("support+")
    assert made.endswith("@acme.test")
    assert len(made.partition("@")[0]) <= 64
    assert mail.read_token(KEY, made) == MailToken("notice" if user_id else "reply", 1, 2, 0, user_id, True)


def test_a_mailbox_without_reply_addresses_is_answered_at_its_own() -> None:
    plain = Channel(mailbox_id=5, name="Support", email="support@acme.test")
    assert mail.reply_address(KEY, plain, 1, 2) == "support@acme.test"


def test_an_address_that_would_be_too_long_for_mail_servers_is_not_made() -> None:
    local = "s" * 50
    long = Channel(mailbox_id=5, name="Support", email=f"{local}@acme.test", has_reply_addresses=True)
    assert mail.reply_address(KEY, long, 1, 2) == f"{local}@acme.test"


def test_no_change_of_an_id_goes_unnoticed() -> None:
    made = mail.new_message_id(KEY, 1, 2, 3, "acme.test", user_id=4)
    start, end = made.index("-") + 1, made.index("@")
    for place in range(start, end):
        for other in "a7":
            changed = made[:place] + other + made[place + 1 :]
            token = mail.read_token(KEY, changed)
            # The last character has bits that stand for nothing.
            assert token is None or changed == made or place == end - 1
    assert mail.read_token(KEY, made.replace("@acme.test>", "@elsewhere.test>")) is not None


def test_another_desks_ids_and_plain_ones_are_nothing() -> None:
    made = mail.new_message_id(KEY, 1, 2, 3, "acme.test")
    for text in (
        "",
        "<x@y.test>",
        "support@acme.test",
        "support+news@acme.test",
        "<wp-@x>",
        "a" * 100_000,
        "+wp-" * 50_000,
    ):
        assert mail.read_token(KEY, text) is None
    assert mail.read_token(b"o" * 32, made) is None
    assert mail.read_token(b"", made) is None


def test_ids_are_no_addresses_and_addresses_no_ids() -> None:
    made = mail.new_message_id(KEY, 1, 2, 3, "acme.test")
    token = made[1 : made.index("@")]
    assert mail.read_token(KEY, f"support+{token}@acme.test") is None
    address = mail.reply_address(KEY, CHANNEL, 1, 2)
    assert mail.read_token(KEY, f"<{address.partition('+')[2]}>") is None


def test_nothing_is_signed_without_a_key() -> None:
    with pytest.raises(ValueError, match="desk's key"):
        mail.new_message_id(b"", 1, 2, 3, "acme.test")
