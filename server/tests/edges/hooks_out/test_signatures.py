"""The vectors of the specification (webhooks 7.1)."""

from __future__ import annotations

import base64

from waypost.domains.webhooks import Profile
from waypost.edges.hooks_out import signing

BODY = b'{"id":123}'
SECRET = "your-webhook-secret"


def test_the_seeds_signature() -> None:
    assert signing.signature(Profile.SEED, SECRET, BODY) == "sha1=a902e48fb01b1cb8c9b5bd00e40dd0596ea7f97c"


def test_the_platforms_signature() -> None:
    assert signing.signature(Profile.PLATFORM, SECRET, BODY) == "qQLkj7AbHLjJtb0A5A3QWW6n+Xw="


def test_standard_webhooks() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = signing.standard_signature([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_without_the_prefix_is_its_own_bytes() -> None:
    plain = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").hex()
    other = signing.standard_signature([plain], "m", 1, b"{}")
    assert other == signing.standard_signature([plain], "m", 1, b"{}")
    assert other != signing.standard_signature([f"{plain}x"], "m", 1, b"{}")
    assert signing.standard_signature(["whsec_not base64"], "m", 1, b"{}").startswith("v1,")


def test_both_secrets_sign_while_one_is_on_its_way_out() -> None:
    new, old = signing.signature_256(["new", "old"], BODY).split(",")
    assert (new, old) == (signing.signature_256(["new"], BODY), signing.signature_256(["old"], BODY))
    assert new.startswith("sha256=")
    assert len(signing.standard_signature(["new", "old"], "m", 1, BODY).split(" ")) == 2
