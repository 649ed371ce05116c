"""Parts that are neither text nor plain files: invitations, signed and encrypted messages, winmail.dat, old
encodings."""

from __future__ import annotations

import base64
import struct

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

from tests.edges.mail_io.sample_mail import NOW, parsed, read
from waypost.edges.mail_io import cms, rtf
from waypost.edges.mail_io.transfer import yencoded_files

EVENT = """BEGIN:VCALENDAR
METHOD:{method}
BEGIN:VEVENT
UID:1@example.org
SUMMARY:Look at the <b>boiler</b>
DTSTART;TZID=Europe/Berlin:20260105T100000
DTEND;TZID=Europe/Berlin:20260105T113000
LOCATION:Room 1\\, first floor
ORGANIZER;CN=Ben Boss:mailto:ben@example.org
ATTENDEE;CN=Ann;PARTSTAT={answer}:mailto:ann@example.org
END:VEVENT
END:VCALENDAR
"""


def invited(calendar: str, text: str = "Please come.") -> object:
    body = f"--b\nContent-Type: text/plain\n\n{text}\n--b\nContent-Type: text/calendar\n\n{calendar}\n--b--\n"
    return parsed('Content-Type: multipart/alternative; boundary="b"', "From: ben@example.org", body=body)


@pytest.mark.parametrize(
    ("method", "answer", "title"),
    [
        ("REQUEST", "NEEDS-ACTION", "Invitation: Look"),
        ("CANCEL", "ACCEPTED", "Cancelled: Look"),
        ("REPLY", "ACCEPTED", "Ann &lt;ann@example.org&gt; has accepted: Look"),
        ("REPLY", "DECLINED", "Ann &lt;ann@example.org&gt; has declined: Look"),
        ("REPLY", "TENTATIVE", "Ann &lt;ann@example.org&gt; may come: Look"),
        ("PUBLISH", "ACCEPTED", "Event: Look"),
    ],
)
def test_an_invitation_is_shown_above_the_words_and_kept_as_a_file(method: str, answer: str, title: str) -> None:
    message = invited(EVENT.format(method=method, answer=answer))

    assert message.html.startswith(f"<p><strong>{title}")
    assert "&lt;b&gt;boiler" in message.html
    assert "When: Monday, 5 January 2026, 10:00 to 11:30 (Europe/Berlin)" in message.text
    assert "Where: Room 1, first floor" in message.text
    assert "Organiser: Ben Boss <ben@example.org>" in message.text
    assert message.own_text == "Please come."
    assert [file.file_name for file in message.attachments] == ["invite.ics"]


@pytest.mark.parametrize(
    "calendar",
    [
        "",
        "nonsense",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:never\n",
        "BEGIN:VEVENT\n" * 5_000,
        "X" * 300_000,
        "\0;:\n" * 900,
    ],
)
def test_a_broken_calendar_never_hurts(calendar: str) -> None:
    message = invited(calendar)

    assert message.text == "Please come."
    assert not [warning for warning in message.warnings if "parsed" in warning]


def signed(content: bytes) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Ann")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW.replace(year=2025), NOW.replace(year=2027))
    certificate = builder.sign(key, hashes.SHA256())
    builder7 = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    return builder7.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])


def smime(data: bytes, parameters: str = "") -> object:
    return parsed(
        f"Content-Type: application/pkcs7-mime{parameters}; name=smime.p7m",
        "Content-Transfer-Encoding: base64",
        "From: ann@example.org",
        body=base64.encodebytes(data),
    )


@pytest.mark.parametrize("parameters", ["", "; smime-type=signed-data"])
def test_what_a_signature_is_wrapped_around_is_shown(parameters: str) -> None:
    inner = b'Content-Type: multipart/mixed; boundary="i"\r\n\r\n--i\r\n\r\nThe contract.\r\n--i\r\n'
    inner += b"Content-Type: image/png; name=a.png\r\n\r\npng\r\n--i--\r\n"
    message = smime(signed(inner), parameters)

    assert message.text == "The contract."
    assert message.protection == ("smime-signed",)
    assert [file.file_name for file in message.attachments] == ["a.png"]


def test_an_envelope_written_in_pieces_is_opened() -> None:
    message = read("stalwart/rfc__001.eml")
    assert message.protection == ()
    pieces = b"".join([b"\x04\x05abcde", b"\x04\x03fgh"])
    octets = b"\xa0\x80\x24\x80" + pieces + b"\0\0\0\0"
    name = bytes.fromhex("06092a864886f70d010701")
    content = b"\x30\x80" + name + octets + b"\0\0"
    data = b"\x30\x80" + cms.SIGNED + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00" + content + b"\0\0\0\0\0\0"

    assert cms.signed_content(data) == b"abcdefgh"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30", b"\x30\x80" * 500, cms.SIGNED * 3, b"\x30\x84\xff\xff\xff\xff" + cms.SIGNED + b"\xa0\x80" * 90],
)
def test_a_broken_envelope_is_kept_and_said_to_be_one(data: bytes) -> None:
    message = smime(data, "; smime-type=signed-data")

    assert message.protection == ("smime-signed",)
    assert "signature that could not be opened" in message.text
    assert [file.data for file in message.attachments] in ([data], [])


def test_signatures_in_signatures_end() -> None:
    data = b"Content-Type: text/plain\r\n\r\ninside"
    for _ in range(20):
        data = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n" + signed(data)
    message = parsed("From: ann@example.org", body="x")
    message = smime(signed(data))

    assert len(message.attachments) == 1
    assert message.protection == ("smime-signed",)


