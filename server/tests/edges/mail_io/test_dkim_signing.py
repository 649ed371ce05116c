"""Signatures of outgoing mail, judged by another implementation."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from types import SimpleNamespace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.edges.mail_io.talks import Server, Talk
from waypost.domains.mail import Address, OutgoingMessage
from waypost.domains.mailboxes import Dkim
from waypost.edges.mail_io.compose import compose
from waypost.edges.mail_io.dkim_signing import BadKey, signed

AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
KEYS = {
    "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}
Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def pem(key: Key | ec.EllipticCurvePrivateKey, form: serialization.PrivateFormat) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def record(key: Key) -> bytes:
    """What stands in the DNS."""
    if isinstance(key, rsa.RSAPrivateKey):
        shown = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(shown)
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw)


class VerifyKey:
    """What dkimpy takes of PyNaCl, by the library that is there."""

    def __init__(self, text: bytes, encoder: object = None) -> None:
        self.key = ed25519.Ed25519PublicKey.from_public_bytes(base64.b64decode(text) if encoder else bytes(text))

    def verify(self, digest: bytes, signature: bytes) -> bytes:
        try:
            self.key.verify(signature, digest)
        except InvalidSignature:
            raise ValueError("no") from None
        return digest


@pytest.fixture(autouse=True)
def sodium(monkeypatch: pytest.MonkeyPatch) -> None:
    # dkimpy verifies Ed25519 only with PyNaCl, which nothing else needs.
    made = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=object()),
        exceptions=SimpleNamespace(BadSignatureError=ValueError),
    )
    monkeypatch.setattr(dkim, "nacl", made, raising=False)


def is_good(raw: bytes, key: Key) -> bool:
    def look_up(name: bytes, timeout: int = 5) -> bytes | None:
        return record(key) if name == b"wp1._domainkey.acme.test." else None

    return bool(dkim.verify(raw, dnsfunc=look_up))


def letter(**changes: str) -> bytes:
    return compose(
        OutgoingMessage(
            message_id="<one@acme.test>",
            sender=Address("Zoë (Acme)", "support@acme.test"),
            to=(Address("Jane", "jane@example.org"),),
            cc=(Address("", "boss@example.org"),),
            bcc=(),
            reply_to=(),
            subject=changes.get(
                "subject", "Grüße, and a subject that is long enough to be folded into several lines " * 3
            ),
            html=changes.get("html", "<p>Hello  there.   </p>\n\n\n"),
            text="",
            attachments=(),
            in_reply_to=("<zero@example.org>",),
            references=tuple(f"<{number}@example.org>" for number in range(40)),
            sent_at=AT,
            headers={},
        )
    )


def with_key(kind: str, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8) -> Dkim:
    return Dkim("acme.test", "wp1", pem(KEYS[kind], form))


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_others_find_the_signature_good(kind: str) -> None:
    raw = signed(letter(), with_key(kind), AT)
    assert raw.startswith(b"DKIM-Signature: v=1; a=" + kind.encode())
    assert is_good(raw, KEYS[kind])
    assert max(map(len, raw.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 200


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("name", [b"Subject", b"From", b"To", b"Cc"])
def test_a_second_field_of_a_signed_name_breaks_it(kind: str, name: bytes) -> None:
    raw = signed(letter(), with_key(kind), AT)
    assert not is_good(name + b": somebody@else.example\r\n" + raw, KEYS[kind])
    assert is_good(b"X-Received-By: relay\r\n" + raw, KEYS[kind])


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_changed_body_or_subject_breaks_it(kind: str) -> None:
    raw = signed(letter(subject="Hello"), with_key(kind), AT)
    assert is_good(raw, KEYS[kind])
    assert not is_good(raw.replace(b"Subject: Hello", b"Subject: Hallo"), KEYS[kind])
    assert not is_good(raw.replace(b"there.", b"where."), KEYS[kind])


def test_an_empty_text_is_signed_too() -> None:
    assert is_good(signed(letter(html=""), with_key("rsa"), AT), KEYS["rsa"])


def test_the_older_form_of_rsa_keys_is_read() -> None:
    assert is_good(signed(letter(), with_key("rsa", serialization.PrivateFormat.TraditionalOpenSSL), AT), KEYS["rsa"])


@pytest.mark.parametrize(
    "key", ["", "no key", pem(ec.generate_private_key(ec.SECP256R1()), serialization.PrivateFormat.PKCS8)]
)
def test_a_key_that_cannot_sign_holds_the_mail_back(key: str) -> None:
    with pytest.raises(BadKey) as raised:
        signed(letter(), Dkim("acme.test", "wp1", key), AT)
    assert "DKIM key" in raised.value.message


async def test_replies_are_signed_where_the_mailbox_has_a_key(talk: Talk, server: Server) -> None:
    await talk.connect(dkim=with_key("rsa"))
    await talk.reply()
    await talk.desk.run_workers()
    content = server.replies[0].content
    assert isinstance(content, bytes)
    assert is_good(content, KEYS["rsa"])


async def test_replies_wait_while_the_key_is_broken(talk: Talk, server: Server) -> None:
    await talk.connect(dkim=Dkim("acme.test", "wp1", "nothing"))
    await talk.reply()
    with pytest.raises(ExceptionGroup):
        await talk.desk.run_workers()
    assert server.replies == []
    assert "DKIM" in (await talk.note())["last_error"]
