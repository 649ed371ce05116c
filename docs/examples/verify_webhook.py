"""Checks that a webhook was sent by your desk: python3 verify_webhook.py < body, the header in the environment."""

import base64
import hashlib
import hmac
import os
import sys
import time


def is_genuine(secret: str, body: bytes, signature: str) -> bool:
    """`body` is the request's body as it came, before anything has read it as JSON."""
    digest = hmac.new(secret.encode(), body, hashlib.sha1).digest()
    seed, platform = "sha1=" + digest.hex(), base64.b64encode(digest).decode()
    return hmac.compare_digest(signature, seed) or hmac.compare_digest(signature, platform)


def is_fresh(secret: str, body: bytes, message_id: str, timestamp: str, signatures: str) -> bool:
    """The same by Standard Webhooks, which also tells a request that is sent again by somebody else later."""
    if abs(time.time() - int(timestamp)) > 300:
        return False
    digest = hmac.new(secret.encode(), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(expected, signature) for signature in signatures.split(" "))


if __name__ == "__main__":
    sent, secret = sys.stdin.buffer.read(), os.environ["SECRET"]
    genuine = is_genuine(secret, sent, os.environ["SIGNATURE"])
    fresh = is_fresh(secret, sent, os.environ["ID"], os.environ["TIMESTAMP"], os.environ["SIGNATURES"])
    print("genuine" if genuine and fresh else "forged")
