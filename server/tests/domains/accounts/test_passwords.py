from __future__ import annotations

import pytest

from waypost.domains.accounts import passwords
from waypost.kit.errors import Invalid

EMAIL = "olga.owner@example.com"


@pytest.mark.parametrize(
    "password", ["", "short", "123456789", "aaaaaaaaaaaa", "abababababab", EMAIL, EMAIL.upper(), "x1y2" * 70]
)
def test_weak_and_overlong_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid):
        passwords.check_new(password, EMAIL)


@pytest.mark.parametrize(
    "password", ["1234567890", "four words in line", "пароль-длинный", "  spaces count  ", "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵"]
)
async def test_anything_else_of_ten_characters_is_taken_and_recognised(password: str) -> None:
    passwords.check_new(password, EMAIL)
    stored = await passwords.hashed(password)
    assert password not in stored
    assert await passwords.matches(password, stored)
    assert not await passwords.matches(password + "x", stored)
    assert not passwords.is_outdated(stored)


async def test_the_same_letters_typed_on_another_keyboard_match() -> None:
    stored = await passwords.hashed("caf\u00e9 au lait")
    assert await passwords.matches("cafe\u0301 au lait", stored)


@pytest.mark.parametrize("password", ["", "no one's password", "x" * 100_000, "\ud800" * 12, "nul\x00l"])
async def test_without_a_hash_nothing_matches(password: str) -> None:
    assert not await passwords.matches(password, None)
    assert not await passwords.matches(password, "not a hash")
