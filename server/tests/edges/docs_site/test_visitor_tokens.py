"""Tokens of a company's own sign-in (spec: 7): which count, and which do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from waypost.domains.docs.visits import VisitRefused
from waypost.edges.docs_site import visitor_tokens

SECRET = "pBqT0cXkqk0iWUVZgUuGTmdDUQ9Ft5CuYkpKkQOSX5E="
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
EXP = int(NOW.timestamp()) + 600
HEADER = {"alg": "HS512", "typ": "JWT"}


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(claims: Any, header: Any = HEADER, secret: str = SECRET, digest: str = "sha512") -> str:
    """Made by hand, as any company's code makes it."""
    signed = f"{part(header)}.{part(claims)}"
    return f"{signed}.{part(hmac.digest(secret.encode(), signed.encode(), getattr(hashlib, digest)))}"


GOOD: dict[str, Any] = {"sub": "jane@example.org", "exp": EXP}


@pytest.mark.parametrize(
    "more",
    [{}, {"iat": EXP - 600, "name": "Jane"}, {"nbf": EXP - 570}, {"exp": EXP + 0.5}, {"iss": "https://a.example"}],
)
def test_a_token_says_who_and_until_when(more: dict[str, Any]) -> None:
    read = visitor_tokens.read(token({**GOOD, **more}), SECRET, NOW)

    assert (read.email, read.expires_at) == ("jane@example.org", datetime.fromtimestamp(EXP, UTC))


@pytest.mark.parametrize("exp", [10**12, 10**30, 1e308])
def test_an_end_far_away_is_an_end(exp: float) -> None:
    assert visitor_tokens.read(token({**GOOD, "exp": exp}), SECRET, NOW).expires_at.year <= 9999


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "jane@example.org"},
        {"exp": EXP},
        {**GOOD, "exp": int(NOW.timestamp())},
        {**GOOD, "exp": EXP - 3600},
        {**GOOD, "exp": str(EXP)},
        {**GOOD, "exp": True},
        {**GOOD, "exp": None},
        {**GOOD, "exp": -1},
        {**GOOD, "exp": float("nan")},
        {**GOOD, "exp": [EXP]},
        {**GOOD, "sub": ""},
        {**GOOD, "sub": "jane"},
        {**GOOD, "sub": 7},
        {**GOOD, "sub": ["jane@example.org"]},
        {**GOOD, "sub": "jane@example.org\r\nx"},
        {**GOOD, "sub": "a@b@c"},
        {**GOOD, "sub": "a" * 320 + "@example.org"},
        {**GOOD, "nbf": EXP},
        {**GOOD, "nbf": "soon"},
        [],
        "jane",
        b"\xff\xfe",
        b"{",
    ],
)
def test_claims_that_do_not_count(claims: Any) -> None:
    with pytest.raises(VisitRefused):
        visitor_tokens.read(token(claims), SECRET, NOW)


@pytest.mark.parametrize(
    "forged",
    [
        token(GOOD, {"alg": "none"}),
        f"{part({'alg': 'none'})}.{part(GOOD)}.",
        f"{part({'alg': 'HS512'})}.{part(GOOD)}.",
        token(GOOD, {"alg": "HS256"}, digest="sha256"),
        token(GOOD, {"alg": "HS384"}, digest="sha384"),
        token(GOOD, {"alg": "HS512"}, digest="sha256"),
        token(GOOD, {"alg": "RS256"}),
        token(GOOD, {"alg": "hs512"}),
        token(GOOD, {}),
        token(GOOD, {"alg": ["HS512"]}),
        token(GOOD, {**HEADER, "crit": ["exp"]}),
        token(GOOD, b"[" * 2500),
        token(GOOD, secret=base64.b64decode(SECRET).decode("latin-1")),
        token(GOOD, secret="another"),
        token(GOOD)[:-2],
        token(GOOD).replace(".", ". ", 1),
        token(GOOD) + "." + part(GOOD),
        token({**GOOD, "fill": "x" * 5000}),
        "",
        ".",
        "..",
        "…",
        "a.b.c",
        "\x00",
    ],
)
def test_tokens_that_the_site_did_not_sign(forged: str) -> None:
    with pytest.raises(VisitRefused):
        visitor_tokens.read(forged, SECRET, NOW)


@pytest.mark.parametrize("secret", [None, ""])
def test_no_token_counts_without_a_secret(secret: str | None) -> None:
    with pytest.raises(VisitRefused):
        visitor_tokens.read(token(GOOD, secret="x"), secret, NOW)


def test_a_token_expires_on_its_second() -> None:
    one = token(GOOD)
    visitor_tokens.read(one, SECRET, datetime.fromtimestamp(EXP, UTC) - timedelta(seconds=1))
    with pytest.raises(VisitRefused):
        visitor_tokens.read(one, SECRET, datetime.fromtimestamp(EXP, UTC))


def test_another_spelling_of_a_token_is_the_same_token() -> None:
    one = token(GOOD)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 64 bytes end in a letter of which four bits mean nothing.
    other = one[:-1] + letters[letters.index(one[-1]) ^ 1]
    first = visitor_tokens.read(one, SECRET, NOW)
    try:
        second = visitor_tokens.read(other, SECRET, NOW)
    except VisitRefused:
        return
    assert first.signed == second.signed