@pytest.mark.parametrize(
    ("media_type", "protection", "files"),
    [
        ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", ("smime-encrypted",), ["smime.p7m"]),
        (
            'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
            ("pgp-encrypted",),
            ["encrypted.asc"],
        ),
    ],
)
def test_an_encrypted_message_says_so_and_keeps_the_part(media_type: str, protection: tuple, files: list) -> None:
    parts = (
        "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\n"
    )
    body = parts + "-----BEGIN PGP MESSAGE-----\nx\n--b--\n" if "pgp" in media_type else "secret"
    message = parsed(f"Content-Type: {media_type}", "From: ann@example.org", body=body)

    assert message.protection == protection
    assert message.text.startswith("This message is encrypted with")
    assert [file.file_name for file in message.attachments] == files
    assert "the message is encrypted: its content was not read" in message.warnings


def test_pgp_that_a_server_has_mixed_with_a_text_is_still_encrypted() -> None:
    part = "--b\nContent-Type: {}\n\n{}\n"
    secret = part.format("application/pgp-encrypted", "Version: 1") + part.format("application/octet-stream", "wV4D")
    message = parsed(
        'Content-Type: multipart/mixed; boundary="b"',
        "From: ann@example.org",
        body=part.format("text/plain", "") + secret + "--b--\n",
    )

    assert message.protection == ("pgp-encrypted",)
    assert message.text.startswith("This message is encrypted with OpenPGP")


@pytest.mark.parametrize(
    ("data", "protection"), [(b"0\x80" + cms.ENVELOPED + b"secret", ("smime-encrypted",)), (b"no envelope", ())]
)
def test_smime_under_a_type_that_says_nothing_is_known_by_its_name_and_bytes(data: bytes, protection: tuple) -> None:
    message = parsed(
        'Content-Type: application/octet-stream; name="smime.p7m"',
        "Content-Transfer-Encoding: base64",
        "From: ann@example.org",
        body=base64.b64encode(data).decode(),
    )

    assert (message.protection, len(message.attachments)) == (protection, 1)
    assert message.text.startswith("This message is encrypted with S/MIME") is bool(protection)


def test_inline_armour_is_recognised_and_its_signature_folded() -> None:
    armour = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEB\n=abcd\n-----END PGP SIGNATURE-----"
    body = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n{armour}\n"
    message = parsed("From: ann@example.org", body=body)
    locked = parsed("From: ann@example.org", body="-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----\n")

    assert message.protection == ("pgp-signed",)
    assert "iQEzBAEB" not in message.own_text
    assert "iQEzBAEB" in message.text
    assert locked.protection == ("pgp-encrypted",)


@pytest.mark.parametrize("word", ["verified", "valid", "trusted"])
def test_nothing_is_ever_called_verified(word: str) -> None:
    for message in (smime(signed(b"\r\nx")), smime(b"", "; smime-type=enveloped-data")):
        assert word not in f"{message.html} {message.warnings} {message.protection}".lower()


def compressed(content: bytes) -> bytes:
    """Rich text as it may stand uncompressed in winmail.dat."""
    return struct.pack("<IIII", len(content) + 12, len(content), 0x414C454D, 0) + content


def test_rich_text_is_read_as_what_it_wraps() -> None:
    html = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Gr\'fc\'dfe \u8364?"
    html += rb"{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0}"
    plain = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\info{\title secret}}Hello\par there\tab\{you\}}"

    assert rtf.read(rtf.decompressed(compressed(html))) == ("<p>Grüße €</p>", "")
    assert rtf.read(rtf.decompressed(compressed(plain))) == ("", "Hello\nthere\t{you}")


@pytest.mark.parametrize(
    "data", [b"", b"x" * 15, b"\0" * 40, struct.pack("<IIII", 9, 9_000_000, 0x75465A4C, 0) + b"\xff" * 99]
)
def test_broken_rich_text_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"too short|no compressed"):
        rtf.decompressed(data)


def yencoded(data: bytes) -> bytes:
    critical = {0, 10, 13, 61}
    written = bytearray()
    for byte in data:
        code = (byte + 42) % 256
        written += bytes((61, (code + 64) % 256)) if code in critical else bytes((code,))
    return bytes(written)


def test_yenc_files_are_taken_out_of_the_text() -> None:
    data = bytes(range(256))
    block = b"=ybegin line=512 size=256 name=a b.bin\r\n" + yencoded(data) + b"\r\n=yend size=256\r\n"

    assert yencoded_files(b"above\r\n" + block + b"below") == ([("a b.bin", data)], b"above\r\nbelow", True)
    assert yencoded_files(block[:100])[2] is False


def test_the_second_half_of_an_apple_double_is_left_out() -> None:
    body = (
        "--b\nContent-Type: application/applefile\n\nresource\n--b\nContent-Type: image/png; name=a.png\n\npng\n--b--\n"
    )
    message = parsed('Content-Type: multipart/appledouble; boundary="b"', "From: ann@example.org", body=body)

    assert [file.file_name for file in message.attachments] == ["a.png"]


def test_a_piece_of_a_cut_message_is_kept_and_named() -> None:
    message = parsed('Content-Type: message/partial; id="1"; number=2; total=3', "From: ann@example.org", body="rest")

    assert [file.data for file in message.attachments] == [b"rest"]
    assert "part 2 of 3 of a message that was cut: the others are other mails" in message.warnings
